//! `AvailabilityZoneFilter`: the host is in the zone asked for.

use crate::advice::Change;
use crate::filter::{Candidate, Refused};
use crate::place::Request;

pub(super) fn refuse(request: &Request, candidate: &Candidate<'_>) -> Option<Refused> {
    let zone = &candidate.host.place.zone;
    let asked = request.zone_asked().filter(|asked| asked != zone)?;
    Some(Refused {
        reason: format!("availability_zone: {asked:?} asked, this host is in {zone:?}"),
        change: Some(Change::Zone(zone.clone())),
    })
}
