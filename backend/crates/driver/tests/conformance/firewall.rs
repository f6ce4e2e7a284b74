//! The fake host's packet filter keeps every promise, on packets that are only thought of.

use std::collections::{BTreeMap, BTreeSet};
use std::future::{Ready, ready};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use ipnet::IpNet;
use zun_domain::firewall::Bridge;
use zun_driver::FirewallDriver;
use zun_driver::conformance::{
    Conversation, FirewallLab, HOST_V4, HOST_V6, Machine, OUTSIDE_V4, OUTSIDE_V6, Place, Probe,
    Traffic,
};
use zun_driver::fake::{FakeHost, Origin, Packet};

zun_driver::firewall_conformance!(lab);

fn lab(_case: &str) -> Ready<Option<FakeYard>> {
    ready(Some(FakeYard::default()))
}

#[derive(Clone, Default)]
struct FakeYard {
    host: FakeHost,
    bridges: Arc<Mutex<Vec<(String, Bridge)>>>,
    machines: Arc<Mutex<Vec<Machine>>>,
    /// Machines that send as if they were others.
    disguised: Arc<Mutex<BTreeSet<u8>>>,
    /// Addresses that a machine said it had.
    claims: Arc<Mutex<BTreeMap<IpAddr, String>>>,
}

impl FakeYard {
    /// The bridge an address lies on, and whether it is the host's there.
    fn bridge_of(&self, address: IpAddr) -> Option<(String, IpAddr)> {
        let bridges = self.bridges.lock().unwrap();
        bridges.iter().find_map(|(name, bridge)| {
            let mut subnets = bridge.subnets.iter();
            let (_, gateway) = subnets.find(|(net, _)| net.contains(&address))?;
            Some((name.clone(), *gateway))
        })
    }

    fn packet(&self, probe: &Probe) -> Packet {
        let v4 = probe.to.is_ipv4();
        let by_family = |four: Ipv4Addr, six| {
            if v4 {
                IpAddr::V4(four)
            } else {
                IpAddr::V6(six)
            }
        };
        let (from, own) = match probe.from {
            Place::Machine(number) => {
                let machines = self.machines.lock().unwrap();
                let machine = machines
                    .iter()
                    .find(|machine| machine.number == number)
                    .unwrap();
                let mut addresses = machine.addresses.iter();
                let own = addresses.find(|address| address.is_ipv4() == v4).unwrap();
                let (bridge, mac) = (machine.bridge.clone(), machine.mac.clone());
                (Origin::Container { bridge, mac }, *own)
            }
            Place::Host => {
                let gateway = self.bridge_of(probe.to).map(|(_, gateway)| gateway);
                (Origin::Host, gateway.unwrap_or(by_family(HOST_V4, HOST_V6)))
            }
            Place::Outside => (Origin::Outside, by_family(OUTSIDE_V4, OUTSIDE_V6)),
        };
        let (protocol, port) = match probe.traffic {
            Traffic::Tcp(port) => (6, port),
            Traffic::Udp(port) => (17, port),
            Traffic::Ping if v4 => (1, 8),
            Traffic::Ping => (58, 128),
        };
        Packet {
            from,
            source: probe.source.unwrap_or(own),
            to: probe.to,
            protocol,
            port,
        }
    }

    /// Whether somebody at this address gets packets, and may say so.
    fn answers(&self, address: IpAddr) -> bool {
        let external = match (address, self.host.rules()) {
            (IpAddr::V4(address), Some(rules)) => rules.external.contains(&address),
            _ => false,
        };
        let elsewhere: [IpAddr; 4] = [
            HOST_V4.into(),
            HOST_V6.into(),
            OUTSIDE_V4.into(),
            OUTSIDE_V6.into(),
        ];
        let Some((bridge, gateway)) = self.bridge_of(address) else {
            return external || elsewhere.contains(&address);
        };
        let machines = self.machines.lock().unwrap();
        let mut there = machines.iter().filter(|machine| machine.bridge == bridge);
        let has = |machine: &Machine| {
            machine.addresses.contains(&address) && self.host.may_have(&machine.mac, address)
        };
        address == gateway || there.any(has)
    }

    fn send(&self, probe: &Probe) -> Option<IpAddr> {
        let delivered = self.host.send(&self.packet(probe))?;
        if !self.answers(delivered.to) {
            return None;
        }
        // The fake host has no address outside that it could write down.
        let masqueraded = self.bridge_of(delivered.source);
        let outside = self.bridge_of(delivered.to).is_none();
        match masqueraded {
            Some((_, gateway)) if gateway == delivered.source && outside => Some(HOST_V4.into()),
            _ => Some(delivered.source),
        }
    }
}

struct Talk {
    lab: FakeYard,
    probe: Probe,
}

#[async_trait]
impl Conversation for Talk {
    async fn goes_on(&mut self, _patience: Duration) -> bool {
        self.lab.send(&self.probe).is_some()
    }

    async fn hears(&mut self, _patience: Duration) -> bool {
        let packet = self.lab.packet(&self.probe);
        let rules = self.lab.host.rules().unwrap_or_default();
        let mut ends = rules.ports.values().filter(|port| {
            port.addresses.contains(&packet.source) || port.addresses.contains(&packet.to)
        });
        ends.all(|port| !port.groups.is_empty() || !port.opened.is_empty())
    }
}

#[async_trait]
impl FirewallLab for FakeYard {
    fn driver(&self) -> Arc<dyn FirewallDriver> {
        Arc::new(self.host.clone())
    }

    async fn add_bridge(&self, name: &str, bridge: &Bridge) {
        let added = (name.to_owned(), bridge.clone());
        self.bridges.lock().unwrap().push(added);
    }

    async fn add_machine(&self, machine: &Machine) {
        self.machines.lock().unwrap().push(machine.clone());
    }

    async fn probe(&self, probe: &Probe, _patience: Duration) -> Option<IpAddr> {
        self.send(probe)
    }

    async fn disguise(&self, from: Place, mac: &str, addresses: &[IpAddr]) {
        let Place::Machine(number) = from else {
            panic!("a machine is disguised");
        };
        let mut machines = self.machines.lock().unwrap();
        let machine = machines
            .iter_mut()
            .find(|machine| machine.number == number)
            .unwrap();
        mac.clone_into(&mut machine.mac);
        machine.addresses = addresses.to_vec();
        self.disguised.lock().unwrap().insert(number);
    }

    async fn throw(&self, probe: &Probe, _patience: Duration) -> bool {
        let Place::Machine(number) = probe.from else {
            panic!("a machine throws");
        };
        if self.host.tied() && self.disguised.lock().unwrap().contains(&number) {
            return false;
        }
        self.host.send(&self.packet(probe)).is_some()
    }

    async fn claim(&self, from: Place, address: Ipv6Addr) {
        let Place::Machine(number) = from else {
            panic!("a machine claims");
        };
        let machines = self.machines.lock().unwrap();
        let machine = machines
            .iter()
            .find(|machine| machine.number == number)
            .unwrap();
        if self.host.may_have(&machine.mac, address.into()) {
            self.claims
                .lock()
                .unwrap()
                .insert(address.into(), machine.mac.clone());
        }
    }

    async fn throw_tagged(&self, probe: &Probe, _tags: &[u16], patience: Duration) -> bool {
        // No ruleset lets one pass, so the packets of the fake have no tags.
        self.host.rules().is_none() && self.throw(probe, patience).await
    }

    async fn neighbor(&self, _at: Place, address: IpAddr) -> Option<String> {
        if let Some(mac) = self.claims.lock().unwrap().get(&address) {
            return Some(mac.clone());
        }
        let machines = self.machines.lock().unwrap();
        let mut there = machines
            .iter()
            .filter(|machine| machine.addresses.contains(&address));
        let said = there.find(|machine| self.host.may_have(&machine.mac, address));
        said.map(|machine| machine.mac.clone())
    }

    async fn converse(&self, probe: &Probe, _: Duration) -> Option<Box<dyn Conversation>> {
        self.send(probe)?;
        let (lab, probe) = (self.clone(), *probe);
        Some(Box::new(Talk { lab, probe }))
    }

    async fn guard_as_another(&self, subnet: IpNet) {
        self.host.guard_as_another(subnet);
    }

    async fn flush_by_hand(&self) {
        self.host.flush_by_hand();
    }

    async fn open_by_hand(&self) {
        self.host.open_by_hand();
    }
}
