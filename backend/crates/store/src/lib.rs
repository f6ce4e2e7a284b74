//! The nouns of `zun-domain` in SQLite or PostgreSQL. The only crate that knows SQL.
//!
//! [`Store::open`] finds or makes the database. What reads is a method of [`Reader`], and both [`Store`]
//! (the latest commit) and [`Tx`] (the same moment, with its own changes) are readers; what changes is a
//! method of [`Tx`], which is forgotten unless [`Tx::commit`] is awaited. Methods are named noun first:
//! `get` where absence is an error, `find` where it is `None`, `list` for pages; one file per noun.
//!
//! Not here: deciding anything. A caller that reads, decides and writes takes [`Tx::admission_lock`]
//! before it reads, so that no two can both take the last core. What the database itself refuses, a taken
//! address or a second operation on a container, is an [`Error::Conflict`].

mod claim;
mod container;
mod error;
mod event;
mod fetched_image;
mod host;
mod host_port;
mod identity;
mod image;
mod meta;
mod network;
mod open;
mod operation;
mod quota;
mod registry;
mod sql;
mod tx;
mod vault;
mod volume;
mod writer;

#[cfg(test)]
mod tests;

pub use container::{ContainerEntry, ContainerQuery, SortKey};
pub use error::{Cause, Constraint, Error, Result};
pub use event::EventEntry;
pub use fetched_image::FetchedImage;
pub use identity::{ApplicationCredential, RoleAssignment, TokenRow};
pub use network::LeftoverNetwork;
pub use open::StoreConfig;
pub use operation::{OperationQuery, OperationWork, StepEntry, StepRecord};
pub use tx::{Reader, Store, Tx};
