//! A snapshot of a volume that is written to, with the asking process killed in the middle.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use zun_domain::unit::DiskGib;
use zun_domain::volume::{MakeVolume, VolumeSource};
use zun_driver::VolumeDriver;
use zun_driver::conformance::{VolumeLab, skip};
use zun_driver_local::LocalVolumes;

use crate::lab;
use crate::local::mounted;

/// Says to the process that will be killed: folder, volume, snapshot.
const VICTIM: &str = "ZUN_TEST_SNAPSHOT";
/// So much data that a kill meets the copy in its middle, in MiB.
const LARGE: usize = 600;

/// The test is both: the one that asks for the snapshot and is killed, and the one that kills it.
#[tokio::test]
async fn a_killed_snapshot_leaves_nobody_waiting() {
    let case = "a_killed_snapshot_leaves_nobody_waiting";
    if let Some(asked) = skip::variable(VICTIM) {
        let mut words = asked.split(' ');
        let mut next = || words.next().unwrap();
        let driver = LocalVolumes::new(Path::new(next())).unwrap();
        let (id, snapshot) = (next().parse().unwrap(), next().parse().unwrap());
        return driver.snapshot(id, snapshot).await.unwrap();
    }
    let Some(lab) = lab::local(case).await else {
        return;
    };
    let (id, snapshot) = (mounted(&lab).await, lab.fresh_snapshot());
    let large: Vec<u8> = (1..=251).cycle().take(LARGE << 20).collect();
    lab.write(id, "large", &large).await.unwrap();

    let folder = lab.folder.path();
    let mut victim = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", &format!("frozen::{case}")])
        .env(VICTIM, format!("{} {id} {snapshot}", folder.display()))
        .stdout(std::process::Stdio::null())
        .spawn()
        .unwrap();
    let copy = folder.join("snapshot").join(format!("{snapshot}.new"));
    let frozen = folder.join("frozen").join(id.to_string());
    until(|| copy.exists());
    assert!(frozen.exists());
    victim.kill().unwrap();
    victim.wait().unwrap();
    assert!(frozen.exists(), "the kill came too late to prove anything");

    // It goes on alone: what writes now waits, and then is done.
    lab.write(id, "after", b"written").await.unwrap();
    until(|| !frozen.exists());
    assert!(!folder.join("snapshot").join(snapshot.to_string()).exists());
    lab.driver.snapshot(id, snapshot).await.unwrap();
    let (restored, size) = (lab.fresh_volume(), DiskGib(1));
    let source = VolumeSource::Snapshot(snapshot);
    let request = MakeVolume {
        id: restored,
        size,
        source,
    };
    lab.driver.create(&request).await.unwrap();
    lab.driver.connect(restored).await.unwrap();
    lab.driver.mount(restored).await.unwrap();
    assert!(lab.read(restored, "large").await == Some(large));
    assert_eq!(lab.read(restored, "after").await, Some(b"written".to_vec()));
}

/// Where everything was killed at once, the next look at the volumes thaws what is frozen.
#[tokio::test]
async fn what_was_left_frozen_is_thawed() {
    let Some(lab) = lab::local("what_was_left_frozen_is_thawed").await else {
        return;
    };
    let id = mounted(&lab).await;
    let freeze = || {
        let marks = lab.folder.path().join("frozen");
        fs::create_dir_all(&marks).unwrap();
        fs::write(marks.join(id.to_string()), b"").unwrap();
        lab::run("fsfreeze", ["--freeze".as_ref(), lab.point(id).as_os_str()]);
    };
    freeze();
    lab.driver.list().await.unwrap();
    lab.write(id, "one", b"written").await.unwrap();
    freeze();
    lab.driver.mount(id).await.unwrap();
    lab.write(id, "two", b"written").await.unwrap();
    freeze();
    lab.driver.unmount(id).await.unwrap();
    lab.driver.disconnect(id).await.unwrap();
}

fn until(so: impl Fn() -> bool) {
    let begun = Instant::now();
    while !so() {
        assert!(begun.elapsed() < Duration::from_mins(1), "it never happens");
        std::thread::sleep(Duration::from_millis(1));
    }
}
