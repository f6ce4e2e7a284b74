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
pub(in crate::resource) enum Deed {
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

/// What it was done to.
pub(in crate::resource) struct About<'a> {
    /// `container`, `capsule`.
    pub(in crate::resource) noun: &'static str,
    /// Its name.
    pub(in crate::resource) name: &'a str,
    /// Its own reason for being as it is.
    pub(in crate::resource) reason: Option<&'a str>,
    /// The command that shows it.
    pub(in crate::resource) show: &'static str,
    /// The command that shows what it prints.
    pub(in crate::resource) logs: &'static str,
    /// What that command is told instead of its id; empty where it is that.
    pub(in crate::resource) whose: &'static str,
}

fn container<'a>(name: &'a str, reason: Option<&'a str>) -> About<'a> {
    About {
        noun: "container",
        name,
        reason,
        show: "openstack appcontainer show",
        logs: "openstack appcontainer logs",
        whose: "",
    }
}

/// An operation that ended without success.
pub(super) fn of_operation(
    deed: Deed,
    operation: &Operation,
    now: Option<&Container>,
) -> Diagnostic {
    let name = now.map_or(operation.subject.as_str(), |c| c.name.as_str());
    let reason = now.and_then(|container| container.status_reason.as_deref());
    told(deed, operation, &container(name, reason))
}

/// The same of whatever it was done to.
pub(in crate::resource) fn told(
    deed: Deed,
    operation: &Operation,
    about: &About<'_>,
) -> Diagnostic {
    let failure = operation.failure.as_ref();
    let message = failure.map_or_else(
        || format!("The operation was {}", operation.state.as_str()),
        |failure| sentence(&failure.message),
    );
    let mut text = format!("{message}.");
    if let Some(reason) = about.reason.filter(|reason| !same(reason, &message)) {
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
    let _ = write!(text, "\n\n{}", next(deed, about, &operation.subject));
    let (noun, name) = (sentence(about.noun), about.name);
    Diagnostic::error(format!("{noun} {name} could not be {}", deed.done()), text)
}

fn line(text: &mut String, words: std::fmt::Arguments<'_>) {
    let _ = write!(text, "\n{words}");
}

/// One says what the other says.
fn same(a: &str, b: &str) -> bool {
    let plain = |text: &str| sentence(text).to_lowercase();
    plain(a).contains(&plain(b)) || plain(b).contains(&plain(a))
}

fn next(deed: Deed, about: &About<'_>, uuid: &str) -> String {
    let About {
        noun, show, logs, ..
    } = about;
    match deed {
        Deed::Create => format!(
            "Correct the cause and apply again: what is left of this one is then replaced. \
             `{show} {uuid}` shows it until then."
        ),
        Deed::Update if about.whose.is_empty() => format!(
            "The {noun} is as it was before. Correct the cause and apply again; \
             `{logs} {uuid}` shows all that it prints."
        ),
        Deed::Update => format!(
            "The {noun} is as it was before. Correct the cause and apply again; \
             `{logs}` {} shows all that this one prints.",
            about.whose
        ),
        Deed::Delete => {
            format!("Apply again; `{show} {uuid}` shows what is left.")
        }
    }
}

/// An operation that was not followed to its end.
pub(super) fn of_unfinished(deed: Deed, name: &str, unfinished: &Unfinished) -> Diagnostic {
    of_unfinished_of(deed, &container(name, None), unfinished)
}

/// The same of whatever it is.
pub(in crate::resource) fn of_unfinished_of(
    deed: Deed,
    about: &About<'_>,
    unfinished: &Unfinished,
) -> Diagnostic {
    let (noun, name) = (sentence(about.noun), about.name);
    let summary = format!("{noun} {name} is not {} yet", deed.done());
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
    of_refused_create_of("container", error, planned)
}

/// The same of whatever was to be made.
pub(in crate::resource) fn of_refused_create_of(
    noun: &str,
    error: &Error,
    planned: &Value,
) -> Diagnostic {
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
        format!("{} {name} exists already", sentence(noun)),
        format!(
            "{}.\n\nTo manage the one that exists, import it, with the address of this resource in place of \
             zun_{noun}.example:\n\n  terraform import zun_{noun}.example {uuid}\n\nOr give this one another name.",
            sentence(&error.cause().to_string())
        ),
    )
    .at("name")
}
