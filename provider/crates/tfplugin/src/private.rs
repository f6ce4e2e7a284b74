//! Data a provider keeps beside a resource's state, invisible to users.

use std::collections::BTreeMap;

use serde_json::Value as Json;

/// Named JSON values stored with a resource.
///
/// They travel in clear text inside the state file: never put secrets here. Keys that begin with
/// a dot belong to this crate.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Private {
    entries: BTreeMap<String, Json>,
}

impl Private {
    /// The value under a key.
    pub fn get(&self, key: &str) -> Option<&Json> {
        self.entries.get(key)
    }

    /// Stores a value.
    pub fn set(&mut self, key: impl Into<String>, value: impl Into<Json>) {
        self.entries.insert(key.into(), value.into());
    }

    /// Forgets a value.
    pub fn remove(&mut self, key: &str) -> Option<Json> {
        self.entries.remove(key)
    }

    /// Reads stored bytes. Bytes of another provider's making count as nothing.
    pub(crate) fn decode(bytes: &[u8]) -> Self {
        Self {
            entries: serde_json::from_slice(bytes).unwrap_or_default(),
        }
    }

    /// The bytes to store; none for nothing.
    pub(crate) fn encode(&self) -> Vec<u8> {
        if self.entries.is_empty() {
            return Vec::new();
        }
        serde_json::to_vec(&self.entries).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn survives_storage() {
        let mut private = Private::default();
        assert!(private.encode().is_empty());
        private.set("etag", "abc");
        assert_eq!(Private::decode(&private.encode()), private);
        assert_eq!(Private::decode(&[0xc0]), Private::default());
    }
}
