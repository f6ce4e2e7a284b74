//! The parts an attribute can take in planning.

use std::fmt;
use std::sync::Arc;

use crate::path::AttributePath;
use crate::value::Value;

/// One attribute between its stored and its planned value.
#[derive(Debug)]
pub struct Change<'a> {
    /// Where it is.
    pub path: &'a AttributePath,
    /// What the configuration says.
    pub config: &'a Value,
    /// What is stored.
    pub prior: &'a Value,
    /// What is planned; may be unknown.
    pub planned: &'a Value,
}

/// Decides whether a change replaces the object.
pub type Decide = Arc<dyn Fn(&Change<'_>) -> bool + Send + Sync>;

/// One part in planning. They are applied from the outside in, in the order they were added.
#[derive(Clone)]
pub enum Modifier {
    /// The stored value is kept where the plan would say "known after apply".
    UseState,
    /// The same, but only if the stored value is not null.
    UseNonNullState,
    /// Any change replaces the object.
    RequiresReplace,
    /// A change replaces the object if the configuration sets the attribute.
    RequiresReplaceIfConfigured,
    /// A change replaces the object if the function says so.
    RequiresReplaceIf(Decide),
}

impl fmt::Debug for Modifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::UseState => "UseState",
            Self::UseNonNullState => "UseNonNullState",
            Self::RequiresReplace => "RequiresReplace",
            Self::RequiresReplaceIfConfigured => "RequiresReplaceIfConfigured",
            Self::RequiresReplaceIf(_) => "RequiresReplaceIf",
        })
    }
}
