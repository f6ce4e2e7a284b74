//! `zund firewall`: the rules of this deployment without the rest of zund, for the boot of a host and for its end; and
//! what stands in their place where there are to be none.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context as _, bail};
use async_trait::async_trait;
use zun_domain::firewall::Ruleset;
use zun_driver::{FirewallDriver, ForeignGuard};
use zun_driver_nft::Nft;

use crate::config::Config;
use crate::place::Place;
use crate::{bootstrap, cli};

/// The packet filter of this host.
pub(crate) fn nftables(config: &Config, deployment: String) -> anyhow::Result<Nft> {
    Ok(Nft::new(deployment, &directory(config)?))
}

fn directory(config: &Config) -> anyhow::Result<PathBuf> {
    std::path::absolute(&config.data_dir).context("cannot tell where the data directory is")
}

/// Puts the rules in force that the last zund has left, before the Docker Engine starts its containers.
pub(crate) fn restore(config: &Config) -> anyhow::Result<ExitCode> {
    let restored = on_host(config, async |nft| nft.restore().await)?;
    let directory = config.data_dir.display();
    cli::print(&if restored {
        format!("the firewall's rules of {directory} are in force\n")
    } else {
        format!("{directory} holds no firewall rules yet: nothing to restore\n")
    })
}

/// Takes the rules of this deployment away.
pub(crate) fn clear(config: &Config) -> anyhow::Result<ExitCode> {
    on_host(config, async |nft| nft.clear().await)?;
    cli::print("the firewall's rules of this deployment are gone: nothing is guarded\n")
}

fn on_host<T>(
    config: &Config,
    work: impl AsyncFnOnce(Nft) -> zun_driver::Result<T>,
) -> anyhow::Result<T> {
    let place = Place::at(&config.data_dir);
    let Some(deployment) = bootstrap::deployment_of(&place)? else {
        bail!(
            "there is no deployment in {}; name the data directory with --data-dir, or start zund first",
            config.data_dir.display()
        );
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .context("cannot start")?;
    let nft = nftables(config, deployment)?;
    Ok(runtime.block_on(work(nft))?)
}

/// No packet filter: `firewall = "none"`.
pub(crate) struct Unguarded;

#[async_trait]
impl FirewallDriver for Unguarded {
    async fn apply(&self, _: &Ruleset) -> zun_driver::Result<()> {
        Ok(())
    }

    async fn mend(&self) -> zun_driver::Result<bool> {
        Ok(false)
    }

    async fn tie(&self) -> zun_driver::Result<()> {
        Ok(())
    }

    async fn foreign_guards(&self) -> zun_driver::Result<Vec<ForeignGuard>> {
        Ok(Vec::new())
    }

    async fn clear(&self) -> zun_driver::Result<()> {
        Ok(())
    }
}
