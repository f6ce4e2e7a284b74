//! The question and its answer: a host, or for every host every reason why not.

use std::collections::{BTreeMap, BTreeSet};

use zun_domain::container::spec::{CpuPolicy, Protocol};
use zun_domain::host::HostPlace;
use zun_domain::placement::{Placement, Refusal, Rejection, Unplaceable};
use zun_domain::unit::{Amounts, Millicpu};

use crate::advice;
use crate::filter::{self, Candidate, Filter, Refused};
use crate::search;
use crate::view::{ClusterView, HostView};

/// What becomes of the disk size of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum DiskRule {
    /// The host must be able to enforce the size. Asks nothing of the host where the size is 0.
    Enforced,
    /// The size is counted only: the configuration says `disk = "account"`.
    Account,
    /// The user asked for none; what `amounts` holds is the default, which is counted.
    #[default]
    NoneAsked,
}

/// What a container asks of its host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// What it will claim.
    pub amounts: Amounts,
    /// The most processing time that one of its containers asks for; of one alone that of `amounts`.
    pub most_cpu: Millicpu,
    /// The zone asked for; an empty text is none.
    pub zone: Option<String>,
    /// The OCI runtime asked for.
    pub runtime: Option<String>,
    /// The name of the host asked for.
    pub host: Option<String>,
    /// Hints: `label:<key>` = value of a label of the host's engine, and `runtime`, `architecture`, `os`.
    /// Others are ignored, as in Zun.
    pub hints: BTreeMap<String, String>,
    /// Whether it asks for cores of its own.
    pub cpu_policy: CpuPolicy,
    /// What becomes of `amounts.disk`.
    pub disk: DiskRule,
    /// Host ports asked for by number.
    pub ports: Vec<(Protocol, u16)>,
    /// Volumes asked for, as they were named, and where they are.
    pub volumes: Vec<(String, HostPlace)>,
    /// Breaks ties: the same seed on the same view gives the same host.
    pub seed: u64,
}

impl Request {
    /// A request that asks for nothing but these amounts.
    pub fn of(amounts: Amounts) -> Self {
        Self {
            amounts,
            most_cpu: amounts.cpu,
            zone: None,
            runtime: None,
            host: None,
            hints: BTreeMap::new(),
            cpu_policy: CpuPolicy::Shared,
            disk: DiskRule::NoneAsked,
            ports: Vec::new(),
            volumes: Vec::new(),
            seed: 0,
        }
    }

    /// The zone asked for, where one is.
    pub(crate) fn zone_asked(&self) -> Option<&str> {
        self.zone.as_deref().filter(|zone| !zone.is_empty())
    }

    /// The host must be able to enforce a size of disk.
    pub(crate) fn disk_enforced(&self) -> bool {
        match self.disk {
            DiskRule::Enforced => self.amounts.disk.0 > 0,
            DiskRule::Account | DiskRule::NoneAsked => false,
        }
    }
}

/// The best host for a request. Takes nothing: [`ClusterView::allocate`] does.
pub fn place(request: &Request, view: &ClusterView) -> Result<Placement, Unplaceable> {
    match search::best(request, view) {
        Some(host) => Ok(Placement {
            place: host.place.clone(),
        }),
        None => Err(refuse(request, view)),
    }
}

/// Whether a host already chosen would take a change of its container, and every reason why not. Asks
/// every filter, with `held`, the present claim of the container, given back first; what it holds stays
/// its own even where the host is overfull. `request.ports` are those that it does not have yet.
pub fn fits(request: &Request, host: &HostView, held: Amounts) -> Result<(), Rejection> {
    fits_under(request, host, held, &Filter::ALL.into())
}

/// As [`fits`], with some filters only.
pub fn fits_under(
    request: &Request,
    host: &HostView,
    held: Amounts,
    filters: &BTreeSet<Filter>,
) -> Result<(), Rejection> {
    let refused = filter::refusals(request, &Candidate::holding(host, held), filters);
    if refused.is_empty() {
        return Ok(());
    }
    Err(rejection(host, &refused))
}

fn rejection(host: &HostView, refused: &[(Filter, Refused)]) -> Rejection {
    Rejection {
        host: host.place.name.clone(),
        refusals: refused
            .iter()
            .map(|(filter, refused)| Refusal {
                filter: filter.name().to_owned(),
                reason: refused.reason.clone(),
            })
            .collect(),
    }
}

/// Every reason of every host, by name, and the smallest change that would fit.
fn refuse(request: &Request, view: &ClusterView) -> Unplaceable {
    let mut hosts: Vec<&HostView> = view.hosts().collect();
    hosts.sort_by(|a, b| a.place.name.cmp(&b.place.name));
    let mut smallest = advice::Smallest::default();
    let mut rejections = Vec::with_capacity(hosts.len());
    for host in hosts {
        let refused = filter::refusals(request, &Candidate::of(host), &view.policy().filters);
        smallest.consider(request, host, &refused);
        rejections.push(rejection(host, &refused));
    }
    Unplaceable {
        rejections,
        advice: smallest.sentence(),
    }
}

#[cfg(test)]
mod tests;
