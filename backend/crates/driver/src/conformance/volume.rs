//! Volumes without containers: what a driver promises of their data.

mod copy;
mod data;
mod file;

use std::collections::BTreeSet;
use std::sync::Arc;

use async_trait::async_trait;
use zun_domain::id::{ContainerId, SnapshotId, VolumeId};
use zun_domain::unit::DiskGib;
use zun_domain::volume::{MakeVolume, VolumeSource};

pub use copy::*;
pub use data::*;
pub use file::*;

use super::workbench::failed;
use crate::volume::{FoundVolume, VolumeDriver};
use crate::{Class, Error, Result};

/// A host to try the promises of volumes on. What is made on it is removed when it is dropped.
#[async_trait]
pub trait VolumeLab: Send + Sync {
    /// The driver under test.
    fn driver(&self) -> Arc<dyn VolumeDriver>;

    /// An id that nothing else has.
    fn fresh_volume(&self) -> VolumeId;

    /// An id that nothing else has.
    fn fresh_snapshot(&self) -> SnapshotId;

    /// An id that nothing else has.
    fn fresh_container(&self) -> ContainerId;

    /// Whether something is at a path of the host.
    fn exists(&self, path: &str) -> bool;

    /// What a file of the host holds.
    fn content(&self, path: &str) -> Option<Vec<u8>>;

    /// Writes a file through the source of a volume, down to the disk.
    async fn write(&self, id: VolumeId, name: &str, bytes: &[u8]) -> Result<()>;

    /// Reads a file through the source of a volume.
    async fn read(&self, id: VolumeId, name: &str) -> Option<Vec<u8>>;

    /// What is seen in the source of a volume.
    async fn names(&self, id: VolumeId) -> BTreeSet<String>;

    /// Takes so many bytes of a mounted volume at once; `Exhausted` where it has not so many.
    async fn take(&self, id: VolumeId, bytes: u64) -> Result<()>;

    /// Puts the filesystem of somebody else on a volume that is connected and not mounted.
    async fn put_stranger(&self, id: VolumeId);

    /// Something that changes with any byte of a volume that is not mounted.
    async fn fingerprint(&self, id: VolumeId) -> String;

    /// The host loses every device and every mount, with the data left.
    async fn reboot(&self);

    /// Tells that a case does not apply, and why.
    fn skip(&self, case: &str, reason: &str);
}

/// Makes a test of every case of volumes. `$lab` is an async function of the case's name that answers a
/// [`VolumeLab`], or `None` where the case is to be skipped.
#[macro_export]
macro_rules! volume_conformance {
    ($lab:path) => {
        $crate::conformance!(@each $lab:
            // volume
            a_volume_lives, what_is_not_there_is_not_found, a_volume_in_use_is_not_deleted, verbs_at_once_agree,
            // data
            a_fresh_volume_is_empty, data_outlasts_mounts, data_outlasts_a_reboot,
            something_of_a_stranger_is_never_formatted, a_volume_holds_no_more_than_its_size,
            a_mounted_volume_grows, a_volume_at_rest_grows,
            // copy
            a_snapshot_keeps_a_moment, a_snapshot_at_rest_keeps_all, a_copy_goes_its_own_way,
            a_copy_of_nothing_is_blank, a_copy_is_not_smaller,
            // file
            files_are_written_and_removed,
        );
    };
}

/// One volume after another, with one call.
struct Shelf<'a, L> {
    lab: &'a L,
    driver: Arc<dyn VolumeDriver>,
}

impl<'a, L: VolumeLab> Shelf<'a, L> {
    fn new(lab: &'a L) -> Self {
        let driver = lab.driver();
        Self { lab, driver }
    }

    /// Whether volumes of this driver have devices and a size that is kept.
    async fn sized(&self) -> bool {
        self.driver.facts().await.expect("facts").enforces_size
    }

    async fn make(&self, gib: u64, source: VolumeSource) -> Result<VolumeId> {
        let id = self.lab.fresh_volume();
        let size = DiskGib(gib);
        self.driver
            .create(&MakeVolume { id, size, source })
            .await
            .map(|()| id)
    }

    /// A blank volume of 1 GiB.
    async fn blank(&self) -> VolumeId {
        self.make(1, VolumeSource::Blank).await.expect("made")
    }

    /// Connect, format, mount, as before every use.
    async fn put_up(&self, id: VolumeId) -> Result<()> {
        self.driver.connect(id).await?;
        self.driver.format(id).await?;
        self.driver.mount(id).await
    }

    /// Unmount and disconnect, as after every use.
    async fn take_down(&self, id: VolumeId) {
        self.driver.unmount(id).await.expect("unmounted");
        self.driver.disconnect(id).await.expect("disconnected");
    }

    /// A volume of 1 GiB, mounted.
    async fn mounted(&self) -> VolumeId {
        let id = self.blank().await;
        self.put_up(id).await.expect("mounted");
        id
    }

    /// What the host shows of it.
    async fn found(&self, id: VolumeId) -> Option<FoundVolume> {
        let all = self.driver.list().await.expect("listed");
        all.into_iter().find(|volume| volume.id == id)
    }

    /// It is there, mounted or not, with a device where the driver has such.
    async fn expect(&self, id: VolumeId, connected: bool, mounted: bool) {
        let connected = connected && self.sized().await;
        let there = FoundVolume {
            id,
            data: true,
            connected,
            mounted,
            stuck: false,
        };
        assert_eq!(self.found(id).await, Some(there));
        let source = self.driver.source(id);
        assert_eq!(self.lab.exists(&source), mounted, "{source}");
    }
}

/// Made, connected, formatted, mounted, and all the way back; each twice.
pub async fn a_volume_lives(lab: &impl VolumeLab) {
    let shelf = Shelf::new(lab);
    let driver = &shelf.driver;
    let request = MakeVolume {
        id: lab.fresh_volume(),
        size: DiskGib(1),
        source: VolumeSource::Blank,
    };
    let id = request.id;
    assert_eq!(shelf.found(id).await, None);
    for _ in 0..2 {
        driver.create(&request).await.expect("made");
    }
    shelf.expect(id, false, false).await;
    for _ in 0..2 {
        driver.connect(id).await.expect("connected");
    }
    shelf.expect(id, true, false).await;
    for _ in 0..2 {
        driver.format(id).await.expect("formatted");
    }
    shelf.expect(id, true, false).await;
    for _ in 0..2 {
        driver.mount(id).await.expect("mounted");
    }
    shelf.expect(id, true, true).await;
    shelf.put_up(id).await.expect("all again");
    driver.create(&request).await.expect("it is there");
    for _ in 0..2 {
        driver.unmount(id).await.expect("unmounted");
    }
    shelf.expect(id, true, false).await;
    for _ in 0..2 {
        driver.disconnect(id).await.expect("disconnected");
    }
    shelf.expect(id, false, false).await;
    for _ in 0..2 {
        driver.delete(id).await.expect("deleted");
    }
    assert_eq!(shelf.found(id).await, None);
}

/// What was never made is not found, and is no obstacle to those who take things away.
pub async fn what_is_not_there_is_not_found(lab: &impl VolumeLab) {
    let shelf = Shelf::new(lab);
    let driver = &shelf.driver;
    let (id, snapshot) = (lab.fresh_volume(), lab.fresh_snapshot());
    let named = id.to_string();
    let missing = |answer: Result<()>, named: &str| failed(answer, Class::NotFound, named);
    missing(driver.connect(id).await, &named);
    missing(driver.format(id).await, &named);
    missing(driver.mount(id).await, &named);
    missing(driver.extend(id, DiskGib(2)).await, &named);
    missing(driver.snapshot(id, snapshot).await, &named);
    let copied = shelf.make(1, VolumeSource::Volume(id)).await;
    missing(copied.map(|_| ()), &named);
    let restored = shelf.make(1, VolumeSource::Snapshot(snapshot)).await;
    missing(restored.map(|_| ()), &snapshot.to_string());
    driver.unmount(id).await.expect("not mounted");
    driver.disconnect(id).await.expect("not connected");
    driver.delete(id).await.expect("gone");
    driver.delete_snapshot(snapshot).await.expect("gone");
    assert_eq!(driver.list().await, Ok(Vec::new()));
}

/// A volume is taken down before it is deleted.
pub async fn a_volume_in_use_is_not_deleted(lab: &impl VolumeLab) {
    let shelf = Shelf::new(lab);
    let driver = &shelf.driver;
    let id = shelf.mounted().await;
    lab.write(id, "file", b"kept").await.expect("written");
    failed(driver.delete(id).await, Class::Conflict, "mounted");
    failed(driver.disconnect(id).await, Class::Conflict, "mounted");
    driver.unmount(id).await.expect("unmounted");
    if shelf.sized().await {
        failed(driver.delete(id).await, Class::Conflict, "connected");
    }
    driver.mount(id).await.expect("mounted");
    assert_eq!(lab.read(id, "file").await, Some(b"kept".to_vec()));
    shelf.take_down(id).await;
    driver.delete(id).await.expect("deleted");
    assert_eq!(shelf.found(id).await, None);
}

/// The same verb twice at the same moment is the verb once; different volumes do not disturb each other.
pub async fn verbs_at_once_agree(lab: &impl VolumeLab) {
    let shelf = Shelf::new(lab);
    let driver = &shelf.driver;
    let ids: Vec<VolumeId> = (0..4).map(|_| lab.fresh_volume()).collect();
    let twice = || ids.iter().chain(&ids);
    let all = |results: Vec<Result<()>>| {
        let failed: Vec<Error> = results.into_iter().filter_map(Result::err).collect();
        assert_eq!(failed, []);
    };
    let requests: Vec<MakeVolume> = twice()
        .map(|id| MakeVolume {
            id: *id,
            size: DiskGib(1),
            source: VolumeSource::Blank,
        })
        .collect();
    all(futures::future::join_all(requests.iter().map(|request| driver.create(request))).await);
    all(futures::future::join_all(twice().map(|id| driver.connect(*id))).await);
    all(futures::future::join_all(twice().map(|id| driver.format(*id))).await);
    all(futures::future::join_all(twice().map(|id| driver.mount(*id))).await);
    for id in &ids {
        shelf.expect(*id, true, true).await;
        lab.write(*id, "id", id.to_string().as_bytes())
            .await
            .expect("written");
    }
    for id in &ids {
        let held = lab.read(*id, "id").await;
        assert_eq!(held, Some(id.to_string().into_bytes()));
    }
    all(futures::future::join_all(twice().map(|id| driver.unmount(*id))).await);
    all(futures::future::join_all(twice().map(|id| driver.disconnect(*id))).await);
    all(futures::future::join_all(twice().map(|id| driver.delete(*id))).await);
    assert_eq!(driver.list().await, Ok(Vec::new()));
}
