//! Capsules on `/zund/v1`.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use zun_domain::capsule::{CapsuleSpec, ContainerEdit, Role};
use zun_domain::container::{Effect, WaitFor, Wish};
use zun_domain::name::ContainerName;
use zun_domain::placement::Rejection;

use crate::container::{Address, Seen};
use crate::operation::Operation;
use crate::preview::{FieldChange, Problem};

/// Body of a create.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CreateCapsule {
    /// Unique among the capsules of the project; made up where none is given.
    #[serde(default)]
    pub name: Option<ContainerName>,
    /// What to run.
    pub spec: CapsuleSpec,
    /// `running` where none is given, else `stopped`.
    #[serde(default)]
    pub state: Option<Wish>,
    /// When the operation counts as done; `running` where none is given.
    #[serde(default)]
    pub wait_for: Option<WaitFor>,
}

/// Body of an update: the whole new wish.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UpdateCapsule {
    /// The generation the caller saw; 409 when it has moved on. Not checked where none is given.
    #[serde(default)]
    pub generation: Option<i64>,
    /// New name; the old one where none is given.
    #[serde(default)]
    pub name: Option<ContainerName>,
    /// The whole specification. A container's `environment_wo` left out keeps what is there.
    pub spec: CapsuleSpec,
    /// What it should be doing; as it was where none is given.
    #[serde(default)]
    pub state: Option<Wish>,
    /// When the operation counts as done.
    #[serde(default)]
    pub wait_for: Option<WaitFor>,
}

/// A container of a capsule. What is asked of it is in the capsule's `spec`, by its name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CapsuleMember {
    /// Its name in the capsule.
    pub name: String,
    /// `sandbox`, `init` or `member`.
    pub role: Role,
    /// Identity, for all its life: what `/v1/containers/{uuid}` takes.
    pub uuid: String,
    /// What it is doing, one lower-case word, as of a container.
    pub state: String,
    /// Cause of its last failure.
    pub status_reason: Option<String>,
    /// Exit code of the last end.
    pub exit_code: Option<i64>,
    /// The kernel ended it for lack of memory.
    pub oom_killed: bool,
    /// Digest of its image, or the image id.
    pub image_digest: String,
    /// How many Docker containers it has had.
    pub revision: u32,
    /// What the engine shows where a hand may have changed it.
    pub seen: Option<Seen>,
}

/// A capsule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Capsule {
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
    /// The create was answered and confirmed.
    pub confirmed: bool,
    /// The specification in force, each `environment_wo` left out.
    pub spec: CapsuleSpec,
    /// What it should be doing.
    pub wish: Wish,
    /// What it is doing, one lower-case word: creating, created, running, restarting, paused, stopped, dead, missing,
    /// error, deleting.
    pub state: String,
    /// Cause of the last failure, or what is waited for.
    pub status_reason: Option<String>,
    /// Host it runs on.
    pub host: String,
    /// Zone of that host.
    pub availability_zone: String,
    /// Hostname of all of its containers.
    pub hostname: String,
    /// Its containers: the sandbox, the init containers, the members, each in their order.
    pub containers: Vec<CapsuleMember>,
    /// Its addresses.
    pub addresses: Vec<Address>,
    /// `80/tcp` to the host's port.
    pub published: BTreeMap<String, u16>,
    /// Name of a volume in `spec.volumes` to the uuid of the volume behind it.
    pub volumes: BTreeMap<String, String>,
    /// When it was accepted.
    pub created_at: Timestamp,
    /// Last change.
    pub updated_at: Option<Timestamp>,
}

/// Answer of create, update and delete.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AcceptedCapsule {
    /// The capsule as it is now; the new wish is in force when the operation has succeeded.
    pub capsule: Capsule,
    /// What to follow; `None` when nothing has to be done.
    pub operation: Option<Operation>,
}

/// A page of capsules.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CapsulePage {
    /// The capsules, in the order they were accepted.
    pub capsules: Vec<Capsule>,
    /// `marker` of the next page; `None` on the last.
    pub next: Option<String>,
}

/// What is meant to be done with a capsule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CapsulePreviewRequest {
    /// The capsule to be changed; a create where none is given.
    #[serde(default)]
    pub capsule: Option<String>,
    /// Name.
    #[serde(default)]
    pub name: Option<ContainerName>,
    /// The whole specification.
    pub spec: CapsuleSpec,
    /// What it should be doing.
    #[serde(default)]
    pub state: Option<Wish>,
    /// When it would count as done.
    #[serde(default)]
    pub wait_for: Option<WaitFor>,
}

/// What would be done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CapsulePreview {
    /// Everything that stands in the way; empty when it would be accepted.
    pub problems: Vec<Problem>,
    /// The host it would run on.
    pub host: Option<String>,
    /// Every host that was refused, with every reason.
    pub rejections: Vec<Rejection>,
    /// What an update does to the capsule as a whole; `None` for a create.
    #[serde(default)]
    pub effect: Option<Effect>,
    /// What it does to each container that is added, taken out or changed; one that is gone from the engine is made
    /// anew, too.
    #[serde(default)]
    pub containers: BTreeMap<ContainerName, ContainerEdit>,
    /// The fields of the capsule that an update changes.
    #[serde(default)]
    pub changes: Vec<FieldChange>,
    /// What the image references mean now, by the names of the containers.
    pub image_digests: BTreeMap<ContainerName, String>,
    /// The steps, in words, in order.
    pub steps: Vec<String>,
}
