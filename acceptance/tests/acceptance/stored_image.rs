//! Every attribute of `zun_image` and its data source through its whole life, and containers of images that were made of
//! each kind of file.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use zun_acceptance::archive;
use zun_acceptance::tofu::{Flavor, Plan, Workspace};
use zun_acceptance::world::{ROOMY, World, on_docker_with};

#[test]
fn images_with_terraform() -> Result<()> {
    on_docker_with(Flavor::Terraform, ROOMY, images)
}

#[test]
fn images_with_tofu() -> Result<()> {
    on_docker_with(Flavor::Tofu, ROOMY, images)
}

#[test]
fn containers_of_images_with_terraform() -> Result<()> {
    on_docker_with(Flavor::Terraform, ROOMY, containers)
}

#[test]
fn containers_of_images_with_tofu() -> Result<()> {
    on_docker_with(Flavor::Tofu, ROOMY, containers)
}

/// An attribute, its value before and after the edit, and whether that replaces; without the attribute it is as after the
/// edit where the last word says so. What a registry has is in `registry.rs`.
const EDITS: [(&str, &str, &str, bool, bool); 12] = [
    ("name", "\"one\"", "\"two\"", false, true),
    ("local_file_path", "\"one.tar\"", "\"two.tar\"", true, true),
    ("tags", "[\"a\", \"b\"]", "[\"b\", \"ü\"]", false, false),
    (
        "properties",
        "{ a = \"1\", b = \"1\" }",
        "{ b = \"2\", c = \"1\" }",
        false,
        false,
    ),
    ("visibility", "\"public\"", "\"private\"", false, true),
    ("protected", "true", "false", false, true),
    ("hidden", "false", "true", false, false),
    ("min_disk_gb", "1", "2", false, false),
    ("min_ram_mb", "64", "128", false, false),
    ("container_format", "\"bare\"", "\"docker\"", true, true),
    ("disk_format", "\"raw\"", "\"qcow2\"", true, true),
    (
        "timeouts",
        "{ create = \"5m\" }",
        "{ create = \"6m\" }",
        false,
        false,
    ),
];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    Before,
    After,
    Without,
}

fn resources(stage: Stage) -> String {
    let one = |(name, before, after, _, stays): (&str, &str, &str, bool, bool)| {
        let own = match stage {
            Stage::Before => Some(before),
            Stage::After => Some(after),
            Stage::Without => stays
                .then_some(after)
                .filter(|_| matches!(name, "name" | "local_file_path")),
        };
        let own = own.map_or(String::new(), |own| format!("  {name} = {own}\n"));
        let called = if name == "name" {
            ""
        } else {
            "  name = \"image\"\n"
        };
        let file = if name == "local_file_path" {
            ""
        } else {
            "  local_file_path = \"one.tar\"\n"
        };
        format!("resource \"zun_image\" \"{name}\" {{\n{called}{file}{own}}}\n\n")
    };
    EDITS.into_iter().map(one).collect()
}

/// Looks at what the resources made.
const QUESTIONS: &str = r#"
data "zun_image" "by_id" {
  id = zun_image.properties.id
}

data "zun_image" "by_name" {
  name        = "image"
  tag         = "a"
  visibility  = "private"
  most_recent = true
  depends_on  = [zun_image.tags]
}
"#;

fn images(world: &mut World) -> Result<()> {
    let workspace = world.workspace()?;
    for words in ["one", "two"] {
        let target = workspace.dir().join(format!("{words}.tar"));
        archive::root_filesystem(words, &target)?;
    }
    workspace.configure(&format!("{}{QUESTIONS}", resources(Stage::Before)))?;
    workspace.apply()?;
    workspace.must_have_nothing_to_refresh()?;
    workspace.must_be_settled()?;
    told_by_data_sources(&workspace)?;
    imported(&workspace)?;
    for stage in [Stage::After, Stage::Without] {
        workspace.configure(&resources(stage))?;
        judge(&workspace.plan()?, stage)?;
        workspace.apply()?;
        workspace.must_be_settled()?;
    }
    drifted(world, &workspace)?;
    workspace.destroy()?;
    nothing_left(world)
}

fn judge(plan: &Plan, stage: Stage) -> Result<()> {
    crate::all(EDITS.into_iter().map(|(name, _, _, replaces, stays)| {
        let address = format!("zun_image.{name}");
        let expected: &[&str] = match (stage, replaces, stays) {
            (Stage::Without, _, true) => &["no-op"],
            (Stage::After, true, _) => &["delete", "create"],
            _ => &["update"],
        };
        let actions = plan.actions(&address);
        ensure!(
            actions == expected,
            "{address}: planned as {actions:?} to {stage:?}"
        );
        let unknown = plan.unknowns(&address);
        ensure!(
            expected != ["update"] || unknown.is_empty(),
            "{address}: known after apply are {unknown:?}"
        );
        Ok(())
    }))
    .with_context(|| plan.text.clone())
}

fn told_by_data_sources(workspace: &Workspace) -> Result<()> {
    let state = workspace.all_attributes()?;
    let of = |address: &str| state.get(address).with_context(|| format!("no {address}"));
    for (data, resource) in [
        ("data.zun_image.by_id", "zun_image.properties"),
        ("data.zun_image.by_name", "zun_image.tags"),
    ] {
        let (data, resource) = (of(data)?, of(resource)?);
        for (name, value) in resource.as_object().context("no attributes")? {
            let local = ["local_file_path", "registry", "registry_image", "timeouts"];
            let same = local.contains(&name.as_str()) || data[name] == *value;
            ensure!(same, "{name}: {data} and {resource}");
        }
    }
    let image = of("zun_image.properties")?;
    ensure!(
        image["status"] == "active" && image["kind"] == "rootfs",
        "{image}"
    );
    let bytes = fs::metadata(workspace.dir().join("one.tar"))?.len();
    ensure!(image["size_bytes"] == bytes, "{image}");
    Ok(())
}

/// Into an empty state, all at once, by id: nothing to do but what no server holds, which calls nothing.
fn imported(workspace: &Workspace) -> Result<()> {
    let mut imports = String::new();
    for (address, values) in workspace.all_attributes()? {
        if !address.starts_with("data.") {
            let id = &values["id"];
            let _ = writeln!(imports, "import {{\n  to = {address}\n  id = {id}\n}}");
        }
    }
    workspace.forget_everything()?;
    workspace.write("import.tf", &imports)?;
    let plan = workspace.plan()?;
    crate::all(EDITS.into_iter().map(|(name, ..)| {
        let address = format!("zun_image.{name}");
        let change = plan.change(&address).context("not in the plan")?;
        let (before, after) = (&change["before"], &change["after"]);
        let attributes = after.as_object().context("no attributes")?;
        let changed = attributes
            .iter()
            .filter(|(name, value)| before[*name] != **value);
        let changed: BTreeSet<&str> = changed.map(|(name, _)| name.as_str()).collect();
        let local = BTreeSet::from(["local_file_path", "timeouts"]);
        ensure!(changed.is_subset(&local), "{address}: {changed:?}");
        ensure!(plan.unknowns(&address).is_empty(), "{address}");
        Ok(())
    }))
    .with_context(|| plan.text.clone())?;
    workspace.apply()?;
    workspace.write("import.tf", "")?;
    workspace.must_be_settled()
}

/// Renamed and deleted by hand; other bytes in a file, and the same bytes in another one.
fn drifted(world: &World, workspace: &Workspace) -> Result<()> {
    let api = world.api()?;
    let id = |name: &str| {
        let values = workspace.attributes(&format!("zun_image.{name}"))?;
        anyhow::Ok(values["id"].as_str().context("no id")?.to_owned())
    };
    let tag = format!("/image/v2/images/{}/tags/by-hand", id("tags")?);
    api.put(&tag, &Value::Null)?;
    api.delete(&format!("/image/v2/images/{}", id("hidden")?))?;
    fs::copy(
        workspace.dir().join("one.tar"),
        workspace.dir().join("copy.tar"),
    )?;
    let text = resources(Stage::Without).replace(
        "\"zun_image\" \"min_ram_mb\" {\n  name = \"image\"\n  local_file_path = \"one.tar\"",
        "\"zun_image\" \"min_ram_mb\" {\n  name = \"image\"\n  local_file_path = \"copy.tar\"",
    );
    workspace.configure(&text)?;
    let plan = workspace.plan()?;
    for (name, action) in [
        ("tags", "update"),
        ("hidden", "create"),
        ("min_ram_mb", "update"),
    ] {
        let address = format!("zun_image.{name}");
        ensure!(
            plan.actions(&address) == [action],
            "{address}\n{}",
            plan.text
        );
    }
    let same = id("min_ram_mb")?;
    workspace.apply()?;
    workspace.must_be_settled()?;
    ensure!(
        id("min_ram_mb")? == same,
        "the same bytes are another image"
    );

    archive::root_filesystem("three", &workspace.dir().join("copy.tar"))?;
    let plan = workspace.plan()?;
    let changed: Vec<&str> = plan.changed().into_iter().collect();
    ensure!(
        changed == ["zun_image.min_ram_mb"],
        "{changed:?}\n{}",
        plan.text
    );
    let forces = plan
        .text
        .lines()
        .any(|line| line.contains("checksum") && line.contains("forces replacement"));
    ensure!(forces, "{}", plan.text);
    workspace.apply()?;
    workspace.must_be_settled()?;
    ensure!(id("min_ram_mb")? != same, "other bytes are the same image");
    Ok(())
}

/// No record and no data.
fn nothing_left(world: &World) -> Result<()> {
    let list = world.api()?.get("/image/v2/images?os_hidden=true")?;
    ensure!(list["images"] == json!([]), "{list}");
    let list = world.api()?.get("/image/v2/images")?;
    ensure!(list["images"] == json!([]), "{list}");
    let folder = world.backend.data_dir().join("images");
    let left: Vec<_> = fs::read_dir(&folder)
        .into_iter()
        .flatten()
        .flatten()
        .collect();
    ensure!(left.is_empty(), "data is left: {left:?}");
    world.must_be_empty()
}

const KINDS: [(&str, &str); 3] = [
    ("docker", "docker.tar"),
    ("oci", "oci.tar"),
    ("rootfs", "rootfs.tar.gz"),
];

/// A container of each kind of file.
const STACK: &str = r#"
locals {
  files = { docker = "docker.tar", oci = "oci.tar", rootfs = "rootfs.tar.gz" }
}

resource "zun_image" "of" {
  for_each        = local.files
  name            = "of-${each.key}"
  local_file_path = each.value
LIFECYCLE
}

resource "zun_container" "of" {
  for_each     = local.files
  name         = "of-${each.key}"
  image        = zun_image.of[each.key].id
  image_driver = "glance"
  command      = ["/bin/run", "/bin/sleep", "100000"]
  environment  = { PATH = "/bin" }
  memory       = 16
  stop_timeout = 1
}
"#;

const SAFE: &str = "  lifecycle {\n    create_before_destroy = true\n  }";

/// Words that no other case's images have.
fn own(world: &World, words: &str) -> Result<String> {
    Ok(format!("{words} of {}", world.backend.deployment()?))
}

fn containers(world: &mut World) -> Result<()> {
    let workspace = world.workspace()?;
    write_files(world, workspace.dir(), "first")?;
    workspace.configure(&STACK.replace("LIFECYCLE", ""))?;
    workspace.apply()?;
    workspace.must_have_nothing_to_refresh()?;
    workspace.must_be_settled()?;
    let first = run_what_was_uploaded(world, &workspace, "first")?;

    // Other bytes: each container goes on as the same, with the new image.
    write_files(world, workspace.dir(), "second")?;
    let refused = workspace.apply_error()?;
    let words = refused.split_whitespace().filter(|word| *word != "│");
    let words = words.collect::<Vec<_>>().join(" ");
    ensure!(
        words.contains("container of-") && words.contains("create_before_destroy"),
        "{words}"
    );
    workspace.configure(&STACK.replace("LIFECYCLE", SAFE))?;
    workspace.apply()?;
    workspace.must_be_settled()?;
    let second = run_what_was_uploaded(world, &workspace, "second")?;
    for (before, after) in first.iter().zip(&second) {
        ensure!(
            before.0 == after.0 && before.1 != after.1,
            "{before:?} and {after:?}"
        );
    }
    for (kind, _) in KINDS {
        let address = format!("zun_container.of[\"{kind}\"]");
        workspace.import_again(&address, &format!("of-{kind}"))?;
    }
    workspace.must_be_settled()?;
    workspace.destroy()?;
    for (_, image) in first.iter().chain(&second) {
        archive::forget(&world.engine, image)?;
    }
    nothing_left(world)
}

fn write_files(world: &World, folder: &Path, words: &str) -> Result<()> {
    let saved = folder.join("docker.tar");
    archive::docker_save(&world.engine, &own(world, words)?, &saved)?;
    let other = folder.join("other.tar");
    archive::docker_save(&world.engine, &own(world, &format!("oci {words}"))?, &other)?;
    archive::oci_layout(&other, &folder.join("oci.tar"))?;
    let words = own(world, &format!("rootfs {words}"))?;
    archive::root_filesystem(&words, &folder.join("rootfs.tar.gz"))
}

/// The id of each container, and of the image that it runs.
fn run_what_was_uploaded(
    world: &World,
    workspace: &Workspace,
    words: &str,
) -> Result<Vec<(String, String)>> {
    let state = workspace.all_attributes()?;
    let one = |(kind, _): (&str, &str)| {
        let of = |noun: &str| {
            let address = format!("{noun}.of[\"{kind}\"]");
            state.get(&address).with_context(|| format!("no {address}"))
        };
        let (image, container) = (of("zun_image")?, of("zun_container")?);
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let (uuid, id) = (text(&container["id"]), text(&image["image_id"]));
        let runs = world.engine.inspect(&uuid)?.image.unwrap_or_default();
        ensure!(
            image["kind"] == kind && runs == id,
            "{kind} runs {runs}: {image}"
        );
        ensure!(
            container["image_digest"] == image["image_id"],
            "{container}"
        );
        let told = world.engine.exec(&uuid, &["/bin/cat", "/etc/words"])?;
        ensure!(told.contains(words), "{kind} holds {told:?}");
        Ok((uuid, id))
    };
    KINDS.into_iter().map(one).collect()
}

#[test]
fn no_attribute_is_left_out() -> Result<()> {
    let elsewhere = ["registry", "registry_image"];
    let page = format!("{}/../docs/resources/image.md", env!("CARGO_MANIFEST_DIR"));
    let text = fs::read_to_string(&page).with_context(|| format!("cannot read {page}"))?;
    let schema = text.split("## Schema").nth(1).unwrap_or_default();
    let schema = schema.split("<a id=").next().unwrap_or_default();
    let schema = schema.split("### Read-Only").next().unwrap_or_default();
    let documented = schema.lines().filter_map(|line| {
        let (name, _) = line.strip_prefix("- `")?.split_once("` (")?;
        Some(name)
    });
    let documented: BTreeSet<&str> = documented.collect();
    let tried = EDITS.iter().map(|(name, ..)| *name).chain(elsewhere);
    let tried: BTreeSet<&str> = tried.collect();
    ensure!(documented == tried, "{documented:?} and {tried:?}");
    Ok(())
}
