//! Making containers and giving them names.

use bollard::errors::Error as Bollard;
use bollard::models::ContainerCreateBody;
use bollard::query_parameters::{
    CreateContainerOptionsBuilder, InspectContainerOptions, ListContainersOptionsBuilder,
    RenameContainerOptionsBuilder,
};
use std::collections::HashMap;
use std::time::Duration;

use zun_domain::container::RuntimeId;
use zun_domain::id::ContainerId;
use zun_driver::runtime::{ContainerRuntime, CreateContainer, RuntimeName};
use zun_driver::{Class, Error, Result};

use crate::{Docker, convert, error, label};

const LOOK_AGAIN: Duration = Duration::from_millis(100);

impl Docker {
    /// One call where all is well, and one for each network after the first: Engine 20.10 takes no more than one with
    /// the create call. A further one finds out what is in the way.
    pub(super) async fn create_container(&self, request: &CreateContainer) -> Result<RuntimeId> {
        let name = RuntimeName::Current(request.container).to_string();
        for attachment in &request.attachments {
            self.network_is_there(&attachment.network).await?;
        }
        let sized = self.sized(request).await?;
        let mut image = self.image_name(&request.image);
        loop {
            let asked = self.ask_to_create(&name, request, image.clone(), sized);
            let refused = match asked.await? {
                Ok(id) => return self.connected(&name, id, request).await,
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

    /// Connects what was just made to its further networks. Where that cannot be, nothing half-made stays.
    async fn connected(
        &self,
        name: &str,
        id: RuntimeId,
        request: &CreateContainer,
    ) -> Result<RuntimeId> {
        for attachment in request.attachments.iter().skip(1) {
            if let Err(error) = self.connect_network(name, attachment).await {
                // What cannot be removed now is found by its name when it is asked for again.
                drop(self.remove(RuntimeName::Current(request.container)).await);
                return Err(error);
            }
        }
        Ok(id)
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
        let mut client = self.client().await?;
        if let Some(mac) = convert::own_mac(request) {
            client = giving_mac(client, &body, mac)?;
        }
        let made = client.create_container(Some(options), body).await;
        Ok(made.map(|made| RuntimeId(made.id)))
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
        let config = there.config.as_ref();
        let labels = config
            .and_then(|config| config.labels.clone())
            .unwrap_or_default();
        let same = labels.get(label::DEPLOYMENT).map(String::as_str) == Some(self.deployment())
            && label::container(&labels) == Some(request.container)
            && label::revision(&labels) == request.revision;
        match &there.id {
            Some(id) if same => {
                let id = RuntimeId(id.clone());
                self.connect_lacking(name, &there, &request.attachments)
                    .await?;
                Ok(Some(id))
            }
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
}

/// A client whose next create call carries the container's MAC. Until API 1.44 it is a field of the whole container,
/// which bollard has no longer; an endpoint's own is ignored by the engine.
fn giving_mac(
    client: bollard::Docker,
    body: &ContainerCreateBody,
    mac: &str,
) -> Result<bollard::Docker> {
    let text = with_mac(body, mac).map_err(|error| {
        let sentence = format!("cannot write the request for a container: {error}");
        Error::new(Class::Internal, sentence)
    })?;
    Ok(client.with_request_modifier(move |call| {
        call.map(|_| bollard::body_full(text.clone().into_bytes().into()))
    }))
}

fn with_mac(body: &ContainerCreateBody, mac: &str) -> serde_json::Result<String> {
    let mut fields = serde_json::to_value(body)?;
    if let Some(fields) = fields.as_object_mut() {
        fields.insert("MacAddress".to_owned(), mac.into());
    }
    serde_json::to_string(&fields)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mac_comes_beside_everything_else() {
        let body = ContainerCreateBody {
            image: Some("nginx".to_owned()),
            ..ContainerCreateBody::default()
        };
        let text = with_mac(&body, "02:42:aa:bb:cc:dd").unwrap();
        assert_eq!(
            text,
            r#"{"Image":"nginx","MacAddress":"02:42:aa:bb:cc:dd"}"#
        );
    }
}
