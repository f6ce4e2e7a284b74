//! The best host that no filter refuses, found without looking at every host.

use std::cmp::Reverse;

use zun_domain::container::spec::CpuPolicy;
use zun_domain::unit::{Amounts, DiskGib, MemoryMib, Millicpu};

use crate::filter::{self, Candidate, Filter};
use crate::index::room;
use crate::place::Request;
use crate::policy::Policy;
use crate::ranking::{Rank, covers};
use crate::score::{Score, ring, score, start};
use crate::view::{ClusterView, HostView};

/// So few hosts are looked at one by one instead of walking the order to them.
const FEW: u32 = 64;

/// The best host for a request.
pub(crate) fn best<'a>(request: &Request, view: &'a ClusterView) -> Option<&'a HostView> {
    let (policy, hosts, index) = view.parts();
    if hopeless(request, policy) {
        return None;
    }
    let passes = |host: &HostView| filter::passes(request, &Candidate::of(host), &policy.filters);
    let from = start(request.seed);
    let mask = index.mask(request, policy, hosts.len());
    let need = need(request, policy);
    if let Some(few) = mask.as_ref().filter(|mask| mask.at_most(FEW)) {
        return few
            .iter()
            .filter_map(|slot| hosts.get(slot))
            .filter(|host| covers(room(host), need) && passes(host))
            .min_by_key(|host| order(host, policy, from));
    }
    let fits = |slot: usize| {
        mask.as_ref().is_none_or(|mask| mask.contains(slot)) && hosts.get(slot).is_some_and(passes)
    };
    let ranking = index.ranking(request, policy)?;
    let first = ranking.first(&Rank::all(), need, fits)?;
    // The score is now known to be the best there is. Of the hosts that have it, the first one from the
    // request's point of the ring on wins; where none is left there the ring begins again, with `first`.
    let winner = if first.ring >= from {
        first
    } else {
        ranking
            .first(&first.tied_from(from), need, fits)
            .unwrap_or(first)
    };
    hosts.get(winner.slot)
}

/// The order in which hosts that pass are preferred: the least is the best.
pub(crate) fn order(host: &HostView, policy: &Policy, from: u64) -> (Reverse<Score>, u64) {
    (
        Reverse(score(host, &policy.weights)),
        ring(host.place.id).wrapping_sub(from),
    )
}

/// Every host would be refused.
fn hopeless(request: &Request, policy: &Policy) -> bool {
    match request.cpu_policy {
        CpuPolicy::Shared => false,
        CpuPolicy::Dedicated => policy.filters.contains(&Filter::CpuSet),
    }
}

/// The room a host must have, as far as the filters that look at it are on.
fn need(request: &Request, policy: &Policy) -> Amounts {
    let on = |filter| policy.filters.contains(&filter);
    let asked = request.amounts;
    Amounts {
        cpu: if on(Filter::Cpu) {
            asked.cpu
        } else {
            Millicpu(0)
        },
        memory: if on(Filter::Ram) {
            asked.memory
        } else {
            MemoryMib(0)
        },
        disk: if on(Filter::Disk) {
            asked.disk
        } else {
            DiskGib(0)
        },
    }
}
