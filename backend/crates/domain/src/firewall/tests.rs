//! From records to rules.

use std::fmt::Debug;

use uuid::Uuid;

use super::*;
use crate::container::Protocol::{Tcp, Udp};
use crate::id::{FloatingIpId, ProjectId, RouterId, SecurityGroupRuleId};
use crate::network::router::Interface;
use crate::network::security_group::{Direction, Remote};
use crate::network::{FixedIp, Gateway, SecurityGroupRule, Subnet};
use crate::time::Timestamp;

/// A network of each number `n` has 10.0.n.0/24 and, where asked for, `fd00:n::/64`.
fn network(n: u8, kind: NetworkKind, v6: bool) -> Network {
    let v4 = subnet(n, 4, &format!("10.0.{n}.0/24"), &format!("10.0.{n}.1"));
    let six = subnet(n, 6, &format!("fd00:{n}::/64"), &format!("fd00:{n}::1"));
    let id = NetworkId(id(n, 0));
    Network {
        id,
        project: ProjectId(Uuid::nil()),
        name: String::new(),
        description: String::new(),
        kind,
        admin_state_up: true,
        mtu: 1500,
        subnets: [v4].into_iter().chain(v6.then_some(six)).collect(),
        runtime_name: Network::own_runtime_name(id),
        created_at: Timestamp::UNIX_EPOCH,
        updated_at: None,
    }
}

fn subnet(n: u8, family: u8, cidr: &str, gateway: &str) -> Subnet {
    Subnet {
        id: SubnetId(id(n, family)),
        network: NetworkId(id(n, 0)),
        project: ProjectId(Uuid::nil()),
        name: String::new(),
        description: String::new(),
        cidr: cidr.parse().unwrap(),
        gateway: gateway.parse().unwrap(),
        allocation_pools: Vec::new(),
        dns_nameservers: Vec::new(),
        pool: None,
        created_at: Timestamp::UNIX_EPOCH,
        updated_at: None,
    }
}

fn id(n: u8, part: u8) -> Uuid {
    Uuid::from_u128(u128::from(n) << 8 | u128::from(part))
}

fn name(n: u8) -> String {
    network(n, NetworkKind::Own, false).bridge()
}

/// A router with an interface on each of these subnets: the network's number and the family.
fn router(n: u8, subnets: &[(u8, u8)], gateway: impl Into<Option<Gateway>>) -> Router {
    let interface = |(network, family): &(u8, u8)| Interface {
        subnet: SubnetId(id(*network, *family)),
        network: NetworkId(id(*network, 0)),
        port: PortId(Uuid::nil()),
    };
    Router {
        id: RouterId(id(n, 0)),
        project: ProjectId(Uuid::nil()),
        name: String::new(),
        description: String::new(),
        admin_state_up: true,
        gateway: gateway.into(),
        interfaces: subnets.iter().map(interface).collect(),
        created_at: Timestamp::UNIX_EPOCH,
        updated_at: None,
    }
}

fn gateway(enable_snat: bool, address: Option<&str>) -> Gateway {
    Gateway {
        network: NetworkId(id(99, 0)),
        enable_snat,
        address: address.map(|address| address.parse().unwrap()),
    }
}

/// Port `n` of container `n` on network `on`, at 10.0.on.n, in these groups.
fn port(n: u8, on: u8, groups: &[u8]) -> Port {
    let ip = Ipv4Addr::new(10, 0, on, n);
    Port {
        id: PortId(id(n, 0)),
        network: NetworkId(id(on, 0)),
        project: ProjectId(Uuid::nil()),
        name: String::new(),
        description: String::new(),
        admin_state_up: true,
        mac: crate::network::mac_of(ip),
        fixed_ips: vec![FixedIp {
            subnet: SubnetId(id(on, 4)),
            ip: ip.into(),
        }],
        security_groups: groups.iter().map(|n| SecurityGroupId(id(*n, 0))).collect(),
        groups_chosen: false,
        container: Some(ContainerId(id(n, 0))),
        position: 0,
        preserve: false,
        device_id: String::new(),
        device_owner: String::new(),
        created_at: Timestamp::UNIX_EPOCH,
        updated_at: None,
    }
}

/// Group `n`, whose ports may be reached by these groups.
fn group(n: u8, from: &[u8]) -> SecurityGroup {
    let rule = |from: &u8| SecurityGroupRule {
        id: SecurityGroupRuleId(id(n, *from)),
        group: SecurityGroupId(id(n, 0)),
        project: ProjectId(Uuid::nil()),
        description: String::new(),
        allows: allows(*from),
        created_at: Timestamp::UNIX_EPOCH,
    };
    SecurityGroup {
        id: SecurityGroupId(id(n, 0)),
        project: ProjectId(Uuid::nil()),
        name: String::new(),
        description: String::new(),
        rules: from.iter().map(rule).collect(),
        created_at: Timestamp::UNIX_EPOCH,
        updated_at: None,
    }
}

fn allows(from: u8) -> Allows {
    let remote = Remote::Group(SecurityGroupId(id(from, 0)));
    Allows::everything(Direction::Ingress, EtherType::V4, remote)
}

fn floating(n: u8, fixed: Option<Ipv4Addr>, router: Option<u8>) -> FloatingIp {
    FloatingIp {
        id: FloatingIpId(id(n, 0)),
        project: ProjectId(Uuid::nil()),
        description: String::new(),
        network: NetworkId(id(99, 0)),
        address: Ipv4Addr::new(203, 0, 113, n),
        port: None,
        fixed_ip: fixed,
        router: router.map(|n| RouterId(id(n, 0))),
        created_at: Timestamp::UNIX_EPOCH,
        updated_at: None,
    }
}

#[track_caller]
fn check<T: Debug + PartialEq>(case: &str, found: &T, expected: &T) {
    assert_eq!(found, expected, "{case}");
}

#[test]
fn a_network_with_ipv4_has_a_bridge() {
    let mut without = network(3, NetworkKind::Own, true);
    without.subnets.remove(0);
    let records = Records {
        networks: vec![
            network(1, NetworkKind::Default, false),
            network(2, NetworkKind::Own, true),
            without,
            network(4, NetworkKind::External, false),
        ],
        ..Records::default()
    };
    let rules = compile(&records);
    let bridges: Vec<&String> = rules.bridges.keys().collect();
    assert_eq!(bridges, [&name(1), &name(2)]);
    let subnets = |n: u8| {
        let of = rules.bridges[&name(n)].subnets.iter();
        of.map(|(net, gateway)| format!("{net} {gateway}"))
            .collect::<Vec<_>>()
    };
    assert_eq!(subnets(1), ["10.0.1.0/24 10.0.1.1"]);
    assert_eq!(
        subnets(2),
        ["10.0.2.0/24 10.0.2.1", "fd00:2::/64 fd00:2::1"]
    );
}

/// Network 1 is of this kind and has these routers beside network 2: how it gets outside.
fn outside(kind: NetworkKind, routers: Vec<Router>) -> (Option<Outside>, bool) {
    let other = network(2, NetworkKind::Own, true);
    let records = Records {
        networks: vec![network(1, kind, true), other],
        routers,
        ..Records::default()
    };
    let bridge = compile(&records).bridges.remove(&name(1)).unwrap();
    (bridge.outside_v4, bridge.outside_v6)
}

#[test]
fn a_network_gets_outside_by_its_kind() {
    let engine = Some(Outside::Engine);
    for (kind, v4) in [(NetworkKind::Default, engine), (NetworkKind::Own, None)] {
        assert_eq!(outside(kind, vec![]), (v4, false), "{kind:?}");
        let inside = vec![router(1, &[(1, 4), (1, 6)], None)];
        assert_eq!(outside(kind, inside), (v4, false), "{kind:?}");
        let elsewhere = router(1, &[(2, 4), (2, 6)], gateway(true, None));
        assert_eq!(outside(kind, vec![elsewhere]), (v4, false), "{kind:?}");
        let mut down = router(1, &[(1, 4), (1, 6)], gateway(true, None));
        down.admin_state_up = false;
        assert_eq!(outside(kind, vec![down]), (v4, false), "{kind:?}");
    }
}

#[test]
fn a_network_gets_outside_by_its_router() {
    let (plain, own) = (gateway(true, None), gateway(true, Some("203.0.113.9")));
    let (untranslated, address) = (
        gateway(false, Some("203.0.113.9")),
        Ipv4Addr::new(203, 0, 113, 9),
    );
    let (v4, v6, both): (&[_], &[_], &[_]) = (&[(1, 4)], &[(1, 6)], &[(1, 4), (1, 6)]);
    for (case, subnets, gateway, expected) in [
        (
            "with the host's address",
            v4,
            plain,
            (Some(Outside::Masqueraded), false),
        ),
        (
            "with its own",
            both,
            own,
            (Some(Outside::From(address)), true),
        ),
        (
            "with none",
            both,
            untranslated,
            (Some(Outside::Routed), true),
        ),
    ] {
        for kind in [NetworkKind::Default, NetworkKind::Own] {
            let routers = vec![router(1, subnets, gateway)];
            check(case, &outside(kind, routers), &expected);
        }
    }
    let only_v6 = vec![router(1, v6, plain)];
    assert_eq!(outside(NetworkKind::Own, only_v6), (None, true));
}

#[test]
fn routers_join_families_apart() {
    let own = |n| network(n, NetworkKind::Own, true);
    let both = |family, one, other| {
        let joined = |from: u8, to: u8| Joined {
            family,
            from: name(from),
            to: name(to),
        };
        [joined(one, other), joined(other, one)]
    };
    let mut down = router(1, &[(1, 4), (2, 4)], None);
    down.admin_state_up = false;
    for (case, routers, expected) in [
        ("no router", vec![], vec![]),
        ("one interface", vec![router(1, &[(1, 4)], None)], vec![]),
        (
            "two of a family",
            vec![router(1, &[(1, 4), (2, 4)], None)],
            vec![both(EtherType::V4, 1, 2)],
        ),
        (
            "one of each family",
            vec![router(1, &[(1, 4), (2, 6)], None)],
            vec![],
        ),
        (
            "three networks, one of them in both",
            vec![router(1, &[(1, 4), (2, 4), (1, 6), (3, 6)], None)],
            vec![both(EtherType::V4, 1, 2), both(EtherType::V6, 1, 3)],
        ),
        (
            "two routers do not join theirs",
            vec![
                router(1, &[(1, 4), (2, 4)], None),
                router(2, &[(2, 4), (3, 4)], None),
            ],
            vec![both(EtherType::V4, 1, 2), both(EtherType::V4, 2, 3)],
        ),
        ("a router that is down", vec![down], vec![]),
    ] {
        let records = Records {
            networks: vec![own(1), own(2), own(3)],
            routers,
            ..Records::default()
        };
        check(
            case,
            &compile(&records).joined,
            &expected.into_iter().flatten().collect(),
        );
    }
}

#[test]
fn ports_of_containers_are_guarded() {
    let mut free = port(2, 1, &[1]);
    free.container = None;
    let elsewhere = port(3, 9, &[1]);
    let records = Records {
        networks: vec![network(1, NetworkKind::Own, false)],
        ports: vec![port(1, 1, &[1]), free, elsewhere],
        groups: vec![group(1, &[])],
        ..Records::default()
    };
    let rules = compile(&records);
    let expected = GuardedPort {
        bridge: name(1),
        mac: "02:42:0a:00:01:01".to_owned(),
        addresses: BTreeSet::from(["10.0.1.1".parse().unwrap()]),
        groups: BTreeSet::from([SecurityGroupId(id(1, 0))]),
        opened: BTreeSet::new(),
    };
    assert_eq!(rules.ports, BTreeMap::from([(PortId(id(1, 0)), expected)]));
    let members = &rules.groups[&SecurityGroupId(id(1, 0))].members;
    assert_eq!(members, &BTreeSet::from(["10.0.1.1".parse().unwrap()]));
}

#[test]
fn what_is_published_is_open_where_nobody_chose_groups() {
    type Turn = fn(&mut Network, &mut Port);
    let published = BTreeSet::from([(Tcp, 80), (Udp, 53)]);
    let turns: [(&str, Turn, bool, bool); 4] = [
        ("no groups chosen", |_, _| (), true, true),
        (
            "groups chosen",
            |_, port| port.groups_chosen = true,
            true,
            false,
        ),
        (
            "the port is down",
            |_, port| port.admin_state_up = false,
            false,
            false,
        ),
        (
            "the network is down",
            |network, _| network.admin_state_up = false,
            false,
            false,
        ),
    ];
    for (case, turn, grouped, opened) in turns {
        let (mut network, mut port) = (network(1, NetworkKind::Own, false), port(1, 1, &[1]));
        turn(&mut network, &mut port);
        let records = Records {
            networks: vec![network],
            ports: vec![port],
            groups: vec![group(1, &[])],
            published: BTreeMap::from([(ContainerId(id(1, 0)), published.clone())]),
            ..Records::default()
        };
        let rules = compile(&records);
        let port = &rules.ports[&PortId(id(1, 0))];
        check(
            case,
            &(!port.groups.is_empty(), !port.opened.is_empty()),
            &(grouped, opened),
        );
        check(
            case,
            &rules.groups.contains_key(&SecurityGroupId(id(1, 0))),
            &grouped,
        );
        if opened {
            check(case, &port.opened, &published);
        }
    }
}

#[test]
fn groups_in_use_and_those_they_name() {
    let records = Records {
        networks: vec![network(1, NetworkKind::Own, false)],
        ports: vec![port(2, 1, &[1]), port(3, 1, &[1, 2])],
        groups: vec![
            group(1, &[2, 3]),
            group(2, &[]),
            group(3, &[4]),
            group(4, &[]),
        ],
        ..Records::default()
    };
    let rules = compile(&records);
    let shown: Vec<(u128, Vec<String>, usize)> = rules
        .groups
        .iter()
        .map(|(id, group)| {
            let members = group.members.iter().map(ToString::to_string);
            (id.0.as_u128() >> 8, members.collect(), group.rules.len())
        })
        .collect();
    let text = |members: &[&str]| members.iter().map(ToString::to_string).collect();
    let expected = vec![
        (1, text(&["10.0.1.2", "10.0.1.3"]), 2),
        (2, text(&["10.0.1.3"]), 0),
        // Named by a rule of group 1, and nobody's: it has no members, and its own rules are of no use.
        (3, text(&[]), 0),
    ];
    assert_eq!(shown, expected);
    let rules_of_one = &rules.groups[&SecurityGroupId(id(1, 0))].rules;
    assert_eq!(rules_of_one, &BTreeSet::from([allows(2), allows(3)]));
}

#[test]
fn floating_addresses_follow_their_router() {
    let fixed = Ipv4Addr::new(10, 0, 1, 2);
    let mut down = router(2, &[(1, 4)], gateway(true, Some("203.0.113.8")));
    down.admin_state_up = false;
    let records = Records {
        networks: vec![network(1, NetworkKind::Own, false)],
        ports: vec![port(2, 1, &[])],
        routers: vec![
            router(1, &[(1, 4)], gateway(false, Some("203.0.113.9"))),
            down,
        ],
        floating_ips: vec![
            floating(20, Some(fixed), Some(1)),
            floating(21, None, None),
            floating(22, Some(fixed), Some(2)),
            floating(23, Some(fixed), Some(3)),
        ],
        ..Records::default()
    };
    let rules = compile(&records);
    let address = |n| Ipv4Addr::new(203, 0, 113, n);
    assert_eq!(rules.floating, BTreeMap::from([(address(20), fixed)]));
    let external = [9, 20, 21, 22, 23].map(address);
    assert_eq!(rules.external, BTreeSet::from(external));
}
