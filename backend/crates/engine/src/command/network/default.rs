//! What every project has without asking: a network and a group of its own; and what the deployment has: the outside.

use std::net::{IpAddr, Ipv4Addr};

use ipnet::{IpNet, Ipv4Net};
use zun_domain::container::ContainerSpec;
use zun_domain::id::{HostId, NetworkId, ProjectId, SubnetId};
use zun_domain::network::{
    DEFAULT_MTU, Network, NetworkKind, Subnet, default_pools, first_address, free_subnet,
};
use zun_store::Tx;

use crate::context::{Engine, Inner};
use crate::error::{Error, Result};

/// The name that a project's default network has from the start.
pub(crate) const DEFAULT_NETWORK: &str = "default";

/// The owner of what belongs to the deployment.
const NOBODY: ProjectId = ProjectId(uuid::Uuid::nil());

impl Inner {
    /// The project's default network, made up when it is first needed, clear of `in_use`.
    pub(crate) async fn default_network(
        &self,
        tx: &mut Tx,
        project: ProjectId,
        in_use: &[IpNet],
    ) -> Result<Network> {
        if let Some(network) = tx.network_find_default(project).await? {
            return Ok(network);
        }
        let subnet = self.free_subnet(tx, in_use).await?;
        let mut network = self.new_network(project, DEFAULT_NETWORK, NetworkKind::Default);
        let subnet = self.new_subnet(&network, IpNet::V4(subnet));
        network.subnets.push(subnet);
        tx.network_insert(&network).await?;
        Ok(network)
    }

    pub(super) fn new_network(&self, project: ProjectId, name: &str, kind: NetworkKind) -> Network {
        let id = NetworkId(self.ids.uuid());
        Network {
            id,
            project,
            name: name.to_owned(),
            description: String::new(),
            kind,
            admin_state_up: true,
            mtu: DEFAULT_MTU,
            subnets: Vec::new(),
            runtime_name: Network::own_runtime_name(id),
            created_at: self.clock.now(),
            updated_at: None,
        }
    }

    fn new_subnet(&self, network: &Network, cidr: IpNet) -> Subnet {
        let gateway = first_address(cidr);
        Subnet {
            id: SubnetId(self.ids.uuid()),
            network: network.id,
            project: network.project,
            name: network.name.clone(),
            description: String::new(),
            cidr,
            gateway,
            allocation_pools: default_pools(cidr, gateway),
            dns_nameservers: Vec::new(),
            pool: None,
            created_at: self.clock.now(),
            updated_at: None,
        }
    }

    /// A subnet of the pool that no network of ours has, clear of `in_use`.
    pub(crate) async fn free_subnet(&self, tx: &mut Tx, in_use: &[IpNet]) -> Result<Ipv4Net> {
        let ours = tx.subnets_taken().await?;
        let v4 = |net: &IpNet| match net {
            IpNet::V4(net) => Some(*net),
            IpNet::V6(_) => None,
        };
        let taken: Vec<Ipv4Net> = ours.iter().chain(in_use).filter_map(v4).collect();
        let (pool, prefix) = (self.settings.network_pool, self.settings.network_prefix);
        free_subnet(pool, prefix, &taken).ok_or_else(|| {
            Error::Conflict(format!(
                "every /{prefix} of the network pool {pool} is in use; widen the pool in zund's configuration"
            ))
        })
    }
}

impl Engine {
    /// What a new network on this host must not overlap outside of our records: the engine's networks, the host's
    /// routes, and prefixes that another deployment guards, whose rules would drop all that ours sends.
    pub(crate) async fn prefixes_around(&self, host: HostId) -> Result<Vec<IpNet>> {
        let drivers = self.drivers(host)?;
        let (mut prefixes, guards) = tokio::try_join!(
            drivers.networks.subnets(),
            drivers.firewall.foreign_guards()
        )?;
        prefixes.extend(guards.into_iter().map(|guard| guard.subnet));
        Ok(prefixes)
    }

    /// Subnets in use around the host, asked for only before a project's first network is made.
    pub(crate) async fn subnets_for(&self, project: ProjectId) -> Result<Vec<IpNet>> {
        if self.store.network_find_default(project).await?.is_some() {
            return Ok(Vec::new());
        }
        self.prefixes_around(self.local).await
    }

    /// The same before a container is decided: where it is on other networks, nothing is asked.
    pub(crate) async fn subnets_around(
        &self,
        project: ProjectId,
        spec: &ContainerSpec,
    ) -> Result<Vec<IpNet>> {
        let named = spec.networks();
        let mut names = named.iter().map(|entry| entry.network.as_deref());
        if named.is_empty() || names.any(|name| name == Some(DEFAULT_NETWORK)) {
            return self.subnets_for(project).await;
        }
        Ok(Vec::new())
    }

    /// The network that stands for the outside, made at the first start, with the range of the configuration.
    pub(crate) async fn ensure_external(&self) -> Result<()> {
        let range = self.settings.network_external.map(IpNet::V4);
        let mut tx = self.store.begin().await?;
        tx.admission_lock().await?;
        let network = if let Some(network) = tx.network_find_external().await? {
            network
        } else {
            let network = self.new_network(NOBODY, "external", NetworkKind::External);
            tx.network_insert(&network).await?;
            network
        };
        let there = network.v4().map(|subnet| subnet.cidr);
        if there == range {
            return Ok(tx.commit().await?);
        }
        if !tx.external_addresses_taken().await?.is_empty() {
            tracing::warn!(
                "network.external has changed from {} to {}, but addresses of it are in use: delete the floating IPs and take \
                 the gateways off the routers first",
                shown(there),
                shown(range)
            );
            return Ok(tx.rollback().await?);
        }
        for subnet in &network.subnets {
            tx.subnet_delete(subnet.id).await?;
        }
        if let Some(range) = range {
            tx.subnet_insert(&outside(self.new_subnet(&network, range)))
                .await?;
        }
        Ok(tx.commit().await?)
    }
}

fn shown(range: Option<IpNet>) -> String {
    range.map_or_else(|| "none".to_owned(), |range| range.to_string())
}

/// Every address of the range may be given out: the gateway of the outside is not ours, and lies elsewhere.
fn outside(mut subnet: Subnet) -> Subnet {
    subnet.gateway = IpAddr::V4(Ipv4Addr::UNSPECIFIED);
    let range = zun_domain::network::AddressRange {
        start: subnet.cidr.network(),
        end: subnet.cidr.broadcast(),
    };
    subnet.allocation_pools = vec![range];
    subnet
}
