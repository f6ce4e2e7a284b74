//! A capsule of two members, created until both are started, beside the same by hand: a container that holds the
//! namespaces, and two that join it.

use anyhow::{Context, Result};
use serde_json::{Value, json};

use super::engine::Bare;
use super::figure::{Figure, Target, median};
use super::load::Server;
use super::stage::Stage;
use super::{Bench, timed};
use crate::image;

/// Capsules of one run, one after the other.
const EACH: usize = 5;
const CAPSULES: &str = "/zund/v1/capsules";

/// Measures it.
pub fn measure(bench: &Bench) -> Result<Vec<Figure>> {
    let stage = Stage::new()?;
    let server = Server::log_in(&stage.backend)?;
    let bare = Bare::new(&stage.engine)?;
    // The network and the sandbox's image are there before anything is measured.
    created(&server)?;
    bare.start_joined()?;
    bare.remove(3)?;
    let (mut ours, mut by_hand) = (Vec::new(), Vec::new());
    for _ in 0..bench.runs() {
        let (mut made, mut floor) = (Vec::new(), Vec::new());
        for _ in 0..EACH {
            let ((), took) = timed(|| bare.start_joined())?;
            floor.push(took * 1e3);
            bare.remove(3)?;
            made.push(created(&server)?);
        }
        ours.push(median(&made));
        by_hand.push(median(&floor));
    }
    Ok(vec![
        Figure::new("create of a capsule of two members, p50", "ms", ours)
            .floor("by hand", by_hand)
            .target(Target::Times(1.25))
            .note("created and started, sandbox and members; by hand: the engine's API, one call after the other"),
    ])
}

/// Made, and removed again: the milliseconds of the first.
fn created(server: &Server) -> Result<f64> {
    let request = server.post(CAPSULES, &wish());
    let (answer, took) = timed(|| server.done(&request))?;
    let id = answer["capsule"]["uuid"].as_str();
    let id = id.context("a create without a capsule")?;
    server.done(&server.delete(&format!("{CAPSULES}/{id}")))?;
    Ok(took * 1e3)
}

fn wish() -> Value {
    let member = |name: &str| {
        json!({ "name": name, "spec": {
            "image": image::TEST, "cpu": 0.25, "memory": 32, "stop_timeout": 1,
        } })
    };
    json!({
        "spec": { "containers": [member("one"), member("two")] },
        "wait_for": "none",
    })
}
