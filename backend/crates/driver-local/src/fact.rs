//! What both drivers say of the machine, and the sentences they share.

use std::fs::DirBuilder;
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::Path;

use zun_domain::id::{SnapshotId, VolumeId};
use zun_domain::unit::DiskGib;
use zun_domain::volume::MakeVolume;
use zun_driver::{Class, Error, Result};

use crate::durable::make_folder;
use crate::place::Places;
use crate::told;

/// Bytes of a GiB.
pub(crate) const GIB: u64 = 1024 * 1024 * 1024;

/// Everybody may write into the folder that a container mounts. Only containers come this far, and only those that
/// mount this volume, so this opens nothing to others; and an image that does not run as root could not use a
/// fresh volume otherwise, since nothing changes the owner for it as Docker does for volumes of its own. Those
/// that insist on more (PostgreSQL, `MariaDB`) change owner and mode themselves, as root before they give that up.
/// Set once: afterwards owner and mode are the user's.
const DATA_MODE: u32 = 0o777;

/// `Refused` where this process is not root.
pub(crate) fn require_root(driver: &str) -> Result<()> {
    if rustix::process::geteuid().is_root() {
        return Ok(());
    }
    Err(not_root(driver))
}

fn not_root(driver: &str) -> Error {
    Error::new(
        Class::Refused,
        format!(
            "the volume driver {driver} needs root, since containers write files of any owner: start zund as root, for \
             example with `sudo zund serve`"
        ),
    )
}

/// The space of the filesystem that the volumes are on.
pub(crate) fn capacity(places: &Places) -> Result<DiskGib> {
    let root = places.root();
    make_folder(root)?;
    let space = rustix::fs::statvfs(root)
        .map_err(|error| told(&format!("measure {}", root.display()), &error.into()))?;
    Ok(DiskGib(space.f_blocks.saturating_mul(space.f_frsize) / GIB))
}

/// Makes the folder that a container will mount.
pub(crate) fn make_data(path: &Path) -> Result<()> {
    let made = DirBuilder::new().mode(0o700).create(path);
    made.and_then(|()| {
        // The mask of this process would take bits away.
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(DATA_MODE))
    })
    .map_err(|error| told(&format!("make {}", path.display()), &error))
}

/// What is made of something is never smaller.
pub(crate) fn large_enough(request: &MakeVolume, source: DiskGib) -> Result<()> {
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

pub(crate) fn no_volume(id: VolumeId) -> Error {
    Error::new(Class::NotFound, format!("this host has no volume {id}"))
}

pub(crate) fn no_snapshot(id: SnapshotId) -> Error {
    Error::new(Class::NotFound, format!("this host has no snapshot {id}"))
}

pub(crate) fn no_shrinking(id: VolumeId, former: DiskGib, asked: DiskGib) -> Error {
    Error::new(
        Class::Refused,
        format!(
            "cannot make volume {id} smaller: it has {former} GiB, and {asked} GiB were asked for"
        ),
    )
}

pub(crate) fn in_use(verb: &str, id: VolumeId, holder: &str) -> Error {
    Error::new(
        Class::Conflict,
        format!("cannot {verb} volume {id}: it is in use by {holder}; stop its container first"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_is_not_root_is_told_what_to_do() {
        assert_eq!(
            not_root("directory").message,
            "the volume driver directory needs root, since containers write files of any owner: start zund as root, \
             for example with `sudo zund serve`"
        );
    }
}
