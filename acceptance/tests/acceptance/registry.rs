//! Every attribute of `zun_registry` and its data source through its whole life, and containers and images from a registry
//! on loopback that lets nobody in without a login.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use zun_acceptance::registry::{PASSWORD, Registry, USER, is_installed};
use zun_acceptance::tofu::{Flavor, Workspace};
use zun_acceptance::world::{ROOMY, World, on_docker_with};
use zun_acceptance::{archive, process, skip};

/// What a tag means is remembered for a while.
const FORGOTTEN: Duration = Duration::from_mins(1);

#[test]
fn registries_with_terraform() -> Result<()> {
    on_docker_with(Flavor::Terraform, ROOMY, registries)
}

#[test]
fn registries_with_tofu() -> Result<()> {
    on_docker_with(Flavor::Tofu, ROOMY, registries)
}

#[test]
fn pulls_with_terraform() -> Result<()> {
    pulling(Flavor::Terraform)
}

#[test]
fn pulls_with_tofu() -> Result<()> {
    pulling(Flavor::Tofu)
}

fn pulling(flavor: Flavor) -> Result<()> {
    if !is_installed() {
        skip::skip("there is no docker-registry (Debian package docker-registry)");
        return Ok(());
    }
    let registry = Registry::start()?;
    let mut settings = ROOMY.to_vec();
    settings.push(("ZUND_IMAGE_INSECURE_REGISTRIES", registry.address()));
    on_docker_with(flavor, &settings, |world| pulls(world, &registry))
}

/// An attribute with what else its resource has, before and after the edit, and without the attribute. All edits are live.
const EDITS: [(&str, &str, &str, &str); 5] = [
    ("name", "name = \"one\"", "name = \"two\"", ""),
    ("domain", "", "", ""),
    (
        "username",
        "username = \"ann\"\n  password = \"one\"",
        "username = \"eve\"\n  password = \"one\"",
        "",
    ),
    (
        "password",
        "username = \"ann\"\n  password = \"one\"",
        "username = \"ann\"\n  password = \"two\"",
        "",
    ),
    ("nothing", "", "", ""),
];

/// The same with what only newer command lines have.
const HIDDEN: (&str, &str, &str, &str) = (
    "password_wo",
    "username = \"ann\"\n  password_wo = \"planted\"\n  password_wo_version = 1",
    "username = \"ann\"\n  password_wo = \"planted anew\"\n  password_wo_version = 2",
    "",
);

fn resources(stage: usize, edits: &[(&str, &str, &str, &str)]) -> String {
    let one = |(name, before, after, without): &(&str, &str, &str, &str)| {
        let own = [before, after, without][stage];
        let domain = match (*name, stage) {
            ("domain", 0) => "a.example",
            ("domain", _) => "b.example:5000",
            _ => "localhost:5000",
        };
        format!("resource \"zun_registry\" \"{name}\" {{\n  domain = \"{domain}\"\n  {own}\n}}\n\n")
    };
    edits.iter().map(one).collect()
}

const QUESTIONS: &str = r#"
data "zun_registry" "by_id" {
  id = zun_registry.password.id
}

data "zun_registry" "by_name" {
  name       = "one"
  depends_on = [zun_registry.name]
}
"#;

fn registries(world: &mut World) -> Result<()> {
    let workspace = world.workspace()?;
    let mut edits = EDITS.to_vec();
    if workspace.is_at_least(1, 11)? {
        edits.push(HIDDEN);
    }
    workspace.configure(&format!("{}{QUESTIONS}", resources(0, &edits)))?;
    workspace.apply()?;
    workspace.must_have_nothing_to_refresh()?;
    workspace.must_be_settled()?;
    told_by_data_sources(&workspace)?;
    imported(&workspace)?;
    for stage in [1, 2] {
        workspace.configure(&resources(stage, &edits))?;
        let plan = workspace.plan()?;
        crate::all(edits.iter().map(|(name, ..)| {
            let address = format!("zun_registry.{name}");
            let kept = *name == "nothing" || (*name == "domain" && stage == 2);
            let expected = if kept { ["no-op"] } else { ["update"] };
            let (actions, unknown) = (plan.actions(&address), plan.unknowns(&address));
            ensure!(actions == expected, "{address}: planned as {actions:?}");
            ensure!(
                unknown.is_empty(),
                "{address}: known after apply: {unknown:?}"
            );
            Ok(())
        }))
        .with_context(|| plan.text.clone())?;
        workspace.apply()?;
        workspace.must_be_settled()?;
    }
    let told = fs::read_to_string(workspace.dir().join("terraform.tfstate"))?;
    ensure!(
        !told.contains("planted"),
        "a write-only password is in the state"
    );
    drifted(world, &workspace)?;
    workspace.destroy()?;
    let list = world.api()?.get("/v1/registries")?;
    ensure!(list["registries"] == json!([]), "{list}");
    world.must_be_empty()
}

fn told_by_data_sources(workspace: &Workspace) -> Result<()> {
    let state = workspace.all_attributes()?;
    let of = |address: &str| state.get(address).with_context(|| format!("no {address}"));
    for (data, resource) in [
        ("data.zun_registry.by_id", "zun_registry.password"),
        ("data.zun_registry.by_name", "zun_registry.name"),
    ] {
        let (data, resource) = (of(data)?, of(resource)?);
        for (name, value) in data.as_object().context("no attributes")? {
            ensure!(resource[name] == *value, "{name}: {data} and {resource}");
        }
        ensure!(data["password"] == Value::Null, "{data}");
    }
    Ok(())
}

/// Into an empty state, all at once: nothing to do but to send the passwords, which nobody can read back.
fn imported(workspace: &Workspace) -> Result<()> {
    let mut imports = String::new();
    for (address, values) in workspace.all_attributes()? {
        if !address.starts_with("data.") {
            let id = if address == "zun_registry.name" {
                &values["name"]
            } else {
                &values["id"]
            };
            let _ = writeln!(imports, "import {{\n  to = {address}\n  id = {id}\n}}");
        }
    }
    workspace.forget_everything()?;
    workspace.write("import.tf", &imports)?;
    let plan = workspace.plan()?;
    // A data source is read again once what it looks at has changed.
    let mut changed = plan.changed();
    changed.retain(|address| !address.starts_with("data."));
    let open = BTreeSet::from([
        "zun_registry.password",
        "zun_registry.password_wo",
        "zun_registry.username",
    ]);
    ensure!(changed.is_subset(&open), "{changed:?}\n{}", plan.text);
    workspace.apply()?;
    workspace.write("import.tf", "")?;
    workspace.must_be_settled()
}

/// Changed and deleted by hand.
fn drifted(world: &World, workspace: &Workspace) -> Result<()> {
    let api = world.api()?;
    let path = |name: &str| {
        let values = workspace.attributes(&format!("zun_registry.{name}"))?;
        let id = values["id"].as_str().context("no id")?.to_owned();
        anyhow::Ok(format!("/v1/registries/{id}"))
    };
    let body = json!({ "registry": { "domain": "by.hand", "name": "by hand" } });
    api.patch(&path("domain")?, &body)?;
    api.delete(&path("nothing")?)?;
    let plan = workspace.plan()?;
    for (name, action) in [("domain", "update"), ("nothing", "create")] {
        let address = format!("zun_registry.{name}");
        ensure!(
            plan.actions(&address) == [action],
            "{address}\n{}",
            plan.text
        );
    }
    workspace.apply()?;
    workspace.must_be_settled()
}

/// A container and an image of what the registry has.
fn stack(registry: &Registry, password: &str, own: &str) -> String {
    let domain = registry.address();
    format!(
        r#"
resource "zun_registry" "shop" {{
  name     = "shop"
  domain   = "{domain}"
  username = "{USER}"
  password = "{password}"
}}

resource "zun_container" "web" {{
  name         = "web"
  image        = "team/app:1"
  registry     = zun_registry.shop.id
  memory       = 16
  stop_timeout = 1
  {own}
}}

resource "zun_image" "app" {{
  name           = "app"
  registry_image = "team/other:1"
  registry       = zun_registry.shop.name
  min_disk_gb    = 1
}}
"#
    )
}

const FOLLOWING: &str = "image_update = \"digest\"";

/// And the password is not.
fn wrong_password_is_told(workspace: &Workspace, registry: &Registry) -> Result<()> {
    workspace.configure(&stack(registry, "wrong", FOLLOWING))?;
    let refused = words(&workspace.apply_error()?);
    for part in [registry.address(), "registry_image", "team/app:1"] {
        ensure!(refused.contains(part), "{part}: {refused}");
    }
    ensure!(
        !refused.contains("wrong\""),
        "the password is told: {refused}"
    );
    Ok(())
}

/// As an update in place to a digest that is not known yet.
fn moved_tag_is_planned(workspace: &Workspace) -> Result<()> {
    let plan = workspace.plan()?;
    let told = words(&plan.text);
    ensure!(plan.actions("zun_container.web") == ["update"], "{told}");
    ensure!(
        plan.is_unknown("zun_container.web", "image_digest"),
        "{told}"
    );
    ensure!(told.contains("The tag of the image has moved"), "{told}");
    Ok(())
}

fn pulls(world: &mut World, registry: &Registry) -> Result<()> {
    let own = |words: &str| anyhow::Ok(format!("{words} of {}", world.backend.deployment()?));
    registry.push(&world.engine, "team/app", &own("first")?)?;
    registry.push(&world.engine, "team/other", &own("other")?)?;
    let workspace = world.workspace()?;
    wrong_password_is_told(&workspace, registry)?;
    workspace.configure(&stack(registry, PASSWORD, FOLLOWING))?;
    workspace.apply()?;
    workspace.must_have_nothing_to_refresh()?;
    workspace.must_be_settled()?;
    let web = workspace.attributes("zun_container.web")?;
    let uuid = web["id"].as_str().context("no id")?.to_owned();
    let runs = |words: &str| {
        let told = world.engine.exec(&uuid, &["cat", "/etc/words"])?;
        ensure!(told.contains(words), "{told}");
        anyhow::Ok(world.engine.inspect(&uuid)?.image.unwrap_or_default())
    };
    let first = runs("first")?;
    for (address, id) in [
        ("zun_container.web", "web"),
        ("zun_registry.shop", "shop"),
        ("zun_image.app", "app"),
    ] {
        workspace.import_again(address, id)?;
    }
    workspace.apply()?;
    workspace.must_be_settled()?;

    registry.push(&world.engine, "team/app", &own("second")?)?;
    let api = world.api()?;
    let moved = || {
        let container = api.container("web").ok()?;
        container["seen"]["image_digest"]
            .as_str()
            .map(str::to_owned)
    };
    process::poll(FORGOTTEN, moved).context("nobody sees that the tag has moved")?;
    moved_tag_is_planned(&workspace)?;
    workspace.apply()?;
    workspace.must_be_settled()?;
    let second = runs("second")?;
    let web = workspace.attributes("zun_container.web")?;
    ensure!(web["id"] == uuid.as_str() && first != second, "{web}");
    in_use(world, &workspace)?;
    let image = workspace.attributes("zun_image.app")?;
    ensure!(
        image["status"] == "active" && image["kind"] == "docker",
        "{image}"
    );
    workspace.destroy()?;
    let other = image["image_id"].as_str().context("no image id")?;
    for id in [first.as_str(), &second, other] {
        archive::forget(&world.engine, id)?;
    }
    let left = api.get("/v1/registries")?;
    ensure!(left["registries"] == json!([]), "{left}");
    world.must_be_empty()
}

/// What a container comes from is not deleted by hand.
fn in_use(world: &World, workspace: &Workspace) -> Result<()> {
    let shop = workspace.attributes("zun_registry.shop")?;
    let id = shop["id"].as_str().context("no id")?;
    let refused = world.api()?.delete(&format!("/v1/registries/{id}"));
    let refused = format!(
        "{:#}",
        refused.err().context("a registry in use was deleted")?
    );
    ensure!(refused.contains("web"), "{refused}");
    Ok(())
}

/// A text without its frame and its line breaks.
fn words(text: &str) -> String {
    let words = text.split_whitespace().filter(|word| *word != "│");
    words.collect::<Vec<_>>().join(" ")
}
