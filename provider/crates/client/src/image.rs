//! Images of the image API (Glance's, version 2), and what `/zund/v1` adds to it.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use reqwest::Method;
use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};
use zun_api_types::image::ImageAccepted;

use crate::client::{Call, Client};
use crate::error::Error;

/// An image.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Image {
    /// Identity.
    pub id: String,
    /// Name; null where it has none.
    #[serde(default)]
    pub name: Option<String>,
    /// `queued`, `saving`, `importing`, `active`, `killed`, `deleted` and others of Glance's words.
    pub status: String,
    /// `private` or `public`, and others of Glance's words.
    #[serde(default)]
    pub visibility: String,
    /// Such as `docker`.
    #[serde(default)]
    pub container_format: Option<String>,
    /// Such as `raw`.
    #[serde(default)]
    pub disk_format: Option<String>,
    /// Bytes of its data; null before it has any.
    #[serde(default)]
    pub size: Option<u64>,
    /// MD5 of its data, in hexadecimal digits.
    #[serde(default)]
    pub checksum: Option<String>,
    /// What `os_hash_value` is made with.
    #[serde(default)]
    pub os_hash_algo: Option<String>,
    /// Digest of its data, in hexadecimal digits.
    #[serde(default)]
    pub os_hash_value: Option<String>,
    /// Words it can be found by.
    #[serde(default)]
    pub tags: Vec<String>,
    /// GiB of disk that a container of it needs.
    #[serde(default)]
    pub min_disk: u64,
    /// MiB of memory that a container of it needs.
    #[serde(default)]
    pub min_ram: u64,
    /// It cannot be deleted.
    #[serde(default)]
    pub protected: bool,
    /// It is left out of lists that do not ask for it.
    #[serde(default)]
    pub os_hidden: bool,
    /// The project it belongs to.
    #[serde(default)]
    pub owner: Option<String>,
    /// Where its data is, below the service's address.
    #[serde(default)]
    pub file: Option<String>,
    /// When it was accepted.
    #[serde(default)]
    pub created_at: Option<String>,
    /// Everything else: what users say about it stands beside what the service says.
    #[serde(flatten)]
    rest: BTreeMap<String, Json>,
}

/// Fields of the service that are not in [`Image`]: Glance's schema of an image, which is the same since Rocky.
const OF_THE_SERVICE: [&str; 9] = [
    "direct_url",
    "locations",
    "schema",
    "self",
    "stores",
    "updated_at",
    "virtual_size",
    "owner_specified",
    "deleted_at",
];

impl Image {
    /// The user's own words about it, key and value.
    pub fn properties(&self) -> BTreeMap<String, String> {
        let own = self.rest.iter().filter_map(|(name, value)| {
            let text = value.as_str()?;
            (!OF_THE_SERVICE.contains(&name.as_str())).then(|| (name.clone(), text.to_owned()))
        });
        own.collect()
    }
}

/// An image to be made; its data comes later.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct CreateImage {
    /// Name.
    pub name: String,
    /// Such as `docker`.
    pub container_format: String,
    /// Such as `raw`.
    pub disk_format: String,
    /// Who sees it.
    pub visibility: String,
    /// Words it can be found by.
    pub tags: Vec<String>,
    /// GiB of disk that a container of it needs.
    pub min_disk: u64,
    /// MiB of memory that a container of it needs.
    pub min_ram: u64,
    /// The user's own words about it.
    #[serde(flatten)]
    pub properties: BTreeMap<String, String>,
}

/// An image to be made of one in a registry.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct PullImage {
    /// Name.
    pub name: String,
    /// What the registry calls it.
    pub reference: String,
    /// Which registry of the project, by id or name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub registry: Option<String>,
    /// Words it can be found by.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
    /// Who sees it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub visibility: Option<String>,
}

/// What the engine knows about an image.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
pub struct ImageContent {
    /// The image id that the Docker Engine gives it.
    #[serde(default)]
    pub docker_image_id: Option<String>,
    /// What its data is: `docker`, `oci` or `rootfs`.
    #[serde(default)]
    pub kind: Option<String>,
}

/// One change, in the words of Glance's JSON patch.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "op", rename_all = "lowercase")]
pub enum ImageChange {
    /// A value that was not there.
    Add {
        /// `/` and the name.
        path: String,
        /// The value.
        value: Json,
    },
    /// Another value.
    Replace {
        /// `/` and the name.
        path: String,
        /// The value.
        value: Json,
    },
    /// No value any more.
    Remove {
        /// `/` and the name.
        path: String,
    },
}

/// `/name`, as JSON pointers write it (RFC 6901).
fn pointer(name: &str) -> String {
    format!("/{}", name.replace('~', "~0").replace('/', "~1"))
}

impl ImageChange {
    /// Another value of a field that every image has.
    pub fn replace(name: &str, value: impl Into<Json>) -> Self {
        let (path, value) = (pointer(name), value.into());
        Self::Replace { path, value }
    }

    /// What leads from some properties to others.
    pub fn of_properties(
        from: &BTreeMap<String, String>,
        to: &BTreeMap<String, String>,
    ) -> Vec<Self> {
        let gone = from.keys().filter(|name| !to.contains_key(*name));
        let gone = gone.map(|name| Self::Remove {
            path: pointer(name),
        });
        let said = to
            .iter()
            .filter(|(name, value)| from.get(*name) != Some(value));
        let said = said.map(|(name, value)| {
            let (path, value) = (pointer(name), Json::from(value.as_str()));
            if from.contains_key(name) {
                Self::Replace { path, value }
            } else {
                Self::Add { path, value }
            }
        });
        gone.chain(said).collect()
    }
}

#[derive(Deserialize)]
struct Page {
    images: Vec<Image>,
    #[serde(default)]
    next: Option<String>,
}

/// The type of a change of an image (Glance's API reference, "Update image").
const PATCH: &str = "application/openstack-images-v2.1-json-patch";

impl Client {
    /// Writes an image down, which has no data yet. Never sent twice: names are not unique, and a second one would be
    /// made.
    pub async fn image_create(&self, body: &CreateImage) -> Result<Image, Error> {
        self.features().await?;
        let tried = format!("create image {}", body.name);
        self.call(Call::images(tried, Method::POST, &["images"]).body(body))
            .await
    }

    /// Accepts an image whose data comes from a registry; the operation in the answer fetches it. Never sent twice.
    pub async fn image_pull(&self, body: &PullImage) -> Result<ImageAccepted, Error> {
        self.features().await?;
        let tried = format!("create image {} of {}", body.name, body.reference);
        self.call(Call::extension(tried, Method::POST, &["images"]).body(body))
            .await
    }

    /// Sends the data of an image, which takes no longer than `wait`.
    pub async fn image_upload(&self, id: &str, file: &Path, wait: Duration) -> Result<(), Error> {
        self.features().await?;
        let tried = format!("upload {} as image {id}", file.display());
        let call = Call::images(tried, Method::PUT, &["images", id, "file"])
            .content_type("application/octet-stream")
            .file(file)
            .waiting(wait);
        self.call_empty(call).await
    }

    /// An image by id; `None` when there is none, or none that the caller sees.
    pub async fn image_find(&self, id: &str) -> Result<Option<Image>, Error> {
        self.features().await?;
        let tried = format!("read image {id}");
        present(
            self.call(Call::images(tried, Method::GET, &["images", id]))
                .await,
        )
    }

    /// What the engine knows about an image; `None` when there is none.
    pub async fn image_content(&self, id: &str) -> Result<Option<ImageContent>, Error> {
        self.features().await?;
        let tried = format!("read image {id}");
        present(
            self.call(Call::extension(tried, Method::GET, &["images", id]))
                .await,
        )
    }

    /// Every image that fits the filters of the API, the newest first.
    pub async fn image_list(&self, filters: &[(&'static str, &str)]) -> Result<Vec<Image>, Error> {
        self.features().await?;
        let mut all: Vec<Image> = Vec::new();
        loop {
            let mut call = Call::images("list images", Method::GET, &["images"])
                .query("sort_key", "created_at")
                .query("sort_dir", "desc");
            for (name, value) in filters {
                call = call.query(name, *value);
            }
            if let Some(last) = all.last() {
                call = call.query("marker", &last.id);
            }
            let page: Page = self.call(call).await?;
            let more = page.next.is_some() && !page.images.is_empty();
            all.extend(page.images);
            if !more {
                return Ok(all);
            }
        }
    }

    /// Changes an image.
    pub async fn image_update(&self, id: &str, changes: &[ImageChange]) -> Result<Image, Error> {
        self.features().await?;
        let tried = format!("change image {id}");
        let call = Call::images(tried, Method::PATCH, &["images", id]);
        self.call(call.body(&json!(changes)).content_type(PATCH))
            .await
    }

    /// Deletes an image and its data; whether there was one.
    pub async fn image_delete(&self, id: &str) -> Result<bool, Error> {
        self.features().await?;
        let tried = format!("delete image {id}");
        let call = Call::images(tried, Method::DELETE, &["images", id]);
        Ok(present(self.call_empty(call).await)?.is_some())
    }
}

/// Without the error of what is not there.
fn present<T>(answer: Result<T, Error>) -> Result<Option<T>, Error> {
    match answer {
        Ok(found) => Ok(Some(found)),
        Err(error) if error.is_not_found() => Ok(None),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
#[path = "image/tests.rs"]
mod tests;
