//! Tests that this machine cannot run say so, where a person and where a script reads it.

use std::io::Write;

/// Whether devices and mounts of this machine may be used; if not, the test is told as skipped.
pub(crate) fn machine_allowed(test: &str) -> bool {
    let allowed = variable("TEST_DOCKER").as_deref() == Some("1");
    if !allowed {
        skip(test, "TEST_DOCKER is not 1");
        return false;
    }
    let root = rustix::process::geteuid().is_root();
    if !root {
        skip(test, "this is not root");
    }
    root
}

/// Prints that a test is skipped, and why, and adds the line to the file named by `ZUN_SKIP_FILE`.
pub(crate) fn skip(test: &str, reason: &str) {
    let line = format!("SKIP {test}: {reason}");
    eprintln!("{line}");
    if let Some(path) = variable("ZUN_SKIP_FILE") {
        let mut file = std::fs::OpenOptions::new()
            .create(true)
            .append(true)
            .open(path)
            .unwrap();
        writeln!(file, "{line}").unwrap();
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "the one place of these tests that reads the environment"
)]
pub(crate) fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}
