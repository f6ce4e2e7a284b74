//! The way from an older stored shape to the present one.

use std::fmt;
use std::sync::Arc;

use serde_json::Value as Json;

use crate::diagnostic::Diagnostics;

type Convert = Arc<dyn Fn(Json) -> Result<Json, Diagnostics> + Send + Sync>;

/// Converts states stored under one older version directly to the present shape.
///
/// Attributes that are new, gone or merely reordered need no upgrader: what is missing is read as
/// null and what is no longer known is dropped.
#[derive(Clone)]
pub struct Upgrader {
    from: i64,
    convert: Convert,
}

impl Upgrader {
    /// Converts states of the version `from`.
    pub fn new(
        from: i64,
        convert: impl Fn(Json) -> Result<Json, Diagnostics> + Send + Sync + 'static,
    ) -> Self {
        Self {
            from,
            convert: Arc::new(convert),
        }
    }

    /// The version it converts from.
    pub fn from(&self) -> i64 {
        self.from
    }

    /// Converts a stored state.
    pub fn convert(&self, state: Json) -> Result<Json, Diagnostics> {
        (self.convert)(state)
    }
}

impl fmt::Debug for Upgrader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Upgrader")
            .field("from", &self.from)
            .finish_non_exhaustive()
    }
}
