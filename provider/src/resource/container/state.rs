//! From the API's container to the state: the specification that is held, overlaid with what the engine
//! lets a hand change, so that such a change shows on its attribute.

use tfplugin::Value;
use zun_api_types::container::{Container, Seen};
use zun_domain::container::spec::CpuPolicy;
use zun_domain::container::{RestartPolicy, RestartPolicyName, Wish};

use super::spec::fields;
use crate::json::value_of;

/// Attributes that no server holds: kept as they are.
pub(super) const LOCAL: [&str; 3] = ["wait_for", "timeouts", "environment_wo_version"];

/// The state of a container; what only the provider knows is taken from `kept`.
pub(super) fn state_of(container: &Container, kept: &Value) -> Value {
    let mut state = shown(container);
    state.set("environment_wo", Value::Null);
    for name in LOCAL {
        state.set(name, kept.get(name).cloned().unwrap_or(Value::Null));
    }
    state
}

/// Everything the server knows of a container.
pub(crate) fn shown(container: &Container) -> Value {
    let spec = value_of(&container.spec);
    let mut state =
        Value::object(fields().map(|name| (name, spec.get(name).cloned().unwrap_or(Value::Null))));
    if let Some(seen) = &container.seen {
        overlay(container, seen, &mut state);
    }
    let status = status_word(container);
    state.set("id", container.uuid.as_str());
    state.set("name", container.name.as_str());
    state.set("project_id", container.project_id.as_str());
    state.set("created_at", container.created_at.to_string());
    state.set("hostname", container.hostname.as_str());
    state.set("availability_zone", given(&container.availability_zone));
    state.set("host", given(&container.host));
    state.set("image_digest", given(&container.image_digest));
    state.set("revision", container.revision);
    state.set("state", state_word(container));
    state.set("status", status);
    state.set("exit_code", container.exit_code.filter(|_| ended(status)));
    state.set("addresses", addresses(container));
    state.set("published", value_of(&container.published));
    state.set("volumes", value_of(&container.volumes));
    state.set("effective_command", &container.effective_command);
    state.set("effective_entrypoint", &container.effective_entrypoint);
    state
}

fn given(text: &str) -> Option<String> {
    (!text.is_empty()).then(|| text.to_owned())
}

/// The limits and the policy the engine follows. Dedicated cores are no limit of time in the engine.
fn overlay(container: &Container, seen: &Seen, state: &mut Value) {
    if container.spec.cpu_policy != Some(CpuPolicy::Dedicated) {
        state.set("cpu", value_of(&seen.cpu));
    }
    state.set("memory", value_of(&seen.memory));
    let wished = container.spec.restart_policy;
    if in_force(wished) != in_force(seen.restart_policy) {
        state.set("restart_policy", value_of(&seen.restart_policy));
    }
    if let Some(networks) = &seen.networks {
        state.set("networks", value_of(networks));
    }
    if let Some(groups) = &seen.security_groups {
        state.set("security_groups", value_of(groups));
    }
}

/// A policy as the engine follows it; `no` and none are the same.
fn in_force(policy: Option<RestartPolicy>) -> Option<RestartPolicy> {
    policy
        .map(RestartPolicy::for_engine)
        .filter(|policy| policy.name != RestartPolicyName::No)
}

/// The attribute `state`. A job has none, whatever became of it, unless it could not even be made.
fn state_word(container: &Container) -> Option<&str> {
    match (container.state.as_str(), container.wish) {
        ("error", _) => Some("error"),
        (_, Wish::Finished) => None,
        // Another run is making what is being created: what it will be is not drift.
        ("restarting", _) | ("creating", Wish::Running) => Some("running"),
        ("created", _) | ("creating", Wish::Stopped) => Some("stopped"),
        ("creating", Wish::Paused) => Some("paused"),
        (word, _) => Some(word),
    }
}

/// The attribute `status`. Restarting comes and goes with time and reads as running.
fn status_word(container: &Container) -> &str {
    match container.state.as_str() {
        "restarting" => "running",
        word => word,
    }
}

fn ended(status: &str) -> bool {
    !matches!(status, "running" | "paused" | "creating" | "created")
}

/// Its addresses: empty when it was cut from its default network, which no other attribute shows; null when it has none.
fn addresses(container: &Container) -> Value {
    let cut = |seen: &Seen| !seen.connected && seen.networks.is_none();
    if container.seen.as_ref().is_some_and(cut) {
        return Value::List(Vec::new());
    }
    if container.addresses.is_empty() {
        return Value::Null;
    }
    value_of(&container.addresses)
}
