//! Capsules with their containers.

use zun_domain::capsule::Capsule;
use zun_domain::id::{CapsuleId, ProjectId};
use zun_store::CapsuleQuery;

use super::one_of;
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
    pub async fn capsule_get(&self, call: &Call, ident: &str) -> Result<Capsule> {
        if let Ok(id) = ident.parse::<CapsuleId>() {
            let found = self.store.capsule_find(id).await?;
            return found
                .filter(|capsule| call.sees(capsule.project))
                .ok_or_else(|| Error::not_found("capsule", ident));
        }
        let named = self.store.capsules_named(call.visible(), ident).await?;
        one_of(named, "capsule", ident)
    }

    /// Capsules that the caller can see.
    pub async fn capsule_list(&self, call: &Call, filter: CapsuleFilter) -> Result<Vec<Capsule>> {
        if let Some(marker) = filter.marker {
            self.capsule_get(call, &marker.to_string()).await?;
        }
        let hidden = call
            .visible()
            .zip(filter.project)
            .is_some_and(|(own, asked)| own != asked);
        if hidden {
            return Ok(Vec::new());
        }
        let query = CapsuleQuery {
            project: call.visible().or(filter.project),
            name: filter.name,
            descending: filter.descending,
            limit: Some(filter.limit),
            marker: filter.marker,
        };
        Ok(self.store.capsule_list(&query).await?)
    }
}
