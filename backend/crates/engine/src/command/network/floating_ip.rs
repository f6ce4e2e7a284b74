//! Floating IPs: addresses of the outside, taken, given to a port, taken from it, released.

use std::net::Ipv4Addr;

use zun_domain::id::{FloatingIpId, NetworkId, PortId, ProjectId, RouterId, SubnetId};
use zun_domain::network::{FloatingIp, NetworkKind, Port};
use zun_store::Tx;

use super::external::external_range;
use crate::call::Call;
use crate::context::Engine;
use crate::error::{Error, NetworkRule, Result};

/// A floating IP to be taken.
#[derive(Debug, Clone)]
pub struct CreateFloatingIp {
    /// Its owner.
    pub project: ProjectId,
    /// Description; may be empty.
    pub description: String,
    /// The external network.
    pub network: NetworkId,
    /// The subnet of it.
    pub subnet: Option<SubnetId>,
    /// The address; a free one where none is given.
    pub address: Option<Ipv4Addr>,
    /// What it is to stand for.
    pub port: Option<PortOf>,
}

/// A port that a floating IP stands for.
#[derive(Debug, Clone, Copy)]
pub struct PortOf {
    /// The port.
    pub id: PortId,
    /// Which of its addresses; its IPv4 address where none is given.
    pub fixed_ip: Option<Ipv4Addr>,
}

/// What becomes of a floating IP's port.
#[derive(Debug, Clone, Copy, Default)]
pub enum PortChange {
    /// It stays as it is.
    #[default]
    Keep,
    /// It stands for nothing any more.
    Clear,
    /// It stands for this, from now on.
    Set(PortOf),
}

/// What changes about a floating IP. `None` leaves as it is.
#[derive(Debug, Clone, Default)]
pub struct UpdateFloatingIp {
    /// New description.
    pub description: Option<String>,
    /// What becomes of its port.
    pub port: PortChange,
}

impl Engine {
    /// Takes an address of the outside, for a port where one is named.
    pub async fn floating_ip_create(&self, ask: CreateFloatingIp) -> Result<FloatingIp> {
        let mut tx = self.store.begin().await?;
        tx.admission_lock().await?;
        let network = self
            .external_network(&tx, ask.project, "floating_network_id", ask.network)
            .await?;
        let Some(range) = external_range(&network, "subnet_id", ask.subnet)? else {
            return Err(NetworkRule::ExternalIpAddressExhausted.because(
                "there are no floating IPs in this deployment: it has no range of external addresses; set network.external \
                 in zund's configuration",
            ));
        };
        let field = "floating_ip_address";
        let address = self
            .external_address(&tx, range, field, ask.address)
            .await?;
        let mut floating = FloatingIp {
            id: FloatingIpId(self.ids.uuid()),
            project: ask.project,
            description: ask.description,
            network: network.id,
            address,
            port: None,
            fixed_ip: None,
            router: None,
            created_at: self.clock.now(),
            updated_at: None,
        };
        if let Some(port) = ask.port {
            associate(&tx, &mut floating, port).await?;
        }
        tx.floating_ip_insert(&floating).await?;
        tx.commit().await?;
        self.guard().await;
        Ok(floating)
    }

    /// Changes a floating IP; packets follow at once.
    pub async fn floating_ip_update(
        &self,
        call: &Call,
        id: FloatingIpId,
        ask: UpdateFloatingIp,
    ) -> Result<FloatingIp> {
        let mut tx = self.store.begin().await?;
        tx.admission_lock().await?;
        let mut floating = call.floating_ip(&tx, id).await?;
        if let Some(description) = ask.description {
            floating.description = description;
        }
        match ask.port {
            PortChange::Keep => {}
            PortChange::Clear => {
                floating.port = None;
                floating.fixed_ip = None;
                floating.router = None;
            }
            PortChange::Set(port) => associate(&tx, &mut floating, port).await?,
        }
        floating.updated_at = Some(self.clock.now());
        tx.floating_ip_update(&floating).await?;
        tx.commit().await?;
        self.guard().await;
        Ok(floating)
    }

    /// Releases the address.
    pub async fn floating_ip_delete(&self, call: &Call, id: FloatingIpId) -> Result<()> {
        let mut tx = self.store.begin().await?;
        tx.admission_lock().await?;
        let floating = call.floating_ip(&tx, id).await?;
        tx.floating_ip_delete(floating.id).await?;
        tx.commit().await?;
        self.guard().await;
        Ok(())
    }
}

/// Lets a floating IP stand for a port of its project that the outside can reach.
async fn associate(tx: &Tx, floating: &mut FloatingIp, ask: PortOf) -> Result<()> {
    let found = tx.port_find(ask.id).await?;
    let own = found.filter(|port| port.project == floating.project);
    let port = own.ok_or_else(|| Error::not_found("port", ask.id))?;
    let fixed_ip = fixed_ip_of(&port, ask.fixed_ip)?;
    let all = tx.floating_ip_list(Some(floating.project)).await?;
    let other = all.iter().find(|other| {
        other.id != floating.id && other.port == Some(port.id) && other.fixed_ip == Some(fixed_ip)
    });
    if let Some(other) = other {
        return Err(NetworkRule::FloatingIPPortAlreadyAssociated.because(format!(
            "port_id: the address {fixed_ip} of port {} has the floating IP {} ({}) already; disassociate that first",
            port.id, other.address, other.id
        )));
    }
    floating.router = way_to(tx, floating.network, &port).await?;
    floating.port = Some(port.id);
    floating.fixed_ip = Some(fixed_ip);
    Ok(())
}

fn fixed_ip_of(port: &Port, asked: Option<Ipv4Addr>) -> Result<Ipv4Addr> {
    if port.is_routers() {
        return Err(Error::invalid(
            "port_id",
            format!(
                "port {} belongs to a router; a floating IP stands for the port of a container",
                port.id
            ),
        ));
    }
    let Some(own) = port.v4() else {
        return Err(Error::invalid(
            "port_id",
            format!("port {} has no IPv4 address", port.id),
        ));
    };
    match asked {
        Some(asked) if asked != own => Err(Error::invalid(
            "fixed_ip_address",
            format!("port {} does not have {asked}; it has {own}", port.id),
        )),
        _ => Ok(own),
    }
}

/// The router that leads from the outside to a port. A default network is reached without one.
async fn way_to(tx: &Tx, external: NetworkId, port: &Port) -> Result<Option<RouterId>> {
    let network = tx.network_get(port.network).await?;
    if network.kind == NetworkKind::Default {
        return Ok(None);
    }
    let subnet = network.v4().map(|subnet| subnet.id);
    let routers = tx.router_list(Some(port.project)).await?;
    let leading = routers.iter().find(|router| {
        let mut interfaces = router.interfaces.iter();
        router
            .gateway
            .is_some_and(|gateway| gateway.network == external)
            && interfaces.any(|interface| Some(interface.subnet) == subnet)
    });
    let Some(router) = leading else {
        return Err(
            NetworkRule::ExternalGatewayForFloatingIPNotFound.because(format!(
                "port_id: the external network {external} is not reachable from {}, where port {} is; give a router a \
                 gateway to that network and an interface on this subnet first",
                subnet.map_or_else(
                    || format!("network {}", network.id),
                    |subnet| format!("subnet {subnet}"),
                ),
                port.id
            )),
        );
    };
    Ok(Some(router.id))
}
