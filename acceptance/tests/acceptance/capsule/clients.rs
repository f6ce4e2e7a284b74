//! OpenStack's own command lines with capsules, nothing in them changed.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use serde_json::Value;
use zun_acceptance::openstack::{Clients, column};
use zun_acceptance::process;
use zun_acceptance::world::World;

use crate::openstack_network::with_clients;

/// The longest until a capsule runs, or is gone.
const NOTICE: Duration = Duration::from_mins(1);

const TEMPLATE: &str = "
capsuleVersion: beta
kind: capsule
metadata:
  name: NAME
  labels: {app: web}
spec:
  containers:
  - image: zun/test:1
    command: [run, sleep, '100000']
    imagePullPolicy: ifnotpresent
    resources: {requests: {cpu: 0.1, memory: 32}}
";

#[test]
fn capsules_with_openstack() -> Result<()> {
    with_clients(|world, clients| {
        life(world, clients, "openstack")?;
        life(world, clients, "zun")?;
        refused(world, clients)?;
        world.must_be_empty()
    })
}

fn file(name: &str, text: &str) -> Result<(tempfile::TempDir, PathBuf)> {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join(format!("{name}.yaml"));
    std::fs::write(&path, text)?;
    Ok((folder, path))
}

fn life(world: &World, clients: &Clients, name: &str) -> Result<()> {
    let (_folder, path) = file(name, &TEMPLATE.replace("NAME", name))?;
    let path = path.display();
    let api = world.api()?;
    if name == "zun" {
        clients.zun(&format!("capsule-create -f {path}"))?;
    } else {
        clients.run(&format!("capsule create --file {path}"))?;
    }
    let shown = || {
        let capsule = api.get(&format!("/v1/capsules/{name}")).ok()?;
        (capsule["status"] == "Running").then_some(capsule)
    };
    let capsule = process::poll(NOTICE, shown).context("the capsule does not run")?;
    let uuid = capsule["uuid"].as_str().context("no uuid")?;
    if name == "zun" {
        let listed = clients.zun("capsule-list")?;
        ensure!(
            listed.contains(uuid) && listed.contains("Running"),
            "{listed}"
        );
        let described = clients.zun(&format!("capsule-describe {name}"))?;
        ensure!(described.contains(uuid), "{described}");
        clients.zun(&format!("capsule-delete {name}"))?;
    } else {
        let listed = clients.ask("capsule list")?;
        ensure!(column(&listed, "uuid") == [&Value::from(uuid)], "{listed}");
        let described = clients.ask(&format!("capsule show {name}"))?;
        ensure!(described["name"] == name, "{described}");
        ensure!(described["status"] == "Running", "{described}");
        let member = capsule["containers"][0]["uuid"]
            .as_str()
            .context("no member")?;
        let output = clients.run(&format!("appcontainer exec {member} echo said"))?;
        ensure!(output.contains("said"), "{output}");
        clients.run(&format!("appcontainer logs {member}"))?;
        clients.run(&format!("capsule delete {name}"))?;
    }
    let gone = || {
        api.get(&format!("/v1/capsules/{uuid}"))
            .is_err()
            .then_some(())
    };
    process::poll(NOTICE, gone).context("the capsule is not gone")
}

fn refused(_: &World, clients: &Clients) -> Result<()> {
    let wrong = TEMPLATE.replace("image: zun/test:1", "imaje: zun/test:1");
    let (_folder, path) = file("wrong", &wrong.replace("NAME", "wrong"))?;
    let refused = clients.refused(&format!("capsule create --file {}", path.display()))?;
    ensure!(
        refused.contains("spec.containers[0].image: is required"),
        "{refused}"
    );
    Ok(())
}
