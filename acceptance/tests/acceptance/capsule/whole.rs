//! Attributes of the capsule itself, a capsule for each: its edit is live, makes all of it anew in place, or replaces it.

use anyhow::{Context, Result, ensure};
use zun_acceptance::tofu::{Flavor, Workspace};
use zun_acceptance::world::{ROOMY, World, on_docker_with};
use zun_acceptance::{skip, storage};

use super::{Ids, ids};
use crate::all;

#[test]
fn attributes_of_a_capsule_with_terraform() -> Result<()> {
    on_docker_with(Flavor::Terraform, ROOMY, attributes)
}

#[test]
fn attributes_of_a_capsule_with_tofu() -> Result<()> {
    on_docker_with(Flavor::Tofu, ROOMY, attributes)
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Cost {
    /// No Docker container changes.
    Live,
    /// All of them do, and the capsule stays.
    Whole,
    /// Another capsule.
    New,
    /// No host here is there, so it is planned only.
    Planned,
}

use Cost::{Live, New, Planned, Whole};

/// An attribute, its values before and after the edit, and what that is. In braces what stands in the container.
const EDITS: [(&str, &str, &str, Cost); 17] = [
    (
        "name",
        "name = \"capsule.one\"",
        "name = \"capsule.two\"",
        Live,
    ),
    (
        "labels",
        "labels = { a = \"1\" }",
        "labels = { b = \"ü\" }",
        Live,
    ),
    (
        "annotations",
        "annotations = { a = \"1\" }",
        "annotations = {}",
        Live,
    ),
    (
        "restart_policy",
        "restart_policy = { name = \"always\" }",
        "restart_policy = { name = \"on-failure\", maximum_retry_count = 3 }",
        Live,
    ),
    (
        "networks",
        "networks = [{ network = zun_subnet.side[0].network_id }]",
        "networks = [{ network = zun_subnet.side[0].network_id }, { network = zun_subnet.side[1].network_id }]",
        Live,
    ),
    (
        "security_groups",
        "security_groups = [zun_security_group.side[0].id]",
        "security_groups = [zun_security_group.side[1].id]",
        Live,
    ),
    (
        "volumes",
        "volumes = [{ name = \"data\", size = 1 }]",
        "volumes = [{ name = \"data\", size = 2 }]",
        Live,
    ),
    (
        "auto_remove",
        "volumes = [{ name = \"data\", size = 1, auto_remove = true }]",
        "volumes = [{ name = \"data\", size = 1, auto_remove = null }]",
        Live,
    ),
    ("state", "state = \"running\"", "state = \"stopped\"", Live),
    (
        "wait_for",
        "wait_for = \"running\"",
        "wait_for = \"none\"",
        Live,
    ),
    (
        "timeouts",
        "timeouts = { create = \"5m\" }",
        "timeouts = { create = \"6m\" }",
        Live,
    ),
    (
        "hostname",
        "hostname = \"one\"",
        "hostname = \"two\"",
        Whole,
    ),
    (
        "ports",
        "ports = [{ internal = 80 }]",
        "ports = [{ internal = 80 }, { internal = 53, protocol = \"udp\" }]",
        Whole,
    ),
    ("shm_size", "shm_size = 16", "shm_size = 32", Whole),
    (
        "hints",
        "hints = { team = \"a\" }",
        "hints = { team = \"b\" }",
        New,
    ),
    (
        "availability_zone",
        "availability_zone = \"nova\"",
        "availability_zone = \"elsewhere\"",
        Planned,
    ),
    ("init_containers", "1000", "2000", Live),
];

/// Whether the machine can do it; else it is left out of the edit.
fn is_applied(name: &str, cost: Cost) -> bool {
    cost != Planned && (name != "volumes" || storage::grows_mounted())
}

fn resource((name, before, after, cost): (&str, &str, &str, Cost), edited: bool) -> String {
    let own = if edited && is_applied(name, cost) {
        after
    } else {
        before
    };
    let of_container = matches!(name, "ports" | "shm_size");
    let mounts = if matches!(name, "volumes" | "auto_remove") {
        "mounts = [{ source = \"data\", destination = \"/data\" }]"
    } else {
        ""
    };
    let init = format!(
        "init_containers = [{{ name = \"first\", image = \"zun/test:1\", command = [\"true\", \"{own}\"], cpu = 0.05, memory = 16 }}]"
    );
    let whole = match name {
        _ if of_container => "",
        "init_containers" => &init,
        _ => own,
    };
    let inside = if of_container { own } else { "" };
    let named = if name == "name" {
        String::new()
    } else {
        format!("name = \"capsule.{name}\"")
    };
    format!(
        r#"
resource "zun_capsule" "{name}" {{
  {named}
  {whole}
  containers = [{{
    name         = "one"
    image        = "zun/test:1"
    command      = ["run", "sleep", "100000"]
    cpu          = 0.05
    memory       = 16
    stop_timeout = 1
    {mounts}
    {inside}
  }}]
}}
"#
    )
}

fn configuration(world: &World, edited: bool) -> String {
    let prefix = world.own_prefix();
    let ground = format!(
        r#"
resource "zun_network" "side" {{
  count = 2
  name  = "side-${{count.index}}"
}}

resource "zun_subnet" "side" {{
  count      = 2
  network_id = zun_network.side[count.index].id
  cidr       = "{prefix}.${{count.index}}.0/24"
}}

resource "zun_security_group" "side" {{
  count = 2
  name  = "side-${{count.index}}"
}}
"#
    );
    let capsules = EDITS.iter().map(|edit| resource(*edit, edited));
    std::iter::once(ground).chain(capsules).collect()
}

fn attributes(world: &mut World) -> Result<()> {
    if !storage::grows_mounted() {
        skip::skip("a volume that grows below a running capsule: needs CAP_SYS_RESOURCE");
    }
    let workspace = world.workspace()?;
    workspace.configure(&configuration(world, false))?;
    workspace.apply()?;
    workspace.must_be_settled()?;
    let before = look(world, &workspace)?;
    planned_only(&workspace)?;
    workspace.configure(&configuration(world, true))?;
    let plan = workspace.plan()?;
    all(EDITS.iter().map(|(name, _, _, cost)| {
        let address = format!("zun_capsule.{name}");
        let actions = plan.actions(&address);
        let expected: &[&str] = match cost {
            _ if !is_applied(name, *cost) => &["no-op"],
            Live | Whole => &["update"],
            New => &["delete", "create"],
            Planned => &[],
        };
        ensure!(actions == expected, "{address}: planned as {actions:?}");
        let whole = plan.is_unknown(&address, "revisions");
        ensure!(
            whole == matches!(cost, Whole | New),
            "{address}: {:?}",
            plan.unknowns(&address)
        );
        Ok(())
    }))
    .with_context(|| plan.text.clone())?;
    workspace.apply()?;
    workspace.must_be_settled()?;
    let after = look(world, &workspace)?;
    all(EDITS
        .iter()
        .zip(before.iter().zip(&after))
        .map(|((name, _, _, cost), (before, after))| happened(name, *cost, before, after)))?;
    workspace.destroy()?;
    crate::network::must_be_as_new(&world.api()?)?;
    world.must_be_empty()
}

/// A zone that is not there: the plan says that it would replace, and that no host fits.
fn planned_only(workspace: &Workspace) -> Result<()> {
    let plan = workspace.plan_with(&["-replace=zun_capsule.availability_zone"])?;
    let actions = plan.actions("zun_capsule.availability_zone");
    ensure!(actions == ["delete", "create"], "{actions:?}");
    Ok(())
}

/// What there is of a capsule.
#[derive(Debug, PartialEq)]
struct Seen {
    uuid: String,
    addresses: serde_json::Value,
    published: serde_json::Value,
    ids: Ids,
}

fn look(world: &World, workspace: &Workspace) -> Result<Vec<Seen>> {
    let one = |(name, ..): &(&str, &str, &str, Cost)| {
        let values = workspace.attributes(&format!("zun_capsule.{name}"))?;
        Ok(Seen {
            uuid: values["id"].as_str().context("no id")?.to_owned(),
            addresses: values["addresses"].clone(),
            published: values["published"].clone(),
            ids: ids(world, &values)?,
        })
    };
    EDITS.iter().map(one).collect()
}

fn happened(name: &str, cost: Cost, before: &Seen, after: &Seen) -> Result<()> {
    let same = |one: &str| before.ids.get(one) == after.ids.get(one);
    match cost {
        Live | Planned => {
            ensure!(before.uuid == after.uuid, "{name}: another capsule");
            ensure!(
                same("one") && same("sandbox"),
                "{name}: {before:?} became {after:?}"
            );
            let first = name == "init_containers";
            ensure!(!first || !same("first"), "{name}: it did not run again");
        }
        Whole => {
            ensure!(before.uuid == after.uuid, "{name}: another capsule");
            ensure!(
                !same("one") && !same("sandbox"),
                "{name}: {before:?} became {after:?}"
            );
            ensure!(
                before.addresses == after.addresses,
                "{name}: {before:?} became {after:?}"
            );
            let kept = before.published.get("80/tcp");
            ensure!(
                kept == after.published.get("80/tcp"),
                "{name}: port 80 has moved"
            );
        }
        New => ensure!(before.uuid != after.uuid, "{name}: the same capsule"),
    }
    Ok(())
}
