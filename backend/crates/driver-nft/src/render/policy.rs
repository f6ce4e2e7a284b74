//! From an address to the rules of its port.
//!
//! Ports of one group and nothing opened jump to the group's chain; for every other combination there is a chain that
//! jumps to those of its groups. What the host sends is looked at a second time as coming from the gateway: then the
//! rules count whose prefix the gateway lies in.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use zun_domain::container::Protocol;
use zun_domain::firewall::{GuardedPort, Ruleset, family_of};
use zun_domain::id::SecurityGroupId;
use zun_domain::network::{Direction, EtherType, Remote};

use super::{FAMILIES, group, quoted};
use crate::model::Table;
use crate::name::{self, digit, digits};

/// What decides about a port.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Policy<'a> {
    groups: &'a BTreeSet<SecurityGroupId>,
    opened: &'a BTreeSet<(Protocol, u16)>,
}

pub(super) fn add(table: &mut Table, rules: &Ruleset) {
    for family in FAMILIES {
        add_dispatch(table, rules, family);
        add_host(table, rules, family);
    }
    let egress = [
        "iifname . ip saddr vmap @from4",
        "iifname . ip6 saddr vmap @from6",
        "drop",
    ];
    table.chain("egress", egress);
    table.chain(
        "ingress",
        ["ip daddr vmap @to4", "ip6 daddr vmap @to6", "drop"],
    );
}

/// Every address of a family with its port.
fn addresses(rules: &Ruleset, family: EtherType) -> impl Iterator<Item = (IpAddr, &GuardedPort)> {
    let ports = rules.ports.values();
    let all = ports.flat_map(|port| port.addresses.iter().map(move |address| (*address, port)));
    all.filter(move |(address, _)| family_of(*address) == family)
}

fn add_dispatch(table: &mut Table, rules: &Ruleset, family: EtherType) {
    let (mut from, mut to) = (BTreeMap::new(), BTreeMap::new());
    for (address, port) in addresses(rules, family) {
        let policy = Policy::of(port);
        if let Some(chain) = policy.chain(table, Direction::Egress, family) {
            let key = format!("{} . {address}", quoted(&port.bridge));
            from.insert(key, format!("jump {chain}"));
        }
        if let Some(chain) = policy.chain(table, Direction::Ingress, family) {
            to.insert(address.to_string(), format!("jump {chain}"));
        }
    }
    let kinds = match family {
        EtherType::V4 => (
            "type ifname . ipv4_addr : verdict",
            "type ipv4_addr : verdict",
        ),
        EtherType::V6 => (
            "type ifname . ipv6_addr : verdict",
            "type ipv6_addr : verdict",
        ),
    };
    table.map(format!("from{}", digit(family)), kinds.0, from);
    table.map(format!("to{}", digit(family)), kinds.1, to);
}

impl<'a> Policy<'a> {
    fn of(port: &'a GuardedPort) -> Self {
        Self {
            groups: &port.groups,
            opened: &port.opened,
        }
    }

    /// The chain to jump to, which is added where it is not a group's; `None` where nothing passes.
    fn chain(&self, table: &mut Table, direction: Direction, family: EtherType) -> Option<String> {
        let opened = if direction == Direction::Ingress {
            self.opening()
        } else {
            Vec::new()
        };
        let mut groups = self
            .groups
            .iter()
            .map(|id| name::group(direction, family, *id));
        if opened.is_empty() && self.groups.len() <= 1 {
            return groups.next();
        }
        let chain = format!("{}-{}", name::way(direction, family), self.digits());
        if !table.chains.contains_key(&chain) {
            let jumps = groups.map(|group| format!("jump {group}"));
            table.chain(&chain, opened.into_iter().chain(jumps));
        }
        Some(chain)
    }

    /// The rules for ports that are open from anywhere.
    fn opening(&self) -> Vec<String> {
        let of = |wanted: Protocol, word: &str| {
            let ports = self
                .opened
                .iter()
                .filter(|(protocol, _)| *protocol == wanted);
            let ports: Vec<String> = ports.map(|(_, port)| port.to_string()).collect();
            let ports = ports.join(", ");
            (!ports.is_empty()).then(|| format!("{word} dport {{ {ports} }} accept"))
        };
        let rules = [of(Protocol::Tcp, "tcp"), of(Protocol::Udp, "udp")];
        rules.into_iter().flatten().collect()
    }

    /// What tells it from every other policy.
    fn digits(&self) -> String {
        digits(&format!("{:?} {:?}", self.groups, self.opened), 16)
    }

    /// What the gateway of the port's bridge may send, by rules that name it with a prefix.
    fn of_gateway(&self, rules: &Ruleset, gateway: IpAddr) -> Vec<String> {
        let groups = self.groups.iter().filter_map(|id| rules.groups.get(id));
        let allowed = groups.flat_map(|group| &group.rules).filter(|rule| {
            let named = matches!(rule.remote, Remote::Prefix(net) if net.contains(&gateway));
            named && rule.direction == Direction::Ingress && rule.ethertype == family_of(gateway)
        });
        let traffic = allowed.filter_map(group::traffic);
        let distinct: BTreeSet<String> = traffic.collect();
        let accepted = distinct
            .into_iter()
            .map(|traffic| format!("{traffic} accept"));
        accepted.map(|rule| rule.trim_start().to_owned()).collect()
    }
}

fn add_host(table: &mut Table, rules: &Ruleset, family: EtherType) {
    let mut host = BTreeMap::new();
    for (address, port) in addresses(rules, family) {
        let bridge = rules.bridges.get(&port.bridge);
        let gateways = bridge
            .into_iter()
            .flat_map(|bridge| bridge.subnets.values());
        let Some(gateway) = gateways
            .copied()
            .find(|gateway| family_of(*gateway) == family)
        else {
            continue;
        };
        let policy = Policy::of(port);
        let identity = format!("{} {gateway}", policy.digits());
        let chain = format!("host{}-{}", digit(family), digits(&identity, 16));
        if !table.chains.contains_key(&chain) {
            let allowed = policy.of_gateway(rules, gateway);
            if allowed.is_empty() {
                continue;
            }
            table.chain(&chain, allowed);
        }
        host.insert(address.to_string(), format!("jump {chain}"));
    }
    let kind = match family {
        EtherType::V4 => "type ipv4_addr : verdict",
        EtherType::V6 => "type ipv6_addr : verdict",
    };
    table.map(format!("host{}", digit(family)), kind, host);
}
