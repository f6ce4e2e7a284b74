//! Networks of a project: their subnets, and which addresses are free on them. We allocate; the engine is told.
//!
//! [`port`] is an address bound to a container, [`security_group`] what may reach it, [`router`] what joins
//! networks with each other and with the outside. What all of it means to packets is [`crate::firewall`].
//! The nouns and their meaning are Neutron's (Networking API v2.0).

pub mod port;
pub mod router;
pub mod security_group;

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::{IpNet, Ipv4Net};
use serde::{Deserialize, Serialize};

pub use port::{FixedIp, Port};
pub use router::{FloatingIp, Gateway, Router};
pub use security_group::{
    Direction, EtherType, Remote, RuleProtocol, SecurityGroup, SecurityGroupRule,
};

use crate::id::{NetworkId, ProjectId, SubnetId, SubnetPoolId};
use crate::runtime::{MakeNetwork, MakeSubnetV6};
use crate::time::Timestamp;

/// Bytes of a packet where nothing else is said.
pub const DEFAULT_MTU: u16 = 1500;

/// What a network is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum NetworkKind {
    /// The one each project has from the start. It reaches the outside by itself.
    Default,
    /// One that a user made. It reaches the outside, and other networks, through a router only.
    Own,
    /// The outside, seen by every project: where routers have their gateway and floating IPs come from.
    External,
}

/// A network of a project.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Network {
    /// Identity.
    pub id: NetworkId,
    /// Owner.
    pub project: ProjectId,
    /// Name as shown; not unique, may be empty.
    pub name: String,
    /// Description; may be empty.
    pub description: String,
    /// What it is for.
    pub kind: NetworkKind,
    /// Nothing passes on it while this is false.
    pub admin_state_up: bool,
    /// Bytes of its packets, at most.
    pub mtu: u16,
    /// Its subnets, at most one of each family, IPv4 first.
    pub subnets: Vec<Subnet>,
    /// Its name in the engine: its own, or that of a network which the engine would not give up and which has
    /// the same subnets.
    pub runtime_name: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// Last change of the record.
    pub updated_at: Option<Timestamp>,
}

/// Addresses from the first to the last, both included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct AddressRange {
    /// First.
    pub start: IpAddr,
    /// Last.
    pub end: IpAddr,
}

impl AddressRange {
    /// Whether it is one of them.
    pub fn contains(&self, address: IpAddr) -> bool {
        self.start <= address && address <= self.end
    }
}

/// A range of addresses of a network.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subnet {
    /// Identity.
    pub id: SubnetId,
    /// The network it is a part of.
    pub network: NetworkId,
    /// Owner.
    pub project: ProjectId,
    /// Name as shown; not unique, may be empty.
    pub name: String,
    /// Description; may be empty.
    pub description: String,
    /// Its prefix, without host bits.
    pub cidr: IpNet,
    /// The address of the bridge on the host.
    pub gateway: IpAddr,
    /// Where addresses are allocated from; a fixed address may lie elsewhere in `cidr`.
    pub allocation_pools: Vec<AddressRange>,
    /// Name servers of its containers, beside the engine's own.
    pub dns_nameservers: Vec<IpAddr>,
    /// The pool its prefix was cut from.
    pub pool: Option<SubnetPoolId>,
    /// When it was made.
    pub created_at: Timestamp,
    /// Last change of the record.
    pub updated_at: Option<Timestamp>,
}

/// Prefixes that subnets are cut from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SubnetPool {
    /// Identity.
    pub id: SubnetPoolId,
    /// Owner.
    pub project: ProjectId,
    /// Name as shown; not unique.
    pub name: String,
    /// Description; may be empty.
    pub description: String,
    /// What it consists of, all of one family.
    pub prefixes: Vec<IpNet>,
    /// Length of a subnet's prefix where none is asked for.
    pub default_prefixlen: u8,
    /// The shortest prefix that may be asked for.
    pub min_prefixlen: u8,
    /// The longest.
    pub max_prefixlen: u8,
    /// Every project may use it.
    pub shared: bool,
    /// When it was made.
    pub created_at: Timestamp,
    /// Last change of the record.
    pub updated_at: Option<Timestamp>,
}

impl Network {
    /// The name in the engine of a network that took nothing over: derived from our id, so that a sweep knows it.
    pub fn own_runtime_name(id: NetworkId) -> String {
        format!("zun-{id}")
    }

    /// Its IPv4 subnet, which every network with ports has.
    pub fn v4(&self) -> Option<&Subnet> {
        self.subnets
            .iter()
            .find(|subnet| subnet.cidr.addr().is_ipv4())
    }

    /// Its IPv6 subnet.
    pub fn v6(&self) -> Option<&Subnet> {
        self.subnets
            .iter()
            .find(|subnet| subnet.cidr.addr().is_ipv6())
    }

    /// The subnet an address lies in.
    pub fn subnet_of(&self, address: IpAddr) -> Option<&Subnet> {
        self.subnets
            .iter()
            .find(|subnet| subnet.cidr.contains(&address))
    }

    /// How the engine makes it; `None` while it has no IPv4 subnet, without which no engine makes one.
    pub fn make(&self) -> Option<MakeNetwork> {
        let v4 = self.v4()?;
        let (IpNet::V4(subnet), IpAddr::V4(gateway)) = (v4.cidr, v4.gateway) else {
            return None;
        };
        let v6 = self.v6().and_then(|v6| match (v6.cidr, v6.gateway) {
            (IpNet::V6(subnet), IpAddr::V6(gateway)) => Some(MakeSubnetV6 { subnet, gateway }),
            _ => None,
        });
        Some(MakeNetwork {
            id: self.id,
            project: self.project,
            name: self.name.clone(),
            subnet,
            gateway: Some(gateway),
            v6,
            mtu: (self.mtu != DEFAULT_MTU).then_some(self.mtu),
            runtime_name: Some(self.runtime_name.clone()),
            routed: self.kind != NetworkKind::Default,
        })
    }

    /// The name of its bridge on the host, at most 15 bytes as the kernel wants it.
    pub fn bridge(&self) -> String {
        bridge_of(&self.runtime_name)
    }
}

/// The bridge of the engine's network of this name: `zn` and its last 12 digits.
pub fn bridge_of(runtime_name: &str) -> String {
    let digits = runtime_name.len().saturating_sub(12);
    format!("zn{}", runtime_name.get(digits..).unwrap_or(runtime_name))
}

impl Subnet {
    /// The lowest address of its pools that is neither taken nor the gateway.
    pub fn free_address(&self, taken: &BTreeSet<IpAddr>) -> Option<IpAddr> {
        let free = |address: &IpAddr| *address != self.gateway && !taken.contains(address);
        self.allocation_pools
            .iter()
            .find_map(|range| addresses(*range).find(free))
    }

    /// Whether an address may be given to a port: in the prefix, and neither the network, the broadcast nor the
    /// gateway's address.
    pub fn may_hold(&self, address: IpAddr) -> bool {
        let ends = match self.cidr {
            IpNet::V4(net) if net.prefix_len() < 31 => {
                address == IpAddr::V4(net.network()) || address == IpAddr::V4(net.broadcast())
            }
            IpNet::V6(net) if net.prefix_len() < 127 => address == IpAddr::V6(net.network()),
            IpNet::V4(_) | IpNet::V6(_) => false,
        };
        self.cidr.contains(&address) && !ends && address != self.gateway
    }
}

/// Every address of a range, in order.
fn addresses(range: AddressRange) -> Box<dyn Iterator<Item = IpAddr>> {
    match (range.start, range.end) {
        (IpAddr::V4(start), IpAddr::V4(end)) => Box::new(
            (u32::from(start)..=u32::from(end)).map(|bits| IpAddr::V4(Ipv4Addr::from(bits))),
        ),
        (IpAddr::V6(start), IpAddr::V6(end)) => Box::new(
            (u128::from(start)..=u128::from(end)).map(|bits| IpAddr::V6(Ipv6Addr::from(bits))),
        ),
        _ => Box::new(std::iter::empty()),
    }
}

/// The first address of a prefix after the network's own: the gateway where none is given.
pub fn first_address(cidr: IpNet) -> IpAddr {
    match cidr {
        IpNet::V4(net) => IpAddr::V4(Ipv4Addr::from(u32::from(net.network()).saturating_add(1))),
        IpNet::V6(net) => IpAddr::V6(Ipv6Addr::from(u128::from(net.network()).saturating_add(1))),
    }
}

/// The pools of a subnet whose user gave none: everything but the network's, the broadcast and the gateway's
/// address, which may cut it in two.
pub fn default_pools(cidr: IpNet, gateway: IpAddr) -> Vec<AddressRange> {
    let (first, last) = match cidr {
        IpNet::V4(net) => (
            u128::from(u32::from(net.network())) + 1,
            u128::from(u32::from(net.broadcast())).saturating_sub(1),
        ),
        IpNet::V6(net) => (
            u128::from(net.network()).saturating_add(1),
            u128::from(net.broadcast()),
        ),
    };
    let number = match gateway {
        IpAddr::V4(address) => u128::from(u32::from(address)),
        IpAddr::V6(address) => u128::from(address),
    };
    let range = |start: u128, end: u128| {
        (start <= end).then(|| AddressRange {
            start: address_of(cidr, start),
            end: address_of(cidr, end),
        })
    };
    if number < first || number > last {
        return range(first, last).into_iter().collect();
    }
    let below = range(first, number.saturating_sub(1)).filter(|_| number > first);
    let above = range(number.saturating_add(1), last);
    below.into_iter().chain(above).collect()
}

fn address_of(cidr: IpNet, number: u128) -> IpAddr {
    match cidr {
        IpNet::V4(_) => IpAddr::V4(Ipv4Addr::from(u32::try_from(number).unwrap_or(u32::MAX))),
        IpNet::V6(_) => IpAddr::V6(Ipv6Addr::from(number)),
    }
}

/// The MAC Docker derives from an IPv4 address: `02:42` and its four bytes.
pub fn mac_of(address: Ipv4Addr) -> String {
    let [a, b, c, d] = address.octets();
    format!("02:42:{a:02x}:{b:02x}:{c:02x}:{d:02x}")
}

/// Whether two prefixes share an address.
pub fn overlaps(one: &IpNet, other: &IpNet) -> bool {
    one.contains(&other.network()) || other.contains(&one.network())
}

/// The first subnet of length `prefix` in `pool` that overlaps none of `taken`.
pub fn free_subnet(pool: Ipv4Net, prefix: u8, taken: &[Ipv4Net]) -> Option<Ipv4Net> {
    let taken: Vec<IpNet> = taken.iter().copied().map(IpNet::V4).collect();
    match free_prefix(IpNet::V4(pool), prefix, &taken)? {
        IpNet::V4(net) => Some(net),
        IpNet::V6(_) => None,
    }
}

/// The first prefix of this length in `pool` that overlaps none of `taken`, whatever their family.
pub fn free_prefix(pool: IpNet, prefix: u8, taken: &[IpNet]) -> Option<IpNet> {
    let free = |net: &IpNet| !taken.iter().any(|other| overlaps(other, net));
    pool.subnets(prefix).ok()?.find(free)
}

#[cfg(test)]
mod tests;
