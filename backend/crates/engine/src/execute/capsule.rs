//! What an operation on a capsule makes true, and what is seen of all of its containers.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use zun_domain::capsule::{CapsuleDesired, Membership};
use zun_domain::container::{Desired, Observed};
use zun_domain::id::ContainerId;

/// What will be true of a capsule when the plan is done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct CapsuleTarget {
    /// The new wish of the whole: then it has `parts` and no other containers. `None` where only those in `parts`
    /// change.
    pub(crate) whole: Option<CapsuleDesired>,
    /// The new wishes of its containers.
    pub(crate) parts: BTreeMap<ContainerId, PartTarget>,
}

/// What will be true of one of its containers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct PartTarget {
    /// Its place.
    pub(crate) membership: Membership,
    /// Its wish.
    pub(crate) desired: Desired,
}

/// What the engine shows of the subject of an operation at its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Seen {
    /// One container, or nothing.
    One(Option<Box<Observed>>),
    /// Those of a capsule that are there.
    Parts(BTreeMap<ContainerId, Observed>),
}

impl Seen {
    /// What is seen of this one.
    pub(crate) fn of(&self, id: ContainerId) -> Option<&Observed> {
        match self {
            Self::One(seen) => seen.as_deref(),
            Self::Parts(parts) => parts.get(&id),
        }
    }
}
