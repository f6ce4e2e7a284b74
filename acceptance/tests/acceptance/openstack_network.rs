//! OpenStack's own clients, not changed in anything, against the network API: `openstack` makes, lists, shows, changes
//! and deletes every noun, and so does a program that is written with gophercloud. What is refused says why.

use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use serde_json::json;
use zun_acceptance::openstack::{self, Clients, column, text};
use zun_acceptance::world::{ROOMY, World, on_docker_alone};
use zun_acceptance::{process, settings, skip};

/// Whatever gophercloud does to all nouns.
const GOPHERCLOUD: Duration = Duration::from_mins(2);

#[test]
fn networks_and_subnets_with_openstack() -> Result<()> {
    with_clients(networks_and_subnets)
}

#[test]
fn ports_with_openstack() -> Result<()> {
    with_clients(ports)
}

#[test]
fn security_groups_with_openstack() -> Result<()> {
    with_clients(security_groups)
}

#[test]
fn routers_and_floating_ips_with_openstack() -> Result<()> {
    with_clients(routers_and_floating_ips)
}

#[test]
fn every_noun_with_gophercloud() -> Result<()> {
    let Some(program) = settings::variable("TEST_GOPHERCLOUD") else {
        skip::skip(
            "no program with gophercloud: TEST_GOPHERCLOUD is not set (`./dev test` builds it)",
        );
        return Ok(());
    };
    on_docker_alone(ROOMY, |world| {
        let mut command = Command::new(&program);
        command
            .arg(world.own_prefix())
            .env("NO_PROXY", "127.0.0.1")
            .envs(world.backend.credentials()?);
        process::run(&mut command, GOPHERCLOUD)?.success()?;
        must_be_as_new(world)
    })
}

/// Runs a case with the clients, or skips it with the reason.
pub(crate) fn with_clients(case: impl FnOnce(&mut World, &Clients) -> Result<()>) -> Result<()> {
    let Some(packages) = openstack::under_test() else {
        skip::skip("no OpenStack clients: TEST_OPENSTACK is not set (`./dev test` fetches them)");
        return Ok(());
    };
    on_docker_alone(ROOMY, |world| {
        let clients = Clients::new(packages, &world.backend)?;
        case(world, &clients)
    })
}

/// Fails unless there is nothing but what every project has.
pub(crate) fn must_be_as_new(world: &World) -> Result<()> {
    let api = world.api()?;
    for (noun, left) in [
        ("ports", 0),
        ("routers", 0),
        ("floatingips", 0),
        ("subnetpools", 0),
        ("security-groups", 1),
    ] {
        let list = api.get(&format!("/network/v2.0/{noun}"))?;
        let nouns = &list[noun.replace('-', "_")];
        let count = nouns.as_array().map(Vec::len);
        ensure!(count == Some(left), "{noun} are left: {nouns}");
    }
    // The default network is made when it is first used.
    let networks = api.get("/network/v2.0/networks?router:external=false")?;
    let count = networks["networks"].as_array().map(Vec::len);
    ensure!(count.is_some_and(|count| count <= 1), "left: {networks}");
    world.must_be_empty()
}

fn networks_and_subnets(world: &mut World, clients: &Clients) -> Result<()> {
    let prefix = world.own_prefix();
    let made = clients.ask("network create --description first --mtu 1400 one")?;
    for (name, value) in [
        ("name", json!("one")),
        ("description", json!("first")),
        ("mtu", json!(1400)),
        ("admin_state_up", json!(true)),
        ("router:external", json!(false)),
        ("status", json!("ACTIVE")),
        ("subnets", json!([])),
    ] {
        ensure!(made[name] == value, "{name} is {}", made[name]);
    }
    clients.run("network set --name two --description second one")?;
    let shown = clients.ask("network show two")?;
    ensure!(
        shown["id"] == made["id"] && shown["description"] == "second",
        "{shown}"
    );
    let listed = clients.ask("network list --name two")?;
    ensure!(column(&listed, "ID") == [&made["id"]], "{listed}");
    let outside = clients.ask("network list --external")?;
    ensure!(column(&outside, "ID").len() == 1, "{outside}");
    subnets(clients, &prefix)?;
    pools(clients, &prefix)?;
    clients.run("network set --disable two")?;
    let shown = clients.ask("network show two")?;
    ensure!(shown["admin_state_up"] == false, "{shown}");
    clients.run("network delete two")?;
    let refused = clients.refused("network show two")?;
    ensure!(refused.contains("No Network found for two"), "{refused}");
    must_be_as_new(world)
}

/// Of both families, on the network `two`.
fn subnets(clients: &Clients, prefix: &str) -> Result<()> {
    let made = clients.ask(&format!(
        "subnet create --network two --subnet-range {prefix}.1.0/24 --gateway {prefix}.1.254 \
         --allocation-pool start={prefix}.1.10,end={prefix}.1.20 --dns-nameserver 192.0.2.53 four"
    ))?;
    for (name, value) in [
        ("cidr", json!(format!("{prefix}.1.0/24"))),
        ("gateway_ip", json!(format!("{prefix}.1.254"))),
        ("ip_version", json!(4)),
        ("dns_nameservers", json!(["192.0.2.53"])),
        (
            "allocation_pools",
            json!([{ "start": format!("{prefix}.1.10"), "end": format!("{prefix}.1.20") }]),
        ),
    ] {
        ensure!(made[name] == value, "{name} is {}", made[name]);
    }
    let six = "fd00:c0de::/64";
    let made = clients.ask(&format!(
        "subnet create --network two --ip-version 6 --subnet-range {six} six"
    ))?;
    ensure!(made["cidr"] == six && made["ip_version"] == 6, "{made}");
    clients.run("subnet set --name vier --no-dns-nameservers --dns-nameserver 192.0.2.54 four")?;
    let shown = clients.ask("subnet show vier")?;
    ensure!(shown["dns_nameservers"] == json!(["192.0.2.54"]), "{shown}");
    let listed = clients.ask("subnet list --network two")?;
    ensure!(column(&listed, "Name").len() == 2, "{listed}");
    let network = clients.ask("network show two")?;
    let both = network["subnets"].as_array().context("no subnets")?;
    ensure!(both.len() == 2, "{network}");
    // No engine makes a network of IPv6 alone.
    let refused = clients.refused("subnet delete vier")?;
    ensure!(refused.contains("delete the IPv6 subnet"), "{refused}");
    clients.run("subnet delete six vier")?;
    let listed = clients.ask("subnet list --network two")?;
    ensure!(listed == json!([]), "{listed}");
    Ok(())
}

/// Prefixes for the network `two`.
fn pools(clients: &Clients, prefix: &str) -> Result<()> {
    let made = clients.ask(&format!(
        "subnet pool create --pool-prefix {prefix}.64.0/20 --default-prefix-length 24 pool"
    ))?;
    ensure!(
        made["prefixes"] == json!([format!("{prefix}.64.0/20")]),
        "{made}"
    );
    ensure!(
        made["default_prefixlen"].to_string().contains("24"),
        "{made}"
    );
    clients.run(&format!(
        "subnet pool set --name pond --pool-prefix {prefix}.80.0/20 pool"
    ))?;
    let listed = clients.ask("subnet pool list")?;
    ensure!(column(&listed, "Name") == ["pond"], "{listed}");
    let shown = clients.ask("subnet pool show pond")?;
    ensure!(shown["id"] == made["id"], "{shown}");
    let subnet =
        clients.ask("subnet create --network two --subnet-pool pond --prefix-length 26 cut")?;
    let cidr = text(&subnet, "cidr")?;
    ensure!(
        cidr.starts_with(prefix) && cidr.ends_with("/26"),
        "{subnet}"
    );
    let refused = clients.refused("subnet pool delete pond")?;
    ensure!(refused.contains("409"), "{refused}");
    clients.run("subnet delete cut")?;
    clients.run("subnet pool delete pond")?;
    Ok(())
}

fn ports(world: &mut World, clients: &Clients) -> Result<()> {
    let prefix = world.own_prefix();
    clients.run("network create one")?;
    clients.run(&format!(
        "subnet create --network one --subnet-range {prefix}.1.0/24 four"
    ))?;
    clients.run("security group create web")?;
    let address = format!("{prefix}.1.77");
    let made = clients.ask(&format!(
        "port create --network one --fixed-ip subnet=four,ip-address={address} --security-group web first"
    ))?;
    ensure!(
        made["fixed_ips"][0]["ip_address"] == address.as_str(),
        "{made}"
    );
    ensure!(
        made["mac_address"]
            .as_str()
            .is_some_and(|mac| mac.len() == 17),
        "{made}"
    );
    ensure!(
        made["device_id"] == "" && made["status"] == "DOWN",
        "{made}"
    );
    let taken = format!("port create --network one --fixed-ip ip-address={address} second");
    let refused = clients.refused(&taken)?;
    ensure!(refused.contains(&address), "{refused}");
    let refused = clients.refused("network delete one")?;
    ensure!(refused.contains("409"), "{refused}");
    let refused = clients.refused("security group delete web")?;
    ensure!(refused.contains("409"), "{refused}");

    let second = clients.ask("port create --network one --no-security-group second")?;
    ensure!(second["security_group_ids"] == json!([]), "{second}");
    clients.run("port set --name zweiter --description other --security-group web second")?;
    let shown = clients.ask("port show zweiter")?;
    ensure!(shown["description"] == "other", "{shown}");
    let groups = shown["security_group_ids"].as_array().map(Vec::len);
    ensure!(groups == Some(1), "{shown}");
    let listed = clients.ask("port list --network one")?;
    ensure!(column(&listed, "ID").len() == 2, "{listed}");
    let listed = clients.ask(&format!("port list --fixed-ip ip-address={address}"))?;
    ensure!(column(&listed, "Name") == ["first"], "{listed}");
    clients.run("port delete first zweiter")?;
    clients.run("security group delete web")?;
    clients.run("network delete one")?;
    must_be_as_new(world)
}

fn security_groups(world: &mut World, clients: &Clients) -> Result<()> {
    let web = clients.ask("security group create --description front web")?;
    let rules = clients.ask("security group rule list web")?;
    ensure!(
        column(&rules, "Direction") == ["egress", "egress"],
        "{rules}"
    );
    clients.run("security group create cache")?;
    let listed = clients.ask("security group list")?;
    for name in ["default", "web", "cache"] {
        ensure!(column(&listed, "Name").contains(&&json!(name)), "{listed}");
    }
    let made = clients.ask(
        "security group rule create --protocol tcp --dst-port 8000:8010 --remote-ip 198.51.100.0/24 web",
    )?;
    for (name, value) in [
        ("direction", json!("ingress")),
        ("ether_type", json!("IPv4")),
        ("protocol", json!("tcp")),
        ("port_range_min", json!(8000)),
        ("port_range_max", json!(8010)),
        ("remote_ip_prefix", json!("198.51.100.0/24")),
        ("security_group_id", web["id"].clone()),
    ] {
        ensure!(made[name] == value, "{name} is {}", made[name]);
    }
    let again = "security group rule create --protocol tcp --dst-port 8000:8010 --remote-ip 198.51.100.0/24 web";
    let refused = clients.refused(again)?;
    ensure!(refused.contains("already"), "{refused}");
    let remote = clients
        .ask("security group rule create --protocol udp --dst-port 53 --remote-group web cache")?;
    ensure!(remote["remote_group_id"] == web["id"], "{remote}");
    clients.run("security group rule create --protocol icmp --icmp-type 8 web")?;
    clients.run(
        "security group rule create --egress --ethertype IPv6 --protocol tcp --dst-port 443 cache",
    )?;
    let rules = clients.ask("security group rule list web --ingress")?;
    ensure!(column(&rules, "ID").len() == 2, "{rules}");
    let shown = clients.ask(&format!("security group rule show {}", text(&made, "id")?))?;
    ensure!(shown["port_range_max"] == 8010, "{shown}");
    clients.run(&format!(
        "security group rule delete {}",
        text(&made, "id")?
    ))?;

    clients.run("security group set --name front --description changed web")?;
    let shown = clients.ask("security group show front")?;
    ensure!(
        shown["id"] == web["id"] && shown["description"] == "changed",
        "{shown}"
    );
    let refused =
        clients.refused("security group rule create --protocol tcp --dst-port 70000 front")?;
    ensure!(refused.contains("70000"), "{refused}");
    clients.run("security group delete cache front")?;
    must_be_as_new(world)
}

fn routers_and_floating_ips(world: &mut World, clients: &Clients) -> Result<()> {
    let prefix = world.own_prefix();
    clients.run("network create one")?;
    clients.run(&format!(
        "subnet create --network one --subnet-range {prefix}.1.0/24 four"
    ))?;
    let outside = clients.ask("network list --external")?;
    let outside = text(&outside[0], "Name")?.to_owned();
    let made = clients.ask("router create --description way r")?;
    ensure!(
        made["admin_state_up"] == true && made["external_gateway_info"].is_null(),
        "{made}"
    );
    clients.run("router add subnet r four")?;
    clients.run(&format!("router set --external-gateway {outside} r"))?;
    let shown = clients.ask("router show r")?;
    let gateway = &shown["external_gateway_info"];
    ensure!(gateway["enable_snat"] == true, "{shown}");
    ensure!(
        gateway["external_fixed_ips"][0]["ip_address"].is_string(),
        "{shown}"
    );
    let listed = clients.ask("router list")?;
    ensure!(column(&listed, "Name") == ["r"], "{listed}");
    let refused = clients.refused("router delete r")?;
    ensure!(refused.contains("409"), "{refused}");
    floating_ips(clients, &outside)?;
    clients.run("router unset --external-gateway r")?;
    let shown = clients.ask("router show r")?;
    ensure!(shown["external_gateway_info"].is_null(), "{shown}");
    clients.run("router remove subnet r four")?;
    clients.run("router delete r")?;
    clients.run("network delete one")?;
    must_be_as_new(world)
}

/// Of a port on the network `one`, which the router joins with the outside.
fn floating_ips(clients: &Clients, outside: &str) -> Result<()> {
    let port = clients.ask("port create --network one inside")?;
    let made = clients.ask(&format!("floating ip create --description door {outside}"))?;
    let address = text(&made, "floating_ip_address")?;
    ensure!(
        made["port_id"].is_null() && made["status"] == "DOWN",
        "{made}"
    );
    clients.run(&format!("floating ip set --port inside {address}"))?;
    let shown = clients.ask(&format!("floating ip show {address}"))?;
    ensure!(shown["port_id"] == port["id"], "{shown}");
    let inside = &port["fixed_ips"][0]["ip_address"];
    ensure!(shown["fixed_ip_address"] == *inside, "{shown}");
    let refused = clients.refused("router remove subnet r four")?;
    ensure!(refused.contains("409"), "{refused}");
    let listed = clients.ask("floating ip list")?;
    ensure!(
        column(&listed, "Floating IP Address") == [address],
        "{listed}"
    );
    clients.run(&format!("floating ip unset --port {address}"))?;
    let shown = clients.ask(&format!("floating ip show {address}"))?;
    ensure!(shown["port_id"].is_null(), "{shown}");
    clients.run(&format!("floating ip delete {address}"))?;
    clients.run("port delete inside")?;
    Ok(())
}
