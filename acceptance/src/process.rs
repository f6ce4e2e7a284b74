//! Runs a program to its end, with a deadline, and keeps what it printed.

use std::fs;
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

/// The processes that this one has started and that have not been waited for, whichever of its threads it was.
pub fn children_of(pid: u32) -> Vec<u32> {
    let tasks = fs::read_dir(format!("/proc/{pid}/task"))
        .into_iter()
        .flatten()
        .flatten();
    let lists = tasks.filter_map(|task| fs::read_to_string(task.path().join("children")).ok());
    lists
        .flat_map(|list| {
            list.split_whitespace()
                .filter_map(|pid| pid.parse().ok())
                .collect::<Vec<u32>>()
        })
        .collect()
}

/// Whether a process is there and is no zombie.
pub fn runs(pid: u32) -> bool {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    status
        .lines()
        .any(|line| line.starts_with("State:") && !line.contains('Z'))
}

/// A program at work. It is killed when this goes out of scope.
#[derive(Debug)]
pub struct Running {
    command: String,
    child: Child,
    stdout: Option<thread::JoinHandle<String>>,
    stderr: Option<thread::JoinHandle<String>>,
}

impl Running {
    /// Starts `command`.
    pub fn start(command: &mut Command) -> Result<Self> {
        let shown = show(command);
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .with_context(|| format!("cannot start `{shown}`: is it installed?"))?;
        let stdout = child.stdout.take().map(collect);
        let stderr = child.stderr.take().map(collect);
        Ok(Self {
            command: shown,
            child,
            stdout,
            stderr,
        })
    }

    /// Its process id.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Ends it with SIGKILL.
    pub fn kill(&mut self) -> Result<()> {
        self.child.kill().context("cannot kill a child")
    }

    /// Waits for its end; kills it and fails when it has not ended by the deadline.
    pub fn finish(mut self, deadline: Duration) -> Result<Finished> {
        let status = wait(&mut self.child, deadline)?;
        if status.is_none() {
            self.child.kill().ok();
            self.child.wait().ok();
        }
        let said = |stream: &mut Option<thread::JoinHandle<String>>| {
            let text = stream.take().map(thread::JoinHandle::join);
            text.and_then(Result::ok).unwrap_or_default()
        };
        let finished = Finished {
            command: std::mem::take(&mut self.command),
            code: status.and_then(|status| status.code()),
            stdout: said(&mut self.stdout),
            stderr: said(&mut self.stderr),
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
}

impl Drop for Running {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

/// Runs `command`; kills it and fails when it has not ended by the deadline.
pub fn run(command: &mut Command, deadline: Duration) -> Result<Finished> {
    Running::start(command)?.finish(deadline)
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

fn collect(mut stream: impl Read + Send + 'static) -> thread::JoinHandle<String> {
    thread::spawn(move || {
        let mut bytes = Vec::new();
        stream.read_to_end(&mut bytes).ok();
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
