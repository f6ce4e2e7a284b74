//! What is done to volumes, snapshots and files, alone or for a container.

use serde::{Deserialize, Serialize};
use zun_domain::id::{ContainerId, SnapshotId, VolumeId};
use zun_domain::unit::DiskGib;
use zun_domain::volume::{InjectedFile, MakeVolume, VolumeSource};

/// One call of the volume driver.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum VolumeAction {
    /// Make it.
    Make(MakeVolume),
    /// Give it a device.
    Connect(VolumeId),
    /// Make a filesystem on it if it is blank.
    Format(VolumeId),
    /// Mount it.
    Mount(VolumeId),
    /// Unmount it.
    Unmount(VolumeId),
    /// Take its device away.
    Disconnect(VolumeId),
    /// Make it larger.
    Extend {
        /// Which.
        volume: VolumeId,
        /// To this size.
        size: DiskGib,
    },
    /// Remove it with its data.
    Delete(VolumeId),
    /// Keep the data that it has now.
    Snapshot {
        /// Whose.
        volume: VolumeId,
        /// As what.
        snapshot: SnapshotId,
    },
    /// Remove a snapshot.
    DeleteSnapshot(SnapshotId),
    /// Write the files of one revision of a container.
    WriteFiles {
        /// Whose.
        container: ContainerId,
        /// Which of its revisions.
        revision: u32,
        /// Which files.
        files: Vec<InjectedFile>,
    },
    /// Remove a container's files.
    RemoveFiles {
        /// Whose.
        container: ContainerId,
        /// But those of this revision.
        keep: Option<u32>,
    },
}

impl VolumeAction {
    /// What is being done, for people who wait.
    pub(super) fn progress(&self) -> String {
        match self {
            Self::Make(make) => match make.source {
                VolumeSource::Blank => format!("making volume {} of {} GiB", make.id, make.size),
                VolumeSource::Snapshot(snapshot) => {
                    format!("making volume {} from snapshot {snapshot}", make.id)
                }
                VolumeSource::Volume(other) => {
                    format!("making volume {} from volume {other}", make.id)
                }
            },
            Self::Connect(id) => format!("connecting volume {id}"),
            Self::Format(id) => format!("formatting volume {id} if it is blank"),
            Self::Mount(id) => format!("mounting volume {id}"),
            Self::Unmount(id) => format!("unmounting volume {id}"),
            Self::Disconnect(id) => format!("disconnecting volume {id}"),
            Self::Extend { volume, size } => format!("extending volume {volume} to {size} GiB"),
            Self::Delete(id) => format!("deleting volume {id}"),
            Self::Snapshot { volume, snapshot } => {
                format!("taking snapshot {snapshot} of volume {volume}")
            }
            Self::DeleteSnapshot(id) => format!("deleting snapshot {id}"),
            Self::WriteFiles { files, .. } => format!("writing {} files", files.len()),
            Self::RemoveFiles { .. } => "removing its files".to_owned(),
        }
    }
}
