//! What a create or an update would do, before it is asked for.

use serde::{Deserialize, Serialize};
use zun_domain::container::{ContainerSpec, Effect, WaitFor, Wish};
use zun_domain::name::ContainerName;
use zun_domain::placement::Rejection;

/// What is meant to be done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PreviewRequest {
    /// The container to be changed; a create where none is given.
    #[serde(default)]
    pub container: Option<String>,
    /// Name.
    #[serde(default)]
    pub name: Option<ContainerName>,
    /// The whole specification.
    pub spec: ContainerSpec,
    /// What it should be doing.
    #[serde(default)]
    pub state: Option<Wish>,
    /// When it would count as done.
    #[serde(default)]
    pub wait_for: Option<WaitFor>,
}

/// One field of an update and what its change costs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FieldChange {
    /// The field.
    pub field: String,
    /// What its edit does.
    pub effect: Effect,
}

/// Why it would be refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problem {
    /// `quota`, `placement`, `image`, `ports`, `name`, `policy`, `spec`, `state`.
    pub kind: String,
    /// The sentence an apply would fail with.
    pub message: String,
}

/// What would be done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Preview {
    /// Everything that stands in the way; empty when it would be accepted.
    pub problems: Vec<Problem>,
    /// The host it would run on.
    pub host: Option<String>,
    /// Every host that was refused, with every reason.
    pub rejections: Vec<Rejection>,
    /// What an update does to the running container; `None` for a create.
    pub effect: Option<Effect>,
    /// The fields an update changes.
    pub changes: Vec<FieldChange>,
    /// What the image reference means now.
    pub image_digest: Option<String>,
    /// The steps, in words, in order.
    pub steps: Vec<String>,
}
