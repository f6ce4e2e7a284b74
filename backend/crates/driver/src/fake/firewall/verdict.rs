//! What a ruleset says about one packet: the meaning of [`zun_domain::firewall`] once more, without a kernel.

use std::net::IpAddr;

use zun_domain::container::Protocol;
use zun_domain::firewall::{Bridge, GuardedPort, Outside, Ruleset, family_of};
use zun_domain::network::security_group::Allows;
use zun_domain::network::{Direction, EtherType, Remote};

use crate::fake::FakeHost;

/// The first packet of a connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Packet {
    /// Who sends it.
    pub from: Origin,
    /// The address it is sent from.
    pub source: IpAddr,
    /// The address it is sent to.
    pub to: IpAddr,
    /// Its protocol's number (IANA): 6 is TCP, 17 is UDP, 1 and 58 are ICMP.
    pub protocol: u8,
    /// The port it is sent to; the type of ICMP, whose code is 0.
    pub port: u16,
}

/// Who sends a packet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// A container.
    Container {
        /// The bridge its link is on.
        bridge: String,
        /// The MAC it sends with.
        mac: String,
    },
    /// The host.
    Host,
    /// Whoever is beyond the host.
    Outside,
}

/// Where a packet ends up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Delivered {
    /// Whose address it is for in the end.
    pub to: IpAddr,
    /// The address that the receiver sees.
    pub source: IpAddr,
}

impl FakeHost {
    /// What becomes of a packet by the rules in force; `None` where it is dropped. Whether somebody is at that address
    /// is not asked.
    pub fn send(&self, packet: &Packet) -> Option<Delivered> {
        match self.rules() {
            Some(rules) => verdict(&rules, packet),
            None => Some(Delivered {
                to: packet.to,
                source: packet.source,
            }),
        }
    }

    /// Whether a container with this MAC may send from this address, and say that it has it.
    pub fn may_have(&self, mac: &str, address: IpAddr) -> bool {
        self.rules()
            .is_none_or(|rules| may_have(&rules, mac, address))
    }
}

/// Every address of our prefixes and every MAC of our ports is used in the pairs that were given out.
fn may_have(rules: &Ruleset, mac: &str, address: IpAddr) -> bool {
    let inside = bridge_of(rules, address).is_some();
    let known = rules.ports.values().any(|port| port.mac == mac);
    let mut ports = rules.ports.values();
    (!inside && !known) || ports.any(|port| port.mac == mac && port.addresses.contains(&address))
}

fn bridge_of(rules: &Ruleset, address: IpAddr) -> Option<(&String, &Bridge)> {
    let mut bridges = rules.bridges.iter();
    bridges.find(|(_, bridge)| bridge.subnets.keys().any(|net| net.contains(&address)))
}

fn verdict(rules: &Ruleset, packet: &Packet) -> Option<Delivered> {
    let floating = match packet.to {
        IpAddr::V4(address) => rules.floating.get(&address).copied().map(IpAddr::V4),
        IpAddr::V6(_) => None,
    };
    let to = floating.unwrap_or(packet.to);
    let idle = matches!(to, IpAddr::V4(address) if rules.external.contains(&address));
    if idle && (packet.protocol, packet.port) != (1, 8) {
        return None;
    }
    let mut source = packet.source;
    let mut ours = None;
    if let Origin::Container { bridge, mac } = &packet.from {
        if !may_have(rules, mac, packet.source) {
            return None;
        }
        ours = rules.bridges.get_key_value(bridge);
    }
    if let Some((name, bridge)) = ours {
        leaves(rules, (name, bridge), packet, (to, floating.is_some()))?;
        source = translated(rules, bridge, packet.source, to);
    }
    enters(rules, ours.is_some(), packet, (to, floating.is_some()))?;
    Some(Delivered { to, source })
}

/// The way is open, and the port's rules let it out.
fn leaves(
    rules: &Ruleset,
    (name, bridge): (&String, &Bridge),
    packet: &Packet,
    (to, floating): (IpAddr, bool),
) -> Option<()> {
    let family = family_of(to);
    let outside = match family {
        EtherType::V4 => bridge.outside_v4.is_some(),
        EtherType::V6 => bridge.outside_v6,
    };
    let open = match bridge_of(rules, to) {
        Some((other, other_bridge)) => {
            let mut joined = rules.joined.iter();
            let joins = |joined: &zun_domain::firewall::Joined| {
                (joined.family, &joined.from, &joined.to) == (family, name, other)
            };
            let near = other == name || joined.any(joins);
            // The host answers an echo to its own bridges; its services, like a floating address, are the outside.
            if is_gateway(other_bridge, to) && !is_icmp(packet) {
                near && outside
            } else {
                near || (floating && outside)
            }
        }
        None => outside,
    };
    let mut ports = rules.ports.values();
    let port =
        ports.find(|port| port.bridge == *name && port.addresses.contains(&packet.source))?;
    (open && allowed(rules, port, Direction::Egress, to, packet)).then_some(())
}

/// The host's own address on that bridge.
fn is_gateway(bridge: &Bridge, address: IpAddr) -> bool {
    bridge.subnets.values().any(|gateway| *gateway == address)
}

fn is_icmp(packet: &Packet) -> bool {
    matches!(packet.protocol, 1 | 58)
}

/// The way is open, and the port's rules let it in.
fn enters(
    rules: &Ruleset,
    from_ours: bool,
    packet: &Packet,
    (to, floating): (IpAddr, bool),
) -> Option<()> {
    let Some((_, bridge)) = bridge_of(rules, to) else {
        return Some(());
    };
    if is_gateway(bridge, to) {
        return Some(());
    }
    let family = family_of(to);
    let routed = match family {
        EtherType::V4 => bridge.outside_v4 == Some(Outside::Routed),
        EtherType::V6 => bridge.outside_v6,
    };
    if !from_ours && packet.from != Origin::Host && !floating && !routed {
        return None;
    }
    let mut ports = rules.ports.values();
    let port = ports.find(|port| port.addresses.contains(&to))?;
    let mut sources = vec![packet.source];
    if packet.from == Origin::Host {
        let gateways = bridge.subnets.values().copied();
        sources.extend(gateways.filter(|gateway| family_of(*gateway) == family));
    }
    let opened = port.opened.iter().any(|(protocol, number)| {
        let protocol = match protocol {
            Protocol::Tcp => 6,
            Protocol::Udp => 17,
        };
        (protocol, *number) == (packet.protocol, packet.port)
    });
    let mut sources = sources.into_iter();
    let let_in = sources.any(|source| allowed(rules, port, Direction::Ingress, source, packet));
    (opened || let_in).then_some(())
}

fn allowed(
    rules: &Ruleset,
    port: &GuardedPort,
    direction: Direction,
    other: IpAddr,
    packet: &Packet,
) -> bool {
    let groups = port.groups.iter().filter_map(|id| rules.groups.get(id));
    let mut all = groups.flat_map(|group| &group.rules);
    all.any(|rule| {
        let remote = match rule.remote {
            Remote::Any => true,
            Remote::Prefix(net) => net.contains(&other),
            Remote::Group(id) => {
                let group = rules.groups.get(&id);
                group.is_some_and(|group| group.members.contains(&other))
            }
        };
        let about = rule.direction == direction && rule.ethertype == family_of(other);
        about && remote && matches(rule, packet)
    })
}

fn matches(rule: &Allows, packet: &Packet) -> bool {
    let bounds = (rule.port_min, rule.port_max);
    let Some(protocol) = &rule.protocol else {
        return bounds == (None, None);
    };
    let number = match (protocol.number(), rule.ethertype) {
        (1, EtherType::V6) => 58,
        (number, _) => number,
    };
    let within = if protocol.is_icmp() {
        bounds.0.is_none_or(|kind| kind == packet.port) && bounds.1.is_none_or(|code| code == 0)
    } else {
        let first = bounds.0.is_none_or(|first| first <= packet.port);
        first && bounds.1.is_none_or(|last| packet.port <= last)
    };
    number == packet.protocol && within
}

/// The source as outside sees it. The address that the host has there is not known here: the gateway stands for it.
fn translated(rules: &Ruleset, bridge: &Bridge, source: IpAddr, to: IpAddr) -> IpAddr {
    let (IpAddr::V4(_), IpAddr::V4(fixed)) = (to, source) else {
        return source;
    };
    if bridge_of(rules, to).is_some() {
        return source;
    }
    let mut floating = rules.floating.iter();
    if let Some((outside, _)) = floating.find(|(_, inside)| **inside == fixed) {
        return IpAddr::V4(*outside);
    }
    match bridge.outside_v4 {
        Some(Outside::From(address)) => IpAddr::V4(address),
        Some(Outside::Masqueraded | Outside::Engine) => {
            let mut gateways = bridge.subnets.values();
            gateways
                .find(|gateway| gateway.is_ipv4())
                .copied()
                .unwrap_or(source)
        }
        Some(Outside::Routed) | None => source,
    }
}
