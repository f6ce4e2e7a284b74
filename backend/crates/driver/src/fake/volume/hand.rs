//! What a process, a stranger or a broken machine does to the volumes of a fake host.

use std::collections::{BTreeMap, BTreeSet};

use zun_domain::id::{SnapshotId, VolumeId};
use zun_domain::unit::DiskGib;

use super::{Content, length};
use crate::fake::{FakeHost, Verb, When};
use crate::volume::FoundVolume;
use crate::{Class, Error, Result};

impl FakeHost {
    /// What the host shows of its volumes, without counting as a call.
    pub fn volumes(&self) -> Vec<FoundVolume> {
        self.lock().volumes.list()
    }

    /// The size of a volume.
    pub fn volume_size(&self, id: VolumeId) -> Option<DiskGib> {
        let state = self.lock();
        state.volumes.all.get(&id).map(|volume| volume.size)
    }

    /// The snapshots it keeps.
    pub fn snapshots(&self) -> BTreeSet<SnapshotId> {
        self.lock().volumes.snapshots.keys().copied().collect()
    }

    /// The paths of the files that users gave.
    pub fn files(&self) -> BTreeSet<String> {
        self.lock().volumes.files.keys().cloned().collect()
    }

    /// What such a file holds.
    pub fn file_content(&self, path: &str) -> Option<Vec<u8>> {
        self.lock().volumes.files.get(path).cloned()
    }

    /// Whether something is at a path: the source of a mounted volume, or a file.
    pub fn is_there(&self, path: &str) -> bool {
        self.lock().volumes.source(path).is_some()
    }

    /// Every file on a volume, mounted or not; `None` where it holds no filesystem of ours.
    pub fn volume_files(&self, id: VolumeId) -> Option<BTreeMap<String, Vec<u8>>> {
        let state = self.lock();
        match &state.volumes.all.get(&id)?.content {
            Some(Content::Ours { files, .. }) => Some(files.clone()),
            _ => None,
        }
    }

    /// Writes a file through the mount source of a volume. `Conflict` while that is not there, `Exhausted` where
    /// the volume would hold more than its size.
    pub fn write_volume(&self, id: VolumeId, path: &str, bytes: &[u8]) -> Result<()> {
        self.lock().volumes.write(id, path, bytes)
    }

    /// Reads a file through the mount source of a volume.
    pub fn read_volume(&self, id: VolumeId, path: &str) -> Result<Vec<u8>> {
        self.lock().volumes.read(id, path)
    }

    /// Takes so many bytes of a mounted volume at once.
    pub fn fill_volume(&self, id: VolumeId, bytes: u64) -> Result<()> {
        let mut state = self.lock();
        let (files, room) = state.volumes.mounted(id)?;
        let used: u64 = files.values().map(|content| length(content)).sum();
        if used.saturating_add(bytes) > room {
            return Err(Error::new(
                Class::Exhausted,
                format!("cannot take {bytes} bytes of volume {id}: no space left on device"),
            ));
        }
        if let Some(Content::Ours { ballast, .. }) = state
            .volumes
            .all
            .get_mut(&id)
            .and_then(|volume| volume.content.as_mut())
        {
            *ballast += bytes;
        }
        Ok(())
    }

    /// A stranger puts something of his own on a volume.
    pub fn put_signature(&self, id: VolumeId, signature: &str) {
        let mut state = self.lock();
        if let Some(volume) = state.volumes.all.get_mut(&id) {
            let signature = signature.to_owned();
            volume.content = Some(Content::Foreign { signature });
        }
    }

    /// What a stranger put there.
    pub fn signature(&self, id: VolumeId) -> Option<String> {
        let state = self.lock();
        match &state.volumes.all.get(&id)?.content {
            Some(Content::Foreign { signature }) => Some(signature.clone()),
            _ => None,
        }
    }

    /// The next mounts fail, so many of them, for this reason.
    pub fn fail_mounts(&self, times: u64, reason: &str) {
        for nth in 1..=times {
            let error = Error::new(Class::Refused, reason);
            self.fail(Verb::MountVolume, When::Nth(nth), error);
        }
    }

    /// From now on no volume grows while it is mounted.
    pub fn grow_at_rest_only(&self) {
        self.lock().volumes.grow_at_rest_only = true;
    }

    /// Every volume loses its device and its mount, as after a reboot.
    pub fn lose_devices(&self) {
        self.lock().volumes.lose_devices();
    }

    /// A stranger removes the data of a volume; a device it has stays.
    pub fn lose_data(&self, id: VolumeId) {
        let mut state = self.lock();
        let volumes = &mut state.volumes.all;
        match volumes.get_mut(&id) {
            Some(volume) if volume.connected => volume.content = None,
            Some(_) | None => {
                volumes.remove(&id);
            }
        }
    }
}
