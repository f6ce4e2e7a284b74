//! Tests that this machine cannot run say so, where a person and where a script reads it.

use std::io::Write as _;

/// Whether the engine, the devices and the mounts of this machine may be used; if not, the test is told as skipped.
pub fn machine_allowed(test: &str) -> bool {
    let allowed = variable("TEST_DOCKER").as_deref() == Some("1");
    if !allowed {
        skip(test, "TEST_DOCKER is not 1");
    }
    allowed
}

/// Prints that a test is skipped, and why, and adds the line to the file named by `ZUN_SKIP_FILE`.
pub fn skip(test: &str, reason: &str) {
    let line = format!("SKIP {test}: {reason}");
    eprintln!("{line}");
    if let Some(path) = variable("ZUN_SKIP_FILE") {
        let file = std::fs::OpenOptions::new()
            .create(true)
            .append(true)
            .open(&path);
        let noted = file.and_then(|mut file| writeln!(file, "{line}"));
        noted.unwrap_or_else(|error| panic!("cannot note a skip in {path}: {error}"));
    }
}

/// A variable of the environment that is set and not empty.
#[expect(
    clippy::disallowed_methods,
    reason = "the one place of driver tests that reads the environment"
)]
pub fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}
