//! How a container is named, made and limited in an engine: the part of a driver call that the planner
//! decides, so that the executor has nothing left to choose.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::{Ipv4Net, Ipv6Net};
use serde::{Deserialize, Deserializer, Serialize};

use crate::container::{ContainerSpec, Published, RestartPolicy};
use crate::id::{ContainerId, NetworkId, ProjectId};
use crate::name::Hostname;
use crate::unit::{MemoryMib, Millicpu};
use crate::volume::HostMount;

/// The name of a container in the engine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RuntimeName {
    /// `zun-<uuid>`.
    Current(ContainerId),
    /// `zun-<uuid>-r<revision>`: the former one, until the new one has proved itself.
    Aside(ContainerId, u32),
}

impl std::fmt::Display for RuntimeName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Current(id) => write!(f, "zun-{id}"),
            Self::Aside(id, revision) => write!(f, "zun-{id}-r{revision}"),
        }
    }
}

impl RuntimeName {
    /// The container it belongs to.
    pub fn container(self) -> ContainerId {
        match self {
            Self::Current(id) | Self::Aside(id, _) => id,
        }
    }
}

/// How a network is made in an engine. What an earlier build wrote into a plan is read, too: it had no more than
/// the first four.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MakeNetwork {
    /// Whose; becomes the label `zun.network`.
    pub id: NetworkId,
    /// Becomes the label `zun.project`.
    pub project: ProjectId,
    /// Its name as users know it, for messages.
    pub name: String,
    /// Its IPv4 subnet.
    pub subnet: Ipv4Net,
    /// The bridge's address in it; the first one where none is given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gateway: Option<Ipv4Addr>,
    /// Its IPv6 subnet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub v6: Option<MakeSubnetV6>,
    /// Bytes of a packet; the engine's default (1500) where none is given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mtu: Option<u16>,
    /// Its name in the engine; `zun-` and its id where none is given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub runtime_name: Option<String>,
    /// The engine leaves the addresses of what goes outside alone: the firewall decides.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub routed: bool,
}

/// The IPv6 half of a network.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct MakeSubnetV6 {
    /// Its prefix.
    pub subnet: Ipv6Net,
    /// The bridge's address in it.
    pub gateway: Ipv6Addr,
}

impl MakeNetwork {
    /// Its name in the engine.
    pub fn runtime_name(&self) -> String {
        let name = self.runtime_name.clone();
        name.unwrap_or_else(|| crate::network::Network::own_runtime_name(self.id))
    }

    /// Its bridge in the kernel.
    pub fn bridge(&self) -> String {
        crate::network::bridge_of(&self.runtime_name())
    }

    /// The bridge's address.
    pub fn gateway(&self) -> Ipv4Addr {
        let first = u32::from(self.subnet.network()).saturating_add(1);
        self.gateway.unwrap_or(Ipv4Addr::from(first))
    }
}

/// How a container is connected to a network. The address is ours; the engine is told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attachment {
    /// The network's name in the engine.
    pub network: String,
    /// Its address.
    pub ip: Ipv4Addr,
    /// Its IPv6 address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ipv6: Option<Ipv6Addr>,
    /// Its MAC.
    pub mac: String,
    /// Names by which the others on the network find it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub aliases: Vec<String>,
}

/// Everything the engine needs to make a container. Nothing in it is left to the engine to choose.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CreateContainer {
    /// Whose; becomes the label `zun.container` and the name.
    pub container: ContainerId,
    /// Becomes the label `zun.project`.
    pub project: ProjectId,
    /// Which of its recreates; becomes the label `zun.revision`.
    pub revision: u32,
    /// The specification, defaults filled in. `ports` is not read: `published` is.
    pub spec: ContainerSpec,
    /// The image to run, by digest or id where the spec's tag may have moved.
    pub image: String,
    /// Its hostname.
    pub hostname: Hostname,
    /// The container of the same capsule whose network, hostname and IPC it shares; `attachments` and `published` are
    /// empty then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub joins: Option<RuntimeName>,
    /// Others may share its IPC: it is the sandbox of a capsule.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub shareable: bool,
    /// Its networks, the first one being the engine's network mode; never empty but where it joins another one.
    #[serde(alias = "attachment", deserialize_with = "one_or_many")]
    pub attachments: Vec<Attachment>,
    /// Name servers that the engine's own asks.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub dns: Vec<IpAddr>,
    /// Its host ports.
    pub published: Vec<Published>,
    /// What it sees of the host. None of the sources is ever made by the engine: it refuses one that is missing.
    #[serde(default)]
    pub mounts: Vec<HostMount>,
}

/// New limits of a running container. `None` leaves as it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limits {
    /// Hard limit of processing time.
    pub cpu: Option<Millicpu>,
    /// Limit of memory, and of memory plus swap with it.
    pub memory: Option<MemoryMib>,
    /// Restart policy, as the engine is told it.
    pub restart_policy: Option<RestartPolicy>,
}

/// A plan of an earlier build holds one attachment, not a list.
fn one_or_many<'de, D: Deserializer<'de>>(input: D) -> Result<Vec<Attachment>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Either {
        Many(Vec<Attachment>),
        One(Attachment),
    }
    Ok(match Either::deserialize(input)? {
        Either::Many(many) => many,
        Either::One(one) => vec![one],
    })
}
