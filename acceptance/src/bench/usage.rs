//! What processes use, as the kernel counts it: memory and processing time.

use std::collections::HashMap;
use std::fs;
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use anyhow::{Context, Result};

/// Ticks a second of the kernel's counters: the same on every Linux.
const TICKS: f64 = 100.0;
/// A process loses at most this much of its last moments.
const LOOK: Duration = Duration::from_millis(20);
/// The provider's name, as far as the kernel keeps it.
const PROVIDER: &str = "terraform-provi";

/// Resident memory of a process in megabytes.
pub fn resident_mb(pid: u32) -> Result<f64> {
    memory_mb(pid, "VmRSS:")
}

fn memory_mb(pid: u32, which: &str) -> Result<f64> {
    let text = fs::read_to_string(format!("/proc/{pid}/status"))
        .with_context(|| format!("there is no process {pid}"))?;
    let kib: f64 = text
        .lines()
        .find_map(|line| line.strip_prefix(which))
        .and_then(|rest| rest.split_whitespace().next()?.parse().ok())
        .with_context(|| format!("process {pid} has no memory"))?;
    Ok(kib * 1024.0 / 1e6)
}

/// Seconds of processing time that a process has used.
pub fn cpu_seconds(pid: u32) -> Result<f64> {
    fields(&pid.to_string(), [11, 12])
}

/// The same for the children of this process that have ended, and theirs.
pub fn children_cpu_seconds() -> Result<f64> {
    fields("self", [13, 14])
}

/// Sums two fields of `stat`, counted from the one behind the name, which may hold spaces.
fn fields(process: &str, which: [usize; 2]) -> Result<f64> {
    let text = fs::read_to_string(format!("/proc/{process}/stat"))
        .with_context(|| format!("there is no process {process}"))?;
    let rest = text.rsplit_once(')').map_or("", |(_, rest)| rest);
    let fields: Vec<&str> = rest.split_whitespace().collect();
    let ticks = which
        .iter()
        .map(|index| fields.get(*index)?.parse::<f64>().ok());
    let ticks: Option<f64> = ticks.sum();
    Ok(ticks.context("the kernel's counters cannot be read")? / TICKS)
}

/// What the providers have used that a command line started for us.
#[derive(Debug, Clone, Copy, Default)]
pub struct Providers {
    /// Processing time of all of them.
    pub cpu_seconds: f64,
    /// The most memory that one of them had.
    pub peak_mb: f64,
}

/// Looks at them again and again, since nothing is known of a process that has ended.
#[derive(Debug)]
pub struct Watch {
    stop: Sender<()>,
    thread: JoinHandle<HashMap<u32, Providers>>,
}

impl Watch {
    /// From now on.
    pub fn start() -> Self {
        let (stop, stopped) = mpsc::channel();
        let thread = thread::spawn(move || {
            let mut seen = HashMap::new();
            while stopped.recv_timeout(LOOK) == Err(RecvTimeoutError::Timeout) {
                for pid in providers() {
                    if let (Ok(cpu_seconds), Ok(peak_mb)) =
                        (cpu_seconds(pid), memory_mb(pid, "VmHWM:"))
                    {
                        let used = Providers {
                            cpu_seconds,
                            peak_mb,
                        };
                        seen.insert(pid, used);
                    }
                }
            }
            seen
        });
        Self { stop, thread }
    }

    /// Up to now.
    pub fn end(self) -> Providers {
        self.stop.send(()).ok();
        let seen = self.thread.join().unwrap_or_default();
        seen.values()
            .fold(Providers::default(), |sum, one| Providers {
                cpu_seconds: sum.cpu_seconds + one.cpu_seconds,
                peak_mb: sum.peak_mb.max(one.peak_mb),
            })
    }
}

/// The providers whose command line is a child of this process.
fn providers() -> Vec<u32> {
    let all = fs::read_dir("/proc").into_iter().flatten().flatten();
    let pids = all.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
    pids.filter(|pid| {
        let name = fs::read_to_string(format!("/proc/{pid}/comm")).unwrap_or_default();
        name.trim() == PROVIDER && parent(*pid).and_then(parent) == Some(std::process::id())
    })
    .collect()
}

fn parent(pid: u32) -> Option<u32> {
    let text = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let (_, rest) = text.rsplit_once(')')?;
    rest.split_whitespace().nth(1)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::{Watch, children_cpu_seconds, cpu_seconds, parent, resident_mb};

    #[test]
    fn this_process_uses_something() {
        let own = std::process::id();
        assert!(resident_mb(own).unwrap() > 0.5);
        assert!(cpu_seconds(own).unwrap() < 600.0);
        assert!(children_cpu_seconds().unwrap() >= 0.0);
        assert!(resident_mb(u32::MAX).is_err());
        assert!(parent(own).is_some());
        assert!(Watch::start().end().cpu_seconds < 1e-9);
    }
}
