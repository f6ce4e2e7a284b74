//! An image of the image service: what is said about it, where it stands, and what its data turned out to be.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::ResolvedImage;
use crate::host::HostPlace;
use crate::id::{ImageId, ProjectId, RegistryId, UserId};
use crate::name::ImageRef;
use crate::runtime::RuntimeName;
use crate::time::Timestamp;

/// What an archive is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ArchiveKind {
    /// What `docker save` writes.
    Docker,
    /// An OCI image layout.
    Oci,
    /// A root filesystem.
    Rootfs,
}

impl ArchiveKind {
    /// The word on the API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Docker => "docker",
            Self::Oci => "oci",
            Self::Rootfs => "rootfs",
        }
    }
}

/// What the data of an image turned out to be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImageFacts {
    /// What kind of archive it is.
    pub kind: ArchiveKind,
    /// The id that a Docker Engine gives to it, `sha256:…`: a function of the data alone.
    pub docker_id: String,
    /// Bytes of the archive.
    pub size: u64,
    /// MD5 of the archive, 32 hexadecimal digits.
    pub md5: String,
    /// SHA-512 of the archive, 128 hexadecimal digits.
    pub sha512: String,
}

/// Where an image stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ImageLife {
    /// It has no data yet.
    Queued,
    /// Its data is coming.
    Saving,
    /// It has its data.
    Active,
    /// Its data could not be had, or not be removed.
    Failed {
        /// Why.
        reason: String,
    },
    /// A delete was accepted.
    Deleting,
}

impl ImageLife {
    /// Glance's word for it.
    pub fn glance(&self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Saving => "saving",
            Self::Active => "active",
            Self::Failed { .. } => "killed",
            Self::Deleting => "pending_delete",
        }
    }
}

/// Who may use an image.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Visibility {
    /// Its project.
    #[default]
    Private,
    /// Every project.
    Public,
}

impl Visibility {
    /// The word on the API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Private => "private",
            Self::Public => "public",
        }
    }
}

/// An image of the image service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Image {
    /// Identity.
    pub id: ImageId,
    /// Owner.
    pub project: ProjectId,
    /// Who created it.
    pub user: UserId,
    /// Name; not unique, may be empty.
    pub name: String,
    /// Who may use it.
    pub visibility: Visibility,
    /// It cannot be deleted.
    pub protected: bool,
    /// It is left out of lists that do not ask for it.
    pub hidden: bool,
    /// Glance's word for the wrapping, such as `docker` or `bare`; said by the user, decides nothing.
    pub container_format: Option<String>,
    /// Glance's word for the format inside, such as `raw`; said by the user, decides nothing.
    pub disk_format: Option<String>,
    /// GiB of disk that the user says it needs.
    pub min_disk: u32,
    /// MiB of memory that the user says it needs.
    pub min_ram: u32,
    /// The user's words for it.
    pub tags: BTreeSet<String>,
    /// The user's own properties.
    pub properties: BTreeMap<String, String>,
    /// The reference that its data was pulled by, where it was.
    pub source: Option<ImageRef>,
    /// What its data is, once it has some.
    pub facts: Option<ImageFacts>,
    /// Where it stands.
    pub life: ImageLife,
    /// When it was created.
    pub created_at: Timestamp,
    /// When it changed last.
    pub updated_at: Timestamp,
}

impl Image {
    /// Whether the project may use it.
    pub fn is_visible_to(&self, project: ProjectId) -> bool {
        self.project == project || self.visibility == Visibility::Public
    }
}

/// An image that an administrator has pulled to a host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PulledImage {
    /// Identity.
    pub id: ImageId,
    /// The project of who asked.
    pub project: ProjectId,
    /// Who asked.
    pub user: UserId,
    /// What it is pulled by.
    pub reference: ImageRef,
    /// Where.
    pub place: HostPlace,
    /// Its own id in the Docker Engine, once it is there.
    pub image_id: Option<String>,
    /// Bytes it takes there.
    pub size: Option<u64>,
    /// Where it stands; never queued.
    pub life: ImageLife,
    /// When it was asked for.
    pub created_at: Timestamp,
    /// When it changed last.
    pub updated_at: Timestamp,
}

/// An image of the image service that a host is to have.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LoadImage {
    /// Whose data.
    pub image: ImageId,
    /// Its name as the user wrote it, for messages.
    pub name: String,
    /// The id that it has then.
    pub docker_id: String,
}

/// Data that an image of the image service is to have.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SaveImage {
    /// Whose.
    pub image: ImageId,
    /// Where it comes from.
    pub from: SaveSource,
    /// Bytes it may have.
    pub most: u64,
}

/// Where saved data comes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SaveSource {
    /// The commit that was made for the image.
    Commit,
    /// An image that the host has.
    Host(ResolvedImage),
}

/// What a container's filesystem becomes, kept in the engine until it is saved.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CommitContainer {
    /// Of which container.
    pub name: RuntimeName,
    /// For which image.
    pub image: ImageId,
}

/// A commit that a registry is to have.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PushCommit {
    /// What it was committed for.
    pub image: ImageId,
    /// What it is called there.
    pub target: ImageRef,
    /// Whose credentials send it; they are read when it is sent.
    pub registry: RegistryId,
}
