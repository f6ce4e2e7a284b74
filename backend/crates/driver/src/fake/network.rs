//! Networks of a fake host: subnets that do not overlap, addresses that are held while a container runs.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::net::IpAddr;

use async_trait::async_trait;
use ipnet::IpNet;
use zun_domain::runtime::MakeNetwork;

use super::FakeHost;
use super::fault::Verb;
use super::script::Line;
use super::state::{Key, State, Stranger};
use crate::network::NetworkDriver;
use crate::runtime::Attachment;
use crate::{Class, Error, Result};

#[derive(Default)]
pub(super) struct Networks {
    by_name: HashMap<String, Bridge>,
    /// Each subnet and its network, by its first address; no two overlap.
    subnets: BTreeMap<IpAddr, (IpNet, String)>,
    /// Those the engine will not give up, as Docker's that has lost count of its endpoints.
    kept: BTreeSet<String>,
}

struct Bridge {
    subnets: Vec<IpNet>,
    /// It carries our label.
    ours: bool,
    held: HashMap<IpAddr, Key>,
}

/// The addresses of a container on a network.
pub(super) fn addresses(attachment: &Attachment) -> impl Iterator<Item = IpAddr> {
    let both = [
        Some(IpAddr::V4(attachment.ip)),
        attachment.ipv6.map(IpAddr::V6),
    ];
    both.into_iter().flatten()
}

fn subnets_of(network: &MakeNetwork) -> Vec<IpNet> {
    let v6 = network.v6.map(|v6| IpNet::V6(v6.subnet.trunc()));
    let v4 = IpNet::V4(network.subnet.trunc());
    [Some(v4), v6].into_iter().flatten().collect()
}

impl Networks {
    pub(super) fn names(&self) -> BTreeSet<String> {
        self.by_name.keys().cloned().collect()
    }

    /// The error every verb answers for a network that is gone.
    pub(super) fn existing(&self, name: &str) -> Result<()> {
        if self.by_name.contains_key(name) {
            return Ok(());
        }
        Err(no_network(name))
    }

    fn ensure(&mut self, name: &str, subnets: &[IpNet], ours: bool) -> Result<()> {
        if let Some(there) = self.by_name.get(name) {
            if there.subnets == subnets {
                return Ok(());
            }
            if !there.held.is_empty() || self.kept.contains(name) {
                return Err(Error::new(
                    Class::Conflict,
                    format!(
                        "the network {name} is there with {:?} instead of {subnets:?}",
                        there.subnets
                    ),
                ));
            }
            self.drop_network(name);
        }
        for subnet in subnets {
            let below = self.subnets.range(..=subnet.broadcast()).next_back();
            if let Some((_, (there, other))) = below
                && there.broadcast() >= subnet.network()
            {
                return Err(Error::new(
                    Class::Conflict,
                    format!(
                        "cannot make the network {name}: {subnet} overlaps the network {other}"
                    ),
                ));
            }
        }
        for subnet in subnets {
            let held = (*subnet, name.to_owned());
            self.subnets.insert(subnet.network(), held);
        }
        let bridge = Bridge {
            subnets: subnets.to_vec(),
            ours,
            held: HashMap::new(),
        };
        self.by_name.insert(name.to_owned(), bridge);
        Ok(())
    }

    fn remove(&mut self, name: &str) -> Result<()> {
        let Some(bridge) = self.by_name.get(name).filter(|bridge| bridge.ours) else {
            return Ok(());
        };
        if !bridge.held.is_empty() || self.kept.contains(name) {
            return Err(Error::new(
                Class::Conflict,
                format!(
                    "cannot remove the network {name}: error while removing network: network {name} has active endpoints"
                ),
            ));
        }
        self.drop_network(name);
        Ok(())
    }

    /// Takes it away without asking.
    pub(super) fn drop_network(&mut self, name: &str) {
        if let Some(bridge) = self.by_name.remove(name) {
            for subnet in bridge.subnets {
                self.subnets.remove(&subnet.network());
            }
        }
    }

    /// The container's addresses are its own while it runs: all of them, or none.
    pub(super) fn occupy(&mut self, attachment: &Attachment, key: Key) -> Result<()> {
        let network = &attachment.network;
        let bridge = self
            .by_name
            .get_mut(network)
            .ok_or_else(|| no_network(network))?;
        for address in addresses(attachment) {
            if !bridge.subnets.iter().any(|net| net.contains(&address)) {
                return Err(Error::new(
                    Class::Refused,
                    format!("{address} is not an address of the network {network}"),
                ));
            }
            if bridge.held.get(&address).is_some_and(|by| *by != key) {
                return Err(Error::new(
                    Class::Conflict,
                    format!("the address {address} on the network {network} is already in use"),
                ));
            }
        }
        let held = addresses(attachment).map(|address| (address, key));
        bridge.held.extend(held);
        Ok(())
    }

    pub(super) fn vacate(&mut self, attachment: &Attachment, key: Key) {
        if let Some(bridge) = self.by_name.get_mut(&attachment.network) {
            for address in addresses(attachment) {
                if bridge.held.get(&address) == Some(&key) {
                    bridge.held.remove(&address);
                }
            }
        }
    }
}

impl State {
    /// Looks up what its script says: whether somebody who runs has each name on a network of its own.
    pub(super) fn find_names(&mut self, key: Key) -> Result<bool> {
        let now = self.now();
        let record = self.record(key)?;
        let (names, on) = (record.script.names.clone(), record.networks.clone());
        let alive = || self.containers.values().filter(|other| other.alive());
        let known = |name: &String| {
            let shared = alive().flat_map(|other| other.networks.values());
            let mut shared = shared.filter(|there| on.contains_key(&there.network));
            shared.any(|there| there.aliases.contains(name))
        };
        let Some(unknown) = names.iter().find(|name| !known(name)).cloned() else {
            return Ok(true);
        };
        let text = format!("{unknown}: no such name");
        let line = Line { stderr: true, text };
        self.record(key)?.log.push((now, line));
        Ok(false)
    }
}

fn no_network(name: &str) -> Error {
    Error::new(Class::NotFound, format!("the engine has no network {name}"))
}

impl FakeHost {
    /// The engine will not give this network up: `remove` answers `Conflict`, whoever is on it.
    pub fn keep_network(&self, runtime_name: &str) {
        let mut state = self.lock();
        state.networks.kept.insert(runtime_name.to_owned());
    }

    /// It gives up every network again that nobody is on.
    pub fn give_up_networks(&self) {
        self.lock().networks.kept.clear();
    }
}

#[async_trait]
impl NetworkDriver for FakeHost {
    async fn ensure(&self, network: &MakeNetwork) -> Result<()> {
        self.call(Verb::EnsureNetwork, |state| {
            let (name, subnets) = (network.runtime_name(), subnets_of(network));
            let there = state.networks.existing(&name).is_ok();
            if state.stranger == Some(Stranger::Subnet) && !there {
                state.stranger = None;
                state.networks.ensure("stranger", &subnets, false)?;
            }
            state.networks.ensure(&name, &subnets, true)
        })
        .await
    }

    async fn subnets(&self) -> Result<Vec<IpNet>> {
        self.call(Verb::Subnets, |state| {
            let held = state.networks.subnets.values();
            Ok(held.map(|(subnet, _)| *subnet).collect())
        })
        .await
    }

    async fn list(&self) -> Result<Vec<String>> {
        self.call(Verb::ListNetworks, |state| {
            let all = state.networks.by_name.iter();
            let ours = all.filter(|(_, bridge)| bridge.ours);
            let mut names: Vec<String> = ours.map(|(name, _)| name.clone()).collect();
            names.sort();
            Ok(names)
        })
        .await
    }

    async fn remove(&self, runtime_name: &str) -> Result<()> {
        self.call(Verb::RemoveNetwork, |state| {
            state.networks.remove(runtime_name)
        })
        .await
    }
}
