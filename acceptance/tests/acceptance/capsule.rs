//! Every attribute of `zun_capsule` through its whole life: what a plan says of each container is what happens to it, and
//! the others keep running. Drift, templates, the example, and OpenStack's own clients.

mod clients;
mod example;
mod plan;
mod template;
mod whole;

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, Result, ensure};
use serde_json::Value;
use zun_acceptance::hand::Hand;
use zun_acceptance::tofu::{Flavor, Plan, Workspace};
use zun_acceptance::world::{ROOMY, World, on_docker_with};

use crate::attribute::check::{Check, Effect, Stage};
use crate::attribute::table;

#[test]
fn containers_of_a_capsule_with_terraform() -> Result<()> {
    on_docker_with(Flavor::Terraform, ROOMY, containers)
}

#[test]
fn containers_of_a_capsule_with_tofu() -> Result<()> {
    on_docker_with(Flavor::Tofu, ROOMY, containers)
}

/// The capsule.
pub(crate) const CAPSULE: &str = "zun_capsule.all";

/// Attributes of `zun_container` that a container of a capsule does not have, or not for itself: `whole.rs` tries those
/// that the capsule has.
const NOT_A_MEMBERS: [&str; 12] = [
    "auto_heal",
    "availability_zone",
    "hints",
    "hostname",
    "image_update",
    "name",
    "ports",
    "restart_policy",
    "shm_size",
    "state",
    "timeouts",
    "wait_for",
];

/// The Docker container of each, by name; `sandbox` is the one that holds the others together.
pub(crate) type Ids = BTreeMap<String, String>;

/// What the engine has of a capsule.
pub(crate) fn ids(world: &World, values: &Value) -> Result<Ids> {
    let uuid = values["id"].as_str().context("no id")?;
    let shown = world.api()?.get(&format!("/zund/v1/capsules/{uuid}"))?;
    let all = shown["containers"].as_array().context("no containers")?;
    let one = |one: &Value| {
        let text = |name: &str| one[name].as_str().unwrap_or_default().to_owned();
        let id = world.engine.engine_id(&text("uuid"))?;
        let name = if text("role") == "sandbox" {
            "sandbox".to_owned()
        } else {
            text("name")
        };
        Ok((name, id))
    };
    all.iter().map(one).collect()
}

/// The names at which a computed map of a capsule becomes known only by the apply.
pub(crate) fn open_at(plan: &Plan, address: &str, map: &str) -> BTreeSet<String> {
    let change = plan
        .change(address)
        .map(|change| &change["after_unknown"][map]);
    match change {
        Some(Value::Object(entries)) => entries.keys().cloned().collect(),
        Some(Value::Bool(true)) => BTreeSet::from(["*".to_owned()]),
        _ => BTreeSet::new(),
    }
}

fn members() -> Vec<Check> {
    let all = [table::table(), table::write_only()].concat();
    let members = all.into_iter();
    members
        .filter(|check| !NOT_A_MEMBERS.contains(&check.attribute))
        .collect()
}

fn configuration(checks: &[Check], stage: Stage) -> String {
    let members: String = checks
        .iter()
        .map(|check| {
            let applied = if check.is_applied(stage) {
                stage
            } else {
                Stage::Before
            };
            check.member(applied)
        })
        .collect();
    format!(
        r#"
resource "zun_capsule" "all" {{
  name = "all"
  containers = [
    {{
      name         = "calm"
      image        = "zun/test:1"
      command      = ["run", "sleep", "100000"]
      cpu          = 0.05
      memory       = 16
      stop_timeout = 1
    }},
{members}  ]
}}
"#
    )
}

fn containers(world: &mut World) -> Result<()> {
    // Some attributes are for projects alone that the configuration names.
    let project = world.api()?.project().to_owned();
    world
        .backend
        .restart_with("ZUND_POLICY_PRIVILEGED_PROJECTS", &project)?;
    let workspace = world.workspace()?;
    let mut checks = members();
    if !workspace.is_at_least(1, 11)? {
        checks.retain(|check| check.attribute != "environment_wo_version");
    }
    workspace.configure(&configuration(&checks, Stage::Before))?;
    workspace.apply()?;
    workspace.must_be_settled()?;
    imported(world, &workspace)?;
    for stage in [Stage::After, Stage::Without] {
        edited(world, &workspace, &checks, stage)?;
    }
    come_and_go(world, &workspace, &checks)?;
    drifted(world, &workspace)?;
    workspace.destroy()?;
    world.must_be_empty()
}

/// Into an empty state: nothing to do but to note what no server holds, and nothing happens.
fn imported(world: &World, workspace: &Workspace) -> Result<()> {
    let values = workspace.attributes(CAPSULE)?;
    let before = ids(world, &values)?;
    for id in [&values["id"], &values["name"]] {
        workspace.import_again(CAPSULE, id.as_str().context("no text")?)?;
        let plan = workspace.plan()?;
        let open = plan.unknowns(CAPSULE);
        ensure!(open.is_empty(), "after an import\n{}", plan.text);
        workspace.apply()?;
        workspace.must_be_settled()?;
        let after = ids(world, &values)?;
        ensure!(
            before == after,
            "an import has changed {before:?} to {after:?}"
        );
    }
    Ok(())
}

/// To another stage, all containers at once: those that the plan says are made anew, and no other.
fn edited(world: &World, workspace: &Workspace, checks: &[Check], stage: Stage) -> Result<()> {
    let values = workspace.attributes(CAPSULE)?;
    let before = ids(world, &values)?;
    workspace.configure(&configuration(checks, stage))?;
    let plan = workspace.plan()?;
    let remade: BTreeSet<String> = checks
        .iter()
        .filter(|check| check.is_applied(stage) || stage == Stage::Without)
        .filter(|check| check.effect(stage) == Effect::Recreate)
        .map(|check| check.attribute.to_owned())
        .collect();
    // Was not applied, so it is not taken back; the value before it may still go.
    for map in ["revisions", "image_digests", "statuses"] {
        let open = open_at(&plan, CAPSULE, map);
        ensure!(
            open == remade,
            "{stage:?}: {map} is open at {open:?}, and should be at {remade:?}\n{}",
            plan.text
        );
    }
    ensure!(plan.actions(CAPSULE) == ["update"], "{}", plan.text);
    workspace.apply()?;
    workspace.must_be_settled()?;
    let after = ids(world, &values)?;
    let changed: BTreeSet<String> = after
        .iter()
        .filter(|(name, id)| before.get(*name) != Some(*id))
        .map(|(name, _)| name.clone())
        .collect();
    ensure!(
        changed == remade,
        "{stage:?}: made anew were {changed:?}, and should have been {remade:?}"
    );
    let now = workspace.attributes(CAPSULE)?;
    for kept in ["id", "addresses", "container_ids", "hostname"] {
        ensure!(now[kept] == values[kept], "{kept} is {}", now[kept]);
    }
    if stage == Stage::After {
        for check in checks.iter().filter(|check| check.is_applied(stage)) {
            let uuid = now["container_ids"][check.attribute].as_str();
            let inspected = world.engine.inspect(uuid.context("no uuid")?)?;
            check.must_show(&serde_json::to_value(inspected)?)?;
        }
    }
    Ok(())
}

/// A container that is taken out, and one that is added: nobody else is touched.
fn come_and_go(world: &World, workspace: &Workspace, checks: &[Check]) -> Result<()> {
    let values = workspace.attributes(CAPSULE)?;
    let before = ids(world, &values)?;
    let (last, rest) = checks.split_last().context("no checks")?;
    workspace.configure(&configuration(rest, Stage::Without))?;
    workspace.apply()?;
    workspace.must_be_settled()?;
    let mut expected = before.clone();
    expected.remove(last.attribute);
    let fewer = ids(world, &values)?;
    ensure!(fewer == expected, "{fewer:?} should be {expected:?}");
    workspace.configure(&configuration(checks, Stage::Without))?;
    let plan = workspace.plan()?;
    let open = open_at(&plan, CAPSULE, "container_ids");
    ensure!(
        open == BTreeSet::from([last.attribute.to_owned()]),
        "{open:?}"
    );
    workspace.apply()?;
    workspace.must_be_settled()?;
    let mut again = ids(world, &values)?;
    again.remove(last.attribute);
    ensure!(again == expected, "{again:?} should be {expected:?}");
    Ok(())
}

/// What `docker` changes by hand is named, and mended alone.
fn drifted(world: &World, workspace: &Workspace) -> Result<()> {
    let values = workspace.attributes(CAPSULE)?;
    let calm = values["container_ids"]["calm"]
        .as_str()
        .context("no uuid")?;
    for (hand, word) in [(Hand::Stop, "stopped"), (Hand::Remove, "missing")] {
        let before = ids(world, &values)?;
        hand.lay(&world.engine, calm)?;
        let plan = workspace.plan()?;
        let seen = plan
            .change(CAPSULE)
            .map(|change| &change["before"]["statuses"]["calm"]);
        ensure!(
            seen.and_then(Value::as_str) == Some(word),
            "{hand:?} reads {seen:?}\n{}",
            plan.text
        );
        workspace.apply()?;
        workspace.must_be_settled()?;
        let mut after = ids(world, &values)?;
        let mended = after.remove("calm");
        ensure!(mended.is_some(), "{hand:?}: it is not back");
        let mut others = before;
        others.remove("calm");
        ensure!(after == others, "{hand:?}: {others:?} became {after:?}");
    }
    let before = ids(world, &values)?;
    Hand::Memory(24).lay(&world.engine, calm)?;
    let plan = workspace.plan()?;
    ensure!(plan.actions(CAPSULE) == ["update"], "{}", plan.text);
    workspace.apply()?;
    workspace.must_be_settled()?;
    ensure!(before == ids(world, &values)?, "a limit is mended live");
    Ok(())
}
