//! Killed in the middle, each of the three programs, and tried again: nothing twice, nothing left, nothing lost.

use std::collections::BTreeSet;
use std::fs;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use serde_json::Value;
use zun_acceptance::api::Api;
use zun_acceptance::backend::signal;
use zun_acceptance::ledger;
use zun_acceptance::process::{self, Running};
use zun_acceptance::tofu::{Flavor, Workspace};
use zun_acceptance::world::{ROOMY, World, on_docker_with};

const DEADLINE: Duration = Duration::from_mins(3);
pub(crate) const APPLY: [&str; 3] = ["apply", "-auto-approve", "-no-color"];
pub(crate) const DESTROY: [&str; 3] = ["destroy", "-auto-approve", "-no-color"];

#[test]
fn provider_killed_with_terraform() -> Result<()> {
    on_docker_with(Flavor::Terraform, ROOMY, |world| {
        killed(world, Victim::Provider)
    })
}

#[test]
fn provider_killed_with_tofu() -> Result<()> {
    on_docker_with(Flavor::Tofu, ROOMY, |world| killed(world, Victim::Provider))
}

#[test]
fn terraform_killed() -> Result<()> {
    on_docker_with(Flavor::Terraform, ROOMY, |world| {
        killed(world, Victim::Program)
    })
}

#[test]
fn tofu_killed() -> Result<()> {
    on_docker_with(Flavor::Tofu, ROOMY, |world| killed(world, Victim::Program))
}

#[test]
fn terraform_stopped_by_sigint() -> Result<()> {
    on_docker_with(Flavor::Terraform, ROOMY, stopped)
}

#[test]
fn tofu_stopped_by_sigint() -> Result<()> {
    on_docker_with(Flavor::Tofu, ROOMY, stopped)
}

#[test]
fn zund_killed_under_terraform() -> Result<()> {
    on_docker_with(Flavor::Terraform, ROOMY, |world| {
        zund_killed(world, &[1, 8, 20])
    })
}

#[test]
fn zund_killed_under_tofu() -> Result<()> {
    on_docker_with(Flavor::Tofu, ROOMY, |world| zund_killed(world, &[12]))
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Victim {
    Provider,
    Program,
}

/// Named containers; with a pause each is at work for as many seconds.
fn containers(count: usize, pause: u32, greeting: &str) -> String {
    let check = match pause {
        0 => String::new(),
        pause => format!("  healthcheck = {{ cmd = \"true\", interval = {pause} }}\n"),
    };
    format!(
        "resource \"zun_container\" \"many\" {{\n  for_each = toset([for i in range({count}) : tostring(i)])\n  \
         name = \"many-${{each.key}}\"\n  image = \"zun/test:1\"\n  command = [\"run\", \"sleep\", \"100000\"]\n  \
         cpu = 0.1\n  memory = 16\n  environment = {{ GREETING = \"{greeting}\" }}\n  ports = [{{ internal = 80 }}]\n\
         {check}}}\n"
    )
}

/// The rows once they are as wished for, while a run goes on.
fn when(api: &Api, wished: impl Fn(&[Value]) -> bool) -> Result<Vec<Value>> {
    let mut last = Vec::new();
    let found = process::poll(DEADLINE, || {
        last = api.containers().ok()?;
        wished(&last).then(|| last.clone())
    });
    found.with_context(|| format!("it did not come to that: {last:#?}"))
}

fn uuids(rows: &[Value]) -> Result<BTreeSet<String>> {
    rows.iter()
        .map(|row| ledger::uuid(row).map(str::to_owned))
        .collect()
}

/// The processes of the provider that this command line has started.
fn providers_of(run: &Running) -> Vec<u32> {
    let mut started = process::children_of(run.pid());
    started.retain(|pid| {
        let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
        status.starts_with("Name:\tterraform-provi")
    });
    started
}

/// What was made and not yet told to anybody is taken over by the next run, because it has a name.
fn killed(world: &mut World, victim: Victim) -> Result<()> {
    let count = 8;
    let api = world.api()?;
    let workspace = world.workspace()?;
    workspace.configure(&containers(count, 3, "hello"))?;
    let mut run = workspace.start(&APPLY)?;
    let rows = when(&api, |rows| rows.len() == count)?;
    let before = uuids(&rows)?;
    match victim {
        Victim::Provider => {
            let providers = providers_of(&run);
            ensure!(!providers.is_empty(), "no provider runs");
            for pid in providers {
                signal(pid, "KILL")?;
            }
        }
        Victim::Program => run.kill()?,
    }
    let finished = run.finish(DEADLINE)?;
    ensure!(finished.code != Some(0), "{}", finished.text());
    let confirmed = api
        .containers()?
        .iter()
        .filter(|row| row["confirmed"] == true)
        .count();
    ensure!(
        confirmed == 0,
        "{confirmed} were told of before the kill: it came too late to mean anything"
    );
    workspace.apply()?;
    workspace.must_be_settled()?;
    let after = uuids(&api.containers()?)?;
    ensure!(
        before == after,
        "the second run made others: {before:?} became {after:?}"
    );
    world.must_balance()?;
    workspace.destroy()?;
    world.must_be_empty()
}

/// Stopped once, as by Ctrl-C: the run ends by itself, its state knows everything, and the next one makes it whole.
fn stopped(world: &mut World) -> Result<()> {
    let count = 8;
    let api = world.api()?;
    let workspace = world.workspace()?;
    workspace.configure(&containers(count, 5, "hello"))?;
    let run = workspace.start(&APPLY)?;
    when(&api, |rows| rows.len() == count)?;
    signal(run.pid(), "INT")?;
    let finished = run.finish(DEADLINE)?;
    let text = finished.text();
    ensure!(finished.code == Some(1), "{text}");
    ensure!(
        text.contains("The run was stopped; the server goes on with it"),
        "{text}"
    );
    let known = workspace.all_attributes()?;
    ensure!(
        known.len() == count,
        "the state knows of {} alone\n{text}",
        known.len()
    );
    workspace.apply()?;
    workspace.must_be_settled()?;
    ensure!(api.containers()?.len() == count, "not {count} rows");
    world.must_balance()?;
    workspace.destroy()?;
    world.must_be_empty()
}

/// SIGKILL at these numbers of accepted containers, in an edit, and in a destroy.
fn zund_killed(world: &mut World, moments: &[usize]) -> Result<()> {
    let count = 20;
    let api = world.api()?;
    for moment in moments {
        let workspace = world.workspace()?;
        workspace.configure(&containers(count, 0, "hello"))?;
        let accepted = |rows: &[Value]| rows.len() >= *moment;
        struck(world, &workspace, &APPLY, |api| when(api, accepted))?;
        whole(world, &workspace, count).with_context(|| format!("killed at {moment}"))?;
        let before = uuids(&api.containers()?)?;

        workspace.configure(&containers(count, 0, "changed"))?;
        let recreated = |rows: &[Value]| rows.iter().any(|row| row["revision"] != 1);
        struck(world, &workspace, &APPLY, |api| when(api, recreated))?;
        whole(world, &workspace, count).context("killed in an edit")?;
        ensure!(
            uuids(&api.containers()?)? == before,
            "an edit made other containers"
        );

        let gone = |rows: &[Value]| rows.len() <= moment / 2 + 9;
        struck(world, &workspace, &DESTROY, |api| when(api, gone))?;
        workspace.destroy().context("killed in a destroy")?;
        world.must_be_empty()?;
    }
    Ok(())
}

/// Starts a command, kills zund once that is `reached`, starts it again, and lets the command end as it may.
pub(crate) fn struck<T>(
    world: &mut World,
    workspace: &Workspace,
    arguments: &[&str],
    reached: impl FnOnce(&Api) -> Result<T>,
) -> Result<()> {
    let api = world.api()?;
    let run = workspace.start(arguments)?;
    reached(&api)?;
    world.backend.restart()?;
    run.finish(DEADLINE)?;
    Ok(())
}

/// One more apply, and everything is there, once.
fn whole(world: &World, workspace: &Workspace, count: usize) -> Result<()> {
    workspace.apply()?;
    workspace.must_be_settled()?;
    let rows = world.api()?.containers()?;
    ensure!(rows.len() == count, "{} rows", rows.len());
    let running = rows.iter().filter(|row| row["state"] == "running").count();
    ensure!(running == count, "{running} run of {count}");
    // Leftovers of what was interrupted are swept soon after the start.
    let mut last = Ok(());
    let balanced = process::poll(Duration::from_secs(30), || {
        last = world.must_balance();
        last.is_ok().then_some(())
    });
    balanced.map_or(last, Ok)
}
