//! `/zund/v1`: our own API, whose shapes are those of `zun-api-types`.

pub(crate) mod container;
pub(crate) mod features;
pub(crate) mod image;
pub(crate) mod operation;
pub(crate) mod preview;
pub(crate) mod quota;
mod view;
