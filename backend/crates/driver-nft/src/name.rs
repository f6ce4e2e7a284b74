//! Names in the kernel, stable and unique: of a deployment, of chains and of sets.

use std::fmt::Write as _;

use sha2::{Digest, Sha256};
use zun_domain::id::SecurityGroupId;
use zun_domain::network::{Direction, EtherType};

/// So many hexadecimal digits of the SHA-256 of a text.
pub(crate) fn digits(text: &str, count: usize) -> String {
    let mut digits = String::new();
    for byte in Sha256::digest(text.as_bytes()) {
        // Writing to a string does not fail.
        let _ = write!(digits, "{byte:02x}");
    }
    digits.truncate(count);
    digits
}

/// How the tables of every deployment begin.
pub(crate) const PREFIX: &str = "zun_";

/// What both tables of a deployment are called.
pub(crate) fn table(deployment: &str) -> String {
    format!("{PREFIX}{}", digits(deployment, 8))
}

/// The label of addresses that a deployment put on `lo`. The kernel takes at most 15 bytes, and `ip` wants the name of
/// the link in front.
pub(crate) fn label(deployment: &str) -> String {
    format!("lo:{}", digits(deployment, 8))
}

/// `4` or `6`, the end of the names of what there is for each family.
pub(crate) fn digit(family: EtherType) -> char {
    match family {
        EtherType::V4 => '4',
        EtherType::V6 => '6',
    }
}

/// How rules of a family begin.
pub(crate) fn ip(family: EtherType) -> &'static str {
    match family {
        EtherType::V4 => "ip",
        EtherType::V6 => "ip6",
    }
}

/// `in4`, `out6` and so on: how names of chains begin.
pub(crate) fn way(direction: Direction, family: EtherType) -> String {
    let word = match direction {
        Direction::Ingress => "in",
        Direction::Egress => "out",
    };
    format!("{word}{}", digit(family))
}

/// The chain with the rules of a group.
pub(crate) fn group(direction: Direction, family: EtherType, group: SecurityGroupId) -> String {
    format!("{}-{group}", way(direction, family))
}

/// The set with the members of a group.
pub(crate) fn members(family: EtherType, group: SecurityGroupId) -> String {
    format!("members{}-{group}", digit(family))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_last() {
        // Another name for the same deployment would leave the former's rules behind.
        assert_eq!(table("test"), "zun_9f86d081");
        assert_eq!(label("test"), "lo:9f86d081");
        assert!(label("test").len() <= 15);
    }
}
