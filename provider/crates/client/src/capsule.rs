//! Capsules.

use reqwest::Method;
use zun_api_types::capsule::{
    AcceptedCapsule, Capsule, CapsulePreview, CapsulePreviewRequest, CreateCapsule, UpdateCapsule,
};

use crate::client::{Call, Client};
use crate::error::Error;
use crate::retry::Patience;

impl Client {
    /// Accepts a capsule; the operation in the answer makes it. Sent again only with a name: the same name and
    /// specification take over what an unanswered request has made.
    pub async fn capsule_create(&self, body: &CreateCapsule) -> Result<AcceptedCapsule, Error> {
        self.features().await?;
        let (tried, patience) = match &body.name {
            Some(name) => (format!("create capsule {name}"), Patience::Short),
            None => ("create a capsule".to_owned(), Patience::None),
        };
        let call = Call::extension(tried, Method::POST, &["capsules"]);
        self.call(call.body(body).patience(patience)).await
    }

    /// A capsule by uuid or name; `None` when there is none.
    pub async fn capsule_find(&self, which: &str) -> Result<Option<Capsule>, Error> {
        self.features().await?;
        let tried = format!("read capsule {which}");
        let call = Call::extension(tried, Method::GET, &["capsules", which]);
        match self.call(call).await {
            Ok(capsule) => Ok(Some(capsule)),
            Err(error) if error.is_not_found() => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Accepts a new wish for a capsule. Never sent twice: the generation in it would not hold any more.
    pub async fn capsule_update(
        &self,
        uuid: &str,
        body: &UpdateCapsule,
    ) -> Result<AcceptedCapsule, Error> {
        self.features().await?;
        let tried = format!("change capsule {uuid}");
        let call = Call::extension(tried, Method::PUT, &["capsules", uuid]);
        self.call(call.body(body)).await
    }

    /// Accepts the end of a capsule; `None` when there is none.
    pub async fn capsule_delete(&self, uuid: &str) -> Result<Option<AcceptedCapsule>, Error> {
        self.features().await?;
        let tried = format!("delete capsule {uuid}");
        let call = Call::extension(tried, Method::DELETE, &["capsules", uuid]);
        match self.call(call).await {
            Ok(accepted) => Ok(Some(accepted)),
            Err(error) if error.is_not_found() => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Tells the server that the answer to the create has arrived.
    pub async fn capsule_confirm(&self, uuid: &str) -> Result<(), Error> {
        let tried = format!("confirm capsule {uuid}");
        let call = Call::extension(tried, Method::POST, &["capsules", uuid, "confirm"]);
        self.call_empty(call.patience(Patience::Short)).await
    }

    /// What a create or an update would do. Changes nothing.
    pub async fn capsule_preview(
        &self,
        body: &CapsulePreviewRequest,
    ) -> Result<CapsulePreview, Error> {
        self.features().await?;
        let call = Call::extension("preview the change", Method::POST, &["preview", "capsule"]);
        self.call(call.body(body).patience(Patience::Short)).await
    }
}
