//! `VolumeTopologyFilter`: the volumes asked for by name are on the host.

use crate::filter::{Candidate, Refused};
use crate::place::Request;

pub(super) fn refuse(request: &Request, candidate: &Candidate<'_>) -> Option<Refused> {
    let here = &candidate.host.place;
    let (name, place) = request
        .volumes
        .iter()
        .find(|(_, place)| place.id != here.id)?;
    Some(Refused {
        reason: format!("volume: {name} is on {}, this is {}", place.name, here.name),
        change: None,
    })
}
