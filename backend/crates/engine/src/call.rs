//! Who asks, and for which request.

use zun_domain::id::ProjectId;
use zun_domain::policy::Caller;

/// One authenticated request. Rights were decided before (`zun-api`); what is looked up through it is
/// limited to what the caller can see.
#[derive(Debug, Clone)]
pub struct Call {
    /// Who.
    pub caller: Caller,
    /// `req-<uuid>`.
    pub request_id: String,
    /// Look beyond the caller's project; set for administrators only.
    pub all_projects: bool,
}

impl Call {
    /// The project that lookups are limited to; `None` for all.
    pub fn visible(&self) -> Option<ProjectId> {
        (!self.all_projects).then_some(self.caller.project)
    }

    /// Whether what this project owns can be seen.
    pub fn sees(&self, owner: ProjectId) -> bool {
        self.visible().is_none_or(|project| project == owner)
    }
}
