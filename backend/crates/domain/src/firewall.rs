//! What networks, ports, groups and routers mean to packets on a host. Pure: [`compile`] makes a [`Ruleset`] of
//! records, a firewall driver makes the host's rules of a ruleset.
//!
//! The meaning of a ruleset, which every driver and the fake keep:
//! - A packet from or to an address of one of our bridges passes only where everything here allows it; what answers a
//!   connection that is allowed passes. Packets that touch none of our bridges are nobody's business here.
//! - A connection is allowed as long as the rules are: a rule that goes ends what it let in.
//! - From a container: its port's egress rules; and the way has to be open: the same bridge, a joined one, the
//!   outside where the bridge may reach it, or an address that is published or floating. The host's address on a
//!   bridge is part of that bridge, its other addresses are outside.
//! - To a container: its port's ingress rules, and its opened ports from anywhere. From outside the way is open to
//!   addresses that are published or floating, and to those that outside knows a way to: where the bridge is
//!   [`Outside::Routed`], and in IPv6 where `outside_v6`. What the host itself sends counts as coming from the bridge's
//!   gateway as well as from its own address.
//! - An address on a bridge that belongs to no port sends nothing and gets nothing. That goes for multicast and
//!   broadcast too; ARP and neighbor discovery pass.
//! - A container sends from its own MAC and address only, ARP and neighbor discovery included.
//! - At an external address that stands for no port, the host answers an echo request and nothing else.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, Ipv4Addr};

use ipnet::IpNet;
use serde::{Deserialize, Serialize};

use crate::container::Protocol;
use crate::id::{ContainerId, NetworkId, PortId, SecurityGroupId, SubnetId};
use crate::network::security_group::Allows;
use crate::network::{EtherType, FloatingIp, Network, NetworkKind, Port, Router, SecurityGroup};

/// Everything that decides about packets.
#[derive(Debug, Clone, Default)]
pub struct Records {
    /// Every network that the engine may have.
    pub networks: Vec<Network>,
    /// Every port that is bound to a container.
    pub ports: Vec<Port>,
    /// Every group.
    pub groups: Vec<SecurityGroup>,
    /// Every router.
    pub routers: Vec<Router>,
    /// Every floating IP.
    pub floating_ips: Vec<FloatingIp>,
    /// The ports inside a container that are published on its host.
    pub published: BTreeMap<ContainerId, BTreeSet<(Protocol, u16)>>,
}

/// The rules of a host.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Ruleset {
    /// Our bridges, by their name in the kernel.
    pub bridges: BTreeMap<String, Bridge>,
    /// The ports on them.
    pub ports: BTreeMap<PortId, GuardedPort>,
    /// The groups that ports are in, or that rules of such groups name.
    pub groups: BTreeMap<SecurityGroupId, Group>,
    /// Pairs of bridges that a router joins, each in both directions.
    pub joined: BTreeSet<Joined>,
    /// Addresses of the outside, and the address of a port that each stands for.
    pub floating: BTreeMap<Ipv4Addr, Ipv4Addr>,
    /// Addresses of the outside that the host has to answer for: floating IPs, also those that stand for no port or
    /// whose router is down, and those of routers.
    pub external: BTreeSet<Ipv4Addr>,
}

/// A bridge of ours.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bridge {
    /// Its prefixes and the host's address in each.
    pub subnets: BTreeMap<IpNet, IpAddr>,
    /// How IPv4 gets outside; not at all where `None`.
    pub outside_v4: Option<Outside>,
    /// IPv6 may go outside, with its own address.
    pub outside_v6: bool,
}

/// How what goes outside is written down as coming from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outside {
    /// The engine sees to that.
    Engine,
    /// Its own address.
    Routed,
    /// Whatever address the host has on the way out.
    Masqueraded,
    /// This address of the host.
    From(Ipv4Addr),
}

/// A port of a container.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GuardedPort {
    /// The bridge it is on.
    pub bridge: String,
    /// Its MAC, lower case with colons.
    pub mac: String,
    /// Its addresses.
    pub addresses: BTreeSet<IpAddr>,
    /// Its groups; none: nothing passes but what is opened.
    pub groups: BTreeSet<SecurityGroupId>,
    /// Its own ports that are open from anywhere.
    pub opened: BTreeSet<(Protocol, u16)>,
}

/// A group with its members.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Group {
    /// Addresses of the ports in it.
    pub members: BTreeSet<IpAddr>,
    /// What it allows.
    pub rules: BTreeSet<Allows>,
}

/// Two bridges between which a family passes.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Joined {
    /// Which family.
    pub family: EtherType,
    /// From this bridge.
    pub from: String,
    /// To this one.
    pub to: String,
}

/// The family of an address.
pub fn family_of(address: IpAddr) -> EtherType {
    match address {
        IpAddr::V4(_) => EtherType::V4,
        IpAddr::V6(_) => EtherType::V6,
    }
}

/// The rules behind the records.
pub fn compile(records: &Records) -> Ruleset {
    let inside: BTreeMap<NetworkId, &Network> = records
        .networks
        .iter()
        .filter(|network| network.kind != NetworkKind::External && network.v4().is_some())
        .map(|network| (network.id, network))
        .collect();
    let routers = || {
        records
            .routers
            .iter()
            .filter(|router| router.admin_state_up)
    };
    let bridges = inside
        .values()
        .map(|network| (network.bridge(), bridge(network, routers())));
    let joined = routers().flat_map(|router| joined_by(router, &inside));
    let leads = |floating: &&FloatingIp| {
        let up = |id| routers().any(|router| router.id == id);
        floating.router.is_none_or(up)
    };
    let floating_ips = records.floating_ips.iter().filter(leads);
    let floating = floating_ips.filter_map(|floating| Some((floating.address, floating.fixed_ip?)));
    let gateways = routers().filter_map(|router| router.gateway?.address);
    let held = records.floating_ips.iter().map(|floating| floating.address);
    let ports = guarded(records, &inside);
    Ruleset {
        bridges: bridges.collect(),
        groups: groups(records, &ports),
        ports,
        joined: joined.collect(),
        floating: floating.collect(),
        external: held.chain(gateways).collect(),
    }
}

fn bridge<'a>(network: &Network, routers: impl Iterator<Item = &'a Router>) -> Bridge {
    let subnets = network.subnets.iter();
    let mut bridge = Bridge {
        subnets: subnets
            .map(|subnet| (subnet.cidr, subnet.gateway))
            .collect(),
        outside_v4: (network.kind == NetworkKind::Default).then_some(Outside::Engine),
        outside_v6: false,
    };
    for router in routers {
        let Some(gateway) = router.gateway else {
            continue;
        };
        let leads = |subnet: Option<&crate::network::Subnet>| {
            subnet.is_some_and(|subnet| has_interface(router, subnet.id))
        };
        if leads(network.v4()) {
            bridge.outside_v4 = Some(match (gateway.enable_snat, gateway.address) {
                (false, _) => Outside::Routed,
                (true, None) => Outside::Masqueraded,
                (true, Some(address)) => Outside::From(address),
            });
        }
        bridge.outside_v6 |= leads(network.v6());
    }
    bridge
}

fn has_interface(router: &Router, subnet: SubnetId) -> bool {
    router
        .interfaces
        .iter()
        .any(|interface| interface.subnet == subnet)
}

/// Every two networks on whose subnets of one family the router has an interface.
fn joined_by(router: &Router, inside: &BTreeMap<NetworkId, &Network>) -> Vec<Joined> {
    let mut joined = Vec::new();
    for family in [EtherType::V4, EtherType::V6] {
        let on: Vec<String> = inside
            .values()
            .filter(|network| {
                let subnets = network.subnets.iter();
                let mut of_family =
                    subnets.filter(|subnet| family_of(subnet.cidr.addr()) == family);
                of_family.any(|subnet| has_interface(router, subnet.id))
            })
            .map(|network| network.bridge())
            .collect();
        for from in &on {
            for to in on.iter().filter(|to| *to != from) {
                let (from, to) = (from.clone(), to.clone());
                joined.push(Joined { family, from, to });
            }
        }
    }
    joined
}

fn guarded(
    records: &Records,
    inside: &BTreeMap<NetworkId, &Network>,
) -> BTreeMap<PortId, GuardedPort> {
    let guard = |port: &Port| {
        let network = inside.get(&port.network)?;
        let container = port.container?;
        let up = port.admin_state_up && network.admin_state_up;
        let published = records.published.get(&container);
        let opened = published.filter(|_| up && !port.groups_chosen);
        Some(GuardedPort {
            bridge: network.bridge(),
            mac: port.mac.clone(),
            addresses: port.fixed_ips.iter().map(|fixed| fixed.ip).collect(),
            groups: if up {
                port.security_groups.clone()
            } else {
                BTreeSet::new()
            },
            opened: opened.cloned().unwrap_or_default(),
        })
    };
    let ports = records.ports.iter();
    ports
        .filter_map(|port| Some((port.id, guard(port)?)))
        .collect()
}

/// The groups in use, and those that their rules name.
fn groups(
    records: &Records,
    ports: &BTreeMap<PortId, GuardedPort>,
) -> BTreeMap<SecurityGroupId, Group> {
    let mut found: BTreeMap<SecurityGroupId, Group> = BTreeMap::new();
    for port in ports.values() {
        for id in &port.groups {
            let group = found.entry(*id).or_default();
            group.members.extend(&port.addresses);
        }
    }
    for group in &records.groups {
        let Some(known) = found.get_mut(&group.id) else {
            continue;
        };
        known.rules = group.rules.iter().map(|rule| rule.allows.clone()).collect();
    }
    let named: Vec<SecurityGroupId> = found
        .values()
        .flat_map(|group| &group.rules)
        .filter_map(|rule| match rule.remote {
            crate::network::Remote::Group(id) => Some(id),
            crate::network::Remote::Any | crate::network::Remote::Prefix(_) => None,
        })
        .collect();
    for id in named {
        found.entry(id).or_default();
    }
    found
}

#[cfg(test)]
mod tests;
