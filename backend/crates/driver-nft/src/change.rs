//! What leads from one table to another: the commands of one transaction, and no more than that.

use std::collections::BTreeMap;

use crate::model::{Chain, Set, Table, element};

/// The commands that make `new` of `old`, both of one name; empty where they are alike.
///
/// What is referred to is there before and gone after what refers to it: new sets and chains come first, removed ones
/// last.
pub(crate) fn between(old: &Table, new: &Table) -> Vec<String> {
    let table = new.address();
    let mut commands = Vec::new();
    for (name, set) in added(&old.sets, &new.sets) {
        let (noun, declaration) = (set.noun(), set.declaration());
        commands.push(format!("add {noun} {table} {name} {{ {declaration}}}"));
    }
    for (name, chain) in added(&old.chains, &new.chains) {
        let hook = chain
            .hook
            .map_or(String::new(), |hook| format!(" {{ {hook} }}"));
        commands.push(format!("add chain {table} {name}{hook}"));
    }
    let changed = |name: &String, chain: &Chain| old.chains.get(name) != Some(chain);
    for (name, _) in new
        .chains
        .iter()
        .filter(|(name, chain)| changed(name, chain))
    {
        if old.chains.contains_key(name) {
            commands.push(format!("flush chain {table} {name}"));
        }
    }
    for (name, _) in added(&new.chains, &old.chains) {
        commands.push(format!("flush chain {table} {name}"));
    }
    commands.extend(elements(old, new));
    for (name, chain) in new
        .chains
        .iter()
        .filter(|(name, chain)| changed(name, chain))
    {
        let rules = chain.rules.iter();
        commands.extend(rules.map(|rule| format!("add rule {table} {name} {rule}")));
    }
    for (name, _) in added(&new.chains, &old.chains) {
        commands.push(format!("delete chain {table} {name}"));
    }
    for (name, set) in added(&new.sets, &old.sets) {
        commands.push(format!("delete {} {table} {name}", set.noun()));
    }
    commands
}

/// What `new` has and `old` has not.
fn added<'a, T>(
    old: &'a BTreeMap<String, T>,
    new: &'a BTreeMap<String, T>,
) -> impl Iterator<Item = (&'a String, &'a T)> {
    new.iter().filter(|(name, _)| !old.contains_key(*name))
}

/// Elements that go, then those that come, set by set. A value that changed does both.
fn elements(old: &Table, new: &Table) -> Vec<String> {
    let none = BTreeMap::new();
    let mut commands = Vec::new();
    let table = new.address();
    for (name, set) in &new.sets {
        let before = old.sets.get(name).map_or(&none, |set| &set.elements);
        let gone = missing(before, &set.elements, Set::is_map(set));
        let come = missing(&set.elements, before, Set::is_map(set));
        for (verb, elements) in [("delete", gone), ("add", come)] {
            if !elements.is_empty() {
                let elements = elements.join(", ");
                commands.push(format!("{verb} element {table} {name} {{ {elements} }}"));
            }
        }
    }
    for (name, set) in added(&new.sets, &old.sets) {
        // A map that goes holds on to the chains its elements jump to.
        if set.is_map() && !set.elements.is_empty() {
            commands.push(format!("flush map {table} {name}"));
        }
    }
    commands
}

/// Elements of one that are not in the other with the same value.
fn missing(
    of: &BTreeMap<String, String>,
    other: &BTreeMap<String, String>,
    map: bool,
) -> Vec<String> {
    let is_missing = |(key, value): &(&String, &String)| {
        let found = other.get(*key);
        found != Some(value) && (map || found.is_none())
    };
    let found = of.iter().filter(is_missing);
    found.map(|(key, value)| element(key, value)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(sets: &[(&str, &[&str])], chains: &[(&str, &[&str])]) -> Table {
        let mut table = Table::new("inet", "t");
        for (name, elements) in sets {
            table.set(*name, "type mark", elements.iter().copied());
        }
        for (name, rules) in chains {
            table.chain(*name, rules.iter().copied());
        }
        table
    }

    #[test]
    fn only_what_differs_is_said() {
        let none: &[&str] = &[];
        let old = table(
            &[("kept", &["1", "2"]), ("gone", &["1"])],
            &[("a", &["accept"]), ("b", none)],
        );
        assert_eq!(between(&old, &old), none);
        let new = table(
            &[("come", &["7"]), ("kept", &["2", "3"])],
            &[("a", &["drop"]), ("c", &["jump a"])],
        );
        assert_eq!(
            between(&old, &new),
            [
                "add set inet t come { type mark; }",
                "add chain inet t c",
                "flush chain inet t a",
                "flush chain inet t b",
                "add element inet t come { 7 }",
                "delete element inet t kept { 1 }",
                "add element inet t kept { 3 }",
                "add rule inet t a drop",
                "add rule inet t c jump a",
                "delete chain inet t b",
                "delete set inet t gone",
            ]
        );
    }

    #[test]
    fn a_changed_value_is_put_in_place() {
        let map = |value: &str| {
            let mut table = Table::new("inet", "t");
            let element = ("10.0.0.2".to_owned(), value.to_owned());
            table.map("to4", "type ipv4_addr : verdict", [element]);
            table
        };
        assert_eq!(
            between(&map("jump a"), &map("jump b")),
            [
                "delete element inet t to4 { 10.0.0.2 : jump a }",
                "add element inet t to4 { 10.0.0.2 : jump b }",
            ]
        );
        assert_eq!(
            between(&map("jump a"), &Table::new("inet", "t")),
            ["flush map inet t to4", "delete map inet t to4"]
        );
    }
}
