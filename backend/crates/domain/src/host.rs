//! A machine that runs containers: what it has, and whether it may be used.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::id::HostId;
use crate::name::HostName;
use crate::time::Timestamp;
use crate::unit::{Amounts, MemoryMib, Millicpu};

/// Where a container was placed: the host and how users see it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HostPlace {
    /// The host.
    pub id: HostId,
    /// Its name.
    pub name: HostName,
    /// Its availability zone.
    pub zone: String,
}

/// What the engine on a host says about itself and its machine.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HostFacts {
    /// Whole processing time of the machine.
    pub cpus: Millicpu,
    /// Whole memory.
    pub memory: MemoryMib,
    /// Size of the filesystem that holds containers, GiB.
    pub disk_gib: u64,
    /// The storage driver enforces a size per container.
    pub disk_quota: bool,
    /// OCI runtimes it offers.
    pub runtimes: BTreeSet<String>,
    /// CPU architecture, such as `x86_64`.
    pub architecture: String,
    /// Operating system's name.
    pub os: String,
    /// Kernel release.
    pub kernel: String,
    /// Version of the engine.
    pub engine_version: String,
    /// Labels of the engine, for the Label filter.
    pub labels: BTreeMap<String, String>,
    /// The least memory a container may be given (6 MiB on Docker).
    pub minimum_memory: MemoryMib,
}

/// Whether a host answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "lowercase")]
pub enum Reachability {
    /// Its engine answers.
    Up,
    /// Its engine does not.
    Down {
        /// What was tried and what came back.
        reason: String,
    },
}

/// A host as the store keeps it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Host {
    /// Identity, name, zone.
    pub place: HostPlace,
    /// What it has.
    pub facts: HostFacts,
    /// Whether it answers.
    pub reachability: Reachability,
    /// An administrator took it out of scheduling; the reason given.
    pub disabled: Option<String>,
    /// An administrator declared it down.
    pub forced_down: bool,
    /// Last sign of life.
    pub seen_at: Timestamp,
    /// First sign of life.
    pub created_at: Timestamp,
}

/// What may be claimed on a host: its facts times the overcommit of the configuration.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Overcommit {
    /// Factor for cpu; Zun's initial value is 16.
    pub cpu: f64,
    /// Factor for memory; 1.5.
    pub memory: f64,
    /// Factor for disk; 1.
    pub disk: f64,
}

impl Default for Overcommit {
    fn default() -> Self {
        Self {
            cpu: 16.0,
            memory: 1.5,
            disk: 1.0,
        }
    }
}

impl Overcommit {
    /// Capacity of a host with these facts.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_precision_loss,
        reason = "amounts of one machine are far below 2^52 and factors are checked positive"
    )]
    pub fn capacity(self, facts: &HostFacts) -> Amounts {
        Amounts {
            cpu: Millicpu((facts.cpus.0 as f64 * self.cpu) as u64),
            memory: MemoryMib((facts.memory.0 as f64 * self.memory) as u64),
            disk: crate::unit::DiskGib((facts.disk_gib as f64 * self.disk) as u64),
        }
    }
}
