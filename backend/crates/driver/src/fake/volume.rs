//! Volumes of a fake host: bytes in memory, and the same refusals as the real ones.

mod hand;
mod verb;

use std::collections::{BTreeMap, BTreeSet};

use zun_domain::id::{ContainerId, SnapshotId, VolumeId};
use zun_domain::unit::DiskGib;
use zun_domain::volume::HostMount;

use super::script::{FileUse, Line};
use super::state::{Key, State};
use crate::{Class, Error, Result};

/// Where the volumes of a fake host would be.
const ROOT: &str = "/fake/volumes";

/// Bytes of a GiB.
const GIB: u64 = 1024 * 1024 * 1024;

/// Every volume, snapshot and file of a host.
#[derive(Default)]
pub(super) struct Volumes {
    all: BTreeMap<VolumeId, Volume>,
    snapshots: BTreeMap<SnapshotId, Copy>,
    files: BTreeMap<String, Vec<u8>>,
    /// The kernel lets no mounted filesystem grow.
    grow_at_rest_only: bool,
}

#[derive(Clone)]
struct Copy {
    size: DiskGib,
    content: Content,
}

/// What is on a volume.
#[derive(Clone)]
enum Content {
    /// Nothing yet.
    Blank,
    /// A filesystem of ours.
    Ours {
        files: BTreeMap<String, Vec<u8>>,
        /// Bytes taken without being remembered.
        ballast: u64,
    },
    /// Somebody else's.
    Foreign { signature: String },
}

struct Volume {
    size: DiskGib,
    /// `None` once a hand removed the data of a volume that still has a device.
    content: Option<Content>,
    connected: bool,
    mounted: bool,
    /// The running containers that see it.
    holders: BTreeSet<Key>,
}

/// What a path of the host is.
enum Source {
    Volume(VolumeId),
    File(String),
}

impl Volumes {
    /// Every source is there, or Docker's refusal of the first one that is not.
    pub(super) fn check(&self, mounts: &[HostMount]) -> Result<()> {
        match mounts
            .iter()
            .find(|mount| self.source(&mount.source).is_none())
        {
            None => Ok(()),
            Some(missing) => Err(Error::new(
                Class::Refused,
                format!(
                    "invalid mount config for type \"bind\": bind source path does not exist: {}",
                    missing.source
                ),
            )),
        }
    }

    /// A container that runs sees these.
    pub(super) fn hold(&mut self, mounts: &[HostMount], key: Key) {
        for volume in self.among(mounts) {
            volume.holders.insert(key);
        }
    }

    /// It sees them no longer.
    pub(super) fn let_go(&mut self, mounts: &[HostMount], key: Key) {
        for mount in mounts {
            if let Some(volume) =
                volume_of(&mount.source).and_then(|volume| self.all.get_mut(&volume))
            {
                volume.holders.remove(&key);
            }
        }
    }

    /// No volume has a device any more; the data stays.
    pub(super) fn lose_devices(&mut self) {
        for volume in self.all.values_mut() {
            (volume.connected, volume.mounted) = (false, false);
        }
    }

    fn among(&mut self, mounts: &[HostMount]) -> impl Iterator<Item = &mut Volume> {
        let wanted: BTreeSet<VolumeId> = mounts
            .iter()
            .filter_map(|mount| volume_of(&mount.source))
            .collect();
        self.all
            .iter_mut()
            .filter(move |(id, _)| wanted.contains(id))
            .map(|(_, volume)| volume)
    }

    /// What is at a path of the host now.
    fn source(&self, path: &str) -> Option<Source> {
        if self.files.contains_key(path) {
            return Some(Source::File(path.to_owned()));
        }
        let id = volume_of(path)?;
        let mounted = self.all.get(&id).is_some_and(|volume| volume.mounted);
        mounted.then_some(Source::Volume(id))
    }

    fn mounted(&mut self, id: VolumeId) -> Result<(&mut BTreeMap<String, Vec<u8>>, u64)> {
        let volume = self.all.get_mut(&id).ok_or_else(|| no_volume(id))?;
        let room = volume.size.0.saturating_mul(GIB);
        match &mut volume.content {
            Some(Content::Ours { files, ballast }) if volume.mounted => {
                Ok((files, room.saturating_sub(*ballast)))
            }
            _ => Err(Error::new(
                Class::Conflict,
                format!("volume {id} is not mounted"),
            )),
        }
    }

    fn write(&mut self, id: VolumeId, path: &str, bytes: &[u8]) -> Result<()> {
        let (files, room) = self.mounted(id)?;
        let others: u64 = files
            .iter()
            .filter(|(other, _)| *other != path)
            .map(|(_, content)| length(content))
            .sum();
        if others.saturating_add(length(bytes)) > room {
            return Err(Error::new(
                Class::Exhausted,
                format!("cannot write {path} on volume {id}: no space left on device"),
            ));
        }
        files.insert(path.to_owned(), bytes.to_vec());
        Ok(())
    }

    fn read(&mut self, id: VolumeId, path: &str) -> Result<Vec<u8>> {
        let found = self.mounted(id)?.0.get(path).cloned();
        found.ok_or_else(|| {
            Error::new(
                Class::NotFound,
                format!("{path} is not on volume {id}: no such file or directory"),
            )
        })
    }
}

impl State {
    /// Its process does with files what its script says; false where it ended over one of them.
    pub(super) fn use_files(&mut self, key: Key) -> Result<bool> {
        let now = self.now();
        let record = self.record(key)?;
        let (uses, mounts) = (record.script.files.clone(), record.request.mounts.clone());
        for file in uses {
            let used = self.use_file(&mounts, &file);
            let log = &mut self.record(key)?.log;
            let line = |stderr, text| (now, Line { stderr, text });
            match used {
                Ok(text) => log.extend(text.lines().map(|text| line(false, text.to_owned()))),
                Err(refusal) => {
                    log.push(line(true, refusal));
                    return Ok(false);
                }
            }
        }
        Ok(true)
    }

    pub(super) fn use_file(
        &mut self,
        mounts: &[HostMount],
        file: &FileUse,
    ) -> std::result::Result<String, String> {
        let (FileUse::Write { path, .. } | FileUse::Print { path }) = file;
        let missing = || format!("{path}: No such file or directory");
        let (mount, rest) = below(mounts, path).ok_or_else(missing)?;
        let source = self.volumes.source(&mount.source).ok_or_else(missing)?;
        match (file, source) {
            (FileUse::Write { .. }, _) if mount.read_only => {
                Err(format!("{path}: Read-only file system"))
            }
            (FileUse::Write { text, .. }, Source::Volume(id)) => self
                .volumes
                .write(id, rest, text.as_bytes())
                .map(|()| String::new())
                .map_err(|error| error.message),
            (FileUse::Write { text, .. }, Source::File(file)) => {
                self.volumes.files.insert(file, text.clone().into_bytes());
                Ok(String::new())
            }
            (FileUse::Print { .. }, Source::Volume(id)) => {
                let bytes = self.volumes.read(id, rest).map_err(|_| missing())?;
                Ok(String::from_utf8_lossy(&bytes).into_owned())
            }
            (FileUse::Print { .. }, Source::File(file)) => {
                let bytes = self.volumes.files.get(&file).ok_or_else(missing)?;
                Ok(String::from_utf8_lossy(bytes).into_owned())
            }
        }
    }
}

/// The mount that a path of the container is below, the closest one, and what is left of the path.
fn below<'a, 'p>(mounts: &'a [HostMount], path: &'p str) -> Option<(&'a HostMount, &'p str)> {
    mounts
        .iter()
        .filter_map(|mount| {
            let rest = path.strip_prefix(mount.destination.as_str().trim_end_matches('/'))?;
            (rest.is_empty() || rest.starts_with('/'))
                .then(|| (mount, rest.trim_start_matches('/')))
        })
        .min_by_key(|(_, rest)| rest.len())
}

fn source_of(id: VolumeId) -> String {
    format!("{ROOT}/mount/{id}/data")
}

fn volume_of(source: &str) -> Option<VolumeId> {
    let rest = source.strip_prefix(ROOT)?.strip_prefix("/mount/")?;
    rest.strip_suffix("/data")?.parse().ok()
}

fn file_of(container: ContainerId, revision: u32, index: u32) -> String {
    format!("{}{index}", folder_of(container, revision))
}

fn folder_of(container: ContainerId, revision: u32) -> String {
    format!("{}{revision}/", all_of(container))
}

fn all_of(container: ContainerId) -> String {
    format!("{ROOT}/file/{container}/")
}

fn length(bytes: &[u8]) -> u64 {
    u64::try_from(bytes.len()).unwrap_or(u64::MAX)
}

fn no_volume(id: VolumeId) -> Error {
    Error::new(Class::NotFound, format!("this host has no volume {id}"))
}
