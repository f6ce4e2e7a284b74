//! Routers and floating IPs: what joins networks with each other and with the outside.

use std::net::Ipv4Addr;

use serde::{Deserialize, Serialize};

use crate::id::{FloatingIpId, NetworkId, PortId, ProjectId, RouterId, SubnetId};
use crate::time::Timestamp;

/// A router's way to the outside.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gateway {
    /// The external network.
    pub network: NetworkId,
    /// What goes out gets the router's address. Without it the outside has to know the way back.
    pub enable_snat: bool,
    /// Its address there, where the deployment has a range of them; else the host's own.
    pub address: Option<Ipv4Addr>,
}

/// A router. Networks whose subnets it has an interface on let each other's packets pass; groups decide as ever.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Router {
    /// Identity.
    pub id: RouterId,
    /// Owner.
    pub project: ProjectId,
    /// Name as shown; not unique, may be empty.
    pub name: String,
    /// Description; may be empty.
    pub description: String,
    /// Nothing passes through it while this is false.
    pub admin_state_up: bool,
    /// Its way to the outside.
    pub gateway: Option<Gateway>,
    /// Its interfaces, in order of insertion: a subnet of one of the project's networks, and the port of the
    /// router there.
    pub interfaces: Vec<Interface>,
    /// When it was made.
    pub created_at: Timestamp,
    /// Last change of the record.
    pub updated_at: Option<Timestamp>,
}

/// Where a router is connected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Interface {
    /// The subnet.
    pub subnet: SubnetId,
    /// Its network.
    pub network: NetworkId,
    /// The router's port there, which has the subnet's gateway address.
    pub port: PortId,
}

/// An address of the outside that stands for one of ours.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FloatingIp {
    /// Identity.
    pub id: FloatingIpId,
    /// Owner.
    pub project: ProjectId,
    /// Description; may be empty.
    pub description: String,
    /// The external network it comes from.
    pub network: NetworkId,
    /// The address of the outside.
    pub address: Ipv4Addr,
    /// The port it stands for.
    pub port: Option<PortId>,
    /// Which of the port's addresses.
    pub fixed_ip: Option<Ipv4Addr>,
    /// The router that leads there.
    pub router: Option<RouterId>,
    /// When it was made.
    pub created_at: Timestamp,
    /// Last change of the record.
    pub updated_at: Option<Timestamp>,
}
