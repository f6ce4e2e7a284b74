//! An image as a host has it, a pull as users follow it, and the images of the image service.

mod stored;

use serde::{Deserialize, Serialize};

use crate::id::RegistryId;
use crate::name::ImageRef;

pub use stored::{
    ArchiveKind, CommitContainer, Image, ImageFacts, ImageLife, LoadImage, PulledImage, PushCommit,
    SaveImage, SaveSource, Visibility,
};

/// An image that was looked up: what the reference means at that moment.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct ResolvedImage {
    /// The reference as asked.
    pub reference: ImageRef,
    /// The repository digest (`sha256:…`), or the image id where there is none, as after `docker import`.
    pub digest: String,
    /// The host already has it.
    pub present: bool,
    /// The registry whose credentials fetch it; they are read when it is fetched. None in a plan of an earlier build.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub registry: Option<RegistryId>,
}

/// An image as a registry's search shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FoundImage {
    /// Its name, as it would be pulled.
    pub name: String,
    /// What its owner says of it.
    pub description: String,
    /// It is one of the registry's own.
    pub official: bool,
    /// How many like it.
    pub stars: u64,
}

/// What a host does with an image that was fetched.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ImageUse {
    /// It is not there.
    Absent,
    /// It is there, and no container was made from it.
    Unused,
    /// A container, ours or not, running or not, was made from it.
    InUse,
}

/// How far a pull is. Layers are counted, bytes summed over those known so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct PullProgress {
    /// Layers complete.
    pub layers_done: u32,
    /// Layers seen.
    pub layers: u32,
    /// Bytes fetched.
    pub bytes_done: u64,
    /// Bytes to fetch, as far as known.
    pub bytes: u64,
}
