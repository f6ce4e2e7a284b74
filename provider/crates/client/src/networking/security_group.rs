//! Security groups and their rules.

use serde::{Deserialize, Serialize};

use super::Noun;

/// A security group.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct SecurityGroup {
    /// Identity.
    pub id: String,
    /// Name.
    #[serde(default)]
    pub name: Option<String>,
    /// Description; empty where it has none.
    #[serde(default)]
    pub description: Option<String>,
    /// Owner, 32 hexadecimal digits.
    #[serde(default)]
    pub project_id: String,
    /// Its rules.
    #[serde(default)]
    pub security_group_rules: Vec<Rule>,
}

/// A security group to be made.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct CreateSecurityGroup {
    /// Name.
    pub name: String,
    /// Description.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub description: String,
}

/// What changes about a security group.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct ChangeSecurityGroup {
    /// Name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Description.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
}

impl Noun for SecurityGroup {
    const NOUN: &'static str = "security group";
    const SINGULAR: &'static str = "security_group";
    const PATH: &'static str = "security-groups";

    type Create = CreateSecurityGroup;
    type Change = ChangeSecurityGroup;

    fn id(&self) -> &str {
        &self.id
    }

    fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    fn project_id(&self) -> &str {
        &self.project_id
    }

    fn name_of(body: &CreateSecurityGroup) -> Option<&str> {
        Some(&body.name)
    }
}

/// A rule of a group.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Rule {
    /// Identity.
    pub id: String,
    /// Its group.
    pub security_group_id: String,
    /// Owner, 32 hexadecimal digits.
    #[serde(default)]
    pub project_id: String,
    /// Description; empty where it has none.
    #[serde(default)]
    pub description: Option<String>,
    /// `ingress` or `egress`.
    pub direction: String,
    /// `IPv4` or `IPv6`.
    pub ethertype: String,
    /// The protocol; every one where none is given.
    #[serde(default)]
    pub protocol: Option<String>,
    /// First port, or type of ICMP.
    #[serde(default)]
    pub port_range_min: Option<u16>,
    /// Last port, or code of ICMP.
    #[serde(default)]
    pub port_range_max: Option<u16>,
    /// The other side, by addresses.
    #[serde(default)]
    pub remote_ip_prefix: Option<String>,
    /// The other side, by group.
    #[serde(default)]
    pub remote_group_id: Option<String>,
}

/// A rule to be made.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct CreateRule {
    /// Its group.
    pub security_group_id: String,
    /// `ingress` or `egress`.
    pub direction: String,
    /// `IPv4` or `IPv6`.
    pub ethertype: String,
    /// The protocol; every one where none is given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub protocol: Option<String>,
    /// First port, or type of ICMP.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub port_range_min: Option<u16>,
    /// Last port, or code of ICMP.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub port_range_max: Option<u16>,
    /// The other side, by addresses.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub remote_ip_prefix: Option<String>,
    /// The other side, by group.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub remote_group_id: Option<String>,
    /// Description.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub description: String,
}

/// What changes about a rule: nothing, the API makes and deletes them only.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct ChangeRule {}

impl Noun for Rule {
    const NOUN: &'static str = "security group rule";
    const SINGULAR: &'static str = "security_group_rule";
    const PATH: &'static str = "security-group-rules";

    type Create = CreateRule;
    type Change = ChangeRule;

    fn id(&self) -> &str {
        &self.id
    }

    fn name(&self) -> Option<&str> {
        None
    }

    fn project_id(&self) -> &str {
        &self.project_id
    }

    fn name_of(_: &CreateRule) -> Option<&str> {
        None
    }
}
