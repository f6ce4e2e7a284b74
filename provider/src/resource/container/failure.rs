//! Why an apply did not work, with everything that helps to mend it.

use std::fmt::Write;

use tfplugin::{Diagnostic, Value};
use zun_api_types::container::Container;
use zun_api_types::operation::Operation;
use zun_client::Error;

use crate::report::{detail, failed, sentence};
use crate::wait::Unfinished;

/// What was being done to a container.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Deed {
    Create,
    Update,
    Delete,
}

impl Deed {
    fn done(self) -> &'static str {
        match self {
            Self::Create => "created",
            Self::Update => "changed",
            Self::Delete => "deleted",
        }
    }

    fn timeout(self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::Update => "update",
            Self::Delete => "delete",
        }
    }
}

/// An operation that ended without success.
pub(super) fn of_operation(
    deed: Deed,
    operation: &Operation,
    now: Option<&Container>,
) -> Diagnostic {
    let name = now.map_or(operation.subject.as_str(), |c| c.name.as_str());
    let failure = operation.failure.as_ref();
    let message = failure.map_or_else(
        || format!("The operation was {}", operation.state.as_str()),
        |failure| sentence(&failure.message),
    );
    let mut text = format!("{message}.");
    let reason = now.and_then(|container| container.status_reason.as_deref());
    if let Some(reason) = reason.filter(|reason| !same(reason, &message)) {
        line(&mut text, format_args!("{}.", sentence(reason)));
    }
    let exit = failure
        .and_then(|f| f.exit_code)
        .filter(|code| !message.contains(&code.to_string()));
    if let Some(code) = exit {
        line(&mut text, format_args!("Exit code {code}."));
    }
    if failure.is_some_and(|failure| failure.oom_killed) {
        line(
            &mut text,
            format_args!("The kernel ended it for lack of memory (OOM): raise memory."),
        );
    }
    let log = failure.map_or(&[][..], |failure| &failure.last_log);
    if !log.is_empty() {
        let from = log.len().saturating_sub(20);
        text.push_str("\n\nThe last lines it printed:");
        for printed in &log[from..] {
            let _ = write!(text, "\n  {printed}");
        }
    }
    let _ = write!(text, "\n\n{}", next(deed, &operation.subject));
    Diagnostic::error(
        format!("Container {name} could not be {}", deed.done()),
        text,
    )
}

fn line(text: &mut String, words: std::fmt::Arguments<'_>) {
    let _ = write!(text, "\n{words}");
}

/// One says what the other says.
fn same(a: &str, b: &str) -> bool {
    let plain = |text: &str| sentence(text).to_lowercase();
    plain(a).contains(&plain(b)) || plain(b).contains(&plain(a))
}

fn next(deed: Deed, uuid: &str) -> String {
    match deed {
        Deed::Create => format!(
            "Correct the cause and apply again: what is left of this one is then replaced. \
             `openstack appcontainer show {uuid}` shows it until then."
        ),
        Deed::Update => format!(
            "The container is as it was before. Correct the cause and apply again; \
             `openstack appcontainer logs {uuid}` shows all that it prints."
        ),
        Deed::Delete => {
            format!("Apply again; `openstack appcontainer show {uuid}` shows what is left.")
        }
    }
}

/// An operation that was not followed to its end.
pub(super) fn of_unfinished(deed: Deed, name: &str, unfinished: &Unfinished) -> Diagnostic {
    let summary = format!("Container {name} is not {} yet", deed.done());
    let progress = |operation: &Operation| {
        let progress = if operation.progress.is_empty() {
            operation.state.as_str()
        } else {
            &operation.progress
        };
        format!(
            "step {} of {}, {progress}",
            operation.steps_done, operation.steps
        )
    };
    let text = match unfinished {
        Unfinished::Stopped(operation) => format!(
            "The run was stopped; the server goes on with it ({}). Plan again to see how it ended.",
            progress(operation)
        ),
        Unfinished::TimedOut(operation, timeout) => format!(
            "It took longer than {} seconds and the server goes on with it ({}). Plan again to see how it ended, or \
             give it more time with timeouts = {{ {} = \"1h\" }}.",
            timeout.as_secs(),
            progress(operation),
            deed.timeout()
        ),
        Unfinished::Lost(error) => format!(
            "{} The server goes on with it; plan again to see how it ended.",
            detail(error)
        ),
    };
    Diagnostic::error(summary, text)
}

/// A create that was refused; a name that is taken comes with the way to take the container over.
pub(super) fn of_refused_create(error: &Error, planned: &Value) -> Diagnostic {
    let existing = error
        .refusal()
        .and_then(|refusal| refusal.existing.as_deref());
    let Some(uuid) = existing else {
        return failed(error);
    };
    let name = planned
        .get("name")
        .ok()
        .and_then(Value::as_str)
        .unwrap_or(uuid);
    Diagnostic::error(
        format!("Container {name} exists already"),
        format!(
            "{}.\n\nTo manage the one that exists, import it, with the address of this resource in place of \
             zun_container.example:\n\n  terraform import zun_container.example {uuid}\n\nOr give this one another name.",
            sentence(&error.cause().to_string())
        ),
    )
    .at("name")
}
