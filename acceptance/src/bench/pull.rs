//! Twenty containers at once of one image that the engine does not have, from a registry on loopback, until all run;
//! beside one pull by hand and the same containers after it. Counted: what the engine was asked to download.

use std::collections::HashMap;
use std::fmt::Write as _;

use anyhow::{Context, Result};
use bollard::auth::DockerCredentials;
use bollard::query_parameters::{CreateImageOptionsBuilder, EventsOptionsBuilder};
use futures::TryStreamExt;
use serde_json::json;
use sha2::{Digest, Sha256};

use super::engine::{Bare, free_ports, now};
use super::figure::{Figure, Target};
use super::load::Server;
use super::stage::Stage;
use super::{Bench, timed};
use crate::docker::Engine;
use crate::registry::{PASSWORD, Registry, USER, is_installed};
use crate::{archive, skip};

const COUNT: usize = 20;
/// What the image holds beside its root, in bytes; it hardly gets smaller on its way.
const WEIGHT: usize = 24 << 20;

/// Measures it; nothing where there is no registry to pull from.
pub fn measure(bench: &Bench) -> Result<Vec<Figure>> {
    if !is_installed() {
        skip::skip("there is no docker-registry (Debian package docker-registry)");
        return Ok(Vec::new());
    }
    let registry = Registry::start()?;
    let stage = Stage::with(&[("ZUND_IMAGE_INSECURE_REGISTRIES", registry.address())])?;
    registry.push(&stage.engine, "heavy", &weight()?)?;
    let image = format!("{}/heavy:1", registry.address());
    let server = Server::log_in(&stage.backend)?;
    let login = json!({ "registry": { "name": "loopback", "domain": registry.address(),
        "username": USER, "password": PASSWORD } });
    server.json(&server.post("/v1/registries", &login))?;
    let bare = Bare::of(&stage.engine, &image)?;
    let (mut ours, mut by_hand, mut downloads) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..bench.runs() {
        let ports = free_ports(COUNT)?;
        let ((), took) = timed(|| {
            pull(&stage.engine, &registry, &image)?;
            bare.start(&ports)
        })?;
        by_hand.push(took * 1e3);
        bare.remove(COUNT)?;
        archive::forget(&stage.engine, &image)?;

        let begin = now();
        let (made, took) = timed(|| at_once(&server, &image))?;
        ours.push(took * 1e3);
        downloads.push(pulls(&stage.engine, registry.address(), (begin, now()))?);
        for id in &made {
            server.remove(id)?;
        }
        archive::forget(&stage.engine, &image)?;
    }
    Ok(vec![
        Figure::new("20 containers at once of an image not there", "ms", ours)
            .floor("pull, then 20 by hand", by_hand)
            .target(Target::Times(1.25))
            .note("an image of some 24 MB from a registry on loopback, until all containers run"),
        Figure::new("downloads for them", "", downloads).target(Target::AtMost(1.0)),
    ])
}

/// Digits in which no packer finds much.
fn weight() -> Result<String> {
    let mut text = String::with_capacity(WEIGHT);
    let mut digest = Sha256::digest(b"weight");
    while text.len() < WEIGHT {
        for byte in digest {
            write!(text, "{byte:02x}")?;
        }
        digest = Sha256::digest(digest);
    }
    Ok(text)
}

fn pull(engine: &Engine, registry: &Registry, image: &str) -> Result<()> {
    let options = CreateImageOptionsBuilder::new().from_image(image).build();
    let login = DockerCredentials {
        username: Some(USER.to_owned()),
        password: Some(PASSWORD.to_owned()),
        serveraddress: Some(registry.address().to_owned()),
        ..DockerCredentials::default()
    };
    let pulled = engine
        .client()
        .create_image(Some(options), None, Some(login));
    let pulled = engine.block_on(pulled.try_collect::<Vec<_>>());
    pulled.with_context(|| format!("cannot pull {image}"))?;
    Ok(())
}

/// The containers, each asked for on a thread of its own, when all run.
fn at_once(server: &Server, image: &str) -> Result<Vec<String>> {
    let wish = json!({
        "spec": { "image": image, "registry": "loopback", "cpu": 0.25, "memory": 32, "stop_timeout": 1,
            "ports": [{ "internal": 80 }] },
        "wait_for": "none",
    });
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..COUNT)
            .map(|_| scope.spawn(|| server.make(&wish)))
            .collect();
        let made = threads.into_iter().map(|thread| {
            let made = thread.join();
            made.unwrap_or_else(|panic| std::panic::resume_unwind(panic))
        });
        made.collect()
    })
}

/// How often the engine has downloaded from this registry.
fn pulls(engine: &Engine, address: &str, (begin, end): (f64, f64)) -> Result<f64> {
    let filters = HashMap::from([
        ("type".to_owned(), vec!["image".to_owned()]),
        ("event".to_owned(), vec!["pull".to_owned()]),
    ]);
    let options = EventsOptionsBuilder::new()
        .since(&format!("{begin:.6}"))
        .until(&format!("{end:.6}"))
        .filters(&filters)
        .build();
    let events: Vec<_> = engine
        .block_on(engine.client().events(Some(options)).try_collect())
        .context("cannot read the engine's events")?;
    let mut count = 0.0;
    for event in events {
        let id = event.actor.and_then(|actor| actor.id).unwrap_or_default();
        if id.starts_with(address) {
            count += 1.0;
        }
    }
    Ok(count)
}
