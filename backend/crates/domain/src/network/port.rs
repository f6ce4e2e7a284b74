//! A port: an address on a network, free or bound to a container.

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use serde::{Deserialize, Serialize};

use crate::id::{ContainerId, NetworkId, PortId, ProjectId, SecurityGroupId, SubnetId};
use crate::time::Timestamp;

/// An address on a subnet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct FixedIp {
    /// The subnet.
    pub subnet: SubnetId,
    /// The address.
    pub ip: IpAddr,
}

/// A port. One that was made with a container goes with it; one that a user made, or asked to be preserved, is
/// free again afterwards.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Port {
    /// Identity.
    pub id: PortId,
    /// The network it is on.
    pub network: NetworkId,
    /// Owner.
    pub project: ProjectId,
    /// Name as shown; not unique, may be empty.
    pub name: String,
    /// Description; may be empty.
    pub description: String,
    /// Nothing passes through it while this is false.
    pub admin_state_up: bool,
    /// Its MAC, lower case with colons.
    pub mac: String,
    /// Its addresses, one per subnet, IPv4 first.
    pub fixed_ips: Vec<FixedIp>,
    /// What may reach it, and what it may reach. Empty: nothing in, nothing out.
    pub security_groups: BTreeSet<SecurityGroupId>,
    /// Somebody chose the groups, so that a published port is not open by itself.
    pub groups_chosen: bool,
    /// The container it is bound to.
    pub container: Option<ContainerId>,
    /// Which of the container's ports it is, from 0: its order in `networks`.
    pub position: u32,
    /// It is free again when its container goes, instead of going with it.
    pub preserve: bool,
    /// What has it, where that is no container: a router's id, or what a user wrote.
    pub device_id: String,
    /// What kind of thing that is: `network:router_interface`, or what a user wrote.
    pub device_owner: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// Last change of the record.
    pub updated_at: Option<Timestamp>,
}

/// `device_owner` of a port that is bound to a container, as Zun's network driver names itself.
pub const OWNER_CONTAINER: &str = "compute:kuryr";
/// `device_owner` of a router's port on a subnet.
pub const OWNER_ROUTER_INTERFACE: &str = "network:router_interface";

impl Port {
    /// Its IPv4 address.
    pub fn v4(&self) -> Option<Ipv4Addr> {
        self.fixed_ips.iter().find_map(|fixed| match fixed.ip {
            IpAddr::V4(ip) => Some(ip),
            IpAddr::V6(_) => None,
        })
    }

    /// Its IPv6 address.
    pub fn v6(&self) -> Option<Ipv6Addr> {
        self.fixed_ips.iter().find_map(|fixed| match fixed.ip {
            IpAddr::V6(ip) => Some(ip),
            IpAddr::V4(_) => None,
        })
    }

    /// Its MAC is not the one that is derived from its address: it can be had by the first port of a new container
    /// only.
    pub fn has_own_mac(&self) -> bool {
        self.v4().is_none_or(|ip| super::mac_of(ip) != self.mac)
    }

    /// It belongs to a router.
    pub fn is_routers(&self) -> bool {
        self.device_owner.starts_with("network:")
    }
}
