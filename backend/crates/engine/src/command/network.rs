//! Networks and what stands on them. [`wiring`] decides which ports a container has; the other files are the use
//! cases of one noun each.

pub(crate) mod default;
pub(crate) mod wiring;
