//! Changes that last: files and folders that a power cut cannot take back.

use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::Path;

use zun_driver::Result;

use crate::told;

/// Writes the entries of a folder to the disk.
pub(crate) fn sync_folder(folder: &Path) -> Result<()> {
    File::open(folder)
        .and_then(|folder| folder.sync_all())
        .map_err(|error| told(&format!("write {} to the disk", folder.display()), &error))
}

/// Writes what a file holds to the disk.
pub(crate) fn sync(file: &Path) -> Result<()> {
    sync_folder(file)
}

/// Writes a whole filesystem to the disk, the one that this is on.
pub(crate) fn sync_all_at(path: &Path) -> Result<()> {
    let synced = File::open(path).and_then(|file| Ok(rustix::fs::syncfs(file)?));
    synced.map_err(|error| told(&format!("write {} to the disk", path.display()), &error))
}

/// Makes a folder for its owner alone, and those above it that are missing.
pub(crate) fn make_folder(path: &Path) -> Result<()> {
    if path.is_dir() {
        return Ok(());
    }
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(path)
        .map_err(|error| told(&format!("make {}", path.display()), &error))?;
    path.parent().map_or(Ok(()), sync_folder)
}

/// Writes a file of this mode, whole or not at all: content, then name.
pub(crate) fn write(path: &Path, content: &[u8], mode: u32) -> Result<()> {
    let fresh = path.with_extension("new");
    let written = remove(&fresh).and_then(|_| {
        let mut file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(mode)
            .open(&fresh)?;
        // The mask of this process took bits away.
        file.set_permissions(std::os::unix::fs::PermissionsExt::from_mode(mode))?;
        file.write_all(content)?;
        file.sync_all()
    });
    written.map_err(|error| told(&format!("write {}", path.display()), &error))?;
    rename(&fresh, path)
}

/// Gives it its name, for good.
pub(crate) fn rename(from: &Path, to: &Path) -> Result<()> {
    std::fs::rename(from, to).map_err(|error| {
        told(
            &format!("rename {} to {}", from.display(), to.display()),
            &error,
        )
    })?;
    to.parent().map_or(Ok(()), sync_folder)
}

/// Removes a file; whether there was one.
pub(crate) fn remove(path: &Path) -> io::Result<bool> {
    absent_is_fine(std::fs::remove_file(path))
}

/// Removes a folder with everything in it; whether there was one.
pub(crate) fn remove_tree(path: &Path) -> io::Result<bool> {
    absent_is_fine(std::fs::remove_dir_all(path))
}

/// Removes an empty folder; whether there was one.
pub(crate) fn remove_folder(path: &Path) -> io::Result<bool> {
    absent_is_fine(std::fs::remove_dir(path))
}

fn absent_is_fine(removed: io::Result<()>) -> io::Result<bool> {
    match removed {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}
