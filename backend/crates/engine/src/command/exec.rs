//! A command run inside a container, its output answered: Zun's `execute` with `run=true`.

use crate::call::Call;
use crate::context::Engine;
use crate::error::{Error, Result};

/// What a command has left.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExecOutput {
    /// What it printed, standard output and error mixed as it came; what is no UTF-8 is replaced.
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
        _command: Vec<String>,
    ) -> Result<ExecOutput> {
        self.container_get(call, ident).await?;
        Err(Error::Internal("commands are not run yet".to_owned()))
    }
}
