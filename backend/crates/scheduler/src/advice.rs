//! The smallest change of a request that would make it fit somewhere.

use std::fmt;

use zun_domain::name::HostName;
use zun_domain::unit::{DiskGib, MemoryMib, Millicpu};

use crate::filter::{Filter, Refused, cores};
use crate::place::Request;
use crate::view::HostView;

/// A change of a request that one filter of one host would accept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Change {
    /// Less processing time.
    CpuAtMost(Millicpu),
    /// Less memory.
    MemoryAtMost(MemoryMib),
    /// More memory.
    MemoryAtLeast(MemoryMib),
    /// A smaller disk.
    DiskAtMost(DiskGib),
    /// No size for the disk.
    NoDisk,
    /// Another zone.
    Zone(String),
    /// One of other runtimes.
    Runtime(Vec<String>),
    /// Leaving out these hints.
    WithoutHints(Vec<String>),
    /// Cores shared with others.
    SharedCpu,
    /// Other ports than these.
    OtherPorts(Vec<String>),
    /// Another host.
    Host(HostName),
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::CpuAtMost(cpu) => write!(f, "cpu of at most {}", cores(*cpu)),
            Self::MemoryAtMost(memory) => write!(f, "memory of at most {memory} MiB"),
            Self::MemoryAtLeast(memory) => write!(f, "memory of at least {memory} MiB"),
            Self::DiskAtMost(disk) => write!(f, "disk of at most {disk} GiB"),
            Self::NoDisk => f.write_str("leaving out disk"),
            Self::Zone(zone) => write!(f, "zone {zone:?}"),
            Self::Runtime(names) => write!(f, "runtime {}", names.join(" or ")),
            Self::WithoutHints(hints) => write!(f, "leaving out {}", hints.join(" and ")),
            Self::SharedCpu => f.write_str("cpu_policy shared"),
            Self::OtherPorts(ports) => write!(f, "other host ports than {}", ports.join(" and ")),
            Self::Host(_) => f.write_str("leaving out host"),
        }
    }
}

impl Change {
    /// How much it takes from the user, in thousandths of what was asked: a cut by its share, any other
    /// change as a whole.
    fn cost(&self, request: &Request) -> u64 {
        let cut = |left: u64, asked: u64| 1000 - left.min(asked) * 1000 / asked.max(1);
        match self {
            Self::CpuAtMost(left) => cut(left.0, request.amounts.cpu.0),
            Self::MemoryAtMost(left) => cut(left.0, request.amounts.memory.0),
            Self::DiskAtMost(left) => cut(left.0, request.amounts.disk.0),
            Self::MemoryAtLeast(_) => 1,
            Self::NoDisk
            | Self::Zone(_)
            | Self::Runtime(_)
            | Self::WithoutHints(_)
            | Self::SharedCpu
            | Self::OtherPorts(_)
            | Self::Host(_) => 1000,
        }
    }
}

/// The smallest set of changes seen so far: fewest first, then the least taken away, then by name of host.
#[derive(Debug, Default)]
pub(crate) struct Smallest {
    best: Option<(usize, u64, HostName, Vec<Change>)>,
}

impl Smallest {
    /// Looks at one more host that was refused. One that no change of the request helps is passed over.
    pub(crate) fn consider(
        &mut self,
        request: &Request,
        host: &HostView,
        refused: &[(Filter, Refused)],
    ) {
        let changes: Option<Vec<&Change>> = refused
            .iter()
            .map(|(_, refused)| refused.change.as_ref())
            .collect();
        let Some(changes) = changes else { return };
        let cost = changes.iter().map(|change| change.cost(request)).sum();
        let key = (changes.len(), cost, &host.place.name);
        if self
            .best
            .as_ref()
            .is_none_or(|(count, best, name, _)| key < (*count, *best, name))
        {
            let changes = changes.into_iter().cloned().collect();
            self.best = Some((key.0, cost, host.place.name.clone(), changes));
        }
    }

    /// The changes and the host.
    #[cfg(test)]
    pub(crate) fn changes(&self) -> Option<(&HostName, &[Change])> {
        self.best
            .as_ref()
            .map(|(_, _, host, changes)| (host, changes.as_slice()))
    }

    /// The sentence for the user.
    pub(crate) fn sentence(&self) -> Option<String> {
        let (_, _, host, changes) = self.best.as_ref()?;
        let texts: Vec<String> = changes.iter().map(ToString::to_string).collect();
        Some(format!("{} would fit on {host}", texts.join(" with ")))
    }
}
