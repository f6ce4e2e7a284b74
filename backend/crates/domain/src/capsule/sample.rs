//! Capsules for tests, as users write them.

use super::{CapsuleContainer, CapsuleSpec};

/// A specification from its text; what a mount or a port leaves out is none.
pub(crate) fn capsule(text: &str) -> CapsuleSpec {
    serde_json::from_str(text).unwrap()
}

/// Its container of this name.
pub(crate) fn named<'a>(capsule: &'a CapsuleSpec, name: &str) -> &'a CapsuleContainer {
    let mut parts = capsule.parts().map(|(_, one)| one);
    parts.find(|one| one.name.as_str() == name).unwrap()
}
