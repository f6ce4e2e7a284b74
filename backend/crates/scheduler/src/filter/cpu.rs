//! `CpuFilter`: processing time is left, and one request never exceeds the cores of the machine, whatever
//! the overcommit: the engine refuses that.

use zun_domain::unit::Millicpu;

use crate::advice::Change;
use crate::filter::{Candidate, Refused};
use crate::place::Request;

pub(super) fn refuse(request: &Request, candidate: &Candidate<'_>) -> Option<Refused> {
    let (asked, free) = (request.amounts.cpu, candidate.free.cpu);
    let cores = candidate.host.facts.cpus;
    let room = free.min(cores);
    if asked <= room {
        return None;
    }
    let mut reasons = Vec::new();
    if asked > cores {
        reasons.push(format!(
            "one container gets at most the {cores} cores of the machine"
        ));
    }
    if asked > free {
        let whole = candidate.host.capacity.cpu;
        reasons.push(format!("{free} of {whole} cores free"));
    }
    Some(Refused {
        reason: format!("cpu: {asked} cores asked, {}", reasons.join(", ")),
        change: (room > Millicpu(0)).then_some(Change::CpuAtMost(room)),
    })
}
