//! `CpuSetFilter`: cores of its own. No host reports that it can pin cores yet, so `dedicated` is refused
//! plainly instead of being treated as `shared`.

use zun_domain::container::spec::CpuPolicy;

use crate::advice::Change;
use crate::filter::Refused;
use crate::place::Request;

pub(super) fn refuse(request: &Request) -> Option<Refused> {
    match request.cpu_policy {
        CpuPolicy::Shared => None,
        CpuPolicy::Dedicated => Some(Refused {
            reason: "cpu_policy: dedicated asked, this host does not report that it can pin cores"
                .to_owned(),
            change: Some(Change::SharedCpu),
        }),
    }
}
