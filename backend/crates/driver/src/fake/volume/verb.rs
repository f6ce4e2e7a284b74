//! What the verbs do to the volumes of a fake host.

use async_trait::async_trait;
use zun_domain::id::{ContainerId, SnapshotId, VolumeId};
use zun_domain::unit::DiskGib;
use zun_domain::volume::{InjectedFile, MakeVolume, VolumeSource};

use super::{Content, Copy, Volume, Volumes, all_of, file_of, folder_of, no_volume, source_of};
use crate::fake::{FakeHost, Verb};
use crate::volume::{FoundVolume, VolumeDriver, VolumeFacts};
use crate::{Class, Error, Result};

#[async_trait]
impl VolumeDriver for FakeHost {
    async fn facts(&self) -> Result<VolumeFacts> {
        self.host_call(Verb::VolumeFacts, |state| {
            Ok(VolumeFacts {
                driver: "fake",
                enforces_size: true,
                grows_mounted: !state.volumes.grow_at_rest_only,
                capacity: DiskGib(state.facts.disk_gib),
            })
        })
        .await
    }

    async fn create(&self, request: &MakeVolume) -> Result<()> {
        self.host_call(Verb::CreateVolume, |state| state.volumes.create(request))
            .await
    }

    async fn connect(&self, id: VolumeId) -> Result<()> {
        self.host_call(Verb::ConnectVolume, |state| {
            state.volumes.existing(id)?.connected = true;
            Ok(())
        })
        .await
    }

    async fn format(&self, id: VolumeId) -> Result<()> {
        self.host_call(Verb::FormatVolume, |state| state.volumes.format(id))
            .await
    }

    async fn mount(&self, id: VolumeId) -> Result<()> {
        self.host_call(Verb::MountVolume, |state| state.volumes.mount(id))
            .await
    }

    async fn unmount(&self, id: VolumeId) -> Result<()> {
        self.host_call(Verb::UnmountVolume, |state| state.volumes.unmount(id))
            .await
    }

    async fn disconnect(&self, id: VolumeId) -> Result<()> {
        self.host_call(Verb::DisconnectVolume, |state| state.volumes.disconnect(id))
            .await
    }

    async fn extend(&self, id: VolumeId, size: DiskGib) -> Result<()> {
        self.host_call(Verb::ExtendVolume, |state| state.volumes.extend(id, size))
            .await
    }

    async fn delete(&self, id: VolumeId) -> Result<()> {
        self.host_call(Verb::DeleteVolume, |state| state.volumes.delete(id))
            .await
    }

    async fn snapshot(&self, id: VolumeId, snapshot: SnapshotId) -> Result<()> {
        self.host_call(Verb::Snapshot, |state| state.volumes.snapshot(id, snapshot))
            .await
    }

    async fn delete_snapshot(&self, snapshot: SnapshotId) -> Result<()> {
        self.host_call(Verb::DeleteSnapshot, |state| {
            state.volumes.snapshots.remove(&snapshot);
            Ok(())
        })
        .await
    }

    async fn list(&self) -> Result<Vec<FoundVolume>> {
        self.host_call(Verb::ListVolumes, |state| Ok(state.volumes.list()))
            .await
    }

    fn source(&self, id: VolumeId) -> String {
        source_of(id)
    }

    async fn write_files(
        &self,
        container: ContainerId,
        revision: u32,
        files: &[InjectedFile],
    ) -> Result<()> {
        self.host_call(Verb::WriteFiles, |state| {
            let folder = folder_of(container, revision);
            let there = &mut state.volumes.files;
            there.retain(|path, _| !path.starts_with(&folder));
            there.extend(files.iter().map(|file| {
                let path = file_of(container, revision, file.index);
                (path, file.content.0.clone())
            }));
            Ok(())
        })
        .await
    }

    async fn remove_files(&self, container: ContainerId, keep: Option<u32>) -> Result<()> {
        self.host_call(Verb::RemoveFiles, |state| {
            let all = all_of(container);
            let kept = keep.map(|revision| folder_of(container, revision));
            let keeps = |path: &String| kept.as_ref().is_some_and(|kept| path.starts_with(kept));
            let there = &mut state.volumes.files;
            there.retain(|path, _| !path.starts_with(&all) || keeps(path));
            Ok(())
        })
        .await
    }

    fn file(&self, container: ContainerId, revision: u32, index: u32) -> String {
        file_of(container, revision, index)
    }
}

impl Volumes {
    /// The volume, with its data.
    fn existing(&mut self, id: VolumeId) -> Result<&mut Volume> {
        self.all
            .get_mut(&id)
            .filter(|volume| volume.content.is_some())
            .ok_or_else(|| no_volume(id))
    }

    /// What it holds; it must be there.
    fn content(&mut self, id: VolumeId) -> Result<&mut Content> {
        self.all
            .get_mut(&id)
            .and_then(|volume| volume.content.as_mut())
            .ok_or_else(|| no_volume(id))
    }

    fn create(&mut self, request: &MakeVolume) -> Result<()> {
        if self.all.contains_key(&request.id) {
            return Ok(());
        }
        let content = match request.source {
            VolumeSource::Blank => Content::Blank,
            VolumeSource::Snapshot(snapshot) => {
                let copy = self.snapshots.get(&snapshot).ok_or_else(|| {
                    Error::new(
                        Class::NotFound,
                        format!("this host has no snapshot {snapshot}"),
                    )
                })?;
                large_enough(request, copy.size)?;
                copy.content.clone()
            }
            VolumeSource::Volume(other) => {
                let content = self.content(other)?.clone();
                large_enough(request, self.existing(other)?.size)?;
                content
            }
        };
        let volume = Volume {
            size: request.size,
            content: Some(content),
            connected: false,
            mounted: false,
            holders: std::collections::BTreeSet::new(),
        };
        self.all.insert(request.id, volume);
        Ok(())
    }

    fn format(&mut self, id: VolumeId) -> Result<()> {
        if !self.existing(id)?.connected {
            return Err(not_connected(id));
        }
        match self.content(id)? {
            blank @ Content::Blank => {
                *blank = Content::Ours {
                    files: std::collections::BTreeMap::new(),
                    ballast: 0,
                };
                Ok(())
            }
            Content::Ours { .. } => Ok(()),
            Content::Foreign { signature } => Err(Error::new(
                Class::Conflict,
                format!("volume {id} is not formatted: it carries {signature}, which is not ours"),
            )),
        }
    }

    fn mount(&mut self, id: VolumeId) -> Result<()> {
        let volume = self.existing(id)?;
        if volume.mounted {
            return Ok(());
        }
        if !volume.connected {
            return Err(not_connected(id));
        }
        match volume.content {
            Some(Content::Ours { .. }) => {
                volume.mounted = true;
                Ok(())
            }
            Some(Content::Foreign { .. } | Content::Blank) | None => Err(Error::new(
                Class::Refused,
                format!("cannot mount volume {id}: it holds no filesystem of ours"),
            )),
        }
    }

    fn unmount(&mut self, id: VolumeId) -> Result<()> {
        let Some(volume) = self.all.get_mut(&id) else {
            return Ok(());
        };
        if !volume.holders.is_empty() {
            return Err(Error::new(
                Class::Conflict,
                format!(
                    "cannot unmount volume {id}: it is in use by {} containers that run",
                    volume.holders.len()
                ),
            ));
        }
        volume.mounted = false;
        Ok(())
    }

    fn disconnect(&mut self, id: VolumeId) -> Result<()> {
        let Some(volume) = self.all.get_mut(&id) else {
            return Ok(());
        };
        if volume.mounted {
            return Err(Error::new(
                Class::Conflict,
                format!("cannot disconnect volume {id}: it is mounted"),
            ));
        }
        volume.connected = false;
        if volume.content.is_none() {
            self.all.remove(&id);
        }
        Ok(())
    }

    fn extend(&mut self, id: VolumeId, size: DiskGib) -> Result<()> {
        let at_rest_only = self.grow_at_rest_only;
        let volume = self.existing(id)?;
        if at_rest_only && volume.mounted && size > volume.size {
            return Err(Error::new(
                Class::Refused,
                format!("cannot extend volume {id} while it is mounted"),
            ));
        }
        if size < volume.size {
            return Err(Error::new(
                Class::Refused,
                format!(
                    "cannot make volume {id} smaller: it has {} GiB, and {size} GiB were asked for",
                    volume.size
                ),
            ));
        }
        volume.size = size;
        Ok(())
    }

    fn delete(&mut self, id: VolumeId) -> Result<()> {
        let in_the_way = match self.all.get(&id) {
            Some(volume) if volume.mounted => "mounted",
            Some(volume) if volume.connected => "connected",
            Some(_) | None => {
                self.all.remove(&id);
                return Ok(());
            }
        };
        Err(Error::new(
            Class::Conflict,
            format!("cannot delete volume {id}: it is {in_the_way}"),
        ))
    }

    fn snapshot(&mut self, id: VolumeId, snapshot: SnapshotId) -> Result<()> {
        if self.snapshots.contains_key(&snapshot) {
            return Ok(());
        }
        let copy = Copy {
            size: self.existing(id)?.size,
            content: self.content(id)?.clone(),
        };
        self.snapshots.insert(snapshot, copy);
        Ok(())
    }

    pub(super) fn list(&self) -> Vec<FoundVolume> {
        let volumes = self.all.iter();
        volumes
            .map(|(id, volume)| FoundVolume {
                id: *id,
                data: volume.content.is_some(),
                connected: volume.connected,
                mounted: volume.mounted,
                stuck: false,
            })
            .collect()
    }
}

fn large_enough(request: &MakeVolume, source: DiskGib) -> Result<()> {
    if request.size >= source {
        return Ok(());
    }
    Err(Error::new(
        Class::Refused,
        format!(
            "volume {} of {} GiB cannot hold what it is made of: that has {source} GiB",
            request.id, request.size
        ),
    ))
}

fn not_connected(id: VolumeId) -> Error {
    Error::new(
        Class::Conflict,
        format!("volume {id} has no device: connect it first"),
    )
}
