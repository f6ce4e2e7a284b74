//! A folder of its own for each test, with a driver on it.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::fs::{self, File};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::Write;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use async_trait::async_trait;
use rustix::fs::SeekFrom;
use tempfile::TempDir;
use uuid::Uuid;
use zun_domain::id::{ContainerId, SnapshotId, VolumeId};
use zun_driver::conformance::{VolumeLab, skip};
use zun_driver::{Class, Error, Result, VolumeDriver};
use zun_driver_local::{DirectoryVolumes, LocalVolumes};

pub(crate) struct HostLab {
    pub(crate) driver: Arc<dyn VolumeDriver>,
    pub(crate) folder: TempDir,
}

/// Whether devices and mounts of this machine may be used; if not, the test is told as skipped.
fn root_allowed(case: &str) -> bool {
    if !skip::machine_allowed(case) {
        return false;
    }
    let root = rustix::process::geteuid().is_root();
    if !root {
        skip::skip(case, "this is not root");
    }
    root
}

/// Volumes in images; `None` where this machine cannot have them.
pub(crate) async fn local(case: &str) -> Option<HostLab> {
    if !root_allowed(case) {
        return None;
    }
    let folder = tempfile::tempdir().unwrap();
    let driver = LocalVolumes::new(folder.path()).unwrap();
    if let Err(refusal) = driver.facts().await {
        skip::skip(case, &refusal.message);
        return None;
    }
    let driver = Arc::new(driver);
    Some(HostLab { driver, folder })
}

/// Volumes in directories.
pub(crate) async fn directory(case: &str) -> Option<HostLab> {
    if !root_allowed(case) {
        return None;
    }
    let folder = tempfile::tempdir().unwrap();
    let driver = DirectoryVolumes::new(folder.path()).unwrap();
    driver.facts().await.unwrap();
    let driver = Arc::new(driver);
    Some(HostLab { driver, folder })
}

#[expect(
    clippy::disallowed_methods,
    reason = "the one place of these tests that makes ids"
)]
fn uuid() -> Uuid {
    Uuid::new_v4()
}

/// Runs a program of the machine, which must succeed.
pub(crate) fn run<A: AsRef<OsStr>>(
    program: &str,
    arguments: impl IntoIterator<Item = A>,
) -> String {
    let output = Command::new(program).args(arguments).output().unwrap();
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{program}: {told}");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

impl HostLab {
    fn place(&self, id: VolumeId, name: &str) -> PathBuf {
        Path::new(&self.driver.source(id)).join(name)
    }

    pub(crate) fn image(&self, id: VolumeId) -> PathBuf {
        self.folder.path().join("image").join(id.to_string())
    }

    pub(crate) fn point(&self, id: VolumeId) -> PathBuf {
        self.folder.path().join("mount").join(id.to_string())
    }

    /// The devices of a volume, as losetup knows them.
    pub(crate) fn devices(&self, id: VolumeId) -> Vec<String> {
        devices_below(&self.image(id))
    }
}

fn devices_below(path: &Path) -> Vec<String> {
    let listed = run("losetup", ["--noheadings", "--output", "NAME,BACK-FILE"]);
    let path = path.to_str().unwrap();
    listed
        .lines()
        .filter_map(|line| line.split_once(char::is_whitespace))
        .filter(|(_, file)| file.trim().starts_with(path))
        .map(|(device, _)| device.to_owned())
        .collect()
}

/// The mounts of this machine below a folder, the last one first.
fn mounts_below(folder: &Path) -> Vec<String> {
    let table = fs::read_to_string("/proc/self/mountinfo").unwrap();
    let points = table.lines().filter_map(|line| line.split(' ').nth(4));
    let mut below: Vec<String> = points
        .filter(|point| Path::new(point).starts_with(folder))
        .map(str::to_owned)
        .collect();
    below.reverse();
    below
}

fn failed(tried: &str, error: &std::io::Error) -> Error {
    let class = match error.kind() {
        std::io::ErrorKind::StorageFull => Class::Exhausted,
        _ => Class::Internal,
    };
    Error::new(class, format!("cannot {tried}: {error}"))
}

#[async_trait]
impl VolumeLab for HostLab {
    fn driver(&self) -> Arc<dyn VolumeDriver> {
        Arc::clone(&self.driver)
    }

    fn fresh_volume(&self) -> VolumeId {
        VolumeId(uuid())
    }

    fn fresh_snapshot(&self) -> SnapshotId {
        SnapshotId(uuid())
    }

    fn fresh_container(&self) -> ContainerId {
        ContainerId(uuid())
    }

    fn exists(&self, path: &str) -> bool {
        Path::new(path).exists()
    }

    fn content(&self, path: &str) -> Option<Vec<u8>> {
        fs::read(path).ok()
    }

    async fn write(&self, id: VolumeId, name: &str, bytes: &[u8]) -> Result<()> {
        File::create(self.place(id, name))
            .and_then(|mut file| {
                file.write_all(bytes)?;
                file.sync_all()
            })
            .map_err(|error| failed("write", &error))
    }

    async fn read(&self, id: VolumeId, name: &str) -> Option<Vec<u8>> {
        fs::read(self.place(id, name)).ok()
    }

    async fn names(&self, id: VolumeId) -> BTreeSet<String> {
        let entries = fs::read_dir(self.driver.source(id)).unwrap();
        entries
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect()
    }

    async fn take(&self, id: VolumeId, bytes: u64) -> Result<()> {
        let folder = self.place(id, "");
        let taken = fs::read_dir(&folder).unwrap().count();
        let path = folder.join(format!("taken-{taken}"));
        let taken = File::create(&path).and_then(|file| {
            let flags = rustix::fs::FallocateFlags::empty();
            Ok(rustix::fs::fallocate(&file, flags, 0, bytes)?)
        });
        taken.map_err(|error| {
            fs::remove_file(&path).unwrap();
            failed("take room", &error)
        })
    }

    async fn put_stranger(&self, id: VolumeId) {
        let device = self.devices(id).pop().unwrap();
        // A swap area begins with its own first page, which is all there is of it.
        run("mkswap", ["--force", &device]);
    }

    async fn fingerprint(&self, id: VolumeId) -> String {
        for device in self.devices(id) {
            File::open(device).unwrap().sync_all().unwrap();
        }
        let image = File::open(self.image(id)).unwrap();
        let mut hasher = DefaultHasher::new();
        let mut at = 0;
        // Holes are not read: an image is mostly those.
        while let Ok(begin) = rustix::fs::seek(&image, SeekFrom::Data(at)) {
            at = rustix::fs::seek(&image, SeekFrom::Hole(begin)).unwrap();
            let mut data = vec![0; usize::try_from(at - begin).unwrap()];
            image.read_exact_at(&mut data, begin).unwrap();
            let pages = (begin..).step_by(4096).zip(data.chunks(4096));
            for (at, page) in pages.filter(|(_, page)| page.iter().any(|byte| *byte != 0)) {
                (at, page).hash(&mut hasher);
            }
        }
        format!("{:x}", hasher.finish())
    }

    async fn reboot(&self) {
        for point in mounts_below(self.folder.path()) {
            run("umount", [point]);
        }
        for device in devices_below(&self.folder.path().join("image")) {
            run("losetup", ["--detach", &device]);
        }
    }

    fn skip(&self, case: &str, reason: &str) {
        skip::skip(case, reason);
    }
}

impl Drop for HostLab {
    /// Takes mounts and devices down before the folder goes.
    fn drop(&mut self) {
        let take_down = |program: &str, options: &[&str], what: &str| {
            let done = Command::new(program).args(options).arg(what).output();
            if !done.is_ok_and(|output| output.status.success()) {
                eprintln!("left over: {what}");
            }
        };
        for point in mounts_below(self.folder.path()) {
            take_down("umount", &["--lazy"], &point);
        }
        for device in devices_below(self.folder.path()) {
            take_down("losetup", &["--detach"], &device);
        }
    }
}
