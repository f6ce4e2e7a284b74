//! The packet filter of a host with nftables.
//!
//! A deployment has two tables of its own: `inet`, which decides what passes, and `bridge`, which lets a container send
//! from its own addresses only. Beside them: one rule in the engine's chain `DOCKER-USER`, where that is, and the
//! external addresses on `lo`, with our label. Whatever else is on the host is left alone. What a ruleset means is
//! said in [`zun_domain::firewall`]; how it becomes text, in [`render`].

mod change;
mod docker_user;
mod external;
mod foreign;
mod kept;
mod listing;
mod model;
mod name;
mod render;
mod run;
mod sysctl;
mod tie;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use async_trait::async_trait;
use tokio::sync::Mutex;
use zun_domain::firewall::Ruleset;
use zun_driver::{Class, Error, FirewallDriver, ForeignGuard, Result};

use crate::render::Tables;
use crate::run::Runner;
use crate::tie::Ties;

/// The file in the given directory that holds the rules for the next boot.
pub const FILE: &str = "firewall.nft";

/// The packet filter of this host.
pub struct Nft {
    deployment: String,
    table: String,
    file: PathBuf,
    runner: Runner,
    /// Where the network namespaces of containers are.
    namespaces: PathBuf,
    applied: Mutex<Option<Applied>>,
    ties: Mutex<Ties>,
}

/// What this process has put in force.
struct Applied {
    ruleset: Arc<Ruleset>,
    tables: Tables,
    /// What the kernel lists of it; not known after a change until somebody looks.
    listed: Option<String>,
}

impl Nft {
    /// The rules of this deployment, kept for the next boot in a file in `directory`. Nothing is touched yet.
    pub fn new(deployment: String, directory: &Path) -> Self {
        Self {
            table: name::table(&deployment),
            deployment,
            file: directory.join(FILE),
            runner: Runner::default(),
            namespaces: tie::NAMESPACES.into(),
            applied: Mutex::new(None),
            ties: Mutex::default(),
        }
    }

    /// The same, with every program started through this one: `nsenter --net=/run/netns/a` guards another network
    /// namespace.
    #[must_use]
    pub fn through(self, program: Vec<String>) -> Self {
        Self {
            runner: Runner::through(program),
            ..self
        }
    }

    /// The same, with the network namespaces of containers in this folder instead of Docker's.
    #[must_use]
    pub fn namespaces(self, namespaces: PathBuf) -> Self {
        Self { namespaces, ..self }
    }

    /// The name of both tables.
    pub fn table(&self) -> &str {
        &self.table
    }

    /// Puts the rules in force that were kept in this directory, as the host boots and before the engine starts.
    /// `false` where none were kept.
    pub async fn restore(&self) -> Result<bool> {
        if !self.file.exists() {
            return Ok(false);
        }
        let file = self.file.display().to_string();
        self.runner
            .nft(&["-f", &file], "", "load the kept firewall rules")
            .await?;
        // The engine, which loads what this needs, has not started yet.
        sysctl::filter_bridges(&self.runner).await?;
        Ok(true)
    }

    /// From what is in force to this, or from nothing where that is not known.
    async fn put(&self, applied: Option<&Applied>, tables: &Tables) -> Result<()> {
        if let Some(applied) = applied {
            let pairs = applied.tables.each().into_iter().zip(tables.each());
            let commands: Vec<String> = pairs
                .flat_map(|(old, new)| change::between(old, new))
                .collect();
            if commands.is_empty() {
                return Ok(());
            }
            let script = commands.join("\n") + "\n";
            // Where that fails the kernel has something else than we think.
            if self
                .runner
                .nft(&["-f", "-"], &script, "change the firewall")
                .await
                .is_ok()
            {
                return Ok(());
            }
        }
        self.write(tables).await
    }

    async fn write(&self, tables: &Tables) -> Result<()> {
        let script = whole(tables);
        self.runner
            .nft(&["-f", "-"], &script, "write the firewall's rules")
            .await
            .map(drop)
    }

    /// What the kernel lists of both tables, in one order; `None` where one is not there.
    async fn list(&self) -> Result<Option<String>> {
        let list = async |family: &str| {
            let arguments = ["-s", "list", "table", family, &self.table];
            match self
                .runner
                .nft(&arguments, "", "list the firewall's rules")
                .await
            {
                Ok(text) => Ok(Some(listing::in_order(&text))),
                Err(error) if error.class == Class::NotFound => Ok(None),
                Err(error) => Err(error),
            }
        };
        let (inet, bridge) = tokio::try_join!(list("inet"), list("bridge"))?;
        Ok(inet.zip(bridge).map(|(inet, bridge)| inet + &bridge))
    }

    /// The bridges that the rules in force are about.
    async fn bridges(&self) -> Result<BTreeSet<String>> {
        let arguments = ["list", "set", "inet", &self.table, "bridges"];
        let tried = "list the firewall's bridges";
        let listed = match self.runner.nft(&arguments, "", tried).await {
            Err(error) if error.class == Class::NotFound => return Ok(BTreeSet::new()),
            listed => listed?,
        };
        let names = listed.split('"').skip(1).step_by(2);
        Ok(names.map(ToOwned::to_owned).collect())
    }

    /// What a host needs beside the tables: the external addresses, and the engine's consent.
    async fn surround(&self, ruleset: &Ruleset) -> Result<()> {
        let addresses = external::set(&self.runner, &self.deployment, &ruleset.external);
        let consent = docker_user::ensure(&self.runner, &self.deployment);
        tokio::try_join!(addresses, consent).map(drop)
    }
}

#[async_trait]
impl FirewallDriver for Nft {
    async fn apply(&self, ruleset: &Ruleset) -> Result<()> {
        let mut applied = self.applied.lock().await;
        if applied
            .as_ref()
            .is_some_and(|applied| *applied.ruleset == *ruleset)
        {
            return Ok(());
        }
        // Until all of it is done nothing is taken for granted.
        let before = applied.take();
        if !ruleset.bridges.is_empty() {
            sysctl::filter_bridges(&self.runner).await?;
        }
        let tables = render::tables(ruleset, &self.table);
        // The engine's consent is looked after by `mend`: what a change costs is mostly the programs it starts.
        let external = |before: &Applied| before.ruleset.external != ruleset.external;
        let surroundings = async {
            match &before {
                Some(before) if !external(before) => Ok(()),
                _ => self.surround(ruleset).await,
            }
        };
        // Each comes to its end, also where another fails: none is left behind that would meet the next attempt.
        let (put, surrounded, prepared) = tokio::join!(
            self.put(before.as_ref(), &tables),
            surroundings,
            kept::prepare(&self.file, whole(&tables)),
        );
        put.and(surrounded).and(prepared)?;
        // Only what the kernel has taken is worth to be loaded at the next boot.
        kept::commit(&self.file).await?;
        *applied = Some(Applied {
            ruleset: Arc::new(ruleset.clone()),
            tables,
            listed: None,
        });
        Ok(())
    }

    async fn mend(&self) -> Result<bool> {
        let mut guard = self.applied.lock().await;
        let Some(applied) = guard.as_mut() else {
            return Ok(false);
        };
        if !applied.ruleset.bridges.is_empty() {
            sysctl::filter_bridges(&self.runner).await?;
        }
        self.surround(&applied.ruleset).await?;
        let found = self.list().await?;
        if found.is_some() && found == applied.listed {
            return Ok(false);
        }
        // What is listed right after we wrote it is what ought to be listed.
        applied.listed = None;
        self.write(&applied.tables).await?;
        applied.listed = self.list().await?;
        Ok(found != applied.listed)
    }

    async fn tie(&self) -> Result<()> {
        let ruleset = {
            let applied = self.applied.lock().await;
            applied.as_ref().map(|applied| Arc::clone(&applied.ruleset))
        };
        let Some(ruleset) = ruleset else {
            return Ok(());
        };
        let mut ties = self.ties.lock().await;
        ties.tie(&self.runner, &self.namespaces, &ruleset).await
    }

    async fn foreign_guards(&self) -> Result<Vec<ForeignGuard>> {
        foreign::guards(&self.runner, &self.table).await
    }

    async fn clear(&self) -> Result<()> {
        let mut applied = self.applied.lock().await;
        *applied = None;
        let mut ties = self.ties.lock().await;
        *ties = Ties::default();
        tie::untie(&self.runner, &self.bridges().await?).await?;
        let script: String = ["inet", "bridge"]
            .map(|family| {
                format!(
                    "table {family} {0}\ndelete table {family} {0}\n",
                    self.table
                )
            })
            .concat();
        self.runner
            .nft(&["-f", "-"], &script, "take the firewall's rules away")
            .await?;
        docker_user::remove(&self.runner, &self.deployment).await?;
        external::set(&self.runner, &self.deployment, &BTreeSet::new()).await?;
        kept::forget(&self.file).await
    }
}

/// The script that puts both tables in place, whatever was there.
fn whole(tables: &Tables) -> String {
    tables.each().map(model::Table::replace).concat()
}

/// A refusal of the machine, with what to do.
fn refused(message: String) -> Error {
    Error::new(Class::Refused, message)
}
