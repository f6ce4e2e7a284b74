//! `PortFilter`: the host ports asked for are free.

use crate::advice::Change;
use crate::filter::{Candidate, Refused};
use crate::place::Request;

pub(super) fn refuse(request: &Request, candidate: &Candidate<'_>) -> Option<Refused> {
    let taken: Vec<String> = request
        .ports
        .iter()
        .filter(|port| candidate.host.ports_taken.contains(port))
        .map(|(protocol, port)| format!("{port}/{protocol}"))
        .collect();
    if taken.is_empty() {
        return None;
    }
    Some(Refused {
        reason: format!(
            "ports: {} asked, already taken on this host",
            taken.join(", ")
        ),
        change: Some(Change::OtherPorts(taken)),
    })
}
