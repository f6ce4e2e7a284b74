//! Create: every image resolved, one place, one claim, one operation.

use super::{AcceptedCapsule, CreateCapsule};
use crate::call::Call;
use crate::context::Engine;
use crate::error::{Error, Result};

impl Engine {
    /// Accepts a capsule: from here on it survives whatever happens to this process.
    ///
    /// Refuses as a create of a container does: [`Error::NameTaken`], [`Error::Invalid`] with the path of the field,
    /// [`Error::OverQuota`], [`Error::Unplaceable`], [`Error::Image`].
    #[expect(
        clippy::unused_async,
        reason = "the body comes with the planner's part"
    )]
    pub async fn capsule_create(
        &self,
        _call: &Call,
        _ask: CreateCapsule,
    ) -> Result<AcceptedCapsule> {
        Err(Error::Internal("capsules are not served yet".to_owned()))
    }

    /// The caller has the answer of a create: it will not be taken over any more.
    #[expect(clippy::unused_async, reason = "the body comes with the store's part")]
    pub async fn capsule_confirm(&self, _call: &Call, ident: &str) -> Result<()> {
        Err(Error::not_found("capsule", ident))
    }
}
