//! Routers.

use serde::{Deserialize, Serialize};

use super::{FixedIp, Noun};

/// A router's way to the outside.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Gateway {
    /// The external network.
    pub network_id: String,
    /// What goes out gets the router's address.
    #[serde(default)]
    pub enable_snat: Option<bool>,
    /// Its addresses there.
    #[serde(default)]
    pub external_fixed_ips: Vec<FixedIp>,
}

/// A way to the outside that is asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct AskGateway {
    /// The external network.
    pub network_id: String,
    /// What goes out gets the router's address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub enable_snat: Option<bool>,
}

/// A router.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Router {
    /// Identity.
    pub id: String,
    /// Name; empty where it has none.
    #[serde(default)]
    pub name: Option<String>,
    /// Description; empty where it has none.
    #[serde(default)]
    pub description: Option<String>,
    /// Owner, 32 hexadecimal digits.
    #[serde(default)]
    pub project_id: String,
    /// Whether anything passes through it.
    pub admin_state_up: bool,
    /// `ACTIVE` or `DOWN`.
    #[serde(default)]
    pub status: Option<String>,
    /// Its way to the outside.
    #[serde(default)]
    pub external_gateway_info: Option<Gateway>,
}

/// A router to be made.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct CreateRouter {
    /// Name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Description.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub description: String,
    /// Whether anything passes through it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub admin_state_up: Option<bool>,
    /// Its way to the outside.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub external_gateway_info: Option<AskGateway>,
}

/// What changes about a router.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct ChangeRouter {
    /// Name; empty is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Description.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Whether anything passes through it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub admin_state_up: Option<bool>,
    /// Its way to the outside; `Some(None)` takes it away.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub external_gateway_info: Option<Option<AskGateway>>,
}

impl Noun for Router {
    const NOUN: &'static str = "router";
    const SINGULAR: &'static str = "router";
    const PATH: &'static str = "routers";

    type Create = CreateRouter;
    type Change = ChangeRouter;

    fn id(&self) -> &str {
        &self.id
    }

    fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    fn project_id(&self) -> &str {
        &self.project_id
    }

    fn name_of(body: &CreateRouter) -> Option<&str> {
        body.name.as_deref()
    }
}
