//! What an acceptance case is given: a backend on Docker, one of the two command lines, and the engine to look at.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::backend::{Backend, ContainerRuntime};
use crate::docker::{DEPLOYMENT, Engine, Sweeper};
use crate::tofu::{Flavor, Workspace};
use crate::{image, settings, skip};

/// All of it, for one case.
#[derive(Debug)]
pub struct World {
    /// A `zund` of its own.
    pub backend: Backend,
    /// The engine below it.
    pub engine: Engine,
    program: PathBuf,
}

impl World {
    /// A new workspace that is logged in.
    pub fn workspace(&self) -> Result<Workspace> {
        Workspace::new(&self.program, &self.backend)
    }

    /// The command line under test.
    pub fn program(&self) -> &Path {
        &self.program
    }

    /// The label, with value, that everything of this backend carries in Docker.
    pub fn label(&self) -> Result<String> {
        Ok(format!("{DEPLOYMENT}={}", self.backend.deployment()?))
    }
}

/// Runs a case on Docker with one command line, or skips it with the reason. What the case leaves in Docker is swept up
/// after it, also when it has failed.
pub fn on_docker(flavor: Flavor, case: impl FnOnce(&mut World) -> Result<()>) -> Result<()> {
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
    let mut world = prepare(program).context("cannot prepare the case")?;
    let result = catch_unwind(AssertUnwindSafe(|| case(&mut world)));
    if !matches!(result, Ok(Ok(()))) {
        eprintln!("---- log of zund\n{}", world.backend.log());
    }
    sweep(&mut world);
    result.unwrap_or_else(|panic| resume_unwind(panic))
}

fn prepare(program: PathBuf) -> Result<World> {
    let engine = Engine::connect()?;
    image::ensure(&engine, image::TEST)?;
    image::ensure(&engine, image::QUICKSTART)?;
    let backend = Backend::start(ContainerRuntime::Docker)?;
    Ok(World {
        backend,
        engine,
        program,
    })
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
