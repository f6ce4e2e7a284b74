//! A command run inside a container, its output answered: Zun's `execute` with `run=true`.

use std::time::Duration;

use zun_domain::container::Verb;
use zun_domain::runtime::RuntimeName;
use zun_driver::Class;

use super::update_container::check_verb;
use crate::call::Call;
use crate::context::Engine;
use crate::error::{Error, Result};

/// What a command has left.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExecOutput {
    /// What it printed, standard output and error mixed as it came; what is no UTF-8 is replaced. It ends where the
    /// driver's bound is.
    pub output: String,
    /// Exit code.
    pub exit_code: i64,
}

impl Engine {
    /// Runs a command to its end. One that takes longer than the setting `exec_seconds` is [`Error::Conflict`]; it
    /// goes on in the container.
    pub async fn container_exec(
        &self,
        call: &Call,
        ident: &str,
        command: Vec<String>,
    ) -> Result<ExecOutput> {
        if command.is_empty() {
            return Err(Error::invalid(
                "command",
                "give at least the program to run",
            ));
        }
        let container = self.container_get(call, ident).await?;
        check_verb(&container, Verb::Execute)?;
        let runtime = &self.drivers(container.place.id)?.runtime;
        let seconds = self.settings.exec_seconds;
        let running = runtime.exec(RuntimeName::Current(container.id), &command);
        let Ok(ran) = tokio::time::timeout(Duration::from_secs(seconds), running).await else {
            return Err(Error::Conflict(format!(
                "the command has not ended in container {} after {seconds} s and goes on there; exec_seconds in zund's \
                 configuration bounds this",
                container.id
            )));
        };
        let ran = ran.map_err(|error| match error.class {
            Class::Refused => Error::invalid("command", error.message),
            _ => error.into(),
        })?;
        Ok(ExecOutput {
            output: String::from_utf8_lossy(&ran.output).into_owned(),
            exit_code: ran.exit_code,
        })
    }
}
