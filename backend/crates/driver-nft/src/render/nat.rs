//! Addresses of the outside that stand for ours, and what goes outside with another address than its own.
//!
//! Each rule is one place before the engine's: the first one that translates a connection is the only one.

use std::net::IpAddr;

use ipnet::IpNet;
use zun_domain::firewall::{Outside, Ruleset};
use zun_domain::network::EtherType;

use super::quoted;
use crate::model::Table;

pub(super) fn add(table: &mut Table, rules: &Ruleset) {
    let floating = rules.floating.iter();
    let pairs = |(outside, inside): (&_, &_)| (format!("{outside}"), format!("{inside}"));
    let inwards = floating.clone().map(pairs);
    let outwards = floating
        .map(pairs)
        .map(|(outside, inside)| (inside, outside));
    table.map("floating_in", "type ipv4_addr : ipv4_addr", inwards);
    table.map("floating_out", "type ipv4_addr : ipv4_addr", outwards);
    let prefixes = |wanted: Outside| {
        subnets(rules)
            .filter(move |(_, how)| *how == wanted)
            .map(|(net, _)| net.to_string())
    };
    table.prefixes(
        "masqueraded",
        "type ipv4_addr",
        prefixes(Outside::Masqueraded),
    );
    table.prefixes("unchanged", "type ipv4_addr", prefixes(Outside::Routed));
    let translated = subnets(rules).filter_map(|(net, how)| match how {
        Outside::From(address) => Some((net.to_string(), address.to_string())),
        Outside::Engine | Outside::Routed | Outside::Masqueraded => None,
    });
    let kind = "type ipv4_addr : ipv4_addr";
    table.put("translated".to_owned(), kind, true, translated.collect());
    let joined = rules
        .joined
        .iter()
        .filter(|joined| joined.family == EtherType::V4);
    let joined = joined.map(|joined| format!("{} . {}", quoted(&joined.from), quoted(&joined.to)));
    table.set("joined4", "type ifname . ifname", joined);
    add_chains(table);
}

/// Every IPv4 prefix that goes outside, and how.
fn subnets(rules: &Ruleset) -> impl Iterator<Item = (IpNet, Outside)> {
    let bridges = rules.bridges.values();
    let of = bridges.filter_map(|bridge| Some((bridge, bridge.outside_v4?)));
    let all = of.flat_map(|(bridge, how)| bridge.subnets.keys().map(move |net| (*net, how)));
    all.filter(|(net, _)| matches!(net.addr(), IpAddr::V4(_)))
}

fn add_chains(table: &mut Table) {
    let inwards = ["dnat ip to ip daddr map @floating_in"];
    let hook = "type nat hook prerouting priority -101; policy accept;";
    table.base("translate-in", hook, inwards);
    let hook = "type nat hook output priority -101; policy accept;";
    table.base("translate-own", hook, inwards);
    let hook = "type nat hook postrouting priority 99; policy accept;";
    let outwards = [
        // The engine would put the host's address in between two bridges, and on the way out of a routed one: a
        // translation to the same address keeps it from that.
        "iifname . oifname @joined4 snat ip to ip saddr",
        "oifname @bridges accept",
        "snat ip to ip saddr map @floating_out",
        "snat ip to ip saddr map @translated",
        "ip saddr @masqueraded masquerade",
        "ip saddr @unchanged snat ip to ip saddr",
    ];
    table.base("translate-out", hook, outwards);
}
