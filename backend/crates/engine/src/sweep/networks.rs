//! Networks that are gone from the records and still in an engine.
//!
//! Engine 20.10 at times loses count of a network's endpoints and then gives it up after a restart only. So a delete
//! succeeds for the user, what it left is noted, and removed here as soon as the engine lets it go.

use std::collections::HashSet;

use zun_domain::id::HostId;
use zun_store::LeftoverNetwork;

use crate::context::Engine;
use crate::error::Result;

impl Engine {
    /// Removes what was noted as left over, and networks of ours that are in no record.
    pub(crate) async fn sweep_networks(&self, host: HostId) -> Result<()> {
        for left in self.store.leftover_network_list(host).await? {
            self.remove_leftover(&left).await;
        }
        let there = self.drivers(host)?.networks.list().await?;
        let known = self.known_networks(host).await?;
        for name in there.iter().filter(|name| !known.contains(*name)) {
            let _nobody_makes_one = self.choosing.lock().await;
            match self.drivers(host)?.networks.remove(name).await {
                Ok(()) => {
                    tracing::warn!(host = %host, "removed the network {name}: it is in no record");
                }
                Err(error) => {
                    tracing::warn!(host = %host, "the network {name} is in no record: {error}");
                }
            }
        }
        Ok(())
    }

    /// The names in the engine of networks that have a record or are noted. Asked after the engine, so that one which is
    /// made meanwhile is among them.
    async fn known_networks(&self, host: HostId) -> Result<HashSet<String>> {
        // Under the lock: a name moves from the one list to the other.
        let mut tx = self.store.begin().await?;
        tx.admission_lock().await?;
        let networks = tx.network_list(None).await?;
        let left = tx.leftover_network_list(host).await?;
        tx.rollback().await?;
        let recorded = networks.into_iter().map(|network| network.runtime_name);
        Ok(recorded
            .chain(left.into_iter().map(|left| left.runtime_name))
            .collect())
    }

    /// Removes one from its engine, and from the list where that succeeded. What fails stays there.
    pub(crate) async fn remove_leftover(&self, left: &LeftoverNetwork) {
        // Nobody makes a network meanwhile: one that takes this over is made anew after it.
        let _nobody_makes_one = self.choosing.lock().await;
        if let Err(error) = self.try_remove(left).await {
            tracing::warn!(
                host = %left.host,
                "the network {} is left over, trying again later: {error}",
                left.runtime_name
            );
        }
    }

    async fn try_remove(&self, left: &LeftoverNetwork) -> Result<()> {
        let still = self.store.leftover_network_list(left.host).await?;
        if !still.contains(left) {
            return Ok(());
        }
        let driver = &self.drivers(left.host)?.networks;
        driver.remove(&left.runtime_name).await?;
        let mut tx = self.store.begin().await?;
        match tx
            .leftover_network_delete(left.host, &left.runtime_name)
            .await
        {
            // Taken over meanwhile.
            Err(zun_store::Error::NotFound { .. }) => Ok(()),
            outcome => {
                outcome?;
                Ok(tx.commit().await?)
            }
        }
    }
}
