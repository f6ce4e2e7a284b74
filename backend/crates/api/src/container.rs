//! `/v1`: Zun's API, microversions 1.1 to 1.40. Nothing here shows a field that upstream does not have.

pub(crate) mod act;
pub(crate) mod availability_zone;
pub(crate) mod commit;
pub(crate) mod create;
pub(crate) mod host;
pub(crate) mod image;
pub(crate) mod list;
pub(crate) mod look;
mod mounts;
pub(crate) mod network;
pub(crate) mod quota;
pub(crate) mod registry;
pub(crate) mod root;
pub(crate) mod search;
pub(crate) mod service;
pub(crate) mod update;
mod view;
