//! A real `terraform` or `tofu`, working in a folder of its own with the provider of this build.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use serde_json::Value;
use tempfile::TempDir;

use crate::backend::{Backend, built};
use crate::process::{self, Finished, Running};
use crate::settings;

/// The longest that one command may take.
const DEADLINE: Duration = Duration::from_mins(10);
const PROVIDER: &str = "terraform-provider-zun";

/// Which of the two command lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flavor {
    /// HashiCorp Terraform.
    Terraform,
    /// OpenTofu.
    Tofu,
}

impl Flavor {
    /// Both, for what loops over them.
    pub const ALL: [Self; 2] = [Self::Terraform, Self::Tofu];

    /// The program's name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Terraform => "terraform",
            Self::Tofu => "tofu",
        }
    }

    /// The program under test, where the environment names one.
    pub fn under_test(self) -> Option<PathBuf> {
        let variable = match self {
            Self::Terraform => "TEST_TERRAFORM",
            Self::Tofu => "TEST_TOFU",
        };
        settings::variable(variable).map(PathBuf::from)
    }
}

/// The text of a CLI configuration that takes the provider from `dir`, under the host names of both registries.
pub fn cli_config(dir: &Path) -> String {
    let dir = Value::from(dir.to_string_lossy().as_ref());
    let hosts = ["registry.terraform.io", "registry.opentofu.org"]
        .map(|host| format!("    \"{host}/zun/zun\" = {dir}\n"));
    format!(
        "provider_installation {{\n  dev_overrides {{\n{}  }}\n  direct {{}}\n}}\n",
        hosts.concat()
    )
}

/// A folder with a configuration and its state.
#[derive(Debug)]
pub struct Workspace {
    dir: TempDir,
    program: PathBuf,
    variables: Vec<(String, String)>,
}

/// What `plan` found.
#[derive(Debug)]
pub struct Plan {
    /// The text that a person sees.
    pub text: String,
    /// `show -json` of the saved plan.
    pub json: Value,
    changes: bool,
}

impl Plan {
    /// Nothing to do: the first thing to hold after every apply.
    pub fn is_empty(&self) -> bool {
        !self.changes
    }

    /// What is there is not what the state says.
    pub fn has_drift(&self) -> bool {
        let drift = self.json["resource_drift"].as_array();
        drift.is_some_and(|drift| !drift.is_empty()) || !self.changed().is_empty()
    }

    /// The actions planned for a resource address, `["update"]` for example; empty when it is not in the plan.
    pub fn actions(&self, address: &str) -> Vec<&str> {
        self.change(address)
            .and_then(|change| change["actions"].as_array())
            .map(|actions| actions.iter().filter_map(Value::as_str).collect())
            .unwrap_or_default()
    }

    /// The `change` object of a resource address.
    pub fn change(&self, address: &str) -> Option<&Value> {
        self.json["resource_changes"]
            .as_array()?
            .iter()
            .find(|resource| resource["address"] == address)
            .map(|resource| &resource["change"])
    }

    /// The attributes of a resource that become known only by the apply, as a whole.
    pub fn unknowns(&self, address: &str) -> BTreeSet<&str> {
        self.change(address)
            .and_then(|change| change["after_unknown"].as_object())
            .into_iter()
            .flatten()
            .filter(|(_, unknown)| **unknown == true)
            .map(|(name, _)| name.as_str())
            .collect()
    }

    /// Every address with something to do, sorted.
    pub fn changed(&self) -> BTreeSet<&str> {
        let changes = self.json["resource_changes"].as_array();
        changes
            .into_iter()
            .flatten()
            .filter(|resource| resource["change"]["actions"] != serde_json::json!(["no-op"]))
            .filter_map(|resource| resource["address"].as_str())
            .collect()
    }

    /// Whether an attribute of the resource becomes known only by the apply.
    pub fn is_unknown(&self, address: &str, attribute: &str) -> bool {
        self.change(address)
            .is_some_and(|change| change["after_unknown"][attribute] == true)
    }
}

impl Workspace {
    /// An empty one, logged in to this backend as its administrator.
    pub fn new(program: &Path, backend: &Backend) -> Result<Self> {
        let mut workspace = Self::without_credentials(program)?;
        workspace.variables.extend(backend.credentials()?);
        Ok(workspace)
    }

    /// An empty one that knows no backend.
    pub fn without_credentials(program: &Path) -> Result<Self> {
        let dir = tempfile::tempdir().context("cannot make a folder for the workspace")?;
        let plugins = dir.path().join("plugins");
        fs::create_dir(&plugins).context("cannot make the folder for the provider")?;
        let provider = built(PROVIDER)?;
        std::os::unix::fs::symlink(&provider, plugins.join(PROVIDER))
            .with_context(|| format!("cannot link {}", provider.display()))?;
        let config = dir.path().join("cli.tfrc");
        fs::write(&config, cli_config(&plugins))
            .with_context(|| format!("cannot write {}", config.display()))?;
        let data = dir.path().join("tf-data");
        let variables = [
            ("TF_CLI_CONFIG_FILE", config.to_string_lossy().as_ref()),
            ("TF_DATA_DIR", data.to_string_lossy().as_ref()),
            ("TF_IN_AUTOMATION", "1"),
            ("TF_INPUT", "0"),
            ("CHECKPOINT_DISABLE", "1"),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .to_vec();
        Ok(Self {
            dir,
            program: program.to_owned(),
            variables,
        })
    }

    /// Sets a variable for the commands that follow.
    pub fn set(&mut self, name: &str, value: &str) {
        self.variables.retain(|(known, _)| known != name);
        self.variables.push((name.to_owned(), value.to_owned()));
    }

    /// The folder.
    pub fn dir(&self) -> &Path {
        self.dir.path()
    }

    /// Replaces `main.tf`. The lines that name the provider are put before it.
    pub fn configure(&self, body: &str) -> Result<()> {
        let head =
            "terraform {\n  required_providers {\n    zun = { source = \"zun/zun\" }\n  }\n}\n";
        self.write("main.tf", &format!("{head}\n{body}"))
    }

    /// Writes a file into the folder.
    pub fn write(&self, name: &str, text: &str) -> Result<()> {
        let path = self.dir.path().join(name);
        fs::write(&path, text).with_context(|| format!("cannot write {}", path.display()))
    }

    /// The command with these arguments, not yet started.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(&self.program);
        command
            .args(arguments)
            .current_dir(self.dir.path())
            .env_remove("TF_LOG")
            .envs(self.variables.iter().map(|(name, value)| (name, value)));
        for (name, _) in std::env::vars_os() {
            let name = name.to_string_lossy();
            if name.starts_with("OS_") && !self.variables.iter().any(|(set, _)| *set == name) {
                command.env_remove(name.as_ref());
            }
        }
        command
    }

    /// Runs it, whatever its exit code.
    pub fn run(&self, arguments: &[&str]) -> Result<Finished> {
        process::run(&mut self.command(arguments), DEADLINE)
    }

    /// Starts it, and leaves it to run.
    pub fn start(&self, arguments: &[&str]) -> Result<Running> {
        Running::start(&mut self.command(arguments))
    }

    /// `apply`, which must succeed.
    pub fn apply(&self) -> Result<Finished> {
        self.run(&["apply", "-auto-approve", "-no-color"])?
            .success()
    }

    /// `apply`, which must fail: its error text, as a person reads it.
    pub fn apply_error(&self) -> Result<String> {
        let finished = self.run(&["apply", "-auto-approve", "-no-color"])?;
        if finished.code == Some(0) {
            bail!(
                "the apply succeeded, and should have failed\n{}",
                finished.stdout
            );
        }
        Ok(finished.text())
    }

    /// `destroy`, which must succeed.
    pub fn destroy(&self) -> Result<Finished> {
        self.run(&["destroy", "-auto-approve", "-no-color"])?
            .success()
    }

    /// `plan` with further arguments, its text and its JSON.
    pub fn plan_with(&self, arguments: &[&str]) -> Result<Plan> {
        let mut all = vec!["plan", "-detailed-exitcode", "-no-color", "-out=plan.bin"];
        all.extend(arguments);
        let finished = self.run(&all)?.one_of(&[0, 2])?;
        let json = self.json(&["show", "-json", "plan.bin"])?;
        Ok(Plan {
            changes: finished.code == Some(2),
            text: finished.stdout,
            json,
        })
    }

    /// `plan`.
    pub fn plan(&self) -> Result<Plan> {
        self.plan_with(&[])
    }

    /// Fails, showing the plan, unless both a plan and a refresh-only plan find nothing. The exit code of the second is
    /// no guide: it also tells of what a state holds besides values, such as dependencies after an import.
    pub fn must_be_settled(&self) -> Result<()> {
        let plan = self.plan()?;
        if !plan.is_empty() {
            bail!("the plan should be empty\n{}", plan.text);
        }
        let refresh = self.plan_with(&["-refresh-only"])?;
        if refresh.has_drift() {
            bail!("the refresh-only plan should be empty\n{}", refresh.text);
        }
        Ok(())
    }

    /// Fails, showing it, unless a refresh-only plan has nothing to write, right after an apply.
    pub fn must_have_nothing_to_refresh(&self) -> Result<()> {
        let words = ["plan", "-refresh-only", "-detailed-exitcode", "-no-color"];
        self.run(&words)?.success()?;
        Ok(())
    }

    /// Forgets a resource, then imports it under the same address.
    pub fn import_again(&self, address: &str, id: &str) -> Result<()> {
        self.run(&["state", "rm", address])?.success()?;
        self.import(address, id)?.success()?;
        Ok(())
    }

    /// `import`, whatever its exit code.
    pub fn import(&self, address: &str, id: &str) -> Result<Finished> {
        self.run(&["import", "-no-color", address, id])
    }

    /// The attributes of a resource in the state.
    pub fn attributes(&self, address: &str) -> Result<Value> {
        let state = self.json(&["show", "-json"])?;
        state["values"]["root_module"]["resources"]
            .as_array()
            .into_iter()
            .flatten()
            .find(|resource| resource["address"] == address)
            .map(|resource| resource["values"].clone())
            .with_context(|| format!("{address} is not in the state"))
    }

    /// The attributes of every resource of the state, by address, those of modules included.
    pub fn all_attributes(&self) -> Result<BTreeMap<String, Value>> {
        let state = self.json(&["show", "-json"])?;
        let mut found = BTreeMap::new();
        collect(&state["values"]["root_module"], &mut found);
        Ok(found)
    }

    /// Puts the state away, as if nothing had been made from this folder yet.
    pub fn forget_everything(&self) -> Result<()> {
        for name in ["terraform.tfstate", "terraform.tfstate.backup"] {
            let path = self.dir.path().join(name);
            if path.exists() {
                fs::remove_file(&path)
                    .with_context(|| format!("cannot remove {}", path.display()))?;
            }
        }
        Ok(())
    }

    /// Whether the program is of this version or a later one.
    pub fn is_at_least(&self, major: u64, minor: u64) -> Result<bool> {
        let version = self.json(&["version", "-json"])?["terraform_version"].clone();
        let text = version.as_str().context("a version that is no text")?;
        let mut numbers = text
            .split(['.', '-'])
            .map(|part| part.parse::<u64>().unwrap_or_default());
        let found = (
            numbers.next().unwrap_or_default(),
            numbers.next().unwrap_or_default(),
        );
        Ok(found >= (major, minor))
    }

    /// The value of an output.
    pub fn output(&self, name: &str) -> Result<Value> {
        self.json(&["output", "-json", name])
    }

    /// What a command prints, as JSON.
    pub fn json(&self, arguments: &[&str]) -> Result<Value> {
        let finished = self.run(arguments)?.success()?;
        serde_json::from_str(&finished.stdout)
            .with_context(|| format!("`{}` printed no JSON", finished.command))
    }
}

fn collect(module: &Value, found: &mut BTreeMap<String, Value>) {
    for resource in module["resources"].as_array().into_iter().flatten() {
        if let Some(address) = resource["address"].as_str() {
            found.insert(address.to_owned(), resource["values"].clone());
        }
    }
    for child in module["child_modules"].as_array().into_iter().flatten() {
        collect(child, found);
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::cli_config;

    #[test]
    fn paths_with_quotes_and_spaces_stay_one_string() {
        let text = cli_config(Path::new("/a b/\"c\""));
        for host in ["registry.terraform.io", "registry.opentofu.org"] {
            let line = format!(r#""{host}/zun/zun" = "/a b/\"c\"""#);
            assert!(text.contains(&line), "{text}");
        }
    }
}
