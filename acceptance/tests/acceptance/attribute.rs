//! Every attribute of every resource, through its whole life: created, found unchanged, imported, edited with the effect
//! that the plan promised, taken out again, destroyed.
//!
//! `check.rs` says what one line of the table means, `table.rs` is the table, `quota.rs` has the other two resources.

pub(crate) mod check;
mod quota;
pub(crate) mod table;

use std::collections::BTreeSet;
use std::fmt::Write;

use anyhow::{Context, Result, ensure};
use serde_json::Value;
use zun_acceptance::skip;
use zun_acceptance::tofu::{Flavor, Workspace};
use zun_acceptance::world::{ROOMY, World, on_docker_with};

use crate::all;
use check::{Check, Effect, Stage};

#[test]
fn attributes_of_a_container_with_terraform() -> Result<()> {
    on_docker_with(Flavor::Terraform, ROOMY, attributes)
}

#[test]
fn attributes_of_a_container_with_tofu() -> Result<()> {
    on_docker_with(Flavor::Tofu, ROOMY, attributes)
}

fn attributes(world: &mut World) -> Result<()> {
    // Some attributes are for projects alone that the configuration names.
    let project = world.api()?.project().to_owned();
    world
        .backend
        .restart_with("ZUND_POLICY_PRIVILEGED_PROJECTS", &project)?;
    let workspace = world.workspace()?;
    let mut table = table::table();
    if workspace.is_at_least(1, 11)? {
        table.extend(table::write_only());
    } else {
        skip::skip(
            "the attribute environment_wo: this version has no write-only attributes (1.11 has)",
        );
    }
    let walk = Walk {
        world,
        workspace,
        table,
    };
    walk.create()?;
    walk.import()?;
    walk.edit(Stage::After)?;
    walk.edit(Stage::Without)?;
    walk.workspace.destroy()?;
    world.must_be_empty()
}

#[test]
fn no_attribute_is_left_out() -> Result<()> {
    let page = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../docs/resources/container.md"
    );
    let text = std::fs::read_to_string(page).with_context(|| format!("cannot read {page}"))?;
    // What follows describes the insides of attributes.
    let schema = text.split("<a id=").next().unwrap_or_default();
    let documented: BTreeSet<&str> = schema
        .lines()
        .filter_map(|line| {
            line.strip_prefix("- `")?
                .split_once("` (")
                .map(|(name, _)| name)
        })
        .collect();
    ensure!(documented.len() > 40, "{page} has only {documented:?}");
    let lines = [table::table(), table::write_only()].concat();
    let mut checked: BTreeSet<&str> = lines.iter().map(|check| check.attribute).collect();
    checked.extend(table::COMPUTED);
    checked.insert("environment_wo");
    // They need networks and groups beside the container: `network_container.rs` tries them.
    checked.extend(["networks", "security_groups"]);
    // And a registry: `registry.rs`.
    checked.insert("registry");
    ensure!(
        documented == checked,
        "the documentation has {:?} and the table {:?} alone",
        documented.difference(&checked),
        checked.difference(&documented)
    );
    Ok(())
}

/// One container for each line of the table, all in one state.
struct Walk<'a> {
    world: &'a World,
    workspace: Workspace,
    table: Vec<Check>,
}

/// What of a container an edit may or may not change.
#[derive(Debug, Clone, PartialEq)]
struct Seen {
    engine_id: String,
    uuid: String,
    revision: Value,
    addresses: Value,
    published: Value,
}

impl Walk<'_> {
    fn configure(&self, stage: Stage) -> Result<()> {
        let resources: String = self
            .table
            .iter()
            .map(|check| check.resource(stage))
            .collect();
        self.workspace.configure(&resources)
    }

    fn create(&self) -> Result<()> {
        self.configure(Stage::Before)?;
        self.workspace.apply()?;
        self.workspace.must_be_settled()?;
        self.world.must_balance()
    }

    /// Into an empty state, all at once.
    fn import(&self) -> Result<()> {
        let before = self.look()?;
        let mut imports = String::new();
        for (check, seen) in self.table.iter().zip(&before) {
            let (to, id) = (check.address(), &seen.uuid);
            let _ = writeln!(imports, "import {{\n  to = {to}\n  id = \"{id}\"\n}}\n");
        }
        self.workspace.forget_everything()?;
        self.workspace.write("import.tf", &imports)?;
        let plan = self.workspace.plan()?;
        all(self
            .table
            .iter()
            .map(|check| check.judge(&plan, check.effect_of_import())))
        .with_context(|| format!("after an import\n{}", plan.text))?;
        self.workspace.apply()?;
        self.workspace.write("import.tf", "")?;
        self.workspace.must_be_settled()?;
        ensure!(self.look()? == before, "an import has changed something");
        Ok(())
    }

    /// To another stage: the plan says what it is, and that is what happens.
    fn edit(&self, stage: Stage) -> Result<()> {
        let before = self.look()?;
        self.configure(stage)?;
        let plan = self.workspace.plan()?;
        all(self
            .table
            .iter()
            .map(|check| check.judge(&plan, check.effect(stage))))
        .with_context(|| format!("planning {stage:?}\n{}", plan.text))?;
        let resources = self.table.iter().map(|check| {
            let applied = if check.is_applied(stage) {
                stage
            } else {
                Stage::Before
            };
            check.resource(applied)
        });
        self.workspace.configure(&resources.collect::<String>())?;
        self.workspace.apply()?;
        self.workspace.must_be_settled()?;
        let after = self.look()?;
        all(self
            .table
            .iter()
            .zip(before.iter().zip(&after))
            .filter(|(check, _)| check.is_applied(stage))
            .map(|(check, (before, after))| {
                let did =
                    happened(check.effect(stage), before, after).with_context(|| check.address());
                did.and_then(|()| match stage {
                    Stage::After => check.must_show(&self.inspect(&after.uuid)?),
                    Stage::Before | Stage::Without => Ok(()),
                })
            }))
        .with_context(|| format!("after the step to {stage:?}"))?;
        self.world.must_balance()
    }

    fn look(&self) -> Result<Vec<Seen>> {
        let state = self.workspace.all_attributes()?;
        let of = |check: &Check| {
            let address = check.address();
            let values = state
                .get(&address)
                .with_context(|| format!("{address} is not in the state"))?;
            let uuid = values["id"].as_str().context("an id that is no text")?;
            Ok(Seen {
                engine_id: self.world.engine.engine_id(uuid)?,
                uuid: uuid.to_owned(),
                revision: values["revision"].clone(),
                addresses: values["addresses"].clone(),
                published: values["published"].clone(),
            })
        };
        self.table.iter().map(of).collect()
    }

    fn inspect(&self, uuid: &str) -> Result<Value> {
        Ok(serde_json::to_value(self.world.engine.inspect(uuid)?)?)
    }
}

fn happened(effect: Effect, before: &Seen, after: &Seen) -> Result<()> {
    let (old, new) = (before, after);
    match effect {
        Effect::Kept | Effect::Local | Effect::Live | Effect::State => {
            ensure!(old == new, "{effect:?}, and yet {old:?} became {new:?}");
        }
        Effect::Replace => ensure!(
            old.uuid != new.uuid && old.engine_id != new.engine_id,
            "{effect:?}, and yet {old:?} stayed {new:?}"
        ),
        Effect::Recreate => {
            ensure!(
                old.engine_id != new.engine_id && old.revision != new.revision,
                "{effect:?}, and yet {old:?} stayed {new:?}"
            );
            ensure!(
                old.uuid == new.uuid && old.addresses == new.addresses,
                "{effect:?}, and yet {old:?} became {new:?}"
            );
            let kept = old.published.get("80/tcp");
            let both = new.published.get("80/tcp");
            ensure!(
                both.is_none() || kept == both,
                "{effect:?}, and yet port 80 moved from {kept:?} to {both:?}"
            );
        }
    }
    Ok(())
}
