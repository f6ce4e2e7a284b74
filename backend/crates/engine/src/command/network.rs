//! Networks and what stands on them. [`wiring`] decides which ports a container has, `attach` changes one of them while it runs; the other files are the use
//! cases of one noun each.

mod attach;
pub(crate) mod default;
pub(crate) mod wiring;
