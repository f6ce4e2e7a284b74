//! Hosts as the scheduler sees them: facts from their engines, allocations from the store.

use std::collections::BTreeSet;

use zun_domain::container::Protocol;
use zun_domain::host::{Host, HostPlace, Reachability};
use zun_domain::id::HostId;
use zun_domain::name::HostName;
use zun_scheduler::{ClusterView, HostView, Policy};
use zun_store::Tx;

use crate::context::{Engine, Inner};
use crate::error::{Error, Result};

impl Engine {
    /// Asks every host what it has and keeps the answer; a silent one is kept as down.
    pub(crate) async fn look_at_hosts(&self) -> Result<()> {
        // One after the other: an older answer would be written over a newer one.
        let _alone = self.looking_at_hosts.lock().await;
        for id in self.driven() {
            let now = self.clock.now();
            let answer = self.drivers(id)?.runtime.facts().await;
            let known = self.store.host_find(id).await?;
            let host = match (answer, known) {
                (Ok(facts), known) => {
                    self.note_host(id, None);
                    let place = self.local_place(id)?;
                    let created_at = known.as_ref().map_or(now, |host| host.created_at);
                    let (disabled, forced_down) =
                        known.map_or((None, false), |host| (host.disabled, host.forced_down));
                    Host {
                        place,
                        facts,
                        reachability: Reachability::Up,
                        disabled,
                        forced_down,
                        seen_at: now,
                        created_at,
                    }
                }
                (Err(error), Some(mut host)) => {
                    self.note_host(id, Some(error.to_string()));
                    host.reachability = Reachability::Down {
                        reason: error.to_string(),
                    };
                    host
                }
                (Err(error), None) => {
                    tracing::warn!(host = %id, "the engine of this host does not answer: {error}");
                    self.note_host(id, Some(error.to_string()));
                    continue;
                }
            };
            self.note_sizing(id, host.facts.disk_quota);
            let mut tx = self.store.begin().await?;
            tx.host_upsert(&host).await?;
            tx.commit().await?;
        }
        Ok(())
    }

    pub(crate) fn local_place(&self, id: HostId) -> Result<HostPlace> {
        let name = HostName::try_from(self.settings.host_name.clone())
            .map_err(|error| Error::Internal(error.to_string()))?;
        Ok(HostPlace {
            id,
            name,
            zone: self.settings.zone.clone(),
        })
    }
}

impl Inner {
    /// The view a decision is made on, read in the transaction that commits it. `busy` are the ports
    /// somebody listens on at the local host; `own` are those of the container that is being changed.
    pub(crate) async fn cluster_view(
        &self,
        tx: &mut Tx,
        busy: &BTreeSet<(Protocol, u16)>,
        own: &BTreeSet<(Protocol, u16)>,
    ) -> Result<ClusterView> {
        let mut allocations = tx.allocations().await?;
        let mut views = Vec::new();
        for host in tx.host_list().await? {
            let id = host.place.id;
            let (allocated, containers) = allocations.remove(&id).unwrap_or_default();
            let mut ports_taken: BTreeSet<(Protocol, u16)> = tx
                .host_ports_taken(id)
                .await?
                .into_iter()
                .map(|(_, port)| (port.protocol, port.external))
                .collect();
            if id == self.local {
                ports_taken.extend(busy);
            }
            ports_taken.retain(|port| !own.contains(port));
            let down = match (&host.reachability, host.forced_down, self.why_down(id)) {
                (_, true, _) => Some("declared down by an administrator".to_owned()),
                (Reachability::Down { reason }, ..) => Some(reason.clone()),
                (Reachability::Up, false, why) => why,
            };
            views.push(HostView {
                capacity: self.settings.overcommit.capacity(&host.facts),
                place: host.place,
                facts: host.facts,
                allocated,
                containers,
                down,
                disabled: host.disabled,
                recent_failures: 0,
                has_image: false,
                ports_taken,
            });
        }
        Ok(ClusterView::new(views, Policy::default()))
    }
}
