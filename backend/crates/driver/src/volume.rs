//! Volumes of one host, and files whose content users gave.
//!
//! Life of a volume: [`create`](VolumeDriver::create), then any number of times
//! [`connect`](VolumeDriver::connect), [`format`](VolumeDriver::format), [`mount`](VolumeDriver::mount),
//! use, [`unmount`](VolumeDriver::unmount), [`disconnect`](VolumeDriver::disconnect), and at the end
//! [`delete`](VolumeDriver::delete). Every verb may be asked twice and after a crash at any moment of an earlier
//! one; the second time succeeds and changes nothing.

use async_trait::async_trait;
use zun_domain::id::{ContainerId, SnapshotId, VolumeId};
use zun_domain::unit::DiskGib;
use zun_domain::volume::{InjectedFile, MakeVolume};

use crate::error::Result;

/// What a driver says about itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VolumeFacts {
    /// Its name in the configuration: `local`, `directory`.
    pub driver: &'static str,
    /// A volume never holds more than its size.
    pub enforces_size: bool,
    /// A mounted volume can be extended. Where it cannot, that is `Refused` until it is unmounted.
    pub grows_mounted: bool,
    /// Space of the filesystem that the volumes are on, in GiB, used or not.
    pub capacity: DiskGib,
}

/// A volume as the host shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "what the host shows, one fact each, in any combination"
)]
pub struct FoundVolume {
    /// Which.
    pub id: VolumeId,
    /// Its data is there: false for a mount or a device whose data is gone.
    pub data: bool,
    /// It has a device.
    pub connected: bool,
    /// Its filesystem is mounted.
    pub mounted: bool,
    /// It takes no writes since it met an error, a full disk of the host's for one; a fresh mount mends that.
    pub stuck: bool,
}

/// The volumes of one host.
#[async_trait]
pub trait VolumeDriver: Send + Sync {
    /// What it is. `Refused`, with what to do about it, where it cannot work on this host: no loop devices, no
    /// rights to mount, a tool that is missing.
    async fn facts(&self) -> Result<VolumeFacts>;

    /// Makes the volume in its size, blank or with its source's data; succeeds if it is there. Interrupted, it
    /// leaves nothing that looks like a finished volume. `NotFound` where the source is gone, `Exhausted` where
    /// the space is, `Refused` where the source is larger, or is mounted and cannot be held still.
    async fn create(&self, request: &MakeVolume) -> Result<()>;

    /// Gives it a device. `NotFound` where it was never made.
    async fn connect(&self, id: VolumeId) -> Result<()>;

    /// Makes a filesystem on it if it is blank and this driver made it. A filesystem of ours is left as it is.
    /// `Conflict`, naming the signature, where something else is on it: nothing is ever formatted over.
    async fn format(&self, id: VolumeId) -> Result<()>;

    /// Mounts it; from then on [`source`](VolumeDriver::source) is there. A filesystem that was not unmounted
    /// cleanly replays its journal. A failure changes nothing on it.
    async fn mount(&self, id: VolumeId) -> Result<()>;

    /// Unmounts it with everything written; succeeds if it is not mounted. `Conflict` while it is busy.
    async fn unmount(&self, id: VolumeId) -> Result<()>;

    /// Takes its device away; succeeds if it has none. `Conflict` while it is mounted.
    async fn disconnect(&self, id: VolumeId) -> Result<()>;

    /// Makes it and its filesystem this large, mounted or not; succeeds if it is. `Refused` where that would
    /// make it smaller, or where it is mounted and the host lets none grow meanwhile
    /// ([`VolumeFacts::grows_mounted`]).
    async fn extend(&self, id: VolumeId, size: DiskGib) -> Result<()>;

    /// Removes it with its data; succeeds if it is gone. `Conflict` while it is mounted or connected.
    async fn delete(&self, id: VolumeId) -> Result<()>;

    /// Keeps the data that the volume has now; succeeds if the snapshot is there. Taken of a mounted volume it is
    /// whole: writers wait until it is taken, also when the asking process dies meanwhile. `Refused` where the driver
    /// cannot make them wait.
    async fn snapshot(&self, id: VolumeId, snapshot: SnapshotId) -> Result<()>;

    /// Removes a snapshot; succeeds if it is gone.
    async fn delete_snapshot(&self, snapshot: SnapshotId) -> Result<()>;

    /// Every volume that is on the host, connected or mounted there.
    async fn list(&self) -> Result<Vec<FoundVolume>>;

    /// The directory on the host that a container mounts: inside the volume's filesystem, so that it is not there
    /// while that is not mounted, and so that `lost+found` is not seen. Always the same for the same volume.
    fn source(&self, id: VolumeId) -> String;

    /// Writes the files of a container's revision, and nothing else into their folder.
    async fn write_files(
        &self,
        container: ContainerId,
        revision: u32,
        files: &[InjectedFile],
    ) -> Result<()>;

    /// Removes the container's files, of every revision but `keep`; succeeds if there are none.
    async fn remove_files(&self, container: ContainerId, keep: Option<u32>) -> Result<()>;

    /// Where a file is on the host. Always the same for the same arguments.
    fn file(&self, container: ContainerId, revision: u32, index: u32) -> String;
}
