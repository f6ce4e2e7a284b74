//! Quotas on `/zund/v1`: which limits are set, what is in force, what is used.

use serde::{Deserialize, Serialize};
use zun_domain::quota::{LimitSet, Limits};

/// Body of a PUT: the whole set of limits; null inherits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SetLimits {
    /// The limits.
    pub limits: LimitSet,
    /// Refuse with 409 where limits are set already: a create that must not take over.
    #[serde(default)]
    pub create: bool,
}

/// Use in the units of the limits.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Used {
    /// Containers.
    pub containers: u64,
    /// Cores.
    pub cpu: f64,
    /// MiB.
    pub memory: u64,
    /// GiB.
    pub disk: u64,
}

/// The quota of a project.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Quota {
    /// What is set for the project itself; all null when nothing is.
    pub limits: LimitSet,
    /// What is in force.
    pub effective: Limits,
    /// What is used.
    pub used: Used,
}

/// The limits of a class.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct QuotaClass {
    /// What is set.
    pub limits: LimitSet,
    /// What is in force for a project without limits of its own, where this is the class `default`.
    pub effective: Limits,
}
