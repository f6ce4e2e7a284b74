//! Every attribute of `zun_volume`, `zun_volume_snapshot` and their data sources through its whole life, the volumes of
//! `mounts`, and what users read of them when they plan.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use zun_acceptance::api::Api;
use zun_acceptance::tofu::{Flavor, Plan, Workspace};
use zun_acceptance::world::{ROOMY, World, on_docker_with};
use zun_acceptance::{process, skip, storage};

use crate::snapshot::shown;

#[test]
fn volumes_with_terraform() -> Result<()> {
    on_docker_with(Flavor::Terraform, ROOMY, volumes)
}

#[test]
fn volumes_with_tofu() -> Result<()> {
    on_docker_with(Flavor::Tofu, ROOMY, volumes)
}

#[test]
fn mounts_with_terraform() -> Result<()> {
    on_docker_with(Flavor::Terraform, ROOMY, mounts)
}

#[test]
fn mounts_with_tofu() -> Result<()> {
    on_docker_with(Flavor::Tofu, ROOMY, mounts)
}

/// The longest that the server works at what it has accepted.
const NOTICE: Duration = Duration::from_secs(20);

/// An attribute, the values of its resource before and after the edit, and whether it replaces.
const EDITS: [(&str, &str, &str, bool); 9] = [
    ("zun_volume.size", "size = 1", "size = 2", false),
    ("zun_volume.name", "name = \"one\"", "name = \"two\"", false),
    (
        "zun_volume.description",
        "description = \"one\"",
        "description = \"two\"",
        false,
    ),
    (
        "zun_volume.metadata",
        "metadata = { a = \"1\" }",
        "metadata = { b = \"2\", c = \"ü\" }",
        false,
    ),
    (
        "zun_volume.volume_type",
        "volume_type = \"single\"",
        "volume_type = \"multiattach\"",
        true,
    ),
    (
        "zun_volume.snapshot_id",
        "snapshot_id = zun_volume_snapshot.name.id",
        "snapshot_id = zun_volume_snapshot.metadata.id",
        true,
    ),
    (
        "zun_volume.source_vol_id",
        "source_vol_id = zun_volume.name.id",
        "source_vol_id = zun_volume.metadata.id",
        true,
    ),
    (
        "zun_volume.timeouts",
        "timeouts = { create = \"5m\" }",
        "timeouts = { create = \"6m\" }",
        false,
    ),
    (
        "zun_volume_snapshot.volume_id",
        "volume_id = zun_volume.name.id",
        "volume_id = zun_volume.metadata.id",
        true,
    ),
];

/// The same of snapshots that differ in words only; what is empty at first is imported so.
const WORDS: [(&str, &str, &str, bool); 3] = [
    (
        "zun_volume_snapshot.name",
        "name = \"one\"",
        "name = \"two\"",
        false,
    ),
    (
        "zun_volume_snapshot.description",
        "description = \"\"",
        "description = \"two\"",
        false,
    ),
    (
        "zun_volume_snapshot.metadata",
        "metadata = {}",
        "metadata = { a = \"1\" }",
        false,
    ),
];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    Before,
    After,
    Without,
}

fn edits() -> impl Iterator<Item = (&'static str, &'static str, &'static str, bool)> {
    EDITS.into_iter().chain(WORDS)
}

fn resources(stage: Stage) -> String {
    let one = |(address, before, after, _): (&str, &str, &str, bool)| {
        let (kind, name) = address.split_once('.').unwrap_or_default();
        let own = match stage {
            Stage::Before => before,
            Stage::After => after,
            // What is required cannot be taken out.
            Stage::Without if matches!(name, "size" | "volume_id") => after,
            Stage::Without => "",
        };
        let base = match (kind, name) {
            (_, "size" | "volume_id") => "",
            ("zun_volume", _) => "size = 1",
            _ => "volume_id = zun_volume.description.id",
        };
        format!("resource \"{kind}\" \"{name}\" {{\n  {base}\n  {own}\n}}\n")
    };
    edits().map(one).collect()
}

fn volumes(world: &mut World) -> Result<()> {
    let workspace = world.workspace()?;
    workspace.configure(&resources(Stage::Before))?;
    workspace.apply()?;
    workspace.must_be_settled()?;
    imported(&workspace)?;
    for stage in [Stage::After, Stage::Without] {
        workspace.configure(&resources(stage))?;
        judge(&workspace.plan()?, stage)?;
        workspace.apply()?;
        workspace.must_be_settled()?;
    }
    drifted(&workspace, &world.api()?)?;
    workspace.destroy()?;
    world.must_be_empty()
}

/// Into an empty state, all at once, by id: nothing to do but what no server holds.
fn imported(workspace: &Workspace) -> Result<()> {
    let state = workspace.all_attributes()?;
    let imports = edits().map(|(address, ..)| {
        let values = state
            .get(address)
            .with_context(|| format!("no {address}"))?;
        Ok(format!(
            "import {{\n  to = {address}\n  id = {}\n}}\n",
            values["id"]
        ))
    });
    let imports = imports.collect::<Result<String>>()?;
    workspace.forget_everything()?;
    workspace.write("import.tf", &imports)?;
    let plan = workspace.plan()?;
    let changed: Vec<&str> = plan.changed().into_iter().collect();
    ensure!(
        changed == ["zun_volume.timeouts"],
        "{changed:?}\n{}",
        plan.text
    );
    workspace.apply()?;
    workspace.write("import.tf", "")?;
    workspace.must_be_settled()
}

fn judge(plan: &Plan, stage: Stage) -> Result<()> {
    crate::all(edits().map(|(address, _, _, replaces)| {
        let name = address.rsplit('.').next().unwrap_or_default();
        let kept = stage == Stage::Without && matches!(name, "size" | "volume_id" | "volume_type");
        let expected: &[&str] = match (kept, replaces) {
            (true, _) => &["no-op"],
            (false, true) => &["delete", "create"],
            (false, false) => &["update"],
        };
        let actions = plan.actions(address);
        ensure!(
            actions == expected,
            "{address}: planned as {actions:?} to {stage:?}"
        );
        let unknown: Vec<&str> = plan.unknowns(address).into_iter().collect();
        let open: &[&str] = if address.starts_with("zun_volume.") {
            &["attachment"]
        } else {
            &[]
        };
        ensure!(
            replaces || kept || unknown == open,
            "{address}: known after apply are {unknown:?}"
        );
        Ok(())
    }))
    .with_context(|| plan.text.clone())
}

/// Renamed, grown and deleted by hand.
fn drifted(workspace: &Workspace, api: &Api) -> Result<()> {
    let path = |name: &str, rest: &str| {
        let values = workspace.attributes(&format!("zun_volume.{name}"))?;
        let id = values["id"].as_str().context("no id")?.to_owned();
        anyhow::Ok(api.block_storage(&format!("volumes/{id}{rest}")))
    };
    api.put(
        &path("description", "")?,
        &json!({ "volume": { "name": "by hand" } }),
    )?;
    api.delete(&path("volume_type", "")?)?;
    let plan = workspace.plan()?;
    for (address, action) in [
        ("zun_volume.description", "update"),
        ("zun_volume.volume_type", "create"),
    ] {
        ensure!(
            plan.actions(address) == [action],
            "{address}\n{}",
            plan.text
        );
    }
    workspace.apply()?;
    workspace.must_be_settled()?;

    api.post(
        &path("size", "/action")?,
        &json!({ "os-extend": { "new_size": 4 } }),
    )?;
    let size = path("size", "")?;
    process::poll(NOTICE, || {
        (api.get(&size).ok()?["volume"]["size"] == 4).then_some(())
    })
    .context("the volume has not grown")?;
    let refused = workspace.apply_error()?;
    ensure!(refused.contains("A volume cannot shrink"), "{refused}");
    ensure!(
        words(&refused).contains("has 4. Set size to 4 or more"),
        "{refused}"
    );
    let larger = resources(Stage::Without).replace("size = 2", "size = 4");
    workspace.configure(&larger)?;
    let plan = workspace.plan()?;
    ensure!(plan.is_empty(), "{}", plan.text);
    workspace.apply()?;
    workspace.must_be_settled()
}

/// A text without its frame and its line breaks.
fn words(text: &str) -> String {
    let words = text.split_whitespace().filter(|word| *word != "│");
    words.collect::<Vec<_>>().join(" ")
}

/// A container that has everything that can be mounted, and the data sources that tell of it.
fn stack(size: u32, sized: &str, volume: u32) -> String {
    format!(
        r#"
resource "zun_volume" "data" {{
  name        = "mounts-data"
  description = "of the web"
  size        = {volume}
}}

resource "zun_volume_snapshot" "data" {{
  name        = "mounts-night"
  description = "of the night"
  volume_id   = zun_volume.data.id
}}

resource "zun_container" "web" {{
  name         = "mounts"
  image        = "zun/test:1"
  command      = ["run", "sleep", "100000"]
  cpu          = 0.1
  memory       = 16
  stop_timeout = 1
  mounts = [
    {{ source = zun_volume.data.id, destination = "/data" }},
    {{ size = {size}, destination = "{sized}" }},
    {{ type = "bind", destination = "/etc/web.conf", content = base64encode("listen"), read_only = true }},
  ]
}}

data "zun_volume" "data" {{
  name       = zun_volume.data.name
  depends_on = [zun_container.web]
}}

data "zun_volume_snapshot" "data" {{
  id = zun_volume_snapshot.data.id
}}
"#
    )
}

fn mounts(world: &mut World) -> Result<()> {
    let api = world.api()?;
    world.backend.restart_with("ZUND_HOST_NAME", "host-1")?;
    let workspace = world.workspace()?;
    workspace.configure(&stack(2, "/scratch", 1))?;
    shown("mounts-create", &workspace.plan()?);
    workspace.apply()?;
    workspace.must_be_settled()?;
    told_by_data_sources(&workspace)?;
    let web = workspace.attributes("zun_container.web")?;
    let uuid = web["id"].as_str().context("no id")?.to_owned();
    let run = |script: &str| world.engine.exec(&uuid, &["sh", "-c", script]);
    run("echo kept >/data/file; echo kept >/scratch/file; sync")?;
    let conf = run("cat /etc/web.conf; ls -A /data /scratch; touch /etc/web.conf || true")?;
    ensure!(
        conf.contains("listen") && conf.contains("Read-only"),
        "{conf}"
    );
    ensure!(!conf.contains("lost+found"), "{conf}");
    workspace.configure(&stack(1, "/scratch", 1))?;
    let refused = workspace.apply_error()?;
    ensure!(
        words(&refused).contains("Keep size at 2 or more"),
        "{refused}"
    );

    // Taken out, and another made elsewhere: recreated in place, the first stays.
    let first = world.engine.engine_id(&uuid)?;
    workspace.configure(&stack(2, "/other", 1))?;
    let plan = workspace.plan()?;
    let scratch = web["volumes"]["/scratch"].as_str().context("no volume")?;
    let stays = format!("Volume {scratch} (2 GiB, at /scratch)");
    ensure!(words(&plan.text).contains(&stays), "{}", plan.text);
    shown("mounts-moved", &plan);
    workspace.apply()?;
    workspace.must_be_settled()?;
    let second = world.engine.engine_id(&uuid)?;
    ensure!(second != first, "not recreated");
    let kept = run("cat /data/file; ls -A /other")?;
    ensure!(kept == "kept\n", "the data is not as it was: {kept}");
    let left = api.block_storage(&format!("volumes/{scratch}"));
    let status = api.get(&left)?["volume"]["status"].clone();
    ensure!(status == "available", "the volume that stays is {status}");

    grown(&workspace)?;
    ensure!(
        world.engine.engine_id(&uuid)? == second,
        "growing has recreated it"
    );
    imported_with_mounts(&workspace, &uuid)?;
    workspace.destroy()?;
    api.delete(&left)
        .context("the volume should have outlived its container")?;
    let gone = process::poll(NOTICE, || api.get(&left).is_err().then_some(()));
    gone.context("the volume is not deleted")?;
    world.must_be_empty()
}

/// Both kinds of volumes, while the container runs; where the kernel does not let that be, the error says so.
fn grown(workspace: &Workspace) -> Result<()> {
    workspace.configure(&stack(3, "/other", 2))?;
    if storage::grows_mounted() {
        shown("mounts-grown", &workspace.plan()?);
        workspace.apply()?;
    } else {
        skip::skip("volumes that grow below a running container: needs CAP_SYS_RESOURCE");
        let plan = workspace.plan()?;
        ensure!(
            words(&plan.text).contains("CAP_SYS_RESOURCE"),
            "{}",
            plan.text
        );
        let refused = workspace.apply_error()?;
        ensure!(words(&refused).contains("CAP_SYS_RESOURCE"), "{refused}");
        workspace.configure(&stack(2, "/other", 1))?;
    }
    workspace.must_be_settled()
}

fn told_by_data_sources(workspace: &Workspace) -> Result<()> {
    let state = workspace.all_attributes()?;
    let of = |address: &str| state.get(address).with_context(|| format!("no {address}"));
    let (web, data) = (of("zun_container.web")?, of("data.zun_volume.data")?);
    ensure!(data["status"] == "in-use", "{data}");
    ensure!(data["attachment"][0]["container"] == web["id"], "{data}");
    ensure!(data["attachment"][0]["destination"] == "/data", "{data}");
    let own = of("zun_volume.data")?;
    ensure!(
        own["status"] == "available" && own["attachment"] == json!([]),
        "{own}"
    );
    ensure!(web["volumes"]["/data"] == own["id"], "{web}");
    ensure!(
        web["volumes"].as_object().map(serde_json::Map::len) == Some(2),
        "{web}"
    );
    let night = of("data.zun_volume_snapshot.data")?;
    ensure!(
        night["volume_id"] == own["id"] && night["size"] == 1,
        "{night}"
    );
    ensure!(
        night["status"] == "available" && night["created_at"] != Value::Null,
        "{night}"
    );
    Ok(())
}

fn imported_with_mounts(workspace: &Workspace, uuid: &str) -> Result<()> {
    for (address, id) in [
        ("zun_container.web", uuid),
        ("zun_volume.data", "mounts-data"),
        ("zun_volume_snapshot.data", "mounts-night"),
    ] {
        workspace.import_again(address, id)?;
    }
    workspace.must_be_settled()
}
