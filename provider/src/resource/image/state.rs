//! From what the server knows to the state, and from a plan to what has to be changed.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::json;
use tfplugin::{Diagnostic, Value};
use zun_client::image::ImageContent;
use zun_client::{Client, Error, Image, ImageChange};

use crate::json::{parse, to_json, value_of};

/// Attributes that no server holds.
const LOCAL: [&str; 4] = ["local_file_path", "registry_image", "registry", "timeouts"];

/// What the engine knows of an image; nothing where it is not an image with data.
pub(crate) async fn content_of(client: &Client, image: &Image) -> Result<ImageContent, Error> {
    if image.status != "active" {
        return Ok(ImageContent::default());
    }
    Ok(client.image_content(&image.id).await?.unwrap_or_default())
}

/// Everything the server knows of an image.
pub(crate) fn shown(image: &Image, content: &ImageContent) -> Value {
    let mut state = Value::object::<&str>([]);
    let tags = image.tags.iter().map(Value::string).collect();
    let sha512 = image.os_hash_value.as_ref();
    state.set("id", image.id.as_str());
    state.set("project_id", &image.owner);
    state.set("name", image.name.as_deref().unwrap_or_default());
    state.set("status", image.status.as_str());
    state.set("visibility", image.visibility.as_str());
    state.set("container_format", &image.container_format);
    state.set("disk_format", &image.disk_format);
    state.set("tags", Value::Set(tags));
    state.set("properties", value_of(&image.properties()));
    state.set("protected", image.protected);
    state.set("hidden", image.os_hidden);
    state.set("min_disk_gb", image.min_disk);
    state.set("min_ram_mb", image.min_ram);
    state.set("size_bytes", image.size);
    state.set("checksum", &image.checksum);
    state.set(
        "sha512",
        sha512.filter(|_| image.os_hash_algo.as_deref() == Some("sha512")),
    );
    state.set("kind", &content.kind);
    state.set("image_id", &content.docker_image_id);
    state.set("file", &image.file);
    state.set("created_at", &image.created_at);
    state
}

/// The state of the resource; what no server holds is as in `kept`.
pub(super) fn state_of(image: &Image, content: &ImageContent, kept: &Value) -> Value {
    let mut state = shown(image, content);
    for name in LOCAL {
        state.set(name, kept.get(name).unwrap_or(&Value::Null));
    }
    state
}

/// What is said about an image.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Words {
    pub(super) name: String,
    pub(super) visibility: String,
    pub(super) tags: BTreeSet<String>,
    pub(super) properties: BTreeMap<String, String>,
    pub(super) min_disk: u64,
    pub(super) min_ram: u64,
    pub(super) protected: bool,
    pub(super) hidden: bool,
}

impl Words {
    /// Those of a plan.
    pub(super) fn planned(planned: &Value) -> Result<Self, Diagnostic> {
        let of = |name: &str| {
            let value = planned.get(name).map(to_json);
            value.unwrap_or_default()
        };
        Ok(Self {
            name: parse(of("name"))?,
            visibility: parse(of("visibility"))?,
            tags: parse(of("tags"))?,
            properties: parse(of("properties"))?,
            min_disk: parse(of("min_disk_gb"))?,
            min_ram: parse(of("min_ram_mb"))?,
            protected: parse(of("protected"))?,
            hidden: parse(of("hidden"))?,
        })
    }

    /// Those of an image.
    pub(super) fn of(image: &Image) -> Self {
        Self {
            name: image.name.clone().unwrap_or_default(),
            visibility: image.visibility.clone(),
            tags: image.tags.iter().cloned().collect(),
            properties: image.properties(),
            min_disk: image.min_disk,
            min_ram: image.min_ram,
            protected: image.protected,
            hidden: image.os_hidden,
        }
    }

    /// What leads from these to others.
    pub(super) fn changes_to(&self, other: &Self) -> Vec<ImageChange> {
        let fields = [
            ("name", json!(self.name), json!(other.name)),
            (
                "visibility",
                json!(self.visibility),
                json!(other.visibility),
            ),
            ("tags", json!(self.tags), json!(other.tags)),
            ("min_disk", json!(self.min_disk), json!(other.min_disk)),
            ("min_ram", json!(self.min_ram), json!(other.min_ram)),
            ("protected", json!(self.protected), json!(other.protected)),
            ("os_hidden", json!(self.hidden), json!(other.hidden)),
        ];
        let changed = fields.into_iter().filter(|(_, from, to)| from != to);
        changed
            .map(|(name, _, to)| ImageChange::replace(name, to))
            .chain(ImageChange::of_properties(
                &self.properties,
                &other.properties,
            ))
            .collect()
    }
}
