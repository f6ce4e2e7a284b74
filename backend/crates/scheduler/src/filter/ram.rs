//! `RamFilter`: memory is left, and no less is asked than the engine gives to a container.

use crate::advice::Change;
use crate::filter::{Candidate, Refused};
use crate::place::Request;

pub(super) fn refuse(request: &Request, candidate: &Candidate<'_>) -> Option<Refused> {
    let (asked, free) = (request.amounts.memory, candidate.free.memory);
    let least = candidate.host.facts.minimum_memory;
    let mut reasons = Vec::new();
    if asked < least {
        reasons.push(format!("the least a container may be given is {least} MiB"));
    }
    if asked > free {
        let whole = candidate.host.capacity.memory;
        reasons.push(format!("{free} of {whole} MiB free"));
    }
    if reasons.is_empty() {
        return None;
    }
    let change = if asked < least {
        Change::MemoryAtLeast(least)
    } else {
        Change::MemoryAtMost(free)
    };
    Some(Refused {
        reason: format!("memory: {asked} MiB asked, {}", reasons.join(", ")),
        change: (free >= least && free.0 > 0).then_some(change),
    })
}
