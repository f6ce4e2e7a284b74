//! Capsules with their containers.

use zun_domain::capsule::Capsule;
use zun_domain::id::{CapsuleId, ProjectId};

use crate::call::Call;
use crate::context::Engine;
use crate::error::{Error, Result};

/// Which capsules, from where on. In order of insertion.
#[derive(Debug, Clone, Default)]
pub struct CapsuleFilter {
    /// Exact name.
    pub name: Option<String>,
    /// Owner; for administrators who look beyond their project.
    pub project: Option<ProjectId>,
    /// Reversed.
    pub descending: bool,
    /// At most so many.
    pub limit: u32,
    /// After this one.
    pub marker: Option<CapsuleId>,
}

impl Engine {
    /// A capsule by uuid or name that the caller can see.
    #[expect(clippy::unused_async, reason = "the body comes with the store's part")]
    pub async fn capsule_get(&self, _call: &Call, ident: &str) -> Result<Capsule> {
        Err(Error::not_found("capsule", ident))
    }

    /// Capsules that the caller can see.
    #[expect(clippy::unused_async, reason = "the body comes with the store's part")]
    pub async fn capsule_list(&self, _call: &Call, _filter: CapsuleFilter) -> Result<Vec<Capsule>> {
        Ok(Vec::new())
    }
}
