//! A capsule: containers that share network and IPC, placed, started and deleted as one.
//!
//! Every container in it is a [`Container`] of its own with a [`Membership`]: the sandbox, which owns addresses, host
//! ports, volumes and the claim of the whole, the init containers, and the members. A capsule's wish is a
//! [`CapsuleSpec`]; what each container is to be follows from it ([`CapsuleSpec::sandbox`], [`CapsuleSpec::member`]), so
//! that an edit costs for each of them what it costs for any container.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::container::{
    Container, ContainerSpec, Life, NetworkSpec, RestartPolicy, TaskState, Wish,
};
use crate::host::HostPlace;
use crate::id::{CapsuleId, ProjectId, UserId, VolumeId};
use crate::name::{ContainerName, Hostname, LabelKey};
use crate::time::Timestamp;
use crate::unit::DiskGib;

/// What a container is to its capsule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Holds the network and the IPC namespace open.
    Sandbox,
    /// Runs to its end before the next one, and before the members.
    Init,
    /// Runs side by side with the others.
    Member,
}

/// Which capsule a container is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Membership {
    /// The capsule.
    pub capsule: CapsuleId,
    /// What it is there.
    pub role: Role,
    /// Its place among those of its role, from 0.
    pub position: u16,
}

/// A container of a capsule, as users write it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CapsuleContainer {
    /// Unique in the capsule: what an edit is compared by.
    pub name: ContainerName,
    /// What to run. `mounts` name volumes of the capsule in `source`. What is the capsule's is refused here: networks,
    /// security groups, hostname, zone, host, hints, restart policy.
    pub spec: ContainerSpec,
}

/// A volume of a capsule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CapsuleVolume {
    /// What `mounts` of its containers call it.
    pub name: String,
    /// Id or name of a volume of the project. Exactly one of this and `size`.
    #[serde(default)]
    pub volume: Option<String>,
    /// Size of a volume to be made, in GiB.
    #[serde(default)]
    pub size: Option<DiskGib>,
    /// Whether the volume that was made goes with the capsule; true where none is given. Goes with `size` only.
    #[serde(default)]
    pub auto_remove: Option<bool>,
}

/// What a user wishes of a capsule. Unknown fields are refused with their name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CapsuleSpec {
    /// The members, at least one.
    pub containers: Vec<CapsuleContainer>,
    /// Run one after the other before the members; each has to end with exit code 0.
    #[serde(default)]
    pub init_containers: Option<Vec<CapsuleContainer>>,
    /// Volumes that its containers may mount.
    #[serde(default)]
    pub volumes: Option<Vec<CapsuleVolume>>,
    /// Of the members; `always` where none is given. An init container is started once more under anything but `no`.
    #[serde(default)]
    pub restart_policy: Option<RestartPolicy>,
    /// Labels of the capsule; they stay in the record.
    #[serde(default)]
    pub labels: Option<BTreeMap<LabelKey, String>>,
    /// Annotations; they stay in the record.
    #[serde(default)]
    pub annotations: Option<BTreeMap<String, String>>,
    /// Hostname of all of its containers; chosen once where none is given.
    #[serde(default)]
    pub hostname: Option<Hostname>,
    /// Networks, as of a container.
    #[serde(default)]
    pub networks: Option<Vec<NetworkSpec>>,
    /// Security groups, as of a container.
    #[serde(default)]
    pub security_groups: Option<BTreeSet<String>>,
    /// Zone the host must be in.
    #[serde(default)]
    pub availability_zone: Option<String>,
    /// Host it must run on; administrators only.
    #[serde(default)]
    pub host: Option<String>,
    /// Hints to the scheduler.
    #[serde(default)]
    pub hints: Option<BTreeMap<String, String>>,
}

/// Everything decided about a capsule. An update builds a new one and swaps it in when the work succeeds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CapsuleDesired {
    /// Name, unique per project where it was given through our own API.
    pub name: ContainerName,
    /// The specification, defaults filled in.
    pub spec: CapsuleSpec,
    /// What it should be doing: running or stopped.
    pub wish: Wish,
    /// The volume behind each name in `spec.volumes`.
    #[serde(default)]
    pub volumes: BTreeMap<String, VolumeId>,
}

/// A capsule as the store keeps it. Its containers are records of their own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Capsule {
    /// Its identity, for all its life.
    pub id: CapsuleId,
    /// Owner.
    pub project: ProjectId,
    /// Who created it.
    pub user: UserId,
    /// Where it runs.
    pub place: HostPlace,
    /// Optimistic lock: grows with each accepted change of `desired`.
    pub generation: i64,
    /// What was decided.
    pub desired: CapsuleDesired,
    /// Where it stands.
    pub life: Life,
    /// Why it is as it is: the cause of the last failure, or of a wait.
    pub status_reason: Option<String>,
    /// What is being done to it now.
    pub task: Option<TaskState>,
    /// The caller has seen the create's answer.
    pub confirmed: bool,
    /// When it was accepted.
    pub created_at: Timestamp,
    /// Last change of the record.
    pub updated_at: Option<Timestamp>,
    /// Its containers: the sandbox, the init containers, the members, each in their order.
    pub containers: Vec<Container>,
}
