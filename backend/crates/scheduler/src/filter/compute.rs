//! `ComputeFilter`: the host answers, and no administrator took it out of scheduling.

use crate::filter::{Candidate, Refused};
use crate::view::HostView;

/// Whether this filter would let the host pass.
pub(crate) fn usable(host: &HostView) -> bool {
    host.down.is_none() && host.disabled.is_none()
}

pub(super) fn refuse(candidate: &Candidate<'_>) -> Option<Refused> {
    let host = candidate.host;
    let down = host.down.as_ref().map(|why| format!("down: {why}"));
    let disabled = host.disabled.as_ref().map(|why| format!("disabled: {why}"));
    let reasons: Vec<String> = down.into_iter().chain(disabled).collect();
    if reasons.is_empty() {
        return None;
    }
    Some(Refused {
        reason: format!("this host is {}", reasons.join(", and ")),
        change: None,
    })
}
