//! Files whose content users gave, one folder per revision of a container.

use std::path::{Path, PathBuf};

use zun_domain::id::ContainerId;
use zun_domain::volume::InjectedFile;
use zun_driver::Result;

use crate::durable::{
    make_folder, remove_folder, remove_tree, rename, sync_folder, write as write_file,
};
use crate::place::{Places, text, unfinished};
use crate::told;

/// Any process of the container may read a file, whatever user it runs as. On the host nobody comes this far:
/// the folders above are root's alone.
const MODE: u32 = 0o644;

/// Where one is.
pub(crate) fn path(places: &Places, container: ContainerId, revision: u32, index: u32) -> String {
    text(&folder(places, container, revision).join(index.to_string()))
}

fn folder(places: &Places, container: ContainerId, revision: u32) -> PathBuf {
    places.files(container).join(revision.to_string())
}

/// Writes all of a revision's files, then gives their folder its name.
pub(crate) fn write(
    places: &Places,
    container: ContainerId,
    revision: u32,
    files: &[InjectedFile],
) -> Result<()> {
    let _turn = places.turn(container)?;
    let folder = folder(places, container, revision);
    if is_written(&folder, files) {
        return Ok(());
    }
    places.folder("file")?;
    make_folder(&places.files(container))?;
    let fresh = unfinished(&folder);
    clear(&fresh)?;
    make_folder(&fresh)?;
    for file in files {
        write_file(&fresh.join(file.index.to_string()), &file.content.0, MODE)?;
    }
    sync_folder(&fresh)?;
    clear(&folder)?;
    rename(&fresh, &folder)
}

fn is_written(folder: &Path, files: &[InjectedFile]) -> bool {
    let same = |file: &InjectedFile| {
        std::fs::read(folder.join(file.index.to_string()))
            .is_ok_and(|content| content == file.content.0)
    };
    let count = std::fs::read_dir(folder).map(Iterator::count);
    count.is_ok_and(|count| count == files.len()) && files.iter().all(same)
}

/// Removes the files of every revision but one.
pub(crate) fn remove(places: &Places, container: ContainerId, keep: Option<u32>) -> Result<()> {
    let turn = places.turn(container)?;
    let all = places.files(container);
    let kept = keep.map(|revision| revision.to_string());
    let listed = match std::fs::read_dir(&all) {
        Ok(listed) => listed,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return turn.end_for_good(),
        Err(error) => return Err(told(&format!("list {}", all.display()), &error)),
    };
    let mut remain = false;
    for entry in listed.flatten() {
        if kept.as_deref().map(std::ffi::OsStr::new) == Some(&entry.file_name()) {
            remain = true;
        } else {
            clear(&entry.path())?;
        }
    }
    if remain {
        return sync_folder(&all);
    }
    remove_folder(&all).map_err(|error| told(&format!("remove {}", all.display()), &error))?;
    sync_folder(&places.folder("file")?)?;
    turn.end_for_good()
}

fn clear(folder: &Path) -> Result<()> {
    remove_tree(folder)
        .map(|_| ())
        .map_err(|error| told(&format!("remove {}", folder.display()), &error))
}
