//! The floor of volumes: an image, a loop device, a filesystem and a mount, made by the programs a user would call.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result};
use tempfile::TempDir;

use crate::process;

const DEADLINE: Duration = Duration::from_secs(30);

/// Volumes made by hand, in a folder of their own. Unmounted and detached when it goes out of scope.
#[derive(Debug)]
pub struct ByHand {
    folder: TempDir,
}

impl ByHand {
    /// None yet.
    pub fn new() -> Result<Self> {
        let folder = tempfile::tempdir().context("cannot make a folder for volumes by hand")?;
        Ok(Self { folder })
    }

    /// A blank one of 1 GiB with a filesystem, mounted; the folder in it that a container is given.
    pub fn make(&self, name: &str) -> Result<PathBuf> {
        let image = self.image(name);
        call("truncate", &["--size=1G", text(&image)?])?;
        let device = call("losetup", &["--find", "--show", text(&image)?])?;
        let blank = ["-q", "-m", "0", "-E", "nodiscard,lazy_journal_init=1"];
        call("mkfs.ext4", &[&blank[..], &[device.trim()]].concat())?;
        self.mount(name, device.trim())
    }

    /// Attaches and mounts one that was made; the folder in it that a container is given.
    pub fn plug(&self, name: &str) -> Result<PathBuf> {
        let image = self.image(name);
        let device = call("losetup", &["--find", "--show", text(&image)?])?;
        self.mount(name, device.trim())
    }

    /// Unmounts and detaches it.
    pub fn unplug(&self, name: &str) -> Result<()> {
        let mount = self.folder.path().join(name);
        let device = call("findmnt", &["-n", "-o", "SOURCE", text(&mount)?])?;
        call("umount", &[text(&mount)?])?;
        call("losetup", &["--detach", device.trim()])?;
        Ok(())
    }

    fn mount(&self, name: &str, device: &str) -> Result<PathBuf> {
        let mount = self.folder.path().join(name);
        fs::create_dir_all(&mount).context("cannot make a mount point")?;
        call("mount", &[device, text(&mount)?])?;
        let data = mount.join("data");
        fs::create_dir_all(&data).context("cannot make the folder of the data")?;
        Ok(data)
    }

    fn image(&self, name: &str) -> PathBuf {
        self.folder.path().join(format!("{name}.image"))
    }
}

impl Drop for ByHand {
    fn drop(&mut self) {
        let entries = fs::read_dir(self.folder.path()).into_iter().flatten();
        let mounts = entries.flatten().filter(|entry| entry.path().is_dir());
        for mount in mounts {
            let name = mount.file_name();
            // One that is not mounted any more has nothing to give back.
            self.unplug(&name.to_string_lossy()).ok();
        }
    }
}

fn text(path: &Path) -> Result<&str> {
    path.to_str().context("a folder whose name is no text")
}

fn call(program: &str, arguments: &[&str]) -> Result<String> {
    let finished = process::run(Command::new(program).args(arguments), DEADLINE)?;
    Ok(finished.success()?.stdout)
}
