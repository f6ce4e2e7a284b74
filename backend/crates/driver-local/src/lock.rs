//! The turn of a volume: a file lock, held by this process and by the programs it starts.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use rustix::fs::{FlockOperation, flock};
use zun_driver::Result;

use crate::told;

/// A turn. It ends when this and every program that was given the file have ended.
pub(crate) struct Turn {
    /// What is given to programs.
    pub(crate) file: File,
    path: PathBuf,
}

impl Turn {
    /// Waits for the turn.
    pub(crate) fn take(path: &Path) -> Result<Self> {
        loop {
            if let Some(turn) = attempt(path, FlockOperation::LockExclusive)
                .map_err(|error| told(&format!("lock {}", path.display()), &error))?
            {
                return Ok(turn);
            }
        }
    }

    /// Takes the turn if nobody has it.
    pub(crate) fn take_if_free(path: &Path) -> Option<Self> {
        attempt(path, FlockOperation::NonBlockingLockExclusive)
            .ok()
            .flatten()
    }

    /// Ends it and removes its file: what it was about is gone.
    pub(crate) fn end_for_good(self) -> Result<()> {
        std::fs::remove_file(&self.path)
            .map_err(|error| told(&format!("remove {}", self.path.display()), &error))
    }
}

/// `None` where the file was removed while its lock was waited for.
fn attempt(path: &Path, how: FlockOperation) -> io::Result<Option<Turn>> {
    let file = OpenOptions::new()
        .create(true)
        .truncate(false)
        .write(true)
        .mode(0o600)
        .open(path)?;
    loop {
        match flock(&file, how) {
            Err(rustix::io::Errno::INTR) => {}
            locked => break locked?,
        }
    }
    let same = std::fs::metadata(path).is_ok_and(|there| {
        file.metadata()
            .is_ok_and(|ours| (there.dev(), there.ino()) == (ours.dev(), ours.ino()))
    });
    Ok(same.then(|| Turn {
        file,
        path: path.to_path_buf(),
    }))
}
