//! `./dev quickstart` and `./dev down`: the example from nothing to containers, and back.

use std::io::{self, IsTerminal};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use serde_json::Value;

use super::up::{self, Zund};
use super::{Checkout, cli, say};
use crate::docker::Engine;
use crate::{http, image, process};

const PAGE_DEADLINE: Duration = Duration::from_secs(15);
const COMMAND_DEADLINE: Duration = Duration::from_mins(10);

/// One command line in the folder of the example.
struct Example {
    checkout: Checkout,
    program: PathBuf,
}

impl Example {
    fn command(&self, arguments: &[&str]) -> Result<Command> {
        let mut command = Command::new(&self.program);
        command
            .args(arguments)
            .current_dir(self.checkout.quickstart())
            .env("CHECKPOINT_DISABLE", "1")
            .env("TF_INPUT", "0")
            .envs(up::environment(&self.checkout)?);
        if !io::stdout().is_terminal() {
            command.env("TF_CLI_ARGS", "-no-color");
        }
        Ok(command)
    }

    /// Runs it in front of the person, who sees what they would see at their own prompt.
    fn show(&self, arguments: &[&str]) -> Result<Option<i32>> {
        let shown = format!("{} {}", self.name(), arguments.join(" "));
        say::step(&shown);
        let status = self
            .command(arguments)?
            .stdin(Stdio::null())
            .status()
            .with_context(|| format!("cannot run `{shown}`"))?;
        Ok(status.code())
    }

    fn must(&self, arguments: &[&str]) -> Result<()> {
        match self.show(arguments)? {
            Some(0) => Ok(()),
            _ => bail!(
                "`{} {}` failed: see above",
                self.name(),
                arguments.join(" ")
            ),
        }
    }

    fn output(&self, name: &str) -> Result<Value> {
        let mut command = self.command(&["output", "-json", name])?;
        let finished = process::run(&mut command, COMMAND_DEADLINE)?.success()?;
        serde_json::from_str(&finished.stdout).context("the outputs are no JSON")
    }

    fn name(&self) -> String {
        let name = self.program.file_name().unwrap_or_default();
        name.to_string_lossy().into_owned()
    }
}

/// Applies the example, asks its containers for a page, and shows that the next plan is empty.
pub fn quickstart(checkout: &Checkout) -> Result<()> {
    // Before zund starts: target/zun/env names the folder of what is fetched here.
    let program = cli::any(checkout)?;
    let zund = up::up(checkout)?;
    say::step(&format!("making the image {}", image::QUICKSTART));
    image::ensure(&Engine::connect()?, image::QUICKSTART)?;
    let example = Example {
        checkout: checkout.clone(),
        program,
    };
    let begin = Instant::now();
    example.must(&["apply", "-auto-approve"])?;
    say::step(&format!(
        "applied in {:.1} s; asking the containers",
        begin.elapsed().as_secs_f64()
    ));
    let urls = example.output("urls")?;
    let urls = urls.as_object().context("the output `urls` is no map")?;
    for (name, url) in urls {
        let url = url
            .as_str()
            .with_context(|| format!("the URL of {name} is no text"))?;
        say::line(&format!(
            "{url}  {}",
            http::page(url, PAGE_DEADLINE)?.trim()
        ));
    }
    match example.show(&["plan", "-detailed-exitcode"])? {
        Some(0) => {}
        Some(2) => bail!("the plan after the apply is not empty: see above"),
        _ => bail!("the plan after the apply failed: see above"),
    }
    say::line(&next_steps(checkout, &example.name(), &zund.url()?));
    Ok(())
}

fn next_steps(checkout: &Checkout, program: &str, url: &str) -> String {
    let dir = checkout.quickstart();
    let env = checkout.made().join("env");
    format!(
        "\nIt runs. zund answers on {url}. Try next:\n\n  \
           . '{env}' && cd '{dir}'\n  \
           # in main.tf change `memory`: the plan says live; change `environment`: it says restart\n  \
           {program} apply\n  \
           docker ps                          # the containers, named zun-<uuid>\n  \
           docker stop <one of them>          # then: {program} plan names what drifted, apply mends it\n  \
           ./dev down                         # from the top folder: all of it goes again\n",
        env = env.display(),
        dir = dir.display(),
    )
}

/// Destroys the example and stops the `zund` of this checkout.
pub fn down(checkout: &Checkout) -> Result<()> {
    let zund = Zund::of(checkout);
    if has_state(checkout) {
        if zund.pid().is_none() {
            zund.start()
                .context("the quick start is still there, and zund is needed to destroy it")?;
        }
        let example = Example {
            checkout: checkout.clone(),
            program: cli::any(checkout)?,
        };
        example.must(&["destroy", "-auto-approve"])?;
    }
    zund.stop()?;
    say::line(
        "The quick start and its zund are gone. Kept: zund's data and its firewall rules, the build, the image, the Docker Engine.",
    );
    Ok(())
}

/// Whether the example's state holds a resource.
fn has_state(checkout: &Checkout) -> bool {
    let path = checkout.quickstart().join("terraform.tfstate");
    std::fs::read_to_string(path)
        .ok()
        .and_then(|text| serde_json::from_str::<Value>(&text).ok())
        .and_then(|state| state["resources"].as_array().map(|all| !all.is_empty()))
        .unwrap_or(false)
}
