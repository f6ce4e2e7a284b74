//! Keeps the record true: looks at what changed in the engines, when they say so and now and then at
//! everything. It takes no input and records what it sees; it changes something only where the user
//! asked for that: `auto_heal`, `auto_remove`, a name put back.

mod capsule;
mod heal;
mod observe;
mod remount;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use futures::StreamExt;
use tokio::sync::Notify;
use tokio::time::MissedTickBehavior;
use zun_domain::container::Container;
use zun_domain::id::{CapsuleId, ContainerId, HostId};
use zun_driver::runtime::{Found, RuntimeEvent};
use zun_store::ContainerQuery;

use crate::context::Engine;
use crate::error::Result;

/// Containers read at once from the store.
const PAGE: u32 = 1000;

/// The least time between two looks for links that are not tied yet.
const BETWEEN_TIES: Duration = Duration::from_millis(500);

impl Engine {
    /// Starts the loops of every host.
    pub(crate) fn watch_hosts(&self) {
        for host in self.driven() {
            let changed = Arc::new(Notify::new());
            let (engine, told) = (self.clone(), Arc::clone(&changed));
            self.spawn(async move { engine.follow_events(host, &told).await });
            let engine = self.clone();
            self.spawn(async move { engine.look_periodically(host).await });
            let engine = self.clone();
            self.spawn(async move { engine.keep_mounted(host).await });
            let engine = self.clone();
            self.spawn(async move { engine.keep_tied(host, &changed).await });
        }
    }

    /// `changed` is told of each change, for those who need no look at each.
    async fn follow_events(&self, host: HostId, changed: &Notify) {
        let Ok(drivers) = self.drivers(host) else {
            return;
        };
        let mut events = drivers.runtime.events();
        loop {
            let event = tokio::select! {
                () = self.stop.cancelled() => return,
                event = events.next() => event,
            };
            match event {
                Some(RuntimeEvent::Changed(id)) => {
                    changed.notify_one();
                    self.look_at(id).await;
                }
                Some(RuntimeEvent::Resync) => {
                    self.note_host(host, None);
                    self.record_hosts().await;
                    self.look_at_everything(host).await;
                }
                Some(RuntimeEvent::Lost(reason)) => {
                    tracing::warn!(host = %host, "the engine's event stream is gone: {reason}");
                    self.note_host(host, Some(reason));
                }
                None => return,
            }
        }
    }

    async fn look_periodically(&self, host: HostId) {
        let mut ticks =
            tokio::time::interval(Duration::from_secs(self.settings.reconcile_seconds.max(1)));
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                () = self.stop.cancelled() => return,
                _ = ticks.tick() => {}
                () = self.sweep_now.notified() => {}
            }
            self.record_hosts().await;
            self.look_at_everything(host).await;
            self.purge().await;
        }
    }

    /// Ties what has started or joined a network. Not for each event: forty starts at once need few looks.
    async fn keep_tied(&self, host: HostId, changed: &Notify) {
        let mut pace = tokio::time::interval(BETWEEN_TIES);
        pace.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            let ready = async {
                changed.notified().await;
                pace.tick().await;
            };
            tokio::select! {
                () = self.stop.cancelled() => return,
                () = ready => self.tie(host).await,
            }
        }
    }

    async fn record_hosts(&self) {
        if let Err(error) = self.look_at_hosts().await {
            tracing::warn!("cannot record the hosts: {error}");
        }
    }

    /// One container, on a hint.
    async fn look_at(&self, id: ContainerId) {
        if let Err(error) = self.observe(id).await {
            tracing::warn!(container = %id, "cannot look at it: {error}");
        }
    }

    /// Every container of a host: what the store has against what the engine shows, and leftovers.
    pub(crate) async fn look_at_everything(&self, host: HostId) {
        if self.why_down(host).is_some() {
            return;
        }
        if let Err(error) = self.compare(host).await {
            tracing::warn!(host = %host, "cannot compare the store with the engine: {error}");
        }
        if let Err(error) = self.mend_firewall(host).await {
            tracing::warn!(host = %host, "cannot put the firewall's rules in force: {error}");
        }
        if let Err(error) = self.sweep_volumes(host).await {
            tracing::warn!(host = %host, "cannot look for mounts that nobody has: {error}");
        }
        if let Err(error) = self.sweep_images(host).await {
            tracing::warn!(host = %host, "cannot look for data of images that nobody has: {error}");
        }
        if let Err(error) = self.sweep_networks(host).await {
            tracing::warn!(host = %host, "cannot look for networks that nobody has: {error}");
        }
        if let Err(error) = self.sweep_fetched(host).await {
            tracing::warn!(host = %host, "cannot look for images that nobody uses: {error}");
        }
    }

    async fn compare(&self, host: HostId) -> Result<()> {
        let found = self.drivers(host)?.runtime.list().await?;
        self.sweep(host, &found).await?;
        let current: HashMap<ContainerId, Found> = found
            .into_iter()
            .filter(|found| found.name == Container::runtime_name(found.container))
            .map(|found| (found.container, found))
            .collect();
        let mut parts: HashMap<CapsuleId, Vec<Container>> = HashMap::new();
        let mut marker = None;
        loop {
            let query = ContainerQuery {
                limit: PAGE,
                marker,
                ..ContainerQuery::default()
            };
            let page = self.store.container_list(&query).await?;
            for container in page.iter().filter(|container| container.place.id == host) {
                let shown = current.get(&container.id).map(|found| &found.observed);
                if let Some(of) = container.membership {
                    let parts = parts.entry(of.capsule).or_default();
                    parts.push(Container {
                        observed: shown.cloned(),
                        ..container.clone()
                    });
                }
                if container.observed.as_ref() != shown {
                    self.look_at(container.id).await;
                }
            }
            match page.last() {
                Some(last) if page.len() == PAGE as usize => marker = Some(last.id),
                _ => break,
            }
        }
        for parts in parts.into_values() {
            if let Some(member) = capsule::cut_off_member(&parts) {
                self.look_at(member).await;
            }
        }
        Ok(())
    }

    async fn purge(&self) {
        let kept =
            jiff::SignedDuration::from_hours(24 * i64::from(self.settings.keep_operations_days));
        let Ok(before) = self.clock.now().checked_sub(kept) else {
            return;
        };
        let purged = async {
            let mut tx = self.store.begin().await?;
            tx.operations_purge(before).await?;
            tx.commit().await
        };
        if let Err(error) = purged.await {
            tracing::warn!("cannot purge old operations: {error}");
        }
    }
}
