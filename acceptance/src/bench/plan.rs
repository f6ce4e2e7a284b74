//! A plan of 1,000 containers that did not change, created and never started, beside one of 1,000 resources that do
//! nothing; and how often the provider asks `zund` meanwhile.

use anyhow::{Result, ensure};

use super::figure::{Figure, Target, median};
use super::stage::{Stage, idle_resources, metric};
use super::{Bench, timed, usage};
use crate::image;
use crate::machine::say;
use crate::tofu::Workspace;

const COUNT: usize = 1000;
const PLAN: [&str; 3] = ["plan", "-detailed-exitcode", "-no-color"];
const METRICS_ROUTE: &str = "route=\"/zund/v1/metrics\"";

#[derive(Debug, Default)]
struct Samples {
    ours: Vec<f64>,
    core: Vec<f64>,
    requests: Vec<f64>,
    zund: Vec<f64>,
    terraform: Vec<f64>,
    idle_terraform: Vec<f64>,
    provider: Vec<f64>,
    provider_memory: Vec<f64>,
}

/// Measures it on Docker.
pub fn measure(bench: &Bench) -> Result<Vec<Figure>> {
    let program = bench.program()?;
    let stage = Stage::new()?;
    let ours = Workspace::new(&program, &stage.backend)?;
    let core = idle_resources(&program, COUNT)?;
    ours.configure(&containers())?;
    say::step(&format!("creating {COUNT} containers in Docker"));
    let (_, created) = timed(|| ours.apply())?;
    core.apply()?;
    let mut samples = Samples::default();
    for run in 0..bench.runs() {
        if run % 2 == 0 {
            of_core(&core, &mut samples)?;
            of_ours(&stage, &ours, &mut samples)?;
        } else {
            of_ours(&stage, &ours, &mut samples)?;
            of_core(&core, &mut samples)?;
        }
    }
    let resident = usage::resident_mb(stage.pid()?)?;
    let (_, destroyed) = timed(|| ours.destroy())?;
    Ok(samples.figures(created, destroyed, resident))
}

fn containers() -> String {
    format!(
        "resource \"zun_container\" \"bench\" {{\n  count  = {COUNT}\n  image  = \"{}\"\n  cpu    = 0.1\n  \
         memory = 16\n  state  = \"stopped\"\n}}\n",
        image::TEST
    )
}

fn of_core(core: &Workspace, samples: &mut Samples) -> Result<()> {
    let before = usage::children_cpu_seconds()?;
    let (_, took) = timed(|| core.run(&PLAN)?.success())?;
    samples.core.push(took);
    samples
        .idle_terraform
        .push(usage::children_cpu_seconds()? - before);
    Ok(())
}

fn of_ours(stage: &Stage, ours: &Workspace, samples: &mut Samples) -> Result<()> {
    let count = || metric(&stage.backend, "zund_http_requests_total", METRICS_ROUTE);
    let pid = stage.pid()?;
    let requests = count()?;
    let (zund, children) = (usage::cpu_seconds(pid)?, usage::children_cpu_seconds()?);
    let watch = usage::Watch::start();
    // With this option code 0 says that nothing is to be changed.
    let (plan, took) = timed(|| ours.run(&PLAN))?;
    let providers = watch.end();
    samples.provider.push(providers.cpu_seconds);
    samples.provider_memory.push(providers.peak_mb);
    samples.zund.push(usage::cpu_seconds(pid)? - zund);
    samples
        .terraform
        .push(usage::children_cpu_seconds()? - children);
    ensure!(
        plan.code == Some(0),
        "the plan of what did not change is not empty\n{}",
        plan.text()
    );
    samples.ours.push(took);
    samples.requests.push(count()? - requests);
    Ok(())
}

impl Samples {
    fn figures(self, created: f64, destroyed: f64, resident: f64) -> Vec<Figure> {
        let providers = median(&self.provider);
        let cpu = format!(
            "processing time: zund {:.2} s, the provider {providers:.2} s, the core {:.2} s, with resources that do nothing {:.2} s",
            median(&self.zund),
            median(&self.terraform) - providers,
            median(&self.idle_terraform),
        );
        vec![
            Figure::new("plan of 1,000 unchanged", "s", self.ours)
                .floor("the core", self.core)
                .target(Target::Plus(1.0))
                .note(cpu)
                .note(format!(
                    "on Docker: created in {created:.0} s, destroyed in {destroyed:.0} s; resident memory of zund {resident:.0} MB, of the provider at most {:.0} MB",
                    median(&self.provider_memory),
                )),
            Figure::new("its requests to zund", "", self.requests).target(Target::AtMost(30.0)),
        ]
    }
}
