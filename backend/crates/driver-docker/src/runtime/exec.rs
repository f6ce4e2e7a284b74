//! A command run in a container, its output gathered.

use bollard::exec::{StartExecOptions, StartExecResults};
use bollard::models::ExecConfig;
use futures::StreamExt;
use std::time::Duration;

use zun_driver::runtime::{MOST_OUTPUT, Ran};
use zun_driver::{Class, Error, Result};

use crate::Docker;

/// The engine closes the output a moment before it writes the exit code down.
const LOOK_AGAIN: Duration = Duration::from_millis(20);

impl Docker {
    /// Two calls and a look: the engine says the exit code on request only.
    pub(super) async fn run(&self, name: &str, command: &[String]) -> Result<Ran> {
        let tried = format!("run a command in container {name}");
        let client = self.client().await?;
        let config = ExecConfig {
            attach_stdout: Some(true),
            attach_stderr: Some(true),
            cmd: Some(command.to_vec()),
            ..ExecConfig::default()
        };
        let made = client.create_exec(name, config).await;
        let id = made.map_err(|error| self.told(&tried, error))?.id;
        let started = client.start_exec(&id, None::<StartExecOptions>).await;
        let started = started.map_err(|error| self.told(&tried, error))?;
        let mut gathered = Gathered::default();
        if let StartExecResults::Attached { mut output, .. } = started {
            while let Some(piece) = output.next().await {
                let piece = piece.map_err(|error| self.told(&tried, error))?;
                gathered.take(piece.as_ref());
            }
        }
        loop {
            let shown = client.inspect_exec(&id).await;
            let shown = shown.map_err(|error| self.told(&tried, error))?;
            match (shown.running, shown.exit_code) {
                (Some(false) | None, Some(code)) => return gathered.ended(&tried, code),
                _ => crate::wait_a_little(LOOK_AGAIN).await,
            }
        }
    }
}

/// Output, up to the most that is kept; the rest is read, so that the command does not wait for a reader.
#[derive(Default)]
struct Gathered {
    output: Vec<u8>,
    cut: bool,
}

impl Gathered {
    fn take(&mut self, piece: &[u8]) {
        let room = MOST_OUTPUT.saturating_sub(self.output.len());
        let kept = &piece[..piece.len().min(room)];
        self.output.extend_from_slice(kept);
        self.cut |= kept.len() < piece.len();
    }

    /// What the engine could not execute it says in place of the output: the runtime's words, and a code that a shell
    /// gives for it.
    fn ended(self, tried: &str, exit_code: i64) -> Result<Ran> {
        let text = String::from_utf8_lossy(&self.output);
        if matches!(exit_code, 126 | 127) && text.starts_with("OCI runtime exec failed") {
            let sentence = format!("cannot {tried}: {}", text.trim());
            return Err(Error::new(Class::Refused, sentence));
        }
        Ok(Ran {
            output: self.output,
            cut: self.cut,
            exit_code,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn output_is_cut_where_it_is_too_much() {
        let mut gathered = Gathered::default();
        gathered.take(&vec![b'a'; MOST_OUTPUT - 1]);
        gathered.take(b"b");
        assert!(!gathered.cut);
        gathered.take(b"c");
        let ran = gathered.ended("run", 0).unwrap();
        assert_eq!(
            (ran.output.len(), ran.output.last(), ran.cut),
            (MOST_OUTPUT, Some(&b'b'), true)
        );
    }

    #[test]
    fn what_cannot_be_executed_is_refused() {
        let mut gathered = Gathered::default();
        gathered.take(b"OCI runtime exec failed: exec failed: no such file\r\n");
        let refused = gathered.ended("run a command", 126).unwrap_err();
        assert_eq!(refused.class, Class::Refused);
        assert!(refused.message.ends_with("no such file"), "{refused}");
    }
}
