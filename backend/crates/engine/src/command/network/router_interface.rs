//! Interfaces of routers: a router's port on a subnet, with the subnet's gateway address.
//!
//! The bridge of a network is its gateway whether a router is there or not. An interface is what lets packets
//! pass from there to the router's other networks and to the outside.

use std::collections::BTreeSet;
use std::net::IpAddr;

use uuid::Uuid;
use zun_domain::id::{PortId, RouterId, SubnetId};
use zun_domain::network::port::OWNER_ROUTER_INTERFACE;
use zun_domain::network::router::Interface;
use zun_domain::network::{FixedIp, NetworkKind, Port, Router, Subnet, mac_of};
use zun_store::Tx;

use super::router::floating_through;
use crate::call::Call;
use crate::context::{Engine, Inner};
use crate::error::{Error, NetworkRule, Result};

/// How an interface is named.
#[derive(Debug, Clone, Copy)]
pub enum InterfaceOf {
    /// By the subnet it is on.
    Subnet(SubnetId),
    /// By its port.
    Port(PortId),
    /// By both.
    Both(SubnetId, PortId),
}

/// A router, and the interface that it got or had.
#[derive(Debug, Clone)]
pub struct Connected {
    /// The router.
    pub router: Router,
    /// The interface.
    pub interface: Interface,
}

impl Engine {
    /// Connects a router with a subnet of its project.
    pub async fn router_interface_add(
        &self,
        call: &Call,
        id: RouterId,
        ask: InterfaceOf,
    ) -> Result<Connected> {
        let mut tx = self.store.begin().await?;
        tx.admission_lock().await?;
        let router = call.router(&tx, id).await?;
        let subnet = match ask {
            InterfaceOf::Subnet(subnet) => free_subnet(&tx, &router, subnet).await?,
            InterfaceOf::Port(port) => return Err(port_refused(&tx, &router, port).await?),
            InterfaceOf::Both(..) => {
                return Err(Error::invalid(
                    "subnet_id",
                    "goes without port_id: an interface is added by one of them",
                ));
            }
        };
        let port = self.interface_port(&tx, &router, &subnet).await?;
        tx.port_insert(&port).await?;
        let interface = Interface {
            subnet: subnet.id,
            network: subnet.network,
            port: port.id,
        };
        tx.router_interface_insert(router.id, &interface).await?;
        tx.commit().await?;
        self.guard_soon().await;
        Ok(Connected { router, interface })
    }

    /// Takes an interface away, its port with it.
    pub async fn router_interface_remove(
        &self,
        call: &Call,
        id: RouterId,
        ask: InterfaceOf,
    ) -> Result<Connected> {
        let mut tx = self.store.begin().await?;
        tx.admission_lock().await?;
        let router = call.router(&tx, id).await?;
        let interface = interface_of(&router, ask)?;
        check_unneeded(&tx, &router, interface).await?;
        tx.router_interface_delete(router.id, interface.subnet)
            .await?;
        tx.port_delete(interface.port).await?;
        tx.commit().await?;
        self.guard_soon().await;
        Ok(Connected { router, interface })
    }
}

/// A subnet of the router's project that no router has.
async fn free_subnet(tx: &Tx, router: &Router, id: SubnetId) -> Result<Subnet> {
    let found = tx.subnet_find(id).await?;
    let own = found.filter(|subnet| subnet.project == router.project);
    let subnet = own.ok_or_else(|| Error::not_found("subnet", id))?;
    let network = tx.network_get(subnet.network).await?;
    if network.kind == NetworkKind::External {
        return Err(Error::invalid(
            "subnet_id",
            format!(
                "{id} is a subnet of the external network; routers get there with external_gateway_info"
            ),
        ));
    }
    if router
        .interfaces
        .iter()
        .any(|interface| interface.subnet == id)
    {
        return Err(Error::invalid(
            "subnet_id",
            format!(
                "router {} has an interface on subnet {id} already",
                router.id
            ),
        ));
    }
    let routers = tx.router_list(Some(router.project)).await?;
    let other = routers.iter().find(|other| {
        other
            .interfaces
            .iter()
            .any(|interface| interface.subnet == id)
    });
    match other {
        None => Ok(subnet),
        Some(other) => Err(NetworkRule::IpAddressInUse.because(format!(
            "subnet_id: the gateway address {} of subnet {id} belongs to router {} already, and a subnet has one router; \
             remove it from that one first",
            subnet.gateway, other.id
        ))),
    }
}

/// Why a port of the user's cannot be an interface: none has the gateway address, which is the bridge's own.
async fn port_refused(tx: &Tx, router: &Router, id: PortId) -> Result<Error> {
    let found = tx.port_find(id).await?;
    let own = found.filter(|port| port.project == router.project);
    let port = own.ok_or_else(|| Error::not_found("port", id))?;
    let by = match port.container {
        Some(container) => format!("container {container}"),
        None => port.device_id,
    };
    if !by.is_empty() {
        return Ok(NetworkRule::PortInUse.because(format!(
            "port_id: port {id} is in use by {by}; use subnet_id"
        )));
    }
    let addresses: Vec<String> = port
        .fixed_ips
        .iter()
        .map(|fixed| fixed.ip.to_string())
        .collect();
    Ok(Error::invalid(
        "port_id",
        format!(
            "port {id} has {}; an interface of a router has the gateway address of its subnet, with a port of its own: use \
             subnet_id",
            addresses.join(" and ")
        ),
    ))
}

/// The interface that is meant.
fn interface_of(router: &Router, ask: InterfaceOf) -> Result<Interface> {
    let on = |subnet: SubnetId| {
        let mut all = router.interfaces.iter().copied();
        all.find(|interface| interface.subnet == subnet)
            .ok_or_else(|| {
                NetworkRule::RouterInterfaceNotFoundForSubnet.because(format!(
                    "router {} has no interface on subnet {subnet}",
                    router.id
                ))
            })
    };
    let with = |port: PortId| {
        let mut all = router.interfaces.iter().copied();
        all.find(|interface| interface.port == port).ok_or_else(|| {
            NetworkRule::RouterInterfaceNotFound.because(format!(
                "router {} has no interface with port {port}",
                router.id
            ))
        })
    };
    match ask {
        InterfaceOf::Subnet(subnet) => on(subnet),
        InterfaceOf::Port(port) => with(port),
        InterfaceOf::Both(subnet, port) => {
            let interface = with(port)?;
            if interface.subnet == subnet {
                return Ok(interface);
            }
            Err(NetworkRule::SubnetMismatchForPort.because(format!(
                "subnet_id: port {port} is on subnet {}, not on {subnet}",
                interface.subnet
            )))
        }
    }
}

/// No floating IP is reached through it.
async fn check_unneeded(tx: &Tx, router: &Router, interface: Interface) -> Result<()> {
    let Some(subnet) = tx.subnet_find(interface.subnet).await? else {
        return Ok(());
    };
    let floating = floating_through(tx, router).await?;
    let needs = floating.iter().find(|floating| {
        let fixed = floating.fixed_ip.map(IpAddr::V4);
        fixed.is_some_and(|fixed| subnet.cidr.contains(&fixed))
    });
    match needs {
        None => Ok(()),
        Some(floating) => {
            Err(NetworkRule::RouterInterfaceInUseByFloatingIP.because(format!(
                "the interface of router {} on subnet {} is needed for floating IP {} ({}); disassociate that first",
                router.id, subnet.id, floating.address, floating.id
            )))
        }
    }
}

impl Inner {
    /// A port with the subnet's gateway address.
    async fn interface_port(&self, tx: &Tx, router: &Router, subnet: &Subnet) -> Result<Port> {
        let id = PortId(self.ids.uuid());
        Ok(Port {
            id,
            network: subnet.network,
            project: router.project,
            name: String::new(),
            description: String::new(),
            admin_state_up: true,
            mac: interface_mac(id.0, subnet.gateway, &tx.macs_taken(subnet.network).await?),
            fixed_ips: vec![FixedIp {
                subnet: subnet.id,
                ip: subnet.gateway,
            }],
            security_groups: BTreeSet::new(),
            groups_chosen: false,
            container: None,
            position: 0,
            preserve: false,
            device_id: router.id.to_string(),
            device_owner: OWNER_ROUTER_INTERFACE.to_owned(),
            created_at: self.clock.now(),
            updated_at: None,
        })
    }
}

/// A MAC that is free on the network: the one of the IPv4 address, else one of `fa:16:3e`, Neutron's own range,
/// from the port's id on.
fn interface_mac(id: Uuid, gateway: IpAddr, taken: &BTreeSet<String>) -> String {
    let derived = match gateway {
        IpAddr::V4(address) => Some(mac_of(address)),
        IpAddr::V6(_) => None,
    };
    let from = id.as_u128();
    let counted = (0..=0x00ff_ffff_u128).map(|step| {
        let [.., a, b, c] = from.wrapping_add(step).to_be_bytes();
        format!("fa:16:3e:{a:02x}:{b:02x}:{c:02x}")
    });
    let mut all = derived.into_iter().chain(counted);
    all.find(|mac| !taken.contains(mac)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_interface_gets_a_free_mac() {
        let id = Uuid::from_u128(0x00ff_ffff);
        let mut taken = BTreeSet::new();
        for (gateway, mac) in [
            ("10.0.0.1", "02:42:0a:00:00:01"),
            ("10.0.0.1", "fa:16:3e:ff:ff:ff"),
            ("fd00::1", "fa:16:3e:00:00:00"),
        ] {
            let found = interface_mac(id, gateway.parse().unwrap(), &taken);
            assert_eq!(found, mac, "{gateway}");
            taken.insert(found);
        }
    }
}
