//! How long a change takes with 1,000 ports in 20 groups:
//! `cargo run --release -p zun-driver-nft --example measure`, as root. In a network namespace of its own.
#![expect(clippy::expect_used, reason = "what cannot be measured ends it")]

use std::net::Ipv4Addr;
use std::process::Command;
use std::time::Instant;

use uuid::Uuid;
use zun_domain::firewall::{Bridge, Group, GuardedPort, Ruleset};
use zun_domain::id::{PortId, SecurityGroupId};
use zun_domain::network::security_group::Allows;
use zun_domain::network::{Direction, EtherType, Remote, mac_of};
use zun_driver::FirewallDriver as _;
use zun_driver_nft::Nft;

const PORTS: u16 = 1000;
const GROUPS: u16 = 20;
const BRIDGES: u16 = 10;

fn group(n: u16) -> SecurityGroupId {
    SecurityGroupId(Uuid::from_u128(u128::from(n)))
}

fn tcp(port: u16, remote: Remote) -> Allows {
    Allows {
        protocol: "tcp".parse().ok(),
        port_min: Some(port),
        port_max: Some(port),
        ..Allows::everything(Direction::Ingress, EtherType::V4, remote)
    }
}

fn ruleset() -> Ruleset {
    let mut rules = Ruleset::default();
    for n in 0..BRIDGES {
        let subnet = format!("10.{n}.0.0/16").parse().expect("a prefix");
        let gateway = format!("10.{n}.0.1").parse().expect("an address");
        let bridge = Bridge {
            subnets: [(subnet, gateway)].into(),
            outside_v4: None,
            outside_v6: false,
        };
        rules.bridges.insert(format!("znm{n}"), bridge);
    }
    for n in 0..PORTS {
        let [high, low] = (n + 2).to_be_bytes();
        let [_, bridge] = (n % BRIDGES).to_be_bytes();
        let address = Ipv4Addr::new(10, bridge, high, low);
        let port = GuardedPort {
            bridge: format!("znm{bridge}"),
            mac: mac_of(address),
            addresses: [address.into()].into(),
            groups: [group(n % GROUPS)].into(),
            opened: [].into(),
        };
        let members = rules.groups.entry(group(n % GROUPS)).or_default();
        members.members.insert(address.into());
        rules
            .ports
            .insert(PortId(Uuid::from_u128(u128::from(n))), port);
    }
    for n in 0..GROUPS {
        let group: &mut Group = rules.groups.entry(self::group(n)).or_default();
        group.rules.extend(Allows::of_default_group(self::group(n)));
        group
            .rules
            .extend((0..10).map(|port| tcp(1000 + port, Remote::Group(self::group(port)))));
    }
    rules
}

#[tokio::main]
async fn main() {
    let namespace = format!("zun-nft-measure-{}", std::process::id());
    let ip = |verb: &str| {
        Command::new("ip")
            .args(["netns", verb, &namespace])
            .status()
    };
    ip("add").expect("ip netns add");
    let folder = std::env::temp_dir().join(&namespace);
    let through = vec![
        "nsenter".to_owned(),
        format!("--net=/run/netns/{namespace}"),
    ];
    let nft = Nft::new(namespace.clone(), &folder).through(through);
    let mut rules = ruleset();
    let measure = async |what: &str, rules: &Ruleset| {
        let start = Instant::now();
        nft.apply(rules).await.expect("applied");
        eprintln!("{what}: {:.1} ms", start.elapsed().as_secs_f64() * 1000.0);
    };
    measure("everything", &rules).await;
    for port in 0..5 {
        let first = rules.groups.get_mut(&group(3)).expect("it is there");
        first.rules.insert(tcp(2000 + port, Remote::Any));
        measure("one rule more", &rules).await;
    }
    for n in 0..3 {
        rules.ports.remove(&PortId(Uuid::from_u128(n)));
        measure("one port less", &rules).await;
    }
    measure("nothing", &rules).await;
    for what in ["first look", "second look"] {
        let start = Instant::now();
        nft.mend().await.expect("looked");
        eprintln!("{what}: {:.1} ms", start.elapsed().as_secs_f64() * 1000.0);
    }
    ip("del").expect("ip netns del");
    std::fs::remove_dir_all(folder).expect("the folder is ours");
}
