//! Every attribute of networks, subnets, ports, security groups and their rules, routers, floating IPs and their data
//! sources through its whole life. `table.rs` has a resource for each attribute, `drift.rs` what a hand changes.

mod drift;
mod table;

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use zun_acceptance::api::Api;
use zun_acceptance::tofu::{Flavor, Plan, Workspace};
use zun_acceptance::world::{ROOMY, World, on_docker_with};

use table::{Edit, GROUND, Line, Stage, lines};

#[test]
fn networks_with_terraform() -> Result<()> {
    on_docker_with(Flavor::Terraform, ROOMY, networks)
}

#[test]
fn networks_with_tofu() -> Result<()> {
    on_docker_with(Flavor::Tofu, ROOMY, networks)
}

#[test]
fn networks_are_written_by_terraform() -> Result<()> {
    on_docker_with(Flavor::Terraform, ROOMY, written)
}

#[test]
fn networks_are_written_by_tofu() -> Result<()> {
    on_docker_with(Flavor::Tofu, ROOMY, written)
}

/// What stands in a configuration for what is known only when it runs.
struct Words {
    prefix: String,
    pools: [String; 2],
}

impl Words {
    fn put(&self, text: &str) -> String {
        text.replace("PREFIX", &self.prefix)
            .replace("POOL1", &self.pools[0])
            .replace("POOL2", &self.pools[1])
    }
}

/// A subnet pool, made by hand: the provider has none.
fn pool(api: &Api, prefix: &str) -> Result<String> {
    let body =
        json!({ "subnetpool": { "name": "cut", "prefixes": [prefix], "default_prefixlen": 26 } });
    let made = api.post("/network/v2.0/subnetpools", &body)?;
    let id = made["subnetpool"]["id"].as_str();
    Ok(id.context("a pool without an id")?.to_owned())
}

fn configure(workspace: &Workspace, words: &Words, stage: Stage) -> Result<()> {
    let resources: String = lines().iter().map(|line| line.resource(stage)).collect();
    workspace.configure(&words.put(&format!("{GROUND}{resources}")))
}

fn networks(world: &mut World) -> Result<()> {
    let api = world.api()?;
    let prefix = world.own_prefix();
    let pools = [
        pool(&api, &format!("{prefix}.128.0/18"))?,
        pool(&api, &format!("{prefix}.192.0/18"))?,
    ];
    let words = Words { prefix, pools };
    let workspace = world.workspace()?;
    configure(&workspace, &words, Stage::Before)?;
    workspace.apply()?;
    workspace.must_have_nothing_to_refresh()?;
    workspace.must_be_settled()?;
    told_by_data_sources(&workspace)?;
    imported(&workspace)?;
    for stage in [Stage::After, Stage::Without] {
        configure(&workspace, &words, stage)?;
        judge(&workspace.plan()?, stage)?;
        workspace.apply()?;
        workspace.must_be_settled()?;
    }
    drift::drifted(&workspace, &api)?;
    workspace.destroy()?;
    for pool in &words.pools {
        api.delete(&format!("/network/v2.0/subnetpools/{pool}"))?;
    }
    must_be_as_new(&api)?;
    world.must_be_empty()
}

/// Fails unless the project has what each has from the start, and nothing else.
pub(crate) fn must_be_as_new(api: &Api) -> Result<()> {
    for (noun, kept) in [
        ("networks", &["default", "external"][..]),
        ("ports", &[]),
        ("security-groups", &["default"]),
        ("routers", &[]),
        ("floatingips", &[]),
        ("subnetpools", &[]),
    ] {
        let list = api.get(&format!("/network/v2.0/{noun}"))?;
        let key = noun.replace('-', "_");
        let all = list[&key].as_array().with_context(|| format!("{list}"))?;
        let others: Vec<&Value> = all
            .iter()
            .filter(|one| !kept.iter().any(|name| one["name"] == *name))
            .collect();
        ensure!(others.is_empty(), "{noun} are left: {others:#?}");
    }
    Ok(())
}

/// A block for each resource of the state.
fn imports(workspace: &Workspace) -> Result<String> {
    let mut text = String::new();
    for (address, values) in workspace.all_attributes()? {
        if !address.starts_with("data.") {
            let id = &values["id"];
            let _ = writeln!(text, "import {{\n  to = {address}\n  id = {id}\n}}\n");
        }
    }
    Ok(text)
}

/// Into an empty state, all at once, by id: nothing to do but what no server holds.
fn imported(workspace: &Workspace) -> Result<()> {
    let imports = imports(workspace)?;
    workspace.forget_everything()?;
    workspace.write("import.tf", &imports)?;
    let plan = workspace.plan()?;
    let changed: Vec<&str> = plan.changed().into_iter().collect();
    ensure!(
        changed == ["zun_security_group.delete_default_rules"],
        "{changed:?}\n{}",
        plan.text
    );
    let actions = plan.actions("zun_security_group.delete_default_rules");
    ensure!(actions == ["update"], "{actions:?}");
    workspace.apply()?;
    workspace.write("import.tf", "")?;
    workspace.must_be_settled()
}

fn judge(plan: &Plan, stage: Stage) -> Result<()> {
    crate::all(lines().iter().map(|line| judge_line(plan, line, stage)))
        .with_context(|| plan.text.clone())
}

fn judge_line(plan: &Plan, line: &Line, stage: Stage) -> Result<()> {
    let address = line.address();
    let edit = line.edit(stage);
    let expected: &[&str] = match edit {
        Edit::Kept => &["no-op"],
        Edit::Replace => &["delete", "create"],
        Edit::Live => &["update"],
    };
    let actions = plan.actions(&address);
    ensure!(
        actions == expected,
        "{address}: planned as {actions:?} to {stage:?}"
    );
    if edit == Edit::Live {
        let unknown = plan.unknowns(&address);
        let open: BTreeSet<&str> = line.open(stage).iter().copied().collect();
        ensure!(
            unknown == open,
            "{address}: known after apply are {unknown:?}, and should be {open:?}"
        );
    }
    Ok(())
}

/// What is not on the resources, since later resources change it, and everything that is.
fn told_by_data_sources(workspace: &Workspace) -> Result<()> {
    let state = workspace.all_attributes()?;
    let of = |address: &str| {
        let found = state.get(address);
        found.with_context(|| format!("no {address}"))
    };
    for (data, resource) in [
        ("data.zun_network.ground", "zun_network.ground"),
        ("data.zun_subnet.ground", "zun_subnet.ground"),
        ("data.zun_port.ground", "zun_port.one"),
        ("data.zun_security_group.ground", "zun_security_group.a"),
        ("data.zun_router.ground", "zun_router.enable_snat"),
        ("data.zun_floating_ip.ground", "zun_floating_ip.port_id"),
    ] {
        let (data, resource) = (of(data)?, of(resource)?);
        for (name, value) in resource.as_object().context("no attributes")? {
            let same = name == "delete_default_rules" || data[name] == *value;
            ensure!(same, "{name}: {data} and {resource}");
        }
    }
    let outside = of("data.zun_network.outside")?;
    ensure!(outside["external"] == true, "{outside}");
    let network = of("data.zun_network.ground")?;
    let subnet = of("zun_subnet.ground")?;
    ensure!(network["subnet_ids"] == json!([subnet["id"]]), "{network}");
    let port = of("data.zun_port.ground")?;
    ensure!(
        port["device_id"] == Value::Null && port["status"] == "DOWN",
        "{port}"
    );
    let group = of("data.zun_security_group.ground")?;
    let rules = group["rules"].as_array().context("no rules")?;
    let egress = rules.iter().filter(|rule| rule["direction"] == "egress");
    ensure!(egress.count() == 2, "{group}");
    let floating = of("data.zun_floating_ip.ground")?;
    let router = of("zun_router.enable_snat")?;
    ensure!(floating["router_id"] == router["id"], "{floating}");
    ensure!(floating["status"] == "ACTIVE", "{floating}");
    Ok(())
}

#[test]
fn no_attribute_is_left_out() -> Result<()> {
    let lines = lines();
    for noun in [
        "network",
        "subnet",
        "port",
        "security_group",
        "security_group_rule",
        "router",
        "floating_ip",
    ] {
        let page = format!("{}/../docs/resources/{noun}.md", env!("CARGO_MANIFEST_DIR"));
        let text = fs::read_to_string(&page).with_context(|| format!("cannot read {page}"))?;
        // What follows describes the insides of attributes, and what cannot be set.
        let schema = text.split("<a id=").next().unwrap_or_default();
        let schema = schema.split("### Read-Only").next().unwrap_or_default();
        let documented = schema.lines().filter_map(|line| {
            line.strip_prefix("- `")?
                .split_once("` (")
                .map(|(name, _)| name)
        });
        let documented: BTreeSet<&str> = documented.collect();
        let checked = lines.iter().filter(|line| line.noun == noun);
        let checked: BTreeSet<&str> = checked.map(|line| line.attribute).collect();
        ensure!(
            documented == checked,
            "{noun}: the documentation has {:?} and the table {:?} alone",
            documented.difference(&checked),
            checked.difference(&documented)
        );
    }
    Ok(())
}

/// One of each, as the core writes their configuration.
const STACK: &str = r#"
data "zun_network" "outside" {
  external = true
}

resource "zun_network" "front" {
  name = "front"
}

resource "zun_subnet" "front" {
  network_id = zun_network.front.id
  cidr       = "PREFIX.0.0/24"
}

resource "zun_security_group" "web" {
  name = "web"
}

resource "zun_security_group_rule" "web" {
  security_group_id = zun_security_group.web.id
  direction         = "ingress"
  protocol          = "icmp"
}

resource "zun_port" "web" {
  network_id         = zun_subnet.front.network_id
  security_group_ids = [zun_security_group.web.id]
}

resource "zun_router" "main" {
  external_network_id = data.zun_network.outside.id
  subnet_ids          = [zun_subnet.front.id]
}

resource "zun_floating_ip" "web" {
  port_id    = zun_port.web.id
  depends_on = [zun_router.main]
}
"#;

/// Configuration that the core writes for what is imported: as it is, it plans nothing.
fn written(world: &mut World) -> Result<()> {
    let workspace = world.workspace()?;
    let stack = STACK.replace("PREFIX", &world.own_prefix());
    workspace.configure(&stack)?;
    workspace.apply()?;
    let imports = imports(&workspace)?;
    workspace.forget_everything()?;
    workspace.configure(&imports)?;
    let plan = ["plan", "-no-color", "-generate-config-out=generated.tf"];
    let told = workspace.run(&plan)?.success()?.text();
    ensure!(
        told.contains("Plan: 7 to import, 0 to add, 0 to change, 0 to destroy."),
        "{told}"
    );
    workspace.apply()?;
    workspace.must_be_settled()?;
    // What the core writes names everything by its id, from which it sees no order.
    workspace.write("generated.tf", "")?;
    workspace.configure(&stack)?;
    workspace.must_be_settled()?;
    workspace.destroy()?;
    must_be_as_new(&world.api()?)?;
    world.must_be_empty()
}
