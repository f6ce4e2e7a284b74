//! What becomes of a network in the engine when its record changes. An engine's network cannot be changed: another
//! takes its place, under another name, and the former one is left over until the engine gives it up.

use ipnet::IpNet;
use zun_domain::id::HostId;
use zun_domain::network::{Network, NetworkKind, Port, overlaps};
use zun_store::{LeftoverNetwork, Tx};

use super::named::called;
use crate::context::{Engine, Inner};
use crate::error::{Error, NetworkRule, Result};

/// Our networks in the engine of each host; `None` where it does not say.
#[derive(Default)]
pub(super) struct Engines(Vec<(HostId, Option<Vec<String>>)>);

impl Engines {
    /// The hosts whose engine has a network of this name, as far as is known.
    fn having(&self, name: &str) -> Vec<HostId> {
        let has = |names: Option<&Vec<String>>| {
            names.is_none_or(|names| names.iter().any(|there| there == name))
        };
        let hosts = self.0.iter().filter(|(_, names)| has(names.as_ref()));
        hosts.map(|(host, _)| *host).collect()
    }
}

impl Inner {
    /// Notes that what the engines have of the network is left over, and gives the record another name there. Nothing
    /// where no engine has it.
    pub(super) async fn retire(
        &self,
        tx: &mut Tx,
        network: &mut Network,
        engines: &Engines,
    ) -> Result<Vec<LeftoverNetwork>> {
        let Some(make) = network.make() else {
            return Ok(Vec::new());
        };
        let mut left = Vec::new();
        for host in engines.having(&network.runtime_name) {
            let one = LeftoverNetwork {
                host,
                runtime_name: make.runtime_name(),
                subnets: network.subnets.iter().map(|subnet| subnet.cidr).collect(),
                gateways: network
                    .subnets
                    .iter()
                    .map(|subnet| subnet.gateway)
                    .collect(),
                mtu: network.mtu,
                routed: make.routed,
            };
            tx.leftover_network_insert(&one).await?;
            left.push(one);
        }
        if !left.is_empty() {
            network.runtime_name = format!("zun-{}", self.ids.uuid());
        }
        Ok(left)
    }

    /// Gives the record the name of what is left over in an engine and is the same, if there is such a one.
    pub(super) async fn take_over(&self, tx: &mut Tx, network: &mut Network) -> Result<()> {
        let Some(make) = network.make() else {
            return Ok(());
        };
        let subnets: Vec<IpNet> = network.subnets.iter().map(|subnet| subnet.cidr).collect();
        let found = tx
            .leftover_network_find(&subnets, network.mtu, make.routed)
            .await?;
        let same = |left: &LeftoverNetwork| {
            let mut gateways = network.subnets.iter().map(|subnet| subnet.gateway);
            gateways.all(|gateway| left.gateways.contains(&gateway))
        };
        let Some(left) = found.filter(same) else {
            return Ok(());
        };
        for host in self.driven() {
            match tx.leftover_network_delete(host, &left.runtime_name).await {
                Ok(()) | Err(zun_store::Error::NotFound { .. }) => {}
                Err(error) => return Err(error.into()),
            }
        }
        network.runtime_name = left.runtime_name;
        Ok(())
    }
}

impl Engine {
    /// Looks at what the engines have, before a transaction that may retire one of those.
    pub(super) async fn engines(&self) -> Engines {
        let mut all = Vec::new();
        for host in self.driven() {
            let names = match self.drivers(host) {
                Ok(drivers) => drivers.networks.list().await.ok(),
                Err(_) => None,
            };
            all.push((host, names));
        }
        Engines(all)
    }

    /// Removes from the engine what a change left over. What cannot be removed now is tried again by the sweep.
    pub(super) async fn give_up(&self, left: Vec<LeftoverNetwork>) {
        for one in left {
            self.remove_leftover(&one).await;
        }
    }

    /// [`Engine::prefixes_around`] the host but for what is left over of a network that had the wanted prefix.
    pub(super) async fn used_outside(&self, wanted: Option<IpNet>) -> Result<Vec<IpNet>> {
        let has = |left: &LeftoverNetwork| {
            wanted.is_some_and(|wanted| left.subnets.iter().any(|net| overlaps(net, &wanted)))
        };
        for left in self.store.leftover_network_list(self.local).await? {
            if has(&left) {
                self.remove_leftover(&left).await;
            }
        }
        let mut in_use = self.prefixes_around(self.local).await?;
        let left = self.store.leftover_network_list(self.local).await?;
        if let Some(wanted) = wanted
            && left.iter().any(|left| left.subnets.contains(&wanted))
        {
            in_use.retain(|net| *net != wanted);
        }
        Ok(in_use)
    }
}

/// The outside is what the configuration says.
pub(super) fn refuse_outside(network: &Network) -> Result<()> {
    if network.kind != NetworkKind::External {
        return Ok(());
    }
    Err(Error::Conflict(format!(
        "the network {} is the outside and the same for every project: it cannot be changed here; its range is \
         network.external of zund's configuration",
        called(network)
    )))
}

/// Refuses what changes a network in the engine while containers are on it, or may be any moment.
pub(super) async fn check_unused(tx: &Tx, network: &Network, what: &str) -> Result<()> {
    let mut ports = tx.ports_on(network.id).await?;
    ports.retain(|port| !port.is_routers());
    if ports.is_empty() {
        return Ok(());
    }
    Err(NetworkRule::NetworkInUse.because(format!(
        "{what}: the network {} has ports ({}), and an engine's network cannot be changed once it is made; make all \
         of its subnets before its first port (in Terraform: depends_on of the port), delete the ports first, or make \
         another network",
        called(network),
        listed(&ports)
    )))
}

/// The ids of ports for a message, the first few of them.
pub(super) fn listed(ports: &[Port]) -> String {
    const SHOWN: usize = 5;
    let ids: Vec<String> = ports
        .iter()
        .take(SHOWN)
        .map(|port| port.id.to_string())
        .collect();
    match ports.len().saturating_sub(SHOWN) {
        0 => ids.join(", "),
        more => format!("{} and {more} more", ids.join(", ")),
    }
}
