//! Networks of a fake host: subnets that do not overlap, addresses that are held while a container runs.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::net::Ipv4Addr;

use async_trait::async_trait;
use ipnet::{Ipv4Net, Ipv4Subnets};
use zun_domain::network::Network;

use super::FakeHost;
use super::fault::Verb;
use super::state::{Key, Stranger};
use crate::network::NetworkDriver;
use crate::runtime::Attachment;
use crate::{Class, Error, Result};

#[derive(Default)]
pub(super) struct Networks {
    by_name: HashMap<String, Bridge>,
    /// First address of each subnet to its last one and its network; no two overlap.
    subnets: BTreeMap<u32, (u32, String)>,
}

struct Bridge {
    first: u32,
    last: u32,
    held: HashMap<Ipv4Addr, Key>,
}

impl Networks {
    pub(super) fn names(&self) -> BTreeSet<String> {
        self.by_name.keys().cloned().collect()
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.by_name.contains_key(name)
    }

    fn ensure(&mut self, name: String, subnet: Ipv4Net) -> Result<()> {
        let (first, last) = (u32::from(subnet.network()), u32::from(subnet.broadcast()));
        if let Some(there) = self.by_name.get(&name) {
            if (there.first, there.last) == (first, last) {
                return Ok(());
            }
            if !there.held.is_empty() {
                return Err(Error::new(
                    Class::Conflict,
                    format!("the network {name} is there with another subnet than {subnet}"),
                ));
            }
            self.drop_network(&name);
        }
        let below = self.subnets.range(..=last).next_back();
        if let Some((_, (end, other))) = below
            && *end >= first
        {
            return Err(Error::new(
                Class::Conflict,
                format!("cannot make the network {name}: {subnet} overlaps the network {other}"),
            ));
        }
        self.subnets.insert(first, (last, name.clone()));
        let bridge = Bridge {
            first,
            last,
            held: HashMap::new(),
        };
        self.by_name.insert(name, bridge);
        Ok(())
    }

    fn subnets(&self) -> Vec<Ipv4Net> {
        let bounds = self
            .subnets
            .iter()
            .map(|(first, (last, _))| (*first, *last));
        bounds
            .flat_map(|(first, last)| Ipv4Subnets::new(first.into(), last.into(), 0))
            .collect()
    }

    fn remove(&mut self, name: &str) -> Result<()> {
        let Some(bridge) = self.by_name.get(name) else {
            return Ok(());
        };
        if !bridge.held.is_empty() {
            return Err(Error::new(
                Class::Conflict,
                format!(
                    "cannot remove the network {name}: {} running containers are connected",
                    bridge.held.len()
                ),
            ));
        }
        self.drop_network(name);
        Ok(())
    }

    /// Takes it away without asking.
    pub(super) fn drop_network(&mut self, name: &str) {
        if let Some(bridge) = self.by_name.remove(name) {
            self.subnets.remove(&bridge.first);
        }
    }

    /// The container's address is its own while it runs.
    pub(super) fn occupy(&mut self, attachment: &Attachment, key: Key) -> Result<()> {
        let bridge = self.bridge(&attachment.network)?;
        if !(bridge.first..=bridge.last).contains(&u32::from(attachment.ip)) {
            return Err(Error::new(
                Class::Refused,
                format!(
                    "{} is not an address of the network {}",
                    attachment.ip, attachment.network
                ),
            ));
        }
        match bridge.held.get(&attachment.ip) {
            Some(holder) if *holder != key => Err(Error::new(
                Class::Conflict,
                format!(
                    "the address {} on the network {} is already in use",
                    attachment.ip, attachment.network
                ),
            )),
            Some(_) | None => {
                bridge.held.insert(attachment.ip, key);
                Ok(())
            }
        }
    }

    pub(super) fn vacate(&mut self, attachment: &Attachment, key: Key) {
        if let Ok(bridge) = self.bridge(&attachment.network)
            && bridge.held.get(&attachment.ip) == Some(&key)
        {
            bridge.held.remove(&attachment.ip);
        }
    }

    fn bridge(&mut self, name: &str) -> Result<&mut Bridge> {
        self.by_name
            .get_mut(name)
            .ok_or_else(|| Error::new(Class::NotFound, format!("the engine has no network {name}")))
    }
}

#[async_trait]
impl NetworkDriver for FakeHost {
    async fn ensure(&self, network: &Network) -> Result<()> {
        self.call(Verb::EnsureNetwork, |state| {
            let (name, subnet) = (network.runtime_name(), network.subnet);
            if state.stranger == Some(Stranger::Subnet) && !state.networks.has(&name) {
                state.stranger = None;
                state.networks.ensure("stranger".to_owned(), subnet)?;
            }
            state.networks.ensure(name, subnet)
        })
        .await
    }

    async fn subnets(&self) -> Result<Vec<Ipv4Net>> {
        self.call(Verb::Subnets, |state| Ok(state.networks.subnets()))
            .await
    }

    async fn remove(&self, network: &Network) -> Result<()> {
        self.call(Verb::RemoveNetwork, |state| {
            state.networks.remove(&network.runtime_name())
        })
        .await
    }
}
