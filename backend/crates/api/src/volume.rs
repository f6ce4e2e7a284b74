//! `/volume/v3/{project_id}`: the part of Cinder (Block Storage v3) that its clients use.
//!
//! What is asked for is read in `body` and `listing`, what is answered is written in `view`; refusals get
//! Cinder's shape in `crate::error`. Every address holds the project of the token (`scope`). Objects are
//! named by their ids only, as in Cinder: names are looked up by the clients, with a filter.
//!
//! Not here: attachments of their own (a container's `mounts` attach), backups, groups, transfers, quotas.

pub(crate) mod action;
mod body;
pub(crate) mod discovery;
pub(crate) mod kind;
pub(crate) mod limits;
mod listing;
mod literal;
pub(crate) mod metadata;
mod scope;
pub(crate) mod snapshots;
pub(crate) mod version;
mod view;
pub(crate) mod volumes;
pub(crate) mod zone;
