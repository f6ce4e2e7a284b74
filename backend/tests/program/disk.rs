//! A data directory that is full, or cannot be written, on a small file system of its own.

use std::fs::OpenOptions;
use std::io::Write as _;
use std::path::Path;
use std::process::Command;

use crate::process::{Zund, run};
use crate::wire;

/// A file system of 4 MiB in memory; unmounted when dropped.
struct Small(tempfile::TempDir);

impl Small {
    /// `None`, with the reason noted, where this user may not mount.
    fn mount(test: &str) -> Option<Self> {
        let dir = tempfile::tempdir().unwrap();
        if mount(&["-t", "tmpfs", "-o", "size=4m", "tmpfs"], dir.path()) {
            return Some(Self(dir));
        }
        skip(test, "cannot mount a file system: takes root");
        None
    }
}

impl Drop for Small {
    fn drop(&mut self) {
        let _ = Command::new("umount")
            .arg("--lazy")
            .arg(self.0.path())
            .status();
    }
}

fn mount(words: &[&str], dir: &Path) -> bool {
    let output = Command::new("mount").args(words).arg(dir).output();
    output.is_ok_and(|output| output.status.success())
}

/// Prints the skip, and notes it in the file that `ZUN_SKIP_FILE` names, so that it is counted.
fn skip(test: &str, reason: &str) {
    let line = format!("SKIP {test}: {reason}\n");
    eprint!("{line}");
    if let Some(path) = std::env::var_os("ZUN_SKIP_FILE") {
        let mut file = OpenOptions::new()
            .create(true)
            .append(true)
            .open(path)
            .unwrap();
        file.write_all(line.as_bytes()).unwrap();
    }
}

#[test]
fn a_full_disk_is_named_and_nothing_is_lost() {
    let Some(small) = Small::mount("a_full_disk_is_named_and_nothing_is_lost") else {
        return;
    };
    let zund = Zund::start(small.0.path(), &[]);
    let password = zund.password();
    let filler = small.0.path().join("filler");
    let mut file = std::fs::File::create(&filler).unwrap();
    while file.write_all(&[0; 4096]).is_ok() {}
    // The file of the last commits may have some room left.
    let refused = (0..400)
        .map(|_| zund.log_in(&password))
        .find(|(status, _)| *status != 201);
    let (status, body) = refused.unwrap();
    assert!((500..600).contains(&status), "{status} {body}");
    assert!(body.contains("full"), "{body}");
    assert_eq!(wire::get(&zund.address(), "/").0, 200);
    drop(file);
    std::fs::remove_file(&filler).unwrap();
    assert_eq!(zund.log_in(&password).0, 201);
    zund.stop();
}

#[test]
fn a_directory_that_cannot_be_written_is_named() {
    let Some(small) = Small::mount("a_directory_that_cannot_be_written_is_named") else {
        return;
    };
    let dir = small.0.path();
    assert!(mount(&["-o", "remount,ro"], dir));
    let words = ["serve", "--listen", "127.0.0.1:0", "--data-dir"];
    let below = dir.join("data");
    for data in [dir, below.as_path()] {
        let data = data.to_str().unwrap();
        let (code, _, err) = run(dir, &[words.as_slice(), &[data]].concat(), &[]);
        assert_eq!(code, 1, "{err}");
        assert!(
            err.contains(data) && err.contains("Read-only file system"),
            "{err}"
        );
    }
}
