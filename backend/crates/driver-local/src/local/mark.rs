//! The mark beside an image that says: we made it, and no filesystem of ours was ever finished on it.
//!
//! It is there before the image has its name, and goes when the filesystem is whole and on the disk. While it is
//! there the image is never mounted, so nothing on it can be anybody's data but a stranger's.

use std::path::PathBuf;

use uuid::Uuid;
use zun_driver::{Class, Error, Result};

use crate::durable::{remove, sync_folder, write};
use crate::place::Places;
use crate::told;

/// How far the first filesystem has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mark {
    /// Nothing was ever written by us.
    Blank,
    /// A mkfs of ours began on what had been found blank, and may have been interrupted.
    Formatting,
}

impl Mark {
    const ALL: [Self; 2] = [Self::Blank, Self::Formatting];

    fn word(self) -> &'static str {
        match self {
            Self::Blank => "blank\n",
            Self::Formatting => "formatting\n",
        }
    }
}

fn path(places: &Places, id: Uuid) -> Result<PathBuf> {
    Ok(places.folder("mark")?.join(id.to_string()))
}

/// The mark of a volume or a snapshot.
pub(super) fn read(places: &Places, id: Uuid) -> Result<Option<Mark>> {
    let path = path(places, id)?;
    let text = match std::fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(told(&format!("read {}", path.display()), &error)),
    };
    match Mark::ALL.into_iter().find(|mark| mark.word() == text) {
        Some(mark) => Ok(Some(mark)),
        None => Err(Error::new(
            Class::Internal,
            format!("{} was not written by this driver", path.display()),
        )),
    }
}

/// Sets it, for good.
pub(super) fn set(places: &Places, id: Uuid, mark: Mark) -> Result<()> {
    write(&path(places, id)?, mark.word().as_bytes(), 0o600)
}

/// Takes it away, for good.
pub(super) fn clear(places: &Places, id: Uuid) -> Result<()> {
    let path = path(places, id)?;
    let removed =
        remove(&path).map_err(|error| told(&format!("remove {}", path.display()), &error))?;
    match path.parent() {
        Some(folder) if removed => sync_folder(folder),
        _ => Ok(()),
    }
}
