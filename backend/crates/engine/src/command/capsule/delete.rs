//! Delete: the wish first, then the plan. A create or an update that is at work is cancelled.

use super::super::DeleteContainer;
use super::AcceptedCapsule;
use crate::call::Call;
use crate::context::Engine;
use crate::error::{Error, Result};

impl Engine {
    /// Accepts a delete. Asked again while one is at work, it answers that one. With `stop`, members are asked to
    /// stop first; `/v1` deletes in whatever state, with `force`.
    #[expect(
        clippy::unused_async,
        reason = "the body comes with the planner's part"
    )]
    pub async fn capsule_delete(
        &self,
        _call: &Call,
        ident: &str,
        _ask: DeleteContainer,
    ) -> Result<AcceptedCapsule> {
        Err(Error::not_found("capsule", ident))
    }
}
