//! Networks of one host.

use async_trait::async_trait;
use ipnet::IpNet;
use zun_domain::runtime::MakeNetwork;

use crate::error::Result;

/// The networks of one host. A network is known by its name in the engine; its subnets never change once it is made.
#[async_trait]
pub trait NetworkDriver: Send + Sync {
    /// Makes the network with its subnets, gateways, MTU, bridge and our labels; succeeds if it is there as wished.
    /// What an earlier call made of it with other subnets gives way. `Conflict` where a subnet overlaps another
    /// network of the engine, and where a container is on the one with other subnets.
    async fn ensure(&self, network: &MakeNetwork) -> Result<()>;

    /// The subnets that a new network must not overlap: those of the engine's networks, ours or not, and
    /// those the host has routes to.
    async fn subnets(&self) -> Result<Vec<IpNet>>;

    /// The names of our networks, by our label: what a sweep starts from.
    async fn list(&self) -> Result<Vec<String>>;

    /// Removes it by its name in the engine; succeeds if it is gone. `Conflict` while containers are connected, and
    /// for a network the engine will not give up.
    async fn remove(&self, runtime_name: &str) -> Result<()>;
}
