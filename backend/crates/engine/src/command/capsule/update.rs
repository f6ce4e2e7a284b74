//! Update: what changes for each container, in the mildest steps, and the old wish kept until all have it.

use super::{AcceptedCapsule, UpdateCapsule};
use crate::call::Call;
use crate::context::Engine;
use crate::error::{Error, Result};

impl Engine {
    /// Accepts a new wish. Without an operation in the answer nothing had to be done in the engine.
    ///
    /// [`Error::Stale`] where it was changed since `generation`, [`Error::Busy`] while an operation is at work.
    #[expect(
        clippy::unused_async,
        reason = "the body comes with the planner's part"
    )]
    pub async fn capsule_update(
        &self,
        _call: &Call,
        ident: &str,
        _ask: UpdateCapsule,
    ) -> Result<AcceptedCapsule> {
        Err(Error::not_found("capsule", ident))
    }
}
