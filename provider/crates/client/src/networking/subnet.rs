//! Subnets.

use serde::{Deserialize, Serialize};

use super::Noun;

/// Addresses from the first to the last, both included.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct AllocationPool {
    /// First.
    pub start: String,
    /// Last.
    pub end: String,
}

/// A range of addresses of a network.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Subnet {
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
    /// The network it is a part of.
    pub network_id: String,
    /// Its prefix.
    pub cidr: String,
    /// 4 or 6.
    pub ip_version: u8,
    /// The gateway's address.
    #[serde(default)]
    pub gateway_ip: Option<String>,
    /// Where addresses are allocated from.
    #[serde(default)]
    pub allocation_pools: Vec<AllocationPool>,
    /// Name servers of its containers.
    #[serde(default)]
    pub dns_nameservers: Vec<String>,
    /// The pool its prefix was cut from.
    #[serde(default)]
    pub subnetpool_id: Option<String>,
}

/// A subnet to be made.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct CreateSubnet {
    /// The network it is to be a part of.
    pub network_id: String,
    /// 4 or 6.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ip_version: Option<u8>,
    /// Its prefix.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cidr: Option<String>,
    /// The pool to cut it from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subnetpool_id: Option<String>,
    /// Length of the prefix to be cut.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub prefixlen: Option<u8>,
    /// Name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Description.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub description: String,
    /// The gateway's address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gateway_ip: Option<String>,
    /// Where addresses are allocated from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub allocation_pools: Option<Vec<AllocationPool>>,
    /// Name servers of its containers.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub dns_nameservers: Vec<String>,
}

/// What changes about a subnet.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct ChangeSubnet {
    /// Name; empty is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Description.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Where addresses are allocated from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub allocation_pools: Option<Vec<AllocationPool>>,
    /// Name servers of its containers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dns_nameservers: Option<Vec<String>>,
}

impl Noun for Subnet {
    const NOUN: &'static str = "subnet";
    const SINGULAR: &'static str = "subnet";
    const PATH: &'static str = "subnets";

    type Create = CreateSubnet;
    type Change = ChangeSubnet;

    fn id(&self) -> &str {
        &self.id
    }

    fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    fn project_id(&self) -> &str {
        &self.project_id
    }

    fn name_of(body: &CreateSubnet) -> Option<&str> {
        body.name.as_deref().or(body.cidr.as_deref())
    }
}
