//! Networks.

use serde::{Deserialize, Serialize};

use super::Noun;

/// A network.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Network {
    /// Identity.
    pub id: String,
    /// Name; empty where it has none.
    #[serde(default)]
    pub name: Option<String>,
    /// Description; empty where it has none.
    #[serde(default)]
    pub description: Option<String>,
    /// Owner, 32 hexadecimal digits; empty for what belongs to nobody.
    #[serde(default)]
    pub project_id: String,
    /// Whether anything passes on it.
    pub admin_state_up: bool,
    /// Bytes of its packets, at most.
    #[serde(default)]
    pub mtu: Option<u32>,
    /// Its subnets, their ids.
    #[serde(default)]
    pub subnets: Vec<String>,
    /// `ACTIVE` or `DOWN`.
    #[serde(default)]
    pub status: Option<String>,
    /// It is the outside.
    #[serde(default, rename = "router:external")]
    pub external: bool,
    /// Every project may use it.
    #[serde(default)]
    pub shared: bool,
}

/// A network to be made.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct CreateNetwork {
    /// Name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Description.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub description: String,
    /// Whether anything passes on it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub admin_state_up: Option<bool>,
    /// Bytes of its packets, at most.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mtu: Option<u32>,
}

/// What changes about a network.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct ChangeNetwork {
    /// Name; empty is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Description.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Whether anything passes on it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub admin_state_up: Option<bool>,
    /// Bytes of its packets, at most.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mtu: Option<u32>,
}

impl Noun for Network {
    const NOUN: &'static str = "network";
    const SINGULAR: &'static str = "network";
    const PATH: &'static str = "networks";

    type Create = CreateNetwork;
    type Change = ChangeNetwork;

    fn id(&self) -> &str {
        &self.id
    }

    fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    fn project_id(&self) -> &str {
        &self.project_id
    }

    fn is_for_all(&self) -> bool {
        self.external || self.shared
    }

    fn name_of(body: &CreateNetwork) -> Option<&str> {
        body.name.as_deref()
    }
}
