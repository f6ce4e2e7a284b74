//! Containers with a volume: made, given a volume and without it again, and 200 volumes on one host.
//!
//! The floor is the same by hand: `truncate`, `losetup`, `mkfs.ext4`, `mount`, and the engine's own API. Operations count
//! as done when the container is started, as they are by hand: what zund waits for beyond that is measured by `apply`.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};

use super::engine::Bare;
use super::figure::{Figure, Target, median};
use super::load::Server;
use super::loopback::ByHand;
use super::stage::Stage;
use super::{Bench, timed};
use crate::{image, process, storage};

/// Containers of one run, one after the other.
const EACH: usize = 5;
/// Containers of the last part, and volumes of each of them.
const CROWD: (usize, usize) = (20, 10);
/// As many as a command line asks for at once.
const AT_ONCE: usize = 10;
const BACK: Duration = Duration::from_mins(3);

/// Milliseconds of every run.
#[derive(Debug, Default)]
struct Pair {
    ours: Vec<f64>,
    by_hand: Vec<f64>,
}

impl Pair {
    fn figure(self, what: &str) -> Figure {
        Figure::new(what, "ms", self.ours).floor("by hand", self.by_hand)
    }
}

/// What is done to a container, and its volume with it.
#[derive(Debug, Default)]
struct Deeds {
    create: Pair,
    attach: Pair,
    detach: Pair,
}

/// Measures all of it.
pub fn measure(bench: &Bench) -> Result<Vec<Figure>> {
    let deeds = alone(bench)?;
    let mut figures = vec![
        deeds
            .create
            .figure("create with a volume of 1 GiB, p50")
            .target(Target::Times(1.25)),
        deeds
            .attach
            .figure("give a running container a volume, p50"),
        deeds.detach.figure("take it away again, p50"),
    ];
    figures.extend(crowd()?);
    Ok(figures)
}

/// One container at a time.
fn alone(bench: &Bench) -> Result<Deeds> {
    let stage = Stage::new()?;
    let server = Server::log_in(&stage.backend)?;
    let bare = Bare::new(&stage.engine)?;
    // Networks and caches are there before anything is measured.
    by_hand(&bare, &mut Deeds::default())?;
    ours(&server, &mut Deeds::default())?;
    let mut deeds = Deeds::default();
    for _ in 0..bench.runs() {
        by_hand(&bare, &mut deeds)?;
        ours(&server, &mut deeds)?;
    }
    Ok(deeds)
}

/// A container that is started and nothing more.
fn wish(mounts: &[Value]) -> Value {
    json!({
        "spec": { "image": image::TEST, "cpu": 0.25, "memory": 32, "mounts": mounts },
        "wait_for": "none",
    })
}

fn ours(server: &Server, deeds: &mut Deeds) -> Result<()> {
    let (mut created, mut attached, mut detached) = (Vec::new(), Vec::new(), Vec::new());
    let blank = json!({ "size": 1, "destination": "/data" });
    for _ in 0..EACH {
        let (with, took) = timed(|| server.make(&wish(std::slice::from_ref(&blank))))?;
        created.push(took * 1e3);
        server.remove(&with)?;

        let volume = volume(server)?;
        // Formatted once, as the one by hand is.
        let first = server.make(&wish(&[mount_of(&volume)]))?;
        server.remove(&first)?;
        let plain = server.make(&wish(&[]))?;
        let path = format!("/zund/v1/containers/{plain}");
        let edit = |mounts: &[Value]| timed(|| server.done(&server.put(&path, &wish(mounts))));
        attached.push(edit(&[mount_of(&volume)])?.1 * 1e3);
        detached.push(edit(&[])?.1 * 1e3);
        server.remove(&plain)?;
    }
    deeds.create.ours.push(median(&created));
    deeds.attach.ours.push(median(&attached));
    deeds.detach.ours.push(median(&detached));
    Ok(())
}

fn by_hand(bare: &Bare<'_>, deeds: &mut Deeds) -> Result<()> {
    let volumes = ByHand::new()?;
    let (mut created, mut attached, mut detached) = (Vec::new(), Vec::new(), Vec::new());
    for turn in 0..EACH {
        let name = format!("volume-{turn}");
        let ((), took) = timed(|| bare.start_one(Some(&volumes.make(&name)?)))?;
        created.push(took * 1e3);
        bare.remove(1)?;
        volumes.unplug(&name)?;

        bare.start_one(None)?;
        let ((), took) = timed(|| {
            bare.remove(1)?;
            bare.start_one(Some(&volumes.plug(&name)?))
        })?;
        attached.push(took * 1e3);
        let ((), took) = timed(|| {
            bare.remove(1)?;
            volumes.unplug(&name)?;
            bare.start_one(None)
        })?;
        detached.push(took * 1e3);
        bare.remove(1)?;
    }
    deeds.create.by_hand.push(median(&created));
    deeds.attach.by_hand.push(median(&attached));
    deeds.detach.by_hand.push(median(&detached));
    Ok(())
}

/// 200 volumes: made, formatted and mounted in 20 containers; and all of them back after the host was off.
fn crowd() -> Result<Vec<Figure>> {
    let (containers, volumes) = CROWD;
    let mut stage = Stage::new()?;
    let server = Server::log_in(&stage.backend)?;
    let mounts: Vec<Value> = (0..volumes)
        .map(|number| json!({ "size": 1, "destination": format!("/data-{number}") }))
        .collect();
    let mut wish = wish(&mounts);
    wish["spec"]["restart_policy"] = json!({ "name": "unless-stopped" });
    let requests = vec![server.post("/zund/v1/containers", &wish); containers];
    let ((), made) = timed(|| {
        server.load(&requests, AT_ONCE)?;
        all_run(&stage, containers)
    })?;
    let plugged = storage::plugged(stage.backend.data_dir())?;
    ensure!(
        plugged.devices.len() == containers * volumes,
        "{} devices for {} volumes",
        plugged.devices.len(),
        containers * volumes
    );
    let list = server.get(&format!("/volume/v3/{}/volumes/detail", server.project()));
    let (listed, _) = server.load(&vec![list; EACH], 1)?;

    stage.backend.kill()?;
    for container in stage.engine.containers(stage.label())? {
        stage.engine.kill(&container.id.unwrap_or_default())?;
    }
    let left = || storage::plugged(stage.backend.data_dir()).ok();
    storage::unplug(stage.backend.data_dir())?;
    process::poll(BACK, || left().filter(storage::Plugged::is_empty)).context("still plugged")?;
    let begin = std::time::Instant::now();
    stage.backend.restart()?;
    all_run(&stage, containers)?;
    let back = begin.elapsed().as_secs_f64();
    Ok(vec![
        Figure::new(
            "200 volumes in 20 containers, until all run",
            "s",
            vec![made],
        ),
        Figure::new(
            "200 volumes: a list of all, p50",
            "ms",
            vec![median(&listed)],
        ),
        Figure::new(
            "200 volumes: all back after the host was off",
            "s",
            vec![back],
        ),
    ])
}

/// Waits until so many containers run.
fn all_run(stage: &Stage, count: usize) -> Result<()> {
    let running = || {
        let all = stage.engine.containers(stage.label()).ok()?;
        let wanted = Some(bollard::models::ContainerSummaryStateEnum::RUNNING);
        let running = all.iter().filter(|one| one.state == wanted).count();
        (running == count).then_some(())
    };
    process::poll(BACK, running).with_context(|| {
        format!(
            "{count} containers did not come to run\n{}",
            stage.backend.log()
        )
    })
}

fn volume(server: &Server) -> Result<String> {
    let path = format!("/volume/v3/{}/volumes", server.project());
    let body = json!({ "volume": { "size": 1 } });
    let answer = server.json(&server.post(&path, &body))?;
    let id = answer["volume"]["id"].as_str();
    let id = id.context("a volume without an id")?.to_owned();
    let path = format!("{path}/{id}");
    let available = || {
        let answer = server.json(&server.get(&path)).ok()?;
        (answer["volume"]["status"] == "available").then_some(())
    };
    process::poll(BACK, available).context("a volume did not become available")?;
    Ok(id)
}

fn mount_of(volume: &str) -> Value {
    json!({ "source": volume, "destination": "/data" })
}
