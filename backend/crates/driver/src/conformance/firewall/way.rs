//! The ways between bridges, to the outside, from there, and to and from the host.

use std::net::{IpAddr, Ipv4Addr};

use zun_domain::firewall::Outside as How;
use zun_domain::network::{Direction, EtherType, Remote};

use super::yard::{Yard, allows, bridge, open, out, prefix, probe, v4, v6, wide_open};
use super::{FirewallLab, HOST_V4, HOST_V6, OUTSIDE_V4, OUTSIDE_V6, Place, Probe, Traffic};
use Place::{Host, Machine, Outside};
use Traffic::{Ping, Tcp, Udp};

const FLOATING: Ipv4Addr = Ipv4Addr::new(203, 0, 113, 20);
const ROUTERS: Ipv4Addr = Ipv4Addr::new(203, 0, 113, 30);

/// Machine 2 on bridge 1 and machine 3 on bridge 2, which may do everything that the ways allow.
async fn two_bridges<L: FirewallLab>(lab: &L) -> Yard<'_, L> {
    let mut yard = Yard::new(lab);
    for b in [1, 2] {
        yard.bridge(b).await;
        yard.machine(b, b + 1, &[1]).await;
    }
    yard.group(1, wide_open());
    yard
}

/// Nothing passes between bridges, nor to the host's address on another, until they are joined.
pub async fn bridges_are_apart_unless_joined(lab: &impl FirewallLab) {
    let mut yard = two_bridges(lab).await;
    yard.outside(1, How::Masqueraded);
    yard.rules
        .bridges
        .get_mut(&bridge(1))
        .expect("it is there")
        .outside_v6 = true;
    yard.apply().await;
    let between = [
        probe(Machine(2), v4(2, 3), Tcp(80)),
        probe(Machine(3), v4(1, 2), Udp(80)),
        probe(Machine(2), v6(2, 3), Tcp(80)),
        probe(Machine(3), v6(1, 2), Ping),
        probe(Machine(2), v4(2, 1), Ping),
        probe(Machine(2), v6(2, 1), Ping),
    ];
    yard.check(&[], &between).await;
    for family in [EtherType::V4, EtherType::V6] {
        yard.join(family, 1, 2);
    }
    yard.apply().await;
    yard.check(&between, &[]).await;
    yard.seen(between[0], v4(1, 2)).await;
    yard.rules.joined.clear();
    yard.apply().await;
    yard.check(&[], &between).await;
}

/// A router for IPv4 joins nothing of IPv6, and the other way about; groups decide between joined bridges as ever.
pub async fn families_are_joined_apart(lab: &impl FirewallLab) {
    let mut yard = two_bridges(lab).await;
    yard.machine(2, 4, &[2]).await;
    yard.group(2, open("tcp 80", prefix("10.77.1.0/24")));
    let four = [
        probe(Machine(2), v4(2, 3), Tcp(80)),
        probe(Machine(3), v4(1, 2), Tcp(80)),
    ];
    let six = [
        probe(Machine(2), v6(2, 3), Tcp(80)),
        probe(Machine(3), v6(1, 2), Udp(80)),
    ];
    for (family, pass, blocked) in [(EtherType::V4, four, six), (EtherType::V6, six, four)] {
        yard.rules.joined.clear();
        yard.join(family, 1, 2);
        yard.apply().await;
        yard.check(&pass, &blocked).await;
    }
    yard.join(EtherType::V4, 1, 2);
    yard.apply().await;
    let by_group = [probe(Machine(2), v4(2, 4), Tcp(80))];
    let blocked = [
        probe(Machine(3), v4(2, 4), Tcp(80)),
        probe(Machine(2), v4(2, 4), Tcp(81)),
    ];
    yard.check(&by_group, &blocked).await;
}

/// Outside is reached where the bridge may, under the name that is said.
pub async fn outside_is_reached_where_allowed(lab: &impl FirewallLab) {
    let mut yard = two_bridges(lab).await;
    yard.machine(1, 4, &[2]).await;
    yard.group(2, vec![allows(Direction::Egress, "udp", Remote::Any)]);
    yard.apply().await;
    let (four, six) = (
        probe(Machine(2), OUTSIDE_V4, Tcp(80)),
        probe(Machine(2), OUTSIDE_V6, Tcp(80)),
    );
    let hosts = [
        probe(Machine(2), HOST_V4, Ping),
        probe(Machine(2), HOST_V6, Ping),
    ];
    yard.check(&[], &[four, six, hosts[0], hosts[1]]).await;

    yard.rules.external.insert(ROUTERS);
    for (how, seen) in [
        (How::Masqueraded, IpAddr::from(HOST_V4)),
        (How::From(ROUTERS), ROUTERS.into()),
        (How::Routed, v4(1, 2)),
    ] {
        yard.outside(1, how);
        yard.apply().await;
        yard.seen(four, seen).await;
    }
    let by_group = [probe(Machine(4), OUTSIDE_V4, Udp(80)), hosts[0]];
    let elsewhere = probe(Machine(3), OUTSIDE_V4, Tcp(80));
    yard.check(
        &by_group,
        &[
            six,
            hosts[1],
            elsewhere,
            probe(Machine(4), OUTSIDE_V4, Tcp(80)),
        ],
    )
    .await;

    let first = yard.rules.bridges.get_mut(&bridge(1)).expect("it is there");
    (first.outside_v4, first.outside_v6) = (None, true);
    yard.apply().await;
    yard.seen(six, v6(1, 2)).await;
    yard.check(&[hosts[1]], &[four, hosts[0]]).await;
}

/// From outside one gets to addresses that are routed, and to no other; groups decide as ever.
pub async fn outside_reaches_what_is_routed(lab: &impl FirewallLab) {
    let mut yard = two_bridges(lab).await;
    yard.machine(1, 4, &[2]).await;
    yard.group(2, open("tcp 80", prefix("203.0.113.0/24")));
    let four = probe(Outside, v4(1, 2), Tcp(80));
    let six = probe(Outside, v6(1, 2), Tcp(80));
    for how in [None, Some(How::Engine), Some(How::Masqueraded)] {
        yard.rules
            .bridges
            .get_mut(&bridge(1))
            .expect("it is there")
            .outside_v4 = how;
        yard.apply().await;
        yard.check(&[], &[four, six]).await;
    }
    yard.outside(1, How::Routed);
    yard.rules
        .bridges
        .get_mut(&bridge(1))
        .expect("it is there")
        .outside_v6 = true;
    yard.apply().await;
    let blocked = [
        probe(Outside, v4(1, 4), Tcp(81)),
        probe(Outside, v4(2, 3), Tcp(80)),
        probe(Outside, v6(2, 3), Tcp(80)),
    ];
    yard.check(&[four, six, probe(Outside, v4(1, 4), Tcp(80))], &blocked)
        .await;
}

/// A floating address stands for a port, inwards and outwards, and for other containers and the host as well.
pub async fn floating_addresses_lead_both_ways(lab: &impl FirewallLab) {
    let mut yard = two_bridges(lab).await;
    yard.machine(2, 5, &[2]).await;
    yard.group(2, open("tcp 80", Remote::Any));
    let from_outside = probe(Outside, FLOATING, Tcp(80));
    yard.rules.external.insert(FLOATING);
    yard.outside(1, How::Masqueraded);
    yard.outside(2, How::Masqueraded);
    yard.apply().await;
    yard.check(&[], &[from_outside]).await;

    let IpAddr::V4(fixed) = v4(2, 5) else {
        unreachable!("it is of that family");
    };
    yard.rules.floating.insert(FLOATING, fixed);
    yard.apply().await;
    yard.seen(from_outside, OUTSIDE_V4).await;
    yard.seen(probe(Machine(5), OUTSIDE_V4, Tcp(80)), FLOATING)
        .await;
    yard.seen(probe(Machine(3), OUTSIDE_V4, Tcp(80)), HOST_V4)
        .await;
    let pass = [
        probe(Machine(2), FLOATING, Tcp(80)),
        probe(Host, FLOATING, Tcp(80)),
    ];
    let blocked = [
        probe(Outside, FLOATING, Tcp(81)),
        probe(Machine(2), FLOATING, Tcp(81)),
        probe(Machine(2), v4(2, 5), Tcp(80)),
        probe(Host, FLOATING, Tcp(81)),
    ];
    yard.check(&pass, &blocked).await;

    yard.rules.floating.clear();
    yard.apply().await;
    yard.check(&[], &[from_outside]).await;
    yard.seen(probe(Machine(5), OUTSIDE_V4, Tcp(80)), HOST_V4)
        .await;
}

/// The host answers for an address that stands for no port, and does not let anybody at its own services there.
pub async fn an_idle_external_address_answers_echo(lab: &impl FirewallLab) {
    let mut yard = two_bridges(lab).await;
    let probes = [
        probe(Outside, ROUTERS, Ping),
        probe(Outside, ROUTERS, Tcp(80)),
    ];
    yard.apply().await;
    yard.check(&[], &probes).await;
    yard.rules.external.insert(ROUTERS);
    yard.apply().await;
    let own = probe(Outside, HOST_V4, Tcp(80));
    yard.check(&[probes[0], own], &probes[1..]).await;
    yard.rules.external.clear();
    yard.apply().await;
    yard.check(&[own], &probes).await;
}

/// What the host sends comes from the gateway as well as from the address it has.
pub async fn the_host_counts_as_the_gateway(lab: &impl FirewallLab) {
    let mut yard = Yard::new(lab);
    yard.bridge(1).await;
    yard.group(1, Vec::new());
    yard.machine(1, 2, &[1]).await;
    let gateway = allows(Direction::Ingress, "tcp 80", prefix("10.77.1.1/32"));
    let own = allows(Direction::Ingress, "tcp 81", prefix("203.0.113.1/32"));
    let neither = allows(Direction::Ingress, "tcp 90", prefix("203.0.113.2/32"));
    yard.group(1, vec![gateway, own, neither]);
    yard.apply().await;
    let from_own = |traffic| Probe {
        source: Some(HOST_V4.into()),
        ..probe(Host, v4(1, 2), traffic)
    };
    let pass = [
        probe(Host, v4(1, 2), Tcp(80)),
        from_own(Tcp(80)),
        from_own(Tcp(81)),
    ];
    let blocked = [
        probe(Host, v4(1, 2), Tcp(81)),
        from_own(Tcp(90)),
        probe(Host, v6(1, 2), Tcp(80)),
    ];
    yard.check(&pass, &blocked).await;
}

/// What the host serves is the outside: a bridge without a way there gets an echo of its gateway, and no more.
pub async fn a_bridge_without_a_way_gets_nothing_of_the_host(lab: &impl FirewallLab) {
    let mut yard = two_bridges(lab).await;
    let IpAddr::V4(fixed) = v4(1, 2) else {
        unreachable!("it is of that family");
    };
    yard.rules.external.insert(FLOATING);
    yard.rules.floating.insert(FLOATING, fixed);
    yard.outside(1, How::Masqueraded);
    yard.apply().await;
    let outside = [
        probe(Machine(3), FLOATING, Tcp(80)),
        probe(Machine(3), v4(2, 1), Tcp(80)),
        probe(Machine(3), v6(2, 1), Udp(80)),
    ];
    let echo = [
        probe(Machine(3), v4(2, 1), Ping),
        probe(Machine(3), v6(2, 1), Ping),
    ];
    yard.check(&echo, &outside).await;
    yard.outside(2, How::Masqueraded);
    let second = yard.rules.bridges.get_mut(&bridge(2)).expect("it is there");
    second.outside_v6 = true;
    yard.apply().await;
    yard.check(&outside, &[]).await;
}

/// From a container to the host its egress rules apply.
pub async fn the_host_is_reached_by_egress_rules(lab: &impl FirewallLab) {
    let mut yard = Yard::new(lab);
    yard.bridge_to_outside(1).await;
    yard.machine(1, 2, &[1]).await;
    yard.machine(1, 3, &[2]).await;
    yard.group(1, out());
    yard.group(
        2,
        vec![
            allows(Direction::Egress, "tcp 80", prefix("10.77.1.1/32")),
            allows(Direction::Egress, "tcp 81", prefix("10.77.1.2/32")),
        ],
    );
    yard.apply().await;
    let pass = [
        probe(Machine(2), v4(1, 1), Tcp(80)),
        probe(Machine(2), v4(1, 1), Ping),
        probe(Machine(2), v6(1, 1), Udp(80)),
        probe(Machine(3), v4(1, 1), Tcp(80)),
    ];
    let blocked = [
        probe(Machine(3), v4(1, 1), Tcp(81)),
        probe(Machine(3), v4(1, 1), Ping),
        probe(Machine(3), v6(1, 1), Udp(80)),
    ];
    yard.check(&pass, &blocked).await;
}
