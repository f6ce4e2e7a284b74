//! Long work that a user can follow, and the facts it leaves behind.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::id::{ContainerId, ImageId, OperationId, ProjectId, SnapshotId, UserId, VolumeId};
use crate::time::Timestamp;

/// What an operation does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum OperationKind {
    /// Make it.
    Create,
    /// Change it, live or by a recreate in place.
    Update,
    /// Remove it.
    Delete,
    /// Start it.
    Start,
    /// Stop it.
    Stop,
    /// Stop and start it.
    Reboot,
    /// Freeze it.
    Pause,
    /// Thaw it.
    Unpause,
    /// Send it a signal.
    Kill,
    /// Make an image of what it is now.
    Commit,
    /// What the reconciler does on its own: heal, finish, put back.
    Repair,
}

impl OperationKind {
    /// The word on the API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::Update => "update",
            Self::Delete => "delete",
            Self::Start => "start",
            Self::Stop => "stop",
            Self::Reboot => "reboot",
            Self::Pause => "pause",
            Self::Unpause => "unpause",
            Self::Kill => "kill",
            Self::Commit => "commit",
            Self::Repair => "repair",
        }
    }
}

/// Where an operation stands. The last three never go back, `Undoing` only to another choice in place of
/// one that somebody else had taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum OperationState {
    /// Accepted; no step has begun.
    Queued,
    /// Its steps are being done.
    Running,
    /// A step failed, or it was cancelled: what was done is being undone.
    Undoing,
    /// Done.
    Succeeded,
    /// Not done; `error` says why. What had been made is gone again.
    Failed,
    /// Ended by a delete of its subject.
    Cancelled,
}

impl OperationState {
    /// Nothing more will happen.
    pub fn is_final(self) -> bool {
        matches!(self, Self::Succeeded | Self::Failed | Self::Cancelled)
    }

    /// The word on the API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Running => "running",
            Self::Undoing => "undoing",
            Self::Succeeded => "succeeded",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
        }
    }
}

/// Why an operation failed, with all that helps to mend it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Failure {
    /// What was tried and what came back, one sentence or a few.
    pub message: String,
    /// Exit code of the process, where one ended.
    #[serde(default)]
    pub exit_code: Option<i64>,
    /// The kernel ended it for lack of memory.
    #[serde(default)]
    pub oom_killed: bool,
    /// Somebody else has what was chosen: a subnet, a host port. Another choice may succeed.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub conflict: bool,
    /// The last lines the container printed, at most 20.
    #[serde(default)]
    pub last_log: Vec<String>,
}

/// What an operation works on. It has one operation at a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Subject {
    /// A container.
    Container(ContainerId),
    /// A volume.
    Volume(VolumeId),
    /// A snapshot of a volume.
    Snapshot(SnapshotId),
    /// An image of the image service.
    Image(ImageId),
    /// An image that was pulled to a host.
    HostImage(ImageId),
}

impl Subject {
    /// The noun: in messages, in the store and on the API.
    pub fn kind(self) -> &'static str {
        match self {
            Self::Container(_) => "container",
            Self::Volume(_) => "volume",
            Self::Snapshot(_) => "snapshot",
            Self::Image(_) => "image",
            Self::HostImage(_) => "host image",
        }
    }

    /// Its id, whatever it is.
    pub fn id(self) -> Uuid {
        match self {
            Self::Container(id) => id.0,
            Self::Volume(id) => id.0,
            Self::Snapshot(id) => id.0,
            Self::Image(id) | Self::HostImage(id) => id.0,
        }
    }

    /// The subject of this kind and id; `None` for a kind nobody wrote.
    pub fn of(kind: &str, id: Uuid) -> Option<Self> {
        match kind {
            "container" => Some(Self::Container(ContainerId(id))),
            "volume" => Some(Self::Volume(VolumeId(id))),
            "snapshot" => Some(Self::Snapshot(SnapshotId(id))),
            "image" => Some(Self::Image(ImageId(id))),
            "host image" => Some(Self::HostImage(ImageId(id))),
            _ => None,
        }
    }

    /// The container, where it is one.
    pub fn container(self) -> Option<ContainerId> {
        match self {
            Self::Container(id) => Some(id),
            Self::Volume(_) | Self::Snapshot(_) | Self::Image(_) | Self::HostImage(_) => None,
        }
    }
}

impl std::fmt::Display for Subject {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {}", self.kind(), self.id())
    }
}

impl From<ContainerId> for Subject {
    fn from(id: ContainerId) -> Self {
        Self::Container(id)
    }
}

impl From<VolumeId> for Subject {
    fn from(id: VolumeId) -> Self {
        Self::Volume(id)
    }
}

impl From<ImageId> for Subject {
    fn from(id: ImageId) -> Self {
        Self::Image(id)
    }
}

impl From<SnapshotId> for Subject {
    fn from(id: SnapshotId) -> Self {
        Self::Snapshot(id)
    }
}

/// One operation as the store keeps it, without its plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Operation {
    /// Identity; ordered by time.
    pub id: OperationId,
    /// What it works on.
    pub subject: Subject,
    /// Owner of that.
    pub project: ProjectId,
    /// Who asked; the engine's own user for repairs.
    pub user: UserId,
    /// What it does.
    pub kind: OperationKind,
    /// Where it stands.
    pub state: OperationState,
    /// The request that asked, `req-<uuid>`.
    pub request_id: String,
    /// The step being done, in words: `pulling nginx:1.27 (3 of 7 layers)`.
    pub progress: String,
    /// Steps done, and steps in all.
    pub steps_done: u32,
    /// Steps in all.
    pub steps: u32,
    /// Why it failed, or what it waits for.
    pub failure: Option<Failure>,
    /// When it was accepted.
    pub created_at: Timestamp,
    /// When it ended.
    pub finished_at: Option<Timestamp>,
}

/// A fact about a container, for the audit trail.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    /// When it was noted.
    pub at: Timestamp,
    /// The container.
    pub container: ContainerId,
    /// The operation it belongs to, if any.
    pub operation: Option<OperationId>,
    /// A word: `accepted`, `started`, `stopped`, `died`, `missing`, `failed`, …
    pub kind: String,
    /// A sentence.
    pub message: String,
}
