//! Volumes as a bystander sees them on the host: what is mounted and which loop devices there are below a data
//! directory, what a reboot does to them, and how a test leaves none behind.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};
use bollard::query_parameters::KillContainerOptions;

use crate::docker::Engine;

/// What is mounted below this directory, the deepest first.
pub fn mounts(below: &Path) -> Result<Vec<PathBuf>> {
    let table = fs::read_to_string("/proc/self/mountinfo").context("cannot read the mounts")?;
    let mut found: Vec<PathBuf> = table
        .lines()
        .filter_map(|line| line.split(' ').nth(4))
        .map(|path| PathBuf::from(path.replace("\\040", " ")))
        .filter(|path| path.starts_with(below))
        .collect();
    found.sort();
    found.reverse();
    Ok(found)
}

/// The loop devices whose file is below this directory.
pub fn loop_devices(below: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in fs::read_dir("/sys/block").context("cannot list the devices")? {
        let entry = entry?;
        let Ok(file) = fs::read_to_string(entry.path().join("loop/backing_file")) else {
            continue;
        };
        if Path::new(file.trim_end()).starts_with(below) {
            found.push(Path::new("/dev").join(entry.file_name()));
        }
    }
    found.sort();
    Ok(found)
}

/// Unmounts and detaches everything below this directory, as the end of a machine does. Data stays.
pub fn lose(below: &Path) -> Result<()> {
    for mount in mounts(below)? {
        run(Command::new("umount").arg(&mount))?;
    }
    for device in loop_devices(below)? {
        run(Command::new("losetup").arg("--detach").arg(&device))?;
    }
    Ok(())
}

/// What a reboot does to the containers with this label: their processes end, and nothing else.
pub fn end_processes(engine: &Engine, label: &str) -> Result<()> {
    for container in engine.containers(label)? {
        let Some(id) = container.id else { continue };
        let kill = engine
            .client()
            .kill_container(&id, None::<KillContainerOptions>);
        // One that does not run cannot be killed.
        engine.block_on(kill).ok();
    }
    Ok(())
}

/// Fails unless nothing of a volume is left below this directory but its record's folder.
pub fn must_be_idle(below: &Path) -> Result<()> {
    let (mounts, devices) = (mounts(below)?, loop_devices(below)?);
    ensure!(mounts.is_empty(), "left mounted: {mounts:?}");
    ensure!(devices.is_empty(), "left attached: {devices:?}");
    Ok(())
}

fn run(command: &mut Command) -> Result<()> {
    let output = command
        .output()
        .with_context(|| format!("cannot run {command:?}"))?;
    let said = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "{command:?}: {said}");
    Ok(())
}
