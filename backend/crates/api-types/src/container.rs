//! Containers on `/zund/v1`.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use zun_domain::container::{ContainerSpec, NetworkSpec, RestartPolicy, WaitFor, Wish};
use zun_domain::name::ContainerName;
use zun_domain::unit::{MemoryMib, Millicpu};

use crate::operation::Operation;

/// Body of a create.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CreateContainer {
    /// Unique in the project; made up where none is given.
    #[serde(default)]
    pub name: Option<ContainerName>,
    /// What to run.
    pub spec: ContainerSpec,
    /// `running` where none is given. Must be left out with `wait_for = exited`, which makes a job.
    #[serde(default)]
    pub state: Option<Wish>,
    /// When the operation counts as done; `running` where none is given.
    #[serde(default)]
    pub wait_for: Option<WaitFor>,
}

/// Body of an update: the whole new wish.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UpdateContainer {
    /// The generation the caller saw; 409 when it has moved on. Not checked where none is given.
    #[serde(default)]
    pub generation: Option<i64>,
    /// New name; the old one where none is given.
    #[serde(default)]
    pub name: Option<ContainerName>,
    /// The whole specification. `environment_wo` left out keeps what is there; given, it is used in a new
    /// container, the same values or not.
    pub spec: ContainerSpec,
    /// What it should be doing; as it was where none is given.
    #[serde(default)]
    pub state: Option<Wish>,
    /// When the operation counts as done.
    #[serde(default)]
    pub wait_for: Option<WaitFor>,
}

/// An address of a container.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Address {
    /// Network id.
    pub network: String,
    /// Address.
    pub ip: String,
    /// MAC.
    pub mac: String,
    /// Port id.
    pub port: String,
    /// Subnet id.
    #[serde(default)]
    pub subnet: String,
}

/// What the engine shows where a hand may have changed it. `None` as a whole when the container is gone
/// from the engine, or not made yet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seen {
    /// Limit of processing time; null is unlimited.
    pub cpu: Option<Millicpu>,
    /// Limit of memory; null is unlimited.
    pub memory: Option<MemoryMib>,
    /// Restart policy in force, `unless-stopped` where `always` was asked.
    pub restart_policy: Option<RestartPolicy>,
    /// It is connected to all of its networks.
    pub connected: bool,
    /// The entries of the specification's `networks` that it is connected to, where not to all; null where it is, and
    /// where the specification names none.
    #[serde(default)]
    pub networks: Option<Vec<NetworkSpec>>,
    /// The ids of the groups in force, where those are not the ones of the specification; null where they are, and
    /// where it names none.
    #[serde(default)]
    pub security_groups: Option<Vec<String>>,
    /// The digest that the tag of its image names by now, where `image_update = "digest"` asks for that and it is another
    /// one; null where it is not, and where the registry does not say. Lists do not ask.
    #[serde(default)]
    pub image_digest: Option<String>,
}

/// A container.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Container {
    /// Identity, for all its life.
    pub uuid: String,
    /// Owner, 32 hexadecimal digits.
    pub project_id: String,
    /// Who created it.
    pub user_id: String,
    /// Name.
    pub name: String,
    /// Optimistic lock for updates.
    pub generation: i64,
    /// How many Docker containers it has had.
    pub revision: u32,
    /// The create was answered and confirmed.
    pub confirmed: bool,
    /// The specification in force, `environment_wo` left out.
    pub spec: ContainerSpec,
    /// What it should be doing: running, stopped, paused, finished.
    pub wish: Wish,
    /// What it is doing, one lower-case word: creating, created, running, restarting, paused, stopped, dead,
    /// missing, error, deleting.
    pub state: String,
    /// What the engine shows.
    pub seen: Option<Seen>,
    /// Cause of the last failure, or what is waited for.
    pub status_reason: Option<String>,
    /// Exit code of the last end.
    pub exit_code: Option<i64>,
    /// The kernel ended it for lack of memory.
    pub oom_killed: bool,
    /// Host it runs on.
    pub host: String,
    /// Zone of that host.
    pub availability_zone: String,
    /// Digest of its image, or the image id.
    pub image_digest: String,
    /// Its hostname.
    pub hostname: String,
    /// Its addresses.
    pub addresses: Vec<Address>,
    /// `80/tcp` to the host's port.
    pub published: BTreeMap<String, u16>,
    /// Path in the container to the uuid of the volume that is mounted there, those made by `mounts.size` included.
    #[serde(default)]
    pub volumes: BTreeMap<String, String>,
    /// Command in force; null before the first container.
    pub effective_command: Option<Vec<String>>,
    /// Entrypoint in force; null before the first container.
    pub effective_entrypoint: Option<Vec<String>>,
    /// The unfinished operation, if any.
    pub operation: Option<String>,
    /// When it was accepted.
    pub created_at: Timestamp,
    /// Last change.
    pub updated_at: Option<Timestamp>,
}

/// Answer of create, update and delete.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Accepted {
    /// The container as it is now; the new wish is in force when the operation has succeeded.
    pub container: Container,
    /// What to follow; `None` when nothing has to be done.
    pub operation: Option<Operation>,
}

/// A page of containers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ContainerPage {
    /// The containers, in the order they were accepted.
    pub containers: Vec<Container>,
    /// `marker` of the next page; `None` on the last.
    pub next: Option<String>,
}
