//! Volumes that are sparse image files behind loop devices, each with an ext4 of its own.
//!
//! `device` knows loop devices, `probe` what is on one, `mark` which image was never formatted; `image` and
//! `make` make images, `mounting` mounts them, `freeze` copies one that is written to, `grow` makes one larger. Here are the verbs that are left.

mod device;
mod freeze;
mod grow;
mod image;
mod make;
mod mark;
mod mounting;
mod probe;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use async_trait::async_trait;
use zun_domain::id::{ContainerId, SnapshotId, VolumeId};
use zun_domain::unit::DiskGib;
use zun_domain::volume::{InjectedFile, MakeVolume};
use zun_driver::volume::{FoundVolume, VolumeDriver, VolumeFacts};
use zun_driver::{Class, Error, Result};

use crate::durable::{remove_folder, sync};
use crate::lock::Turn;
use crate::place::{Places, ids_in, text};
use crate::{Site, command, fact, file, told};

/// Programs it runs.
const PROGRAMS: &[&str] = &[
    "blkid",
    "cp",
    "e2fsck",
    "fsfreeze",
    "losetup",
    "mkfs.ext4",
    "mount",
    "resize2fs",
    "sh",
    "tune2fs",
    "umount",
];

/// Volumes in image files. Clones are the same.
#[derive(Debug, Clone)]
pub struct LocalVolumes(Site);

impl LocalVolumes {
    /// Volumes below this folder, which is made when it is first needed. `Refused` where it is no absolute path.
    pub fn new(root: &Path) -> Result<Self> {
        Site::new(root).map(Self)
    }
}

#[async_trait]
impl VolumeDriver for LocalVolumes {
    async fn facts(&self) -> Result<VolumeFacts> {
        self.0
            .work(|places| {
                fact::require_root("local")?;
                command::require(
                    PROGRAMS,
                    "coreutils, e2fsprogs, mount and util-linux",
                    "local",
                )?;
                device::require()?;
                Ok(VolumeFacts {
                    driver: "local",
                    enforces_size: true,
                    grows_mounted: grow::allowed_while_mounted(),
                    capacity: fact::capacity(places)?,
                })
            })
            .await
    }

    async fn create(&self, request: &MakeVolume) -> Result<()> {
        let request = request.clone();
        self.0
            .work(move |places| make::volume(places, &request))
            .await
    }

    async fn connect(&self, id: VolumeId) -> Result<()> {
        self.0
            .work(move |places| {
                let turn = places.turn(id)?;
                let image = existing(places, id)?;
                if device::of(&image)?.is_some() {
                    return Ok(());
                }
                grow::catch_up_at_rest(&image, id, &turn)?;
                device::attach(&image, &turn)
            })
            .await
    }

    async fn format(&self, id: VolumeId) -> Result<()> {
        self.0
            .work(move |places| make::filesystem(places, id))
            .await
    }

    async fn mount(&self, id: VolumeId) -> Result<()> {
        self.0.work(move |places| mounting::mount(places, id)).await
    }

    async fn unmount(&self, id: VolumeId) -> Result<()> {
        self.0
            .work(move |places| mounting::unmount(places, id))
            .await
    }

    async fn disconnect(&self, id: VolumeId) -> Result<()> {
        self.0
            .work(move |places| {
                let turn = places.turn(id)?;
                not_mounted(places, id, "disconnect")?;
                for device in device::all_of(&places.image(id))? {
                    device::detach(&device, id, &turn)?;
                }
                Ok(())
            })
            .await
    }

    async fn extend(&self, id: VolumeId, size: DiskGib) -> Result<()> {
        self.0
            .work(move |places| grow::extend(places, id, size))
            .await
    }

    async fn delete(&self, id: VolumeId) -> Result<()> {
        self.0.work(move |places| delete(places, id)).await
    }

    async fn snapshot(&self, id: VolumeId, snapshot: SnapshotId) -> Result<()> {
        self.0
            .work(move |places| make::snapshot(places, id, snapshot))
            .await
    }

    async fn delete_snapshot(&self, snapshot: SnapshotId) -> Result<()> {
        self.0
            .work(move |places| {
                let turn = places.turn(snapshot)?;
                image::discard(&places.snapshot(snapshot))?;
                mark::clear(places, snapshot.0)?;
                turn.end_for_good()
            })
            .await
    }

    async fn list(&self) -> Result<Vec<FoundVolume>> {
        self.0.work(list).await
    }

    fn source(&self, id: VolumeId) -> String {
        text(&self.0.places.data(id))
    }

    async fn write_files(
        &self,
        container: ContainerId,
        revision: u32,
        files: &[InjectedFile],
    ) -> Result<()> {
        let files = files.to_vec();
        self.0
            .work(move |places| file::write(places, container, revision, &files))
            .await
    }

    async fn remove_files(&self, container: ContainerId, keep: Option<u32>) -> Result<()> {
        self.0
            .work(move |places| file::remove(places, container, keep))
            .await
    }

    fn file(&self, container: ContainerId, revision: u32, index: u32) -> String {
        file::path(&self.0.places, container, revision, index)
    }
}

/// Where this driver keeps what.
impl Places {
    fn image(&self, id: VolumeId) -> PathBuf {
        self.root().join("image").join(id.to_string())
    }

    fn snapshot(&self, id: SnapshotId) -> PathBuf {
        self.root().join("snapshot").join(id.to_string())
    }

    /// Where a volume's filesystem is mounted.
    fn point(&self, id: VolumeId) -> PathBuf {
        self.root().join("mount").join(id.to_string())
    }

    /// What containers mount of it. It is in the filesystem, so it is not there while that is not mounted, and
    /// `lost+found` stays beside it.
    fn data(&self, id: VolumeId) -> PathBuf {
        self.point(id).join("data")
    }
}

/// The image of a volume that is there.
fn existing(places: &Places, id: VolumeId) -> Result<PathBuf> {
    let image = places.image(id);
    if image.is_file() {
        Ok(image)
    } else {
        Err(fact::no_volume(id))
    }
}

fn not_mounted(places: &Places, id: VolumeId, verb: &str) -> Result<()> {
    if mounting::is_mounted(places, id)? {
        return Err(Error::new(
            Class::Conflict,
            format!("cannot {verb} volume {id}: it is mounted"),
        ));
    }
    Ok(())
}

fn length(image: &Path) -> Result<u64> {
    std::fs::metadata(image)
        .map(|there| there.len())
        .map_err(|error| told(&format!("look at {}", image.display()), &error))
}

fn delete(places: &Places, id: VolumeId) -> Result<()> {
    let turn = places.turn(id)?;
    not_mounted(places, id, "delete")?;
    let image = places.image(id);
    if device::of(&image)?.is_some() {
        return Err(Error::new(
            Class::Conflict,
            format!("cannot delete volume {id}: it is connected"),
        ));
    }
    image::discard(&image)?;
    mark::clear(places, id.0)?;
    let point = places.point(id);
    remove_folder(&point).map_err(|error| told(&format!("remove {}", point.display()), &error))?;
    turn.end_for_good()
}

/// Writes an image to the disk, and what its device has not passed on yet before it.
fn flush(image: &Path, device: Option<&Path>) -> Result<()> {
    device.map_or(Ok(()), sync)?;
    sync(image)
}

/// Images, devices of images and mounts. A filesystem that an earlier zund left frozen is thawed on the way.
fn list(places: &Places) -> Result<Vec<FoundVolume>> {
    for id in mounting::left_frozen(places)? {
        // Whose turn is taken is being copied now.
        if let Some(turn) = Turn::take_if_free(&places.folder("lock")?.join(id.to_string())) {
            mounting::thaw_if_left(places, id, &turn)?;
        }
    }
    let data: BTreeSet<VolumeId> = ids_in(&places.root().join("image"))?;
    let connected = device::connected(places)?;
    let mounted = mounting::mounted(places)?;
    let all: BTreeSet<&VolumeId> = data
        .iter()
        .chain(&connected)
        .chain(mounted.keys())
        .collect();
    let found = all.into_iter().map(|id| FoundVolume {
        id: *id,
        data: data.contains(id),
        connected: connected.contains(id),
        mounted: mounted.contains_key(id),
        stuck: mounted.get(id) == Some(&true),
    });
    Ok(found.collect())
}
