//! What volumes are on this machine: images, loop devices and mounts below the data directory of a `zund`.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, ensure};

use crate::process;

const DEADLINE: Duration = Duration::from_secs(30);

/// The mounts and loop devices of a data directory.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Plugged {
    /// Where something is mounted, the innermost last.
    pub mounts: Vec<PathBuf>,
    /// Devices whose image is in it.
    pub devices: Vec<PathBuf>,
}

impl Plugged {
    /// Nothing is mounted or attached.
    pub fn is_empty(&self) -> bool {
        self.mounts.is_empty() && self.devices.is_empty()
    }
}

/// What is mounted and attached just now.
pub fn plugged(data_dir: &Path) -> Result<Plugged> {
    let root = data_dir.canonicalize().context("no data directory")?;
    let root = root.join("volumes");
    let table = fs::read_to_string("/proc/self/mountinfo").context("cannot read the mounts")?;
    let mounts = table
        .lines()
        .filter_map(|line| line.split_whitespace().nth(4))
        // The one character that a temporary folder may hold and this table writes in its own way.
        .map(|path| PathBuf::from(path.replace("\\040", " ")))
        .filter(|path| path.starts_with(&root))
        .collect();
    let mut devices = Vec::new();
    for entry in fs::read_dir("/sys/block").context("cannot read the devices")? {
        let entry = entry?;
        let image = fs::read_to_string(entry.path().join("loop/backing_file"));
        if image.is_ok_and(|image| Path::new(image.trim()).starts_with(&root)) {
            devices.push(Path::new("/dev").join(entry.file_name()));
        }
    }
    Ok(Plugged { mounts, devices })
}

/// Whether a volume can grow while it is mounted: the kernel lets processes with `CAP_SYS_RESOURCE` alone do that.
pub fn grows_mounted() -> bool {
    const CAP_SYS_RESOURCE: u32 = 24;
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let sets = status.lines().find_map(|line| line.strip_prefix("CapEff:"));
    let set = sets.and_then(|set| u64::from_str_radix(set.trim(), 16).ok());
    set.is_some_and(|set| set & (1 << CAP_SYS_RESOURCE) != 0)
}

/// Unmounts and detaches all of it.
pub fn unplug(data_dir: &Path) -> Result<()> {
    let Plugged { mounts, devices } = plugged(data_dir)?;
    for mount in mounts.iter().rev() {
        process::run(Command::new("umount").arg(mount), DEADLINE)?.success()?;
    }
    for device in devices {
        process::run(Command::new("losetup").arg("-d").arg(device), DEADLINE)?.success()?;
    }
    Ok(())
}

/// Fails unless nothing of any volume, snapshot or injected file is left. The locks are empty files.
pub fn must_be_bare(data_dir: &Path) -> Result<()> {
    let plugged = plugged(data_dir)?;
    ensure!(plugged.is_empty(), "volumes are left plugged: {plugged:?}");
    let mut left = Vec::new();
    collect(&data_dir.join("volumes"), &mut left)?;
    left.retain(|path| !path.starts_with(data_dir.join("volumes/lock")));
    ensure!(left.is_empty(), "files of volumes are left: {left:?}");
    Ok(())
}

/// Every file below a folder that may not be there.
fn collect(folder: &Path, found: &mut Vec<PathBuf>) -> Result<()> {
    for entry in fs::read_dir(folder).into_iter().flatten() {
        let path = entry?.path();
        if path.is_dir() {
            collect(&path, found)?;
        } else {
            found.push(path);
        }
    }
    Ok(())
}
