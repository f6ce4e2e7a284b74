//! Networks of one host.

use async_trait::async_trait;
use zun_domain::network::Network;

use crate::error::Result;

/// The networks of one host.
#[async_trait]
pub trait NetworkDriver: Send + Sync {
    /// Makes the network with its subnet, gateway and our labels; succeeds if it is there as wished.
    /// `Conflict` where the subnet overlaps another network of the engine.
    async fn ensure(&self, network: &Network) -> Result<()>;

    /// Removes it; succeeds if it is gone. `Conflict` while containers are connected, and for a network
    /// the engine will not give up (semantics.md §6.4).
    async fn remove(&self, network: &Network) -> Result<()>;
}
