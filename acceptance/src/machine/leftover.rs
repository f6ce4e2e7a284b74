//! What a run of the tests leaves on this machine: nothing, but for networks that the engine will not give up.

use std::collections::BTreeSet;

use anyhow::Result;

use crate::docker::{DEPLOYMENT, Engine};
use crate::firewall;

/// Everything of any deployment that can be seen from outside.
#[derive(Debug)]
pub(super) struct Leftovers(BTreeSet<String>);

impl Leftovers {
    /// What there is now.
    ///
    /// # Errors
    ///
    /// The engine or a program for the packet filter does not answer.
    pub(super) fn now() -> Result<Self> {
        let engine = Engine::connect()?;
        let containers = engine.containers(DEPLOYMENT)?.into_iter();
        let containers = containers.map(|container| {
            let names = container.names.unwrap_or_default().join(" ");
            format!("container {}", names.trim_start_matches('/'))
        });
        let mut all: BTreeSet<String> = containers.collect();
        all.extend(firewall::traces()?);
        Ok(Self(all))
    }

    /// What has come since.
    ///
    /// # Errors
    ///
    /// As of [`Leftovers::now`].
    pub(super) fn since(&self) -> Result<Vec<String>> {
        Ok(Self::now()?.0.difference(&self.0).cloned().collect())
    }
}
