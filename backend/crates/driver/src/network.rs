//! Networks of one host.

use async_trait::async_trait;
use ipnet::Ipv4Net;
use zun_domain::network::Network;

use crate::error::Result;

/// The networks of one host.
#[async_trait]
pub trait NetworkDriver: Send + Sync {
    /// Makes the network with its subnet, gateway and our labels; succeeds if it is there as wished.
    /// What an earlier call made of it with another subnet gives way. `Conflict` where the subnet overlaps another
    /// network of the engine, and where a container is on the one with the other subnet.
    async fn ensure(&self, network: &Network) -> Result<()>;

    /// The IPv4 subnets that a new network must not overlap: those of the engine's networks, ours or not, and
    /// those the host has routes to.
    async fn subnets(&self) -> Result<Vec<Ipv4Net>>;

    /// Removes it; succeeds if it is gone. `Conflict` while containers are connected, and for a network
    /// the engine will not give up.
    async fn remove(&self, network: &Network) -> Result<()>;
}
