//! zund killed in the middle of work on networks, on the real kernel and the real Docker Engine: whenever it is back, the
//! rules in force and the Docker Engine hold exactly the addresses of the records, and in the end no port is left.

use std::collections::{BTreeSet, HashMap};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use serde_json::Value;
use zun_acceptance::api::Api;
use zun_acceptance::tofu::Flavor;
use zun_acceptance::world::{ROOMY, World, on_docker_with};
use zun_acceptance::{firewall, process};

use crate::interrupted::{APPLY, DESTROY, struck};
use crate::network::must_be_as_new;

const DEADLINE: Duration = Duration::from_mins(2);
/// How many containers, each with a port of its own on each of two networks.
const COUNT: usize = 8;

#[test]
fn zund_killed_in_work_on_networks() -> Result<()> {
    on_docker_with(Flavor::Terraform, ROOMY, |world| {
        for moment in [1, 6] {
            round(world, moment).with_context(|| format!("killed at {moment}"))?;
        }
        Ok(())
    })
}

const STACK: &str = r#"
resource "zun_network" "it" {
  for_each = toset(["front", "back"])
  name     = each.key
}

resource "zun_subnet" "it" {
  for_each   = { front = "PREFIX.0.0/24", back = "PREFIX.1.0/24" }
  network_id = zun_network.it[each.key].id
  cidr       = each.value
}

resource "zun_security_group" "it" {
  name = "it"
}

resource "zun_security_group_rule" "it" {
  security_group_id = zun_security_group.it.id
  direction         = "ingress"
  ethertype         = "IPv4"
  protocol          = "tcp"
  port_range_min    = PORT
  port_range_max    = PORT
  remote_group_id   = zun_security_group.it.id
}

resource "zun_port" "kept" {
  name               = "kept"
  network_id         = zun_subnet.it["back"].network_id
  security_group_ids = [zun_security_group.it.id]
}

resource "zun_container" "it" {
  count           = COUNT
  image           = "zun/test:1"
  command         = ["run", "sleep", "100000"]
  cpu             = 0.01
  memory          = 16
  stop_timeout    = 1
  security_groups = [zun_security_group.it.id]
  networks        = NETWORKS
}
"#;

const BOTH: &str =
    r#"[for key in ["front", "back"] : { network = zun_subnet.it[key].network_id }]"#;
const ONE: &str = r#"[{ network = zun_subnet.it["back"].network_id }]"#;

/// Made, taken off a network, and destroyed; zund is killed in each when so much of it is done.
fn round(world: &mut World, moment: usize) -> Result<()> {
    let workspace = world.workspace()?;
    let stack = STACK
        .replace("PREFIX", &world.own_prefix())
        .replace("COUNT", &COUNT.to_string());
    let with =
        |networks: &str, port: &str| stack.replace("NETWORKS", networks).replace("PORT", port);
    workspace.configure(&with(BOTH, "80"))?;
    let made = |bound| bound >= 2 * moment;
    struck(world, &workspace, &APPLY, |api| until(api, made))?;
    workspace.apply()?;
    workspace.must_be_settled()?;
    must_agree(world, 2 * COUNT).context("made")?;

    workspace.configure(&with(ONE, "81"))?;
    let left = |bound| bound <= 2 * COUNT - moment;
    struck(world, &workspace, &APPLY, |api| until(api, left))?;
    workspace.apply()?;
    workspace.must_be_settled()?;
    must_agree(world, COUNT).context("taken off a network")?;

    let gone = |bound| bound <= COUNT - moment;
    struck(world, &workspace, &DESTROY, |api| until(api, gone))?;
    workspace.destroy()?;
    must_agree(world, 0).context("destroyed")?;
    must_be_as_new(&world.api()?)?;
    world.must_be_empty()
}

/// So many ports have a container.
fn until(api: &Api, far: impl Fn(usize) -> bool) -> Result<()> {
    let reached = process::poll(DEADLINE, || far(bound(api).ok()?.len()).then_some(()));
    reached.context("it did not come to that")
}

/// The IPv4 addresses of the ports that containers have.
fn bound(api: &Api) -> Result<BTreeSet<String>> {
    let list = api.get("/network/v2.0/ports")?;
    let ports = list["ports"].as_array().context("no list of ports")?;
    let held = ports.iter().filter(|port| {
        port["device_owner"]
            .as_str()
            .is_some_and(|owner| owner.starts_with("compute:"))
    });
    let addresses = held.flat_map(|port| port["fixed_ips"].as_array().into_iter().flatten());
    let text = |address: &Value| address["ip_address"].as_str().map(str::to_owned);
    Ok(addresses.filter_map(text).collect())
}

/// What the records say, what the rules hold and what the Docker Engine has come to the same.
fn must_agree(world: &World, count: usize) -> Result<()> {
    let api = world.api()?;
    let expected = bound(&api)?;
    ensure!(expected.len() == count, "bound: {expected:?}");
    let (deployment, label) = (world.backend.deployment()?, world.label()?);
    let mut last = Default::default();
    let agreed = process::poll(Duration::from_secs(30), || {
        last = (guarded(&deployment).ok()?, connected(world, &label).ok()?);
        (last.0 == expected && last.1 == expected).then_some(())
    });
    let (rules, engine) = last;
    agreed.with_context(|| {
        format!("the records say {expected:?}, the rules {rules:?}, the engine {engine:?}")
    })
}

/// The addresses that the Docker Engine has given to containers.
fn connected(world: &World, label: &str) -> Result<BTreeSet<String>> {
    let containers = world.engine.containers(label)?.into_iter();
    let settings = containers.filter_map(|container| container.network_settings?.networks);
    let addresses = settings.flat_map(HashMap::into_values);
    Ok(addresses
        .filter_map(|endpoint| endpoint.ip_address)
        .collect())
}

/// The addresses that may send: the pairs of MAC and address in the table of the `bridge` family.
fn guarded(deployment: &str) -> Result<BTreeSet<String>> {
    let listed = firewall::listed(deployment)?;
    let pairs = listed.split("set pairs4 {").nth(1).unwrap_or_default();
    let pairs = pairs.split("elements = {").nth(1).unwrap_or_default();
    let pairs = pairs.split('}').next().unwrap_or_default();
    let addresses = pairs.split(',').filter_map(|pair| pair.split(" . ").nth(1));
    Ok(addresses.map(|address| address.trim().to_owned()).collect())
}
