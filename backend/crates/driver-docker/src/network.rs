//! Networks of a Docker Engine: a bridge each, with our subnet and labels.

use std::collections::HashMap;
use std::time::Duration;

use async_trait::async_trait;
use bollard::models::{Ipam, IpamConfig, NetworkCreateRequest};
use bollard::query_parameters::{InspectNetworkOptions, ListNetworksOptions};
use ipnet::Ipv4Net;
use zun_domain::network::Network;
use zun_driver::{Class, Error, NetworkDriver, Result};

use crate::{Docker, error, label};

mod route;

const LOOK_AGAIN: Duration = Duration::from_millis(200);

#[async_trait]
impl NetworkDriver for Docker {
    async fn ensure(&self, network: &Network) -> Result<()> {
        let (name, subnet) = (network.runtime_name(), network.subnet.trunc().to_string());
        if self.memory().networks.get(&name) == Some(&subnet) {
            return Ok(());
        }
        let _one_at_a_time = self.inner.making_network.lock().await;
        self.keep_one(network, &name, &subnet).await?;
        self.memory().networks.insert(name, subnet);
        Ok(())
    }

    async fn subnets(&self) -> Result<Vec<Ipv4Net>> {
        let client = self.client().await?;
        let listed = client.list_networks(None::<ListNetworksOptions>).await;
        let networks = listed.map_err(|error| self.told("list the networks", error))?;
        let configured = networks
            .into_iter()
            .filter_map(|network| network.ipam?.config)
            .flatten();
        let mut subnets: Vec<Ipv4Net> = configured
            .filter_map(|config| config.subnet?.parse().ok())
            .collect();
        subnets.extend(route::subnets());
        Ok(subnets)
    }

    async fn remove(&self, network: &Network) -> Result<()> {
        let name = network.runtime_name();
        self.memory().networks.remove(&name);
        match self.client().await?.remove_network(&name).await {
            Err(error) if !error::is_absent(&error) => {
                Err(self.told(&format!("remove the network {name}"), error))
            }
            Ok(()) | Err(_) => Ok(()),
        }
    }
}

impl Docker {
    /// Leaves one network of that name, with that subnet: made where there is none, others of ours removed.
    ///
    /// A call of a process that was killed goes on in the engine. It holds its subnet for as long as a second before
    /// its network can be seen, so that soon after our start an overlap may be with ourselves.
    async fn keep_one(&self, network: &Network, name: &str, subnet: &str) -> Result<()> {
        loop {
            let found = self.ours_named(name).await?;
            let (kept, others): (Vec<_>, Vec<_>) =
                found.into_iter().partition(|(_, there)| there == subnet);
            for (id, there) in &others {
                self.give_way(name, (id, there), subnet).await?;
            }
            if !kept.is_empty() {
                return Ok(());
            }
            match self.make_network(network, name, subnet).await {
                // Looked at once more: another may have come beside it.
                Ok(()) => {}
                Err(error) if error.class == Class::Conflict && self.may_be_at_work() => {
                    crate::wait_a_little(LOOK_AGAIN).await;
                }
                Err(error) => return Err(error),
            }
        }
    }

    /// Our networks of that name: id and subnet. Engine 20.10 makes several where it is asked to.
    async fn ours_named(&self, name: &str) -> Result<Vec<(String, String)>> {
        let filters = HashMap::from([
            ("name".to_owned(), vec![format!("^{name}$")]),
            ("label".to_owned(), vec![label::filter(self.deployment())]),
        ]);
        let options = ListNetworksOptions {
            filters: Some(filters),
        };
        let listed = self.client().await?.list_networks(Some(options)).await;
        let listed =
            listed.map_err(|error| self.told(&format!("look at the network {name}"), error))?;
        let shown = listed.into_iter().map(|found| {
            let subnet = first_subnet(found.ipam).unwrap_or_default();
            (found.id.unwrap_or_default(), subnet)
        });
        Ok(shown.collect())
    }

    /// Removes one with a subnet that the record no longer has; one that a container is on stays.
    async fn give_way(&self, name: &str, (id, there): (&str, &str), subnet: &str) -> Result<()> {
        match self.client().await?.remove_network(id).await {
            Err(error) if !error::is_absent(&error) => {
                let why = self.told("remove it", error).message;
                let sentence = format!(
                    "the network {name} is there with the subnet {there} instead of {subnet}: {why}"
                );
                Err(Error::new(Class::Conflict, sentence))
            }
            Ok(()) | Err(_) => {
                tracing::warn!("removed the network {name}: its subnet {there} is now {subnet}");
                Ok(())
            }
        }
    }

    /// The subnet of our network of that name; `None` where there is no such network.
    pub(crate) async fn network_subnet(&self, name: &str) -> Result<Option<String>> {
        let client = self.client().await?;
        match client
            .inspect_network(name, None::<InspectNetworkOptions>)
            .await
        {
            Ok(network) => Ok(Some(first_subnet(network.ipam).unwrap_or_default())),
            Err(error) if error::is_absent(&error) => Ok(None),
            Err(error) => Err(self.told(&format!("look at the network {name}"), error)),
        }
    }

    async fn make_network(&self, network: &Network, name: &str, subnet: &str) -> Result<()> {
        let request = NetworkCreateRequest {
            name: name.to_owned(),
            driver: Some("bridge".to_owned()),
            ipam: Some(Ipam {
                config: Some(vec![IpamConfig {
                    subnet: Some(subnet.to_owned()),
                    gateway: Some(network.gateway().to_string()),
                    ..IpamConfig::default()
                }]),
                ..Ipam::default()
            }),
            labels: Some(label::of_network(self.deployment(), network)),
            ..NetworkCreateRequest::default()
        };
        let made = self.client().await?.create_network(request).await;
        made.map_err(|error| {
            self.told(
                &format!("make the network {name} with the subnet {subnet}"),
                error,
            )
        })?;
        Ok(())
    }
}

fn first_subnet(ipam: Option<Ipam>) -> Option<String> {
    ipam?.config?.into_iter().find_map(|config| config.subnet)
}
