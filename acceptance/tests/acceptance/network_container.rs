//! Containers on networks of their own: fixed addresses, networks joined and left and groups changed while they run,
//! ports that were there before and stay, and what a hand changes of all that.

use std::collections::BTreeSet;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use bollard::models::NetworkConnectRequest;
use serde_json::{Value, json};
use zun_acceptance::api::Api;
use zun_acceptance::hand::Hand;
use zun_acceptance::process;
use zun_acceptance::tofu::{Flavor, Plan, Workspace};
use zun_acceptance::world::{ROOMY, World, on_docker_with};

use crate::network::must_be_as_new;

/// The longest until zund has heard of what a hand did.
const NOTICE: Duration = Duration::from_secs(20);
const WEB: &str = "zun_container.web";

#[test]
fn containers_on_networks_with_terraform() -> Result<()> {
    on_docker_with(Flavor::Terraform, ROOMY, joined)
}

#[test]
fn containers_on_networks_with_tofu() -> Result<()> {
    on_docker_with(Flavor::Tofu, ROOMY, joined)
}

#[test]
fn ports_that_stay_with_terraform() -> Result<()> {
    on_docker_with(Flavor::Terraform, ROOMY, ports_that_stay)
}

#[test]
fn ports_that_stay_with_tofu() -> Result<()> {
    on_docker_with(Flavor::Tofu, ROOMY, ports_that_stay)
}

/// Two networks, a port on a third, two groups.
const GROUND: &str = r#"
locals {
  subnets = { front = 0, back = 1, side = 2 }
}

resource "zun_network" "on" {
  for_each = local.subnets
  name     = each.key
}

resource "zun_subnet" "on" {
  for_each   = local.subnets
  network_id = zun_network.on[each.key].id
  cidr       = "PREFIX.${each.value}.0/24"
}

resource "zun_security_group" "of" {
  for_each = toset(["one", "two"])
  name     = each.key
}

resource "zun_port" "side" {
  network_id         = zun_subnet.on["side"].network_id
  name               = "side"
  fixed_ip           = [{ ip_address = "PREFIX.2.20" }]
  security_group_ids = [zun_security_group.of["two"].id]
}
"#;

const FRONT: &str = "{ network = zun_subnet.on[\"front\"].network_id, fixed_ip = \"PREFIX.0.10\" }";
const BACK: &str = "{ network = zun_subnet.on[\"back\"].network_id }";
const SIDE: &str = "{ port = zun_port.side.id }";

fn web(networks: &[&str], groups: &str) -> String {
    let networks = match networks {
        [] => String::new(),
        entries => format!("  networks = [{}]\n", entries.join(", ")),
    };
    let groups = match groups {
        "" => String::new(),
        group => format!("  security_groups = [zun_security_group.of[\"{group}\"].id]\n"),
    };
    format!(
        "resource \"zun_container\" \"web\" {{\n  name = \"web\"\n  image = \"zun/test:1\"\n  \
         command = [\"run\", \"sleep\", \"100000\"]\n  cpu = 0.1\n  memory = 16\n  stop_timeout = 1\n{networks}{groups}}}\n"
    )
}

/// A workspace on the prefix of its case, and the container's uuid.
struct Case<'a> {
    world: &'a World,
    workspace: Workspace,
    api: Api,
    prefix: String,
}

impl Case<'_> {
    fn new(world: &World) -> Result<Case<'_>> {
        Ok(Case {
            world,
            workspace: world.workspace()?,
            api: world.api()?,
            prefix: world.own_prefix(),
        })
    }

    fn configure(&self, container: &str) -> Result<()> {
        let text = format!("{GROUND}{container}").replace("PREFIX", &self.prefix);
        self.workspace.configure(&text)
    }

    fn uuid(&self) -> Result<String> {
        let values = self.workspace.attributes(WEB)?;
        Ok(values["id"].as_str().context("no id")?.to_owned())
    }

    fn engine_id(&self) -> Result<String> {
        self.world.engine.engine_id(&self.uuid()?)
    }

    /// The addresses in the state, and that the engine has the same.
    fn addresses(&self) -> Result<Vec<String>> {
        let values = self.workspace.attributes(WEB)?;
        let listed = values["addresses"].as_array().context("no addresses")?;
        let told: Vec<String> = listed
            .iter()
            .filter_map(|one| one["ip"].as_str().map(str::to_owned))
            .collect();
        let inspected = serde_json::to_value(self.world.engine.inspect(&self.uuid()?)?)?;
        let networks = inspected.pointer("/NetworkSettings/Networks");
        let networks = networks.and_then(Value::as_object).context("no networks")?;
        let has: BTreeSet<&str> = networks
            .values()
            .filter_map(|network| network["IPAddress"].as_str())
            .collect();
        let of_engine: BTreeSet<&str> = told.iter().map(String::as_str).collect();
        ensure!(
            has == of_engine,
            "the engine has {has:?}, the state {told:?}"
        );
        Ok(told)
    }

    /// Applies an edit that is live: the plan leaves open what it may, and the Docker container is the same.
    fn edit(&self, container: &str, open: &[&str]) -> Result<()> {
        let before = self.engine_id()?;
        self.configure(container)?;
        let plan = self.workspace.plan()?;
        must_be_live(&plan, open)?;
        self.workspace.apply()?;
        self.workspace.must_be_settled()?;
        let after = self.engine_id()?;
        ensure!(before == after, "recreated\n{}", plan.text);
        Ok(())
    }

    /// The ports on a network, as the API lists them.
    fn ports(&self, network: &str) -> Result<Vec<Value>> {
        let address = format!("zun_network.on[\"{network}\"]");
        let values = self.workspace.attributes(&address)?;
        let id = values["id"].as_str().context("no id")?;
        let list = self
            .api
            .get(&format!("/network/v2.0/ports?network_id={id}"))?;
        Ok(list["ports"].as_array().cloned().unwrap_or_default())
    }

    /// Waits until zund's record of the container shows something.
    fn wait_until_seen(&self, pointer: &str, wanted: impl Fn(&Value) -> bool) -> Result<()> {
        let uuid = self.uuid()?;
        let mut last = Value::Null;
        let seen = process::poll(NOTICE, || {
            last = self.api.container(&uuid).ok()?;
            last.pointer(pointer).is_some_and(&wanted).then_some(())
        });
        seen.with_context(|| format!("zund has not seen it at {pointer} in {last:#}"))
    }
}

fn must_be_live(plan: &Plan, open: &[&str]) -> Result<()> {
    let actions = plan.actions(WEB);
    ensure!(
        actions == ["update"],
        "planned as {actions:?}\n{}",
        plan.text
    );
    let unknown: Vec<&str> = plan.unknowns(WEB).into_iter().collect();
    ensure!(
        unknown == open,
        "known after apply are {unknown:?}\n{}",
        plan.text
    );
    Ok(())
}

fn joined(world: &mut World) -> Result<()> {
    let case = Case::new(world)?;
    let prefix = &case.prefix;
    case.configure(&web(&[FRONT, BACK], "one"))?;
    case.workspace.apply()?;
    case.workspace.must_have_nothing_to_refresh()?;
    case.workspace.must_be_settled()?;
    let first = case.addresses()?;
    ensure!(
        first.len() == 2 && first[0] == format!("{prefix}.0.10"),
        "{first:?}"
    );

    // One network left, a port taken: both live, and what was made for the one is gone.
    let addresses = ["addresses"];
    case.edit(&web(&[FRONT, SIDE], "one"), &addresses)?;
    let second = [format!("{prefix}.0.10"), format!("{prefix}.2.20")];
    ensure!(case.addresses()? == second, "{:?}", case.addresses()?);
    ensure!(case.ports("back")?.is_empty(), "a port is left");
    let uuid = case.uuid()?;
    let side = case.ports("side")?;
    ensure!(
        side.len() == 1 && side[0]["device_id"] == uuid.as_str(),
        "{side:?}"
    );

    // Other groups: of the port that was made, not of the one that is taken.
    case.edit(&web(&[FRONT, SIDE], "two"), &[])?;
    let two = case
        .workspace
        .attributes("zun_security_group.of[\"two\"]")?["id"]
        .clone();
    for network in ["front", "side"] {
        let groups = case.ports(network)?[0]["security_groups"].clone();
        ensure!(groups == json!([two]), "{network}: {groups}");
    }
    case.workspace.import_again(WEB, &uuid)?;
    case.workspace.must_be_settled()?;

    touched_by_hand(&case, &uuid)?;
    // To the project's default network, and back.
    case.edit(&web(&[], ""), &addresses)?;
    let default = case.addresses()?;
    ensure!(
        default.len() == 1 && !default[0].starts_with(&format!("{prefix}.")),
        "{default:?}"
    );
    let free = &case.ports("side")?[0];
    ensure!(free["device_id"] == "", "the port is not free: {free}");
    case.edit(&web(&[FRONT, SIDE], "two"), &addresses)?;
    ensure!(case.addresses()? == second, "{:?}", case.addresses()?);
    world.must_balance()?;
    case.workspace.destroy()?;
    must_be_as_new(&case.api)?;
    world.must_be_empty()
}

/// Cut from its networks, and given other groups: named on the right attribute, mended live by one apply.
fn touched_by_hand(case: &Case<'_>, uuid: &str) -> Result<()> {
    let before = case.engine_id()?;
    Hand::Disconnect.lay(&case.world.engine, uuid)?;
    case.wait_until_seen("/seen/networks", |found| *found == json!([]))?;
    let plan = case.workspace.plan()?;
    must_be_live(&plan, &["addresses"])?;
    let change = plan.change(WEB).context("no change")?;
    ensure!(
        change["before"]["networks"] == json!([]) && change["after"]["networks"][1] != Value::Null,
        "{change:#}"
    );
    case.workspace.apply()?;
    case.workspace.must_be_settled()?;
    case.addresses()?;

    joined_by_hand(case, uuid)?;

    let port = case.ports("front")?[0]["id"].clone();
    let port = port.as_str().context("a port without an id")?;
    let path = format!("/network/v2.0/ports/{port}");
    case.api
        .put(&path, &json!({ "port": { "security_groups": [] } }))?;
    case.wait_until_seen("/seen/security_groups", |found| *found == json!([]))?;
    let plan = case.workspace.plan()?;
    must_be_live(&plan, &[])?;
    let change = plan.change(WEB).context("no change")?;
    ensure!(
        change["before"]["security_groups"] == json!([]),
        "{change:#}"
    );
    case.workspace.apply()?;
    case.workspace.must_be_settled()?;
    ensure!(case.engine_id()? == before, "recreated");
    Ok(())
}

/// On a network more than it ought to be: named on its attribute, and left again.
fn joined_by_hand(case: &Case<'_>, uuid: &str) -> Result<()> {
    let engine = &case.world.engine;
    let inspected = serde_json::to_value(engine.inspect(uuid)?)?;
    let own = inspected["NetworkSettings"]["Networks"].clone();
    let networks = engine.networks(&case.world.label()?)?.into_iter();
    let mut others = networks.filter_map(|network| network.name);
    let other = others.find(|name| own.get(name).is_none());
    let other = other.context("the engine has no other network of this deployment")?;
    let request = NetworkConnectRequest {
        container: format!("zun-{uuid}"),
        endpoint_config: None,
    };
    engine.block_on(engine.client().connect_network(&other, request))?;
    let has_more = |found: &Value| found.as_array().is_some_and(|all| all.len() == 3);
    case.wait_until_seen("/seen/networks", has_more)?;
    let plan = case.workspace.plan()?;
    must_be_live(&plan, &["addresses"])?;
    let change = plan.change(WEB).context("no change")?;
    ensure!(
        change["before"]["networks"][2]["network"] == other.as_str(),
        "{change:#}"
    );
    case.workspace.apply()?;
    case.workspace.must_be_settled()?;
    case.addresses().map(drop)
}

/// A port of the user's, and one that was made and is to be preserved, outlive their container.
fn ports_that_stay(world: &mut World) -> Result<()> {
    let case = Case::new(world)?;
    let kept = "{ network = zun_subnet.on[\"front\"].network_id, preserve_on_delete = true }";
    case.configure(&web(&[SIDE, kept], ""))?;
    case.workspace.apply()?;
    case.workspace.must_be_settled()?;
    let first = case.addresses()?;
    ensure!(first[0] == format!("{}.2.20", case.prefix), "{first:?}");
    let mac = case.workspace.attributes("zun_port.side")?["mac_address"].clone();

    // Recreated in place, it has the same ports; then it goes, and they stay.
    let recreated = web(&[SIDE, kept], "").replace("100000", "200000");
    case.configure(&recreated)?;
    case.workspace.apply()?;
    case.workspace.must_be_settled()?;
    ensure!(case.addresses()? == first, "{:?}", case.addresses()?);
    case.configure("")?;
    case.workspace.apply()?;
    case.workspace.must_be_settled()?;
    for network in ["side", "front"] {
        let ports = case.ports(network)?;
        ensure!(
            ports.len() == 1 && ports[0]["device_id"] == "" && ports[0]["status"] == "DOWN",
            "{network}: {ports:?}"
        );
    }
    ensure!(case.ports("side")?[0]["mac_address"] == mac, "another MAC");
    let refused = case
        .workspace
        .run(&["destroy", "-auto-approve", "-no-color"])?;
    let text = refused.text();
    ensure!(
        refused.code != Some(0) && text.contains("ports are on"),
        "{text}"
    );
    let left = case.api.get("/network/v2.0/ports?device_owner=")?["ports"].clone();
    for port in left.as_array().into_iter().flatten() {
        let id = port["id"].as_str().context("a port without an id")?;
        case.api.delete(&format!("/network/v2.0/ports/{id}"))?;
    }
    case.workspace.destroy()?;
    must_be_as_new(&case.api)?;
    world.must_be_empty()
}
