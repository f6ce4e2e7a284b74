//! A `zund` of this build with the pretended runtime, on a free port and a data directory of its own.

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};

use crate::wire;

/// Nothing here takes longer, also on a machine that is busy with other tests.
const DEADLINE: Duration = Duration::from_mins(1);

/// The program, without settings from the surroundings.
pub(crate) fn command(home: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_zund"));
    for (name, _) in std::env::vars_os() {
        let ours = name
            .to_str()
            .is_some_and(|name| name.starts_with("ZUND_") || name.starts_with("XDG_"));
        if ours {
            command.env_remove(name);
        }
    }
    command
        .env("HOME", home)
        .env("ZUND_RUNTIME", "fake")
        .stdin(Stdio::null());
    command
}

/// Runs it to its end: exit code, standard output, standard error.
pub(crate) fn run(
    home: &Path,
    words: &[&str],
    variables: &[(&str, &str)],
) -> (i32, String, String) {
    let output = command(home)
        .args(words)
        .envs(variables.iter().copied())
        .output()
        .unwrap();
    (
        output.status.code().unwrap_or(-1),
        String::from_utf8(output.stdout).unwrap(),
        String::from_utf8(output.stderr).unwrap(),
    )
}

/// A running one. Killed when dropped.
pub(crate) struct Zund {
    pub(crate) data: PathBuf,
    pub(crate) url: String,
    pub(crate) said: Vec<String>,
    pid: Pid,
    logged: Receiver<String>,
    ended: Receiver<(ExitStatus, String)>,
    over: bool,
}

impl Zund {
    /// Starts it and waits until it listens.
    pub(crate) fn start(data: &Path, words: &[&str]) -> Self {
        let mut child = command(data)
            .arg("serve")
            .args(["--listen", "127.0.0.1:0", "--data-dir"])
            .arg(data)
            .args(words)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let pid = Pid::from_child(&child);
        let (out, err) = (child.stdout.take().unwrap(), child.stderr.take().unwrap());
        let (line_in, lines) = channel();
        std::thread::spawn(move || {
            for line in BufReader::new(out).lines().map_while(Result::ok) {
                let _ = line_in.send(line);
            }
        });
        let (ended_in, ended) = channel();
        let (log_in, logged) = channel();
        std::thread::spawn(move || {
            let mut log = String::new();
            for line in BufReader::new(err).lines().map_while(Result::ok) {
                log.push_str(&line);
                log.push('\n');
                let _ = log_in.send(line);
            }
            let _ = ended_in.send((child.wait().unwrap(), log));
        });
        let mut zund = Self {
            data: data.to_path_buf(),
            url: String::new(),
            said: Vec::new(),
            pid,
            logged,
            ended,
            over: false,
        };
        zund.hear(&lines);
        zund
    }

    fn hear(&mut self, lines: &Receiver<String>) {
        let Ok(first) = lines.recv_timeout(DEADLINE) else {
            let (status, log) = self.wait();
            panic!("zund ended with {status} at its start:\n{log}");
        };
        first
            .strip_prefix("listening on ")
            .unwrap_or(&first)
            .clone_into(&mut self.url);
        self.said.push(first);
        self.said.extend(lines.try_iter());
    }

    /// `host:port`.
    pub(crate) fn address(&self) -> String {
        self.url.rsplit('/').next().unwrap().to_owned()
    }

    /// The text of a file in the data directory.
    pub(crate) fn file(&self, name: &str) -> String {
        std::fs::read_to_string(self.data.join(name)).unwrap_or_default()
    }

    /// The password in `openrc`.
    pub(crate) fn password(&self) -> String {
        let text = self.file("openrc");
        let line = text
            .lines()
            .find_map(|line| line.strip_prefix("export OS_PASSWORD="));
        line.unwrap().to_owned()
    }

    /// Logs in as `admin`; status and body.
    pub(crate) fn log_in(&self, password: &str) -> (u16, String) {
        let body = serde_json::json!({"auth": {
            "identity": {"methods": ["password"], "password": {"user": {
                "name": "admin", "domain": {"name": "Default"}, "password": password}}},
            "scope": {"project": {"name": "admin", "domain": {"id": "default"}}},
        }});
        wire::post(
            &self.address(),
            "/identity/v3/auth/tokens",
            &body.to_string(),
        )
    }

    /// Sends a signal.
    pub(crate) fn signal(&self, signal: Signal) {
        kill_process(self.pid, signal).unwrap();
    }

    /// Reads its log on to a line with these words.
    pub(crate) fn until_logged(&mut self, words: &str) {
        while !self.logged.recv_timeout(DEADLINE).unwrap().contains(words) {}
    }

    /// Waits for its end; how it ended, and its log.
    pub(crate) fn wait(&mut self) -> (ExitStatus, String) {
        let ended = self.ended.recv_timeout(DEADLINE).unwrap();
        self.over = true;
        ended
    }

    /// Tells it to stop, and expects that it does so in peace.
    pub(crate) fn stop(mut self) -> String {
        self.signal(Signal::TERM);
        let (status, log) = self.wait();
        assert!(status.success(), "{status}\n{log}");
        assert!(!self.data.join("endpoint").exists());
        log
    }
}

impl Drop for Zund {
    fn drop(&mut self) {
        if !self.over && kill_process(self.pid, Signal::KILL).is_ok() {
            let _ = self.ended.recv_timeout(DEADLINE);
        }
    }
}
