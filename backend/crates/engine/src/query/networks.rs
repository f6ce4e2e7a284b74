//! Networks, subnets, pools and ports that a caller can see. The outside is seen by everybody.

use std::collections::HashMap;

use zun_domain::container::{Container, Status};
use zun_domain::id::{ContainerId, NetworkId, PortId, ProjectId, SubnetId, SubnetPoolId};
use zun_domain::name::HostName;
use zun_domain::network::{Network, NetworkKind, Port, Subnet, SubnetPool};
use zun_store::{ContainerQuery, Reader};

use crate::call::Call;
use crate::context::Engine;
use crate::error::{Error, Result};

/// Containers read at once from the store.
const PAGE: usize = 1000;

/// A port, and what of its container belongs to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PortView {
    /// The port.
    pub port: Port,
    /// Where its container is.
    pub host: Option<HostName>,
    /// It is connected: its container runs, or a router has it.
    pub active: bool,
}

impl Call {
    /// A network that can be seen.
    pub(crate) async fn network(&self, reader: &Reader, id: NetworkId) -> Result<Network> {
        let found = reader.network_find(id).await?;
        let seen =
            |network: &Network| self.sees(network.project) || network.kind == NetworkKind::External;
        found
            .filter(seen)
            .ok_or_else(|| Error::not_found("network", id))
    }

    /// A subnet that can be seen, with its network.
    pub(crate) async fn subnet(&self, reader: &Reader, id: SubnetId) -> Result<(Subnet, Network)> {
        let absent = || Error::not_found("subnet", id);
        let subnet = reader.subnet_find(id).await?.ok_or_else(absent)?;
        match self.network(reader, subnet.network).await {
            Ok(network) => Ok((subnet, network)),
            Err(Error::NotFound { .. }) => Err(absent()),
            Err(error) => Err(error),
        }
    }

    /// A pool that can be seen: shared ones are everybody's to use.
    pub(crate) async fn subnet_pool(
        &self,
        reader: &Reader,
        id: SubnetPoolId,
    ) -> Result<SubnetPool> {
        let found = reader.subnet_pool_find(id).await?;
        found
            .filter(|pool| pool.shared || self.sees(pool.project))
            .ok_or_else(|| Error::not_found("subnet pool", id))
    }

    /// A port that can be seen.
    pub(crate) async fn port(&self, reader: &Reader, id: PortId) -> Result<Port> {
        let found = reader.port_find(id).await?;
        found
            .filter(|port| self.sees(port.project))
            .ok_or_else(|| Error::not_found("port", id))
    }
}

impl Engine {
    /// A network that the caller can see.
    pub async fn network_get(&self, call: &Call, id: NetworkId) -> Result<Network> {
        call.network(&self.store, id).await
    }

    /// Networks that the caller can see. The default one of the caller's project is among them from the first look on.
    pub async fn network_list(&self, call: &Call) -> Result<Vec<Network>> {
        let own = call.caller.project;
        if let Err(error) = self.ensure_default_network(own).await {
            tracing::warn!(project = %own, "cannot make its default network yet: {error}");
        }
        let visible = call.visible();
        let mut networks = self.store.network_list(visible).await?;
        if visible.is_some()
            && let Some(outside) = self.store.network_find_external().await?
            && networks.iter().all(|network| network.id != outside.id)
        {
            networks.push(outside);
        }
        Ok(networks)
    }

    async fn ensure_default_network(&self, project: ProjectId) -> Result<()> {
        if self.store.network_find_default(project).await?.is_some() {
            return Ok(());
        }
        let in_use = self.subnets_for(project).await?;
        let mut tx = self.store.begin().await?;
        tx.admission_lock().await?;
        self.default_network(&mut tx, project, &in_use).await?;
        Ok(tx.commit().await?)
    }

    /// A subnet that the caller can see.
    pub async fn subnet_get(&self, call: &Call, id: SubnetId) -> Result<Subnet> {
        Ok(call.subnet(&self.store, id).await?.0)
    }

    /// Subnets of the networks that the caller can see.
    pub async fn subnet_list(&self, call: &Call) -> Result<Vec<Subnet>> {
        let networks = self.network_list(call).await?;
        Ok(networks
            .into_iter()
            .flat_map(|network| network.subnets)
            .collect())
    }

    /// A subnet pool that the caller can see.
    pub async fn subnet_pool_get(&self, call: &Call, id: SubnetPoolId) -> Result<SubnetPool> {
        call.subnet_pool(&self.store, id).await
    }

    /// Subnet pools that the caller can see.
    pub async fn subnet_pool_list(&self, call: &Call) -> Result<Vec<SubnetPool>> {
        Ok(self.store.subnet_pool_list(call.visible()).await?)
    }

    /// A port that the caller can see.
    pub async fn port_get(&self, call: &Call, id: PortId) -> Result<PortView> {
        let port = call.port(&self.store, id).await?;
        self.port_view(port).await
    }

    /// Ports that the caller can see.
    pub async fn port_list(&self, call: &Call) -> Result<Vec<PortView>> {
        let ports = self.store.port_list(call.visible()).await?;
        let mut bound: Vec<ContainerId> = ports.iter().filter_map(|port| port.container).collect();
        bound.dedup();
        let mut containers: HashMap<ContainerId, Container> = HashMap::new();
        for ids in bound.chunks(PAGE) {
            let query = ContainerQuery {
                ids: Some(ids.to_vec()),
                ..ContainerQuery::default()
            };
            let found = self.store.container_list(&query).await?;
            containers.extend(found.into_iter().map(|container| (container.id, container)));
        }
        Ok(ports
            .into_iter()
            .map(|port| {
                let holder = port.container.and_then(|id| containers.get(&id));
                view(port, holder)
            })
            .collect())
    }

    /// A port with what of its container belongs to it.
    pub(crate) async fn port_view(&self, port: Port) -> Result<PortView> {
        let holder = match port.container {
            Some(id) => self.store.container_find(id).await?,
            None => None,
        };
        Ok(view(port, holder.as_ref()))
    }
}

fn view(port: Port, holder: Option<&Container>) -> PortView {
    let runs = holder
        .is_some_and(|container| matches!(container.status(), Status::Running | Status::Paused));
    PortView {
        host: holder.map(|container| container.place.name.clone()),
        active: port.admin_state_up && (runs || port.is_routers()),
        port,
    }
}
