//! Containers.

use reqwest::Method;
use zun_api_types::container::{
    Accepted, Container, ContainerPage, CreateContainer, UpdateContainer,
};

use crate::client::{Call, Client};
use crate::error::Error;
use crate::retry::Patience;

/// Which containers of a list are wanted; what is not given does not matter.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ContainerFilter {
    /// Of this name.
    pub name: Option<String>,
    /// In this state.
    pub state: Option<String>,
    /// Of this image.
    pub image: Option<String>,
    /// On this host.
    pub host: Option<String>,
}

/// The most a page holds.
const PAGE: &str = "1000";

impl Client {
    /// Accepts a container; the operation in the answer makes it. Sent again only with a name: the same
    /// name and specification take over what an unanswered request has made.
    pub async fn container_create(&self, body: &CreateContainer) -> Result<Accepted, Error> {
        self.features().await?;
        let (tried, patience) = match &body.name {
            Some(name) => (format!("create container {name}"), Patience::Short),
            None => ("create a container".to_owned(), Patience::None),
        };
        let call = Call::extension(tried, Method::POST, &["containers"]);
        self.call(call.body(body).patience(patience)).await
    }

    /// A container by uuid or name; `None` when there is none.
    pub async fn container_find(&self, which: &str) -> Result<Option<Container>, Error> {
        self.features().await?;
        let tried = format!("read container {which}");
        let call = Call::extension(tried, Method::GET, &["containers", which]);
        match self.call(call).await {
            Ok(container) => Ok(Some(container)),
            Err(error) if error.is_not_found() => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Every container of the project that the filter lets through, in pages.
    pub async fn container_list(&self, filter: &ContainerFilter) -> Result<Vec<Container>, Error> {
        self.features().await?;
        let mut all = Vec::new();
        let mut marker = None;
        loop {
            let mut call = Call::extension("list containers", Method::GET, &["containers"])
                .query("limit", PAGE);
            let wanted = [
                ("name", &filter.name),
                ("state", &filter.state),
                ("image", &filter.image),
                ("host", &filter.host),
                ("marker", &marker),
            ];
            for (name, value) in wanted {
                if let Some(value) = value {
                    call = call.query(name, value);
                }
            }
            let page: ContainerPage = self.call(call).await?;
            all.extend(page.containers);
            match page.next {
                Some(next) if marker.as_ref() != Some(&next) => marker = Some(next),
                _ => return Ok(all),
            }
        }
    }

    /// Accepts a new wish for a container. Never sent twice: the generation in it would not hold any more.
    pub async fn container_update(
        &self,
        uuid: &str,
        body: &UpdateContainer,
    ) -> Result<Accepted, Error> {
        self.features().await?;
        let call = Call::extension(
            format!("change container {uuid}"),
            Method::PUT,
            &["containers", uuid],
        );
        self.call(call.body(body)).await
    }

    /// Accepts the end of a container; `None` when there is none.
    pub async fn container_delete(&self, uuid: &str) -> Result<Option<Accepted>, Error> {
        self.features().await?;
        let call = Call::extension(
            format!("delete container {uuid}"),
            Method::DELETE,
            &["containers", uuid],
        );
        match self.call(call).await {
            Ok(accepted) => Ok(Some(accepted)),
            Err(error) if error.is_not_found() => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Tells the server that the answer to the create has arrived.
    pub async fn container_confirm(&self, uuid: &str) -> Result<(), Error> {
        let call = Call::extension(
            format!("confirm container {uuid}"),
            Method::POST,
            &["containers", uuid, "confirm"],
        );
        self.call_empty(call.patience(Patience::Short)).await
    }
}
