//! What an acceptance case is given: a backend on Docker, one of the two command lines, and the engine to look at.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use anyhow::{Context, Result};

use crate::api::Api;
use crate::backend::{Backend, ContainerRuntime};
use crate::docker::{DEPLOYMENT, Engine, Sweeper};
use crate::tofu::{Flavor, Workspace};
use crate::{image, ledger, settings, skip};

/// Room for more than a small machine has: containers of tests do next to nothing.
pub const ROOMY: &[(&str, &str)] = &[
    ("ZUND_QUOTA_CONTAINERS", "-1"),
    ("ZUND_QUOTA_CPU", "-1"),
    ("ZUND_QUOTA_MEMORY", "-1"),
    ("ZUND_QUOTA_DISK", "-1"),
    ("ZUND_OVERCOMMIT_CPU", "100"),
    ("ZUND_OVERCOMMIT_MEMORY", "100"),
    ("ZUND_OVERCOMMIT_DISK", "100"),
    ("ZUND_DISK", "account"),
];

/// All of it, for one case.
#[derive(Debug)]
pub struct World {
    /// A `zund` of its own.
    pub backend: Backend,
    /// The engine below it.
    pub engine: Engine,
    flavor: Flavor,
    program: PathBuf,
}

impl World {
    /// A new workspace that is logged in.
    pub fn workspace(&self) -> Result<Workspace> {
        Workspace::new(&self.program, &self.backend)
    }

    /// Which command line is under test.
    pub fn flavor(&self) -> Flavor {
        self.flavor
    }

    /// The command line under test.
    pub fn program(&self) -> &Path {
        &self.program
    }

    /// The label, with value, that everything of this backend carries in Docker.
    pub fn label(&self) -> Result<String> {
        Ok(format!("{DEPLOYMENT}={}", self.backend.deployment()?))
    }

    /// The backend's own API.
    pub fn api(&self) -> Result<Api> {
        Api::login(&self.backend)
    }

    /// Fails unless rows, claims and containers agree.
    pub fn must_balance(&self) -> Result<()> {
        ledger::must_balance(&self.api()?, &self.engine, &self.label()?)
    }

    /// Fails unless there is no row, no claim and no container.
    pub fn must_be_empty(&self) -> Result<()> {
        ledger::must_be_empty(&self.api()?, &self.engine, &self.label()?)
    }
}

/// Runs a case on Docker with one command line, or skips it with the reason. What the case leaves in Docker is swept up
/// after it, also when it has failed.
pub fn on_docker(flavor: Flavor, case: impl FnOnce(&mut World) -> Result<()>) -> Result<()> {
    on_docker_with(flavor, &[], case)
}

/// The same, on a backend with further settings (`ZUND_*`).
pub fn on_docker_with(
    flavor: Flavor,
    settings: &[(&str, &str)],
    case: impl FnOnce(&mut World) -> Result<()>,
) -> Result<()> {
    if !settings::docker() {
        skip::skip("needs Docker: TEST_DOCKER is not 1 (`./dev test` sets it)");
        return Ok(());
    }
    let Some(program) = flavor.under_test() else {
        skip::skip(&format!(
            "no {} to test with (`./dev test` finds or builds one)",
            flavor.name()
        ));
        return Ok(());
    };
    let mut world = prepare(flavor, program, settings).context("cannot prepare the case")?;
    let result = catch_unwind(AssertUnwindSafe(|| case(&mut world)));
    if !matches!(result, Ok(Ok(()))) {
        eprintln!("---- log of zund\n{}", world.backend.log());
    }
    sweep(&mut world);
    result.unwrap_or_else(|panic| resume_unwind(panic))
}

fn prepare(flavor: Flavor, program: PathBuf, settings: &[(&str, &str)]) -> Result<World> {
    let engine = Engine::connect()?;
    image::ensure(&engine, image::TEST)?;
    image::ensure(&engine, image::QUICKSTART)?;
    let (pool, ports) = own_share();
    let mut all = vec![
        ("ZUND_NETWORK_POOL", pool.as_str()),
        ("ZUND_NETWORK_HOST_PORTS", ports.as_str()),
    ];
    all.extend(settings);
    let backend = Backend::start_with(ContainerRuntime::Docker, &all)?;
    Ok(World {
        backend,
        engine,
        flavor,
        program,
    })
}

/// Networks and host ports of its own for each case: several deployments on one engine would take them from each other.
/// The ports are below those that the kernel gives to outgoing connections.
fn own_share() -> (String, String) {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let number = std::process::id().wrapping_add(COUNT.fetch_add(1, Ordering::Relaxed)) % 32;
    let first = 14_000 + 500 * number;
    (
        format!("10.{}.0.0/16", 224 + number),
        format!("{first}-{}", first + 499),
    )
}

/// The backend goes first, or it would mend what is being swept.
fn sweep(world: &mut World) {
    match world.label() {
        Ok(label) => {
            world.backend.kill().ok();
            drop(Sweeper::new(&world.engine, label));
        }
        Err(error) => eprintln!("cannot sweep: {error:#}"),
    }
}
