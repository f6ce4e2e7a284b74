//! A typed client of zund: login at Keystone, the extension API `/zund/v1`, what a provider needs of the
//! container API `/v1`, the block storage API `/volume/v3`, the networking API `/network/v2.0`, and the image API
//! `/image/v2`.
//!
//! Start with [`Client`]: made from a [`Connection`] without touching the network; it logs in and asks
//! for the server's features when the first call needs them, once, and again once when a token is
//! refused. One file per noun holds the calls; [`transport`] sends one request, [`retry`] says when it
//! is sent again, [`Error`] says what was tried, why it failed and what to do next.
//!
//! Not here: waiting for operations, Terraform, and any reading of the environment.

pub mod connection;
pub mod error;

mod catalog;
mod client;
mod identity;
mod reply;
mod retry;
mod tls;
mod transport;

mod capsule;
mod container;
mod features;
pub mod host;
pub mod image;
pub mod networking;
mod operation;
mod preview;
mod quota;
pub mod registry;
pub mod snapshot;
pub mod volume;

#[cfg(test)]
mod testing;

pub use client::Client;
pub use connection::{Connection, Credentials, Domain, Named, Project, Secret, Tls, User};
pub use container::ContainerFilter;
pub use error::{Cause, Error};
pub use host::Host;
pub use image::{Image, ImageChange};
pub use registry::Registry;
pub use snapshot::{CreateSnapshot, Snapshot};
pub use volume::{CreateVolume, Described, Volume, VolumeAttachment};
