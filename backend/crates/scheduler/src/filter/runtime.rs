//! `RuntimeFilter`: the engine of the host offers the OCI runtime asked for.

use crate::advice::Change;
use crate::filter::{Candidate, Refused};
use crate::place::Request;

pub(super) fn refuse(request: &Request, candidate: &Candidate<'_>) -> Option<Refused> {
    let offered = &candidate.host.facts.runtimes;
    let asked = request
        .runtime
        .as_ref()
        .filter(|asked| !offered.contains(*asked))?;
    let names: Vec<String> = offered.iter().cloned().collect();
    let list = if names.is_empty() {
        "none".to_owned()
    } else {
        names.join(", ")
    };
    Some(Refused {
        reason: format!("runtime: {asked:?} asked, this host offers {list}"),
        change: (!names.is_empty()).then_some(Change::Runtime(names)),
    })
}
