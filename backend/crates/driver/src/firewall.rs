//! What passes between the containers of one host, their networks, the host and the outside.

use async_trait::async_trait;
use ipnet::IpNet;
use zun_domain::firewall::Ruleset;

use crate::error::Result;

/// The packet filter of one host. What a ruleset means is said in [`zun_domain::firewall`].
#[async_trait]
pub trait FirewallDriver: Send + Sync {
    /// Puts the ruleset in force, in one transaction of what differs from the last one: in between, either the former
    /// rules hold or the new ones. Cheap where nothing differs. Kept for the next boot. Before the first call of a
    /// process nothing is taken for granted: all of it is written.
    async fn apply(&self, ruleset: &Ruleset) -> Result<()>;

    /// Looks at what is in force, and puts the last ruleset in force again where somebody has changed or flushed it;
    /// `true` where that was so. Nothing where none was applied yet.
    async fn mend(&self) -> Result<bool>;

    /// Looks for links of containers that are new on our bridges, and lets each send as its own port only, also where
    /// it could write a neighbor's MAC and address into its packets by hand. Called after containers have started or
    /// joined a network; until then, a packet only has to come from a pair of MAC and address that some port has.
    /// Cheap where nothing is new.
    async fn tie(&self) -> Result<()>;

    /// The prefixes that rules of other deployments on this host guard, also where their zund is gone. What a container
    /// of ours sends from an address in one of them is dropped by those rules.
    async fn foreign_guards(&self) -> Result<Vec<ForeignGuard>>;

    /// Takes everything of ours away; nothing is guarded afterwards.
    async fn clear(&self) -> Result<()>;
}

/// A prefix that another deployment guards.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct ForeignGuard {
    /// What its rules are called on the host: the name of its nftables tables.
    pub table: String,
    /// The prefix, IPv4 or IPv6.
    pub subnet: IpNet,
}
