//! Resident memory of `zund`: fresh, and with 1,000 containers.

use anyhow::{Context, Result};

use super::api::{COUNT, fill};
use super::figure::{Figure, Target};
use super::load::Server;
use super::stage::pretended;
use super::{Bench, usage};

/// Measures both.
pub fn measure(bench: &Bench) -> Result<Vec<Figure>> {
    let (mut idle, mut logged_in, mut filled) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..bench.runs() {
        let backend = pretended()?;
        let pid = backend.pid().context("zund does not run")?;
        idle.push(usage::resident_mb(pid)?);
        let server = Server::log_in(&backend)?;
        logged_in.push(usage::resident_mb(pid)?);
        fill(&backend, &server, COUNT)?;
        filled.push(usage::resident_mb(pid)?);
    }
    let target = Target::AtMost(40.0);
    Ok(vec![
        Figure::new("zund: resident memory, idle", "MB", idle).target(target),
        Figure::new("zund: after a login", "MB", logged_in).target(target),
        Figure::new("zund: with 1,000 containers", "MB", filled)
            .target(target)
            .note("on the fake runtime, whose containers are kept in the same memory"),
    ])
}
