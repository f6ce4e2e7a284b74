//! Image files: being made, being mended, being removed.

use std::fs::OpenOptions;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use zun_driver::Result;

use crate::command::run;
use crate::durable::{remove, rename, sync, sync_folder};
use crate::lock::Turn;
use crate::place::unfinished;
use crate::told;

/// Codes of e2fsck that mean: it is in order now.
const IN_ORDER: [Option<i32>; 2] = [Some(0), Some(1)];

/// An image that is being made. Unless it is finished it is removed again: what failed for want of room gives that
/// back at once.
pub(super) struct Fresh {
    path: PathBuf,
    image: PathBuf,
}

impl Fresh {
    /// Where the image is written before it has its name. What an interrupted attempt left there is removed.
    pub(super) fn of(image: &Path) -> Result<Self> {
        let path = unfinished(image);
        remove(&path).map_err(|error| told(&format!("remove {}", path.display()), &error))?;
        let image = image.to_path_buf();
        Ok(Self { path, image })
    }

    /// Where to write.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Writes it to the disk and gives it its name.
    pub(super) fn finish(self) -> Result<()> {
        sync(&self.path)?;
        rename(&self.path, &self.image)
    }
}

impl Drop for Fresh {
    fn drop(&mut self) {
        // Once it has its name there is nothing here. What cannot be removed now is with the next attempt.
        drop(remove(&self.path));
    }
}

/// Makes an image this long, with holes, and writes it to the disk.
pub(super) fn lengthen(image: &Path, bytes: u64) -> Result<()> {
    let lengthened = OpenOptions::new()
        .create(true)
        .truncate(false)
        .write(true)
        .mode(0o600)
        .open(image)
        .and_then(|file| {
            file.set_len(bytes)?;
            file.sync_all()
        });
    lengthened.map_err(|error| told(&format!("make {}", image.display()), &error))
}

/// Replays the journal of a filesystem that is not mounted, and mends what can be mended without asking.
pub(super) fn check(image: &Path, options: &[&str], turn: &Turn, tried: &str) -> Result<()> {
    let options = options.iter().map(AsRef::as_ref);
    let arguments = options.chain([image.as_os_str()]);
    match run("e2fsck", arguments, Some(&turn.file)) {
        Err(failure) if !IN_ORDER.contains(&failure.code) => Err(failure.told(tried)),
        Ok(_) | Err(_) => Ok(()),
    }
}

/// Removes an image, and what an interrupted attempt at one left.
pub(super) fn discard(image: &Path) -> Result<()> {
    for path in [image, &unfinished(image)] {
        remove(path).map_err(|error| told(&format!("remove {}", path.display()), &error))?;
    }
    match image.parent().filter(|folder| folder.exists()) {
        Some(folder) => sync_folder(folder),
        None => Ok(()),
    }
}
