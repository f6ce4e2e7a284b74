//! What an acceptance case is given: a backend on Docker, one of the two command lines, and the engine to look at.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, Result};

use crate::api::Api;
use crate::backend::{Backend, ContainerRuntime};
use crate::docker::{DEPLOYMENT, Engine, Sweeper};
use crate::share::Share;
use crate::tofu::{Flavor, Workspace};
use crate::{firewall, image, ledger, process, settings, skip, storage};

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

const NO_DOCKER: &str = "needs Docker: TEST_DOCKER is not 1 (`./dev test` sets it)";

/// The longest that a device stays after it was detached.
const UNPLUGGED: Duration = Duration::from_secs(20);

/// All of it, for one case.
#[derive(Debug)]
pub struct World {
    /// A `zund` of its own.
    pub backend: Backend,
    /// The engine below it.
    pub engine: Engine,
    program: Option<PathBuf>,
    share: Share,
}

impl World {
    /// A new workspace that is logged in.
    pub fn workspace(&self) -> Result<Workspace> {
        let program = self.program.as_deref();
        Workspace::new(
            program.context("this case has no command line")?,
            &self.backend,
        )
    }

    /// The first two numbers of IPv4 prefixes that networks of this case may have, as `10.192`.
    pub fn own_prefix(&self) -> String {
        self.share.prefix()
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

    /// Fails unless there is no row, no claim, no container and nothing of a volume.
    pub fn must_be_empty(&self) -> Result<()> {
        ledger::must_be_empty(&self.api()?, &self.engine, &self.label()?)?;
        storage::must_be_bare(self.backend.data_dir())
    }

    /// What a power cut does: every container of this backend ends, zund ends, nothing is mounted any more. Then the
    /// host is up again, and zund with it.
    pub fn reboot(&mut self) -> Result<()> {
        let label = self.label()?;
        self.backend.kill()?;
        for container in self.engine.containers(&label)? {
            self.engine.kill(&container.id.unwrap_or_default())?;
        }
        let plugged = storage::plugged(self.backend.data_dir())?;
        storage::unplug(self.backend.data_dir())?;
        // A container that is being started, whosever it is, holds all mounts of the host for a moment.
        let left = || storage::plugged(self.backend.data_dir()).ok();
        process::poll(UNPLUGGED, || left().filter(storage::Plugged::is_empty))
            .with_context(|| format!("not all of {plugged:?} is gone"))?;
        self.backend.restart()
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
        skip::skip(NO_DOCKER);
        return Ok(());
    }
    let Some(program) = flavor.under_test() else {
        skip::skip(&format!(
            "no {} to test with (`./dev test` finds or builds one)",
            flavor.name()
        ));
        return Ok(());
    };
    play(Some(program), settings, case)
}

/// The same without a command line, for what other clients do.
pub fn on_docker_alone(
    settings: &[(&str, &str)],
    case: impl FnOnce(&mut World) -> Result<()>,
) -> Result<()> {
    if settings::docker() {
        return play(None, settings, case);
    }
    skip::skip(NO_DOCKER);
    Ok(())
}

fn play(
    program: Option<PathBuf>,
    settings: &[(&str, &str)],
    case: impl FnOnce(&mut World) -> Result<()>,
) -> Result<()> {
    let mut world = prepare(program, settings).context("cannot prepare the case")?;
    let result = catch_unwind(AssertUnwindSafe(|| case(&mut world)));
    if !matches!(result, Ok(Ok(()))) {
        eprintln!("---- log of zund\n{}", world.backend.log());
    }
    sweep(&mut world);
    result.unwrap_or_else(|panic| resume_unwind(panic))
}

fn prepare(program: Option<PathBuf>, settings: &[(&str, &str)]) -> Result<World> {
    let engine = Engine::connect()?;
    image::ensure(&engine, image::TEST)?;
    image::ensure(&engine, image::QUICKSTART)?;
    let share = Share::own(&engine)?;
    let (pool, ports, outside) = (share.pool(), share.ports(), share.outside());
    let mut all = vec![
        ("ZUND_NETWORK_POOL", pool.as_str()),
        ("ZUND_NETWORK_HOST_PORTS", ports.as_str()),
        ("ZUND_NETWORK_EXTERNAL", outside.as_str()),
    ];
    all.extend(settings);
    let backend = Backend::start_with(ContainerRuntime::Docker, &all)?;
    Ok(World {
        backend,
        engine,
        program,
        share,
    })
}

/// The backend goes first, or it would mend what is being swept. It drains: a program that a killed one had begun would
/// write its rules after the sweep.
fn sweep(world: &mut World) {
    match world.label() {
        Ok(label) => {
            world.backend.terminate().ok();
            drop(Sweeper::new(&world.engine, label));
            let deployment = world.backend.deployment();
            if let Err(error) = deployment.and_then(|name| firewall::sweep(&name)) {
                eprintln!("cannot sweep the firewall: {error:#}");
            }
            if let Err(error) = storage::unplug(world.backend.data_dir()) {
                eprintln!("cannot unplug the volumes: {error:#}");
            }
        }
        Err(error) => eprintln!("cannot sweep: {error:#}"),
    }
}
