//! The text of whole rulesets, and that a small change is a few commands.

use std::collections::{BTreeMap, BTreeSet};

use uuid::Uuid;
use zun_domain::container::Protocol;
use zun_domain::firewall::{Bridge, Group, GuardedPort, Joined, Outside, Ruleset};
use zun_domain::id::{PortId, SecurityGroupId};
use zun_domain::network::security_group::Allows;
use zun_domain::network::{Direction, EtherType, Remote, RuleProtocol, mac_of};

use super::*;
use crate::change;

fn group(n: u128) -> SecurityGroupId {
    SecurityGroupId(Uuid::from_u128(n))
}

fn bridge(subnets: &[(&str, &str)], outside_v4: Option<Outside>, outside_v6: bool) -> Bridge {
    let parsed = subnets
        .iter()
        .map(|(net, gateway)| (net.parse().unwrap(), gateway.parse().unwrap()));
    Bridge {
        subnets: parsed.collect(),
        outside_v4,
        outside_v6,
    }
}

fn port(
    bridge: &str,
    addresses: &[&str],
    groups: &[u128],
    opened: &[(Protocol, u16)],
) -> GuardedPort {
    GuardedPort {
        bridge: bridge.to_owned(),
        mac: mac_of(addresses[0].parse().unwrap()),
        addresses: addresses
            .iter()
            .map(|address| address.parse().unwrap())
            .collect(),
        groups: groups.iter().copied().map(group).collect(),
        opened: opened.iter().copied().collect(),
    }
}

fn rule(
    direction: Direction,
    ethertype: EtherType,
    protocol: &str,
    ports: (Option<u16>, Option<u16>),
    remote: Remote,
) -> Allows {
    let protocol = (!protocol.is_empty()).then(|| protocol.parse::<RuleProtocol>().unwrap());
    Allows {
        direction,
        ethertype,
        protocol,
        port_min: ports.0,
        port_max: ports.1,
        remote,
    }
}

fn prefix(text: &str) -> Remote {
    Remote::Prefix(text.parse().unwrap())
}

fn groups() -> BTreeMap<SecurityGroupId, Group> {
    use Direction::{Egress, Ingress};
    use EtherType::{V4, V6};
    let none = (None, None);
    let one = BTreeSet::from([
        rule(Egress, V4, "", none, Remote::Any),
        rule(Egress, V6, "", none, prefix("::/0")),
        rule(Ingress, V4, "tcp", (Some(80), Some(80)), Remote::Any),
        rule(
            Ingress,
            V4,
            "tcp",
            (Some(8000), Some(8010)),
            prefix("10.0.0.0/8"),
        ),
        rule(Ingress, V4, "udp", none, Remote::Group(group(2))),
        rule(Ingress, V4, "icmp", (Some(8), Some(0)), Remote::Any),
        rule(Ingress, V6, "icmp", (Some(128), None), Remote::Any),
        rule(Ingress, V6, "47", none, prefix("fd00::/16")),
        // These match nothing.
        rule(Ingress, V4, "icmp", (Some(300), None), Remote::Any),
        rule(Ingress, V4, "gre", (Some(1), Some(2)), Remote::Any),
        rule(Ingress, V4, "", (Some(1), Some(2)), Remote::Any),
        rule(Ingress, V4, "tcp", (Some(9), Some(2)), Remote::Any),
        rule(Ingress, V4, "tcp", none, prefix("fd00::/16")),
    ]);
    let members = |addresses: &[&str]| addresses.iter().map(|text| text.parse().unwrap()).collect();
    BTreeMap::from([
        (
            group(1),
            Group {
                members: members(&["10.1.0.2", "fd00:1::2", "10.2.0.3"]),
                rules: one,
            },
        ),
        (
            group(2),
            Group {
                members: members(&["10.2.0.2", "10.2.0.3"]),
                rules: BTreeSet::new(),
            },
        ),
    ])
}

fn ruleset() -> Ruleset {
    let routed = bridge(&[("10.3.0.0/24", "10.3.0.1")], Some(Outside::Routed), false);
    let bridges = [
        (
            "zn1",
            bridge(
                &[("10.1.0.0/24", "10.1.0.1"), ("fd00:1::/64", "fd00:1::1")],
                Some(Outside::Engine),
                true,
            ),
        ),
        (
            "zn2",
            bridge(
                &[("10.2.0.0/24", "10.2.0.1")],
                Some(Outside::From([203, 0, 113, 9].into())),
                false,
            ),
        ),
        ("zn3", routed),
        (
            "zn4",
            bridge(
                &[("10.4.0.0/24", "10.4.0.1")],
                Some(Outside::Masqueraded),
                false,
            ),
        ),
        ("zn5", bridge(&[("10.5.0.0/24", "10.5.0.1")], None, false)),
    ];
    let opened = [
        (Protocol::Tcp, 80),
        (Protocol::Tcp, 443),
        (Protocol::Udp, 53),
    ];
    let ports = [
        port("zn1", &["10.1.0.2", "fd00:1::2"], &[1], &[]),
        port("zn2", &["10.2.0.2"], &[2], &opened),
        port("zn2", &["10.2.0.3"], &[1, 2], &[]),
        port("zn5", &["10.5.0.2"], &[], &[]),
    ];
    let joined = |from: &str, to: &str| Joined {
        family: EtherType::V4,
        from: from.to_owned(),
        to: to.to_owned(),
    };
    let numbered = ports.into_iter().zip(1..);
    Ruleset {
        bridges: bridges
            .map(|(name, bridge)| (name.to_owned(), bridge))
            .into(),
        ports: numbered
            .map(|(port, n)| (PortId(Uuid::from_u128(n)), port))
            .collect(),
        groups: groups(),
        joined: BTreeSet::from([joined("zn1", "zn2"), joined("zn2", "zn1")]),
        floating: BTreeMap::from([([203, 0, 113, 20].into(), [10, 2, 0, 2].into())]),
        external: BTreeSet::from([[203, 0, 113, 9].into(), [203, 0, 113, 20].into()]),
    }
}

#[test]
fn nothing_but_the_frame() {
    insta::assert_snapshot!(crate::whole(&tables(&Ruleset::default(), "zun_test")));
}

#[test]
fn a_bit_of_everything() {
    insta::assert_snapshot!(crate::whole(&tables(&ruleset(), "zun_test")));
}

/// The commands of a change, without those of the generation.
fn commands(change: impl FnOnce(&mut Ruleset)) -> Vec<String> {
    let mut rules = ruleset();
    let old = tables(&rules, "t");
    change(&mut rules);
    let new = tables(&rules, "t");
    let pairs = old.each().into_iter().zip(new.each());
    let all: Vec<String> = pairs
        .flat_map(|(old, new)| change::between(old, new))
        .collect();
    let (generation, rest): (Vec<_>, Vec<_>) = all
        .into_iter()
        .partition(|command| command.contains(" generation "));
    assert!(generation.len() >= 2 || rest.is_empty(), "{generation:?}");
    rest
}

#[test]
fn a_changed_rule_is_one_chain() {
    let more = rule(
        Direction::Ingress,
        EtherType::V4,
        "tcp",
        (Some(22), Some(22)),
        Remote::Any,
    );
    let commands = commands(|rules| {
        rules.groups.get_mut(&group(2)).unwrap().rules.insert(more);
    });
    let chain = format!("inet t in4-{}", group(2));
    let expected = [
        format!("flush chain {chain}"),
        format!("add rule {chain} tcp dport 22 accept"),
    ];
    assert_eq!(commands, expected);
}

#[test]
fn a_port_that_comes_is_a_few_elements() {
    let commands = commands(|rules| {
        let port = port("zn1", &["10.1.0.9"], &[1], &[]);
        rules.ports.insert(PortId(Uuid::from_u128(9)), port);
        rules
            .groups
            .get_mut(&group(1))
            .unwrap()
            .members
            .insert([10, 1, 0, 9].into());
    });
    let expected = [
        format!(
            "add element inet t from4 {{ \"zn1\" . 10.1.0.9 : jump out4-{} }}",
            group(1)
        ),
        "add element inet t host4 { 10.1.0.9 : jump host4-ae70f6cd625e5ed1 }".to_owned(),
        format!(
            "add element inet t to4 {{ 10.1.0.9 : jump in4-{} }}",
            group(1)
        ),
        "add element bridge t adverts6 { 02:42:0a:01:00:09 . 0xfe8000000000000000420afffe010009 }"
            .to_owned(),
        "add element bridge t macs { 02:42:0a:01:00:09 }".to_owned(),
        "add element bridge t pairs4 { 02:42:0a:01:00:09 . 10.1.0.9 }".to_owned(),
        "add element bridge t pairs6 { 02:42:0a:01:00:09 . fe80::42:aff:fe01:9 }".to_owned(),
    ];
    assert_eq!(commands, expected);
}

#[test]
fn nothing_is_said_where_nothing_changes() {
    assert_eq!(commands(|_| ()), [""; 0]);
}
