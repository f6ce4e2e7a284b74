//! Makes a volume larger.
//!
//! The kernel grows a filesystem that is mounted, step by step in its journal, so that no crash can harm it. So the
//! image grows at once, and its filesystem follows while it is mounted: now, or with its next mount. The kernel
//! allows that to processes with `CAP_SYS_RESOURCE` only. Where zund has not got it, volumes grow at rest: a copy
//! is grown and takes the place of its image, since resize2fs interrupted by a power cut may leave ruins.

use std::path::Path;

use rustix::thread::{CapabilitySet, capabilities};
use zun_domain::id::VolumeId;
use zun_domain::unit::DiskGib;
use zun_domain::volume::MakeVolume;
use zun_driver::{Class, Error, Result};

use super::image::{Fresh, check, lengthen};
use super::probe::Ext4;
use super::{device, existing, flush, length, mark, mounting};
use crate::command::run;
use crate::copy;
use crate::fact::{self, GIB};
use crate::lock::Turn;
use crate::place::Places;

/// Whether the kernel lets this process grow a filesystem that is mounted.
pub(super) fn allowed_while_mounted() -> bool {
    capabilities(None).is_ok_and(|sets| sets.effective.contains(CapabilitySet::SYS_RESOURCE))
}

/// Grows image, device and filesystem.
pub(super) fn extend(places: &Places, id: VolumeId, size: DiskGib) -> Result<()> {
    let turn = places.turn(id)?;
    let image = existing(places, id)?;
    let former = length(&image)?;
    let asked = size.0.saturating_mul(GIB);
    if asked < former {
        return Err(fact::no_shrinking(id, DiskGib(former / GIB), size));
    }
    let device = device::of(&image)?;
    let is_mounted = mounting::is_mounted(places, id)?;
    if allowed_while_mounted() || mark::read(places, id.0)?.is_some() {
        lengthen(&image, asked)?;
        return match device {
            Some(device) if is_mounted => {
                mounting::thaw_if_left(places, id, &turn)?;
                catch_up(&image, &device, id, &turn)
            }
            Some(device) => device::grow(&device, &turn),
            None => Ok(()),
        };
    }
    if is_mounted && asked > former {
        return Err(Error::new(
            Class::Refused,
            format!(
                "cannot extend volume {id} while it is mounted: the kernel allows that to processes with \
                 CAP_SYS_RESOURCE only, which zund does not have here; take it out of its container, extend it, and put it back"
            ),
        ));
    }
    match device {
        Some(_) if is_mounted => Ok(()),
        Some(device) => {
            flush(&image, Some(&device))?;
            device::detach(&device, id, &turn)?;
            by_copy(&image, id, asked, &turn)?;
            device::attach(&image, &turn)
        }
        None => by_copy(&image, id, asked, &turn),
    }
}

/// Makes a filesystem at rest as large as its image, where it cannot be done once that is mounted.
pub(super) fn catch_up_at_rest(image: &Path, id: VolumeId, turn: &Turn) -> Result<()> {
    if allowed_while_mounted() || !is_behind(image, image)? {
        return Ok(());
    }
    by_copy(image, id, length(image)?, turn)
}

/// Makes a mounted filesystem as large as its image: that grew at rest, or an extension was interrupted.
pub(super) fn catch_up(image: &Path, device: &Path, id: VolumeId, turn: &Turn) -> Result<()> {
    if !allowed_while_mounted() || !is_behind(image, device)? {
        return Ok(());
    }
    device::grow(device, turn)?;
    resize(device, id, turn)
}

/// The filesystem on the device is smaller than the image.
fn is_behind(image: &Path, device: &Path) -> Result<bool> {
    let room = length(image)?;
    let covered = Ext4::of(device)?.and_then(|filesystem| filesystem.length());
    Ok(covered.is_some_and(|covered| covered < room))
}

fn by_copy(image: &Path, id: VolumeId, bytes: u64, turn: &Turn) -> Result<()> {
    if bytes == length(image)? && !is_behind(image, image)? {
        return Ok(());
    }
    let tried = format!("extend volume {id}");
    let fresh = Fresh::of(image)?;
    copy::image(image, fresh.path(), turn).map_err(|failure| failure.told(&tried))?;
    lengthen(fresh.path(), bytes)?;
    check(fresh.path(), &["-f", "-p"], turn, &tried)?;
    resize(fresh.path(), id, turn)?;
    fresh.finish()
}

/// Makes the filesystem of a copy that nobody uses yet as large as was asked for.
pub(super) fn fresh(copy: &Path, request: &MakeVolume, turn: &Turn) -> Result<()> {
    let bytes = request.size.0.saturating_mul(GIB);
    if bytes == length(copy)? {
        return Ok(());
    }
    lengthen(copy, bytes)?;
    let tried = format!("make volume {} larger than its source", request.id);
    check(copy, &["-f", "-p"], turn, &tried)?;
    resize(copy, request.id, turn)
}

fn resize(place: &Path, id: VolumeId, turn: &Turn) -> Result<()> {
    run("resize2fs", [place], Some(&turn.file))
        .map(|_| ())
        .map_err(|failure| failure.told(&format!("grow the filesystem of volume {id}")))
}
