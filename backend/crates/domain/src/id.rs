//! One typed id per noun, so that a project's id cannot be passed where a container's is meant.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident),* $(,)?) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub Uuid);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}", self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}({})", stringify!($name), self.0)
            }
        }

        impl FromStr for $name {
            type Err = uuid::Error;
            /// Accepts a UUID with or without dashes, as OpenStack's clients write both.
            fn from_str(text: &str) -> Result<Self, uuid::Error> {
                Uuid::parse_str(text).map(Self)
            }
        }
    )*};
}

ids! {
    /// A container, for all its life: kept over every recreate in place.
    ContainerId,
    /// Containers that share a network and are one to the user.
    CapsuleId,
    /// A registry with its credentials.
    RegistryId,
    /// An image of the image service.
    ImageId,
    /// The owner of quotas and rights. Written without dashes on the identity API.
    ProjectId,
    /// A person or a program that logs in.
    UserId,
    /// An identity domain, the namespace of users and projects.
    DomainId,
    /// A machine that runs containers.
    HostId,
    /// A network of a project.
    NetworkId,
    /// A range of addresses of a network.
    SubnetId,
    /// Prefixes that subnets are cut from.
    SubnetPoolId,
    /// An address on a network bound to a container.
    PortId,
    /// Rules about what may reach a port and what it may reach.
    SecurityGroupId,
    /// One of those rules.
    SecurityGroupRuleId,
    /// What joins networks with each other and with the outside.
    RouterId,
    /// An address of the outside that stands for one of ours.
    FloatingIpId,
    /// Storage that outlives containers.
    VolumeId,
    /// The data a volume had at one moment.
    SnapshotId,
    /// Long work that a user can follow.
    OperationId,
    /// An administrative service record shown by the API.
    ServiceId,
}
