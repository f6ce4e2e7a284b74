//! Volumes that are plain directories, for machines without loop devices.
//!
//! Mounting gives the data its name, unmounting takes the name away, so that a container that mounts it does not
//! start without. After a reboot of the host a volume that was mounted still is: what is at its place is its data,
//! never an empty directory in its stead. A size is remembered and not enforced.

use std::path::{Path, PathBuf};

use async_trait::async_trait;
use zun_domain::id::{ContainerId, SnapshotId, VolumeId};
use zun_domain::unit::DiskGib;
use zun_domain::volume::{InjectedFile, MakeVolume, VolumeSource};
use zun_driver::volume::{FoundVolume, VolumeDriver, VolumeFacts};
use zun_driver::{Class, Error, Result};

use crate::durable::{
    make_folder, remove_tree, rename, sync_all_at, sync_folder, write as write_file,
};
use crate::place::{Places, ids_in, text, unfinished};
use crate::{Site, command, copy, fact, file, table, told};

/// What the data is called while it is mounted, and while it is not.
const MOUNTED: &str = "mounted";
const STORED: &str = "stored";
/// The file with the size in GiB.
const SIZE: &str = "size";

/// Programs it runs.
const PROGRAMS: &[&str] = &["cp"];

/// Volumes in plain directories. Clones are the same.
#[derive(Debug, Clone)]
pub struct DirectoryVolumes(Site);

impl DirectoryVolumes {
    /// Volumes below this folder, which is made when it is first needed. `Refused` where it is no absolute path.
    pub fn new(root: &Path) -> Result<Self> {
        Site::new(root).map(Self)
    }
}

#[async_trait]
impl VolumeDriver for DirectoryVolumes {
    async fn facts(&self) -> Result<VolumeFacts> {
        self.0
            .work(|places| {
                fact::require_root("directory")?;
                command::require(PROGRAMS, "coreutils", "directory")?;
                Ok(VolumeFacts {
                    driver: "directory",
                    enforces_size: false,
                    grows_mounted: true,
                    capacity: fact::capacity(places)?,
                })
            })
            .await
    }

    async fn create(&self, request: &MakeVolume) -> Result<()> {
        let request = request.clone();
        self.0.work(move |places| create(places, &request)).await
    }

    async fn connect(&self, id: VolumeId) -> Result<()> {
        self.0
            .work(move |places| found(places, id).map(|_| ()))
            .await
    }

    async fn format(&self, id: VolumeId) -> Result<()> {
        self.0
            .work(move |places| found(places, id).map(|_| ()))
            .await
    }

    async fn mount(&self, id: VolumeId) -> Result<()> {
        self.0
            .work(move |places| {
                let _turn = places.turn(id)?;
                let data = found(places, id)?;
                let mounted = places.directory(id).join(MOUNTED);
                if data == mounted {
                    return Ok(());
                }
                rename(&data, &mounted)
            })
            .await
    }

    async fn unmount(&self, id: VolumeId) -> Result<()> {
        self.0.work(move |places| unmount(places, id)).await
    }

    async fn disconnect(&self, id: VolumeId) -> Result<()> {
        self.0
            .work(move |places| not_mounted(places, id, "disconnect"))
            .await
    }

    async fn extend(&self, id: VolumeId, size: DiskGib) -> Result<()> {
        self.0
            .work(move |places| {
                let _turn = places.turn(id)?;
                found(places, id)?;
                let volume = places.directory(id);
                let former = size_of(&volume)?;
                if size < former {
                    return Err(fact::no_shrinking(id, former, size));
                }
                write_size(&volume, size)
            })
            .await
    }

    async fn delete(&self, id: VolumeId) -> Result<()> {
        self.0
            .work(move |places| {
                let turn = places.turn(id)?;
                not_mounted(places, id, "delete")?;
                discard(&places.directory(id))?;
                turn.end_for_good()
            })
            .await
    }

    async fn snapshot(&self, id: VolumeId, snapshot: SnapshotId) -> Result<()> {
        self.0
            .work(move |places| take_snapshot(places, id, snapshot))
            .await
    }

    async fn delete_snapshot(&self, snapshot: SnapshotId) -> Result<()> {
        self.0
            .work(move |places| {
                let turn = places.turn(snapshot)?;
                discard(&places.directory_snapshot(snapshot))?;
                turn.end_for_good()
            })
            .await
    }

    async fn list(&self) -> Result<Vec<FoundVolume>> {
        self.0
            .work(|places| {
                let ids = ids_in::<VolumeId>(&places.root().join("directory"))?;
                let volumes = ids.into_iter().map(|id| FoundVolume {
                    id,
                    data: found(places, id).is_ok(),
                    connected: false,
                    mounted: places.directory(id).join(MOUNTED).exists(),
                    stuck: false,
                });
                Ok(volumes.collect())
            })
            .await
    }

    fn source(&self, id: VolumeId) -> String {
        text(&self.0.places.directory(id).join(MOUNTED))
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

/// Where a volume's data is now. `NotFound` where the volume is not there.
fn found(places: &Places, id: VolumeId) -> Result<PathBuf> {
    let volume = places.directory(id);
    [MOUNTED, STORED]
        .into_iter()
        .map(|name| volume.join(name))
        .find(|data| data.is_dir())
        .ok_or_else(|| fact::no_volume(id))
}

fn not_mounted(places: &Places, id: VolumeId, verb: &str) -> Result<()> {
    if !places.directory(id).join(MOUNTED).exists() {
        return Ok(());
    }
    Err(Error::new(
        Class::Conflict,
        format!("cannot {verb} volume {id}: it is mounted"),
    ))
}

fn create(places: &Places, request: &MakeVolume) -> Result<()> {
    let MakeVolume { id, size, source } = request.clone();
    let turn = places.turn(id)?;
    let volume = places.directory(id);
    if volume.exists() {
        return Ok(());
    }
    places.folder("directory")?;
    let fresh = unfinished(&volume);
    remove_tree(&fresh).map_err(|error| told(&format!("remove {}", fresh.display()), &error))?;
    make_folder(&fresh)?;
    let data = fresh.join(STORED);
    match source {
        VolumeSource::Blank => fact::make_data(&data)?,
        VolumeSource::Snapshot(snapshot) => {
            let _source = places.turn(snapshot)?;
            let from = places.directory_snapshot(snapshot);
            if !from.exists() {
                return Err(fact::no_snapshot(snapshot));
            }
            fact::large_enough(request, size_of(&from)?)?;
            copy::directory(&from.join(STORED), &data, &turn)
                .map_err(|failure| failure.told(&format!("copy snapshot {snapshot}")))?;
        }
        VolumeSource::Volume(other) => {
            let _source = places.turn(other)?;
            let from = found(places, other)?;
            at_rest(places, other, "copy")?;
            fact::large_enough(request, size_of(&places.directory(other))?)?;
            copy::directory(&from, &data, &turn)
                .map_err(|failure| failure.told(&format!("copy volume {other}")))?;
        }
    }
    write_size(&fresh, size)?;
    sync_all_at(&fresh)?;
    rename(&fresh, &volume)
}

fn unmount(places: &Places, id: VolumeId) -> Result<()> {
    let _turn = places.turn(id)?;
    let volume = places.directory(id);
    let mounted = volume.join(MOUNTED);
    if !mounted.exists() {
        return Ok(());
    }
    // What the kernel shows as the root of a mount ends the same, whatever it begins with.
    let tail = Path::new(&id.to_string()).join(MOUNTED);
    if let Some(holder) = table::held_by_another(|mount| mount.root.ends_with(&tail)) {
        return Err(fact::in_use("unmount", id, &holder));
    }
    sync_all_at(&mounted)?;
    rename(&mounted, &volume.join(STORED))
}

fn take_snapshot(places: &Places, id: VolumeId, snapshot: SnapshotId) -> Result<()> {
    let turn = places.turn(id)?;
    let _other = places.turn(snapshot)?;
    let kept = places.directory_snapshot(snapshot);
    if kept.exists() {
        return Ok(());
    }
    let data = found(places, id)?;
    at_rest(places, id, "take a snapshot of")?;
    places.folder("directory-snapshot")?;
    let fresh = unfinished(&kept);
    remove_tree(&fresh).map_err(|error| told(&format!("remove {}", fresh.display()), &error))?;
    make_folder(&fresh)?;
    copy::directory(&data, &fresh.join(STORED), &turn)
        .map_err(|failure| failure.told(&format!("take a snapshot of volume {id}")))?;
    write_size(&fresh, size_of(&places.directory(id))?)?;
    sync_all_at(&fresh)?;
    rename(&fresh, &kept)
}

/// Nothing makes writers to a plain directory wait, and a copy taken while they write is not whole.
fn at_rest(places: &Places, id: VolumeId, verb: &str) -> Result<()> {
    if !places.directory(id).join(MOUNTED).exists() {
        return Ok(());
    }
    Err(Error::new(
        Class::Refused,
        format!(
            "cannot {verb} volume {id} while it is mounted: a plain directory cannot be held still; detach it first, \
             or use volume_driver = \"local\", which can"
        ),
    ))
}

/// Takes its name away first, so that half of it is never seen.
fn discard(path: &Path) -> Result<()> {
    let gone = path.with_extension("gone");
    let failed = |error: std::io::Error| told(&format!("remove {}", path.display()), &error);
    remove_tree(&gone).map_err(failed)?;
    remove_tree(&unfinished(path)).map_err(failed)?;
    if path.exists() {
        rename(path, &gone)?;
        remove_tree(&gone).map_err(failed)?;
    }
    path.parent()
        .filter(|folder| folder.exists())
        .map_or(Ok(()), sync_folder)
}

fn size_of(volume: &Path) -> Result<DiskGib> {
    let path = volume.join(SIZE);
    let text = std::fs::read_to_string(&path)
        .map_err(|error| told(&format!("read {}", path.display()), &error))?;
    text.trim().parse().map(DiskGib).map_err(|error| {
        Error::new(
            Class::Internal,
            format!("{} holds no size in GiB: {error}", path.display()),
        )
    })
}

fn write_size(volume: &Path, size: DiskGib) -> Result<()> {
    write_file(&volume.join(SIZE), format!("{size}\n").as_bytes(), 0o600)
}
