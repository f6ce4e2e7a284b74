//! `DiskFilter`: disk is left, and the storage driver enforces a size where that is the rule.

use crate::advice::Change;
use crate::filter::{Candidate, Refused};
use crate::place::{DiskRule, Request};

pub(super) fn refuse(request: &Request, candidate: &Candidate<'_>) -> Option<Refused> {
    let (asked, free) = (request.amounts.disk, candidate.free.disk);
    let unenforced = request.disk_enforced() && !candidate.host.facts.disk_quota;
    let mut reasons = Vec::new();
    if unenforced {
        reasons.push("the storage driver of this host cannot enforce a size".to_owned());
    }
    if asked > free {
        let whole = candidate.host.capacity.disk;
        reasons.push(format!("{free} of {whole} GiB free"));
    }
    if reasons.is_empty() {
        return None;
    }
    let change = match request.disk {
        DiskRule::Enforced if unenforced => Some(Change::NoDisk),
        DiskRule::Enforced | DiskRule::Account | DiskRule::NoneAsked => {
            (free.0 > 0).then_some(Change::DiskAtMost(free))
        }
    };
    Some(Refused {
        reason: format!("disk: {asked} GiB asked, {}", reasons.join(", ")),
        change,
    })
}
