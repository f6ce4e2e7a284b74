//! The books: what zund has written down against what it has claimed and what the Docker Engine has.

use std::collections::BTreeSet;

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use crate::api::Api;
use crate::docker::Engine;

/// Fails unless the claims are the sum of the rows, and the engine has one container for each row and no other.
/// A row that reads `missing` has none.
pub fn must_balance(api: &Api, engine: &Engine, label: &str) -> Result<()> {
    let rows = api.containers()?;
    let used = api.get(&format!("/zund/v1/quotas/{}", api.project()))?["used"].clone();
    let hosts = api.get("/v1/hosts")?;
    let host = &hosts["hosts"][0];
    for (field, of_host) in [
        ("cpu", "cpu_used"),
        ("memory", "mem_used"),
        ("disk", "disk_used"),
    ] {
        let sum: f64 = rows.iter().map(|row| number(&row["spec"][field])).sum();
        for (whose, claimed) in [("project", &used[field]), ("host", &host[of_host])] {
            ensure!(
                (number(claimed) - sum).abs() < 0.0005,
                "the {} rows need {sum} of {field}, and the {whose} is charged {claimed}",
                rows.len()
            );
        }
    }
    ensure!(
        used["containers"] == rows.len(),
        "there are {} rows, and the project is charged {}",
        rows.len(),
        used["containers"]
    );
    let expected: BTreeSet<String> = rows
        .iter()
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
    must_balance(api, engine, label)
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
