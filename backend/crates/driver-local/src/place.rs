//! Where everything is below the root, by uuid.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use zun_domain::id::{ContainerId, SnapshotId, VolumeId};
use zun_driver::{Class, Error, Result};

use crate::durable::make_folder;
use crate::lock::Turn;
use crate::told;

/// The root, and what is below it. Nobody but root may look into it: what containers see, they see through mounts.
#[derive(Debug, Clone)]
pub(crate) struct Places {
    root: PathBuf,
}

impl Places {
    /// The root must be absolute: Docker takes no other sources.
    pub(crate) fn new(root: &Path) -> Result<Self> {
        if !root.is_absolute() || root.to_str().is_none() {
            return Err(Error::new(
                Class::Refused,
                format!(
                    "the folder of the volumes is {}, but must be an absolute path in UTF-8, such as /var/lib/zund/volumes",
                    root.display()
                ),
            ));
        }
        Ok(Self {
            root: root.to_path_buf(),
        })
    }

    /// The root.
    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    /// The folder of one kind of thing, made where it is missing.
    pub(crate) fn folder(&self, kind: &str) -> Result<PathBuf> {
        let folder = self.root.join(kind);
        make_folder(&folder)?;
        Ok(folder)
    }

    /// A plain directory that is a volume.
    pub(crate) fn directory(&self, id: VolumeId) -> PathBuf {
        self.root.join("directory").join(id.to_string())
    }

    /// A plain directory that is a snapshot.
    pub(crate) fn directory_snapshot(&self, id: SnapshotId) -> PathBuf {
        self.root.join("directory-snapshot").join(id.to_string())
    }

    /// The files of every revision of a container.
    pub(crate) fn files(&self, container: ContainerId) -> PathBuf {
        self.root.join("file").join(container.to_string())
    }

    /// The turn of a volume or a snapshot.
    pub(crate) fn turn(&self, id: impl std::fmt::Display) -> Result<Turn> {
        Turn::take(&self.folder("lock")?.join(id.to_string()))
    }
}

/// The path with `.new` behind it: not whole yet.
pub(crate) fn unfinished(path: &Path) -> PathBuf {
    path.with_extension("new")
}

/// A path as a driver answers it. The root was checked to be UTF-8, and uuids are.
pub(crate) fn text(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}

/// The names in a folder that are ids; none where the folder was never made.
pub(crate) fn ids_in<Id: Ord + FromStr>(folder: &Path) -> Result<BTreeSet<Id>> {
    let entries = match std::fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(BTreeSet::new()),
        Err(error) => return Err(told(&format!("list {}", folder.display()), &error)),
    };
    let names = entries.flatten().map(|entry| entry.file_name());
    Ok(names
        .filter_map(|name| name.to_str()?.parse().ok())
        .collect())
}
