//! Security groups: what may reach a port, and what it may reach. Everything that no rule of any of a port's
//! groups allows is dropped; what answers a connection that was allowed passes.

use std::fmt;
use std::str::FromStr;

use ipnet::IpNet;
use serde::{Deserialize, Serialize};

use crate::id::{ProjectId, SecurityGroupId, SecurityGroupRuleId};
use crate::time::Timestamp;

/// The name of the group that each project has from the start; it can be given to no other.
pub const DEFAULT_GROUP: &str = "default";

/// A security group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SecurityGroup {
    /// Identity.
    pub id: SecurityGroupId,
    /// Owner.
    pub project: ProjectId,
    /// Name as shown; not unique, but for `default`.
    pub name: String,
    /// Description; may be empty.
    pub description: String,
    /// Its rules, in order of insertion.
    pub rules: Vec<SecurityGroupRule>,
    /// When it was made.
    pub created_at: Timestamp,
    /// Last change of the record.
    pub updated_at: Option<Timestamp>,
}

impl SecurityGroup {
    /// The group each project has from the start.
    pub fn is_default(&self) -> bool {
        self.name == DEFAULT_GROUP
    }
}

/// Into the port or out of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Direction {
    /// To the port.
    Ingress,
    /// From the port.
    Egress,
}

/// The family a rule is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum EtherType {
    /// IPv4.
    #[serde(rename = "IPv4")]
    V4,
    /// IPv6.
    #[serde(rename = "IPv6")]
    V6,
}

/// A protocol as Neutron's clients write it: a name, or a number from 0 to 255. What was written is kept.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct RuleProtocol(String);

/// Names that Neutron takes, with their numbers (IANA's protocol numbers).
const PROTOCOLS: [(&str, u8); 8] = [
    ("tcp", 6),
    ("udp", 17),
    ("icmp", 1),
    ("icmpv6", 58),
    ("ipv6-icmp", 58),
    ("sctp", 132),
    ("gre", 47),
    ("vrrp", 112),
];

impl RuleProtocol {
    /// Its number.
    pub fn number(&self) -> u8 {
        let named = PROTOCOLS.iter().find(|(name, _)| *name == self.0);
        named.map_or_else(|| self.0.parse().unwrap_or(0), |(_, number)| *number)
    }

    /// As it was written, in lower case.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// It has ports.
    pub fn has_ports(&self) -> bool {
        matches!(self.number(), 6 | 17 | 132)
    }

    /// It is ICMP of either family: `port_range_min` is a type, `port_range_max` a code.
    pub fn is_icmp(&self) -> bool {
        matches!(self.number(), 1 | 58)
    }
}

impl FromStr for RuleProtocol {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let lower = text.to_lowercase();
        let named = PROTOCOLS.iter().any(|(name, _)| *name == lower);
        if named || lower.parse::<u8>().is_ok() {
            return Ok(Self(lower));
        }
        let names: Vec<&str> = PROTOCOLS.iter().map(|(name, _)| *name).collect();
        let shown: String = text.chars().take(40).collect();
        Err(format!(
            "{shown:?} is no protocol; use one of {} or a number from 0 to 255",
            names.join(", ")
        ))
    }
}

impl TryFrom<String> for RuleProtocol {
    type Error = String;
    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl From<RuleProtocol> for String {
    fn from(protocol: RuleProtocol) -> Self {
        protocol.0
    }
}

impl fmt::Display for RuleProtocol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The other side of a rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Remote {
    /// Anybody.
    Any,
    /// Addresses.
    Prefix(IpNet),
    /// Whatever is in that group.
    Group(SecurityGroupId),
}

/// A rule of a group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SecurityGroupRule {
    /// Identity.
    pub id: SecurityGroupRuleId,
    /// Its group.
    pub group: SecurityGroupId,
    /// Owner.
    pub project: ProjectId,
    /// Description; may be empty.
    pub description: String,
    /// What it is about.
    pub allows: Allows,
    /// When it was made.
    pub created_at: Timestamp,
}

/// What a rule allows.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Allows {
    /// Into or out of the port.
    pub direction: Direction,
    /// The family.
    pub ethertype: EtherType,
    /// The protocol; every one where none is given.
    pub protocol: Option<RuleProtocol>,
    /// First port, or type of ICMP.
    pub port_min: Option<u16>,
    /// Last port, or code of ICMP.
    pub port_max: Option<u16>,
    /// The other side.
    pub remote: Remote,
}

impl Allows {
    /// Everything of a family in this direction, from or to this side.
    pub fn everything(direction: Direction, ethertype: EtherType, remote: Remote) -> Self {
        Self {
            direction,
            ethertype,
            protocol: None,
            port_min: None,
            port_max: None,
            remote,
        }
    }

    /// What a new group allows: everything out of its ports.
    pub fn of_new_group() -> [Self; 2] {
        [EtherType::V4, EtherType::V6]
            .map(|family| Self::everything(Direction::Egress, family, Remote::Any))
    }

    /// What the default group allows: everything out, and everything in from itself.
    pub fn of_default_group(group: SecurityGroupId) -> [Self; 4] {
        let [out4, out6] = Self::of_new_group();
        let from_itself =
            |family| Self::everything(Direction::Ingress, family, Remote::Group(group));
        [
            out4,
            out6,
            from_itself(EtherType::V4),
            from_itself(EtherType::V6),
        ]
    }

    /// Whether another rule allows the same, however its protocol is written.
    pub fn same_as(&self, other: &Self) -> bool {
        let plain = |allows: &Self| Self {
            protocol: None,
            ..allows.clone()
        };
        self.protocol_number() == other.protocol_number() && plain(self) == plain(other)
    }

    /// The number of its protocol. ICMP is the one of the rule's family, as in Neutron.
    pub fn protocol_number(&self) -> Option<u8> {
        match (self.protocol.as_ref()?.number(), self.ethertype) {
            (1, EtherType::V6) => Some(58),
            (number, _) => Some(number),
        }
    }

    /// The first part of it that cannot be: the field by Neutron's name, and what would be accepted.
    pub fn contradiction(&self) -> Option<(&'static str, String)> {
        self.wrong_family().or_else(|| self.wrong_ports())
    }

    fn wrong_family(&self) -> Option<(&'static str, String)> {
        let family = match self.ethertype {
            EtherType::V4 => "IPv4",
            EtherType::V6 => "IPv6",
        };
        if let Some(protocol) = &self.protocol
            && self.ethertype == EtherType::V4
            && (protocol.number() == 58 || protocol.as_str().starts_with("ipv6-"))
        {
            let message = format!("{protocol} goes with ethertype IPv6 only; IPv4 has icmp");
            return Some(("protocol", message));
        }
        let Remote::Prefix(prefix) = self.remote else {
            return None;
        };
        if prefix.addr().is_ipv4() != (self.ethertype == EtherType::V4) {
            let message = format!("{prefix} is no {family} prefix, and ethertype is {family}");
            return Some(("remote_ip_prefix", message));
        }
        (prefix != prefix.trunc()).then(|| {
            let (net, host) = (prefix.trunc(), IpNet::from(prefix.addr()));
            let message = format!(
                "{prefix} has bits set behind its length; use {net}, or {host} for the one address"
            );
            ("remote_ip_prefix", message)
        })
    }

    fn wrong_ports(&self) -> Option<(&'static str, String)> {
        let (min, max) = (self.port_min, self.port_max);
        let field = if min.is_some() {
            "port_range_min"
        } else {
            "port_range_max"
        };
        let given = min.or(max)?;
        let Some(protocol) = &self.protocol else {
            let message = format!(
                "{given} needs a protocol: tcp, udp or sctp, or icmp for its type and code"
            );
            return Some((field, message));
        };
        if protocol.is_icmp() {
            return wrong_icmp(min, max);
        }
        if !protocol.has_ports() {
            let message =
                format!("{given} cannot be: {protocol} has no ports; tcp, udp and sctp have");
            return Some((field, message));
        }
        match (min, max) {
            (Some(min), Some(max)) if 0 < min && min <= max => None,
            (Some(0), _) => Some((field, "0 is no port; 1 to 65535 are accepted".to_owned())),
            (Some(min), Some(max)) => {
                let message = format!("{max} is below port_range_min, which is {min}");
                Some(("port_range_max", message))
            }
            (Some(_), None) => Some((
                "port_range_max",
                "is required with port_range_min".to_owned(),
            )),
            (None, _) => Some((
                "port_range_min",
                "is required with port_range_max".to_owned(),
            )),
        }
    }
}

fn wrong_icmp(kind: Option<u16>, code: Option<u16>) -> Option<(&'static str, String)> {
    let what = [
        ("port_range_min", "type", kind),
        ("port_range_max", "code", code),
    ];
    for (field, word, given) in what {
        if let Some(given) = given.filter(|given| *given > 255) {
            let message = format!("{given} is no ICMP {word}; 0 to 255 are accepted");
            return Some((field, message));
        }
    }
    let code = code.filter(|_| kind.is_none())?;
    let message = format!("is required, the ICMP type, with port_range_max, the code {code}");
    Some(("port_range_min", message))
}

#[cfg(test)]
mod tests;
