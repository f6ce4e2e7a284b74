//! Volumes of the block storage API (Cinder's, version 3).

use std::collections::BTreeMap;

use reqwest::Method;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::client::{Call, Client};
use crate::error::Error;

/// That a container has a volume.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct VolumeAttachment {
    /// The container, its uuid.
    #[serde(default)]
    pub server_id: Option<String>,
    /// Where the container sees it.
    #[serde(default)]
    pub device: Option<String>,
    /// Since when.
    #[serde(default)]
    pub attached_at: Option<String>,
}

/// A volume.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Volume {
    /// Identity.
    pub id: String,
    /// Name; empty or null where it has none.
    #[serde(default)]
    pub name: Option<String>,
    /// Description; empty or null where it has none.
    #[serde(default)]
    pub description: Option<String>,
    /// The user's own words about it.
    #[serde(default)]
    pub metadata: BTreeMap<String, String>,
    /// `creating`, `available`, `reserved`, `in-use`, `extending`, `deleting` or `error`.
    pub status: String,
    /// Size, in GiB.
    pub size: u64,
    /// Type.
    #[serde(default)]
    pub volume_type: Option<String>,
    /// The snapshot it was made from.
    #[serde(default)]
    pub snapshot_id: Option<String>,
    /// The volume it was made from.
    #[serde(default)]
    pub source_volid: Option<String>,
    /// Who has it.
    #[serde(default)]
    pub attachments: Vec<VolumeAttachment>,
    /// The host its data is on.
    #[serde(default, rename = "os-vol-host-attr:host")]
    pub host: Option<String>,
    /// Why it is as it is: the cause of the last failure.
    #[serde(default, rename = "zun-vol-attr:status_reason")]
    pub status_reason: Option<String>,
}

/// A volume to be made.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct CreateVolume {
    /// Size, in GiB.
    pub size: u64,
    /// Name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Description.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// The user's own words about it.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub metadata: BTreeMap<String, String>,
    /// Type.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub volume_type: Option<String>,
    /// The snapshot to begin with.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub snapshot_id: Option<String>,
    /// The volume to begin as a copy of.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source_volid: Option<String>,
}

/// What is said about a volume or a snapshot, the whole of it; empty where nothing is said.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Described {
    /// Name.
    pub name: String,
    /// Description.
    pub description: String,
    /// The user's own words.
    pub metadata: BTreeMap<String, String>,
}

/// A kind of object of this API, and what it is called there.
pub(crate) struct Kind {
    /// In words.
    pub(crate) noun: &'static str,
    /// In bodies.
    pub(crate) singular: &'static str,
    /// In paths and lists.
    pub(crate) plural: &'static str,
}

const VOLUMES: Kind = Kind {
    noun: "volume",
    singular: "volume",
    plural: "volumes",
};

impl Client {
    /// Accepts a volume; it is there when its status is `available`. Never sent twice: names are not unique,
    /// and a second one would be made.
    pub async fn volume_create(&self, body: &CreateVolume) -> Result<Volume, Error> {
        self.stored_create(&VOLUMES, body.name.as_deref(), body)
            .await
    }

    /// A volume by id; `None` when there is none.
    pub async fn volume_find(&self, id: &str) -> Result<Option<Volume>, Error> {
        self.stored_find(&VOLUMES, id).await
    }

    /// Volumes of this name.
    pub async fn volumes_named(&self, name: &str) -> Result<Vec<Volume>, Error> {
        self.stored_named(&VOLUMES, name).await
    }

    /// Changes what is said about a volume.
    pub async fn volume_describe(&self, id: &str, words: &Described) -> Result<(), Error> {
        self.stored_describe(&VOLUMES, id, words).await
    }

    /// Accepts a larger size, in GiB; the volume has it when its status is no longer `extending`.
    pub async fn volume_extend(&self, id: &str, size: u64) -> Result<(), Error> {
        let project = &self.features().await?.project_id;
        let tried = format!("extend volume {id} to {size} GiB");
        let call = Call::block_storage(tried, Method::POST, project, &["volumes", id, "action"]);
        self.call_empty(call.body(&json!({ "os-extend": { "new_size": size } })))
            .await
    }

    /// Accepts the end of a volume; whether there was one.
    pub async fn volume_delete(&self, id: &str) -> Result<bool, Error> {
        self.stored_delete(&VOLUMES, id).await
    }

    pub(crate) async fn stored_create<T: DeserializeOwned>(
        &self,
        kind: &Kind,
        name: Option<&str>,
        body: &impl Serialize,
    ) -> Result<T, Error> {
        let project = &self.features().await?.project_id;
        let tried = match name {
            Some(name) => format!("create {} {name}", kind.noun),
            None => format!("create a {}", kind.noun),
        };
        let call = Call::block_storage(tried, Method::POST, project, &[kind.plural]);
        let body = BTreeMap::from([(kind.singular, body)]);
        self.call::<Wrapped<T>>(call.body(&body))
            .await
            .map(|wrapped| wrapped.inner)
    }

    pub(crate) async fn stored_find<T: DeserializeOwned>(
        &self,
        kind: &Kind,
        id: &str,
    ) -> Result<Option<T>, Error> {
        let project = &self.features().await?.project_id;
        let tried = format!("read {} {id}", kind.noun);
        let call = Call::block_storage(tried, Method::GET, project, &[kind.plural, id]);
        match self.call::<Wrapped<T>>(call).await {
            Ok(wrapped) => Ok(Some(wrapped.inner)),
            Err(error) if error.is_not_found() => Ok(None),
            Err(error) => Err(error),
        }
    }

    pub(crate) async fn stored_named<T: DeserializeOwned>(
        &self,
        kind: &Kind,
        name: &str,
    ) -> Result<Vec<T>, Error> {
        let project = &self.features().await?.project_id;
        let tried = format!("look for a {} named {name}", kind.noun);
        let path = [kind.plural, "detail"];
        let call = Call::block_storage(tried, Method::GET, project, &path).query("name", name);
        self.call::<WrappedList<T>>(call)
            .await
            .map(|wrapped| wrapped.inner)
    }

    pub(crate) async fn stored_describe(
        &self,
        kind: &Kind,
        id: &str,
        words: &Described,
    ) -> Result<(), Error> {
        let project = &self.features().await?.project_id;
        let call = |path: &[&str]| {
            let tried = format!("change {} {id}", kind.noun);
            Call::block_storage(tried, Method::PUT, project, path)
        };
        let said = json!({ "name": words.name, "description": words.description });
        let body = BTreeMap::from([(kind.singular, said)]);
        self.call_empty(call(&[kind.plural, id]).body(&body))
            .await?;
        let metadata = json!({ "metadata": words.metadata });
        self.call_empty(call(&[kind.plural, id, "metadata"]).body(&metadata))
            .await
    }

    pub(crate) async fn stored_delete(&self, kind: &Kind, id: &str) -> Result<bool, Error> {
        let project = &self.features().await?.project_id;
        let tried = format!("delete {} {id}", kind.noun);
        let call = Call::block_storage(tried, Method::DELETE, project, &[kind.plural, id]);
        match self.call_empty(call).await {
            Ok(()) => Ok(true),
            Err(error) if error.is_not_found() => Ok(false),
            Err(error) => Err(error),
        }
    }
}

/// The one object of a body, whatever it is called there.
#[derive(Deserialize)]
struct Wrapped<T> {
    #[serde(alias = "volume", alias = "snapshot")]
    inner: T,
}

/// The list of a body, beside which there may be links to more.
#[derive(Deserialize)]
struct WrappedList<T> {
    #[serde(alias = "volumes", alias = "snapshots")]
    inner: Vec<T>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Stub, answer, connection, login, stub};

    const FEATURES: &str = r#"{"version":"0.1.0","api":1,"disk":"account","project_id":"p"}"#;

    async fn server(status: u16, body: &'static str) -> (Stub, Client) {
        let server = stub(move |request, head| match request {
            "POST /v3/auth/tokens" => {
                let host = head.lines().find_map(|line| line.strip_prefix("host: "));
                login(&format!("http://{}", host.unwrap()), "t")
            }
            "GET /zund/v1" => answer(200, FEATURES),
            _ => answer(status, body),
        })
        .await;
        let client = Client::new(connection(&server.address));
        (server, client)
    }

    #[tokio::test]
    async fn a_volume_is_read_with_all_that_is_said_of_it() {
        let body = r#"{"volume":{"id":"v","name":"data","description":null,"metadata":{"a":"1"},"status":"in-use",
            "size":2,"volume_type":"single","snapshot_id":null,"source_volid":"w","bootable":"false",
            "attachments":[{"server_id":"c","attachment_id":"a","device":"/data","attached_at":"2026-01-01T00:00:00"}],
            "os-vol-host-attr:host":"alpha","zun-vol-attr:status_reason":null,"zun-vol-attr:owner":null}}"#;
        let (server, client) = server(200, body).await;
        let volume = client.volume_find("v").await.unwrap().unwrap();
        assert_eq!(volume.host.as_deref(), Some("alpha"));
        assert_eq!(volume.attachments[0].device.as_deref(), Some("/data"));
        assert_eq!(volume.source_volid.as_deref(), Some("w"));
        let seen = server.seen.lock().unwrap().clone();
        assert_eq!(
            seen.last().map(String::as_str),
            Some("GET /volume/v3/p/volumes/v")
        );
    }

    #[tokio::test]
    async fn a_refusal_says_what_the_server_said_and_what_to_do() {
        let body =
            r#"{"badRequest":{"code":400,"message":"volume v is attached to container web"}}"#;
        let (_server, client) = server(400, body).await;
        let error = client.volume_delete("v").await.unwrap_err();
        assert_eq!(
            error.to_string(),
            "cannot delete volume v: volume v is attached to container web (HTTP 400, badRequest)"
        );
        assert!(error.next_step().contains("clear what is in the way"));
    }

    #[tokio::test]
    async fn what_is_not_there_is_no_error() {
        let body = r#"{"itemNotFound":{"code":404,"message":"no volume v"}}"#;
        let (_server, client) = server(404, body).await;
        assert_eq!(client.volume_find("v").await, Ok(None));
        assert_eq!(client.volume_delete("v").await, Ok(false));
    }
}
