//! Volumes, their snapshots, and who has them mounted.
//!
//! A volume's data outlives every container: it goes with the volume's own delete, or, where a container
//! asked for it by size, with that container's own successful delete. Nothing else removes or formats one.

use std::collections::BTreeMap;
use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::host::HostPlace;
use crate::id::{ContainerId, ProjectId, SnapshotId, UserId, VolumeId};
use crate::name::AbsolutePath;
use crate::time::Timestamp;
use crate::unit::DiskGib;

/// What a volume may be used for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum VolumeType {
    /// Mounted by one container at a time.
    #[default]
    Single,
    /// Mounted by any number of containers of its host at once.
    Multiattach,
}

impl VolumeType {
    /// Every type.
    pub const ALL: [Self; 2] = [Self::Single, Self::Multiattach];

    /// The word on the API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Single => "single",
            Self::Multiattach => "multiattach",
        }
    }
}

/// What a new volume starts with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum VolumeSource {
    /// Nothing: it is formatted when it is first mounted.
    Blank,
    /// The data of a snapshot.
    Snapshot(SnapshotId),
    /// The data another volume has now.
    Volume(VolumeId),
}

/// Where a volume or a snapshot stands in its life.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "stage", rename_all = "lowercase")]
pub enum VolumeLife {
    /// Accepted; being made.
    Creating,
    /// There.
    Live,
    /// Being made larger.
    Extending,
    /// It could not be made.
    Failed {
        /// Why.
        reason: String,
    },
    /// A delete was accepted.
    Deleting,
}

/// Whether a container has a volume already, or is about to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum AttachmentState {
    /// Promised to it by an operation that has not ended.
    Reserved,
    /// Its own.
    Attached,
}

/// That a container has a volume, or is about to have it. At most one for each pair of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VolumeAttachment {
    /// The volume.
    pub volume: VolumeId,
    /// The container.
    pub container: ContainerId,
    /// Whether it has it already.
    pub state: AttachmentState,
    /// Where it is seen in the container; the first place where there are several.
    pub destination: AbsolutePath,
    /// When it was promised.
    pub attached_at: Timestamp,
}

/// A volume as the store keeps it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Volume {
    /// Its identity.
    pub id: VolumeId,
    /// Owner.
    pub project: ProjectId,
    /// Who created it.
    pub user: UserId,
    /// The host its data is on.
    pub place: HostPlace,
    /// Name; not unique. Empty where none was given.
    pub name: String,
    /// Description; empty where none was given.
    pub description: String,
    /// The user's own words about it.
    pub metadata: BTreeMap<String, String>,
    /// Its size.
    pub size: DiskGib,
    /// What it may be used for.
    pub volume_type: VolumeType,
    /// What it started with.
    pub source: VolumeSource,
    /// The container that asked for it by size, and whose delete takes it along.
    pub owner: Option<ContainerId>,
    /// Where it stands.
    pub life: VolumeLife,
    /// Why it is as it is: the cause of the last failure.
    pub status_reason: Option<String>,
    /// Who has it, in the order in which they got it.
    pub attachments: Vec<VolumeAttachment>,
    /// When it was accepted.
    pub created_at: Timestamp,
    /// Last change of the record.
    pub updated_at: Option<Timestamp>,
}

/// What a volume is doing, in the block storage API's words
/// (<https://docs.openstack.org/api-ref/block-storage/v3/#volumes-volumes>).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum VolumeStatus {
    /// Being made.
    Creating,
    /// There, and nobody has it.
    Available,
    /// Promised to a container.
    Reserved,
    /// A container has it.
    InUse,
    /// Being made larger.
    Extending,
    /// Being removed.
    Deleting,
    /// It could not be made.
    Error,
}

impl VolumeStatus {
    /// Every status.
    pub const ALL: [Self; 7] = [
        Self::Creating,
        Self::Available,
        Self::Reserved,
        Self::InUse,
        Self::Extending,
        Self::Deleting,
        Self::Error,
    ];

    /// The word on the API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Creating => "creating",
            Self::Available => "available",
            Self::Reserved => "reserved",
            Self::InUse => "in-use",
            Self::Extending => "extending",
            Self::Deleting => "deleting",
            Self::Error => "error",
        }
    }
}

impl fmt::Display for VolumeStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl VolumeLife {
    /// The word of something that nobody attaches: a snapshot.
    pub fn status(&self) -> VolumeStatus {
        match self {
            Self::Creating => VolumeStatus::Creating,
            Self::Live => VolumeStatus::Available,
            Self::Extending => VolumeStatus::Extending,
            Self::Failed { .. } => VolumeStatus::Error,
            Self::Deleting => VolumeStatus::Deleting,
        }
    }
}

impl Volume {
    /// What it is doing, as users read it.
    pub fn status(&self) -> VolumeStatus {
        let attached = |a: &VolumeAttachment| a.state == AttachmentState::Attached;
        match (&self.life, self.attachments.is_empty()) {
            (VolumeLife::Live, false) if self.attachments.iter().any(attached) => {
                VolumeStatus::InUse
            }
            (VolumeLife::Live, false) => VolumeStatus::Reserved,
            (life, _) => life.status(),
        }
    }

    /// Whether one more container may have it now. The sentence says why not.
    pub fn may_attach(&self, container: ContainerId) -> Result<(), String> {
        match self.status() {
            VolumeStatus::Available => Ok(()),
            VolumeStatus::Reserved | VolumeStatus::InUse => {
                match self.attachments.iter().find(|a| a.container != container) {
                    Some(other) if self.volume_type == VolumeType::Single => Err(format!(
                        "volume {} is attached to container {}; detach it there, or use a volume of the type {}",
                        self.id,
                        other.container,
                        VolumeType::Multiattach.as_str()
                    )),
                    Some(_) | None => Ok(()),
                }
            }
            status @ (VolumeStatus::Creating | VolumeStatus::Extending) => Err(format!(
                "volume {} is {status}; wait until it is available",
                self.id
            )),
            status @ (VolumeStatus::Deleting | VolumeStatus::Error) => Err(format!(
                "volume {} is in status {status}{}; use another one",
                self.id,
                self.status_reason
                    .as_ref()
                    .map_or_else(String::new, |reason| format!(" ({reason})"))
            )),
        }
    }
}

/// The data a volume had at one moment, as the store keeps it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snapshot {
    /// Its identity.
    pub id: SnapshotId,
    /// Owner.
    pub project: ProjectId,
    /// Who created it.
    pub user: UserId,
    /// Of which volume; kept when that is gone.
    pub volume: VolumeId,
    /// The host its data is on.
    pub place: HostPlace,
    /// Name; not unique. Empty where none was given.
    pub name: String,
    /// Description; empty where none was given.
    pub description: String,
    /// The user's own words about it.
    pub metadata: BTreeMap<String, String>,
    /// The size the volume had.
    pub size: DiskGib,
    /// Where it stands.
    pub life: VolumeLife,
    /// Why it is as it is: the cause of the last failure.
    pub status_reason: Option<String>,
    /// When it was accepted.
    pub created_at: Timestamp,
    /// Last change of the record.
    pub updated_at: Option<Timestamp>,
}

/// A volume to be made on a host: the part of the driver's call that is decided with the plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MakeVolume {
    /// Which; names everything it becomes on the host.
    pub id: VolumeId,
    /// Its size.
    pub size: DiskGib,
    /// What it starts with.
    pub source: VolumeSource,
}

/// The content of a file, base64 on the wire. `Debug` shows its size only: it may be a secret.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct FileContent(pub Vec<u8>);

impl fmt::Debug for FileContent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "FileContent({} bytes)", self.0.len())
    }
}

impl Serialize for FileContent {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.serialize_str(&STANDARD.encode(&self.0))
    }
}

impl<'de> Deserialize<'de> for FileContent {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let text = String::deserialize(d)?;
        STANDARD.decode(text).map(Self).map_err(|error| {
            serde::de::Error::custom(format_args!(
                "must be base64 (base64encode(...) in HCL): {error}"
            ))
        })
    }
}

/// A file to be seen in a container.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InjectedFile {
    /// Which of the container's files, from 0.
    pub index: u32,
    /// What it holds.
    pub content: FileContent,
}

/// Something of the host that a container sees at a path of its own, everything decided.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct HostMount {
    /// Path on the host; a mount of ours, never the user's choice.
    pub source: String,
    /// Path in the container.
    pub destination: AbsolutePath,
    /// The container cannot write to it.
    pub read_only: bool,
}
