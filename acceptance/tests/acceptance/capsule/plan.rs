//! What users read when they plan a capsule, for each kind of edit: the snapshots are beside those of containers.

use anyhow::{Context, Result};
use zun_acceptance::hand::Hand;
use zun_acceptance::tofu::{Flavor, Workspace};
use zun_acceptance::world::{ROOMY, World, on_docker_with};

use super::CAPSULE;
use crate::snapshot::shown;

#[test]
fn plans_of_a_capsule_with_terraform() -> Result<()> {
    on_docker_with(Flavor::Terraform, ROOMY, plans)
}

#[test]
fn plans_of_a_capsule_with_tofu() -> Result<()> {
    on_docker_with(Flavor::Tofu, ROOMY, plans)
}

const WEB: &str =
    "{ name = \"web\", image = \"zun/test:1\", memory = 16, ports = [{ internal = 80 }] }";
const SIDE: &str =
    "{ name = \"side\", image = \"zun/test:1\", memory = 16, environment = { PORT = \"81\" } }";

fn configure(workspace: &Workspace, hostname: &str, members: &[&str]) -> Result<()> {
    let members = members.join(",\n    ");
    workspace.configure(&format!(
        "resource \"zun_capsule\" \"all\" {{\n  name = \"all\"\n  hostname = \"{hostname}\"\n  containers = [\n    {members},\n  ]\n}}\n"
    ))
}

fn plans(world: &mut World) -> Result<()> {
    world.backend.restart_with("ZUND_HOST_NAME", "host-1")?;
    let workspace = world.workspace()?;
    configure(&workspace, "all", &[WEB, SIDE])?;
    shown("capsule-create", &workspace.plan()?);
    workspace.apply()?;
    let more = SIDE.replace("memory = 16", "memory = 24");
    let other = SIDE.replace("81", "82");
    let third = SIDE.replace("side", "third").replace("81", "82");
    for (name, hostname, members) in [
        ("capsule-live", "all", [WEB, &more].as_slice()),
        ("capsule-recreate", "all", &[WEB, &other]),
        ("capsule-added", "all", &[WEB, SIDE, &third]),
        ("capsule-removed", "all", &[WEB]),
        ("capsule-order", "all", &[SIDE, WEB]),
        ("capsule-sandbox", "other", &[WEB, SIDE]),
    ] {
        configure(&workspace, hostname, members)?;
        shown(name, &workspace.plan()?);
    }
    configure(&workspace, "all", &[WEB, SIDE])?;
    let values = workspace.attributes(CAPSULE)?;
    let side = values["container_ids"]["side"].as_str().context("no id")?;
    for (name, hand) in [
        ("capsule-drift-stopped", Hand::Stop),
        ("capsule-drift-missing", Hand::Remove),
    ] {
        hand.lay(&world.engine, side)?;
        shown(name, &workspace.plan()?);
    }
    workspace.apply()?;
    shown("capsule-destroy", &workspace.plan_with(&["-destroy"])?);
    workspace.destroy()?;
    world.must_be_empty()
}
