//! From a ruleset to the two tables of a deployment.
//!
//! The `inet` table decides what may pass. A packet between two containers meets it twice in the forward hook, once as
//! what leaves a bridge and once as what enters one, because `accept` ends a base chain and not the hook. Each half
//! asks for the way first ([`way`]), then finds the chain of the port's rules by its address ([`policy`]); a group has
//! a chain for each direction and family ([`group`]), so that a changed rule is a changed chain and a changed port a
//! few elements. Translation of addresses is [`nat`]. The `bridge` table lets out of a port only what has its
//! addresses ([`guard`]).

mod group;
mod guard;
mod nat;
mod policy;
mod way;

use zun_domain::firewall::Ruleset;
use zun_domain::network::EtherType;

use crate::model::Table;
use crate::name;

/// Both families.
const FAMILIES: [EtherType; 2] = [EtherType::V4, EtherType::V6];

/// The bit of a packet's mark that says we let it pass where the engine's own rules would not.
pub(crate) const MARK: &str = "0x40000000";

/// The tables of a deployment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Tables {
    /// What may pass.
    pub(crate) inet: Table,
    /// Who may send.
    pub(crate) bridge: Table,
}

impl Tables {
    /// One after the other.
    pub(crate) fn each(&self) -> [&Table; 2] {
        [&self.inet, &self.bridge]
    }
}

/// The tables for a ruleset.
pub(crate) fn tables(rules: &Ruleset, name: &str) -> Tables {
    let mut inet = Table::new("inet", name);
    way::add(&mut inet, rules);
    policy::add(&mut inet, rules);
    group::add(&mut inet, rules);
    nat::add(&mut inet, rules);
    let mut bridge = Table::new("bridge", name);
    guard::add(&mut bridge, rules);
    for table in [&mut inet, &mut bridge] {
        add_generation(table);
    }
    Tables { inet, bridge }
}

/// An element that names the content. Every change deletes the former one, and so fails as a whole where the kernel
/// has anything else.
fn add_generation(table: &mut Table) {
    let generation = format!("0x{}", name::digits(&table.to_string(), 8));
    table.set("generation", "type mark", [generation]);
}

/// A name that the kernel could take for a keyword.
fn quoted(text: &str) -> String {
    format!("\"{text}\"")
}

#[cfg(test)]
mod tests;
