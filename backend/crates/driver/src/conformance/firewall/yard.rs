//! Bridges, machines and rules with one call each, and a list of what passes and what does not.

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::time::Duration;

use futures::future::join_all;
use ipnet::{IpNet, Ipv4Net, Ipv6Net};
use zun_domain::firewall::{Bridge, GuardedPort, Joined, Outside, Ruleset};
use zun_domain::id::{PortId, SecurityGroupId};
use zun_domain::network::security_group::Allows;
use zun_domain::network::{Direction, EtherType, Remote, RuleProtocol, mac_of};

use super::{FirewallLab, Machine, Place, Probe, Traffic};

/// What is to pass passes within this time, on a busy machine.
pub(super) const PATIENCE: Duration = Duration::from_secs(20);
/// What did not come back within this time does not come. The kernel sends the first packet of a connection again
/// after a second, so that this is one packet.
pub(super) const LONG_ENOUGH: Duration = Duration::from_millis(400);

/// A lab with the rules that it is meant to keep.
pub(super) struct Yard<'a, L> {
    pub(super) lab: &'a L,
    pub(super) rules: Ruleset,
}

/// The address of machine `n` on bridge `b`.
pub(super) fn v4(b: u8, n: u8) -> IpAddr {
    Ipv4Addr::new(10, 77, b, n).into()
}

/// The same in IPv6.
pub(super) fn v6(b: u8, n: u8) -> IpAddr {
    Ipv6Addr::new(0xfd77, 0, 0, b.into(), 0, 0, 0, n.into()).into()
}

/// The name of bridge `b`.
pub(super) fn bridge(b: u8) -> String {
    format!("zn{b}")
}

/// The MAC of machine `n` on bridge `b`.
pub(super) fn mac(b: u8, n: u8) -> String {
    mac_of(Ipv4Addr::new(10, 77, b, n))
}

pub(super) fn group(n: u8) -> SecurityGroupId {
    let text = format!("{n:032x}");
    text.parse().expect("digits are an id")
}

fn port(n: u8) -> PortId {
    let text = format!("{n:032x}");
    text.parse().expect("digits are an id")
}

/// A rule for IPv4: in words of nft's users, `tcp 80-90`.
pub(super) fn allows(direction: Direction, what: &str, remote: Remote) -> Allows {
    let mut words = what.split_whitespace();
    let protocol = words
        .next()
        .map(|word| word.parse::<RuleProtocol>().expect("a protocol"));
    let number = |text: &str| text.parse::<u16>().expect("a number");
    let ports = words
        .next()
        .map(|word| word.split_once('-').unwrap_or((word, word)));
    Allows {
        direction,
        ethertype: EtherType::V4,
        protocol,
        port_min: ports.map(|(first, _)| number(first)),
        port_max: ports.map(|(_, last)| number(last)),
        remote,
    }
}

/// Lets everything out, of both families.
pub(super) fn out() -> Vec<Allows> {
    Allows::of_new_group().into()
}

/// Lets this in, and everything out.
pub(super) fn open(what: &str, remote: Remote) -> Vec<Allows> {
    let mut rules = out();
    rules.push(allows(Direction::Ingress, what, remote));
    rules
}

/// Lets everything in and out, of both families.
pub(super) fn wide_open() -> Vec<Allows> {
    let families = [EtherType::V4, EtherType::V6];
    let inwards =
        families.map(|family| Allows::everything(Direction::Ingress, family, Remote::Any));
    let mut rules = out();
    rules.extend(inwards);
    rules
}

pub(super) fn prefix(text: &str) -> Remote {
    Remote::Prefix(text.parse().expect("a prefix"))
}

pub(super) fn probe(from: Place, to: impl Into<IpAddr>, traffic: Traffic) -> Probe {
    Probe {
        from,
        source: None,
        to: to.into(),
        traffic,
    }
}

impl<'a, L: FirewallLab> Yard<'a, L> {
    pub(super) fn new(lab: &'a L) -> Self {
        Self {
            lab,
            rules: Ruleset::default(),
        }
    }

    /// A bridge with 10.77.b.0/24 and a prefix of IPv6, in the lab and in the rules.
    pub(super) async fn bridge(&mut self, b: u8) -> &mut Bridge {
        let (four, six) = (v4(b, 0), v6(b, 0));
        let (IpAddr::V4(four), IpAddr::V6(six)) = (four, six) else {
            unreachable!("each has its family");
        };
        let nets = [
            (IpNet::V4(Ipv4Net::new_assert(four, 24)), v4(b, 1)),
            (IpNet::V6(Ipv6Net::new_assert(six, 64)), v6(b, 1)),
        ];
        let made = Bridge {
            subnets: nets.into(),
            outside_v4: None,
            outside_v6: false,
        };
        self.lab.add_bridge(&bridge(b), &made).await;
        self.rules.bridges.entry(bridge(b)).or_insert(made)
    }

    /// Machine `n` on bridge `b` with its own addresses, in these groups.
    pub(super) async fn machine(&mut self, b: u8, n: u8, groups: &[u8]) {
        self.stranger(b, n, &mac(b, n), &[v4(b, n), v6(b, n)]).await;
        self.guard(b, n, groups);
    }

    /// A machine with this MAC and these addresses, of which the rules know nothing.
    pub(super) async fn stranger(&self, b: u8, n: u8, mac: &str, addresses: &[IpAddr]) {
        let machine = Machine {
            number: n,
            bridge: bridge(b),
            mac: mac.to_owned(),
            addresses: addresses.to_vec(),
        };
        self.lab.add_machine(&machine).await;
    }

    /// The port of machine `n` on bridge `b`, in the rules only.
    pub(super) fn guard(&mut self, b: u8, n: u8, groups: &[u8]) {
        let guarded = GuardedPort {
            bridge: bridge(b),
            mac: mac(b, n),
            addresses: BTreeSet::from([v4(b, n), v6(b, n)]),
            groups: groups.iter().copied().map(group).collect(),
            opened: BTreeSet::new(),
        };
        for id in &guarded.groups {
            let group = self.rules.groups.entry(*id).or_default();
            group.members.extend(&guarded.addresses);
        }
        self.rules.ports.insert(port(n), guarded);
    }

    pub(super) fn port(&mut self, n: u8) -> &mut GuardedPort {
        self.rules.ports.get_mut(&port(n)).expect("it is guarded")
    }

    /// The port is in no ruleset any more.
    pub(super) fn forget(&mut self, n: u8) {
        let gone = self.rules.ports.remove(&port(n)).expect("it is guarded");
        for group in self.rules.groups.values_mut() {
            group
                .members
                .retain(|address| !gone.addresses.contains(address));
        }
    }

    /// The rules of a group, in place of the former.
    pub(super) fn group(&mut self, n: u8, rules: Vec<Allows>) {
        self.rules.groups.entry(group(n)).or_default().rules = rules.into_iter().collect();
    }

    /// Both bridges let this family pass to each other.
    pub(super) fn join(&mut self, family: EtherType, one: u8, other: u8) {
        for (from, to) in [(one, other), (other, one)] {
            let (from, to) = (bridge(from), bridge(to));
            self.rules.joined.insert(Joined { family, from, to });
        }
    }

    pub(super) fn outside(&mut self, b: u8, how: Outside) {
        let bridge = self.rules.bridges.get_mut(&bridge(b)).expect("it is there");
        bridge.outside_v4 = Some(how);
    }

    /// A bridge with a way to the outside in both families.
    pub(super) async fn bridge_to_outside(&mut self, b: u8) {
        let bridge = self.bridge(b).await;
        (bridge.outside_v4, bridge.outside_v6) = (Some(Outside::Masqueraded), true);
    }

    pub(super) async fn apply(&self) {
        self.lab.driver().apply(&self.rules).await.expect("applied");
    }

    /// All of these at once: the first pass, the others do not.
    #[track_caller]
    pub(super) fn check(&self, pass: &[Probe], blocked: &[Probe]) -> impl Future<Output = ()> {
        let caller = std::panic::Location::caller();
        let (pass, blocked) = (pass.to_vec(), blocked.to_vec());
        async move {
            let passing = join_all(pass.iter().map(|probe| self.lab.probe(probe, PATIENCE)));
            let not = join_all(
                blocked
                    .iter()
                    .map(|probe| self.lab.probe(probe, LONG_ENOUGH)),
            );
            let (came, leaked) = futures::future::join(passing, not).await;
            let lost = pass.iter().zip(&came).filter(|(_, seen)| seen.is_none());
            let lost: Vec<&Probe> = lost.map(|(probe, _)| probe).collect();
            let leaked = blocked
                .iter()
                .zip(&leaked)
                .filter(|(_, seen)| seen.is_some());
            let leaked: Vec<&Probe> = leaked.map(|(probe, _)| probe).collect();
            assert!(
                lost.is_empty() && leaked.is_empty(),
                "at {caller}: these should have passed: {lost:?}; these should not: {leaked:?}"
            );
        }
    }

    /// Whether these get where they are sent, without an answer.
    #[track_caller]
    pub(super) fn thrown(&self, probes: &[Probe], arrive: bool) -> impl Future<Output = ()> {
        let caller = std::panic::Location::caller();
        async move {
            let patience = if arrive { PATIENCE } else { LONG_ENOUGH };
            let all = join_all(probes.iter().map(|probe| self.lab.throw(probe, patience))).await;
            let wrong = probes
                .iter()
                .zip(all)
                .filter(|(_, arrived)| *arrived != arrive);
            let wrong: Vec<&Probe> = wrong.map(|(probe, _)| probe).collect();
            assert!(
                wrong.is_empty(),
                "at {caller}: these should arrive: {arrive}: {wrong:?}"
            );
        }
    }

    /// Nobody told these, who all want to know, whose an address is.
    pub(super) async fn unknown(&self, at: &[Place], address: IpAddr) {
        for place in at {
            let told = self.lab.neighbor(*place, address).await;
            assert_eq!(told, None, "{place:?} was told who has {address}");
        }
    }

    /// Passes, and is seen as coming from there.
    pub(super) async fn seen(&self, probe: Probe, source: impl Into<IpAddr>) {
        let seen = self.lab.probe(&probe, PATIENCE).await;
        assert_eq!(seen, Some(source.into()), "{probe:?}");
    }
}
