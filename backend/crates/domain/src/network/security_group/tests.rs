//! Protocols as they are written, and rules that cannot be.

use EtherType::{V4, V6};

use super::*;

#[test]
fn protocols_are_names_or_numbers() {
    for (text, number) in [("tcp", 6), ("TCP", 6), ("58", 58), ("icmp", 1), ("0", 0)] {
        let protocol: RuleProtocol = text.parse().unwrap();
        assert_eq!(protocol.number(), number, "{text}");
    }
    for text in ["", "tcpp", "256", "-1", "tcp udp"] {
        let refused = text.parse::<RuleProtocol>().unwrap_err();
        assert!(refused.contains("is no protocol"), "{refused}");
    }
}

fn allows(ethertype: EtherType, protocol: &str, ports: [Option<u16>; 2]) -> Allows {
    Allows {
        protocol: (!protocol.is_empty()).then(|| protocol.parse().unwrap()),
        port_min: ports[0],
        port_max: ports[1],
        ..Allows::everything(Direction::Ingress, ethertype, Remote::Any)
    }
}

/// Family, protocol, ports, and how the refusal begins.
type Said = (
    EtherType,
    &'static str,
    [Option<u16>; 2],
    Option<&'static str>,
);

const SAID: &[Said] = &[
    (V4, "", [None, None], None),
    (V4, "tcp", [None, None], None),
    (V4, "tcp", [Some(1), Some(65535)], None),
    (V6, "17", [Some(53), Some(53)], None),
    (V4, "icmp", [Some(8), Some(0)], None),
    (V4, "icmp", [Some(8), None], None),
    (V6, "icmp", [Some(255), Some(255)], None),
    (
        V4,
        "",
        [Some(1), Some(2)],
        Some("port_range_min: 1 needs a protocol"),
    ),
    (
        V4,
        "",
        [None, Some(2)],
        Some("port_range_max: 2 needs a protocol"),
    ),
    (
        V4,
        "gre",
        [Some(1), Some(2)],
        Some("port_range_min: 1 cannot be: gre has no ports"),
    ),
    (
        V4,
        "tcp",
        [Some(0), Some(2)],
        Some("port_range_min: 0 is no port"),
    ),
    (
        V4,
        "tcp",
        [Some(5), Some(2)],
        Some("port_range_max: 2 is below port_range_min, which is 5"),
    ),
    (
        V4,
        "tcp",
        [Some(5), None],
        Some("port_range_max: is required"),
    ),
    (
        V4,
        "udp",
        [None, Some(5)],
        Some("port_range_min: is required"),
    ),
    (
        V4,
        "icmp",
        [Some(256), Some(0)],
        Some("port_range_min: 256 is no ICMP type"),
    ),
    (
        V4,
        "icmp",
        [Some(8), Some(300)],
        Some("port_range_max: 300 is no ICMP code"),
    ),
    (
        V4,
        "icmp",
        [None, Some(0)],
        Some("port_range_min: is required, the ICMP type"),
    ),
    (
        V4,
        "ipv6-icmp",
        [None, None],
        Some("protocol: ipv6-icmp goes with ethertype IPv6"),
    ),
    (
        V4,
        "58",
        [None, None],
        Some("protocol: 58 goes with ethertype IPv6"),
    ),
];

#[test]
fn what_a_rule_cannot_say() {
    for (family, protocol, range, refused) in SAID {
        let found = allows(*family, protocol, *range).contradiction();
        let found = found.map(|(field, message)| format!("{field}: {message}"));
        let found = found.as_deref();
        let right = match refused {
            None => found.is_none(),
            Some(words) => found.is_some_and(|found| found.starts_with(words)),
        };
        assert!(right, "{protocol} {range:?}: {found:?}");
    }
}

#[test]
fn prefixes_are_of_the_family_and_without_host_bits() {
    for (family, prefix, refused) in [
        (EtherType::V4, "0.0.0.0/0", None),
        (EtherType::V6, "fd00::/8", None),
        (EtherType::V4, "::/0", Some("::/0 is no IPv4 prefix")),
        (
            EtherType::V6,
            "10.0.0.0/8",
            Some("10.0.0.0/8 is no IPv6 prefix"),
        ),
        (
            EtherType::V4,
            "10.0.0.5/24",
            Some("use 10.0.0.0/24, or 10.0.0.5/32"),
        ),
    ] {
        let remote = Remote::Prefix(prefix.parse().unwrap());
        let rule = Allows::everything(Direction::Egress, family, remote);
        let found = rule.contradiction();
        let found = found.map(|(field, message)| format!("{field}: {message}"));
        let right = match refused {
            None => found.is_none(),
            Some(words) => found.as_ref().is_some_and(|found| found.contains(words)),
        };
        assert!(right, "{prefix}: {found:?}");
    }
}

#[test]
fn the_same_rule_in_other_words() {
    let none = [None, None];
    for (family, one, other, same) in [
        (V4, "tcp", "6", true),
        (V4, "tcp", "udp", false),
        (V4, "tcp", "", false),
        (V6, "icmp", "ipv6-icmp", true),
        (V6, "icmpv6", "58", true),
    ] {
        let (one, other) = (allows(family, one, none), allows(family, other, none));
        assert_eq!(one.same_as(&other), same, "{one:?} {other:?}");
    }
    let web = allows(V4, "tcp", [Some(80), Some(80)]);
    assert!(!web.same_as(&allows(V4, "tcp", none)));
}
