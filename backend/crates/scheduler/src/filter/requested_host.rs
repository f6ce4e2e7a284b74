//! `RequestedHost`: the host is the one that was asked for by name.

use crate::advice::Change;
use crate::filter::{Candidate, Refused};
use crate::place::Request;

pub(super) fn refuse(request: &Request, candidate: &Candidate<'_>) -> Option<Refused> {
    let name = &candidate.host.place.name;
    let asked = request
        .host
        .as_ref()
        .filter(|asked| asked.as_str() != name.as_str())?;
    Some(Refused {
        reason: format!("host: {asked:?} asked, this is {name}"),
        change: Some(Change::Host(name.clone())),
    })
}
