//! Runs a program to its end, with a deadline, and keeps what it printed.

use std::io::Read;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

/// What a program left behind when it ended.
#[derive(Debug, Clone)]
pub struct Finished {
    /// The command as a person would type it.
    pub command: String,
    /// The exit code; `None` when a signal ended it.
    pub code: Option<i32>,
    /// What it printed.
    pub stdout: String,
    /// What it printed as errors.
    pub stderr: String,
}

impl Finished {
    /// Fails, with everything the program said, unless it ended with code 0.
    pub fn success(self) -> Result<Self> {
        self.one_of(&[0])
    }

    /// Fails, with everything the program said, unless it ended with one of these codes.
    pub fn one_of(self, codes: &[i32]) -> Result<Self> {
        if self.code.is_some_and(|code| codes.contains(&code)) {
            return Ok(self);
        }
        bail!(
            "`{}` ended with {}\n{}\n{}",
            self.command,
            self.code
                .map_or_else(|| "a signal".to_owned(), |code| format!("code {code}")),
            self.stdout,
            self.stderr
        )
    }

    /// Both outputs, one after the other, for looking up a message.
    pub fn text(&self) -> String {
        format!("{}\n{}", self.stdout, self.stderr)
    }
}

/// Runs `command`; kills it and fails when it has not ended by the deadline.
pub fn run(command: &mut Command, deadline: Duration) -> Result<Finished> {
    let shown = show(command);
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .with_context(|| format!("cannot start `{shown}`: is it installed?"))?;
    let stdout = collect(child.stdout.take());
    let stderr = collect(child.stderr.take());
    let status = wait(&mut child, deadline)?;
    if status.is_none() {
        child.kill().ok();
        child.wait().ok();
    }
    let finished = Finished {
        command: shown,
        code: status.and_then(|status| status.code()),
        stdout: stdout.join().unwrap_or_default(),
        stderr: stderr.join().unwrap_or_default(),
    };
    if status.is_none() {
        bail!(
            "`{}` did not end within {} seconds and was killed\n{}\n{}",
            finished.command,
            deadline.as_secs(),
            finished.stdout,
            finished.stderr
        );
    }
    Ok(finished)
}

/// Waits for the child; `None` when the deadline came first.
pub fn wait(child: &mut Child, deadline: Duration) -> Result<Option<ExitStatus>> {
    let end = Instant::now() + deadline;
    loop {
        if let Some(status) = child.try_wait().context("cannot wait for a child")? {
            return Ok(Some(status));
        }
        if Instant::now() >= end {
            return Ok(None);
        }
        thread::sleep(Duration::from_millis(5));
    }
}

/// Asks `probe` again and again until it gives a value, or the deadline comes.
pub fn poll<T>(deadline: Duration, mut probe: impl FnMut() -> Option<T>) -> Option<T> {
    let end = Instant::now() + deadline;
    loop {
        if let Some(value) = probe() {
            return Some(value);
        }
        if Instant::now() >= end {
            return None;
        }
        thread::sleep(Duration::from_millis(20));
    }
}

fn collect(stream: Option<impl Read + Send + 'static>) -> thread::JoinHandle<String> {
    thread::spawn(move || {
        let mut bytes = Vec::new();
        if let Some(mut stream) = stream {
            stream.read_to_end(&mut bytes).ok();
        }
        String::from_utf8_lossy(&bytes).into_owned()
    })
}

fn show(command: &Command) -> String {
    std::iter::once(command.get_program())
        .chain(command.get_args())
        .map(|word| word.to_string_lossy().into_owned())
        .collect::<Vec<_>>()
        .join(" ")
}
