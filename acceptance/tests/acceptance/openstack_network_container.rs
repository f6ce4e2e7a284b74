//! Containers on networks, made by `openstack appcontainer` and looked at by `zun`: connected, guarded, reached from
//! outside, with real packets.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use serde_json::Value;
use zun_acceptance::openstack::{Clients, text};
use zun_acceptance::world::World;
use zun_acceptance::{http, process};

use crate::openstack_network::{must_be_as_new, with_clients};

/// Until an accepted verb is seen to be done.
const DONE: Duration = Duration::from_mins(1);

#[test]
fn containers_on_networks_with_openstack() -> Result<()> {
    with_clients(connected)
}

#[test]
fn a_container_behind_a_floating_ip_with_openstack() -> Result<()> {
    with_clients(behind_a_floating_ip)
}

/// A network with a subnet of the same name.
fn network(world: &World, clients: &Clients, name: &str, number: u8) -> Result<String> {
    let made = clients.ask(&format!("network create {name}"))?;
    clients.run(&format!(
        "subnet create --network {name} --subnet-range {}.{number}.0/24 {name}",
        world.own_prefix()
    ))?;
    Ok(text(&made, "id")?.to_owned())
}

/// A container that runs, its uuid.
fn run(clients: &Clients, options: &str, command: &str) -> Result<String> {
    clients.run(&format!(
        "appcontainer run --cpu 0.1 --memory 16 {options} zun/test:1 {command}"
    ))?;
    let name = options.split(' ').skip_while(|word| *word != "--name");
    let name = name
        .into_iter()
        .nth(1)
        .context("a container without a name")?;
    let running = || {
        let shown = clients.ask(&format!("appcontainer show {name}")).ok()?;
        (shown["status"] == "Running").then(|| shown["uuid"].as_str().map(str::to_owned))
    };
    let uuid = process::poll(DONE, running).flatten();
    uuid.with_context(|| format!("{name} does not run"))
}

/// What `zun network-list` shows, a line for each network, when there are so many.
fn networks(clients: &Clients, name: &str, count: usize) -> Result<Vec<String>> {
    let mut last = Vec::new();
    let listed = || {
        let table = clients.zun(&format!("network-list {name}")).ok()?;
        let lines = table.lines().filter(|line| line.starts_with('|'));
        last = lines.skip(1).map(str::to_owned).collect();
        (last.len() == count).then_some(())
    };
    process::poll(DONE, listed);
    ensure!(
        last.len() == count,
        "{name} should be on {count} networks: {last:#?}"
    );
    Ok(last)
}

/// A verb that ends well whatever the server has said, and says it.
fn accepted(clients: &Clients, words: &str) -> Result<()> {
    let said = clients.run(words)?;
    ensure!(said.contains("has been accepted"), "`{words}`: {said}");
    Ok(())
}

/// Whether a page of that address is there for this container. Not by `wget`, which looks for names and, linked
/// statically, ends in a crash.
fn reaches(world: &World, uuid: &str, address: &str) -> bool {
    let script = format!("printf 'GET / HTTP/1.0\\r\\n\\r\\n' | nc -w 2 {address} 80");
    let page = world.engine.exec(uuid, &["sh", "-c", &script]);
    page.is_ok_and(|page| page.contains("from "))
}

fn must_reach(world: &World, uuid: &str, address: &str) -> Result<()> {
    process::poll(DONE, || reaches(world, uuid, address).then_some(()))
        .with_context(|| format!("zun-{uuid} does not reach {address}"))
}

fn connected(world: &mut World, clients: &Clients) -> Result<()> {
    let prefix = world.own_prefix();
    let (front, back) = (
        network(world, clients, "front", 1)?,
        network(world, clients, "back", 2)?,
    );
    clients.run("security group create web")?;
    clients.run("security group create visitor")?;
    clients.run(
        "security group rule create --protocol tcp --dst-port 80 --remote-group visitor web",
    )?;
    let address = format!("{prefix}.1.77");
    let options =
        format!("--name web --net network={front},v4-fixed-ip={address} --security-group web");
    let web = run(clients, &options, "web")?;
    let visitor = run(
        clients,
        &format!("--name visitor --net network={front} --security-group visitor"),
        "run sleep 100000",
    )?;
    let stranger = run(
        clients,
        &format!("--name stranger --net network={front}"),
        "run sleep 100000",
    )?;
    must_reach(world, &visitor, &address)?;
    ensure!(
        !reaches(world, &stranger, &address),
        "no rule lets the stranger in"
    );

    told(clients, &web, &front, &address)?;
    attached(world, clients, &web, &back)?;
    clients.run("appcontainer delete --force web visitor stranger")?;
    let none =
        || (clients.ask("appcontainer list").ok()? == Value::Array(Vec::new())).then_some(());
    process::poll(DONE, none).context("containers are left")?;
    clients.run("security group delete web visitor")?;
    clients.run("network delete front back")?;
    must_be_as_new(world)
}

/// What each client says of where the container is.
fn told(clients: &Clients, uuid: &str, network: &str, address: &str) -> Result<()> {
    let listed = networks(clients, "web", 1)?;
    ensure!(
        listed[0].contains(network) && listed[0].contains(address),
        "{listed:?}"
    );
    // The newest of both, osc-lib 4.7 and zunclient 5.5, do not go together: this one verb ends with "Invalid formatter
    // provided", whatever the server has answered. Its log has the answer.
    let log = clients.log("appcontainer network list web")?;
    ensure!(
        log.contains(&format!("\"ip_address\":\"{address}\"")),
        "{log}"
    );
    let shown = clients.ask("appcontainer show web")?;
    ensure!(shown["addresses"].to_string().contains(address), "{shown}");
    let ports = clients.ask(&format!("port list --device-id {uuid}"))?;
    let port = clients.ask(&format!("port show {}", text(&ports[0], "ID")?))?;
    ensure!(
        port["status"] == "ACTIVE" && port["device_id"] == uuid,
        "{port}"
    );
    for name in ["device_owner", "binding_host_id"] {
        ensure!(
            port[name].as_str().is_some_and(|text| !text.is_empty()),
            "{name} of {port}"
        );
    }
    Ok(())
}

/// A second network, and a port that was made before, while it runs; and off them again.
fn attached(world: &World, clients: &Clients, uuid: &str, back: &str) -> Result<()> {
    let first = world.engine.engine_id(uuid)?;
    accepted(clients, "appcontainer network attach --network back web")?;
    let listed = networks(clients, "web", 2)?;
    ensure!(listed[1].contains(back), "{listed:?}");
    let inside = || world.engine.exec(uuid, &["ip", "-4", "-o", "address"]);
    let prefix = format!("{}.2.", world.own_prefix());
    let there = || inside().ok()?.contains(&prefix).then_some(());
    process::poll(DONE, there).context("it has no address on the second network")?;
    accepted(clients, "appcontainer network detach --network back web")?;
    networks(clients, "web", 1)?;
    let gone = || (!inside().ok()?.contains(&prefix)).then_some(());
    process::poll(DONE, gone).context("it is still on the second network")?;

    let address = format!("{prefix}88");
    let port = clients.ask(&format!(
        "port create --network back --fixed-ip ip-address={address} made-before"
    ))?;
    let port = text(&port, "id")?;
    accepted(
        clients,
        &format!("appcontainer network attach --port {port} web"),
    )?;
    let listed = networks(clients, "web", 2)?;
    ensure!(listed[1].contains(&address), "{listed:?}");
    let there = || inside().ok()?.contains(&address).then_some(());
    process::poll(DONE, there).context("it has not the address of the port")?;
    let bound = clients.ask(&format!("port show {port}"))?;
    ensure!(bound["device_id"] == uuid, "{bound}");
    accepted(
        clients,
        &format!("appcontainer network detach --port {port} web"),
    )?;
    networks(clients, "web", 1)?;
    // It was not made for the container, and outlives it there.
    let free = || {
        let shown = clients.ask(&format!("port show {port}")).ok()?;
        (shown["device_id"] == "").then_some(())
    };
    process::poll(DONE, free).context("the port is not free again")?;
    clients.run(&format!("port delete {port}"))?;
    ensure!(world.engine.engine_id(uuid)? == first, "it was made anew");
    Ok(())
}

fn behind_a_floating_ip(world: &mut World, clients: &Clients) -> Result<()> {
    let front = network(world, clients, "front", 1)?;
    let back = network(world, clients, "back", 2)?;
    clients.run("security group create web")?;
    clients.run("security group rule create --protocol tcp --dst-port 80 web")?;
    let web = run(
        clients,
        &format!("--name web --net network={front} --security-group web"),
        "web",
    )?;
    let visitor = run(
        clients,
        &format!("--name visitor --net network={back}"),
        "run sleep 100000",
    )?;
    let ports = clients.ask(&format!("port list --device-id {web}"))?;
    let port = text(&ports[0], "ID")?;
    let inside = clients.ask(&format!("port show {port}"))?;
    let inside = text(&inside["fixed_ips"][0], "ip_address")?;
    ensure!(
        !reaches(world, &visitor, inside),
        "nothing joins the two networks"
    );

    let outside = clients.ask("network list --external")?;
    let outside = text(&outside[0], "Name")?;
    clients.run(&format!("router create --external-gateway {outside} r"))?;
    for subnet in ["front", "back"] {
        clients.run(&format!("router add subnet r {subnet}"))?;
    }
    must_reach(world, &visitor, inside)?;
    let floating = clients.ask(&format!("floating ip create {outside}"))?;
    let address = text(&floating, "floating_ip_address")?;
    clients.run(&format!("appcontainer add floating ip web {address}"))?;
    let url = format!("http://{address}/");
    let page = || http::get(&url).ok().filter(|(status, _)| *status == 200);
    process::poll(DONE, page).with_context(|| format!("{url} is not reached"))?;
    clients.run(&format!("appcontainer remove floating ip {address}"))?;
    ensure!(
        page().is_none(),
        "{url} is reached though it stands for nothing"
    );
    clients.run("router remove subnet r front")?;
    ensure!(
        !reaches(world, &visitor, inside),
        "nothing joins the two networks any more"
    );

    clients.run("router remove subnet r back")?;
    clients.run("router delete r")?;
    clients.run(&format!("floating ip delete {address}"))?;
    clients.run("appcontainer delete --force web visitor")?;
    let none =
        || (clients.ask("appcontainer list").ok()? == Value::Array(Vec::new())).then_some(());
    process::poll(DONE, none).context("containers are left")?;
    clients.run("security group delete web")?;
    clients.run("network delete front back")?;
    must_be_as_new(world)
}
