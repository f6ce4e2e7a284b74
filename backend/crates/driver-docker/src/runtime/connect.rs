//! Connecting containers to networks, and the start that finds its network made anew.

use std::collections::BTreeSet;

use bollard::models::{
    ContainerInspectResponse, EndpointSettings, NetworkConnectRequest, NetworkDisconnectRequest,
};
use bollard::query_parameters::{InspectContainerOptions, StartContainerOptions};
use zun_driver::runtime::Attachment;
use zun_driver::{Class, Error, Result};

use crate::{Docker, convert, error};

impl Docker {
    /// Engine 20.10 would find out at the start only that the network is gone.
    pub(super) async fn network_is_there(&self, network: &str) -> Result<()> {
        if self.memory().networks.contains_key(network) {
            return Ok(());
        }
        match self.network_seen(network).await? {
            Some((_, shape)) => {
                self.memory().networks.insert(network.to_owned(), shape);
                Ok(())
            }
            None => Err(Error::new(
                Class::NotFound,
                format!("the engine has no network {network}"),
            )),
        }
    }

    /// Connects it to whatever it lacks, as far as an inspect shows it.
    pub(super) async fn connect_lacking(
        &self,
        name: &str,
        seen: &ContainerInspectResponse,
        attachments: &[Attachment],
    ) -> Result<()> {
        let settings = seen.network_settings.as_ref();
        let networks = settings.and_then(|settings| settings.networks.as_ref());
        let there: BTreeSet<&String> = networks.into_iter().flatten().map(|(at, _)| at).collect();
        let lacking = attachments
            .iter()
            .filter(|attachment| !there.contains(&attachment.network));
        for attachment in lacking {
            self.connect_network(name, attachment).await?;
        }
        Ok(())
    }

    pub(super) async fn connect_network(&self, name: &str, attachment: &Attachment) -> Result<()> {
        let network = &attachment.network;
        self.network_is_there(network).await?;
        let endpoint = convert::endpoint(attachment);
        self.connect_endpoint(name, network, endpoint).await
    }

    async fn connect_endpoint(
        &self,
        name: &str,
        network: &str,
        endpoint: EndpointSettings,
    ) -> Result<()> {
        let request = NetworkConnectRequest {
            container: name.to_owned(),
            endpoint_config: Some(endpoint),
        };
        match self.client().await?.connect_network(network, request).await {
            Err(error) if error::sentence(&error).contains("already exists in network") => Ok(()),
            connected => connected.map_err(|error| {
                if error::is_absent(&error) {
                    self.memory().networks.remove(network);
                }
                self.told(
                    &format!("connect container {name} to the network {network}"),
                    error,
                )
            }),
        }
    }

    pub(super) async fn disconnect_network(&self, name: &str, network: &str) -> Result<()> {
        let request = NetworkDisconnectRequest {
            container: name.to_owned(),
            force: Some(false),
        };
        let client = self.client().await?;
        match client.disconnect_network(network, request).await {
            Err(error) if error::sentence(&error).contains("is not connected to") => Ok(()),
            answer => self.absent_is_fine(
                answer,
                &format!("disconnect container {name} from the network {network}"),
            ),
        }
    }

    pub(super) async fn start_container(&self, name: &str) -> Result<()> {
        let client = self.client().await?;
        // An engine that finds it running answers 304, which is no error.
        let start = || client.start_container(name, None::<StartContainerOptions>);
        let mut started = start().await;
        if let Err(error) = &started
            && error::is_absent(error)
        {
            // Its network may be what is gone.
            self.memory().networks.clear();
            if self.connect_anew(name).await? {
                started = start().await;
            }
        }
        let Err(error) = started else { return Ok(()) };
        let told = self.told(&format!("start container {name}"), error);
        if told.class == Class::Conflict {
            self.forget_ports().await;
        }
        Err(told)
    }

    /// The engine remembers a network by the id it had when the container last ran. Where ours was made anew since,
    /// under its name, the container is connected to that one; whether there was any.
    async fn connect_anew(&self, name: &str) -> Result<bool> {
        let client = self.client().await?;
        let seen = client
            .inspect_container(name, None::<InspectContainerOptions>)
            .await;
        let seen = match seen {
            Err(error) if error::is_absent(&error) => return Ok(false),
            seen => seen.map_err(|error| self.told(&format!("look at container {name}"), error))?,
        };
        let networks = seen.network_settings.and_then(|all| all.networks);
        let mut changed = false;
        for (network, endpoint) in networks.into_iter().flatten() {
            let known = endpoint.network_id.unwrap_or_default();
            let Some((id, _)) = self.network_seen(&network).await? else {
                continue;
            };
            if known.is_empty() || known == id {
                continue;
            }
            let again = EndpointSettings {
                ipam_config: endpoint.ipam_config,
                aliases: endpoint.aliases,
                ..EndpointSettings::default()
            };
            self.connect_endpoint(name, &network, again).await?;
            changed = true;
        }
        Ok(changed)
    }
}
