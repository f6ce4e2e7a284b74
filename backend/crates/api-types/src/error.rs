//! The error body, the same on every API but the identity one: Zun's shape, with the
//! field and the object in the way added on `/zund/v1`.

use serde::{Deserialize, Serialize};

/// Body of every 4xx and 5xx.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ErrorBody {
    /// One entry per problem; never empty.
    pub errors: Vec<ErrorEntry>,
}

/// One problem.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ErrorEntry {
    /// The request, `req-<uuid>`.
    pub request_id: String,
    /// `container.<slug>`, such as `container.over-quota`.
    pub code: String,
    /// HTTP status.
    pub status: u16,
    /// One sentence.
    pub title: String,
    /// The whole message: what was tried, why not, what would be accepted.
    pub detail: String,
    /// Links to more; empty.
    #[serde(default)]
    pub links: Vec<Link>,
    /// Path of the field in the request, such as `spec.memory`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
    /// The container in the way of a name, its uuid.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub existing: Option<String>,
}

/// A link.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Link {
    /// Address.
    pub href: String,
    /// `self`, `bookmark`, `help`.
    pub rel: String,
}
