//! OpenStack's own command lines, `openstack` and `zun`, as their users run them: nothing in them is changed.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use serde_json::Value;
use tempfile::TempDir;

use crate::backend::Backend;
use crate::process::{self, Finished};
use crate::settings;

/// The longest that one command may take.
const DEADLINE: Duration = Duration::from_mins(2);

/// Both, logged in.
#[derive(Debug)]
pub struct Clients {
    packages: PathBuf,
    home: TempDir,
    variables: BTreeMap<String, String>,
}

/// The folder with their packages, where the environment names one.
pub fn under_test() -> Option<PathBuf> {
    settings::variable("TEST_OPENSTACK").map(PathBuf::from)
}

impl Clients {
    /// Those of this folder, as the administrator of this backend.
    pub fn new(packages: PathBuf, backend: &Backend) -> Result<Self> {
        let mut variables = backend.credentials()?;
        variables
            .entry("OS_IDENTITY_API_VERSION".to_owned())
            .or_insert_with(|| "3".to_owned());
        Ok(Self {
            packages,
            home: tempfile::tempdir().context("cannot make a temporary folder")?,
            variables,
        })
    }

    /// What `openstack WORDS -f json` prints.
    pub fn ask(&self, words: &str) -> Result<Value> {
        let finished = self.openstack(&format!("{words} -f json"))?.success()?;
        serde_json::from_str(&finished.stdout)
            .with_context(|| format!("`{words}` printed no JSON: {}", finished.stdout))
    }

    /// What `openstack WORDS` prints, which may be nothing.
    pub fn run(&self, words: &str) -> Result<String> {
        Ok(self.openstack(words)?.success()?.stdout)
    }

    /// What `openstack WORDS` says when it fails, which it must.
    pub fn refused(&self, words: &str) -> Result<String> {
        let finished = self.openstack(words)?;
        ensure!(
            finished.code.is_some_and(|code| code != 0),
            "`{words}` should have failed\n{}",
            finished.text()
        );
        Ok(finished.text())
    }

    /// What `openstack --debug WORDS` says, every answer of the server included, however it ends.
    pub fn log(&self, words: &str) -> Result<String> {
        Ok(self.openstack(&format!("--debug {words}"))?.text())
    }

    /// What `zun WORDS` prints.
    pub fn zun(&self, words: &str) -> Result<String> {
        Ok(self.call("zunclient.shell", words)?.success()?.stdout)
    }

    fn openstack(&self, words: &str) -> Result<Finished> {
        self.call("openstackclient.shell", words)
    }

    /// Sees neither packages nor configuration of the machine, and goes past any proxy.
    fn call(&self, module: &str, words: &str) -> Result<Finished> {
        let mut command = Command::new("python3");
        command
            .args(["-s", "-S", "-m", module])
            .args(words.split_whitespace())
            .env_clear()
            .env("PATH", settings::variable("PATH").unwrap_or_default())
            .env("HOME", self.home.path())
            .env("PYTHONPATH", &self.packages)
            .env("PYTHONWARNINGS", "ignore")
            .env("LC_ALL", "C.UTF-8")
            .envs(&self.variables)
            .current_dir(self.home.path());
        process::run(&mut command, DEADLINE)
    }
}

/// The text at this name.
pub fn text<'a>(value: &'a Value, name: &str) -> Result<&'a str> {
    let text = value[name].as_str();
    text.with_context(|| format!("{name} is no text in {value}"))
}

/// What a column of a list holds, line by line.
pub fn column<'a>(list: &'a Value, name: &str) -> Vec<&'a Value> {
    let lines = list.as_array().into_iter().flatten();
    lines.map(|line| &line[name]).collect()
}
