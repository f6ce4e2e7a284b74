//! How a container is named, made and limited in an engine: the part of a driver call that the planner
//! decides, so that the executor has nothing left to choose.

use std::net::Ipv4Addr;

use serde::{Deserialize, Serialize};

use crate::container::{ContainerSpec, Published, RestartPolicy};
use crate::id::{ContainerId, ProjectId};
use crate::name::Hostname;
use crate::unit::{MemoryMib, Millicpu};
use crate::volume::HostMount;

/// The name of a container in the engine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RuntimeName {
    /// `zun-<uuid>`.
    Current(ContainerId),
    /// `zun-<uuid>-r<revision>`: the former one, until the new one has proved itself.
    Aside(ContainerId, u32),
}

impl std::fmt::Display for RuntimeName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Current(id) => write!(f, "zun-{id}"),
            Self::Aside(id, revision) => write!(f, "zun-{id}-r{revision}"),
        }
    }
}

impl RuntimeName {
    /// The container it belongs to.
    pub fn container(self) -> ContainerId {
        match self {
            Self::Current(id) | Self::Aside(id, _) => id,
        }
    }
}

/// How a new container is connected. The address is ours; the engine is told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attachment {
    /// The network's name in the engine.
    pub network: String,
    /// Its address.
    pub ip: Ipv4Addr,
    /// Its MAC.
    pub mac: String,
}

/// Everything the engine needs to make a container. Nothing in it is left to the engine to choose.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CreateContainer {
    /// Whose; becomes the label `zun.container` and the name.
    pub container: ContainerId,
    /// Becomes the label `zun.project`.
    pub project: ProjectId,
    /// Which of its recreates; becomes the label `zun.revision`.
    pub revision: u32,
    /// The specification, defaults filled in. `ports` is not read: `published` is.
    pub spec: ContainerSpec,
    /// The image to run, by digest or id where the spec's tag may have moved.
    pub image: String,
    /// Its hostname.
    pub hostname: Hostname,
    /// Its network.
    pub attachment: Attachment,
    /// Its host ports.
    pub published: Vec<Published>,
    /// What it sees of the host. None of the sources is ever made by the engine: it refuses one that is missing.
    #[serde(default)]
    pub mounts: Vec<HostMount>,
}

/// New limits of a running container. `None` leaves as it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limits {
    /// Hard limit of processing time.
    pub cpu: Option<Millicpu>,
    /// Limit of memory, and of memory plus swap with it.
    pub memory: Option<MemoryMib>,
    /// Restart policy, as the engine is told it.
    pub restart_policy: Option<RestartPolicy>,
}
