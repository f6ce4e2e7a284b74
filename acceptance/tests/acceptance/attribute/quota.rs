//! The attributes of `zun_quota` and `zun_quota_class`.

use std::fmt::Write;

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use zun_acceptance::tofu::{Flavor, Workspace};
use zun_acceptance::world::{World, on_docker};

const LIMITS: [&str; 4] = ["containers", "cpu", "memory", "disk"];

#[test]
fn quotas_with_terraform() -> Result<()> {
    on_docker(Flavor::Terraform, quotas)
}

#[test]
fn quotas_with_tofu() -> Result<()> {
    on_docker(Flavor::Tofu, quotas)
}

/// A resource for each limit: the limit itself at a value, and another that stays, since one has to be set.
fn resources(resource: &str, key: &str, ids: &[String], value: &str) -> String {
    let mut text = String::new();
    for (limit, id) in LIMITS.iter().zip(ids) {
        let other = if *limit == "disk" { "cpu" } else { "disk" };
        let own = match value {
            "" => String::new(),
            value => format!("  {limit} = {value}\n"),
        };
        let _ = writeln!(
            text,
            "resource \"{resource}\" \"{limit}\" {{\n  {key} = \"{id}\"\n  {other} = 90\n{own}}}\n"
        );
    }
    text
}

fn quotas(world: &mut World) -> Result<()> {
    let api = world.api()?;
    let projects = LIMITS
        .iter()
        .chain(&["moved", "other"])
        .map(|name| api.create_project(name))
        .collect::<Result<Vec<_>>>()?;
    let classes = LIMITS.map(|limit| format!("of-{limit}"));
    let [first, unlimited, inherited] = ["11", "-1", ""].map(|value| {
        resources("zun_quota", "project_id", &projects, value)
            + &resources("zun_quota_class", "name", &classes, value)
    });
    let addresses: Vec<String> = LIMITS
        .iter()
        .flat_map(|limit| ["zun_quota", "zun_quota_class"].map(|kind| format!("{kind}.{limit}")))
        .collect();
    let workspace = world.workspace()?;
    created(&workspace, &first, &addresses)?;
    edited(&workspace, &unlimited, &addresses, &json!(-1))?;
    edited(&workspace, &inherited, &addresses, &Value::Null)?;
    moves(world, &projects[4], &projects[5])?;
    workspace.destroy()?;
    for project in &projects {
        let quota = api.get(&format!("/zund/v1/quotas/{project}"))?;
        let set = quota["limits"].as_object().context("no limits")?;
        ensure!(
            set.values().all(Value::is_null),
            "limits are left after destroy: {quota}"
        );
    }
    world.must_be_empty()
}

fn created(workspace: &Workspace, body: &str, addresses: &[String]) -> Result<()> {
    workspace.configure(body)?;
    workspace.apply()?;
    workspace.must_be_settled()?;
    let state = workspace.all_attributes()?;
    let imports = addresses.iter().map(|address| {
        let id = state.get(address).map(|values| &values["id"]);
        let id = id.with_context(|| format!("{address} is not in the state"))?;
        Ok(format!("import {{\n  to = {address}\n  id = {id}\n}}\n"))
    });
    let imports = imports.collect::<Result<String>>()?;
    workspace.forget_everything()?;
    workspace.write("import.tf", &imports)?;
    let plan = workspace.plan()?;
    ensure!(
        plan.changed().is_empty(),
        "an import should change nothing\n{}",
        plan.text
    );
    workspace.apply()?;
    workspace.write("import.tf", "")?;
    workspace.must_be_settled()
}

/// To other figures: an update in place, and what is in force follows.
fn edited(workspace: &Workspace, body: &str, addresses: &[String], figure: &Value) -> Result<()> {
    workspace.configure(body)?;
    let plan = workspace.plan()?;
    for address in addresses {
        let actions = plan.actions(address);
        ensure!(actions == ["update"], "{address} is planned as {actions:?}");
    }
    workspace.apply()?;
    workspace.must_be_settled()?;
    let state = workspace.all_attributes()?;
    for address in addresses {
        let values = state.get(address).context("not in the state")?;
        let limit = address.rsplit('.').next().unwrap_or_default();
        ensure!(
            values[limit] == *figure,
            "{address}: {limit} is {} in {values}",
            values[limit]
        );
        let effective = &values["effective"][limit];
        ensure!(
            figure.is_null() != (effective == figure),
            "{address}: {effective} is in force in {values}"
        );
    }
    Ok(())
}

/// What a quota is of cannot be edited: another project, or another class, is another resource.
fn moves(world: &World, from: &str, to: &str) -> Result<()> {
    let workspace = world.workspace()?;
    let body = |project: &str, class: &str| {
        format!(
            "resource \"zun_quota\" \"moved\" {{\n  project_id = \"{project}\"\n  disk = 5\n}}\n\
             resource \"zun_quota\" \"own\" {{\n  disk = 5\n}}\n\
             resource \"zun_quota_class\" \"moved\" {{\n  name = \"{class}\"\n  disk = 5\n}}\n"
        )
    };
    workspace.configure(&body(from, "one"))?;
    workspace.apply()?;
    workspace.must_be_settled()?;
    workspace.configure(&body(to, "two"))?;
    let plan = workspace.plan()?;
    for (address, attribute) in [
        ("zun_quota.moved", "project_id"),
        ("zun_quota_class.moved", "name"),
    ] {
        let change = plan.change(address).context("not planned")?;
        ensure!(
            change["replace_paths"] == json!([[attribute]]),
            "{address}: {change}"
        );
    }
    ensure!(plan.actions("zun_quota.own") == ["no-op"], "{}", plan.text);
    workspace.apply()?;
    workspace.must_be_settled()?;
    workspace.destroy()?;
    Ok(())
}
