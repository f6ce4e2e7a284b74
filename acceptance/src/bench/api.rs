//! The API on the fake runtime: how long an accepted create takes, reads a second, a list of 1,000. The floor is a
//! server that answers constants of the same size to the same client.

use std::fs::File;
use std::io::Write;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};

use super::constant::Constant;
use super::figure::{Figure, Target, median, permille};
use super::load::Server;
use super::stage::{metric, pretended};
use super::{Bench, timed, usage};
use crate::backend::Backend;
use crate::{image, process};

/// Creates of one run.
const CREATES: usize = 300;
/// Reads of one run.
const READS: usize = 10_000;
/// Lists of one run.
const LISTS: usize = 20;
/// Containers that are there while it is read.
pub(super) const COUNT: usize = 1000;
/// Connections that read.
const READERS: usize = 16;
/// Connections that create: as many as a command line has by default.
const CREATORS: usize = 10;
const SETTLE_DEADLINE: Duration = Duration::from_mins(3);

/// Measures all of it.
pub fn measure(bench: &Bench) -> Result<Vec<Figure>> {
    let mut figures = creates(bench)?;
    figures.extend(reads(bench)?);
    Ok(figures)
}

/// The body of a create: a container that is not started.
pub(super) fn wish() -> Value {
    json!({
        "spec": { "image": image::TEST, "cpu": 0.1, "memory": 16 },
        "state": "stopped",
    })
}

/// Makes so many containers and waits until zund has nothing left to do.
pub(super) fn fill(backend: &Backend, server: &Server, count: usize) -> Result<()> {
    let requests = vec![server.post("/zund/v1/containers", &wish()); count];
    server
        .load(&requests, CREATORS)
        .with_context(|| format!("cannot create {count} containers"))?;
    settle(backend)
}

/// Waits until zund has nothing left to do.
pub(super) fn settle(backend: &Backend) -> Result<()> {
    process::poll(SETTLE_DEADLINE, || {
        let left = metric(backend, "zund_operations", "").ok()?;
        (left < 0.5).then_some(())
    })
    .context("zund did not end its operations")
}

/// Percentiles of one run after the other.
#[derive(Debug, Default)]
struct Latencies {
    median: Vec<f64>,
    p99: Vec<f64>,
}

impl Latencies {
    fn add(&mut self, samples: &[f64]) {
        self.median.push(permille(samples, 500));
        self.p99.push(permille(samples, 990));
    }
}

fn creates(bench: &Bench) -> Result<Vec<Figure>> {
    let backend = pretended()?;
    let server = Server::log_in(&backend)?;
    let request = server.post("/zund/v1/containers", &wish());
    let constant = Constant::start(&server.ask(&request).context("cannot create a container")?)?;
    let floor = constant.server();
    let (wishes, idle) = (
        vec![request; CREATES],
        vec![floor.post("/make", &wish()); CREATES],
    );
    let mut figures = Vec::new();
    for (connections, name) in [(1, "one by one"), (CREATORS, "ten at a time")] {
        let (mut ours, mut least) = (Latencies::default(), Latencies::default());
        let (mut syncs, mut cpu) = (Vec::new(), Vec::new());
        for _ in 0..bench.runs() {
            least.add(&floor.load(&idle, connections)?.0);
            let before = processing(&backend)?;
            ours.add(&server.load(&wishes, connections)?.0);
            settle(&backend)?;
            cpu.push(each_ms(processing(&backend)? - before, CREATES));
            syncs.push(sync_ms(backend.data_dir())?);
        }
        let floor = "a constant";
        figures.push(
            Figure::new(format!("accept a create, p50, {name}"), "ms", ours.median)
                .floor(floor, least.median)
                .target(Target::AtMost(5.0))
                .note(format!(
                    "{CREATES} creates a run, accepted while those before them are carried out; accepted and carried out each takes {:.1} ms of zund's processing time, a write of 4 KiB with fsync on that disk {:.2} ms",
                    median(&cpu),
                    median(&syncs),
                )),
        );
        figures.push(
            Figure::new(format!("accept a create, p99, {name}"), "ms", ours.p99)
                .floor(floor, least.p99)
                .target(Target::AtMost(20.0)),
        );
    }
    Ok(figures)
}

/// Seconds of processing time that this zund has used.
fn processing(backend: &Backend) -> Result<f64> {
    usage::cpu_seconds(backend.pid().context("zund does not run")?)
}

#[expect(clippy::cast_precision_loss, reason = "some thousands")]
fn each_ms(seconds: f64, count: usize) -> f64 {
    seconds * 1e3 / count as f64
}

/// What it takes to make a page last, without a database.
fn sync_ms(dir: &Path) -> Result<f64> {
    let path = dir.join("bench-sync");
    let mut file =
        File::create(&path).with_context(|| format!("cannot write {}", path.display()))?;
    let mut samples = Vec::new();
    for _ in 0..50 {
        let ((), took) = timed(|| {
            file.write_all(&[7; 4096])?;
            Ok(file.sync_data()?)
        })?;
        samples.push(took * 1e3);
    }
    std::fs::remove_file(&path).ok();
    Ok(median(&samples))
}

fn reads(bench: &Bench) -> Result<Vec<Figure>> {
    let backend = pretended()?;
    let server = Server::log_in(&backend)?;
    fill(&backend, &server, COUNT)?;
    let ids = ids(&server)?;
    let mut figures = Vec::new();
    for api in ["/v1", "/zund/v1"] {
        let requests: Vec<_> = ids
            .iter()
            .cycle()
            .take(READS)
            .map(|id| server.get(&format!("{api}/containers/{id}")))
            .collect();
        figures.push(rate(bench, (&backend, &server), api, &requests)?);
    }
    for api in ["/v1", "/zund/v1"] {
        let request = server.get(&format!("{api}/containers?limit={COUNT}"));
        figures.push(list(bench, (&backend, &server), api, &request)?);
    }
    Ok(figures)
}

fn ids(server: &Server) -> Result<Vec<String>> {
    let body = server.ask(&server.get(&format!("/zund/v1/containers?limit={COUNT}")))?;
    let page: Value = serde_json::from_slice(&body).context("a page that is no JSON")?;
    let containers = page["containers"].as_array().into_iter().flatten();
    let ids: Vec<String> = containers
        .filter_map(|container| container["uuid"].as_str().map(str::to_owned))
        .collect();
    ensure!(ids.len() == COUNT, "{} containers are listed", ids.len());
    Ok(ids)
}

#[expect(clippy::cast_precision_loss, reason = "some thousands")]
fn rate(
    bench: &Bench,
    (backend, server): (&Backend, &Server),
    api: &str,
    requests: &[Vec<u8>],
) -> Result<Figure> {
    let constant = Constant::start(&server.ask(&requests[0])?)?;
    let floor = constant.server();
    let idle = vec![floor.get("/show"); requests.len()];
    let (mut ours, mut least, mut cpu) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..bench.runs() {
        least.push(idle.len() as f64 / floor.load(&idle, READERS)?.1);
        let before = processing(backend)?;
        ours.push(requests.len() as f64 / server.load(requests, READERS)?.1);
        cpu.push(each_ms(processing(backend)? - before, requests.len()));
    }
    Ok(Figure::new(format!("GET {api}/containers/ID"), "/s", ours)
        .floor("a constant", least)
        .target(Target::AtLeast(5000.0))
        .note(format!(
            "{READS} a run over {READERS} connections, {COUNT} containers; {:.0} us of zund's processing time each, and the client shares the cores",
            1e3 * median(&cpu)
        )))
}

fn list(
    bench: &Bench,
    (backend, server): (&Backend, &Server),
    api: &str,
    request: &[u8],
) -> Result<Figure> {
    let body = server.ask(request)?;
    let constant = Constant::start(&body)?;
    let floor = constant.server();
    let (lists, idle) = (
        vec![request.to_vec(); LISTS],
        vec![floor.get("/show"); LISTS],
    );
    let (mut ours, mut least, mut cpu) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..bench.runs() {
        least.push(median(&floor.load(&idle, 1)?.0));
        let before = processing(backend)?;
        ours.push(median(&server.load(&lists, 1)?.0));
        cpu.push(each_ms(processing(backend)? - before, LISTS));
    }
    Ok(
        Figure::new(format!("GET {api}/containers, {COUNT}"), "ms", ours)
            .floor("a constant", least)
            .target(Target::AtMost(20.0))
            .note(format!(
                "{} KiB; {:.0} ms of zund's processing time each",
                body.len() / 1024,
                median(&cpu)
            )),
    )
}
