//! Makes images, snapshots and the one filesystem that an image ever gets.

use std::path::Path;

use uuid::Uuid;
use zun_domain::id::{SnapshotId, VolumeId};
use zun_domain::unit::DiskGib;
use zun_domain::volume::{MakeVolume, VolumeSource};
use zun_driver::{Class, Error, Result};

use super::image::{Fresh, check, lengthen};
use super::mark::{self, Mark};
use super::probe::{self, Ext4};
use super::{device, existing, flush, freeze, grow, length, mounting};
use crate::command::run;
use crate::copy;
use crate::fact::{self, GIB};
use crate::lock::Turn;
use crate::place::Places;

/// Makes the image of a volume: first its mark where it is blank, then its content, on the disk, then its name.
pub(super) fn volume(places: &Places, request: &MakeVolume) -> Result<()> {
    let turn = places.turn(request.id)?;
    let image = places.image(request.id);
    if image.exists() {
        return Ok(());
    }
    places.folder("image")?;
    let fresh = Fresh::of(&image)?;
    let blank = match request.source {
        VolumeSource::Blank => true,
        VolumeSource::Snapshot(snapshot) => {
            let _source = places.turn(snapshot)?;
            let kept = places.snapshot(snapshot);
            if !kept.exists() {
                return Err(fact::no_snapshot(snapshot));
            }
            fact::large_enough(request, DiskGib(length(&kept)?.div_ceil(GIB)))?;
            copy::image(&kept, fresh.path(), &turn)
                .map_err(|failure| failure.told(&format!("copy snapshot {snapshot}")))?;
            mark::read(places, snapshot.0)?.is_some()
        }
        VolumeSource::Volume(other) => {
            let source = places.turn(other)?;
            let from = existing(places, other)?;
            fact::large_enough(request, DiskGib(length(&from)?.div_ceil(GIB)))?;
            whole_copy(places, other, fresh.path(), &source)?
        }
    };
    if blank {
        mark::set(places, request.id.0, Mark::Blank)?;
        lengthen(fresh.path(), request.size.0.saturating_mul(GIB))?;
    } else {
        rename_filesystem(fresh.path(), request.id.0, &turn)?;
        grow::fresh(fresh.path(), request, &turn)?;
        mark::clear(places, request.id.0)?;
    }
    fresh.finish()
}

/// Keeps what a volume holds now.
pub(super) fn snapshot(places: &Places, id: VolumeId, snapshot: SnapshotId) -> Result<()> {
    let turn = places.turn(id)?;
    let _other = places.turn(snapshot)?;
    let kept = places.snapshot(snapshot);
    if kept.exists() {
        return Ok(());
    }
    existing(places, id)?;
    places.folder("snapshot")?;
    let fresh = Fresh::of(&kept)?;
    if whole_copy(places, id, fresh.path(), &turn)? {
        mark::set(places, snapshot.0, Mark::Blank)?;
    } else {
        mark::clear(places, snapshot.0)?;
    }
    fresh.finish()
}

/// Copies what a volume holds at one moment; whether that is nothing yet.
fn whole_copy(places: &Places, id: VolumeId, to: &Path, turn: &Turn) -> Result<bool> {
    let image = existing(places, id)?;
    if mark::read(places, id.0)?.is_some() {
        // Never formatted: whatever is on it is not ours to carry along.
        lengthen(to, length(&image)?)?;
        return Ok(true);
    }
    if mounting::is_mounted(places, id)? {
        freeze::copy(places, id, to, turn)?;
    } else {
        let device = device::of(&image)?;
        if let Some(device) = &device
            && device::claimed(device)?
        {
            return Err(fact::in_use("copy", id, "another mount of its device"));
        }
        flush(&image, device.as_deref())?;
        copy::image(&image, to, turn)
            .map_err(|failure| failure.told(&format!("copy volume {id}")))?;
    }
    Ok(false)
}

/// Gives the filesystem of a copy a name of its own. Its journal is replayed first, for a copy of a volume that was
/// not unmounted cleanly.
fn rename_filesystem(image: &Path, id: Uuid, turn: &Turn) -> Result<()> {
    let tried = format!("make the copy {} a filesystem of its own", image.display());
    check(image, &["-p"], turn, &tried)?;
    let uuid = id.to_string();
    let rename = || {
        let arguments = ["-U", &uuid].map(AsRef::as_ref);
        run(
            "tune2fs",
            arguments.into_iter().chain([image.as_os_str()]),
            Some(&turn.file),
        )
    };
    if rename().is_err() {
        // One that was not made by this driver may have to be looked through as a whole first.
        check(image, &["-f", "-p"], turn, &tried)?;
        rename().map_err(|failure| failure.told(&tried))?;
    }
    Ok(())
}

/// Makes a filesystem where there is none, on an image that this driver made and that was never formatted.
pub(super) fn filesystem(places: &Places, id: VolumeId) -> Result<()> {
    let turn = places.turn(id)?;
    let image = existing(places, id)?;
    let device = device::of(&image)?.ok_or_else(|| mounting::not_connected(id))?;
    let Some(mark) = mark::read(places, id.0)? else {
        return ours(id, &device);
    };
    flush(&image, Some(&device))?;
    blank(id, &image, &device, mark)?;
    mark::set(places, id.0, Mark::Formatting)?;
    mkfs(id, &device, &turn)?;
    flush(&image, Some(&device))?;
    mark::clear(places, id.0)
}

/// It was formatted before: what is there must be a filesystem.
fn ours(id: VolumeId, device: &Path) -> Result<()> {
    if Ext4::of(device)?.is_some() {
        return Ok(());
    }
    Err(Error::new(
        Class::Conflict,
        match probe::signature(device)? {
            Some(signature) => format!(
                "volume {id} is not formatted: it carries {signature}, which is not ours; if nobody needs that, make \
                 a new volume"
            ),
            None => format!(
                "volume {id} is not formatted: it had a filesystem and none is found on it now; make a new one from \
                 a snapshot, or repair it with e2fsck"
            ),
        },
    ))
}

/// It was never formatted: nothing may be there, or what an interrupted mkfs of ours wrote.
fn blank(id: VolumeId, image: &Path, device: &Path, mark: Mark) -> Result<()> {
    let foreign = |what: String| {
        Err(Error::new(
            Class::Conflict,
            format!(
                "volume {id} is not formatted: it carries {what}, which is not ours; if nobody needs that, make a new \
                 volume"
            ),
        ))
    };
    let half_made = mark == Mark::Formatting
        && Ext4::of(device)?.is_some_and(|filesystem| filesystem.uuid() == id.0);
    if half_made {
        return Ok(());
    }
    if let Some(signature) = probe::signature(device)? {
        return foreign(signature);
    }
    match probe::first_byte(image)? {
        Some(at) if mark == Mark::Blank => foreign(format!("data at byte {at}")),
        Some(_) | None => Ok(()),
    }
}

/// The volume's id is its filesystem's too, kept apart from the seed of its checksums so that a copy can be given
/// another one. The image is all holes, so nothing has to be discarded, and blank tables need no zeroes. No blocks
/// are kept back for root: containers have its rights and not its care.
fn mkfs(id: VolumeId, device: &Path, turn: &Turn) -> Result<()> {
    let uuid = id.to_string();
    let options = [
        "-q",
        "-b",
        "4096",
        "-m",
        "0",
        "-e",
        "remount-ro",
        "-O",
        "metadata_csum,metadata_csum_seed",
        "-E",
        "nodiscard,lazy_itable_init=1,lazy_journal_init=1",
        "-U",
        &uuid,
    ];
    let arguments = options.iter().map(AsRef::as_ref);
    run(
        "mkfs.ext4",
        arguments.chain([device.as_os_str()]),
        Some(&turn.file),
    )
    .map(|_| ())
    .map_err(|failure| failure.told(&format!("make a filesystem on volume {id}")))
}
