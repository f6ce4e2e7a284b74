//! Who may use which address.

use std::net::IpAddr;
use std::time::Duration;

use zun_domain::firewall::Outside as How;
use zun_domain::network::EtherType;

use super::yard::{LONG_ENOUGH, PATIENCE, Yard, mac, out, probe, v4, v6, wide_open};
use super::{FirewallLab, OUTSIDE_V4, Place, Probe, Traffic};
use Place::{Host, Machine};
use Traffic::{Ping, Tcp, Udp};

/// An address on a bridge that belongs to no port sends nothing and gets nothing.
pub async fn an_address_of_nobody_is_mute(lab: &impl FirewallLab) {
    let mut yard = Yard::new(lab);
    yard.bridge(1).await;
    yard.machine(1, 2, &[1]).await;
    yard.group(1, wide_open());
    yard.outside(1, How::Masqueraded);
    yard.stranger(1, 9, &mac(1, 9), &[v4(1, 9), v6(1, 9)]).await;
    yard.apply().await;
    let probes = [
        probe(Machine(9), v4(1, 2), Tcp(80)),
        probe(Machine(9), v6(1, 2), Udp(80)),
        probe(Machine(9), v4(1, 1), Ping),
        probe(Machine(9), OUTSIDE_V4, Tcp(80)),
        probe(Machine(2), v4(1, 9), Tcp(80)),
        probe(Machine(2), v6(1, 9), Ping),
        probe(Host, v4(1, 9), Tcp(80)),
    ];
    let neighbors = probe(Machine(2), v4(1, 1), Ping);
    yard.check(&[neighbors], &probes).await;
    yard.guard(1, 9, &[1]);
    yard.apply().await;
    yard.check(&probes, &[]).await;
}

/// Neither with an address of a neighbor nor with a MAC of one, on its own bridge or on another; with an address that
/// is nobody's neither. Nor does anybody hear of it.
pub async fn nobody_sends_from_anothers_address(lab: &impl FirewallLab) {
    let mut yard = Yard::new(lab);
    yard.group(1, wide_open());
    for b in [1, 2] {
        yard.bridge_to_outside(b).await;
    }
    for family in [EtherType::V4, EtherType::V6] {
        yard.join(family, 1, 2);
    }
    yard.machine(1, 2, &[1]).await;
    for n in [3, 4, 5, 6, 7] {
        yard.guard(1, n, &[1]);
    }
    // The right MAC with an address of nobody, and of another port.
    yard.stranger(1, 3, &mac(1, 3), &[v4(1, 13), v6(1, 13)])
        .await;
    yard.stranger(1, 4, &mac(1, 4), &[v4(1, 5), v6(1, 5)]).await;
    // The right address with the MAC of another port, and of nobody.
    yard.stranger(1, 6, &mac(1, 7), &[v4(1, 6), v6(1, 6)]).await;
    yard.stranger(1, 7, &mac(1, 17), &[v4(1, 7), v6(1, 7)])
        .await;
    yard.apply().await;
    let numbers = [3, 4, 6, 7];
    let each = |to: IpAddr, traffic| numbers.map(|n| probe(Machine(n), to, traffic));
    let probes = [
        each(v4(1, 2), Tcp(80)),
        each(v4(1, 1), Ping),
        each(v6(1, 2), Udp(80)),
        each(v6(1, 1), Ping),
    ]
    .concat();
    let thrown = [v4(1, 2), v4(1, 1), v6(1, 2), v6(1, 1)]
        .map(|to| each(to, Udp(80)))
        .concat();
    yard.check(&[probe(Host, v4(1, 2), Tcp(80))], &probes).await;
    yard.thrown(&thrown, false).await;
    for last in [13, 5, 6, 7] {
        yard.unknown(&[Machine(2), Host], v4(1, last)).await;
        yard.unknown(&[Machine(2), Host], v6(1, last)).await;
    }
    // The same machines pass as soon as the rules know them like that.
    for n in [3, 4, 5, 6, 7] {
        yard.forget(n);
    }
    for (n, mac, other) in [(3, 3, 13), (4, 4, 5), (6, 7, 6), (7, 17, 7)] {
        yard.guard(1, n, &[1]);
        let port = yard.port(n);
        port.mac = self::mac(1, mac);
        port.addresses = [v4(1, other), v6(1, other)].into();
    }
    yard.apply().await;
    yard.check(&probes, &[]).await;
    yard.thrown(&thrown, true).await;
}

/// The MAC and the address of a port are worth nothing on another bridge.
pub async fn nobody_sends_from_anothers_bridge(lab: &impl FirewallLab) {
    let mut yard = Yard::new(lab);
    yard.group(1, wide_open());
    for b in [1, 2] {
        yard.bridge_to_outside(b).await;
    }
    yard.join(EtherType::V4, 1, 2);
    yard.machine(1, 2, &[1]).await;
    yard.guard(2, 3, &[1]);
    yard.stranger(1, 3, &mac(2, 3), &[v4(2, 3), v6(2, 3)]).await;
    yard.apply().await;
    let thrown = [v4(1, 2), v4(1, 1), v6(1, 2), v6(1, 1)].map(|to| probe(Machine(3), to, Udp(80)));
    yard.thrown(&thrown, false).await;
    yard.port(3).bridge = super::yard::bridge(1);
    yard.apply().await;
    yard.thrown(&thrown, true).await;
}

/// A container answers for its own addresses only when somebody asks for the MAC of one.
pub async fn nobody_answers_for_another(lab: &impl FirewallLab) {
    let mut yard = Yard::new(lab);
    yard.group(1, wide_open());
    yard.bridge(1).await;
    yard.machine(1, 2, &[1]).await;
    yard.guard(1, 3, &[1]);
    // Its own addresses first, then those of a port whose container is not there, and of nobody.
    let all = [v4(1, 3), v6(1, 3), v4(1, 4), v6(1, 4), v4(1, 5), v6(1, 5)];
    yard.stranger(1, 3, &mac(1, 3), &all).await;
    yard.guard(1, 4, &[1]);
    yard.apply().await;
    let own = [
        probe(Machine(2), v4(1, 3), Tcp(80)),
        probe(Machine(2), v6(1, 3), Tcp(80)),
        probe(Machine(3), v4(1, 2), Tcp(80)),
    ];
    let others = [
        probe(Machine(2), v4(1, 4), Ping),
        probe(Machine(2), v6(1, 4), Ping),
        probe(Machine(2), v4(1, 5), Ping),
        probe(Machine(2), v6(1, 5), Ping),
        probe(Host, v4(1, 4), Tcp(80)),
        probe(Host, v6(1, 4), Tcp(80)),
        probe(Host, v4(1, 5), Tcp(80)),
        probe(Host, v6(1, 5), Tcp(80)),
    ];
    yard.check(&own, &others).await;
    assert_eq!(lab.neighbor(Machine(2), v4(1, 3)).await, Some(mac(1, 3)));
    assert_eq!(lab.neighbor(Machine(2), v6(1, 3)).await, Some(mac(1, 3)));
    for address in [v4(1, 4), v6(1, 4), v4(1, 5), v6(1, 5)] {
        yard.unknown(&[Machine(2), Host], address).await;
    }
    yard.port(3).addresses.extend(all);
    yard.forget(4);
    yard.apply().await;
    yard.check(&own, &[]).await;
    yard.check(&others, &[]).await;
}

/// An advertisement that nobody asked for is believed by the kernel of whoever is just asking: it gets to nobody.
pub async fn nobody_claims_what_is_anothers(lab: &impl FirewallLab) {
    let mut yard = Yard::new(lab);
    yard.group(1, wide_open());
    yard.bridge(1).await;
    yard.machine(1, 2, &[1]).await;
    yard.machine(1, 3, &[1]).await;
    yard.stranger(1, 9, &mac(1, 9), &[v4(1, 9)]).await;
    yard.apply().await;
    let IpAddr::V6(absent) = v6(1, 8) else {
        unreachable!("it is of that family");
    };
    let claimed = async |by: u8| {
        // The first claim may come before the question.
        lab.claim(Machine(by), absent).await;
        let asks = probe(Machine(2), absent, Ping);
        let mut asking = std::pin::pin!(lab.probe(&asks, LONG_ENOUGH));
        let moment = Duration::from_millis(20);
        while tokio::time::timeout(moment, &mut asking).await.is_err() {
            lab.claim(Machine(by), absent).await;
        }
        lab.neighbor(Machine(2), absent.into()).await
    };
    assert_eq!(claimed(3).await, None, "the address is nobody's");
    assert_eq!(claimed(9).await, None, "the machine is nobody's");
    yard.port(3).addresses.insert(absent.into());
    yard.apply().await;
    assert_eq!(claimed(9).await, None, "the machine is nobody's");
    assert_eq!(claimed(3).await, Some(mac(1, 3)));
}

/// Once it is tied to its link, a container that takes the MAC and the address of a neighbor gets nothing through, and
/// takes nothing away from it; a machine that comes later is tied with the next look.
pub async fn nobody_passes_for_a_neighbor(lab: &impl FirewallLab) {
    let mut yard = Yard::new(lab);
    yard.group(1, wide_open());
    yard.bridge(1).await;
    for n in [2, 3, 4] {
        yard.machine(1, n, &[1]).await;
    }
    yard.apply().await;
    let driver = lab.driver();
    for _ in 0..2 {
        driver.tie().await.expect("tied");
    }
    yard.machine(1, 5, &[1]).await;
    yard.apply().await;
    driver.tie().await.expect("tied");
    let neighbors: Vec<Probe> = [2, 3, 4, 5]
        .into_iter()
        .flat_map(|n| [2, 3, 4, 5].map(|other| (n, other)))
        .filter(|(n, other)| n != other)
        .flat_map(|(n, other)| {
            [v4(1, other), v6(1, other)].map(|to| probe(Machine(n), to, Tcp(80)))
        })
        .collect();
    yard.check(&neighbors, &[]).await;

    for n in [4, 5] {
        lab.disguise(Machine(n), &mac(1, 3), &[v4(1, 3), v6(1, 3)])
            .await;
    }
    let thrown: Vec<Probe> = [4, 5]
        .into_iter()
        .flat_map(|n| [v4(1, 2), v6(1, 2), v4(1, 1)].map(|to| probe(Machine(n), to, Udp(80))))
        .collect();
    yard.thrown(&thrown, false).await;
    let real = [
        probe(Machine(2), v4(1, 3), Tcp(80)),
        probe(Machine(3), v6(1, 2), Tcp(80)),
        probe(Host, v4(1, 3), Tcp(80)),
    ];
    yard.check(&real, &[]).await;
    driver.clear().await.expect("cleared");
    yard.thrown(&thrown, true).await;
}

/// A frame tagged with VLAN 0 is one without a tag to who gets it, and none to rules about addresses: nobody gets it.
pub async fn nobody_gets_a_tagged_frame(lab: &impl FirewallLab) {
    const CUSTOMERS: u16 = 0x8100;
    const PROVIDERS: u16 = 0x88a8;
    let mut yard = Yard::new(lab);
    yard.bridge(1).await;
    for n in [2, 3] {
        yard.machine(1, n, &[1]).await;
    }
    // Out only: nothing comes in.
    yard.group(1, out());
    yard.apply().await;
    let thrown = probe(Machine(2), v4(1, 3), Udp(80));
    yard.thrown(&[thrown], false).await;
    let all = [
        &[CUSTOMERS][..],
        &[PROVIDERS],
        &[CUSTOMERS, CUSTOMERS],
        &[PROVIDERS, CUSTOMERS],
    ];
    for tags in all {
        let arrived = lab.throw_tagged(&thrown, tags, LONG_ENOUGH).await;
        assert!(!arrived, "{tags:x?} has passed");
    }
    // It is the rules that keep them away.
    lab.driver().clear().await.expect("cleared");
    let arrived = lab.throw_tagged(&thrown, all[0], PATIENCE).await;
    assert!(arrived, "nothing arrives that is tagged");
}

/// A port that lost its groups is cut off, also from what was going on.
pub async fn a_port_that_is_down_is_cut_off(lab: &impl FirewallLab) {
    let mut yard = Yard::new(lab);
    yard.bridge(1).await;
    yard.machine(1, 2, &[1]).await;
    yard.machine(1, 3, &[1]).await;
    yard.group(1, wide_open());
    yard.apply().await;
    let (to, from) = (
        probe(Machine(2), v4(1, 3), Tcp(80)),
        probe(Machine(3), v4(1, 2), Tcp(80)),
    );
    let mut inwards = lab.converse(&to, PATIENCE).await.expect("a connection");
    let mut outwards = lab.converse(&from, PATIENCE).await.expect("a connection");
    let mut heard = lab.converse(&to, PATIENCE).await.expect("a connection");
    let mut told = lab.converse(&from, PATIENCE).await.expect("a connection");
    assert!(heard.hears(PATIENCE).await && told.hears(PATIENCE).await);
    yard.port(3).groups.clear();
    yard.apply().await;
    // First, as long as what is not acknowledged is followed by more.
    assert!(!told.hears(LONG_ENOUGH).await, "it gets no answers");
    assert!(!heard.hears(LONG_ENOUGH).await, "it sends no answers");
    assert!(!inwards.goes_on(LONG_ENOUGH).await, "it gets nothing");
    assert!(!outwards.goes_on(LONG_ENOUGH).await, "it sends nothing");
    yard.check(&[probe(Host, v4(1, 2), Tcp(80))], &[to, from])
        .await;
    yard.port(3)
        .groups
        .clone_from(&[super::yard::group(1)].into());
    yard.group(1, wide_open());
    yard.apply().await;
    assert!(inwards.goes_on(PATIENCE).await, "it is up again");
    yard.check(&[to, from], &[]).await;
    yard.group(1, out());
    yard.apply().await;
    yard.check(&[], &[to, from]).await;
}
