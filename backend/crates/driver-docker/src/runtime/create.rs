//! Making containers, giving them names and connecting them again.

use bollard::errors::Error as Bollard;
use bollard::models::NetworkConnectRequest;
use bollard::query_parameters::{
    CreateContainerOptionsBuilder, InspectContainerOptions, ListContainersOptionsBuilder,
    RenameContainerOptionsBuilder,
};
use std::collections::HashMap;
use std::time::Duration;

use zun_domain::container::RuntimeId;
use zun_domain::id::ContainerId;
use zun_driver::runtime::{Attachment, ContainerRuntime, CreateContainer, RuntimeName};
use zun_driver::{Class, Error, Result};

use crate::{Docker, convert, error, label};

const LOOK_AGAIN: Duration = Duration::from_millis(100);

impl Docker {
    /// One call where all is well; a second one finds out what is in the way.
    pub(super) async fn create_container(&self, request: &CreateContainer) -> Result<RuntimeId> {
        let name = RuntimeName::Current(request.container).to_string();
        self.network_is_there(&request.attachment.network).await?;
        let sized = self.sized(request).await?;
        let mut image = self.image_name(&request.image);
        loop {
            let asked = self.ask_to_create(&name, request, image.clone(), sized);
            let refused = match asked.await? {
                Ok(id) => return Ok(id),
                Err(refused) => refused,
            };
            match error::status(&refused) {
                Some(409) => {
                    if let Some(id) = self.same_container(&name, request, refused).await? {
                        return Ok(id);
                    }
                    crate::wait_a_little(LOOK_AGAIN).await;
                }
                Some(404) => match self.runnable(&request.image).await? {
                    Some(other) if other != image => image = other,
                    Some(_) => return Err(self.told(&format!("create container {name}"), refused)),
                    None => {
                        let sentence = format!("the engine has no image {}", request.image);
                        return Err(Error::new(Class::NotFound, sentence));
                    }
                },
                _ => return Err(self.told(&format!("create container {name}"), refused)),
            }
        }
    }

    async fn ask_to_create(
        &self,
        name: &str,
        request: &CreateContainer,
        image: String,
        sized: bool,
    ) -> Result<std::result::Result<RuntimeId, Bollard>> {
        let body = convert::create_body(self.deployment(), request, image, sized);
        let options = CreateContainerOptionsBuilder::new().name(name).build();
        let made = self
            .client()
            .await?
            .create_container(Some(options), body)
            .await;
        Ok(made.map(|made| RuntimeId(made.id)))
    }

    /// Engine 20.10 would find out at the start only that the network is gone.
    async fn network_is_there(&self, network: &str) -> Result<()> {
        if self.memory().networks.contains_key(network) {
            return Ok(());
        }
        match self.network_subnet(network).await? {
            Some(subnet) => {
                self.memory().networks.insert(network.to_owned(), subnet);
                Ok(())
            }
            None => Err(Error::new(
                Class::NotFound,
                format!("the engine has no network {network}"),
            )),
        }
    }

    /// Whether the engine enforces the size this request asks for.
    async fn sized(&self, request: &CreateContainer) -> Result<bool> {
        if request.spec.disk.unwrap_or_default().0 == 0 {
            return Ok(false);
        }
        let known = self.memory().disk_quota;
        match known {
            Some(sized) => Ok(sized),
            None => Ok(self.facts().await?.disk_quota),
        }
    }

    /// What the engine calls the image, as far as that is known without asking it.
    fn image_name(&self, image: &str) -> String {
        let digest = image.split_once('@').map(|(_, digest)| digest);
        match digest.filter(|digest| self.memory().image_ids.contains(*digest)) {
            Some(id) => id.to_owned(),
            None => image.to_owned(),
        }
    }

    /// The name is taken: fine if by this very revision, whose answer was lost. `None` where it may be free soon: a
    /// killed process has asked for this container, which is not there yet, or for another name of the former one.
    async fn same_container(
        &self,
        name: &str,
        request: &CreateContainer,
        refused: Bollard,
    ) -> Result<Option<RuntimeId>> {
        let client = self.client().await?;
        let there = client
            .inspect_container(name, None::<InspectContainerOptions>)
            .await;
        let there = match there {
            Err(error) if error::is_absent(&error) && self.may_be_at_work() => return Ok(None),
            there => {
                there.map_err(|error| self.told(&format!("look at container {name}"), error))?
            }
        };
        let labels = there
            .config
            .and_then(|config| config.labels)
            .unwrap_or_default();
        let same = labels.get(label::DEPLOYMENT).map(String::as_str) == Some(self.deployment())
            && label::container(&labels) == Some(request.container)
            && label::revision(&labels) == request.revision;
        match there.id {
            Some(id) if same => Ok(Some(RuntimeId(id))),
            // One that is being made shows no labels for a moment, and nobody else gives this name.
            _ if self.may_be_at_work() => Ok(None),
            _ => Err(self.told(&format!("create container {name}"), refused)),
        }
    }

    /// Finds it by its labels and gives it the name.
    pub(super) async fn give_name(
        &self,
        container: ContainerId,
        revision: u32,
        to: &str,
    ) -> Result<()> {
        let client = self.client().await?;
        let labels = vec![
            label::filter(self.deployment()),
            format!("{}={container}", label::CONTAINER),
            format!("{}={revision}", label::REVISION),
        ];
        let filters = HashMap::from([("label".to_owned(), labels)]);
        let options = ListContainersOptionsBuilder::new()
            .all(true)
            .filters(&filters)
            .build();
        let tried = format!("rename revision {revision} of container {container} to {to}");
        let found = client.list_containers(Some(options)).await;
        let found = found.map_err(|error| self.told(&tried, error))?;
        let Some(one) = found.into_iter().next() else {
            return Ok(());
        };
        let named = |name: &String| name.trim_start_matches('/') == to;
        if one.names.iter().flatten().any(named) {
            return Ok(());
        }
        let id = one.id.unwrap_or_default();
        let options = RenameContainerOptionsBuilder::new().name(to).build();
        let renamed = client.rename_container(&id, options).await;
        self.absent_is_fine(renamed, &tried)
    }

    pub(super) async fn connect_network(&self, name: &str, attachment: &Attachment) -> Result<()> {
        let request = NetworkConnectRequest {
            container: name.to_owned(),
            endpoint_config: Some(convert::endpoint(attachment)),
        };
        let network = &attachment.network;
        match self.client().await?.connect_network(network, request).await {
            Err(error) if error::sentence(&error).contains("already exists in network") => Ok(()),
            connected => connected.map_err(|error| {
                self.told(
                    &format!("connect container {name} to the network {network}"),
                    error,
                )
            }),
        }
    }
}
