//! The contracts of everything outside: container runtime, images, networks, firewall, volumes.
//! `archive` knows what the archives of images are, `content` carries what is too large for memory.
//!
//! A driver speaks the words of `zun-domain`, never the engine's, and every verb may be asked twice: the
//! second time succeeds and changes nothing. The `fake` twins and the real drivers pass the suites in
//! `conformance`. Not here: any engine's client library.

pub mod archive;
pub mod content;
pub mod error;
pub mod firewall;
pub mod image;
pub mod image_store;
pub mod network;
pub mod runtime;
pub mod volume;

#[cfg(feature = "fake")]
pub mod fake;

#[cfg(feature = "conformance")]
pub mod conformance;

use std::sync::Arc;

pub use content::Content;
pub use error::{Class, Error, Result};
pub use firewall::{FirewallDriver, ForeignGuard};
pub use image::ImageDriver;
pub use image_store::ImageStore;
pub use network::NetworkDriver;
pub use runtime::ContainerRuntime;
pub use volume::VolumeDriver;

/// The drivers of one host. The engine calls a remote host's exactly as a local one's.
#[derive(Clone)]
pub struct HostDrivers {
    /// Containers.
    pub runtime: Arc<dyn ContainerRuntime>,
    /// Images.
    pub images: Arc<dyn ImageDriver>,
    /// The data of the image service.
    pub image_store: Arc<dyn ImageStore>,
    /// Networks.
    pub networks: Arc<dyn NetworkDriver>,
    /// What passes between them.
    pub firewall: Arc<dyn FirewallDriver>,
    /// Volumes, and the files that users gave.
    pub volumes: Arc<dyn VolumeDriver>,
}
