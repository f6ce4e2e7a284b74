//! Subnets: added to a network, described, taken away. One of each family to a network, and only while no port is on
//! it: an engine's network cannot be changed once it is made.

use std::net::IpAddr;

use ipnet::IpNet;
use zun_domain::id::{NetworkId, SubnetId, SubnetPoolId};
use zun_domain::network::{AddressRange, Network, NetworkKind, Subnet, overlaps};
use zun_driver::ForeignGuard;
use zun_store::Tx;

use super::named::called;
use super::network::check_mtu;
use super::prefix::{Layout, check_private, check_servers};
use super::shape::{Engines, check_unused, listed, refuse_outside};
use crate::call::Call;
use crate::context::Engine;
use crate::error::{Error, NetworkRule, Result};

/// A subnet to be made.
#[derive(Debug, Clone)]
pub struct CreateSubnet {
    /// The network it becomes a part of.
    pub network: NetworkId,
    /// Name; not unique, may be empty.
    pub name: String,
    /// Description; may be empty.
    pub description: String,
    /// It is IPv4.
    pub v4: bool,
    /// Its prefix; cut from the pool where none is given.
    pub cidr: Option<IpNet>,
    /// The pool that its prefix is cut from, or has to be in.
    pub pool: Option<SubnetPoolId>,
    /// How long a prefix is cut; the pool's default where none is given.
    pub prefixlen: Option<u8>,
    /// The bridge's address; the first one where none is given.
    pub gateway: Option<IpAddr>,
    /// Where addresses are allocated from; everywhere where none are given.
    pub allocation_pools: Option<Vec<AddressRange>>,
    /// Name servers of its containers.
    pub dns_nameservers: Vec<IpAddr>,
}

/// What changes about a subnet. `None` leaves as it is.
#[derive(Debug, Clone, Default)]
pub struct UpdateSubnet {
    /// New name.
    pub name: Option<String>,
    /// New description.
    pub description: Option<String>,
    /// Another address of the bridge; only while no port is on the network.
    pub gateway: Option<IpAddr>,
    /// Where addresses are allocated from, from now on.
    pub allocation_pools: Option<Vec<AddressRange>>,
    /// Name servers of containers that are made from now on.
    pub dns_nameservers: Option<Vec<IpAddr>>,
}

impl Engine {
    /// Adds a subnet to a network.
    pub async fn subnet_create(&self, call: &Call, ask: CreateSubnet) -> Result<Subnet> {
        check_servers(&ask.dns_nameservers)?;
        if let Some(cidr) = ask.cidr {
            Layout::decide(cidr, ask.gateway, ask.allocation_pools.clone())?;
            check_private(cidr, call.caller.is_admin())?;
            self.check_unguarded(cidr).await?;
        }
        let in_use = self.used_outside(ask.cidr).await?;
        let engines = self.engines().await;
        let mut tx = self.store.begin().await?;
        tx.admission_lock().await?;
        let mut network = call.network(&tx, ask.network).await?;
        check_addable(&tx, &network, ask.v4).await?;
        let cidr = match ask.pool {
            None => ask.cidr.ok_or_else(|| {
                Error::invalid(
                    "cidr",
                    "is required: a prefix such as 10.1.0.0/24; or name a subnetpool_id to have one cut from",
                )
            })?,
            Some(pool) => {
                let pool = call.subnet_pool(&tx, pool).await?;
                let cidr = super::subnet_pool::cut(&tx, &pool, &ask, &in_use).await?;
                // Only an administrator shares a pool, and so says that it may be used.
                check_private(cidr, pool.shared || call.caller.is_admin())?;
                cidr
            }
        };
        check_clear(&tx, call, cidr, &in_use).await?;
        let layout = Layout::decide(cidr, ask.gateway, ask.allocation_pools)?;
        let left = self.retire(&mut tx, &mut network, &engines).await?;
        let subnet = Subnet {
            id: SubnetId(self.ids.uuid()),
            network: network.id,
            project: network.project,
            name: ask.name,
            description: ask.description,
            cidr: layout.cidr,
            gateway: layout.gateway,
            allocation_pools: layout.pools,
            dns_nameservers: ask.dns_nameservers,
            pool: ask.pool,
            created_at: self.clock.now(),
            updated_at: None,
        };
        tx.subnet_insert(&subnet).await?;
        network.subnets.push(subnet.clone());
        self.take_over(&mut tx, &mut network).await?;
        tx.network_update(&network).await?;
        tx.commit().await?;
        self.give_up(left).await;
        Ok(subnet)
    }

    /// Changes a subnet.
    pub async fn subnet_update(
        &self,
        call: &Call,
        id: SubnetId,
        ask: UpdateSubnet,
    ) -> Result<Subnet> {
        let engines = match ask.gateway {
            Some(_) => self.engines().await,
            None => Engines::default(),
        };
        let mut tx = self.store.begin().await?;
        tx.admission_lock().await?;
        let (mut subnet, mut network) = call.subnet(&tx, id).await?;
        refuse_outside(&network)?;
        if let Some(name) = ask.name {
            subnet.name = name;
        }
        if let Some(description) = ask.description {
            subnet.description = description;
        }
        if let Some(servers) = ask.dns_nameservers {
            check_servers(&servers)?;
            subnet.dns_nameservers = servers;
        }
        let gateway = ask.gateway.unwrap_or(subnet.gateway);
        let mut left = Vec::new();
        let moved = gateway != subnet.gateway;
        if moved {
            check_unused(&tx, &network, "gateway_ip").await?;
            check_routerless(&tx, &subnet, "change the gateway of").await?;
            left = self.retire(&mut tx, &mut network, &engines).await?;
        }
        if moved || ask.allocation_pools.is_some() {
            let pools = ask.allocation_pools.unwrap_or(subnet.allocation_pools);
            let layout = Layout::decide(subnet.cidr, Some(gateway), Some(pools))?;
            subnet.allocation_pools = layout.pools;
            subnet.gateway = layout.gateway;
        }
        subnet.updated_at = Some(self.clock.now());
        tx.subnet_update(&subnet).await?;
        if moved {
            self.reshaped(&mut tx, network).await?;
        }
        tx.commit().await?;
        self.give_up(left).await;
        Ok(subnet)
    }

    /// Takes a subnet away.
    pub async fn subnet_delete(&self, call: &Call, id: SubnetId) -> Result<()> {
        let engines = self.engines().await;
        let mut tx = self.store.begin().await?;
        tx.admission_lock().await?;
        let (subnet, mut network) = call.subnet(&tx, id).await?;
        refuse_outside(&network)?;
        check_removable(&tx, &subnet, &network).await?;
        let left = self.retire(&mut tx, &mut network, &engines).await?;
        tx.subnet_delete(id).await?;
        self.reshaped(&mut tx, network).await?;
        tx.commit().await?;
        self.give_up(left).await;
        self.guard_soon().await;
        Ok(())
    }

    /// Writes the network's name in the engine after its subnets have changed.
    async fn reshaped(&self, tx: &mut Tx, network: Network) -> Result<()> {
        let mut changed = tx.network_get(network.id).await?;
        changed.runtime_name = network.runtime_name;
        self.take_over(tx, &mut changed).await?;
        Ok(tx.network_update(&changed).await?)
    }
}

/// Refuses a subnet that the network cannot have.
async fn check_addable(tx: &Tx, network: &Network, v4: bool) -> Result<()> {
    refuse_outside(network)?;
    let (there, family) = if v4 {
        (network.v4(), "IPv4")
    } else {
        (network.v6(), "IPv6")
    };
    if let Some(there) = there {
        return Err(Error::Conflict(format!(
            "the network {} has the {family} subnet {} ({}) already, and an engine's network has one of each family; \
             delete that one, or make another network",
            called(network),
            there.cidr,
            there.id
        )));
    }
    if !v4 && network.v4().is_none() {
        return Err(Error::Conflict(format!(
            "the network {} has no IPv4 subnet, and no engine makes a network of IPv6 alone: add the IPv4 subnet first",
            called(network)
        )));
    }
    if !v4 {
        check_mtu(network.mtu, true)?;
    }
    check_unused(tx, network, "a subnet cannot be added").await
}

impl Engine {
    /// Refuses a prefix in which another deployment's rules would drop all that containers send.
    async fn check_unguarded(&self, cidr: IpNet) -> Result<()> {
        let guards = self.drivers(self.local)?.firewall.foreign_guards().await?;
        let Some(guard) = guards.iter().find(|guard| overlaps(&guard.subnet, &cidr)) else {
            return Ok(());
        };
        let ForeignGuard { table, subnet } = guard;
        Err(Error::Conflict(format!(
            "cidr: {cidr} overlaps {subnet}, which the firewall rules of another zund on this host guard (nftables tables \
             {table}): they would drop all that containers send; choose another prefix, or, where that zund is gone for \
             good, take its rules away: nft delete table inet {table}; nft delete table bridge {table}"
        )))
    }
}

/// Refuses a prefix that anything else has.
async fn check_clear(tx: &Tx, call: &Call, cidr: IpNet, in_use: &[IpNet]) -> Result<()> {
    let ours = tx.subnets_taken().await?;
    if let Some(other) = ours.iter().find(|other| overlaps(other, &cidr)) {
        let visible = tx.subnet_list(call.visible()).await?;
        let whose = match visible.iter().find(|subnet| subnet.cidr == *other) {
            Some(subnet) => format!("subnet {}", subnet.id),
            None => "a network of this deployment".to_owned(),
        };
        return Err(Error::Conflict(format!(
            "cidr: {cidr} overlaps {other}, which {whose} has; prefixes are given once in a deployment, so choose another, \
             or name a subnetpool_id to have a free one cut"
        )));
    }
    match in_use.iter().find(|other| overlaps(other, &cidr)) {
        None => Ok(()),
        Some(other) => Err(Error::Conflict(format!(
            "cidr: {cidr} overlaps {other}, which the host or its engine uses outside of zund; choose another prefix"
        ))),
    }
}

/// Refuses to take away what something still needs.
async fn check_removable(tx: &Tx, subnet: &Subnet, network: &Network) -> Result<()> {
    let v4 = subnet.cidr.addr().is_ipv4();
    if v4 && network.kind == NetworkKind::Default {
        return Err(Error::Conflict(format!(
            "subnet {} is that of the default network of its project, which each project has: it cannot be deleted",
            subnet.id
        )));
    }
    check_routerless(tx, subnet, "delete").await?;
    let mut ports = tx.ports_on(network.id).await?;
    ports.retain(|port| !port.is_routers());
    if !ports.is_empty() {
        return Err(NetworkRule::SubnetInUse.because(format!(
            "cannot delete subnet {}: ports are on its network ({}), and an engine's network cannot be changed once it \
             is made; delete them first",
            subnet.id,
            listed(&ports)
        )));
    }
    match network.v6().filter(|_| v4) {
        None => Ok(()),
        Some(v6) => Err(NetworkRule::SubnetInUse.because(format!(
            "cannot delete subnet {}: no engine makes a network of IPv6 alone, so delete the IPv6 subnet {} first",
            subnet.id, v6.id
        ))),
    }
}

/// Refuses what takes a router's address away.
async fn check_routerless(tx: &Tx, subnet: &Subnet, verb: &str) -> Result<()> {
    let routers = tx.router_list(Some(subnet.project)).await?;
    let on = |interface: &zun_domain::network::router::Interface| interface.subnet == subnet.id;
    match routers
        .iter()
        .find(|router| router.interfaces.iter().any(on))
    {
        None => Ok(()),
        Some(router) => Err(NetworkRule::SubnetInUse.because(format!(
            "cannot {verb} subnet {}: router {} has an interface there; remove that first",
            subnet.id, router.id
        ))),
    }
}
