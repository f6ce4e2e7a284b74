//! Where packets come into our rules, and whether the way is open between where they come from and where they go.

use std::net::IpAddr;

use zun_domain::firewall::{Bridge, Outside, Ruleset, family_of};
use zun_domain::network::EtherType;

use super::{FAMILIES, MARK, quoted};
use crate::model::Table;
use crate::name::{digit, ip};

/// Neighbor discovery, which is never routed: a router would have counted the limit down.
const NEIGHBORS: &str =
    "ip6 hoplimit 255 icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert } accept";

pub(super) fn add(table: &mut Table, rules: &Ruleset) {
    add_bridges(table, rules);
    for family in FAMILIES {
        add_ways(table, rules, family);
        add_gateways(table, rules, family);
    }
    let external = rules.external.iter().map(ToString::to_string);
    table.set("external", "type ipv4_addr", external);
    add_answers(table, rules);
    add_leaving(table);
    add_entering(table);
    add_arriving(table);
    add_sending(table);
}

fn add_bridges(table: &mut Table, rules: &Ruleset) {
    let named = |wanted: fn(&Bridge) -> bool| {
        let bridges = rules
            .bridges
            .iter()
            .filter(move |(_, bridge)| wanted(bridge));
        bridges.map(|(name, _)| quoted(name))
    };
    table.set("bridges", "type ifname", named(|_| true));
    table.set(
        "outside4",
        "type ifname",
        named(|bridge| bridge.outside_v4.is_some()),
    );
    table.set("outside6", "type ifname", named(|bridge| bridge.outside_v6));
    let routed = |bridge: &Bridge| bridge.outside_v4 == Some(Outside::Routed);
    table.set("routed4", "type ifname", named(routed));
}

/// Pairs of bridges between which a family passes, each bridge with itself among them.
fn add_ways(table: &mut Table, rules: &Ruleset, family: EtherType) {
    let itself = rules.bridges.keys().map(|name| (name, name));
    let joined = rules.joined.iter().filter(|joined| joined.family == family);
    let joined = joined.map(|joined| (&joined.from, &joined.to));
    let pair = |(from, to): (&String, &String)| format!("{} . {}", quoted(from), quoted(to));
    let ways = itself.chain(joined.clone()).map(pair);
    table.set(
        format!("ways{}", digit(family)),
        "type ifname . ifname",
        ways,
    );
}

/// The addresses of the host on each bridge, as they may be reached from each, and all our prefixes.
fn add_gateways(table: &mut Table, rules: &Ruleset, family: EtherType) {
    let addresses = |bridge: &str| -> Vec<IpAddr> {
        let bridge = rules.bridges.get(bridge);
        let addresses = bridge
            .into_iter()
            .flat_map(|bridge| bridge.subnets.values());
        addresses
            .copied()
            .filter(|address| family_of(*address) == family)
            .collect()
    };
    let itself = rules.bridges.keys().map(|name| (name, name));
    let joined = rules.joined.iter().filter(|joined| joined.family == family);
    let ways = itself.chain(joined.map(|joined| (&joined.from, &joined.to)));
    let gateways = ways.flat_map(|(from, to)| {
        let from = quoted(from);
        addresses(to)
            .into_iter()
            .map(move |address| format!("{from} . {address}"))
    });
    let kind = match family {
        EtherType::V4 => ("type ifname . ipv4_addr", "type ipv4_addr"),
        EtherType::V6 => ("type ifname . ipv6_addr", "type ipv6_addr"),
    };
    table.set(format!("gateways{}", digit(family)), kind.0, gateways);
    let subnets = rules
        .bridges
        .values()
        .flat_map(|bridge| bridge.subnets.keys());
    let subnets = subnets.filter(|subnet| family_of(subnet.addr()) == family);
    table.prefixes(
        format!("inside{}", digit(family)),
        kind.1,
        subnets.map(ToString::to_string),
    );
}

/// What answers a connection of which every packet in the other direction was allowed. Where that connection came from
/// is not asked again, but a port that may send and get nothing does not get this either.
fn add_answers(table: &mut Table, rules: &Ruleset) {
    let mut lines = Vec::new();
    for family in FAMILIES {
        let silent = rules.ports.values();
        let silent = silent.filter(|port| port.groups.is_empty() && port.opened.is_empty());
        let addresses = silent.flat_map(|port| &port.addresses);
        let addresses: Vec<String> = addresses
            .filter(|address| family_of(**address) == family)
            .map(ToString::to_string)
            .collect();
        let (name, ip) = (format!("silent{}", digit(family)), ip(family));
        if !addresses.is_empty() {
            lines.push(format!("{ip} saddr @{name} drop"));
            lines.push(format!("{ip} daddr @{name} drop"));
        }
        let kind = match family {
            EtherType::V4 => "type ipv4_addr",
            EtherType::V6 => "type ipv6_addr",
        };
        table.set(name, kind, addresses);
    }
    lines.push(format!("{} accept", mark()));
    table.chain("answers", lines);
}

/// The packet is let pass by us, whatever the engine's own rules would say.
fn mark() -> String {
    format!("meta mark set meta mark | {MARK}")
}

/// The first rules of every half: what answers, and errors about a connection.
fn answering() -> [String; 3] {
    [
        "ct state established,related ct direction reply goto answers".to_owned(),
        "ct state related goto answers".to_owned(),
        NEIGHBORS.to_owned(),
    ]
}

/// From a container to anywhere but the host.
fn add_leaving(table: &mut Table) {
    let hook = "type filter hook forward priority -12; policy accept;";
    table.base("leaving", hook, ["iifname @bridges goto leave"]);
    let mark = mark();
    let ways = [
        // What answers on the host, a published port or a floating address, is the outside of every network.
        format!(
            "meta nfproto ipv4 iifname @outside4 oifname @bridges ct status dnat {mark} goto egress"
        ),
        format!(
            "meta nfproto ipv6 iifname @outside6 oifname @bridges ct status dnat {mark} goto egress"
        ),
        format!("meta nfproto ipv4 iifname . oifname @ways4 {mark} goto egress"),
        format!("meta nfproto ipv6 iifname . oifname @ways6 {mark} goto egress"),
        "oifname @bridges drop".to_owned(),
        "meta nfproto ipv4 iifname @outside4 goto egress".to_owned(),
        "meta nfproto ipv6 iifname @outside6 goto egress".to_owned(),
        "drop".to_owned(),
    ];
    table.chain("leave", answering().into_iter().chain(ways));
}

/// To a container from anywhere but the host. Where it comes from one of our bridges, the other half has asked for
/// the way.
fn add_entering(table: &mut Table) {
    let hook = "type filter hook forward priority -11; policy accept;";
    table.base("entering", hook, ["oifname @bridges goto enter"]);
    let mark = mark();
    let ways = [
        "iifname @bridges goto ingress".to_owned(),
        format!("ct status dnat {mark} goto ingress"),
        format!("meta nfproto ipv4 oifname @routed4 {mark} goto ingress"),
        format!("meta nfproto ipv6 oifname @outside6 {mark} goto ingress"),
        "drop".to_owned(),
    ];
    table.chain("enter", answering().into_iter().chain(ways));
}

/// From a container to the host, and from anywhere to an address the host only holds. The gateway answers an echo to
/// everybody; what else the host serves is for those that have a way to the outside.
fn add_arriving(table: &mut Table) {
    let hook = "type filter hook input priority -12; policy accept;";
    let arriving = [
        "ip daddr @external ct state new meta l4proto != icmp drop",
        "ip daddr @external ct state new icmp type != echo-request drop",
        "iifname @bridges goto arrive",
    ];
    table.base("arriving", hook, arriving);
    let ways = [
        "iifname . ip daddr @gateways4 meta l4proto icmp goto egress",
        "iifname . ip6 daddr @gateways6 meta l4proto ipv6-icmp goto egress",
        "meta nfproto ipv4 iifname @outside4 iifname . ip daddr @gateways4 goto egress",
        "meta nfproto ipv6 iifname @outside6 iifname . ip6 daddr @gateways6 goto egress",
        "ip daddr @inside4 drop",
        "ip6 daddr @inside6 drop",
        "meta nfproto ipv4 iifname @outside4 goto egress",
        "meta nfproto ipv6 iifname @outside6 goto egress",
        "drop",
    ];
    let ways = ways.map(ToOwned::to_owned);
    table.chain("arrive", answering().into_iter().chain(ways));
}

/// From the host to a container. Where the destination was translated, the hook still tells the link of the former.
fn add_sending(table: &mut Table) {
    let hook = "type filter hook output priority -12; policy accept;";
    let sending = [
        "oifname @bridges goto send",
        "ct status dnat ip daddr @inside4 goto send",
    ];
    table.base("sending", hook, sending);
    let listeners =
        "icmpv6 type { mld-listener-query, mld-listener-report, mld2-listener-report } accept";
    let ways = [
        listeners,
        "ip daddr vmap @to4",
        "ip6 daddr vmap @to6",
        "ip daddr vmap @host4",
        "ip6 daddr vmap @host6",
        "drop",
    ];
    let ways = ways.map(ToOwned::to_owned);
    table.chain("send", answering().into_iter().chain(ways));
}
