//! Floating IPs.

use serde::{Deserialize, Serialize};

use super::Noun;

/// An address of the outside that stands for one of a port.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct FloatingIp {
    /// Identity.
    pub id: String,
    /// Description; empty where it has none.
    #[serde(default)]
    pub description: Option<String>,
    /// Owner, 32 hexadecimal digits.
    #[serde(default)]
    pub project_id: String,
    /// The address of the outside.
    pub floating_ip_address: String,
    /// The external network it comes from.
    pub floating_network_id: String,
    /// The port it stands for.
    #[serde(default)]
    pub port_id: Option<String>,
    /// Which of the port's addresses.
    #[serde(default)]
    pub fixed_ip_address: Option<String>,
    /// The router that leads there.
    #[serde(default)]
    pub router_id: Option<String>,
    /// `ACTIVE` or `DOWN`.
    #[serde(default)]
    pub status: Option<String>,
}

/// A floating IP to be taken.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct CreateFloatingIp {
    /// The external network.
    pub floating_network_id: String,
    /// The address; a free one where none is given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub floating_ip_address: Option<String>,
    /// The port it is to stand for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub port_id: Option<String>,
    /// Which of the port's addresses.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fixed_ip_address: Option<String>,
    /// Description.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub description: String,
}

/// What changes about a floating IP.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct ChangeFloatingIp {
    /// Description.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// The port it is to stand for; `Some(None)` is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub port_id: Option<Option<String>>,
    /// Which of the port's addresses.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fixed_ip_address: Option<String>,
}

impl Noun for FloatingIp {
    const NOUN: &'static str = "floating IP";
    const SINGULAR: &'static str = "floatingip";
    const PATH: &'static str = "floatingips";

    type Create = CreateFloatingIp;
    type Change = ChangeFloatingIp;

    fn id(&self) -> &str {
        &self.id
    }

    fn name(&self) -> Option<&str> {
        Some(&self.floating_ip_address)
    }

    fn project_id(&self) -> &str {
        &self.project_id
    }

    fn name_of(body: &CreateFloatingIp) -> Option<&str> {
        body.floating_ip_address.as_deref()
    }
}
