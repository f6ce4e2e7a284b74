//! One use case per file. Each reads, decides and commits, then nudges the executor.

pub mod act_on_container;
mod admission;
pub mod commit_container;
pub mod create_container;
pub mod delete_container;
pub mod host_image;
pub mod image;
pub(crate) mod image_reference;
mod mounts;
pub mod network;
pub mod preview;
pub mod rebuild_container;
pub mod registry;
pub mod resolve;
pub mod set_quota;
pub mod snapshot;
pub mod update_container;
pub mod volume;

use std::collections::BTreeSet;

use zun_domain::container::spec::ImageSource;
use zun_domain::container::{Container, ContainerSpec, NetworkSpec, WaitFor, Wish};
use zun_domain::name::{ContainerName, ImageRef, Signal};
use zun_domain::operation::Operation;
use zun_domain::unit::{MemoryMib, Millicpu};

/// What a command has accepted: the container as it is now, and what to follow.
#[derive(Debug, Clone)]
pub struct Accepted {
    /// As it is now.
    pub container: Container,
    /// `None` when nothing has to be done.
    pub operation: Option<Operation>,
}

/// A container to be made.
#[derive(Debug, Clone)]
pub struct CreateContainer {
    /// Made up where none is given.
    pub name: Option<ContainerName>,
    /// What to run.
    pub spec: ContainerSpec,
    /// What it should be doing; `Running` where none is given.
    pub wish: Option<Wish>,
    /// When the operation counts as done.
    pub wait_for: WaitFor,
    /// The name must be unique in the project, and an unconfirmed container of the same name and
    /// specification is taken over. Off on `/v1`.
    pub unique: bool,
}

/// How the specification changes.
#[derive(Debug, Clone)]
pub enum Edit {
    /// The whole of it. `environment_wo` left out keeps what is there; given, it is used, in a new
    /// container, the same values or not.
    Whole(Box<ContainerSpec>),
    /// These parts of it: Zun's PATCH.
    Parts {
        /// New limit of processing time.
        cpu: Option<Millicpu>,
        /// New limit of memory.
        memory: Option<MemoryMib>,
        /// New value.
        auto_heal: Option<bool>,
    },
    /// These networks instead.
    Networks(Vec<NetworkSpec>),
    /// These groups instead.
    Groups(BTreeSet<String>),
    /// A new container of an image, whether it is another one or not: Zun's rebuild.
    Rebuild {
        /// Another image; the one there is where none is given.
        image: Option<ImageRef>,
        /// Where it comes from; as before where nothing is given.
        source: Option<ImageSource>,
    },
}

impl Edit {
    /// No edit: what is there has to become what is wished already.
    pub const NONE: Self = Self::Parts {
        cpu: None,
        memory: None,
        auto_heal: None,
    };
}

/// A container to be changed.
#[derive(Debug, Clone)]
pub struct UpdateContainer {
    /// Generation the caller saw.
    pub expected: Option<i64>,
    /// New name.
    pub name: Option<ContainerName>,
    /// New specification.
    pub edit: Edit,
    /// What it should be doing; as it was where none is given.
    pub wish: Option<Wish>,
    /// When the operation counts as done.
    pub wait_for: WaitFor,
    /// A new name must be unique in the project. Off on `/v1`.
    pub unique: bool,
}

/// A container to be removed.
#[derive(Debug, Clone, Copy, Default)]
pub struct DeleteContainer {
    /// In whatever state; the API asks for administrators' rights.
    pub force: bool,
    /// Stop it first where it runs.
    pub stop: bool,
}

/// One of the single verbs.
#[derive(Debug, Clone)]
pub enum Act {
    /// Start.
    Start,
    /// Stop, with this many seconds before KILL.
    Stop(Option<u32>),
    /// Stop and start.
    Reboot(Option<u32>),
    /// Freeze.
    Pause,
    /// Thaw.
    Unpause,
    /// Send a signal.
    Kill(Option<Signal>),
}
