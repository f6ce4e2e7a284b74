//! A container: what is wished of it ([`ContainerSpec`], [`Wish`]), what the engine shows of it
//! ([`Observed`]) and the record that holds both ([`Container`]).
//!
//! The one place where wish and sight become a word for users is [`Container::status`]; which verb is
//! legal in which status is [`state::Status::allows`]; what an edit costs is [`change::changes`].

pub mod change;
pub mod image;
pub mod mount;
pub mod networks;
pub mod spec;
pub mod state;

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use serde::{Deserialize, Serialize};

pub use change::{Change, Effect};
pub use image::ImageUpdate;
pub use mount::{Mount, MountSource, MountSpec, MountType};
pub use networks::NetworkSpec;
pub use spec::{
    ContainerSpec, Healthcheck, PortMapping, Protocol, PullPolicy, RestartPolicy,
    RestartPolicyName, Ulimit,
};
pub use state::{Status, TaskState, Verb};

use crate::capsule::Membership;
use crate::host::HostPlace;
use crate::id::{
    ContainerId, NetworkId, PortId, ProjectId, RegistryId, SecurityGroupId, SubnetId, UserId,
};
use crate::name::{ContainerName, Hostname};
use crate::time::Timestamp;
use crate::unit::{Amounts, MemoryMib, Millicpu};

/// What the user wants the container to be doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Wish {
    /// Started, and started again after a recreate.
    Running,
    /// Created, or stopped on purpose.
    Stopped,
    /// Running, with every process frozen.
    Paused,
    /// A job: started once per specification, expected to end with exit code 0.
    Finished,
}

/// How long an operation that starts a container waits before it counts as done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum WaitFor {
    /// Running, and still so 300 ms later; healthy where a health check is configured.
    #[default]
    Running,
    /// The health check has passed.
    Healthy,
    /// The process has ended with exit code 0.
    Exited,
    /// Nothing: started is enough.
    None,
}

/// An address on a network, allocated by us and kept over every recreate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Address {
    /// The network it is on.
    pub network: NetworkId,
    /// The subnet it is of.
    pub subnet: SubnetId,
    /// The address.
    pub ip: IpAddr,
    /// The MAC, `02:42` and the four bytes of the IPv4 address, as Docker derives it.
    pub mac: String,
    /// The port that owns both.
    pub port: PortId,
    /// The port is kept when the container goes.
    pub preserve: bool,
    /// The network's name in the engine.
    pub runtime_network: String,
    /// The port's groups.
    pub security_groups: BTreeSet<SecurityGroupId>,
}

/// A container port that answers on the host.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Published {
    /// Port inside the container.
    pub internal: u16,
    /// Port on the host; never 0: picked once by us where the user left it open, then kept.
    pub external: u16,
    /// tcp or udp.
    pub protocol: Protocol,
    /// Host address it listens on; every address where none is given.
    pub ip: Option<IpAddr>,
}

/// The id the engine gave. Changes with every recreate.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RuntimeId(pub String);

/// What the engine's own record says the container is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Phase {
    /// Made, never started.
    Created,
    /// Processes are running.
    Running,
    /// Ended, and the restart policy is about to start it again.
    Restarting,
    /// Frozen.
    Paused,
    /// Ended.
    Exited,
    /// Being removed by the engine, or stuck in that.
    Dead,
}

/// The verdict of a health check.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Health {
    /// No verdict yet.
    Starting,
    /// The last check passed.
    Healthy,
    /// `retries` checks in a row failed.
    Unhealthy,
}

/// A container as the engine shows it: everything a hand can change there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Observed {
    /// The engine's id.
    pub runtime: RuntimeId,
    /// Which of our recreates made it: the `zun.revision` label.
    pub revision: u32,
    /// What it is doing.
    pub phase: Phase,
    /// Exit code of the last end; `None` while it never ended.
    pub exit_code: Option<i64>,
    /// The kernel ended it for lack of memory.
    pub oom_killed: bool,
    /// The engine's message for a failed start, if any.
    pub error: Option<String>,
    /// Last start.
    pub started_at: Option<Timestamp>,
    /// Last end.
    pub finished_at: Option<Timestamp>,
    /// Verdict of the health check, where one is configured.
    pub health: Option<Health>,
    /// Hard limit of processing time; `None` is unlimited.
    pub cpu: Option<Millicpu>,
    /// Limit of memory; `None` is unlimited.
    pub memory: Option<MemoryMib>,
    /// Restart policy the engine follows, with `unless-stopped` for our `always`.
    pub restart_policy: Option<RestartPolicy>,
    /// Docker names of the networks it is connected to, sorted.
    pub networks: Vec<String>,
    /// The image's own id.
    pub image_id: String,
    /// Command and entrypoint in force, image values included.
    pub effective_command: Vec<String>,
    /// Entrypoint in force.
    pub effective_entrypoint: Vec<String>,
}

/// Where a container stands in its life.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "stage", rename_all = "lowercase")]
pub enum Life {
    /// Accepted; its first container is being made.
    Creating,
    /// It has, or had, a container in the engine: `observed` tells.
    Live,
    /// Its first container could not be made.
    Failed {
        /// Why, as shown in `status_reason`.
        reason: String,
    },
    /// A delete was accepted.
    Deleting,
}

/// Everything decided about a container. An update builds a new one of these and swaps it in when the
/// work succeeds, so that a failed update leaves the old one in force.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Desired {
    /// Name, unique per project where it was given through our own API.
    pub name: ContainerName,
    /// The specification, defaults filled in.
    pub spec: ContainerSpec,
    /// What it should be doing.
    pub wish: Wish,
    /// How many Docker containers this one has had.
    pub revision: u32,
    /// Digest (or image id, for images without one) resolved when the operation was accepted.
    pub image_digest: String,
    /// Chosen once: given, or the first 12 digits of the uuid.
    pub hostname: Hostname,
    /// Published ports, every external port decided.
    pub published: Vec<Published>,
    /// Volumes and files, every volume decided.
    #[serde(default)]
    pub mounts: Vec<Mount>,
    /// Its ports on networks, in order. Empty only in what an earlier build wrote: one port, on the default network.
    #[serde(default)]
    pub ports: Vec<PortId>,
    /// The groups that its spec names, in order. Empty where it names none.
    #[serde(default)]
    pub security_groups: Vec<SecurityGroupId>,
    /// The registry that its spec names.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub registry: Option<RegistryId>,
}

impl Desired {
    /// What it claims of quota and host.
    pub fn amounts(&self) -> Amounts {
        self.spec.amounts()
    }
}

/// A container as the store keeps it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Container {
    /// Its identity, for all its life.
    pub id: ContainerId,
    /// The capsule that it is a part of, if any.
    pub membership: Option<Membership>,
    /// Owner.
    pub project: ProjectId,
    /// Who created it.
    pub user: UserId,
    /// Where it runs.
    pub place: HostPlace,
    /// Optimistic lock: grows with each accepted change of `desired`.
    pub generation: i64,
    /// What was decided.
    pub desired: Desired,
    /// Its addresses, kept while it is stopped and over every recreate.
    pub addresses: Vec<Address>,
    /// Where it stands.
    pub life: Life,
    /// What the engine shows; `None` before the first container, and when it is gone.
    pub observed: Option<Observed>,
    /// Why it is as it is: the cause of the last failure, or of a wait.
    pub status_reason: Option<String>,
    /// What is being done to it now.
    pub task: Option<TaskState>,
    /// The caller has seen the create's answer: until then a create sent again takes it over.
    pub confirmed: bool,
    /// When it was accepted.
    pub created_at: Timestamp,
    /// Last change of the record.
    pub updated_at: Option<Timestamp>,
}

impl Life {
    /// The one conversion of life and sight into the word users read.
    pub fn status(&self, observed: Option<&Observed>) -> Status {
        match (self, observed.map(|seen| seen.phase)) {
            (Self::Creating, _) => Status::Creating,
            (Self::Failed { .. }, _) => Status::Error,
            (Self::Deleting, _) => Status::Deleting,
            (Self::Live, None) => Status::Missing,
            (Self::Live, Some(Phase::Created)) => Status::Created,
            (Self::Live, Some(Phase::Running)) => Status::Running,
            (Self::Live, Some(Phase::Restarting)) => Status::Restarting,
            (Self::Live, Some(Phase::Paused)) => Status::Paused,
            (Self::Live, Some(Phase::Exited)) => Status::Stopped,
            (Self::Live, Some(Phase::Dead)) => Status::Dead,
        }
    }
}

impl Container {
    /// What it is doing, as users read it.
    pub fn status(&self) -> Status {
        self.life.status(self.observed.as_ref())
    }

    /// The name its current container always has in the engine: Docker's names are unique on a host, ours are not.
    pub fn runtime_name(id: ContainerId) -> String {
        format!("zun-{id}")
    }

    /// The hostname of a container whose user gave none: the first 12 digits of the uuid.
    pub fn default_hostname(id: ContainerId) -> Hostname {
        let digits: String = id.0.simple().to_string().chars().take(12).collect();
        Hostname::try_from(digits)
            .unwrap_or_else(|_| unreachable!("hexadecimal digits are a hostname"))
    }

    /// Published ports as the map users read: `80/tcp` to the host's port.
    pub fn published_map(&self) -> BTreeMap<String, u16> {
        self.desired
            .published
            .iter()
            .map(|p| (format!("{}/{}", p.internal, p.protocol), p.external))
            .collect()
    }
}
