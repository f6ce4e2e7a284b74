//! Images on `/zund/v1`: what `/image/v2` does not say of them.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use zun_domain::image::{ArchiveKind, Visibility};
use zun_domain::name::ImageRef;

use crate::operation::Operation;

/// Body of an image whose data comes from a registry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CreateImage {
    /// Its name.
    pub name: String,
    /// What to pull.
    pub reference: ImageRef,
    /// The registry, by name or uuid, whose credentials fetch it; its domain comes in front of a reference without one.
    #[serde(default)]
    pub registry: Option<String>,
    /// The user's words for it.
    #[serde(default)]
    pub tags: Option<BTreeSet<String>>,
    /// Who may use it; its project where nothing is given.
    #[serde(default)]
    pub visibility: Option<Visibility>,
}

/// Where an image stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImageStatus {
    /// `queued`, `saving`, `active`, `killed`, `pending_delete`.
    pub status: String,
    /// Why it is killed.
    pub status_reason: Option<String>,
}

/// An image of the image service.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Image {
    /// Identity.
    pub id: String,
    /// Name; not unique, may be empty.
    pub name: String,
    /// Owner.
    pub project_id: String,
    /// Where it stands.
    #[serde(flatten)]
    pub status: ImageStatus,
    /// Who may use it.
    pub visibility: Visibility,
    /// It cannot be deleted.
    pub protected: bool,
    /// The user's words for it.
    pub tags: BTreeSet<String>,
    /// The user's own properties.
    pub properties: BTreeMap<String, String>,
    /// The reference that its data was pulled by, where it was.
    pub reference: Option<ImageRef>,
    /// What its data is, once it has some.
    pub kind: Option<ArchiveKind>,
    /// The id that a Docker Engine gives to it: `image_digest` of the containers that are made of it.
    pub docker_image_id: Option<String>,
    /// Bytes of its data.
    pub size: Option<u64>,
    /// MD5 of its data.
    pub checksum: Option<String>,
    /// SHA-512 of its data.
    pub sha512: Option<String>,
    /// When it was created.
    pub created_at: Timestamp,
    /// When it changed last.
    pub updated_at: Timestamp,
}

/// An image, and what to follow.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImageAccepted {
    /// As it is now.
    pub image: Image,
    /// What brings its data, or takes it away.
    pub operation: Operation,
}

/// An image that an administrator has pulled to a host.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HostImage {
    /// Identity.
    pub id: String,
    /// What it is pulled by.
    pub reference: ImageRef,
    /// Where.
    pub host: String,
    /// Its own id in the Docker Engine, once it is there.
    pub docker_image_id: Option<String>,
    /// Bytes it takes there.
    pub size: Option<u64>,
    /// Where it stands: `saving`, `active`, `killed`, `pending_delete`.
    #[serde(flatten)]
    pub status: ImageStatus,
}

/// All of them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HostImagePage {
    /// In order of their pulls.
    pub host_images: Vec<HostImage>,
}
