//! Mounts a volume's filesystem, and takes it down again with everything written.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::DirBuilder;
use std::os::unix::fs::DirBuilderExt;
use std::path::Path;

use zun_domain::id::VolumeId;
use zun_driver::{Class, Error, Result};

use super::{device, existing, flush, grow, image, mark};
use crate::command::run;
use crate::durable::{remove, rename, sync_all_at};
use crate::lock::Turn;
use crate::place::{Places, ids_in, unfinished};
use crate::table::{self, Mount};
use crate::{fact, told};

/// The tables of a fresh filesystem are holes already: the kernel need not write zeroes into them. What it finds
/// broken it writes to no more.
const OPTIONS: &str = "nodev,nosuid,noinit_itable,errors=remount-ro";

pub(super) fn not_connected(id: VolumeId) -> Error {
    Error::new(
        Class::Conflict,
        format!("volume {id} has no device: connect it first"),
    )
}

/// The place as the kernel knows it.
fn known_as(point: &Path) -> Option<std::path::PathBuf> {
    Some(
        point
            .parent()?
            .canonicalize()
            .ok()?
            .join(point.file_name()?),
    )
}

fn table_failed(error: &std::io::Error) -> Error {
    told("read /proc/self/mountinfo", error)
}

/// Whether it is mounted at its place.
pub(super) fn is_mounted(places: &Places, id: VolumeId) -> Result<bool> {
    match known_as(&places.point(id)) {
        Some(point) => table::at(&point)
            .map(|mount| mount.is_some())
            .map_err(|error| table_failed(&error)),
        None => Ok(false),
    }
}

/// The volumes that are mounted at their places, and whether they take no writes any more.
pub(super) fn mounted(places: &Places) -> Result<BTreeMap<VolumeId, bool>> {
    let Ok(folder) = places.root().join("mount").canonicalize() else {
        return Ok(BTreeMap::new());
    };
    let mounts = table::ours().map_err(|error| table_failed(&error))?;
    let ids = mounts.iter().filter_map(|mount| {
        let below = mount.point.strip_prefix(&folder).ok()?;
        Some((below.to_str()?.parse().ok()?, mount.takes_no_writes))
    });
    Ok(ids.collect())
}

/// Mounts it, with its full size and the folder for containers. What fails after the mount takes it down again.
pub(super) fn mount(places: &Places, id: VolumeId) -> Result<()> {
    let turn = places.turn(id)?;
    let image = existing(places, id)?;
    thaw_if_left(places, id, &turn)?;
    let device = device::of(&image)?.ok_or_else(|| not_connected(id))?;
    if is_mounted(places, id)? && !mend(places, id, &device, &turn)? {
        return complete(places, id, &device, &turn);
    }
    if mark::read(places, id.0)?.is_some() {
        return Err(Error::new(
            Class::Conflict,
            format!("volume {id} was never formatted: format it first"),
        ));
    }
    let point = places.point(id);
    make_point(places, &point)?;
    let options = ["-t", "ext4", "-o", OPTIONS].map(AsRef::as_ref);
    let arguments = options
        .into_iter()
        .chain([device.as_os_str(), point.as_os_str()]);
    run("mount", arguments, Some(&turn.file)).map_err(|failure| {
        // The kernel's words for what is wrong with it; asking again changes nothing until somebody mends it.
        failure.of_class(Class::Refused, &format!("mount volume {id}"))
    })?;
    let completed = complete(places, id, &device, &turn);
    if completed.is_err() {
        // The first failure is the one to tell.
        drop(run("umount", [&point], Some(&turn.file)));
    }
    completed
}

/// Takes down what is mounted and takes no writes any more, and checks it; whether it did. The kernel does that to a
/// filesystem whose image could not grow because the host's disk was full, and undoes it for a fresh mount only. Not
/// while a container uses it.
fn mend(places: &Places, id: VolumeId, device: &Path, turn: &Turn) -> Result<bool> {
    let found = match known_as(&places.point(id)) {
        Some(point) => table::at(&point).map_err(|error| table_failed(&error))?,
        None => None,
    };
    let Some(mount) = found.filter(|mount| mount.takes_no_writes) else {
        return Ok(false);
    };
    if held_by_nobody(id, &mount).is_err() {
        return Ok(false);
    }
    run("umount", [&mount.point], Some(&turn.file))
        .map_err(|failure| failure.told(&format!("unmount volume {id}")))?;
    let tried = format!("check volume {id}, which took no writes any more");
    image::check(device, &["-p"], turn, &tried)?;
    Ok(true)
}

/// A folder that nobody can use: what is written is written into the filesystem or not at all.
fn make_point(places: &Places, point: &Path) -> Result<()> {
    places.folder("mount")?;
    match DirBuilder::new().mode(0o000).create(point) {
        Err(error) if error.kind() != std::io::ErrorKind::AlreadyExists => {
            Err(told(&format!("make {}", point.display()), &error))
        }
        Ok(()) | Err(_) => Ok(()),
    }
}

fn complete(places: &Places, id: VolumeId, device: &Path, turn: &Turn) -> Result<()> {
    grow::catch_up(&places.image(id), device, id, turn)?;
    let data = places.data(id);
    if data.is_dir() {
        return Ok(());
    }
    let fresh = unfinished(&data);
    if !fresh.is_dir() {
        fact::make_data(&fresh)?;
    }
    rename(&fresh, &data)
}

/// Unmounts it. A container that runs has a mount of its own that would stay, and the filesystem with it, so that is
/// looked for first.
pub(super) fn unmount(places: &Places, id: VolumeId) -> Result<()> {
    let turn = places.turn(id)?;
    let image = places.image(id);
    let device = device::all_of(&image)?.into_iter().next();
    if let Some(point) = known_as(&places.point(id)) {
        thaw_if_left(places, id, &turn)?;
        // One at a time: a hand may have mounted it twice.
        while let Some(mount) = table::at(&point).map_err(|error| table_failed(&error))? {
            held_by_nobody(id, &mount)?;
            run("umount", [&point], Some(&turn.file))
                .map_err(|failure| failure.told(&format!("unmount volume {id}")))?;
        }
    }
    let Some(device) = device else {
        return Ok(());
    };
    if !device::until(|| Ok(!device::claimed(&device)?))? {
        return Err(fact::in_use("unmount", id, "another mount of its device"));
    }
    if image.exists() {
        flush(&image, Some(&device))?;
    }
    Ok(())
}

/// No other table of mounts has it. A container that is being started, whichever it is, begins with a copy of our
/// table: that is waited for, it drops what is not its own in a moment.
fn held_by_nobody(id: VolumeId, mount: &Mount) -> Result<()> {
    let ours = |other: &Mount| other.device == mount.device;
    let container = |other: &Mount| ours(other) && other.point != mount.point;
    if let Some(holder) = table::held_by_another(container) {
        return Err(fact::in_use("unmount", id, &holder));
    }
    let mut holder = None;
    device::until(|| {
        holder = table::held_by_another(ours);
        Ok(holder.is_none())
    })?;
    holder.map_or(Ok(()), |holder| Err(fact::in_use("unmount", id, &holder)))
}

/// The mark that a snapshot of a mounted volume is being taken.
pub(super) fn frozen_mark(places: &Places, id: VolumeId) -> Result<std::path::PathBuf> {
    Ok(places.folder("frozen")?.join(id.to_string()))
}

/// The volumes with such a mark.
pub(super) fn left_frozen(places: &Places) -> Result<BTreeSet<VolumeId>> {
    ids_in(&places.root().join("frozen"))
}

/// Thaws a filesystem that was left frozen. Whoever has the volume's turn knows that nobody takes a snapshot of it
/// now.
pub(super) fn thaw_if_left(places: &Places, id: VolumeId, turn: &Turn) -> Result<()> {
    let left = frozen_mark(places, id)?;
    if !left.exists() {
        return Ok(());
    }
    if is_mounted(places, id)? {
        let point = places.point(id);
        let arguments = [Path::new("--unfreeze"), &point];
        if let Err(failure) = run("fsfreeze", arguments, Some(&turn.file))
            // What is not frozen cannot be thawed, and need not be.
            && !failure.said.contains("Invalid argument")
        {
            return Err(failure.told(&format!("thaw volume {id}")));
        }
        sync_all_at(&point)?;
    }
    remove(&left)
        .map(|_| ())
        .map_err(|error| told(&format!("remove {}", left.display()), &error))
}
