//! `CpuFilter`: processing time is left, and one request never exceeds the cores of the machine, whatever
//! the overcommit: the engine refuses that.

use zun_domain::unit::Millicpu;

use crate::advice::Change;
use crate::filter::{Candidate, Refused};
use crate::place::Request;

/// The amount with its unit: `1 core`, `0.5 cores`.
pub(crate) fn cores(cpu: Millicpu) -> String {
    let unit = if cpu == Millicpu::CORE {
        "core"
    } else {
        "cores"
    };
    format!("{cpu} {unit}")
}

pub(super) fn refuse(request: &Request, candidate: &Candidate<'_>) -> Option<Refused> {
    let (asked, free) = (request.amounts.cpu, candidate.free.cpu);
    let machine = candidate.host.facts.cpus;
    let room = free.min(machine);
    if asked <= room {
        return None;
    }
    let mut reasons = Vec::new();
    if asked > machine {
        reasons.push(format!(
            "one container gets at most the {} of the machine",
            cores(machine)
        ));
    }
    if asked > free {
        let whole = candidate.host.capacity.cpu;
        reasons.push(format!("{free} of {} free", cores(whole)));
    }
    Some(Refused {
        reason: format!("cpu: {} asked, {}", cores(asked), reasons.join(", ")),
        change: (room > Millicpu(0)).then_some(Change::CpuAtMost(room)),
    })
}
