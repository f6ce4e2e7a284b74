//! The reasons to refuse a host, one per file, by Zun's names and meaning.
//!
//! To add one: a file with a `refuse`, a variant of [`Filter`], and its lines in the matches below. Where
//! it can refuse many hosts of a large cluster, a mark in `mark.rs` lets the search leave them out.

mod availability_zone;
mod compute;
mod cpu;
mod cpu_set;
mod disk;
mod label;
mod port;
mod ram;
mod requested_host;
mod runtime;
mod volume_topology;

use std::collections::BTreeSet;
use std::str::FromStr;

use zun_domain::unit::Amounts;

use crate::advice::Change;
use crate::place::Request;
use crate::view::HostView;

pub(crate) use compute::usable;
pub(crate) use cpu::cores;
pub(crate) use label::{Hint, asked as hints_asked};

/// A reason to refuse, as the configuration and the answer name it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Filter {
    /// The zone asked for.
    AvailabilityZone,
    /// The host answers and is in use.
    Compute,
    /// The OCI runtime asked for.
    Runtime,
    /// Processing time.
    Cpu,
    /// Memory.
    Ram,
    /// Disk.
    Disk,
    /// Labels and other facts asked for by hints.
    Label,
    /// Cores of its own.
    CpuSet,
    /// Host ports.
    Port,
    /// The host asked for.
    RequestedHost,
    /// Where the volumes are.
    VolumeTopology,
}

impl Filter {
    /// Every filter, in the order of the reasons in an answer.
    pub const ALL: [Self; 11] = [
        Self::AvailabilityZone,
        Self::Compute,
        Self::Runtime,
        Self::Cpu,
        Self::Ram,
        Self::Disk,
        Self::Label,
        Self::CpuSet,
        Self::Port,
        Self::RequestedHost,
        Self::VolumeTopology,
    ];

    /// Its name, as in Zun's configuration.
    pub fn name(self) -> &'static str {
        match self {
            Self::AvailabilityZone => "AvailabilityZoneFilter",
            Self::Compute => "ComputeFilter",
            Self::Runtime => "RuntimeFilter",
            Self::Cpu => "CpuFilter",
            Self::Ram => "RamFilter",
            Self::Disk => "DiskFilter",
            Self::Label => "LabelFilter",
            Self::CpuSet => "CpuSetFilter",
            Self::Port => "PortFilter",
            Self::RequestedHost => "RequestedHost",
            Self::VolumeTopology => "VolumeTopologyFilter",
        }
    }

    fn refuse(self, request: &Request, candidate: &Candidate<'_>) -> Option<Refused> {
        match self {
            Self::AvailabilityZone => availability_zone::refuse(request, candidate),
            Self::Compute => compute::refuse(candidate),
            Self::Runtime => runtime::refuse(request, candidate),
            Self::Cpu => cpu::refuse(request, candidate),
            Self::Ram => ram::refuse(request, candidate),
            Self::Disk => disk::refuse(request, candidate),
            Self::Label => label::refuse(request, candidate),
            Self::CpuSet => cpu_set::refuse(request),
            Self::Port => port::refuse(request, candidate),
            Self::RequestedHost => requested_host::refuse(request, candidate),
            Self::VolumeTopology => volume_topology::refuse(request, candidate),
        }
    }
}

/// The configuration names a filter that is not there.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a filter; there are {list}", list = Filter::ALL.map(Filter::name).join(", "))]
pub struct UnknownFilter(pub String);

impl FromStr for Filter {
    type Err = UnknownFilter;
    fn from_str(name: &str) -> Result<Self, UnknownFilter> {
        Self::ALL
            .into_iter()
            .find(|filter| filter.name() == name)
            .ok_or_else(|| UnknownFilter(name.to_owned()))
    }
}

/// A host as one request sees it.
#[derive(Debug)]
pub(crate) struct Candidate<'a> {
    pub(crate) host: &'a HostView,
    pub(crate) free: Amounts,
}

impl<'a> Candidate<'a> {
    /// A host for a new container.
    pub(crate) fn of(host: &'a HostView) -> Self {
        Self::holding(host, Amounts::default())
    }

    /// The host of a container that holds a claim on it and may use that again.
    pub(crate) fn holding(host: &'a HostView, held: Amounts) -> Self {
        let others = host.allocated.minus(held);
        Self {
            host,
            free: host.capacity.minus(others).max(held),
        }
    }
}

/// What a filter says: the sentence for the user, and what it would have accepted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Refused {
    pub(crate) reason: String,
    /// `None` where no change of the request helps on this host.
    pub(crate) change: Option<Change>,
}

/// Every reason to refuse.
pub(crate) fn refusals(
    request: &Request,
    candidate: &Candidate<'_>,
    filters: &BTreeSet<Filter>,
) -> Vec<(Filter, Refused)> {
    filters
        .iter()
        .filter_map(|filter| Some((*filter, filter.refuse(request, candidate)?)))
        .collect()
}

/// There is no reason to refuse.
pub(crate) fn passes(
    request: &Request,
    candidate: &Candidate<'_>,
    filters: &BTreeSet<Filter>,
) -> bool {
    filters
        .iter()
        .all(|filter| filter.refuse(request, candidate).is_none())
}
