//! Files in the data directory: made whole or not at all, readable by their owner only.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use anyhow::Context as _;

/// The data directory.
#[derive(Debug, Clone)]
pub(crate) struct Place(PathBuf);

impl Place {
    /// Makes the directory, mode 0700, where it is not there.
    pub(crate) fn ensure(dir: &Path) -> anyhow::Result<Self> {
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(dir)
            .with_context(|| format!("cannot make the data directory {}", dir.display()))?;
        Ok(Self(dir.to_path_buf()))
    }

    /// The directory as it is.
    pub(crate) fn at(dir: &Path) -> Self {
        Self(dir.to_path_buf())
    }

    /// A file in it.
    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    /// What the file holds; `None` where it is not there.
    pub(crate) fn read(&self, name: &str) -> anyhow::Result<Option<Vec<u8>>> {
        match fs::read(self.file(name)) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => {
                Err(error).with_context(|| format!("cannot read {}", self.file(name).display()))
            }
        }
    }

    /// The same as text.
    pub(crate) fn read_text(&self, name: &str) -> anyhow::Result<Option<String>> {
        let Some(bytes) = self.read(name)? else {
            return Ok(None);
        };
        let text = String::from_utf8(bytes);
        Ok(Some(text.with_context(|| {
            format!("{} is not text", self.file(name).display())
        })?))
    }

    /// Writes the file, mode 0600: after a crash it is there as before or as now, never half.
    pub(crate) fn write(&self, name: &str, bytes: &[u8]) -> anyhow::Result<()> {
        let path = self.file(name);
        self.replace(&path, bytes).with_context(|| {
            format!(
                "cannot write {}: the data directory has to be writable and not full",
                path.display()
            )
        })
    }

    fn replace(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        let fresh = path.with_extension("new");
        let _ = fs::remove_file(&fresh);
        let mut file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&fresh)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        fs::rename(&fresh, path)?;
        File::open(&self.0)?.sync_all()
    }

    /// Removes the file; absent is fine.
    pub(crate) fn remove(&self, name: &str) {
        let _ = fs::remove_file(self.file(name));
    }
}
