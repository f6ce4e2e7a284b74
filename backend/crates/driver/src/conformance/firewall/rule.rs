//! Groups and their rules: what may reach a port, and what it may reach.

use zun_domain::container::Protocol;
use zun_domain::network::security_group::Allows;
use zun_domain::network::{Direction, EtherType, Remote};

use super::yard::{
    LONG_ENOUGH, PATIENCE, Yard, allows, group, open, out, prefix, probe, v4, v6, wide_open,
};
use super::{FirewallLab, Place, Traffic};
use Place::{Host, Machine};
use Traffic::{Ping, Tcp, Udp};

/// A group without rules lets nothing in and nothing out, and a port without groups neither.
pub async fn nothing_passes_without_rules(lab: &impl FirewallLab) {
    let mut yard = Yard::new(lab);
    yard.bridge(1).await;
    yard.machine(1, 2, &[1]).await;
    yard.machine(1, 3, &[2]).await;
    yard.machine(1, 4, &[]).await;
    yard.group(1, wide_open());
    yard.group(2, Vec::new());
    yard.apply().await;
    let blocked = [
        probe(Machine(2), v4(1, 3), Tcp(80)),
        probe(Machine(2), v4(1, 3), Udp(80)),
        probe(Machine(2), v4(1, 3), Ping),
        probe(Machine(2), v6(1, 3), Tcp(80)),
        probe(Machine(2), v6(1, 3), Ping),
        probe(Machine(3), v4(1, 2), Tcp(80)),
        probe(Machine(3), v6(1, 2), Udp(80)),
        probe(Machine(4), v4(1, 2), Tcp(80)),
        probe(Machine(2), v4(1, 4), Tcp(80)),
        probe(Host, v4(1, 3), Tcp(80)),
        probe(Machine(3), v4(1, 1), Ping),
    ];
    yard.check(&[probe(Host, v4(1, 2), Tcp(80))], &blocked)
        .await;
}

/// One port, a range, one protocol; what answers a connection passes without a rule of its own.
pub async fn ports_and_ranges_are_let_in(lab: &impl FirewallLab) {
    let mut yard = Yard::new(lab);
    yard.bridge(1).await;
    yard.machine(1, 2, &[1]).await;
    yard.machine(1, 3, &[2]).await;
    yard.group(1, out());
    let mut rules = vec![
        allows(Direction::Ingress, "tcp 80-85", Remote::Any),
        allows(Direction::Ingress, "udp 90", Remote::Any),
    ];
    let v6_too = Allows {
        ethertype: EtherType::V6,
        ..allows(Direction::Ingress, "tcp 443", Remote::Any)
    };
    rules.push(v6_too);
    yard.group(2, rules);
    yard.apply().await;
    let pass = [
        probe(Machine(2), v4(1, 3), Tcp(80)),
        probe(Machine(2), v4(1, 3), Tcp(81)),
        probe(Machine(2), v4(1, 3), Udp(90)),
        probe(Machine(2), v6(1, 3), Tcp(443)),
    ];
    let blocked = [
        probe(Machine(2), v4(1, 3), Tcp(90)),
        probe(Machine(2), v4(1, 3), Tcp(443)),
        probe(Machine(2), v4(1, 3), Udp(80)),
        probe(Machine(2), v4(1, 3), Ping),
        probe(Machine(2), v6(1, 3), Tcp(80)),
        probe(Machine(3), v4(1, 2), Tcp(80)),
    ];
    yard.check(&pass, &blocked).await;
}

/// By the address they come from, in either family.
pub async fn prefixes_are_let_in(lab: &impl FirewallLab) {
    let mut yard = Yard::new(lab);
    yard.bridge(1).await;
    for n in [2, 3] {
        yard.machine(1, n, &[1]).await;
    }
    yard.machine(1, 4, &[2]).await;
    yard.group(1, out());
    let six = Allows {
        ethertype: EtherType::V6,
        ..allows(Direction::Ingress, "tcp 80", prefix("fd77:0:0:1::2/128"))
    };
    // A prefix of the other family matches nothing.
    let crossed = allows(Direction::Ingress, "tcp 81", prefix("fd77::/16"));
    yard.group(
        2,
        vec![
            allows(Direction::Ingress, "tcp 80", prefix("10.77.1.2/31")),
            six,
            crossed,
        ],
    );
    yard.apply().await;
    yard.check(
        &[
            probe(Machine(2), v4(1, 4), Tcp(80)),
            probe(Machine(3), v4(1, 4), Tcp(80)),
            probe(Machine(2), v6(1, 4), Tcp(80)),
        ],
        &[
            probe(Machine(3), v6(1, 4), Tcp(80)),
            probe(Machine(2), v4(1, 4), Tcp(81)),
            probe(Host, v4(1, 4), Tcp(80)),
        ],
    )
    .await;
    yard.group(
        2,
        vec![allows(Direction::Ingress, "", prefix("10.77.1.3/32"))],
    );
    yard.apply().await;
    let blocked = [
        probe(Machine(2), v4(1, 4), Tcp(80)),
        probe(Machine(2), v6(1, 4), Tcp(80)),
    ];
    yard.check(&[probe(Machine(3), v4(1, 4), Udp(90))], &blocked)
        .await;
}

/// Whoever is in the group that a rule names, as it is now.
pub async fn members_of_a_group_are_let_in(lab: &impl FirewallLab) {
    let mut yard = Yard::new(lab);
    yard.bridge(1).await;
    yard.machine(1, 2, &[1]).await;
    yard.machine(1, 3, &[2]).await;
    yard.machine(1, 4, &[3]).await;
    yard.group(1, out());
    yard.group(2, out());
    let both = [EtherType::V4, EtherType::V6];
    let from_one =
        both.map(|family| Allows::everything(Direction::Ingress, family, Remote::Group(group(1))));
    yard.group(3, from_one.into());
    yard.apply().await;
    let (of_two, of_three) = (
        [
            probe(Machine(2), v4(1, 4), Tcp(80)),
            probe(Machine(2), v6(1, 4), Udp(80)),
        ],
        [
            probe(Machine(3), v4(1, 4), Tcp(80)),
            probe(Machine(3), v6(1, 4), Udp(80)),
        ],
    );
    yard.check(&of_two, &of_three).await;

    yard.forget(2);
    yard.forget(3);
    yard.guard(1, 2, &[2]);
    yard.guard(1, 3, &[1, 2]);
    yard.apply().await;
    yard.check(&of_three, &of_two).await;
}

/// What no rule lets out of its port does not leave it.
pub async fn what_goes_out_is_asked_for(lab: &impl FirewallLab) {
    let mut yard = Yard::new(lab);
    yard.bridge(1).await;
    yard.machine(1, 2, &[1]).await;
    yard.machine(1, 3, &[2]).await;
    yard.machine(1, 4, &[2]).await;
    yard.group(2, wide_open());
    yard.group(
        1,
        vec![
            allows(Direction::Egress, "tcp 80", Remote::Any),
            allows(Direction::Egress, "udp", prefix("10.77.1.4/32")),
            allows(Direction::Egress, "tcp 90", Remote::Group(group(2))),
        ],
    );
    yard.apply().await;
    let pass = [
        probe(Machine(2), v4(1, 3), Tcp(80)),
        probe(Machine(2), v4(1, 4), Udp(81)),
        probe(Machine(2), v4(1, 3), Tcp(90)),
    ];
    let blocked = [
        probe(Machine(2), v4(1, 3), Tcp(81)),
        probe(Machine(2), v4(1, 3), Udp(81)),
        probe(Machine(2), v4(1, 3), Ping),
        probe(Machine(2), v6(1, 3), Tcp(80)),
        probe(Machine(2), v4(1, 1), Tcp(90)),
    ];
    yard.check(&pass, &blocked).await;
}

/// ICMP has types and codes where others have ports.
pub async fn echo_requests_have_a_type(lab: &impl FirewallLab) {
    let mut yard = Yard::new(lab);
    yard.bridge(1).await;
    yard.machine(1, 2, &[1]).await;
    for (n, in_v4, in_v6) in [
        (3, "icmp 8-0", "icmp 128-0"),
        (4, "icmp 0-0", "icmp 129-0"),
        (5, "1", "ipv6-icmp"),
    ] {
        yard.machine(1, n, &[n]).await;
        let six = Allows {
            ethertype: EtherType::V6,
            ..allows(Direction::Ingress, in_v6, Remote::Any)
        };
        yard.group(n, vec![allows(Direction::Ingress, in_v4, Remote::Any), six]);
    }
    yard.group(1, out());
    yard.apply().await;
    let pass = [v4(1, 3), v6(1, 3), v4(1, 5), v6(1, 5)].map(|to| probe(Machine(2), to, Ping));
    let blocked = [v4(1, 4), v6(1, 4)].map(|to| probe(Machine(2), to, Ping));
    let not_udp = probe(Machine(2), v4(1, 5), Udp(80));
    yard.check(&pass, &[blocked[0], blocked[1], not_udp]).await;
}

/// Ports that are published are open from anywhere, whatever the groups say.
pub async fn opened_ports_are_open_to_all(lab: &impl FirewallLab) {
    let mut yard = Yard::new(lab);
    yard.bridge(1).await;
    yard.machine(1, 2, &[1]).await;
    yard.machine(1, 3, &[2]).await;
    yard.machine(1, 4, &[]).await;
    yard.group(1, out());
    yard.group(2, vec![allows(Direction::Ingress, "tcp 443", Remote::Any)]);
    yard.port(3).opened = [(Protocol::Tcp, 80), (Protocol::Udp, 90)].into();
    yard.port(4).opened = [(Protocol::Tcp, 81)].into();
    yard.apply().await;
    let pass = [
        probe(Machine(2), v4(1, 3), Tcp(80)),
        probe(Machine(2), v4(1, 3), Udp(90)),
        probe(Machine(2), v6(1, 3), Tcp(80)),
        probe(Machine(2), v4(1, 3), Tcp(443)),
        probe(Machine(2), v4(1, 4), Tcp(81)),
        probe(Host, v4(1, 3), Tcp(80)),
    ];
    let blocked = [
        probe(Machine(2), v4(1, 3), Udp(80)),
        probe(Machine(2), v4(1, 3), Tcp(90)),
        probe(Machine(2), v4(1, 4), Tcp(80)),
        probe(Machine(4), v4(1, 3), Tcp(80)),
    ];
    yard.check(&pass, &blocked).await;
}

/// A rule that comes lets in, one that goes ends what it had let in, and others are not disturbed by that.
pub async fn rules_come_and_go_live(lab: &impl FirewallLab) {
    let mut yard = Yard::new(lab);
    yard.bridge(1).await;
    yard.machine(1, 2, &[1]).await;
    yard.machine(1, 3, &[2]).await;
    yard.group(1, out());
    let (one, other) = (
        probe(Machine(2), v4(1, 3), Tcp(80)),
        probe(Machine(2), v4(1, 3), Tcp(90)),
    );
    let (rule, stays) = (
        allows(Direction::Ingress, "tcp 80", Remote::Any),
        allows(Direction::Ingress, "tcp 90", Remote::Any),
    );
    yard.group(2, vec![stays.clone()]);
    yard.apply().await;
    yard.check(&[other], &[one]).await;
    yard.group(2, vec![stays.clone(), rule]);
    yard.apply().await;
    yard.check(&[one, other], &[]).await;

    let mut ended = lab.converse(&one, PATIENCE).await.expect("a connection");
    let mut going = lab.converse(&other, PATIENCE).await.expect("a connection");
    yard.group(2, vec![stays]);
    yard.apply().await;
    assert!(!ended.goes_on(LONG_ENOUGH).await, "the rule is gone");
    assert!(going.goes_on(PATIENCE).await, "this rule stays");
    yard.check(&[other], &[one]).await;
}

/// A port in several groups has the rules of each.
pub async fn the_rules_of_all_groups_count(lab: &impl FirewallLab) {
    let mut yard = Yard::new(lab);
    yard.bridge(1).await;
    yard.machine(1, 2, &[1]).await;
    yard.machine(1, 3, &[2, 3]).await;
    yard.machine(1, 4, &[2]).await;
    yard.group(1, out());
    yard.group(2, open("tcp 80", Remote::Any));
    yard.group(3, open("tcp 90", Remote::Any));
    yard.apply().await;
    let pass = [
        probe(Machine(2), v4(1, 3), Tcp(80)),
        probe(Machine(2), v4(1, 3), Tcp(90)),
        probe(Machine(2), v4(1, 4), Tcp(80)),
    ];
    let blocked = [
        probe(Machine(2), v4(1, 4), Tcp(90)),
        probe(Machine(2), v4(1, 3), Tcp(81)),
    ];
    yard.check(&pass, &blocked).await;
}
