//! With the engine's own rules on the same host: what ours let pass passes, and what they drop does not. In the
//! machine's own network namespace, with a machine outside in another.

use std::net::{IpAddr, Ipv4Addr};
use std::process::Command;
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::Duration;

use tempfile::TempDir;
use uuid::Uuid;
use zun_domain::container::Protocol;
use zun_domain::firewall::{Bridge, GuardedPort, Joined, Outside, Ruleset};
use zun_domain::id::{PortId, SecurityGroupId};
use zun_domain::network::security_group::Allows;
use zun_domain::network::{Direction, EtherType, Remote};
use zun_driver::FirewallDriver as _;
use zun_driver::conformance::skip;
use zun_driver_nft::Nft;

use crate::namespace::Namespace;
use crate::socket;

/// What is to pass passes within this time, on a busy machine.
const PATIENCE: Duration = Duration::from_secs(20);
/// What did not come back within this time does not come.
const LONG_ENOUGH: Duration = Duration::from_millis(500);
/// The group that may do everything.
const GROUP: SecurityGroupId = SecurityGroupId(Uuid::from_u128(1));

/// Tells the hosts of this process apart.
static NEXT: AtomicU8 = AtomicU8::new(1);

/// Two networks of the engine with a container on each: `a`, and `b`, of which two ports are published. Nothing is
/// left of it when it is dropped.
struct Host {
    name: String,
    number: u8,
    nft: Nft,
    outside: Namespace,
    _folder: TempDir,
    made: Vec<[String; 3]>,
}

fn docker(arguments: &[&str]) -> String {
    let output = Command::new("docker").args(arguments).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "docker {arguments:?}: {said}");
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

impl Host {
    fn new(test: &str) -> Option<Self> {
        if !skip::machine_allowed(test) {
            return None;
        }
        let busybox = ["/bin/busybox", "/usr/bin/busybox"];
        let busybox = busybox
            .into_iter()
            .find(|path| std::path::Path::new(path).exists());
        let (Some(busybox), true) = (
            busybox,
            Command::new("docker").arg("version").output().is_ok(),
        ) else {
            skip::skip(test, "there is no docker client, or no static busybox");
            return None;
        };
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let name = format!("znt{}-{number}", std::process::id() % 100_000);
        let folder = tempfile::tempdir().unwrap();
        let mut host = Self {
            nft: Nft::new(format!("test-{name}"), folder.path()),
            outside: Namespace::new("outside"),
            number,
            name,
            _folder: folder,
            made: Vec::new(),
        };
        host.connect_outside();
        host.import(busybox);
        for which in ["a", "b"] {
            host.run(which);
        }
        Some(host)
    }

    /// 198.18.n.0/24 lies between the machine and the one outside, which knows no other way.
    fn connect_outside(&self) {
        let (link, outside, n) = (&self.name, &self.outside.name, self.number);
        Namespace::root_ip(&format!(
            "link add {link} type veth peer name eth0 netns {outside}\n\
             address add 198.18.{n}.1/24 dev {link}\nlink set {link} up\n"
        ));
        self.outside.ip(&format!(
            "address add 198.18.{n}.2/24 dev eth0\nlink set eth0 up\n\
             route add 0.0.0.0/0 via 198.18.{n}.1\n"
        ));
    }

    fn import(&mut self, busybox: &str) {
        let root = tempfile::tempdir().unwrap();
        std::fs::create_dir(root.path().join("bin")).unwrap();
        std::fs::copy(busybox, root.path().join("bin/busybox")).unwrap();
        let archive = root.path().join("root.tar");
        let (archive, folder) = (archive.to_str().unwrap(), root.path().to_str().unwrap());
        let packed = Command::new("tar")
            .args(["-cf", archive, "-C", folder, "bin"])
            .status();
        assert!(packed.unwrap().success());
        docker(&["import", archive, &self.name]);
        self.made
            .push(["image", "rm", &self.name].map(ToOwned::to_owned));
    }

    /// A network with a container that says who asks, on ports 80 and 81.
    fn run(&mut self, which: &str) {
        let name = format!("{}{which}", self.name);
        let bridge = format!("com.docker.network.bridge.name={}", self.bridge(which));
        let subnet = format!("{}/24", self.address(which, 0));
        let gateway = self.address(which, 1).to_string();
        let network = [
            "network",
            "create",
            "--subnet",
            &subnet,
            "--gateway",
            &gateway,
            "-o",
            &bridge,
        ];
        docker(&[&network[..], &[name.as_str()]].concat());
        self.made
            .push(["network", "rm", &name].map(ToOwned::to_owned));
        let address = self.address(which, 2).to_string();
        let say = "busybox nc -ll -p 80 -e busybox netstat -tn & busybox nc -ll -p 81 -e busybox netstat -tn";
        let start = [
            "run",
            "-d",
            "--init",
            "--name",
            &name,
            "--network",
            &name,
            "--ip",
            &address,
        ];
        let start = if which == "b" {
            [&start[..], &["-p", "80", "-p", "81"]].concat()
        } else {
            start.to_vec()
        };
        self.made.push(["rm", "-f", &name].map(ToOwned::to_owned));
        docker(&[&start[..], &[&self.name, "busybox", "sh", "-c", say]].concat());
    }

    fn bridge(&self, which: &str) -> String {
        format!("{}{which}", self.name)
    }

    fn address(&self, which: &str, last: u8) -> Ipv4Addr {
        let third = u8::from(which != "a") + 2 * self.number;
        Ipv4Addr::new(10, 79, third, last)
    }

    /// The machine's own address towards outside.
    fn own(&self) -> Ipv4Addr {
        Ipv4Addr::new(198, 18, self.number, 1)
    }

    /// The machine's port that leads to this port of `b`.
    fn published(&self, port: u16) -> u16 {
        let listed = docker(&["port", &format!("{}b", self.name), &port.to_string()]);
        let first = listed.lines().next().unwrap();
        first.rsplit(':').next().unwrap().parse().unwrap()
    }

    /// Both bridges, and both ports in a group that may do everything.
    fn rules(&self) -> Ruleset {
        let mut rules = Ruleset::default();
        for (number, which) in [(1, "a"), (2, "b")] {
            let subnet = format!("{}/24", self.address(which, 0)).parse().unwrap();
            let bridge = Bridge {
                subnets: [(subnet, self.address(which, 1).into())].into(),
                outside_v4: Some(Outside::Engine),
                outside_v6: false,
            };
            rules.bridges.insert(self.bridge(which), bridge);
            let address = self.address(which, 2);
            let port = GuardedPort {
                bridge: self.bridge(which),
                mac: zun_domain::network::mac_of(address),
                addresses: [IpAddr::from(address)].into(),
                groups: [GROUP].into(),
                opened: [].into(),
            };
            rules.ports.insert(PortId(Uuid::from_u128(number)), port);
        }
        let group = rules.groups.entry(GROUP).or_default();
        group.rules.extend(
            [Direction::Ingress, Direction::Egress]
                .map(|direction| Allows::everything(direction, EtherType::V4, Remote::Any)),
        );
        rules
    }

    /// What the container at the other end sees of its connections, where it answers within this time.
    fn told(&self, container: &str, to: Ipv4Addr, port: u16, patience: Duration) -> Option<String> {
        let until = std::time::Instant::now() + patience;
        let name = format!("{}{container}", self.name);
        let (to, port) = (to.to_string(), port.to_string());
        loop {
            let words = ["exec", &name, "busybox", "nc", "-w", "1", &to, &port];
            let output = Command::new("docker").args(words).output().unwrap();
            if !output.stdout.is_empty() {
                return Some(String::from_utf8_lossy(&output.stdout).into_owned());
            }
            if std::time::Instant::now() > until {
                return None;
            }
        }
    }

    /// Whether it answers.
    fn asks(&self, container: &str, to: Ipv4Addr, port: u16, patience: Duration) -> bool {
        self.told(container, to, port, patience).is_some()
    }

    /// The same from the machine outside.
    async fn outside_asks(&self, to: Ipv4Addr, port: u16, patience: Duration) -> bool {
        socket::connects(&self.outside, (to, port).into(), patience).await
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        for arguments in self.made.iter().rev() {
            let output = Command::new("docker").args(arguments).output();
            if !output.is_ok_and(|output| output.status.success()) {
                eprintln!("docker {arguments:?} failed: something is left over");
            }
        }
        let _ = Command::new("ip")
            .args(["link", "del", &self.name])
            .output();
        // Where the test has not come to its end.
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build();
        let clear = || runtime.unwrap().block_on(self.nft.clear());
        std::thread::scope(|scope| scope.spawn(clear).join())
            .unwrap()
            .unwrap();
    }
}

#[tokio::test]
async fn published_ports_lead_in_from_everywhere() {
    let Some(host) = Host::new("published_ports_lead_in_from_everywhere") else {
        return;
    };
    let mut rules = host.rules();
    let b = rules.ports.get_mut(&PortId(Uuid::from_u128(2))).unwrap();
    b.groups.clear();
    b.opened = [(Protocol::Tcp, 80)].into();
    host.nft.apply(&rules).await.unwrap();
    let (open, closed) = (host.published(80), host.published(81));
    assert!(host.outside_asks(host.own(), open, PATIENCE).await);
    assert!(!host.outside_asks(host.own(), closed, LONG_ENOUGH).await);
    assert!(
        !host
            .outside_asks(host.address("b", 2), 80, LONG_ENOUGH)
            .await
    );
    // From the other bridge, which the engine itself would not let.
    assert!(host.asks("a", host.own(), open, PATIENCE));
    assert!(!host.asks("a", host.own(), closed, LONG_ENOUGH));
    assert!(!host.asks("a", host.address("b", 2), 80, LONG_ENOUGH));
}

#[tokio::test]
async fn joined_bridges_are_not_isolated() {
    let Some(host) = Host::new("joined_bridges_are_not_isolated") else {
        return;
    };
    let mut rules = host.rules();
    host.nft.apply(&rules).await.unwrap();
    let there = host.address("b", 2);
    assert!(!host.asks("a", there, 80, LONG_ENOUGH));
    for (from, to) in [("a", "b"), ("b", "a")] {
        rules.joined.insert(Joined {
            family: EtherType::V4,
            from: host.bridge(from),
            to: host.bridge(to),
        });
    }
    host.nft.apply(&rules).await.unwrap();
    let told = host.told("a", there, 80, PATIENCE).unwrap();
    // The engine would write its own address down on the way.
    assert!(
        told.contains(&format!("{}:", host.address("a", 2))),
        "{told}"
    );
    assert!(host.asks("b", host.address("a", 2), 81, PATIENCE));
    rules.joined.clear();
    host.nft.apply(&rules).await.unwrap();
    assert!(!host.asks("a", there, 80, LONG_ENOUGH));
}

#[tokio::test]
async fn floating_addresses_pass_the_engine() {
    let Some(host) = Host::new("floating_addresses_pass_the_engine") else {
        return;
    };
    let mut rules = host.rules();
    let floating = Ipv4Addr::new(198, 18, host.number, 20);
    rules.external.insert(floating);
    host.nft.apply(&rules).await.unwrap();
    assert!(!host.outside_asks(floating, 80, LONG_ENOUGH).await);
    rules.floating.insert(floating, host.address("b", 2));
    host.nft.apply(&rules).await.unwrap();
    assert!(host.outside_asks(floating, 80, PATIENCE).await);
    assert!(host.asks("a", floating, 81, PATIENCE));
    let tasks = &mut tokio::task::JoinSet::new();
    socket::serve(&host.outside, &socket::Seen::default(), tasks);
    let outside = Ipv4Addr::new(198, 18, host.number, 2);
    let seen = |container| {
        let name = format!("{}{container}", host.name);
        let to = outside.to_string();
        move || docker(&["exec", &name, "busybox", "nc", "-w", "2", &to, "80"])
    };
    let seen = (
        tokio::task::spawn_blocking(seen("b")).await.unwrap(),
        tokio::task::spawn_blocking(seen("a")).await.unwrap(),
    );
    assert_eq!(seen, (floating.to_string(), host.own().to_string()));
}

#[tokio::test]
async fn what_is_routed_is_reached_past_the_engine() {
    let Some(host) = Host::new("what_is_routed_is_reached_past_the_engine") else {
        return;
    };
    let mut rules = host.rules();
    host.nft.apply(&rules).await.unwrap();
    let there = host.address("b", 2);
    assert!(!host.outside_asks(there, 80, LONG_ENOUGH).await);
    rules.bridges.get_mut(&host.bridge("b")).unwrap().outside_v4 = Some(Outside::Routed);
    host.nft.apply(&rules).await.unwrap();
    assert!(host.outside_asks(there, 80, PATIENCE).await);
    let other = host.address("a", 2);
    assert!(!host.outside_asks(other, 80, LONG_ENOUGH).await);
    // The engine would write the machine's address down on the way out.
    let tasks = &mut tokio::task::JoinSet::new();
    socket::serve(&host.outside, &socket::Seen::default(), tasks);
    let (name, to) = (
        format!("{}b", host.name),
        format!("198.18.{}.2", host.number),
    );
    let ask = move || docker(&["exec", &name, "busybox", "nc", "-w", "2", &to, "80"]);
    let seen = tokio::task::spawn_blocking(ask).await.unwrap();
    assert_eq!(seen, there.to_string());
}

#[tokio::test]
async fn containers_are_tied_to_their_links() {
    let Some(host) = Host::new("containers_are_tied_to_their_links") else {
        return;
    };
    let rules = host.rules();
    host.nft.apply(&rules).await.unwrap();
    let locked = |which| {
        let shown = ["-d", "-o", "link", "show"];
        let output = Command::new("bridge").args(shown).output().unwrap();
        let listed = String::from_utf8_lossy(&output.stdout).into_owned();
        let bridge = format!(" master {} ", host.bridge(which));
        let mut links = listed.lines().filter(|line| line.contains(&bridge));
        let locked = links.next().unwrap().contains("locked on");
        assert_eq!(links.next(), None);
        locked
    };
    assert_eq!((locked("a"), locked("b")), (false, false));
    host.nft.tie().await.unwrap();
    assert_eq!((locked("a"), locked("b")), (true, true));
    let (own, open) = (host.own(), host.published(80));
    assert!(host.asks("a", own, open, PATIENCE));
    // Its new link is free until somebody looks, and works before and after that.
    docker(&["restart", "-t", "0", &format!("{}b", host.name)]);
    let open = host.published(80);
    assert_eq!((locked("a"), locked("b")), (true, false));
    assert!(host.asks("a", own, open, PATIENCE));
    host.nft.tie().await.unwrap();
    assert_eq!((locked("a"), locked("b")), (true, true));
    assert!(host.asks("a", own, open, PATIENCE));
    host.nft.clear().await.unwrap();
    assert_eq!((locked("a"), locked("b")), (false, false));
}
