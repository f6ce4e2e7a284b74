//! A real `zund` of this build, on a port of its own choice and a data directory of its own.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use tempfile::TempDir;

use crate::{http, process, storage};

const START_DEADLINE: Duration = Duration::from_secs(30);
/// The longest that a program runs on that zund had started, such as nft.
const CHILD_DEADLINE: Duration = Duration::from_secs(10);
const DRAIN_DEADLINE: Duration = Duration::from_secs(30);

/// What containers run on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ContainerRuntime {
    /// In memory: no container is ever started.
    Fake,
    /// The Docker Engine of this machine.
    Docker,
}

impl ContainerRuntime {
    fn name(self) -> &'static str {
        match self {
            Self::Fake => "fake",
            Self::Docker => "docker",
        }
    }
}

/// A running `zund`. It is killed, and its data directory removed, when this goes out of scope.
#[derive(Debug)]
pub struct Backend {
    child: Option<Child>,
    data: TempDir,
    runtime: ContainerRuntime,
    settings: Vec<(String, String)>,
    url: String,
}

impl Backend {
    /// Starts one on an empty data directory and waits until it is healthy.
    pub fn start(runtime: ContainerRuntime) -> Result<Self> {
        Self::start_with(runtime, &[])
    }

    /// The same, with further environment variables (`ZUND_*`).
    pub fn start_with(runtime: ContainerRuntime, settings: &[(&str, &str)]) -> Result<Self> {
        let mut backend = Self {
            child: None,
            data: tempfile::tempdir().context("cannot make a data directory")?,
            runtime,
            settings: settings
                .iter()
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
                .collect(),
            url: String::new(),
        };
        backend.spawn("127.0.0.1:0")?;
        Ok(backend)
    }

    /// Where it listens, without a slash at the end.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Its data directory.
    pub fn data_dir(&self) -> &Path {
        self.data.path()
    }

    /// Its process id, while it runs.
    pub fn pid(&self) -> Option<u32> {
        self.child.as_ref().map(Child::id)
    }

    /// What it has logged so far, over all its starts.
    pub fn log(&self) -> String {
        fs::read_to_string(self.log_path()).unwrap_or_default()
    }

    /// The `OS_*` variables of its administrator.
    pub fn credentials(&self) -> Result<BTreeMap<String, String>> {
        let path = self.data.path().join("openrc");
        let text = fs::read_to_string(&path)
            .with_context(|| format!("zund has written no {}", path.display()))?;
        let mut variables = parse_openrc(&text);
        variables.insert(
            "OS_AUTH_URL".to_owned(),
            format!("{}/identity/v3", self.url),
        );
        Ok(variables)
    }

    /// The value that the Docker label [`crate::docker::DEPLOYMENT`] has on everything this `zund` creates.
    pub fn deployment(&self) -> Result<String> {
        let path = self.data.path().join("deployment");
        let text = fs::read_to_string(&path)
            .with_context(|| format!("zund has written no {}", path.display()))?;
        Ok(text.trim().to_owned())
    }

    /// Ends it as a power cut would: SIGKILL, and its log and data stay. Programs that it had started come to their own
    /// end, which is waited for: one that writes firewall rules would do so after they are swept.
    pub fn kill(&mut self) -> Result<()> {
        if let Some(mut child) = self.child.take() {
            signal(child.id(), "STOP").ok();
            let started = process::children_of(child.id());
            child.kill().context("cannot kill zund")?;
            child.wait().context("cannot wait for zund")?;
            let ended = || started.iter().all(|pid| !process::runs(*pid)).then_some(());
            process::poll(CHILD_DEADLINE, ended).with_context(|| {
                format!("zund is dead, and of {started:?} that it had started not all")
            })?;
        }
        Ok(())
    }

    /// Asks it to drain, and fails unless it ends with code 0 in time.
    pub fn terminate(&mut self) -> Result<()> {
        let Some(mut child) = self.child.take() else {
            return Ok(());
        };
        signal(child.id(), "TERM")?;
        match process::wait(&mut child, DRAIN_DEADLINE)? {
            Some(status) if status.success() => Ok(()),
            Some(status) => bail!("zund ended with {status} after TERM\n{}", self.log()),
            None => {
                child.kill().ok();
                child.wait().ok();
                bail!(
                    "zund had not drained {} seconds after TERM\n{}",
                    DRAIN_DEADLINE.as_secs(),
                    self.log()
                )
            }
        }
    }

    /// Starts it again on the same data and the same port, after [`Backend::kill`] or [`Backend::terminate`].
    pub fn restart(&mut self) -> Result<()> {
        self.kill()?;
        let address = self.url.trim_start_matches("http://").to_owned();
        self.spawn(&address)
    }

    /// The same, with one more environment variable from now on.
    pub fn restart_with(&mut self, name: &str, value: &str) -> Result<()> {
        self.settings.push((name.to_owned(), value.to_owned()));
        self.restart()
    }

    fn log_path(&self) -> PathBuf {
        self.data.path().join("zund.log")
    }

    fn spawn(&mut self, listen: &str) -> Result<()> {
        let endpoint = self.data.path().join("endpoint");
        fs::remove_file(&endpoint).ok();
        let log = File::options()
            .create(true)
            .append(true)
            .open(self.log_path())
            .context("cannot open the log of zund")?;
        let program = built("zund")?;
        let child = Command::new(&program)
            .arg("serve")
            .arg("--data-dir")
            .arg(self.data.path())
            .args(["--listen", listen])
            .env("ZUND_RUNTIME", self.runtime.name())
            .envs(self.settings.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null())
            .stdout(log.try_clone().context("cannot share the log of zund")?)
            .stderr(log)
            .spawn()
            .with_context(|| format!("cannot start {}", program.display()))?;
        self.child = Some(child);
        self.wait_until_healthy(&endpoint)
    }

    fn wait_until_healthy(&mut self, endpoint: &Path) -> Result<()> {
        let mut ended = None;
        let url = process::poll(START_DEADLINE, || {
            ended = self.child.as_mut()?.try_wait().ok().flatten();
            if ended.is_some() {
                return Some(String::new());
            }
            let url = fs::read_to_string(endpoint).ok()?;
            let url = url.trim().trim_end_matches('/').to_owned();
            let (status, _) = http::get(&format!("{url}/zund/v1/health")).ok()?;
            (status == 200).then_some(url)
        });
        match (url, ended) {
            (_, Some(status)) => bail!("zund ended with {status} at its start\n{}", self.log()),
            (Some(url), None) => {
                self.url = url;
                Ok(())
            }
            (None, None) => bail!(
                "zund was not healthy after {} seconds\n{}",
                START_DEADLINE.as_secs(),
                self.log()
            ),
        }
    }
}

impl Drop for Backend {
    fn drop(&mut self) {
        self.kill().ok();
        // What is mounted would be removed with the directory, and what is attached would stay.
        if let Err(error) = storage::unplug(self.data.path()) {
            eprintln!("volumes are left over: {error:#}");
        }
    }
}

/// The program of that name, built into the same folder as the running test.
pub fn built(name: &str) -> Result<PathBuf> {
    let own = std::env::current_exe().context("cannot find the running program")?;
    own.ancestors()
        .skip(1)
        .take(2)
        .map(|dir| dir.join(name))
        .find(|path| path.is_file())
        .with_context(|| {
            format!(
                "{name} is not built beside {}: `cargo build --workspace --all-targets`",
                own.display()
            )
        })
}

/// The variables of an openrc file: lines `export NAME=value`, the value quoted or not.
pub fn parse_openrc(text: &str) -> BTreeMap<String, String> {
    text.lines()
        .filter_map(|line| line.trim().strip_prefix("export "))
        .filter_map(|line| line.split_once('='))
        .map(|(name, value)| {
            let value = value.trim();
            let bare = ['\'', '"'].into_iter().find_map(|quote| {
                value
                    .strip_prefix(quote)
                    .and_then(|rest| rest.strip_suffix(quote))
            });
            (name.trim().to_owned(), bare.unwrap_or(value).to_owned())
        })
        .collect()
}

/// Sends a signal by name to one process.
pub fn signal(pid: u32, name: &str) -> Result<()> {
    process::run(
        Command::new("kill").args(["-s", name, &pid.to_string()]),
        Duration::from_secs(5),
    )?
    .success()?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::parse_openrc;

    #[test]
    fn openrc_values_lose_their_quotes() {
        let variables =
            parse_openrc("# comment\nexport A=1\nexport B='two words'\nexport C=\"x=y\"\n");
        let expected = [("A", "1"), ("B", "two words"), ("C", "x=y")];
        assert_eq!(
            variables,
            expected
                .map(|(name, value)| (name.into(), value.into()))
                .into()
        );
    }
}
