//! What the sections are played on: a `zund` without limits, and a configuration of many resources.

use std::path::Path;

use anyhow::{Context, Result};

use crate::backend::{Backend, ContainerRuntime};
use crate::docker::{DEPLOYMENT, Engine};
use crate::tofu::Workspace;
use crate::{firewall, http, image};

/// Quota and overcommit out of the way, and host ports that no outgoing connection of the machine takes.
const LIMITS: [(&str, &str); 9] = [
    ("ZUND_QUOTA_CONTAINERS", "-1"),
    ("ZUND_QUOTA_CPU", "-1"),
    ("ZUND_QUOTA_MEMORY", "-1"),
    ("ZUND_QUOTA_DISK", "-1"),
    ("ZUND_OVERCOMMIT_CPU", "1000"),
    ("ZUND_OVERCOMMIT_MEMORY", "1000"),
    ("ZUND_OVERCOMMIT_DISK", "1000"),
    ("ZUND_VOLUME_OVERCOMMIT", "1000"),
    ("ZUND_NETWORK_HOST_PORTS", "20000-29999"),
];

/// A `zund` of its own on the fake runtime.
pub fn pretended() -> Result<Backend> {
    Backend::start_with(ContainerRuntime::Fake, &LIMITS)
}

/// A `zund` of its own on Docker. What it leaves there is swept up when this goes out of scope.
#[derive(Debug)]
pub struct Stage {
    /// The `zund`.
    pub backend: Backend,
    /// The engine below it.
    pub engine: Engine,
    deployment: String,
    label: String,
}

impl Stage {
    /// Starts it, with the image that the containers are made of.
    pub fn new() -> Result<Self> {
        Self::with(&[])
    }

    /// The same with further settings (`ZUND_*`).
    pub fn with(settings: &[(&str, &str)]) -> Result<Self> {
        let engine = Engine::connect()?;
        image::ensure(&engine, image::TEST)?;
        let settings = [&LIMITS, settings].concat();
        let backend = Backend::start_with(ContainerRuntime::Docker, &settings)?;
        let deployment = backend.deployment()?;
        Ok(Self {
            backend,
            engine,
            label: format!("{DEPLOYMENT}={deployment}"),
            deployment,
        })
    }

    /// The label on everything that this `zund` makes.
    pub fn label(&self) -> &str {
        &self.label
    }

    /// What this `zund` calls itself.
    pub fn deployment(&self) -> &str {
        &self.deployment
    }

    /// Its process.
    pub fn pid(&self) -> Result<u32> {
        self.backend.pid().context("zund does not run")
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        // It goes first, or it would mend what is being swept, and drains: see `world`.
        self.backend.terminate().ok();
        if let Err(error) = self.engine.sweep(&self.label) {
            eprintln!("cannot sweep {}: {error:#}", self.label);
        }
        if let Err(error) = firewall::sweep(&self.deployment) {
            eprintln!("cannot sweep the firewall of {}: {error:#}", self.label);
        }
    }
}

/// A workspace with so many resources that do nothing: what is left is the time of the core.
pub fn idle_resources(program: &Path, count: usize) -> Result<Workspace> {
    let workspace = Workspace::without_credentials(program)?;
    let text = format!(
        "resource \"terraform_data\" \"bench\" {{\n  count = {count}\n  input = count.index\n}}\n"
    );
    workspace.write("main.tf", &text)?;
    Ok(workspace)
}

/// The sum of a metric of `zund` over all its labels but those that hold `except`.
pub fn metric(backend: &Backend, name: &str, except: &str) -> Result<f64> {
    let (status, text) = http::get(&format!("{}/zund/v1/metrics", backend.url()))?;
    anyhow::ensure!(status == 200, "zund's metrics answer {status}: {text}");
    Ok(sum(&text, name, except))
}

fn sum(text: &str, name: &str, except: &str) -> f64 {
    text.lines()
        .filter_map(|line| line.strip_prefix(name)?.strip_prefix('{'))
        .filter_map(|line| line.rsplit_once("} "))
        .filter(|(labels, _)| except.is_empty() || !labels.contains(except))
        .filter_map(|(_, value)| value.trim().parse::<f64>().ok())
        .sum()
}

#[cfg(test)]
mod tests {
    use super::sum;

    #[test]
    fn metrics_are_summed_over_their_labels() {
        let text = "# HELP x\nx_total{a=\"1\"} 3\nx_total{a=\"m\"} 4\nx_total_more{a=\"1\"} 9\n";
        assert!((sum(text, "x_total", "") - 7.0).abs() < 1e-9);
        assert!((sum(text, "x_total", "\"m\"") - 3.0).abs() < 1e-9);
    }
}
