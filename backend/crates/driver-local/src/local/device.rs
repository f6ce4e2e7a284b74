//! Loop devices: which image has which.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use rustix::fs::{Mode, OFlags};
use zun_domain::id::VolumeId;
use zun_driver::{Class, Error, Result};

use crate::command::run;
use crate::lock::Turn;
use crate::place::Places;
use crate::told;

/// Where the kernel shows its block devices.
const BLOCK_DEVICES: &str = "/sys/block";

/// What the kernel adds to the path of an image that was removed under its device.
const REMOVED: &str = " (deleted)";

/// The kernel, or a program that looks at every new device, may hold one for a moment longer than who mounted it.
const PATIENCE: Duration = Duration::from_secs(15);
const LOOK_AGAIN: Duration = Duration::from_millis(5);

/// `Refused` where the machine has no loop devices to give.
pub(super) fn require() -> Result<()> {
    let openable = |path: &Path| {
        rustix::fs::open(path, OFlags::RDWR | OFlags::CLOEXEC, Mode::empty())
            .map_err(|error| none_to_give(&format!("{}: {error}", path.display())))
    };
    openable(Path::new("/dev/loop-control"))?;
    let free = run("losetup", ["--find"], None).map_err(|failure| none_to_give(&failure.said))?;
    openable(Path::new(free.trim())).map(|_| ())
}

fn none_to_give(cause: &str) -> Error {
    Error::new(
        Class::Refused,
        format!(
            "the volume driver local needs loop devices, which this machine does not give ({cause}): try `modprobe \
             loop`, in a container give it /dev/loop-control and the devices, or choose plain directories with \
             volume_driver = \"directory\", which enforce no size"
        ),
    )
}

/// Every loop device in use, with the path of its file as the kernel knows it.
fn all() -> Result<Vec<(PathBuf, String)>> {
    let listed = std::fs::read_dir(BLOCK_DEVICES)
        .map_err(|error| told(&format!("list {BLOCK_DEVICES}"), &error))?;
    let devices = listed.flatten().filter_map(|entry| {
        let name = entry.file_name().into_string().ok()?;
        name.strip_prefix("loop")?;
        // A device that is not in use has no such file.
        let file = std::fs::read_to_string(entry.path().join("loop/backing_file")).ok()?;
        let file = file.strip_suffix('\n').unwrap_or(&file).to_owned();
        Some((Path::new("/dev").join(name), file))
    });
    Ok(devices.collect())
}

/// The path as the kernel knows it, also of an image that is gone.
fn known_as(image: &Path) -> Option<String> {
    let folder = image.parent()?.canonicalize().ok()?;
    folder.join(image.file_name()?).to_str().map(str::to_owned)
}

/// The device of an image that is there.
pub(super) fn of(image: &Path) -> Result<Option<PathBuf>> {
    let known = known_as(image);
    let mut devices = all()?.into_iter();
    Ok(devices
        .find(|(_, file)| known.as_ref() == Some(file))
        .map(|(device, _)| device))
}

/// Every device of an image, whether that is still there or not.
pub(super) fn all_of(image: &Path) -> Result<Vec<PathBuf>> {
    let known = known_as(image);
    let of_it = |file: &str| known.as_deref() == Some(file.strip_suffix(REMOVED).unwrap_or(file));
    let devices = all()?.into_iter().filter(|(_, file)| of_it(file));
    Ok(devices.map(|(device, _)| device).collect())
}

/// The volumes whose images have devices.
pub(super) fn connected(places: &Places) -> Result<BTreeSet<VolumeId>> {
    let Ok(folder) = places.root().join("image").canonicalize() else {
        return Ok(BTreeSet::new());
    };
    let ids = all()?.into_iter().filter_map(|(_, file)| {
        let path = Path::new(file.strip_suffix(REMOVED).unwrap_or(&file));
        let below = path.strip_prefix(&folder).ok()?;
        below.to_str()?.parse().ok()
    });
    Ok(ids.collect())
}

/// Gives an image a device, and never a second one.
pub(super) fn attach(image: &Path, turn: &Turn) -> Result<()> {
    let options = ["--find", "--show", "--nooverlap"].map(AsRef::as_ref);
    let arguments = options.into_iter().chain([image.as_os_str()]);
    run("losetup", arguments, Some(&turn.file))
        .map(|_| ())
        .map_err(|failure| failure.told(&format!("give {} a device", image.display())))
}

/// Takes a device away, unless something has its filesystem mounted, in whatever table of mounts: the kernel would
/// say yes and do it later.
pub(super) fn detach(device: &Path, id: VolumeId, turn: &Turn) -> Result<()> {
    let tried = format!("take the device {} of volume {id} away", device.display());
    if !until(|| Ok(!claimed(device)?))? {
        return Err(busy(&tried));
    }
    run("losetup", [Path::new("--detach"), device], Some(&turn.file))
        .map_err(|failure| failure.told(&tried))?;
    let name = device.file_name().unwrap_or_default();
    let shown = Path::new(BLOCK_DEVICES)
        .join(name)
        .join("loop/backing_file");
    if until(|| Ok(!shown.exists()))? {
        Ok(())
    } else {
        Err(busy(&tried))
    }
}

fn busy(tried: &str) -> Error {
    Error::new(
        Class::Conflict,
        format!("cannot {tried}: something has it open or mounted"),
    )
}

/// Tells a device that its image has grown.
pub(super) fn grow(device: &Path, turn: &Turn) -> Result<()> {
    let arguments = [Path::new("--set-capacity"), device];
    run("losetup", arguments, Some(&turn.file))
        .map(|_| ())
        .map_err(|failure| failure.told(&format!("grow the device {}", device.display())))
}

/// Whether a filesystem on it is mounted, by anybody: only one may open a device exclusively, and a mount has.
pub(super) fn claimed(device: &Path) -> Result<bool> {
    let flags = OFlags::RDONLY | OFlags::EXCL | OFlags::CLOEXEC;
    match rustix::fs::open(device, flags, Mode::empty()) {
        Ok(_) => Ok(false),
        Err(rustix::io::Errno::BUSY) => Ok(true),
        Err(error) => Err(told(&format!("open {}", device.display()), &error.into())),
    }
}

/// Looks until it is so; false where it is not so in time. Runs where waiting blocks nobody.
pub(super) fn until(mut so: impl FnMut() -> Result<bool>) -> Result<bool> {
    let begun = Instant::now();
    while !so()? {
        if begun.elapsed() > PATIENCE {
            return Ok(false);
        }
        std::thread::sleep(LOOK_AGAIN);
    }
    Ok(true)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_machine_without_loop_devices_is_told_what_to_do() {
        let refusal = none_to_give("/dev/loop-control: No such file or directory");
        assert_eq!(
            refusal.message,
            "the volume driver local needs loop devices, which this machine does not give (/dev/loop-control: No such \
             file or directory): try `modprobe loop`, in a container give it /dev/loop-control and the devices, or \
             choose plain directories with volume_driver = \"directory\", which enforce no size"
        );
    }
}
