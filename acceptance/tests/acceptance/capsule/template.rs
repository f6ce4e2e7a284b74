//! A capsule by a template, and what a data source tells of it.

use anyhow::{Context, Result, ensure};
use zun_acceptance::tofu::Flavor;
use zun_acceptance::world::{ROOMY, World, on_docker_with};

use super::{CAPSULE, ids};

#[test]
fn templates_with_terraform() -> Result<()> {
    on_docker_with(Flavor::Terraform, ROOMY, templates)
}

#[test]
fn templates_with_tofu() -> Result<()> {
    on_docker_with(Flavor::Tofu, ROOMY, templates)
}

const TEMPLATE: &str = "
kind: capsule
capsuleVersion: beta
metadata:
  name: by-template
  labels: {app: shop}
restartPolicy: Always
spec:
  containers:
  - name: web
    image: zun/test:1
    command: [run, sleep]
    args: ['100000']
    resources: {requests: {cpu: 0.1, memory: 16}}
    ports: [{containerPort: 80}]
    volumeMounts: [{name: data, mountPath: /data}]
  - name: log
    image: zun/test:1
    command: [run, sleep, '100000']
    env: {A: '1'}
    resources: {requests: {cpu: 0.1, memory: 16}}
    volumeMounts: [{name: data, mountPath: /logs, readOnly: true}]
  initContainers:
  - name: first
    image: zun/test:1
    command: ['true']
  volumes:
  - {name: data, cinder: {size: 1, autoRemove: true}}
";

const MAIN: &str = r#"
resource "zun_capsule" "all" {
  template = file("${path.module}/capsule.yaml")
}

data "zun_capsule" "all" {
  id = zun_capsule.all.id
}

output "told" {
  value = {
    names = [for one in data.zun_capsule.all.containers : one.name]
    web   = data.zun_capsule.all.container_ids["web"]
    state = data.zun_capsule.all.state
  }
}
"#;

fn templates(world: &mut World) -> Result<()> {
    let workspace = world.workspace()?;
    workspace.write("capsule.yaml", TEMPLATE)?;
    workspace.configure(MAIN)?;
    workspace.apply()?;
    workspace.must_be_settled()?;
    let values = workspace.attributes(CAPSULE)?;
    let told = workspace.output("told")?;
    ensure!(told["names"] == serde_json::json!(["web", "log"]), "{told}");
    ensure!(told["web"] == values["container_ids"]["web"], "{told}");
    ensure!(told["state"] == "running", "{told}");
    let before = ids(world, &values)?;
    let run = |name: &str, script: &str| {
        let uuid = values["container_ids"][name].as_str().context("no uuid")?;
        world.engine.exec(uuid, &["sh", "-c", script])
    };
    run("web", "echo shared >/data/file; sync")?;
    let read = run("log", "cat /logs/file; touch /logs/file || true")?;
    ensure!(
        read.contains("shared") && read.contains("Read-only"),
        "{read}"
    );

    workspace.write("capsule.yaml", &format!("# the same\n{TEMPLATE}\n"))?;
    let plan = workspace.plan()?;
    ensure!(plan.is_empty(), "{}", plan.text);
    workspace.write("capsule.yaml", &TEMPLATE.replace("A: '1'", "A: '2'"))?;
    workspace.apply()?;
    workspace.must_be_settled()?;
    let after = ids(world, &values)?;
    ensure!(before.get("web") == after.get("web"), "web was touched");
    ensure!(before.get("log") != after.get("log"), "log is the same");

    workspace.write("capsule.yaml", &TEMPLATE.replace("cpu: 0.1", "cpu: much"))?;
    let refused = workspace.apply_error()?;
    ensure!(
        refused.contains("spec.containers[0].resources.requests.cpu"),
        "{refused}"
    );
    workspace.write("capsule.yaml", TEMPLATE)?;
    workspace.destroy()?;
    world.must_be_empty()
}
