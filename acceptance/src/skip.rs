//! Skips that are seen: printed by the test, counted and repeated by `./dev test`.

use std::thread;

/// Begins every line that reports a skip; `./dev test` looks for it.
pub const MARK: &str = "SKIP ";

/// Prints that the running test is skipped, and why. The test then returns.
pub fn skip(reason: &str) {
    let current = thread::current();
    eprintln!("{MARK}{}: {reason}", current.name().unwrap_or("unnamed"));
}
