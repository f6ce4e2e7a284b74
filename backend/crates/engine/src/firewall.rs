//! The rules of the host, brought to what the records ask for. One writer at a time: whoever waits for it meanwhile
//! is served by the next write, so that forty creates at once cost a few.

use std::sync::atomic::{AtomicU64, Ordering};

use zun_domain::firewall::compile;
use zun_domain::id::HostId;

use crate::context::Engine;
use crate::error::Result;

/// How far the rules are behind the records.
#[derive(Debug, Default)]
pub(crate) struct Guarding {
    /// Counts up with each wish for a write.
    asked: AtomicU64,
    /// Which wishes the last write has served. Held while one is at work.
    served: tokio::sync::Mutex<u64>,
}

impl Engine {
    /// Puts the rules in force that the records of this moment ask for.
    pub(crate) async fn guard(&self) -> Result<()> {
        let mine = self.guarding.asked.fetch_add(1, Ordering::SeqCst) + 1;
        let mut served = self.guarding.served.lock().await;
        if *served >= mine {
            return Ok(());
        }
        let up_to = self.guarding.asked.load(Ordering::SeqCst);
        let records = self.store.firewall_records().await?;
        let rules = compile(&records);
        self.drivers(self.local)?.firewall.apply(&rules).await?;
        *served = up_to;
        Ok(())
    }

    /// The same where nobody waits for it: what fails is done with the next look at everything.
    pub(crate) async fn guard_soon(&self) {
        if let Err(error) = self.guard().await {
            tracing::error!(
                "cannot put the firewall's rules in force, trying again with the next look: {error}"
            );
            self.sweep_now.notify_one();
        }
    }

    /// Rules that somebody has changed or flushed are put in force again, and those that could not be written.
    pub(crate) async fn mend_firewall(&self, host: HostId) -> Result<()> {
        if self.drivers(host)?.firewall.mend().await? {
            tracing::warn!(host = %host, "somebody had changed the firewall's rules: they are in force again");
        }
        self.guard().await?;
        self.tie(host).await;
        Ok(())
    }

    /// A container that has started, or joined a network, sends as its own port only from now on.
    pub(crate) async fn tie(&self, host: HostId) {
        let Ok(drivers) = self.drivers(host) else {
            return;
        };
        if let Err(error) = drivers.firewall.tie().await {
            tracing::warn!(host = %host, "a container could send as its neighbor: {error}");
        }
    }
}
