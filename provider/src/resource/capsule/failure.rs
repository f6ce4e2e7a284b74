//! Why an apply did not work, in the words of `zun_container`.

use tfplugin::{Diagnostic, Value};
use zun_api_types::capsule::Capsule;
use zun_api_types::operation::Operation;
use zun_client::Error;

use crate::resource::container::failure::{self, About, Deed};
use crate::wait::Unfinished;

fn about<'a>(name: &'a str, reason: Option<&'a str>) -> About<'a> {
    About {
        noun: "capsule",
        name,
        reason,
        show: "openstack capsule show",
        logs: "openstack appcontainer logs",
        whose: "of one of its container_ids",
    }
}

/// An operation that ended without success.
pub(super) fn of_operation(deed: Deed, operation: &Operation, now: Option<&Capsule>) -> Diagnostic {
    let name = now.map_or(operation.subject.as_str(), |capsule| capsule.name.as_str());
    let reason = now.and_then(|capsule| capsule.status_reason.as_deref());
    failure::told(deed, operation, &about(name, reason))
}

/// An operation that was not followed to its end.
pub(super) fn of_unfinished(deed: Deed, name: &str, unfinished: &Unfinished) -> Diagnostic {
    failure::of_unfinished_of(deed, &about(name, None), unfinished)
}

/// A create that was refused; a name that is taken comes with the way to take the capsule over.
pub(super) fn of_refused_create(error: &Error, planned: &Value) -> Diagnostic {
    failure::of_refused_create_of("capsule", error, planned)
}
