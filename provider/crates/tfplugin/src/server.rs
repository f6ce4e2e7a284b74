//! The provider service: every call from its message to the logic and back.
//!
//! One file per call, or per group of calls that have nothing to say. A call never fails as a
//! gRPC status, which users would see as a crash of the provider: problems and even panics
//! become diagnostics.

mod absent;
mod answer;
mod apply;
mod convert;
mod data_source;
pub mod guard;
mod import;
mod plan;
mod provider;
mod read;
mod registry;
mod schema;
mod service;
mod upgrade;
mod validate;

use std::sync::Arc;

use crate::provider::Provider;
pub(crate) use registry::Core;

/// A provider behind the protocol. Clones share it.
#[derive(Debug)]
pub struct Server<P: Provider> {
    core: Arc<Core<P>>,
}

impl<P: Provider> Server<P> {
    /// Takes a provider; nothing of it is asked until the first call.
    pub fn new(provider: P) -> Self {
        Self {
            core: Arc::new(Core::new(provider)),
        }
    }

    /// The provider itself.
    pub fn provider(&self) -> &P {
        &self.core.provider
    }
}

impl<P: Provider> Clone for Server<P> {
    fn clone(&self) -> Self {
        Self {
            core: Arc::clone(&self.core),
        }
    }
}

#[cfg(test)]
mod tests;
