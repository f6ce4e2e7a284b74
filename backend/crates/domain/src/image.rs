//! An image as a host has it, a pull as users follow it, and the images of the image service.

mod stored;

use serde::{Deserialize, Serialize};

use crate::name::ImageRef;

pub use stored::{
    ArchiveKind, CommitContainer, Image, ImageFacts, ImageLife, LoadImage, PulledImage, SaveImage,
    SaveSource, Visibility,
};

/// An image that was looked up: what the reference means at that moment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ResolvedImage {
    /// The reference as asked.
    pub reference: ImageRef,
    /// The repository digest (`sha256:…`), or the image id where there is none, as after `docker import`.
    pub digest: String,
    /// The host already has it.
    pub present: bool,
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
