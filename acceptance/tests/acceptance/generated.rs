//! Configuration that the core writes for what is imported: as it is, it plans nothing.

use std::fmt::Write as _;

use anyhow::{Context, Result, ensure};
use zun_acceptance::tofu::Flavor;
use zun_acceptance::world::{World, on_docker};

const STACK: &str = r#"
resource "zun_volume" "data" {
  name = "generated"
  size = 1
}

resource "zun_container" "web" {
  name           = "generated"
  image          = "zun/test:1"
  memory         = 32
  environment    = { GREETING = "hello" }
  ports          = [{ internal = 80 }]
  restart_policy = { name = "always" }
  mounts = [
    { source = zun_volume.data.id, destination = "/data" },
    { size = 1, destination = "/cache" },
  ]
}

resource "zun_volume_snapshot" "night" {
  name      = "generated"
  volume_id = zun_volume.data.id
}
"#;

#[test]
fn configuration_is_written_by_terraform() -> Result<()> {
    on_docker(Flavor::Terraform, written)
}

#[test]
fn configuration_is_written_by_tofu() -> Result<()> {
    on_docker(Flavor::Tofu, written)
}

fn written(world: &mut World) -> Result<()> {
    let workspace = world.workspace()?;
    workspace.configure(STACK)?;
    workspace.apply()?;
    let mut imports = String::new();
    for address in [
        "zun_volume.data",
        "zun_container.web",
        "zun_volume_snapshot.night",
    ] {
        let id = workspace.attributes(address)?["id"].clone();
        let id = id
            .as_str()
            .with_context(|| format!("{address} has no id"))?;
        let _ = write!(
            imports,
            "import {{\n  to = {address}\n  id = \"{id}\"\n}}\n\n"
        );
    }
    workspace.forget_everything()?;
    workspace.configure(&imports)?;
    let plan = ["plan", "-no-color", "-generate-config-out=generated.tf"];
    let told = workspace.run(&plan)?.success()?.text();
    ensure!(
        told.contains("Plan: 3 to import, 0 to add, 0 to change, 0 to destroy."),
        "{told}"
    );
    workspace.apply()?;
    workspace.must_be_settled()?;
    // What the core writes names the volume by its id, from which it sees no order: the user of it goes first.
    let first = [
        "destroy",
        "-auto-approve",
        "-no-color",
        "-target=zun_container.web",
    ];
    workspace.run(&first)?.success()?;
    workspace.destroy()?;
    world.must_be_empty()
}
