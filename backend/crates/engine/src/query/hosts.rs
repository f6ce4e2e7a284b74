//! Hosts and services, as administrators see and steer them.

use std::collections::BTreeMap;

use zun_domain::host::{Host, Reachability};

use super::{Gauges, HostView};
use crate::context::Engine;
use crate::error::{Error, Result};

impl Engine {
    /// Every host, by name.
    pub async fn hosts(&self) -> Result<Vec<HostView>> {
        let mut allocations = self.store.allocations().await?;
        let mut hosts: Vec<HostView> = self
            .store
            .host_list()
            .await?
            .into_iter()
            .map(|host| {
                let (allocated, containers) =
                    allocations.remove(&host.place.id).unwrap_or_default();
                HostView {
                    host: self.as_known(host),
                    allocated,
                    containers,
                }
            })
            .collect();
        hosts.sort_by(|a, b| a.host.place.name.cmp(&b.host.place.name));
        Ok(hosts)
    }

    /// A host by uuid or name.
    pub async fn host_get(&self, ident: &str) -> Result<HostView> {
        let hosts = self.hosts().await?;
        let matches = |view: &HostView| {
            view.host.place.name.as_str() == ident || view.host.place.id.to_string() == ident
        };
        hosts
            .into_iter()
            .find(matches)
            .ok_or_else(|| Error::not_found("host", ident))
    }

    /// Takes a host out of scheduling with a reason, or back in with `None`.
    pub async fn service_set_disabled(
        &self,
        host: &str,
        reason: Option<String>,
    ) -> Result<HostView> {
        let id = self.host_get(host).await?.host.place.id;
        let mut tx = self.store.begin().await?;
        tx.host_set_disabled(id, reason.as_deref()).await?;
        tx.commit().await?;
        self.host_get(host).await
    }

    /// Declares a host down, or takes that back.
    pub async fn service_force_down(&self, host: &str, down: bool) -> Result<HostView> {
        let id = self.host_get(host).await?.host.place.id;
        let mut tx = self.store.begin().await?;
        tx.host_set_forced_down(id, down).await?;
        tx.commit().await?;
        self.host_get(host).await
    }

    /// Forgets a host; refused while it has containers or is driven by this process.
    pub async fn service_delete(&self, host: &str) -> Result<()> {
        let view = self.host_get(host).await?;
        if view.containers > 0 {
            return Err(Error::Conflict(format!(
                "host {host} has {} containers; delete them first",
                view.containers
            )));
        }
        if self.driven().contains(&view.host.place.id) {
            return Err(Error::Conflict(format!(
                "host {host} is the one this zund drives; disable it instead"
            )));
        }
        let mut tx = self.store.begin().await?;
        tx.host_delete(view.host.place.id).await?;
        tx.commit().await?;
        Ok(())
    }

    /// Figures for monitoring.
    pub async fn gauges(&self) -> Result<Gauges> {
        let mut gauges = Gauges {
            claims: self.store.claims_total().await?,
            containers: self.store.container_statuses().await?,
            ..Gauges::default()
        };
        let mut operations: BTreeMap<&'static str, u64> = BTreeMap::new();
        for operation in self.store.operations_unfinished().await? {
            *operations.entry(operation.kind.as_str()).or_default() += 1;
        }
        gauges.operations = operations;
        for view in self.hosts().await? {
            match view.host.reachability {
                Reachability::Up => gauges.hosts_up += 1,
                Reachability::Down { .. } => gauges.hosts_down += 1,
            }
        }
        Ok(gauges)
    }

    /// The stored host with what this process knows better.
    fn as_known(&self, mut host: Host) -> Host {
        if let Some(reason) = self.why_down(host.place.id) {
            host.reachability = Reachability::Down { reason };
        }
        host
    }
}
