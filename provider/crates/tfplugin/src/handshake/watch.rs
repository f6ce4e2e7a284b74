//! Notices that Terraform has gone without saying so.
//!
//! A provider whose Terraform was killed gets no signal and no end of input. Its parent changes,
//! though: the process is handed over to another one.

use std::time::Duration;

use rustix::process::{Pid, getppid};

/// How often to look.
const INTERVAL: Duration = Duration::from_secs(2);

/// The process that started this one. Ask before anything takes time.
pub fn parent() -> Option<Pid> {
    getppid()
}

/// Returns when the parent is another one than at the start.
pub async fn orphaned(parent: Option<Pid>) {
    let mut ticks = tokio::time::interval(INTERVAL);
    while getppid() == parent {
        ticks.tick().await;
    }
}
