//! The books: what zund has written down against what it has claimed and what the Docker Engine has.

use std::collections::BTreeSet;

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use crate::api::Api;
use crate::docker::Engine;

/// Fails unless the claims are the sum of the rows, and the engine has one container for each row and each part of a
/// capsule, and no other. What reads `missing` has none.
pub fn must_balance(api: &Api, engine: &Engine, label: &str) -> Result<()> {
    let rows = api.containers()?;
    let capsules = api.capsules()?;
    let used = api.get(&format!("/zund/v1/quotas/{}", api.project()))?["used"].clone();
    let hosts = api.get("/v1/hosts")?;
    let host = &hosts["hosts"][0];
    for (field, of_host) in [
        ("cpu", "cpu_used"),
        ("memory", "mem_used"),
        ("disk", "disk_used"),
    ] {
        let alone = rows.iter().map(|row| number(&row["spec"][field]));
        let together = capsules.iter().map(|row| of_capsule(row, field));
        let sum: f64 = alone.chain(together).sum();
        for (whose, claimed) in [("project", &used[field]), ("host", &host[of_host])] {
            ensure!(
                (number(claimed) - sum).abs() < 0.0005,
                "the {} rows need {sum} of {field}, and the {whose} is charged {claimed}",
                rows.len()
            );
        }
    }
    let count = rows.len() + capsules.len();
    ensure!(
        used["containers"] == count,
        "there are {count} rows, and the project is charged {}",
        used["containers"]
    );
    let parts = capsules.iter().flat_map(|row| list(&row["containers"]));
    let expected: BTreeSet<String> = rows
        .iter()
        .chain(parts)
        .filter(|row| row["state"] != "missing")
        .filter_map(|row| Some(format!("/zun-{}", row["uuid"].as_str()?)))
        .collect();
    let found = names(engine, label)?;
    ensure!(
        found == expected,
        "the rows say {expected:#?}\nand the engine has {found:#?}"
    );
    Ok(())
}

/// Fails unless nothing is left: no row, no claim, no container.
pub fn must_be_empty(api: &Api, engine: &Engine, label: &str) -> Result<()> {
    let rows = api.containers()?;
    ensure!(rows.is_empty(), "rows are left: {rows:#?}");
    let capsules = api.capsules()?;
    ensure!(capsules.is_empty(), "capsules are left: {capsules:#?}");
    must_balance(api, engine, label)
}

/// Members run side by side, an init container alone: the capsule claims the larger of both.
fn of_capsule(row: &Value, field: &str) -> f64 {
    let of = |kind: &str| list(&row["spec"][kind]).map(|one| number(&one["spec"][field]));
    let members: f64 = of("containers").sum();
    of("init_containers").fold(members, f64::max)
}

fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

fn names(engine: &Engine, label: &str) -> Result<BTreeSet<String>> {
    let containers = engine.containers(label)?;
    let count = containers.len();
    let names: BTreeSet<String> = containers
        .into_iter()
        .flat_map(|container| container.names.unwrap_or_default())
        .collect();
    ensure!(
        names.len() == count,
        "{count} containers, and the names {names:?}"
    );
    Ok(names)
}

/// Decimals keep every digit in this JSON, so they are read from their text.
fn number(value: &Value) -> f64 {
    value
        .as_number()
        .and_then(|number| number.to_string().parse().ok())
        .unwrap_or_default()
}

/// The uuid in a row.
pub fn uuid(row: &Value) -> Result<&str> {
    row["uuid"].as_str().context("a row without a uuid")
}
