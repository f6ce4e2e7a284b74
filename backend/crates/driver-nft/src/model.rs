//! A table as data: its sets and chains by name, and its text for `nft -f`.

use std::collections::BTreeMap;
use std::fmt::{self, Write as _};

/// A table with what is in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Table {
    /// `inet` or `bridge`.
    pub(crate) family: &'static str,
    /// Its name, unique to the deployment.
    pub(crate) name: String,
    /// Sets and maps.
    pub(crate) sets: BTreeMap<String, Set>,
    /// Chains.
    pub(crate) chains: BTreeMap<String, Chain>,
}

/// A set, or a map where its elements have values. Its kind never changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Set {
    /// What its elements are, such as `type ifname . ipv4_addr : verdict`.
    pub(crate) kind: &'static str,
    /// Prefixes and not single values.
    pub(crate) interval: bool,
    /// The elements; the value is empty in a set.
    pub(crate) elements: BTreeMap<String, String>,
}

/// A chain.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Chain {
    /// Where packets come in, for a base chain; it never changes.
    pub(crate) hook: Option<&'static str>,
    /// Its rules in order.
    pub(crate) rules: Vec<String>,
}

impl Table {
    pub(crate) fn new(family: &'static str, name: &str) -> Self {
        Self {
            family,
            name: name.to_owned(),
            sets: BTreeMap::new(),
            chains: BTreeMap::new(),
        }
    }

    /// What a command about something in it begins with, behind the verb and the noun.
    pub(crate) fn address(&self) -> String {
        format!("{} {}", self.family, self.name)
    }

    pub(crate) fn set<K: Into<String>>(
        &mut self,
        name: impl Into<String>,
        kind: &'static str,
        elements: impl IntoIterator<Item = K>,
    ) {
        let elements = elements.into_iter().map(|key| (key.into(), String::new()));
        self.put(name.into(), kind, false, elements.collect());
    }

    pub(crate) fn prefixes<K: Into<String>>(
        &mut self,
        name: impl Into<String>,
        kind: &'static str,
        elements: impl IntoIterator<Item = K>,
    ) {
        let elements = elements.into_iter().map(|key| (key.into(), String::new()));
        self.put(name.into(), kind, true, elements.collect());
    }

    pub(crate) fn map(
        &mut self,
        name: impl Into<String>,
        kind: &'static str,
        elements: impl IntoIterator<Item = (String, String)>,
    ) {
        self.put(name.into(), kind, false, elements.into_iter().collect());
    }

    pub(crate) fn put(
        &mut self,
        name: String,
        kind: &'static str,
        interval: bool,
        elements: BTreeMap<String, String>,
    ) {
        let set = Set {
            kind,
            interval,
            elements,
        };
        self.sets.insert(name, set);
    }

    pub(crate) fn chain<R: Into<String>>(
        &mut self,
        name: impl Into<String>,
        rules: impl IntoIterator<Item = R>,
    ) {
        let rules = rules.into_iter().map(Into::into).collect();
        self.chains.insert(name.into(), Chain { hook: None, rules });
    }

    pub(crate) fn base<R: Into<String>>(
        &mut self,
        name: &str,
        hook: &'static str,
        rules: impl IntoIterator<Item = R>,
    ) {
        let chain = Chain {
            hook: Some(hook),
            rules: rules.into_iter().map(Into::into).collect(),
        };
        self.chains.insert(name.to_owned(), chain);
    }

    /// Puts it in place of whatever has its name, in one transaction.
    pub(crate) fn replace(&self) -> String {
        let address = self.address();
        format!("table {address}\ndelete table {address}\n{self}")
    }
}

impl Set {
    pub(crate) fn noun(&self) -> &'static str {
        if self.is_map() { "map" } else { "set" }
    }

    pub(crate) fn is_map(&self) -> bool {
        self.kind.contains(" : ")
    }

    /// What stands between the braces of its declaration, but for the elements.
    pub(crate) fn declaration(&self) -> String {
        let flags = if self.interval {
            "flags interval; "
        } else {
            ""
        };
        format!("{}; {flags}", self.kind)
    }
}

/// An element as it is written.
pub(crate) fn element(key: &str, value: &str) -> String {
    if value.is_empty() {
        key.to_owned()
    } else {
        format!("{key} : {value}")
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "table {} {{", self.address())?;
        for (name, set) in &self.sets {
            writeln!(f, "\t{} {name} {{", set.noun())?;
            writeln!(f, "\t\t{}", set.kind)?;
            if set.interval {
                writeln!(f, "\t\tflags interval")?;
            }
            if !set.elements.is_empty() {
                let elements = set.elements.iter().map(|(key, value)| element(key, value));
                let elements: Vec<String> = elements.collect();
                writeln!(f, "\t\telements = {{ {} }}", elements.join(",\n\t\t\t"))?;
            }
            writeln!(f, "\t}}")?;
        }
        for (name, chain) in &self.chains {
            writeln!(f, "\tchain {name} {{")?;
            if let Some(hook) = chain.hook {
                writeln!(f, "\t\t{hook}")?;
            }
            let mut rules = String::new();
            for rule in &chain.rules {
                writeln!(rules, "\t\t{rule}")?;
            }
            writeln!(f, "{rules}\t}}")?;
        }
        writeln!(f, "}}")
    }
}
