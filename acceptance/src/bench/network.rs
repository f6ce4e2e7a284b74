//! Networks and security groups: a container created with both, a rule changed while 1,000 ports are guarded, and what
//! passes between two containers in a second.
//!
//! The floor is the same by hand: the engine's own API with an address that is ours, and one transaction of `nft`. The
//! ports are 20 networks for each of 50 containers that are not started: the packet filter guards a port from the time
//! that it is bound, so all of them are in the kernel, which is looked at before anything is measured.

use std::collections::BTreeSet;
use std::net::Ipv4Addr;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};

use super::api::settle;
use super::engine::Bare;
use super::figure::{Figure, Target, median};
use super::filter::Filter;
use super::load::Server;
use super::stage::Stage;
use super::{Bench, timed};
use crate::docker::Engine;
use crate::{firewall, image, process};

/// Containers of one run, one after the other.
const EACH: usize = 5;
/// Changes of a rule in one run.
const CHANGES: usize = 10;
/// Containers of the crowd, and networks of each of them.
const CROWD: (usize, u8) = (50, 20);
const PORTS: usize = 1000;
/// As many as a command line asks for at once.
const AT_ONCE: usize = 10;
/// The rule that comes and goes.
const CHANGED: u16 = 4711;
/// Addresses that nobody has (RFC 2544): as many as there are ports, guarded by hand.
const NOBODY: Ipv4Addr = Ipv4Addr::new(198, 18, 0, 1);

/// Where the server of the throughput listens.
const LISTENS: u16 = 5000;
const MEBIBYTES: u64 = 4096;
/// A core for each of the two.
const CORE_NANOS: i64 = 1_000_000_000;
const READY: Duration = Duration::from_mins(1);

/// Measures all of it.
pub fn measure(bench: &Bench) -> Result<Vec<Figure>> {
    let mut figures = vec![creates(bench)?];
    figures.extend(changes(bench)?);
    figures.push(throughput(bench)?);
    Ok(figures)
}

/// A network with a prefix of its own, its id.
fn network(server: &Server, number: u8) -> Result<String> {
    let body = json!({ "network": { "name": format!("bench-{number}") } });
    let made = server.json(&server.post("/network/v2.0/networks", &body))?;
    let id = id(&made["network"])?;
    let body = json!({ "subnet": {
        "network_id": id, "ip_version": 4, "cidr": format!("{}/24", address(number, 0)),
    } });
    server.json(&server.post("/network/v2.0/subnets", &body))?;
    Ok(id)
}

/// An address of a network of ours.
fn address(number: u8, host: u8) -> Ipv4Addr {
    Ipv4Addr::new(10, 191, number, host)
}

/// The two groups, with what those by hand let in.
fn groups(server: &Server) -> Result<[String; 2]> {
    let first = group(
        server,
        &[("tcp", 80, 80), ("tcp", 8000, 8010), ("icmp", 8, 0)],
    )?;
    let second = group(server, &[("tcp", LISTENS, LISTENS), ("udp", 53, 53)])?;
    let mut elsewhere = rule(&second, ("tcp", 443, 443));
    elsewhere["security_group_rule"]["remote_ip_prefix"] = json!("198.51.100.0/24");
    server.json(&server.post("/network/v2.0/security-group-rules", &elsewhere))?;
    Ok([first, second])
}

fn group(server: &Server, rules: &[(&str, u16, u16)]) -> Result<String> {
    let body = json!({ "security_group": { "name": "bench" } });
    let made = server.json(&server.post("/network/v2.0/security-groups", &body))?;
    let group = id(&made["security_group"])?;
    for one in rules {
        let body = rule(&group, *one);
        server.json(&server.post("/network/v2.0/security-group-rules", &body))?;
    }
    Ok(group)
}

fn rule(group: &str, (protocol, min, max): (&str, u16, u16)) -> Value {
    json!({ "security_group_rule": {
        "security_group_id": group, "direction": "ingress", "ethertype": "IPv4",
        "protocol": protocol, "port_range_min": min, "port_range_max": max,
    } })
}

fn id(noun: &Value) -> Result<String> {
    let id = noun["id"].as_str().map(str::to_owned);
    id.with_context(|| format!("no id in {noun}"))
}

/// One container at a time.
fn creates(bench: &Bench) -> Result<Figure> {
    let stage = Stage::new()?;
    let server = Server::log_in(&stage.backend)?;
    let (network, groups) = (network(&server, 0)?, groups(&server)?);
    let wish = json!({
        "spec": {
            "image": image::TEST, "cpu": 0.25, "memory": 32,
            "networks": [{ "network": network, "fixed_ip": address(0, 10) }],
            "security_groups": groups,
        },
        "wait_for": "none",
    });
    let (bare, filter) = (Bare::new(&stage.engine)?, Filter::new()?);
    // Bridges and caches are there before anything is measured.
    created_by_hand(&bare, &filter)?;
    created(&server, &wish)?;
    let (mut ours, mut by_hand) = (Vec::new(), Vec::new());
    for _ in 0..bench.runs() {
        by_hand.push(created_by_hand(&bare, &filter)?);
        ours.push(created(&server, &wish)?);
    }
    Ok(
        Figure::new("create on a network with two groups, p50", "ms", ours)
            .floor("by hand", by_hand)
            .target(Target::Times(1.25))
            .note("created and started; by hand: the engine's API with a fixed address, and one transaction of nft"),
    )
}

fn created(server: &Server, wish: &Value) -> Result<f64> {
    let mut samples = Vec::new();
    for _ in 0..EACH {
        let (container, took) = timed(|| server.make(wish))?;
        samples.push(took * 1e3);
        server.remove(&container)?;
    }
    Ok(median(&samples))
}

/// Guarded before it is started, as zund does it.
fn created_by_hand(bare: &Bare<'_>, filter: &Filter) -> Result<f64> {
    let mut samples = Vec::new();
    let addresses = [bare.address(0)];
    for _ in 0..EACH {
        let ((), took) = timed(|| {
            filter.admit(&addresses)?;
            bare.start_one(None)
        })?;
        samples.push(took * 1e3);
        bare.remove(1)?;
        filter.dismiss(&addresses)?;
    }
    Ok(median(&samples))
}

/// A rule more and a rule less, in the group that every port of the crowd is in.
fn changes(bench: &Bench) -> Result<Vec<Figure>> {
    let stage = Stage::new()?;
    let server = Server::log_in(&stage.backend)?;
    let [group, _] = groups(&server)?;
    crowd(&stage, &server, &group)?;
    let filter = Filter::new()?;
    filter.admit(&nobodies())?;
    let (mut made, mut deleted, mut by_hand) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..bench.runs() {
        by_hand.push(changed_by_hand(&filter)?);
        let (more, less) = changed(&stage, &server, &group)?;
        made.push(more);
        deleted.push(less);
    }
    let figure = |what: &str, samples: Vec<f64>| {
        Figure::new(
            format!("{PORTS} ports: {what}, until in force, p50"),
            "ms",
            samples,
        )
        .floor("by hand", by_hand.clone())
        .target(Target::AtMost(50.0))
    };
    let (containers, networks) = CROWD;
    let note = format!(
        "{containers} containers, not started, with a port on each of {networks} networks, all of them in the group and \
         in the kernel's tables; from the request to the answer. By hand: one transaction of nft, in a table with as \
         many addresses"
    );
    Ok(vec![
        figure("a rule of their group made", made).note(note),
        figure("it is deleted again", deleted),
    ])
}

/// As many ports as are wanted, all in this group.
fn crowd(stage: &Stage, server: &Server, group: &str) -> Result<()> {
    let (containers, networks) = CROWD;
    let networks = (0..networks).map(|number| network(server, number));
    let networks: Vec<Value> = networks
        .map(|network| Ok(json!({ "network": network? })))
        .collect::<Result<_>>()?;
    let wish = json!({
        "spec": {
            "image": image::TEST, "cpu": 0.1, "memory": 16,
            "networks": networks, "security_groups": [group],
        },
        "state": "stopped",
    });
    let requests = vec![server.post("/zund/v1/containers", &wish); containers];
    server
        .load(&requests, AT_ONCE)
        .context("cannot create the crowd")?;
    settle(&stage.backend)?;
    must_be_guarded(stage, server)
}

/// Each port has an address that the kernel's tables name.
fn must_be_guarded(stage: &Stage, server: &Server) -> Result<()> {
    let list = server.json(&server.get("/network/v2.0/ports"))?;
    let ports = list["ports"].as_array().into_iter().flatten();
    let addresses: BTreeSet<&str> = ports
        .filter_map(|port| port["fixed_ips"][0]["ip_address"].as_str())
        .collect();
    ensure!(
        addresses.len() == PORTS,
        "{} ports instead of {PORTS}\n{}",
        addresses.len(),
        stage.backend.log()
    );
    let text = firewall::listed(stage.deployment())?;
    let part = |c: char| c.is_ascii_digit() || c == '.';
    let named: BTreeSet<&str> = text.split(|c| !part(c)).collect();
    let missing: Vec<_> = addresses.difference(&named).collect();
    ensure!(missing.is_empty(), "not guarded: {missing:?}");
    Ok(())
}

fn changed(stage: &Stage, server: &Server, group: &str) -> Result<(f64, f64)> {
    let path = "/network/v2.0/security-group-rules";
    let request = server.post(path, &rule(group, ("tcp", CHANGED, CHANGED)));
    let (mut made, mut deleted) = (Vec::new(), Vec::new());
    for turn in 0..CHANGES {
        let (rule, took) = timed(|| server.json(&request))?;
        made.push(took * 1e3);
        // A look takes longer than the change.
        if turn == 0 {
            ensure!(is_in_force(stage)?, "answered before the rule was in force");
        }
        let request = server.delete(&format!("{path}/{}", id(&rule["security_group_rule"])?));
        let (_, took) = timed(|| server.ask(&request))?;
        deleted.push(took * 1e3);
        if turn == 0 {
            ensure!(!is_in_force(stage)?, "answered while the rule was in force");
        }
    }
    Ok((median(&made), median(&deleted)))
}

fn is_in_force(stage: &Stage) -> Result<bool> {
    Ok(firewall::listed(stage.deployment())?.contains(&format!("dport {CHANGED}")))
}

fn changed_by_hand(filter: &Filter) -> Result<f64> {
    let mut samples = Vec::new();
    for _ in 0..CHANGES {
        for port in [Some(CHANGED), None] {
            let ((), took) = timed(|| filter.change(port))?;
            samples.push(took * 1e3);
        }
    }
    Ok(median(&samples))
}

fn nobodies() -> Vec<Ipv4Addr> {
    let first = u32::from(NOBODY);
    (first..).take(PORTS).map(Ipv4Addr::from).collect()
}

/// Two containers of one network, one connection, zeros.
fn throughput(bench: &Bench) -> Result<Figure> {
    let stage = Stage::new()?;
    let server = Server::log_in(&stage.backend)?;
    let (network, groups) = (network(&server, 0)?, groups(&server)?);
    let wish = |host: u8, command: &[String]| {
        json!({
            "spec": {
                "image": image::TEST, "command": command, "cpu": 1, "memory": 32,
                "networks": [{ "network": network, "fixed_ip": address(0, host) }],
                "security_groups": groups,
            },
            "wait_for": "none",
        })
    };
    server.make(&wish(10, &serving()))?;
    let reader = server.make(&wish(11, &waiting()))?;
    let reader = format!("zun-{reader}");
    let bare = Bare::new(&stage.engine)?;
    bare.start_with(0, &serving(), CORE_NANOS)?;
    bare.start_with(1, &waiting(), CORE_NANOS)?;
    let ours = (reader, address(0, 10));
    let by_hand = (bare.name(1), bare.address(0));
    for (reader, address) in [&ours, &by_hand] {
        let read = || rate(&stage.engine, reader, *address).ok();
        let read = process::poll(READY, read);
        read.with_context(|| {
            format!(
                "{reader} cannot read from {address}\n{}",
                stage.backend.log()
            )
        })?;
    }
    let (mut guarded, mut plain) = (Vec::new(), Vec::new());
    for _ in 0..bench.runs() {
        plain.push(rate(&stage.engine, &by_hand.0, by_hand.1)?);
        guarded.push(rate(&stage.engine, &ours.0, ours.1)?);
    }
    Ok(
        Figure::new("between two containers in two groups", "MB/s", guarded)
            .floor("no groups", plain)
            .note(format!(
                "{MEBIBYTES} MiB over one connection; without groups: two containers on a network of the engine, by hand"
            )),
    )
}

/// Sends everything to whoever connects.
fn serving() -> Vec<String> {
    let program = format!("run nc -ll -p {LISTENS} -e dd if=/dev/zero bs=1M count={MEBIBYTES}");
    program.split(' ').map(str::to_owned).collect()
}

fn waiting() -> Vec<String> {
    ["run", "sleep", "100000"].map(str::to_owned).to_vec()
}

/// MB a second that this container reads from that address: `nc` gives its connection to `dd` and is out of the way.
/// What came in is told by the link, so that a connection that broke does not count as a quick one.
fn rate(engine: &Engine, reader: &str, address: Ipv4Addr) -> Result<f64> {
    let script = format!(
        "came=/sys/class/net/eth0/statistics/rx_bytes; before=$(cat $came); \
         took=$(time -f %e nc {address} {LISTENS} -e dd of=/dev/null bs=1M 2>&1 | tail -n 1); \
         echo $(($(cat $came) - before)) $took"
    );
    let text = engine.exec_in(reader, &["sh", "-c", &script])?;
    speed(&text).with_context(|| format!("{reader} has read: {text}"))
}

#[expect(clippy::cast_precision_loss, reason = "some thousand MB")]
fn speed(text: &str) -> Option<f64> {
    let (bytes, seconds) = text.trim().split_once(' ')?;
    let (bytes, seconds): (u64, f64) = (bytes.parse().ok()?, seconds.parse().ok()?);
    let all = MEBIBYTES * 1024 * 1024;
    (bytes >= all && seconds > 0.0).then(|| all as f64 / 1e6 / seconds)
}

#[cfg(test)]
mod tests {
    use super::{nobodies, speed};

    #[test]
    fn a_broken_connection_has_no_speed() {
        assert!(speed("4294967296 2.00").is_some_and(|rate| (rate - 2147.48).abs() < 0.01));
        assert_eq!(speed("4294967295 2.00"), None);
        assert_eq!(speed("4294967296 nc: can't connect"), None);
        assert_eq!(speed(""), None);
    }

    #[test]
    fn nobody_is_there_as_often_as_ports_are() {
        let all = nobodies();
        assert_eq!(all.len(), super::PORTS);
        assert_eq!(all[999].to_string(), "198.18.3.232");
    }
}
