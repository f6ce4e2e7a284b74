//! What the packet filter of this machine holds of one `zund`: two nftables tables, a rule in the engine's chain
//! `DOCKER-USER`, addresses on `lo`. A `zund` that is killed leaves them in force, as it should; a test takes them away.

use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use sha2::{Digest, Sha256};

use crate::process;

const DEADLINE: Duration = Duration::from_secs(30);
const CHAIN: &str = "DOCKER-USER";

/// How the tables of every deployment begin, and the comment of its rule.
const PREFIX: &str = "zun_";
const RULE: &str = "zun-deployment-";

/// Both families of tables.
const FAMILIES: [&str; 2] = ["inet", "bridge"];

/// What both tables of a deployment are called.
pub fn table(deployment: &str) -> String {
    format!("{PREFIX}{}", digits(deployment))
}

fn digits(deployment: &str) -> String {
    let hash = Sha256::digest(deployment.as_bytes());
    let first = hash.iter().take(4);
    let number = first.fold(0_u32, |number, byte| number << 8 | u32::from(*byte));
    format!("{number:08x}")
}

/// What the kernel lists of the tables of a deployment; empty where there is none.
pub fn listed(deployment: &str) -> Result<String> {
    let table = table(deployment);
    let mut text = String::new();
    for family in FAMILIES {
        if has(family, &table)? {
            text += &call("nft", &["list", "table", family, &table])?;
        }
    }
    Ok(text)
}

/// Fails unless nothing of the deployment is left.
pub fn must_be_bare(deployment: &str) -> Result<()> {
    let tables = listed(deployment)?;
    ensure!(tables.is_empty(), "tables are left:\n{tables}");
    let (rules, addresses) = (rules(deployment)?, addresses(deployment)?);
    ensure!(
        rules.is_empty() && addresses.is_empty(),
        "left in {CHAIN}: {rules:?}; on lo: {addresses:?}"
    );
    Ok(())
}

/// Tables, rules and addresses of any deployment, in words.
pub fn traces() -> Result<Vec<String>> {
    let mut traces = Vec::new();
    for (family, table) in tables()? {
        traces.push(format!("nft table {family} {table}"));
    }
    traces.extend(rules(RULE)?);
    if on_path("ip") {
        let addresses = labelled(&on_lo()?, |word| word.starts_with("lo:")).into_iter();
        traces.extend(addresses.map(|address| format!("{address} on lo")));
    }
    Ok(traces)
}

/// Prefixes that tables of any deployment guard: what comes from another one's container there is dropped.
pub fn guarded() -> Result<Vec<String>> {
    let mut prefixes = Vec::new();
    for (_, table) in tables()?.iter().filter(|(family, _)| *family == "inet") {
        let listed = call("nft", &["list", "set", "inet", table, "inside4"])?;
        let elements = listed.split(|sign: char| sign.is_whitespace() || "{},".contains(sign));
        let starts = elements.filter(|word| word.starts_with(|first: char| first.is_ascii_digit()));
        prefixes.extend(starts.map(str::to_owned));
    }
    Ok(prefixes)
}

/// Tables of every deployment, with their families.
fn tables() -> Result<Vec<(&'static str, String)>> {
    if !on_path("nft") {
        return Ok(Vec::new());
    }
    let mut tables = Vec::new();
    for family in FAMILIES {
        let listed = call("nft", &["list", "tables", family])?;
        let names = listed
            .lines()
            .filter_map(|line| line.split_whitespace().nth(2));
        let ours = names.filter(|name| name.starts_with(PREFIX));
        tables.extend(ours.map(|name| (family, name.to_owned())));
    }
    Ok(tables)
}

/// Takes all of it away. Its `zund` has ended, or it would put it back.
pub fn sweep(deployment: &str) -> Result<()> {
    if on_path("nft") {
        let table = table(deployment);
        for family in FAMILIES {
            if has(family, &table)? {
                call("nft", &["delete", "table", family, &table])?;
            }
        }
    }
    for rule in rules(deployment)? {
        let words = rule.split_whitespace().skip(1);
        let words: Vec<&str> = words.map(|word| word.trim_matches('"')).collect();
        call("iptables", &[&["-w", "5", "-D"], words.as_slice()].concat())?;
    }
    for address in addresses(deployment)? {
        call("ip", &["address", "del", &address, "dev", "lo"])?;
    }
    Ok(())
}

fn has(family: &str, table: &str) -> Result<bool> {
    let tables = call("nft", &["list", "tables", family])?;
    let line = format!("table {family} {table}");
    Ok(tables.lines().any(|found| found.trim() == line))
}

/// Rules of the engine's chain that carry the deployment's name, as `iptables -S` writes them.
fn rules(deployment: &str) -> Result<Vec<String>> {
    if !on_path("iptables") {
        return Ok(Vec::new());
    }
    // No such chain where the engine has not run.
    let finished = process::run(
        Command::new("iptables").args(["-w", "5", "-S", CHAIN]),
        DEADLINE,
    )?;
    let ours = |line: &&str| line.contains(deployment);
    Ok(finished
        .stdout
        .lines()
        .filter(ours)
        .map(str::to_owned)
        .collect())
}

/// Addresses on `lo` with the deployment's label.
fn addresses(deployment: &str) -> Result<Vec<String>> {
    let label = format!("lo:{}", digits(deployment));
    Ok(labelled(&on_lo()?, |word| word == label))
}

fn on_lo() -> Result<String> {
    call("ip", &["-4", "-o", "address", "show", "dev", "lo"])
}

fn labelled(text: &str, is_label: impl Fn(&str) -> bool) -> Vec<String> {
    let ours = |line: &&str| {
        let mut words = line.split_whitespace();
        words.any(|word| is_label(word.trim_end_matches('\\')))
    };
    let lines = text.lines().filter(ours);
    lines
        .filter_map(|line| line.split_whitespace().nth(3).map(str::to_owned))
        .collect()
}

fn on_path(program: &str) -> bool {
    let finished = process::run(Command::new(program).arg("--version"), DEADLINE);
    finished.is_ok()
}

fn call(program: &str, arguments: &[&str]) -> Result<String> {
    let finished = process::run(Command::new(program).args(arguments), DEADLINE)?;
    let finished = finished.success();
    Ok(finished.context("cannot look at the packet filter")?.stdout)
}

#[cfg(test)]
mod tests {
    use super::{labelled, table};

    #[test]
    fn the_tables_are_named_as_the_driver_names_them() {
        assert_eq!(table("test"), "zun_9f86d081");
    }

    #[test]
    fn addresses_are_known_by_their_label() {
        let text = "\
1: lo    inet 127.0.0.1/8 scope host lo\\       valid_lft forever preferred_lft forever
1: lo    inet 203.0.113.9/32 scope global lo:9f86d081\\       valid_lft forever preferred_lft forever
";
        assert_eq!(
            labelled(text, |word| word == "lo:9f86d081"),
            ["203.0.113.9/32"]
        );
    }
}
