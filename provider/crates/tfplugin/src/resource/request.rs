//! What the methods of a resource are asked.

use serde_json::Value as Json;

use crate::private::Private;
use crate::value::Value;

/// What a plan will do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// Make an object, alone or as the second half of a replacement.
    Create,
    /// Change an object, or nothing.
    Update,
    /// Remove an object.
    Destroy,
}

/// Asks what would happen.
#[derive(Debug, Clone)]
pub struct PlanRequest {
    /// What will be done.
    pub action: Action,
    /// The configuration; null when destroying.
    pub config: Value,
    /// The stored state; null when creating.
    pub prior_state: Value,
}

/// Asks for an object.
#[derive(Debug, Clone)]
pub struct CreateRequest {
    /// The configuration, write-only values included.
    pub config: Value,
    /// What was announced. Unknown values are for the provider to decide, known ones are fixed.
    pub planned_state: Value,
    /// Private data of the plan.
    pub private: Private,
}

/// Asks how an object is.
#[derive(Debug, Clone)]
pub struct ReadRequest {
    /// What is stored.
    pub current_state: Value,
    /// What is stored as its identity; null if nothing is.
    pub current_identity: Value,
}

/// Asks for a change.
#[derive(Debug, Clone)]
pub struct UpdateRequest {
    /// The configuration, write-only values included.
    pub config: Value,
    /// What is stored.
    pub prior_state: Value,
    /// What was announced. Unknown values are for the provider to decide, known ones are fixed.
    pub planned_state: Value,
    /// Private data of the plan.
    pub private: Private,
}

impl UpdateRequest {
    /// Whether the plan changes a top-level attribute.
    pub fn changes(&self, name: &str) -> bool {
        self.prior_state.get(name) != self.planned_state.get(name)
    }
}

/// Asks for the end of an object.
#[derive(Debug, Clone)]
pub struct DeleteRequest {
    /// What is stored.
    pub prior_state: Value,
    /// Private data of the plan.
    pub private: Private,
}

/// How the object to import is named.
#[derive(Debug, Clone, PartialEq)]
pub enum ImportBy {
    /// By text, as in `terraform import`.
    Id(String),
    /// By identity attributes.
    Identity(Value),
}

/// Asks for an object made elsewhere.
#[derive(Debug, Clone)]
pub struct ImportRequest {
    /// Its name.
    pub by: ImportBy,
}

impl ImportRequest {
    /// The text, or the one identity attribute of that name: for resources whose identity is
    /// their id.
    pub fn id(&self, identity_attribute: &str) -> Option<&str> {
        match &self.by {
            ImportBy::Id(id) => Some(id),
            ImportBy::Identity(identity) => identity
                .get(identity_attribute)
                .ok()
                .and_then(Value::as_str),
        }
    }
}

/// Asks to take over an object of another type.
#[derive(Debug, Clone)]
pub struct MoveRequest {
    /// The provider it comes from: `registry.terraform.io/example/example`.
    pub source_provider: String,
    /// The type it comes from.
    pub source_type_name: String,
    /// The version of the shape it is stored in.
    pub source_version: i64,
    /// What is stored.
    pub source_state: Json,
}
