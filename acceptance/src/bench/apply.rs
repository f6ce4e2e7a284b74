//! 40 containers with published ports on one bridge, ten at a time: apply and destroy.
//!
//! The floor is the engine's own part, the same containers by its API, and the core's own part, as many resources
//! that do nothing.

use anyhow::{Result, ensure};

use super::engine::{Bare, Window, free_ports, now, window};
use super::figure::{Figure, Target, median};
use super::stage::{Stage, idle_resources};
use super::{Bench, timed, usage};
use crate::image;
use crate::tofu::Workspace;

const COUNT: usize = 40;
const APPLY: [&str; 4] = ["apply", "-auto-approve", "-no-color", "-parallelism=10"];
const DESTROY: [&str; 4] = ["destroy", "-auto-approve", "-no-color", "-parallelism=10"];

/// A quarter of a core for each container.
pub(super) const CPU_NANOS: i64 = 250_000_000;
/// 32 MiB for each container.
pub(super) const MEMORY_BYTES: i64 = 32 * 1024 * 1024;

/// Apply and destroy.
#[derive(Debug, Default)]
struct Both {
    apply: Deed,
    destroy: Deed,
}

/// What one of the two took, once per run.
#[derive(Debug, Default)]
struct Deed {
    ours: Vec<f64>,
    engine: Vec<f64>,
    core: Vec<f64>,
    windows: Vec<Window>,
    zund: Vec<f64>,
    terraform: Vec<f64>,
    idle_terraform: Vec<f64>,
    provider: Vec<f64>,
}

/// Measures both.
pub fn measure(bench: &Bench) -> Result<Vec<Figure>> {
    let program = bench.program()?;
    let stage = Stage::new()?;
    let ours = Workspace::new(&program, &stage.backend)?;
    let core = idle_resources(&program, COUNT)?;
    let bare = Bare::new(&stage.engine)?;
    warm_up(&ours, &bare)?;
    ours.configure(&containers(COUNT))?;
    let mut both = Both::default();
    for run in 0..bench.runs() {
        // In turn, so that what changes with time falls on all of them.
        if run % 2 == 0 {
            of_core(&core, &mut both)?;
            of_engine(&bare, &mut both)?;
            of_ours(&stage, &ours, &mut both)?;
        } else {
            of_ours(&stage, &ours, &mut both)?;
            of_engine(&bare, &mut both)?;
            of_core(&core, &mut both)?;
        }
    }
    Ok(vec![
        both.apply
            .figure("apply of 40 containers", Target::Times(1.15)),
        both.destroy
            .figure("destroy of 40 containers", Target::Times(1.5)),
    ])
}

/// So many containers with a published port each.
fn containers(count: usize) -> String {
    format!(
        "resource \"zun_container\" \"bench\" {{\n  count  = {count}\n  name   = \"bench-${{count.index}}\"\n  \
         image  = \"{}\"\n  cpu    = 0.25\n  memory = 32\n  ports  = [{{ internal = 80 }}]\n}}\n",
        image::TEST
    )
}

/// Networks, logins and caches are there before anything is measured.
fn warm_up(ours: &Workspace, bare: &Bare<'_>) -> Result<()> {
    ours.configure(&containers(2))?;
    ours.apply()?;
    ours.destroy()?;
    bare.start(&free_ports(2)?)?;
    bare.remove(2)
}

fn of_core(core: &Workspace, both: &mut Both) -> Result<()> {
    for (arguments, deed) in [(APPLY, &mut both.apply), (DESTROY, &mut both.destroy)] {
        let before = usage::children_cpu_seconds()?;
        let (_, took) = timed(|| core.run(&arguments)?.success())?;
        deed.core.push(took);
        deed.idle_terraform
            .push(usage::children_cpu_seconds()? - before);
    }
    Ok(())
}

fn of_engine(bare: &Bare<'_>, both: &mut Both) -> Result<()> {
    let ports = free_ports(COUNT)?;
    let ((), started) = timed(|| bare.start(&ports))?;
    let ((), removed) = timed(|| bare.remove(COUNT))?;
    both.apply.engine.push(started);
    both.destroy.engine.push(removed);
    Ok(())
}

fn of_ours(stage: &Stage, ours: &Workspace, both: &mut Both) -> Result<()> {
    both.apply
        .measure(stage, ours, &APPLY, ["create", "start"])?;
    let all = stage.engine.containers(stage.label())?;
    let running = all
        .iter()
        .filter(|one| one.state == Some(bollard::models::ContainerSummaryStateEnum::RUNNING));
    ensure!(running.count() == COUNT, "not all {COUNT} containers run");
    both.destroy
        .measure(stage, ours, &DESTROY, ["kill", "destroy"])?;
    let left = stage.engine.containers(stage.label())?;
    ensure!(left.is_empty(), "{} containers are left", left.len());
    Ok(())
}

impl Deed {
    fn measure(
        &mut self,
        stage: &Stage,
        ours: &Workspace,
        arguments: &[&str],
        events: [&str; 2],
    ) -> Result<()> {
        let pid = stage.pid()?;
        let zund = usage::cpu_seconds(pid)?;
        let children = usage::children_cpu_seconds()?;
        let watch = usage::Watch::start();
        let begin = now();
        let (_, took) = timed(|| ours.run(arguments)?.success())?;
        let end = begin + took;
        self.provider.push(watch.end().cpu_seconds);
        self.ours.push(took);
        self.zund.push(usage::cpu_seconds(pid)? - zund);
        self.terraform
            .push(usage::children_cpu_seconds()? - children);
        // The engine remembers a few hundred events, of everybody: without them only the note is missing.
        if let Ok(window) = window(&stage.engine, stage.label(), (begin, end), events) {
            self.windows.push(window);
        }
        Ok(())
    }

    fn figure(self, what: &str, target: Target) -> Figure {
        let of = |part: fn(&Window) -> f64| -> f64 {
            median(&self.windows.iter().map(part).collect::<Vec<_>>())
        };
        let providers = median(&self.provider);
        let mut notes = vec![format!(
            "processing time: zund {:.2} s, the provider {providers:.2} s, the core {:.2} s, with resources that do nothing {:.2} s",
            median(&self.zund),
            median(&self.terraform) - providers,
            median(&self.idle_terraform),
        )];
        if !self.windows.is_empty() {
            notes.push(format!(
                "{:.2} s before the engine's first step, {:.2} s from there to its last one (by its API alone {:.2} s), {:.2} s after it",
                of(|window| window.before),
                of(|window| window.during),
                median(&self.engine),
                of(|window| window.after),
            ));
        }
        let figure = Figure::new(what, "s", self.ours)
            .floor("the engine's API", self.engine)
            .floor("the core", self.core)
            .target(target);
        notes.into_iter().fold(figure, Figure::note)
    }
}
