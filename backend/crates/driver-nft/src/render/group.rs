//! The rules of groups, and the addresses of those that rules name.

use std::collections::BTreeSet;

use zun_domain::firewall::{Ruleset, family_of};
use zun_domain::id::SecurityGroupId;
use zun_domain::network::security_group::Allows;
use zun_domain::network::{Direction, EtherType, Remote, RuleProtocol};

use super::FAMILIES;
use crate::model::Table;
use crate::name::{self, ip};

/// ICMP of IPv4, and of IPv6 (IANA's protocol numbers).
const ICMP: u8 = 1;
const ICMP_V6: u8 = 58;

pub(super) fn add(table: &mut Table, rules: &Ruleset) {
    let used: BTreeSet<SecurityGroupId> = rules
        .ports
        .values()
        .flat_map(|port| &port.groups)
        .copied()
        .collect();
    let none = BTreeSet::new();
    for family in FAMILIES {
        for group in &used {
            let allowed = rules.groups.get(group).map_or(&none, |group| &group.rules);
            for direction in [Direction::Ingress, Direction::Egress] {
                let chain = name::group(direction, family, *group);
                let of_chain = allowed
                    .iter()
                    .filter(|rule| rule.direction == direction && rule.ethertype == family);
                table.chain(chain, of_chain.filter_map(rule));
            }
        }
        for group in named(rules, family) {
            let members = rules
                .groups
                .get(&group)
                .into_iter()
                .flat_map(|group| &group.members);
            let members = members.filter(|address| family_of(**address) == family);
            let kind = match family {
                EtherType::V4 => "type ipv4_addr",
                EtherType::V6 => "type ipv6_addr",
            };
            table.set(
                name::members(family, group),
                kind,
                members.map(ToString::to_string),
            );
        }
    }
}

/// Groups that rules of this family name.
fn named(rules: &Ruleset, family: EtherType) -> BTreeSet<SecurityGroupId> {
    let all = rules.groups.values().flat_map(|group| &group.rules);
    let of_family = all.filter(|rule| rule.ethertype == family);
    let groups = of_family.filter_map(|rule| match rule.remote {
        Remote::Group(group) => Some(group),
        Remote::Any | Remote::Prefix(_) => None,
    });
    groups.collect()
}

/// A rule as nft writes it; `None` where it can match nothing.
fn rule(allows: &Allows) -> Option<String> {
    let (remote, traffic) = (remote(allows)?, traffic(allows)?);
    let parts = [remote.as_str(), traffic.as_str(), "accept"];
    let parts: Vec<&str> = parts.into_iter().filter(|part| !part.is_empty()).collect();
    Some(parts.join(" "))
}

/// The other side; empty for anybody.
fn remote(allows: &Allows) -> Option<String> {
    let family = allows.ethertype;
    let side = match allows.direction {
        Direction::Ingress => "saddr",
        Direction::Egress => "daddr",
    };
    match allows.remote {
        Remote::Any => Some(String::new()),
        Remote::Prefix(net) if family_of(net.addr()) != family => None,
        Remote::Prefix(net) if net.prefix_len() == 0 => Some(String::new()),
        Remote::Prefix(net) => Some(format!("{} {side} {}", ip(family), net.trunc())),
        Remote::Group(group) => Some(format!(
            "{} {side} @{}",
            ip(family),
            name::members(family, group)
        )),
    }
}

/// The protocol with its ports or types; empty for all of it. A record that makes no sense matches nothing, so that it
/// neither opens more than was meant nor keeps all other rules from being put in force.
pub(super) fn traffic(allows: &Allows) -> Option<String> {
    let bounded = allows.port_min.is_some() || allows.port_max.is_some();
    let Some(protocol) = &allows.protocol else {
        return (!bounded).then(String::new);
    };
    let number = in_family(protocol, allows.ethertype);
    if protocol.is_icmp() {
        return icmp(number, allows.port_min, allows.port_max);
    }
    if !bounded {
        return Some(format!("meta l4proto {}", word(number)));
    }
    if !protocol.has_ports() {
        return None;
    }
    let first = allows.port_min.or(allows.port_max)?;
    let last = allows.port_max.unwrap_or(first);
    let ports = match first.cmp(&last) {
        std::cmp::Ordering::Less => format!("{first}-{last}"),
        std::cmp::Ordering::Equal => first.to_string(),
        std::cmp::Ordering::Greater => return None,
    };
    Some(format!("{} dport {ports}", word(number)))
}

/// Neutron's clients write `icmp` for either family.
fn in_family(protocol: &RuleProtocol, family: EtherType) -> u8 {
    match (protocol.number(), family) {
        (ICMP, EtherType::V6) => ICMP_V6,
        (number, _) => number,
    }
}

fn icmp(number: u8, kind: Option<u16>, code: Option<u16>) -> Option<String> {
    let word = if number == ICMP_V6 { "icmpv6" } else { "icmp" };
    let Some(kind) = kind else {
        return code.is_none().then(|| format!("meta l4proto {number}"));
    };
    let kind = u8::try_from(kind).ok()?;
    let Some(code) = code else {
        return Some(format!("{word} type {kind}"));
    };
    let code = u8::try_from(code).ok()?;
    Some(format!("{word} type {kind} {word} code {code}"))
}

/// A protocol by the name that stands before `dport`, where it has ports.
fn word(number: u8) -> String {
    match number {
        6 => "tcp".to_owned(),
        17 => "udp".to_owned(),
        132 => "sctp".to_owned(),
        other => other.to_string(),
    }
}
