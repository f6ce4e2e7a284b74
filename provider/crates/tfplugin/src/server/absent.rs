//! Answers for what this crate's providers do not have: functions, ephemeral resources, lists,
//! actions, state stores and generated configuration.

use super::answer::Answer;
use super::convert::diagnostics_to_proto;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::proto::tfplugin6 as proto;

/// The error about something the provider does not have.
pub(super) fn unknown(what: &str, name: &str) -> Diagnostics {
    Diagnostic::error(
        format!("No such {what}"),
        format!("The provider has no {what} {name:?}."),
    )
    .into()
}

/// The same as the result of a call.
pub(super) fn refuse<A: Answer>(what: &str, name: &str) -> Result<A, Diagnostics> {
    Err(unknown(what, name))
}

pub(super) fn function(name: &str) -> proto::call_function::Response {
    proto::call_function::Response {
        result: None,
        error: Some(proto::FunctionError {
            text: format!("The provider has no function {name:?}."),
            function_argument: None,
        }),
    }
}

pub(super) fn list(name: &str) -> proto::list_resource::Event {
    proto::list_resource::Event {
        diagnostic: diagnostics_to_proto(unknown("list resource", name)).collect(),
        ..Default::default()
    }
}

/// A stream of events has to end with one that says it is complete.
pub(super) fn action(name: &str) -> proto::invoke_action::Event {
    use proto::invoke_action::event::{Completed, Type};
    proto::invoke_action::Event {
        r#type: Some(Type::Completed(Completed {
            diagnostics: diagnostics_to_proto(unknown("action", name)).collect(),
        })),
    }
}
