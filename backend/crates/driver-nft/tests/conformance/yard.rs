//! A host, its bridges, machines on them and a machine outside: a network namespace each.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use ipnet::IpNet;
use tempfile::TempDir;
use tokio::task::JoinSet;
use zun_domain::firewall::{Bridge, Ruleset};
use zun_driver::FirewallDriver;
use zun_driver::conformance::{
    Conversation, FirewallLab, HOST_V4, HOST_V6, Machine, OUTSIDE_V4, OUTSIDE_V6, Place, Probe,
    Traffic,
};
use zun_driver_nft::Nft;

use crate::frame::Frame;
use crate::namespace::Namespace;
use crate::socket::{self, Seen};

pub(crate) struct NetYard {
    pub(crate) host: Namespace,
    outside: Arc<Namespace>,
    machines: Mutex<BTreeMap<u8, (Machine, Arc<Namespace>)>>,
    bridges: Mutex<BTreeMap<String, Bridge>>,
    /// The servers.
    tasks: Mutex<JoinSet<()>>,
    seen: Seen,
    pub(crate) driver: Arc<Nft>,
    /// What the driver keeps, and links to the namespaces of the machines.
    folder: TempDir,
}

impl NetYard {
    pub(crate) fn new() -> Self {
        let (host, outside) = (Namespace::new("host"), Namespace::new("outside"));
        host.set("ipv4/ip_forward", "1");
        host.set("ipv6/conf/all/forwarding", "1");
        for switch in ["iptables", "ip6tables", "arptables"] {
            host.set(&format!("bridge/bridge-nf-call-{switch}"), "1");
        }
        link(&host, &outside, "outside");
        host.ip(&format!(
            "address add {HOST_V4}/24 dev outside\naddress add {HOST_V6}/64 dev outside nodad\n\
             link set outside up\n"
        ));
        outside.ip(&format!(
            "address add {OUTSIDE_V4}/24 dev eth0\naddress add {OUTSIDE_V6}/64 dev eth0 nodad\n\
             link set eth0 up\nroute add 0.0.0.0/0 via {HOST_V4}\nroute add ::/0 via {HOST_V6}\n"
        ));
        let mut tasks = JoinSet::new();
        let seen = Seen::default();
        socket::serve(&host, &seen, &mut tasks);
        socket::serve(&outside, &seen, &mut tasks);
        let folder = tempfile::tempdir().unwrap();
        let nft = Nft::new(host.name.clone(), folder.path())
            .through(host.through())
            .namespaces(folder.path().to_owned());
        Self {
            host,
            outside: Arc::new(outside),
            machines: Mutex::default(),
            bridges: Mutex::default(),
            tasks: Mutex::new(tasks),
            seen,
            driver: Arc::new(nft),
            folder,
        }
    }

    /// What a machine knows without asking when it sends to this address.
    fn neighbors(&self, number: u8, to: IpAddr) -> String {
        let machines = self.machines.lock().unwrap();
        let bridge = &machines[&number].0.bridge;
        let gateways = self.bridges.lock().unwrap()[bridge]
            .subnets
            .values()
            .copied()
            .collect::<Vec<_>>();
        let gateways = gateways
            .into_iter()
            .map(|gateway| (gateway, bridge_mac(bridge)));
        let known = machines
            .values()
            .filter(|(machine, _)| machine.addresses.contains(&to));
        let known = known.map(|(machine, _)| (to, machine.mac.clone()));
        let lines = gateways.chain(known).map(|(address, mac)| {
            format!("neighbor replace {address} lladdr {mac} dev eth0 nud permanent")
        });
        lines.collect::<Vec<_>>().join("\n")
    }

    /// Who sends a probe, and from where.
    fn sender(&self, probe: &Probe) -> (Sender<'_>, Option<IpAddr>) {
        match probe.from {
            Place::Machine(number) => {
                let machines = self.machines.lock().unwrap();
                let (machine, namespace) = &machines[&number];
                let mut addresses = machine.addresses.iter();
                let own = addresses.find(|own| own.is_ipv4() == probe.to.is_ipv4());
                (
                    Sender::Shared(Arc::clone(namespace)),
                    probe.source.or(own.copied()),
                )
            }
            Place::Host => (Sender::Host(&self.host), probe.source),
            Place::Outside => (Sender::Shared(Arc::clone(&self.outside)), probe.source),
        }
    }
}

enum Sender<'a> {
    Host(&'a Namespace),
    Shared(Arc<Namespace>),
}

impl std::ops::Deref for Sender<'_> {
    type Target = Namespace;
    fn deref(&self) -> &Namespace {
        match self {
            Self::Host(namespace) => namespace,
            Self::Shared(namespace) => namespace,
        }
    }
}

/// A pair of links: this one in the host, `eth0` in the machine.
fn link(host: &Namespace, machine: &Namespace, name: &str) {
    let (host, machine) = (&host.name, &machine.name);
    let lines = format!("link add {name} netns {host} type veth peer name eth0 netns {machine}\n");
    Namespace::root_ip(&lines);
}

#[async_trait]
impl FirewallLab for NetYard {
    fn driver(&self) -> Arc<dyn FirewallDriver> {
        Arc::<Nft>::clone(&self.driver)
    }

    async fn add_bridge(&self, name: &str, bridge: &Bridge) {
        let made = format!("link add {name} address {} type bridge", bridge_mac(name));
        let addresses = bridge.subnets.iter().map(|(net, gateway)| {
            let length = net.prefix_len();
            format!(
                "address add {gateway}/{length} dev {name}{}",
                nodad(*gateway)
            )
        });
        let up = format!("link set {name} up");
        let lines: Vec<String> = [made].into_iter().chain(addresses).chain([up]).collect();
        self.host.ip(&lines.join("\n"));
        self.bridges
            .lock()
            .unwrap()
            .insert(name.to_owned(), bridge.clone());
    }

    async fn add_machine(&self, machine: &Machine) {
        let namespace = Namespace::new(&format!("m{}", machine.number));
        let name = format!("veth{}", machine.number);
        link(&self.host, &namespace, &name);
        self.host.ip(&format!(
            "link set {name} master {}\nlink set {name} up\n",
            machine.bridge
        ));
        let file = format!("/run/netns/{}", namespace.name);
        std::os::unix::fs::symlink(file, self.folder.path().join(&name)).unwrap();
        let bridge = self.bridges.lock().unwrap()[&machine.bridge].clone();
        let mut lines = vec![
            format!("link set eth0 address {}", machine.mac),
            "link set eth0 up".to_owned(),
        ];
        lines.extend(machine.addresses.iter().map(|address| {
            let on = bridge.subnets.keys().find(|net| net.contains(address));
            let alone = if address.is_ipv4() { 32 } else { 128 };
            let length = on.map_or(alone, IpNet::prefix_len);
            format!("address add {address}/{length} dev eth0{}", nodad(*address))
        }));
        lines.extend(bridge.subnets.values().map(|gateway| {
            let all = if gateway.is_ipv4() {
                "0.0.0.0/0"
            } else {
                "::/0"
            };
            format!("route add {all} via {gateway} dev eth0 onlink")
        }));
        namespace.ip(&lines.join("\n"));
        socket::serve(&namespace, &self.seen, &mut self.tasks.lock().unwrap());
        let machine = (machine.clone(), Arc::new(namespace));
        self.machines
            .lock()
            .unwrap()
            .insert(machine.0.number, machine);
    }

    async fn probe(&self, probe: &Probe, patience: Duration) -> Option<IpAddr> {
        let (sender, source) = self.sender(probe);
        socket::ask(&sender, source, probe.to, probe.traffic, patience).await
    }

    async fn disguise(&self, from: Place, mac: &str, addresses: &[IpAddr]) {
        let Place::Machine(number) = from else {
            panic!("a machine is disguised");
        };
        let mut machines = self.machines.lock().unwrap();
        let (machine, namespace) = machines.get_mut(&number).unwrap();
        addresses.clone_into(&mut machine.addresses);
        let added = addresses.iter().map(|address| {
            let length = if address.is_ipv4() { 24 } else { 64 };
            format!("address add {address}/{length} dev eth0{}", nodad(*address))
        });
        let disguised = format!("link set eth0 address {mac}");
        let lines: Vec<String> = [disguised].into_iter().chain(added).collect();
        namespace.ip(&lines.join("\n"));
    }

    async fn throw(&self, probe: &Probe, patience: Duration) -> bool {
        let (sender, source) = self.sender(probe);
        let (Place::Machine(number), Traffic::Udp(port)) = (probe.from, probe.traffic) else {
            panic!("a machine throws UDP");
        };
        sender.ip(&self.neighbors(number, probe.to));
        socket::throw(
            &sender,
            source,
            (probe.to, port).into(),
            &self.seen,
            patience,
        )
        .await
    }

    async fn throw_tagged(&self, probe: &Probe, tags: &[u16], patience: Duration) -> bool {
        let (Place::Machine(number), IpAddr::V4(to), Traffic::Udp(port)) =
            (probe.from, probe.to, probe.traffic)
        else {
            panic!("a machine throws UDP over IPv4");
        };
        let (frame, sender) = {
            let machines = self.machines.lock().unwrap();
            let (from, sender) = &machines[&number];
            let mut all = machines.values();
            let has = |(machine, _): &&(Machine, _)| machine.addresses.contains(&probe.to);
            let (other, _) = all.find(has).unwrap();
            let ends = [from, other].map(|machine| machine.mac.clone());
            let own = from.addresses.iter().find_map(|address| match address {
                IpAddr::V4(address) => Some(*address),
                IpAddr::V6(_) => None,
            });
            let frame = Frame {
                macs: ends,
                addresses: [own.unwrap(), to],
                tags: tags.to_vec(),
                port,
            };
            (frame, Arc::clone(sender))
        };
        frame.throw(&sender, &self.seen, patience).await
    }

    async fn neighbor(&self, at: Place, address: IpAddr) -> Option<String> {
        let (namespace, _) = self.sender(&Probe {
            from: at,
            source: None,
            to: address,
            traffic: Traffic::Ping,
        });
        let listed = namespace.ip(&format!("neighbor show {address}\n"));
        let mut words = listed
            .split_whitespace()
            .skip_while(|word| *word != "lladdr");
        words.nth(1).map(ToOwned::to_owned)
    }

    async fn claim(&self, from: Place, address: Ipv6Addr) {
        let Place::Machine(number) = from else {
            panic!("a machine claims");
        };
        let (machine, namespace) = self.machines.lock().unwrap()[&number].clone();
        socket::claim(&namespace, address, &machine.mac);
    }

    async fn converse(&self, probe: &Probe, patience: Duration) -> Option<Box<dyn Conversation>> {
        let (sender, source) = self.sender(probe);
        let Traffic::Tcp(port) = probe.traffic else {
            panic!("a conversation is TCP");
        };
        socket::talk(&sender, source, (probe.to, port).into(), patience).await
    }

    async fn flush_by_hand(&self) {
        self.host.nft("flush ruleset\n");
    }

    async fn guard_as_another(&self, subnet: IpNet) {
        let name = format!("{}-{subnet}", self.host.name);
        let folder = self.folder.path().join(name.replace('/', "-"));
        let gateway = subnet.hosts().next().unwrap();
        let bridge = Bridge {
            subnets: [(subnet, gateway)].into(),
            outside_v4: None,
            outside_v6: false,
        };
        let rules = Ruleset {
            bridges: [("zn9".to_owned(), bridge)].into(),
            ..Ruleset::default()
        };
        let nft = Nft::new(name, &folder).through(self.host.through());
        nft.apply(&rules).await.unwrap();
    }

    async fn open_by_hand(&self) {
        self.host.nft(&format!(
            "insert rule inet {} ingress accept\n",
            self.driver.table()
        ));
    }
}

/// A bridge has the MAC it was given, whatever is connected to it.
fn bridge_mac(name: &str) -> String {
    let number: u8 = name.trim_start_matches("zn").parse().unwrap();
    format!("02:aa:00:00:00:{number:02x}")
}

fn nodad(address: IpAddr) -> &'static str {
    if address.is_ipv4() { "" } else { " nodad" }
}
