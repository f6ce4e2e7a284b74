//! What somebody does to a container with `docker`: the next plan names it on the right attribute, one apply mends it.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use zun_acceptance::api::Api;
use zun_acceptance::hand::Hand;
use zun_acceptance::process;
use zun_acceptance::tofu::{Flavor, Plan, Workspace};
use zun_acceptance::world::{ROOMY, World, on_docker_with};

/// zund hears of it from the engine at once, or with its next look when the engine has lost an event.
const NOTICE: Duration = Duration::from_secs(75);

#[test]
fn drift_with_terraform() -> Result<()> {
    on_docker_with(Flavor::Terraform, ROOMY, drift)
}

#[test]
fn drift_with_tofu() -> Result<()> {
    on_docker_with(Flavor::Tofu, ROOMY, drift)
}

/// A deed, and how a plan shows it.
struct Case {
    name: &'static str,
    state: &'static str,
    hand: Hand,
    /// Where zund's record shows that it has seen it, and what stands there then.
    seen: (&'static str, Value),
    attribute: &'static str,
    found: Value,
    /// `None`: known after apply.
    wanted: Option<Value>,
}

#[rustfmt::skip]
fn cases() -> Vec<Case> {
    let case = |name, state, hand, seen, attribute, found, wanted| Case { name, state, hand, seen, attribute, found, wanted };
    let state = |word: &str| ("/state", json!(word));
    let running = || Some(json!("running"));
    vec![
        case("stop", "running", Hand::Stop, state("stopped"), "state", json!("stopped"), running()),
        case("kill", "running", Hand::Kill, state("stopped"), "state", json!("stopped"), running()),
        case("pause", "running", Hand::Pause, state("paused"), "state", json!("paused"), running()),
        case("remove", "running", Hand::Remove, state("missing"), "state", json!("missing"), running()),
        case("start", "stopped", Hand::Start, state("running"), "state", json!("running"), Some(json!("stopped"))),
        case("unpause", "paused", Hand::Unpause, state("running"), "state", json!("running"), Some(json!("paused"))),
        case("memory", "running", Hand::Memory(24), ("/seen/memory", json!(24)), "memory", json!(24), Some(json!(16))),
        case("cpu", "running", Hand::Cpu(300), ("/seen/cpu", number("0.3")), "cpu", number("0.3"), Some(number("0.1"))),
        case("restart", "running", Hand::Restart, ("/seen/restart_policy/name", json!("always")), "restart_policy",
            json!({ "name": "always", "maximum_retry_count": null }), Some(Value::Null)),
        case("disconnect", "running", Hand::Disconnect, ("/seen/connected", json!(false)), "addresses", json!([]), None),
    ]
}

/// A decimal as JSON writes it, digit by digit.
fn number(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_default()
}

fn container(name: &str, state: &str) -> String {
    format!(
        "resource \"zun_container\" \"{name}\" {{\n  name = \"drift-{name}\"\n  image = \"zun/test:1\"\n  \
         command = [\"run\", \"sleep\", \"100000\"]\n  cpu = 0.1\n  memory = 16\n  state = \"{state}\"\n}}\n\n"
    )
}

fn drift(world: &mut World) -> Result<()> {
    let api = world.api()?;
    let workspace = world.workspace()?;
    let cases = cases();
    let mut text: String = cases
        .iter()
        .map(|case| container(case.name, case.state))
        .collect();
    text += &container("rename", "running");
    workspace.configure(&text)?;
    workspace.apply()?;
    let before = ids(world, &workspace, &cases)?;
    for (case, (uuid, _)) in cases.iter().zip(&before) {
        case.hand.lay(&world.engine, uuid)?;
    }
    name_comes_back(world, &workspace)?;
    for (case, (uuid, _)) in cases.iter().zip(&before) {
        case.wait_until_seen(&api, uuid)?;
    }
    let plan = workspace.plan()?;
    let verdicts = cases.iter().map(|case| case.judge(&plan));
    crate::all(verdicts).with_context(|| plan.text.clone())?;
    ensure!(
        plan.changed().len() == cases.len(),
        "more than what was touched is planned\n{}",
        plan.text
    );
    let refresh = workspace.plan_with(&["-refresh-only"])?;
    ensure!(refresh.has_drift(), "a refresh-only plan shows nothing");

    workspace.apply()?;
    workspace.must_be_settled()?;
    let after = ids(world, &workspace, &cases)?;
    for (case, (old, new)) in cases.iter().zip(before.iter().zip(&after)) {
        ensure!(old.0 == new.0, "{}: another uuid", case.name);
        let recreated = old.1 != new.1;
        ensure!(
            recreated == (case.hand == Hand::Remove),
            "{}: the Docker container was {} to {}",
            case.name,
            old.1,
            new.1
        );
    }
    world.must_balance()?;
    workspace.destroy()?;
    world.must_be_empty()
}

/// The uuid and the engine's id of each.
fn ids(world: &World, workspace: &Workspace, cases: &[Case]) -> Result<Vec<(String, String)>> {
    let state = workspace.all_attributes()?;
    let of = |case: &Case| {
        let values = state.get(&case.address()).context("not in the state")?;
        let uuid = values["id"].as_str().context("no id")?.to_owned();
        let engine_id = world.engine.engine_id(&uuid)?;
        Ok((uuid, engine_id))
    };
    cases.iter().map(of).collect()
}

/// Names in Docker are zund's own: one that was changed by hand is put back, and no plan shows it.
fn name_comes_back(world: &World, workspace: &Workspace) -> Result<()> {
    let values = workspace.attributes("zun_container.rename")?;
    let uuid = values["id"].as_str().context("no id")?;
    let id = world.engine.engine_id(uuid)?;
    Hand::Rename.lay(&world.engine, uuid)?;
    let back = process::poll(NOTICE, || {
        world
            .engine
            .engine_id(uuid)
            .ok()
            .filter(|found| *found == id)
    });
    back.context("the name was not put back")?;
    Ok(())
}

impl Case {
    fn address(&self) -> String {
        format!("zun_container.{}", self.name)
    }

    fn wait_until_seen(&self, api: &Api, uuid: &str) -> Result<()> {
        let (pointer, wanted) = &self.seen;
        let mut last = Value::Null;
        let seen = process::poll(NOTICE, || {
            last = api.container(uuid).ok()?;
            (last.pointer(pointer) == Some(wanted)).then_some(())
        });
        seen.with_context(|| {
            format!(
                "{}: zund has not seen {wanted} at {pointer} in {last:#}",
                self.name
            )
        })
    }

    fn judge(&self, plan: &Plan) -> Result<()> {
        let address = self.address();
        let actions = plan.actions(&address);
        ensure!(actions == ["update"], "{address}: planned as {actions:?}");
        let change = plan.change(&address).context("no change")?;
        let found = &change["before"][self.attribute];
        ensure!(
            *found == self.found,
            "{address}: {} shows as {found}, and should as {}",
            self.attribute,
            self.found
        );
        let wanted = &change["after"][self.attribute];
        match &self.wanted {
            Some(value) => ensure!(
                wanted == value,
                "{address}: {} is planned as {wanted}, and should be {value}",
                self.attribute
            ),
            None => ensure!(
                plan.is_unknown(&address, self.attribute),
                "{address}: {} should be known after apply, and is {wanted}",
                self.attribute
            ),
        }
        ensure!(
            plan.is_unknown(&address, "revision") == (self.hand == Hand::Remove),
            "{address}: whether it restarts is not said right"
        );
        let others = differing(change)
            .into_iter()
            .filter(|name| ![self.attribute, "status", "exit_code"].contains(&name.as_str()));
        let others: Vec<String> = others.collect();
        ensure!(
            others.is_empty(),
            "{address}: {others:?} differ as well in {change:#}"
        );
        Ok(())
    }
}

/// The attributes whose known value changes.
fn differing(change: &Value) -> Vec<String> {
    let unknown = change["after_unknown"].as_object();
    let after = change["after"].as_object();
    after
        .into_iter()
        .flatten()
        .filter(|(name, _)| unknown.is_none_or(|unknown| unknown.get(*name) != Some(&json!(true))))
        .filter(|(name, value)| change["before"][name.as_str()] != **value)
        .map(|(name, _)| name.clone())
        .collect()
}
