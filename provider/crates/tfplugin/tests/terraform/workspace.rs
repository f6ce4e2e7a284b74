//! A directory with a configuration, and Terraform started in it.

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use tempfile::TempDir;

/// The address of the example provider.
pub(crate) const ADDRESS: &str = "example.com/tfplugin/notes";

pub(crate) struct Workspace {
    directory: TempDir,
    reattach: Option<String>,
}

/// What Terraform said and how it ended.
pub(crate) struct Said {
    pub(crate) code: i32,
    pub(crate) text: String,
}

impl From<Output> for Said {
    fn from(output: Output) -> Self {
        let out = String::from_utf8_lossy(&output.stdout);
        let err = String::from_utf8_lossy(&output.stderr);
        Self {
            code: output.status.code().unwrap_or(-1),
            text: format!("{out}{err}"),
        }
    }
}

/// The example, which cargo builds beside the tests.
pub(crate) fn provider() -> PathBuf {
    let test = std::env::current_exe().unwrap();
    let profile = test.parent().and_then(Path::parent).unwrap();
    profile.join("examples/notes")
}

impl Workspace {
    /// None, with a word about it, where there is no Terraform.
    pub(crate) fn new() -> Option<Self> {
        let found = Command::new("terraform").arg("version").output();
        if found.is_err() {
            eprintln!("skipped: there is no terraform on the path");
            return None;
        }
        let directory = TempDir::new().unwrap();
        let bin = directory.path().join("bin");
        std::fs::create_dir_all(directory.path().join("notes")).unwrap();
        std::fs::create_dir(&bin).unwrap();
        std::os::unix::fs::symlink(provider(), bin.join("terraform-provider-notes")).unwrap();
        let settings = format!(
            "provider_installation {{\n  dev_overrides {{\n    \"{ADDRESS}\" = \"{}\"\n  }}\n  direct {{}}\n}}\n",
            bin.display()
        );
        std::fs::write(directory.path().join("terraform.rc"), settings).unwrap();
        Some(Self {
            directory,
            reattach: None,
        })
    }

    /// Uses a provider that already runs, by the variable it printed.
    pub(crate) fn attach(&mut self, variable: &str) {
        let value = variable.trim_start_matches("TF_REATTACH_PROVIDERS='");
        self.reattach = Some(value.trim_end().trim_end_matches('\'').to_owned());
    }

    /// Writes the configuration: one note with this body.
    pub(crate) fn note(&self, body: &str) {
        self.configure(&format!("resource \"notes_note\" \"it\" {{\n{body}\n}}\n"));
    }

    /// Writes the configuration.
    pub(crate) fn configure(&self, body: &str) {
        let text = format!(
            "terraform {{\n  required_providers {{\n    notes = {{ source = \"{ADDRESS}\" }}\n  }}\n}}\n\
             provider \"notes\" {{\n  directory = \"{}\"\n}}\n{body}",
            self.notes().display()
        );
        std::fs::write(self.directory.path().join("main.tf"), text).unwrap();
    }

    /// Where the notes are.
    pub(crate) fn notes(&self) -> PathBuf {
        self.directory.path().join("notes")
    }

    /// Terraform with these arguments, not yet started.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let root = self.directory.path();
        let mut command = Command::new("terraform");
        command
            .args(arguments)
            .current_dir(root)
            .env("TF_CLI_CONFIG_FILE", root.join("terraform.rc"))
            .env("TF_IN_AUTOMATION", "1")
            .env("CHECKPOINT_DISABLE", "1")
            .env("TF_INPUT", "0")
            .env("TMPDIR", root)
            .stdin(Stdio::null());
        if let Some(value) = &self.reattach {
            command.env("TF_REATTACH_PROVIDERS", value);
        }
        command
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Said {
        self.command(arguments).output().unwrap().into()
    }

    /// Plans: 0 nothing to do, 1 an error, 2 something to do.
    pub(crate) fn plan(&self) -> Said {
        self.run(&["plan", "-no-color", "-detailed-exitcode"])
    }

    /// Applies and expects success and a plan that is empty afterwards.
    pub(crate) fn apply(&self) -> String {
        let said = self.run(&["apply", "-no-color", "-auto-approve"]);
        assert_eq!(said.code, 0, "{}", said.text);
        let plan = self.plan();
        assert_eq!(plan.code, 0, "{}", plan.text);
        said.text
    }

    /// Applies and expects failure.
    pub(crate) fn fail(&self) -> String {
        let said = self.run(&["apply", "-no-color", "-auto-approve"]);
        assert_eq!(said.code, 1, "{}", said.text);
        said.text
    }

    /// The stored state of the one resource.
    pub(crate) fn instance(&self) -> serde_json::Value {
        let bytes = std::fs::read(self.directory.path().join("terraform.tfstate")).unwrap();
        let state: serde_json::Value = serde_json::from_slice(&bytes).unwrap();
        state["resources"][0]["instances"][0].clone()
    }
}
