//! Networks of a Docker Engine: a bridge each, with our subnet and labels.

use async_trait::async_trait;
use bollard::models::{Ipam, IpamConfig, NetworkCreateRequest, NetworkInspect};
use bollard::query_parameters::{InspectNetworkOptions, ListNetworksOptions};
use ipnet::Ipv4Net;
use zun_domain::network::Network;
use zun_driver::{Class, Error, NetworkDriver, Result};

use crate::{Docker, error, label};

mod route;

#[async_trait]
impl NetworkDriver for Docker {
    async fn ensure(&self, network: &Network) -> Result<()> {
        let (name, subnet) = (network.runtime_name(), network.subnet.trunc().to_string());
        if self.memory().networks.get(&name) == Some(&subnet) {
            return Ok(());
        }
        let _one_at_a_time = self.inner.making_network.lock().await;
        match self.network_subnet(&name).await? {
            Some(there) if there == subnet => {}
            Some(there) => {
                return Err(Error::new(
                    Class::Conflict,
                    format!(
                        "the network {name} is there with the subnet {there} instead of {subnet}"
                    ),
                ));
            }
            None => self.make_network(network, &name, &subnet).await?,
        }
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
    /// The subnet of our network of that name; `None` where there is no such network.
    pub(crate) async fn network_subnet(&self, name: &str) -> Result<Option<String>> {
        let client = self.client().await?;
        match client
            .inspect_network(name, None::<InspectNetworkOptions>)
            .await
        {
            Ok(network) => Ok(Some(subnet_of(network).unwrap_or_default())),
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

fn subnet_of(network: NetworkInspect) -> Option<String> {
    network
        .ipam?
        .config?
        .into_iter()
        .find_map(|config| config.subnet)
}
