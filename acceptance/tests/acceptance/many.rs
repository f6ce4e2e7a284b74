//! Many at once: twenty in one apply, two runs side by side, modules, values that are not known yet, sets in another
//! order, and the data sources that look at it all.

use std::thread;

use anyhow::{Context, Result, anyhow, ensure};
use serde_json::{Value, json};
use zun_acceptance::tofu::{Flavor, Workspace};
use zun_acceptance::world::{ROOMY, World, on_docker_with};

#[test]
fn twenty_with_terraform() -> Result<()> {
    on_docker_with(Flavor::Terraform, ROOMY, twenty)
}

#[test]
fn twenty_with_tofu() -> Result<()> {
    on_docker_with(Flavor::Tofu, ROOMY, twenty)
}

#[test]
fn two_applies_at_once_with_terraform() -> Result<()> {
    on_docker_with(Flavor::Terraform, ROOMY, two_at_once)
}

#[test]
fn two_applies_at_once_with_tofu() -> Result<()> {
    on_docker_with(Flavor::Tofu, ROOMY, two_at_once)
}

#[test]
fn values_of_other_resources_with_terraform() -> Result<()> {
    on_docker_with(Flavor::Terraform, ROOMY, values_of_others)
}

#[test]
fn values_of_other_resources_with_tofu() -> Result<()> {
    on_docker_with(Flavor::Tofu, ROOMY, values_of_others)
}

#[test]
fn sets_in_another_order_with_terraform() -> Result<()> {
    on_docker_with(Flavor::Terraform, ROOMY, sets)
}

#[test]
fn odd_values_with_terraform() -> Result<()> {
    on_docker_with(Flavor::Terraform, ROOMY, odd_values)
}

/// What every container here has.
const QUIET: &str = "  image = \"zun/test:1\"\n  command = [\"run\", \"sleep\", \"100000\"]\n  cpu = 0.1\n  memory = 16\n";

fn counted(prefix: &str, count: u32) -> String {
    format!(
        "resource \"zun_container\" \"many\" {{\n  for_each = toset([for i in range({count}) : tostring(i)])\n  \
         name = \"{prefix}-${{each.key}}\"\n{QUIET}  ports = [{{ internal = 80 }}]\n}}\n"
    )
}

fn twenty(world: &mut World) -> Result<()> {
    let workspace = world.workspace()?;
    let sources = "data \"zun_hosts\" \"all\" {\n  depends_on = [zun_container.many]\n}\n\
                   data \"zun_quota\" \"mine\" {\n  depends_on = [zun_container.many]\n}\n\
                   data \"zun_containers\" \"running\" {\n  state = \"running\"\n  depends_on = [zun_container.many]\n}\n\
                   data \"zun_container\" \"seven\" {\n  name = \"twenty-7\"\n  depends_on = [zun_container.many]\n}\n\
                   output \"hosts\" {\n  value = data.zun_hosts.all.hosts\n}\n\
                   output \"used\" {\n  value = data.zun_quota.mine.used\n}\n\
                   output \"names\" {\n  value = [for one in data.zun_containers.running.containers : one.name]\n}\n\
                   output \"seven\" {\n  value = data.zun_container.seven\n}\n";
    workspace.configure(&(counted("twenty", 20) + sources))?;
    workspace.apply()?;
    workspace.must_be_settled()?;
    world.must_balance()?;

    let used = workspace.output("used")?;
    ensure!(
        used == json!({ "containers": 20, "cpu": 2, "memory": 320, "disk": 0 }),
        "used: {used}"
    );
    let hosts = workspace.output("hosts")?;
    ensure!(
        hosts.as_array().is_some_and(|hosts| hosts.len() == 1),
        "{hosts}"
    );
    ensure!(
        hosts[0]["containers"] == 20 && hosts[0]["memory_used"] == 320,
        "the host: {hosts}"
    );
    let names = workspace.output("names")?;
    ensure!(names.as_array().map(Vec::len) == Some(20), "names: {names}");
    let seven = workspace.output("seven")?;
    let resource = workspace.attributes("zun_container.many[\"7\"]")?;
    for name in [
        "id",
        "addresses",
        "published",
        "image_digest",
        "state",
        "cpu",
    ] {
        ensure!(
            seven[name] == resource[name] && !seven[name].is_null(),
            "{name}: the data source has {}, the resource {}",
            seven[name],
            resource[name]
        );
    }
    let ports: std::collections::BTreeSet<_> = workspace
        .all_attributes()?
        .values()
        .filter_map(|values| values["published"]["80/tcp"].as_u64())
        .collect();
    ensure!(
        ports.len() == 20,
        "host ports are not each their own: {ports:?}"
    );
    workspace.destroy()?;
    world.must_be_empty()
}

/// Two states on one project: neither sees the other's, and claims hold the sum. A name that both want goes to one.
fn two_at_once(world: &mut World) -> Result<()> {
    let workspaces = [world.workspace()?, world.workspace()?];
    for (workspace, prefix) in workspaces.iter().zip(["left", "right"]) {
        workspace.configure(&counted(prefix, 8))?;
    }
    both(&workspaces, |workspace| {
        workspace.apply()?;
        workspace.must_be_settled()
    })?;
    world.must_balance()?;
    for (workspace, prefix) in workspaces.iter().zip(["left", "right"]) {
        let wanted =
            format!("resource \"zun_container\" \"wanted\" {{\n  name = \"wanted\"\n{QUIET}}}\n");
        workspace.configure(&(counted(prefix, 8) + &wanted))?;
    }
    let results = thread::scope(|scope| {
        let runs = workspaces.each_ref().map(|workspace| {
            scope.spawn(|| workspace.run(&["apply", "-auto-approve", "-no-color"]))
        });
        runs.map(|run| run.join().map_err(|_| anyhow!("a run panicked"))?)
    });
    let mut refused = Vec::new();
    for result in results {
        let finished = result?;
        if finished.code != Some(0) {
            refused.push(finished.text());
        }
    }
    ensure!(
        refused.len() < 2,
        "nobody got the name\n{}",
        refused.join("\n")
    );
    for text in &refused {
        ensure!(
            text.contains("exists already") && text.contains("terraform import"),
            "the refusal does not say what to do\n{text}"
        );
    }
    let named = world
        .api()?
        .containers()?
        .into_iter()
        .filter(|row| row["name"] == "wanted")
        .count();
    ensure!(named == 1, "{named} containers are named alike");
    both(&workspaces, |workspace| workspace.destroy().map(drop))?;
    world.must_be_empty()
}

fn both(workspaces: &[Workspace; 2], work: impl Fn(&Workspace) -> Result<()> + Sync) -> Result<()> {
    let results = thread::scope(|scope| {
        let runs = workspaces
            .each_ref()
            .map(|workspace| scope.spawn(|| work(workspace)));
        runs.map(|run| run.join().map_err(|_| anyhow!("a run panicked"))?)
    });
    crate::all(results)
}

const MODULE: &str = r#"
terraform {
  required_providers {
    zun = { source = "zun/zun" }
  }
}
variable "name" { type = string }
variable "peer" { type = string }
variable "memory" { type = number }
resource "zun_container" "app" {
  name        = var.name
  image       = "zun/test:1"
  command     = ["run", "sleep", "100000"]
  cpu         = 0.1
  memory      = var.memory
  environment = { PEER = var.peer }
}
output "ip" { value = zun_container.app.addresses[0].ip }
"#;

/// Unknown while planning: name, memory, a port, environment, a whole list, the state.
fn values_of_others(world: &mut World) -> Result<()> {
    let workspace = world.workspace()?;
    std::fs::create_dir(workspace.dir().join("app"))?;
    workspace.write("app/main.tf", MODULE)?;
    let body = |suffix: &str| {
        format!(
            r#"
resource "terraform_data" "x" {{
  input = {{ name = "unknown{suffix}", memory = 24, port = 8080, args = ["run", "sleep", "100{suffix}"], state = "running" }}
}}
resource "zun_container" "unknown" {{
  name    = terraform_data.x.output.name
  image   = "zun/test:1"
  command = terraform_data.x.output.args
  cpu     = 0.1
  memory  = terraform_data.x.output.memory
  state   = terraform_data.x.output.state
  ports   = [{{ internal = terraform_data.x.output.port }}]
}}
module "first" {{
  source = "./app"
  name   = "first"
  memory = 16
  peer   = zun_container.unknown.addresses[0].ip
}}
module "second" {{
  source   = "./app"
  for_each = toset(["a", "b"])
  name     = "second-${{each.key}}"
  memory   = 16
  peer     = module.first.ip
}}
"#
        )
    };
    workspace.configure(&body("1"))?;
    workspace.run(&["get", "-no-color"])?.success()?;
    workspace.apply()?;
    workspace.must_be_settled()?;
    let addresses = |workspace: &Workspace| -> Result<Vec<Value>> {
        let state = workspace.all_attributes()?;
        let containers = state.values().filter(|values| values["image"].is_string());
        Ok(containers
            .map(|values| values["addresses"].clone())
            .collect())
    };
    let before = addresses(&workspace)?;
    ensure!(before.len() == 4, "{before:?}");
    // The edit makes everything unknown once more; addresses stay, so what hangs on them ends up as it was.
    workspace.configure(&body("2"))?;
    workspace.apply()?;
    workspace.must_be_settled()?;
    ensure!(addresses(&workspace)? == before, "addresses have moved");
    let values = workspace.attributes("zun_container.unknown")?;
    ensure!(values["name"] == "unknown2", "{values}");
    workspace.destroy()?;
    world.must_be_empty()
}

fn sets(world: &mut World) -> Result<()> {
    let workspace = world.workspace()?;
    let body = |ports: &str, ulimits: &str, caps: &str, labels: &str| {
        format!(
            "resource \"zun_container\" \"sets\" {{\n  name = \"sets\"\n{QUIET}  ports = [{ports}]\n  \
             ulimits = [{ulimits}]\n  cap_drop = [{caps}]\n  labels = {{ {labels} }}\n}}\n"
        )
    };
    workspace.configure(&body(
        "{ internal = 80 }, { internal = 81, protocol = \"udp\" }, { internal = 82, ip = \"127.0.0.1\" }",
        "{ name = \"nofile\", soft = 100, hard = 200 }, { name = \"core\", soft = 0, hard = 0 }",
        "\"KILL\", \"CHOWN\", \"MKNOD\"",
        "b = \"2\", a = \"1\"",
    ))?;
    workspace.apply()?;
    workspace.must_be_settled()?;
    workspace.configure(&body(
        "{ internal = 82, ip = \"127.0.0.1\" }, { internal = 80 }, { internal = 81, protocol = \"udp\" }",
        "{ name = \"core\", soft = 0, hard = 0 }, { name = \"nofile\", soft = 100, hard = 200 }",
        "\"MKNOD\", \"KILL\", \"CHOWN\", \"KILL\"",
        "a = \"1\", b = \"2\"",
    ))?;
    workspace.must_be_settled()?;
    workspace.destroy()?;
    world.must_be_empty()
}

/// Empty, tiny, large and strange where each is legal: applied as written and found as written.
fn odd_values(world: &mut World) -> Result<()> {
    let workspace = world.workspace()?;
    let long = "x".repeat(4096);
    workspace.configure(&format!(
        r#"
resource "zun_container" "bare" {{
  image = "zun/test:1"
}}
resource "zun_container" "empty" {{
  image       = "zun/test:1"
  command     = ["run", "sh", "-c", "sleep 100000", ""]
  entrypoint  = []
  environment = {{}}
  labels      = {{}}
  hints       = {{}}
  tmpfs       = {{}}
  ports       = []
  ulimits     = []
  cap_add     = []
  cap_drop    = []
  disk        = 0
  name        = null
  user        = null
}}
resource "zun_container" "odd" {{
  name        = "odd"
  image       = "zun/test:1"
  command     = ["run", "sh", "-c", "sleep 100000", "a b", "\"quoted\"", "$${{dollar}}", "ünïcödé 🐟"]
  cpu         = 0.015
  memory      = 6
  environment = {{ LONG = "{long}", NEWLINE = "a\nb", EMPTY = "", "dotted.name" = "=" }}
  labels      = {{ "k e y" = "v = w", "empty" = "" }}
  stop_timeout = 0
  restart_policy = {{ name = "on-failure", maximum_retry_count = 0 }}
}}
"#
    ))?;
    workspace.apply()?;
    workspace.must_be_settled()?;
    let state = workspace.all_attributes()?;
    for address in state.keys() {
        let id = state[address]["id"].as_str().context("no id")?;
        workspace.import_again(address, id)?;
    }
    workspace.must_be_settled()?;
    workspace.destroy()?;
    world.must_be_empty()
}
