//! What this server can do, and whether it works.

use serde::{Deserialize, Serialize};

/// Answer of `GET /zund/v1`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Features {
    /// Version of the program, such as `0.1.0`.
    pub version: String,
    /// Version of `/zund/v1`; a client that needs a higher one says so.
    pub api: u32,
    /// What `disk` means here.
    pub disk: DiskMeaning,
    /// The project of the token.
    pub project_id: String,
}

/// The value of [`Features::api`] that this crate describes.
pub const API_VERSION: u32 = 1;

/// What happens with `disk`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DiskMeaning {
    /// There is a host whose engine enforces it; an edit of a container there recreates in place.
    Enforced,
    /// It is counted and not enforced; an edit is live.
    Account,
    /// It is refused: nothing here enforces it.
    Refused,
}

/// Answer of `GET /zund/v1/health`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Health {
    /// The API answers and the store can be written.
    pub healthy: bool,
    /// What is wrong, or `ok`.
    pub store: String,
    /// Hosts whose engine does not answer, with the cause.
    pub hosts_down: Vec<String>,
}
