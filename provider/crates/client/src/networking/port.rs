//! Ports.

use serde::{Deserialize, Serialize};

use super::Noun;

/// `device_owner` of a router's port on a subnet (Neutron's word for it).
pub(super) const OWNER_ROUTER_INTERFACE: &str = "network:router_interface";

/// An address on a subnet.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct FixedIp {
    /// The subnet.
    #[serde(default)]
    pub subnet_id: Option<String>,
    /// The address.
    pub ip_address: String,
}

/// An address that is asked for: on this subnet, this one, or both.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct AskFixedIp {
    /// The subnet.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subnet_id: Option<String>,
    /// The address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ip_address: Option<String>,
}

/// A port.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Port {
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
    /// The network it is on.
    pub network_id: String,
    /// Whether anything passes through it.
    pub admin_state_up: bool,
    /// Its MAC.
    #[serde(default)]
    pub mac_address: Option<String>,
    /// Its addresses.
    #[serde(default)]
    pub fixed_ips: Vec<FixedIp>,
    /// Its groups, their ids.
    #[serde(default)]
    pub security_groups: Vec<String>,
    /// `ACTIVE` or `DOWN`.
    #[serde(default)]
    pub status: Option<String>,
    /// What has it; empty where nothing does.
    #[serde(default)]
    pub device_id: Option<String>,
    /// What kind of thing that is.
    #[serde(default)]
    pub device_owner: Option<String>,
    /// The host it is on. Neutron shows it to administrators only.
    #[serde(default, rename = "binding:host_id")]
    pub host: Option<String>,
}

/// A port to be made.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct CreatePort {
    /// The network it is to be on.
    pub network_id: String,
    /// Name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Description.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub description: String,
    /// Whether anything passes through it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub admin_state_up: Option<bool>,
    /// Its MAC.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mac_address: Option<String>,
    /// Its addresses; one of each subnet where none are given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fixed_ips: Option<Vec<AskFixedIp>>,
    /// Its groups; the project's default one where none are given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub security_groups: Option<Vec<String>>,
}

/// What changes about a port.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct ChangePort {
    /// Name; empty is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Description.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Whether anything passes through it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub admin_state_up: Option<bool>,
    /// Its addresses.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fixed_ips: Option<Vec<AskFixedIp>>,
    /// Its groups.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub security_groups: Option<Vec<String>>,
}

impl Noun for Port {
    const NOUN: &'static str = "port";
    const SINGULAR: &'static str = "port";
    const PATH: &'static str = "ports";

    type Create = CreatePort;
    type Change = ChangePort;

    fn id(&self) -> &str {
        &self.id
    }

    fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    fn project_id(&self) -> &str {
        &self.project_id
    }

    fn name_of(body: &CreatePort) -> Option<&str> {
        body.name.as_deref()
    }
}
