//! zund killed in the middle of work on capsules and on an image of ours, on the real Docker Engine: whenever it is back,
//! records, claims and the engine agree, and in the end no sandbox, member, volume, upload or layer is left.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use zun_acceptance::api::Api;
use zun_acceptance::tofu::Flavor;
use zun_acceptance::world::{ROOMY, World, on_docker_with};
use zun_acceptance::{archive, process};

use crate::interrupted::{APPLY, DESTROY, struck};

const DEADLINE: Duration = Duration::from_mins(2);
/// How many capsules, each of a sandbox, an init container and two members.
const COUNT: usize = 3;

#[test]
fn zund_killed_in_work_on_capsules() -> Result<()> {
    on_docker_with(Flavor::Terraform, ROOMY, |world| {
        for moment in [1, 5, 9] {
            round(world, moment).with_context(|| format!("killed at {moment}"))?;
        }
        Ok(())
    })
}

const STACK: &str = r#"
resource "zun_image" "own" {
  name            = "own"
  local_file_path = "own.tar"
}

resource "zun_capsule" "it" {
  count = COUNT
  name  = "it-${count.index}"

  init_containers = [{
    name    = "first"
    image   = "zun/test:1"
    command = ["sh", "-c", "echo first >/data/file"]
    cpu     = 0.01
    memory  = 16
    mounts  = [{ source = "data", destination = "/data" }]
  }]

  containers = [
    {
      name         = "own"
      image        = zun_image.own.id
      image_driver = "glance"
      command      = ["/bin/run", "/bin/sleep", "100000"]
      environment  = { PATH = "/bin" }
      cpu          = 0.01
      memory       = 16
      stop_timeout = 1
      mounts       = [{ source = "data", destination = "/data", read_only = true }]
    },
    {
      name         = "edited"
      image        = "zun/test:1"
      command      = ["run", "sleep", "100000"]
      cpu          = 0.01
      memory       = 16
      stop_timeout = 1
      environment  = { EDIT = "EDITED" }
      mounts       = [{ source = "data", destination = "/data" }]
    },
  ]

  volumes = [{ name = "data", size = 1 }]
}
"#;

/// Made, edited and destroyed; zund is killed in each when the engine has come so far.
fn round(world: &mut World, moment: usize) -> Result<()> {
    let workspace = world.workspace()?;
    archive::root_filesystem("killed", &workspace.dir().join("own.tar"))?;
    let stack = STACK.replace("COUNT", &COUNT.to_string());
    workspace.configure(&stack.replace("EDITED", "before"))?;
    // The first blow is in the upload, or just after it.
    struck(world, &workspace, &APPLY, |api| {
        until(api, |api| Ok(uploads(api)? + parts(api)? >= moment))
    })?;
    workspace.apply()?;
    workspace.must_be_settled()?;
    must_agree(world, COUNT).context("made")?;

    workspace.configure(&stack.replace("EDITED", "after"))?;
    struck(world, &workspace, &APPLY, |api| {
        until(api, |api| Ok(edited(api)? >= moment.div_ceil(4)))
    })?;
    workspace.apply()?;
    workspace.must_be_settled()?;
    must_agree(world, COUNT).context("edited")?;

    struck(world, &workspace, &DESTROY, |api| {
        until(api, |api| Ok(parts(api)? <= 4 * COUNT - moment))
    })?;
    workspace.destroy()?;
    must_agree(world, 0).context("destroyed")?;
    world.must_be_empty()?;
    let left = uploads(&world.api()?)?;
    ensure!(left == 0, "{left} images are left");
    Ok(())
}

fn until(api: &Api, far: impl Fn(&Api) -> Result<bool>) -> Result<()> {
    let reached = process::poll(DEADLINE, || far(api).ok()?.then_some(()));
    reached.context("it did not come to that")
}

/// Images that are made, with their data or without.
fn uploads(api: &Api) -> Result<usize> {
    let listed = api.get("/image/v2/images")?;
    Ok(listed["images"].as_array().map_or(0, Vec::len))
}

/// Containers of capsules that run, or have run.
fn parts(api: &Api) -> Result<usize> {
    let capsules = api.capsules()?;
    let parts = capsules
        .iter()
        .filter_map(|row| row["containers"].as_array());
    let there = |one: &&serde_json::Value| one["state"] == "running" || one["state"] == "stopped";
    Ok(parts.flatten().filter(there).count())
}

/// Containers that were made anew, or are being made anew.
fn edited(api: &Api) -> Result<usize> {
    let capsules = api.capsules()?;
    let begun = |row: &&serde_json::Value| row["generation"].as_i64() > Some(1);
    Ok(capsules.iter().filter(begun).count())
}

/// So many capsules, with all that they claim and have in the engine, and with nothing else.
fn must_agree(world: &World, count: usize) -> Result<()> {
    let rows = world.api()?.capsules()?;
    ensure!(rows.len() == count, "{} capsules", rows.len());
    let mut last = Ok(());
    let agreed = process::poll(Duration::from_secs(30), || {
        last = world.must_balance();
        last.is_ok().then_some(())
    });
    agreed.map_or(last, Ok)
}
