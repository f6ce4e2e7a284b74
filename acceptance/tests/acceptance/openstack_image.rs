//! OpenStack's own clients, not changed in anything, against the image service.

use std::fs;

use anyhow::{Context, Result, ensure};
use serde_json::json;
use zun_acceptance::archive;
use zun_acceptance::openstack::{Clients, column, text};
use zun_acceptance::world::World;

use crate::openstack_network::with_clients;

#[test]
fn images_with_openstack() -> Result<()> {
    with_clients(images)
}

#[test]
fn commit_with_openstack() -> Result<()> {
    with_clients(commit)
}

#[test]
fn registries_with_openstack() -> Result<()> {
    with_clients(registries)
}

fn registries(world: &mut World, clients: &Clients) -> Result<()> {
    let call = "appcontainer registry";
    let made = clients.ask(&format!(
        "{call} create --name shop --username ann --password planted --domain registry.example:5000"
    ))?;
    let id = text(&made, "uuid")?.to_owned();
    for (name, value) in [
        ("name", "shop"),
        ("username", "ann"),
        ("domain", "registry.example:5000"),
        ("password", "***"),
    ] {
        ensure!(made[name] == value, "{name} is {}: {made}", made[name]);
    }
    let listed = clients.ask(&format!("{call} list --name shop"))?;
    ensure!(column(&listed, "uuid") == [&made["uuid"]], "{listed}");
    clients.run(&format!(
        "{call} update --name other --domain localhost:5000 {id}"
    ))?;
    let shown = clients.ask(&format!("{call} show other"))?;
    ensure!(
        shown["uuid"] == made["uuid"] && shown["domain"] == "localhost:5000",
        "{shown}"
    );
    let said = clients.log(&format!("{call} show {id}"))?;
    ensure!(!said.contains("planted"), "the password comes out: {said}");
    clients.run(&format!("{call} delete other"))?;
    let refused = clients.refused(&format!("{call} show {id}"))?;
    ensure!(refused.contains(&id), "{refused}");
    world.must_be_empty()
}

fn images(world: &mut World, clients: &Clients) -> Result<()> {
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("root.tar");
    archive::root_filesystem("by openstack", &file)?;
    let file = file.to_str().context("a path that is no text")?;
    let made = clients.ask(&format!(
        "image create --file {file} --container-format docker --disk-format raw --min-disk 1 --min-ram 64 \
         --property tier=web --tag a --tag b one"
    ))?;
    let id = text(&made, "id")?.to_owned();
    let shown = clients.ask("image show one")?;
    for (name, value) in [
        ("status", json!("active")),
        ("container_format", json!("docker")),
        ("min_disk", json!(1)),
        ("visibility", json!("private")),
        ("protected", json!(false)),
    ] {
        ensure!(shown[name] == value, "{name} is {}: {shown}", shown[name]);
    }
    ensure!(shown["size"] == fs::metadata(file)?.len(), "{shown}");
    ensure!(shown["properties"]["tier"] == "web", "{shown}");
    let listed = clients.ask("image list --name one")?;
    ensure!(column(&listed, "ID") == [&made["id"]], "{listed}");
    let saved = folder.path().join("saved.tar");
    let target = saved.to_str().context("a path that is no text")?;
    clients.run(&format!("image save --file {target} {id}"))?;
    ensure!(
        fs::read(&saved)? == fs::read(file)?,
        "other bytes came back"
    );

    clients.run(&format!(
        "image set --name two --protected --property tier=db --tag c {id}"
    ))?;
    let shown = clients.ask("image show two")?;
    ensure!(
        shown["properties"]["tier"] == "db" && shown["protected"] == true,
        "{shown}"
    );
    ensure!(shown["tags"] == json!(["a", "b", "c"]), "{shown}");
    let refused = clients.refused("image delete two")?;
    ensure!(refused.contains("protected"), "{refused}");
    clients.run(&format!("image set --unprotected {id}"))?;
    clients.run(&format!("image unset --property tier --tag a {id}"))?;

    let run = "appcontainer run --name of-image --image-driver glance";
    let words = "--environment PATH=/bin two /bin/run /bin/sleep 100000";
    clients.run(&format!("{run} --wait {words}"))?;
    let refused = clients.refused("image delete two")?;
    ensure!(refused.contains("of-image"), "{refused}");
    let docker = world.api()?.get(&format!("/zund/v1/images/{id}"))?;
    clients.run("appcontainer delete --force of-image")?;
    gone(world, "of-image")?;
    clients.run("image delete two")?;
    let refused = clients.refused("image show two")?;
    ensure!(refused.contains("No Image found for two"), "{refused}");
    archive::forget(&world.engine, text(&docker, "docker_image_id")?)?;
    world.must_be_empty()
}

/// What a container has become is an image, of which another container is made.
fn commit(world: &mut World, clients: &Clients) -> Result<()> {
    clients.run("appcontainer run --name first --wait zun/test:1 run sleep 100000")?;
    let uuid = text(&clients.ask("appcontainer show first")?, "uuid")?.to_owned();
    world
        .engine
        .exec(&uuid, &["sh", "-c", "echo kept >/kept"])?;
    clients.run("appcontainer commit first kept:latest")?;
    let active = || {
        let shown = clients.ask("image show kept").ok()?;
        (shown["status"] == "active").then_some(shown)
    };
    let shown = zun_acceptance::process::poll(std::time::Duration::from_secs(30), active);
    let shown = shown.context("the commit is not there")?;
    let id = text(&shown, "id")?;
    let docker = world.api()?.get(&format!("/zund/v1/images/{id}"))?;
    clients
        .run("appcontainer run --name second --image-driver glance --wait kept run sleep 100000")?;
    let second = text(&clients.ask("appcontainer show second")?, "uuid")?.to_owned();
    ensure!(second != uuid, "the same container");
    let told = world.engine.exec(&second, &["cat", "/kept"])?;
    ensure!(told.contains("kept"), "{told}");
    for name in ["first", "second"] {
        clients.run(&format!("appcontainer delete --force {name}"))?;
        gone(world, name)?;
    }
    clients.run("image delete kept")?;
    archive::forget(&world.engine, text(&docker, "docker_image_id")?)?;
    world.must_be_empty()
}

/// Waits until a container is gone.
fn gone(world: &World, name: &str) -> Result<()> {
    let api = world.api()?;
    let gone = || api.container(name).is_err().then_some(());
    let gone = zun_acceptance::process::poll(std::time::Duration::from_secs(30), gone);
    gone.with_context(|| format!("{name} is not deleted"))
}
