//! `CpuFilter`: processing time is left, and no container gets more than the cores of the machine,
//! whatever the overcommit: the engine refuses that. A capsule is the sum of its containers, which may be more.

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
    let (most, machine) = (request.most_cpu, candidate.host.facts.cpus);
    if asked <= free && most <= machine {
        return None;
    }
    let room = if most > machine {
        free.min(machine)
    } else {
        free
    };
    let shown = if most > machine { most } else { asked };
    let mut reasons = Vec::new();
    if most > machine {
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
        reason: format!("cpu: {} asked, {}", cores(shown), reasons.join(", ")),
        change: (room > Millicpu(0)).then_some(Change::CpuAtMost(room)),
    })
}
