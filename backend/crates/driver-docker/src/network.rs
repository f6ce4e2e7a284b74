//! Networks of a Docker Engine: a bridge each, with our subnets and labels.

use std::collections::HashMap;
use std::time::Duration;

use async_trait::async_trait;
use bollard::models::{Ipam, Network, NetworkCreateRequest};
use bollard::query_parameters::{InspectNetworkOptions, ListNetworksOptions};
use ipnet::IpNet;
use zun_domain::runtime::MakeNetwork;
use zun_driver::{Class, Error, NetworkDriver, Result};

use crate::{Docker, error, label};

mod route;
mod shape;

pub(crate) use shape::Shape;

const LOOK_AGAIN: Duration = Duration::from_millis(200);

#[async_trait]
impl NetworkDriver for Docker {
    async fn ensure(&self, network: &MakeNetwork) -> Result<()> {
        let (name, wanted) = (network.runtime_name(), Shape::of(network));
        if self.memory().networks.get(&name) == Some(&wanted) {
            return Ok(());
        }
        let _one_at_a_time = self.inner.making_network.lock().await;
        let there = self.keep_one(network, &name, &wanted).await?;
        self.memory().networks.insert(name, there);
        Ok(())
    }

    async fn subnets(&self) -> Result<Vec<IpNet>> {
        let listed = self.listed_networks(HashMap::new(), "list the networks");
        let configured = listed
            .await?
            .into_iter()
            .filter_map(|network| network.ipam?.config)
            .flatten();
        let mut subnets: Vec<IpNet> = configured
            .filter_map(|config| config.subnet?.parse().ok())
            .collect();
        subnets.extend(route::subnets());
        Ok(subnets)
    }

    async fn list(&self) -> Result<Vec<String>> {
        let ours = HashMap::from([("label".to_owned(), vec![label::filter(self.deployment())])]);
        let listed = self.listed_networks(ours, "list our networks").await?;
        let mut names: Vec<String> = listed.into_iter().filter_map(|found| found.name).collect();
        names.sort();
        names.dedup();
        Ok(names)
    }

    async fn remove(&self, runtime_name: &str) -> Result<()> {
        self.memory().networks.remove(runtime_name);
        for (id, _) in self.ours_named(runtime_name).await? {
            let removed = self.client().await?.remove_network(&id).await;
            self.absent_is_fine(removed, &format!("remove the network {runtime_name}"))?;
        }
        Ok(())
    }
}

impl Docker {
    /// Leaves one network of that name: made where there is none, others of ours removed. Answers what it is like,
    /// which is as wanted but for what cannot be changed under a container.
    ///
    /// A call of a process that was killed goes on in the engine. It holds its subnet for as long as a second before
    /// its network can be seen, so that soon after our start an overlap may be with ourselves.
    async fn keep_one(&self, network: &MakeNetwork, name: &str, wanted: &Shape) -> Result<Shape> {
        loop {
            let mut stays = None;
            for (id, there) in self.ours_named(name).await? {
                if there == *wanted || !self.gives_way(name, &id, &there, wanted).await? {
                    stays = Some(there);
                }
            }
            if let Some(there) = stays {
                return Ok(there);
            }
            match self.make_network(network, name, wanted).await {
                // Looked at once more: another may have come beside it.
                Ok(()) => {}
                Err(error) if error.class == Class::Conflict && self.may_be_at_work() => {
                    crate::wait_a_little(LOOK_AGAIN).await;
                }
                Err(error) => return Err(error),
            }
        }
    }

    async fn listed_networks(
        &self,
        filters: HashMap<String, Vec<String>>,
        tried: &str,
    ) -> Result<Vec<Network>> {
        let options = ListNetworksOptions {
            filters: Some(filters),
        };
        let listed = self.client().await?.list_networks(Some(options)).await;
        listed.map_err(|error| self.told(tried, error))
    }

    /// Our networks of that name: id and what it is like. Engine 20.10 makes several where it is asked to.
    async fn ours_named(&self, name: &str) -> Result<Vec<(String, Shape)>> {
        let filters = HashMap::from([
            ("name".to_owned(), vec![format!("^{name}$")]),
            ("label".to_owned(), vec![label::filter(self.deployment())]),
        ]);
        let tried = format!("look at the network {name}");
        let listed = self.listed_networks(filters, &tried).await?;
        let shown = listed.into_iter().map(|found| {
            let shape = Shape::seen(found.ipam, found.options);
            (found.id.unwrap_or_default(), shape)
        });
        Ok(shown.collect())
    }

    /// Removes one that is not as the record says; whether it is gone. One that a container is on stays: as it is
    /// where it has the right subnets, and as a conflict where it has not.
    async fn gives_way(&self, name: &str, id: &str, there: &Shape, wanted: &Shape) -> Result<bool> {
        match self.client().await?.remove_network(id).await {
            Err(error) if !error::is_absent(&error) => {
                let why = self.told("remove it", error).message;
                let sentence =
                    format!("the network {name} is there with {there} instead of {wanted}: {why}");
                if there.has_subnets_of(wanted) {
                    tracing::warn!("{sentence}; it stays as it is until nobody is on it");
                    return Ok(false);
                }
                Err(Error::new(Class::Conflict, sentence))
            }
            Ok(()) | Err(_) => {
                tracing::warn!("removed the network {name}: it had {there} instead of {wanted}");
                Ok(true)
            }
        }
    }

    /// The id and the nature of the network of that name; `None` where there is none.
    pub(crate) async fn network_seen(&self, name: &str) -> Result<Option<(String, Shape)>> {
        let client = self.client().await?;
        match client
            .inspect_network(name, None::<InspectNetworkOptions>)
            .await
        {
            Ok(seen) => {
                let shape = Shape::seen(seen.ipam, seen.options);
                Ok(Some((seen.id.unwrap_or_default(), shape)))
            }
            Err(error) if error::is_absent(&error) => Ok(None),
            Err(error) => Err(self.told(&format!("look at the network {name}"), error)),
        }
    }

    async fn make_network(&self, network: &MakeNetwork, name: &str, wanted: &Shape) -> Result<()> {
        let request = NetworkCreateRequest {
            name: name.to_owned(),
            driver: Some("bridge".to_owned()),
            enable_ipv6: Some(network.v6.is_some()),
            ipam: Some(Ipam {
                config: Some(wanted.ipam()),
                ..Ipam::default()
            }),
            options: Some(wanted.options()),
            labels: Some(label::of_network(self.deployment(), network)),
            ..NetworkCreateRequest::default()
        };
        let made = self.client().await?.create_network(request).await;
        made.map_err(|error| self.told(&format!("make the network {name} with {wanted}"), error))?;
        Ok(())
    }
}
