//! Capsules: created, changed and deleted as one, with one operation for all of their containers.

mod act;
mod create;
mod decide;
mod delete;
mod part;
mod preview;
mod resolve;
mod update;

use zun_domain::capsule::{Capsule, CapsuleSpec};
use zun_domain::container::{WaitFor, Wish};
use zun_domain::name::ContainerName;
use zun_domain::operation::Operation;

pub(crate) use resolve::volume_entries;

pub use preview::{CapsuleAsk, CapsuleVerdict};

/// A capsule to be made.
#[derive(Debug, Clone)]
pub struct CreateCapsule {
    /// Made up where none is given.
    pub name: Option<ContainerName>,
    /// What to run.
    pub spec: CapsuleSpec,
    /// What it should be doing: running, where none is given, or stopped.
    pub wish: Option<Wish>,
    /// When the operation counts as done.
    pub wait_for: WaitFor,
    /// The name must be unique among the project's capsules, and an unconfirmed one of the same name and
    /// specification is taken over. Off on `/v1`.
    pub unique: bool,
}

/// A capsule to be changed.
#[derive(Debug, Clone)]
pub struct UpdateCapsule {
    /// Generation the caller saw.
    pub generation: Option<i64>,
    /// New name; as it was where none is given.
    pub name: Option<ContainerName>,
    /// The whole new specification.
    pub spec: CapsuleSpec,
    /// What it should be doing; as it was where none is given.
    pub wish: Option<Wish>,
    /// When the operation counts as done.
    pub wait_for: WaitFor,
}

/// What a command has accepted: the capsule as it is now, and what to follow.
#[derive(Debug, Clone)]
pub struct AcceptedCapsule {
    /// As it is now, with its containers.
    pub capsule: Capsule,
    /// `None` when nothing has to be done.
    pub operation: Option<Operation>,
}
