//! From the API's capsule to the state: the specification that is held, overlaid with what the engine lets a hand
//! change, so that such a change shows on its attribute.

use tfplugin::Value;
use zun_api_types::capsule::{Capsule, CapsuleMember};
use zun_api_types::container::Seen;
use zun_domain::capsule::{CapsuleContainer, CapsuleSpec, Role};
use zun_domain::container::spec::CpuPolicy;
use zun_domain::container::{RestartPolicy, RestartPolicyName, Wish};

use super::spec::{BESIDE, WHOLE, member_fields, member_of, template_of};
use crate::json::value_of;

/// Attributes that no server holds: kept as they are.
const LOCAL: [&str; 2] = ["wait_for", "timeouts"];

/// The state of a capsule; what only the provider knows is taken from `kept`.
pub(super) fn state_of(capsule: &Capsule, kept: &Value) -> Value {
    let mut state = shown(capsule);
    for name in LOCAL {
        state.set(name, kept.get(name).cloned().unwrap_or(Value::Null));
    }
    for list in super::spec::LISTS {
        if let Ok(Value::List(members)) = state.get(list).cloned() {
            let members = members.into_iter().map(|member| with_local(member, kept));
            state.set(list, Value::List(members.collect()));
        }
    }
    state.set("template", Value::Null);
    if let Ok(Some(template)) = template_of(kept) {
        if holds(capsule, &template.spec) {
            let text = kept.get("template").cloned().unwrap_or(Value::Null);
            state.set("template", text);
        }
        // In its place: what is there is another thing, and the attributes show which.
        if !state.get("template").is_ok_and(Value::is_null) {
            let said = WHOLE
                .iter()
                .filter(|name| !BESIDE.contains(name) && **name != "availability_zone");
            for name in said.chain(&["containers", "init_containers", "volumes"]) {
                state.set(*name, Value::Null);
            }
        }
    }
    state
}

/// A container with what no server holds of it.
fn with_local(mut member: Value, kept: &Value) -> Value {
    const VERSION: &str = "environment_wo_version";
    member.set("environment_wo", Value::Null);
    let name = super::spec::name_of(&member).map(ToOwned::to_owned);
    let before = name.and_then(|name| member_of(kept, &name)?.get(VERSION).ok().cloned());
    member.set(VERSION, before.unwrap_or(Value::Null));
    member
}

/// Whether the server and the engine have what a template asks for. What it does not say is as it is.
fn holds(capsule: &Capsule, asked: &CapsuleSpec) -> bool {
    let mut there = capsule.spec.clone();
    let mut asked = asked.clone();
    there.hostname = None;
    there.host = None;
    there.hints = None;
    if asked.availability_zone.is_none() {
        there.availability_zone = None;
    }
    let overlaid = capsule.containers.iter().any(|member| {
        let seen = member.seen.as_ref();
        let spec = spec_of(capsule, &member.name);
        seen.zip(spec)
            .is_some_and(|(seen, spec)| changed(seen, spec))
    });
    let lists = |spec: &mut CapsuleSpec| -> Vec<CapsuleContainer> {
        let inits = spec.init_containers.take().unwrap_or_default();
        inits
            .into_iter()
            .chain(std::mem::take(&mut spec.containers))
            .collect()
    };
    let (have, want) = (lists(&mut there), lists(&mut asked));
    let same = have.len() == want.len()
        && have.into_iter().zip(want).all(|(have, mut want)| {
            let (had, spec) = (&have.spec, &mut want.spec);
            // The server's defaults.
            spec.cpu = spec.cpu.or(had.cpu);
            spec.memory = spec.memory.or(had.memory);
            spec.disk = spec.disk.or(had.disk);
            spec.image_pull_policy = spec.image_pull_policy.or(had.image_pull_policy);
            have == want
        });
    let untouched = !overlaid && other_policy(capsule).is_none() && whole_seen(capsule).is_none();
    same && there == asked && untouched
}

/// Whether a hand has changed what the engine enforces.
fn changed(seen: &Seen, spec: &CapsuleContainer) -> bool {
    let dedicated = spec.spec.cpu_policy == Some(CpuPolicy::Dedicated);
    seen.memory != spec.spec.memory || (!dedicated && seen.cpu != spec.spec.cpu)
}

fn spec_of<'a>(capsule: &'a Capsule, name: &str) -> Option<&'a CapsuleContainer> {
    let inits = capsule.spec.init_containers.iter().flatten();
    let mut all = capsule.spec.containers.iter().chain(inits);
    all.find(|one| one.name.as_str() == name)
}

/// Everything the server knows of a capsule, in attributes.
pub(crate) fn shown(capsule: &Capsule) -> Value {
    let spec = value_of(&capsule.spec);
    let field = |name: &str| spec.get(name).cloned().unwrap_or(Value::Null);
    let mut state = Value::object(WHOLE.map(|name| (name, field(name))));
    if let Some(other) = other_policy(capsule) {
        state.set("restart_policy", value_of(&other));
    }
    if let Some(seen) = whole_seen(capsule) {
        if let Some(networks) = &seen.networks {
            state.set("networks", value_of(networks));
        }
        if let Some(groups) = &seen.security_groups {
            state.set("security_groups", value_of(groups));
        }
    }
    let of = |all: &[CapsuleContainer]| {
        Value::List(all.iter().map(|one| member(capsule, one)).collect())
    };
    state.set("containers", of(&capsule.spec.containers));
    state.set(
        "init_containers",
        capsule.spec.init_containers.as_deref().map(of),
    );
    state.set("volumes", volumes(&capsule.spec));
    computed(capsule, &mut state);
    state
}

fn computed(capsule: &Capsule, state: &mut Value) {
    state.set("id", capsule.uuid.as_str());
    state.set("name", capsule.name.as_str());
    state.set("project_id", capsule.project_id.as_str());
    state.set("created_at", capsule.created_at.to_string());
    state.set("hostname", given(&capsule.hostname));
    state.set("availability_zone", given(&capsule.availability_zone));
    state.set("host", given(&capsule.host));
    state.set("state", state_word(capsule));
    state.set("status", status_word(&capsule.state));
    state.set("published", value_of(&capsule.published));
    state.set("volume_ids", value_of(&capsule.volumes));
    let cut = whole_seen(capsule).is_some_and(|seen| !seen.connected && seen.networks.is_none());
    let addresses = match capsule.addresses.as_slice() {
        _ if cut => Value::List(Vec::new()),
        [] => Value::Null,
        all => value_of(&all),
    };
    state.set("addresses", addresses);
    let by_name = |of: &dyn Fn(&CapsuleMember) -> Value| {
        Value::map(named(capsule).map(|member| (member.name.clone(), of(member))))
    };
    state.set(
        "container_ids",
        by_name(&|member| Value::string(&member.uuid)),
    );
    state.set(
        "statuses",
        by_name(&|member| Value::string(status_word(&member.state))),
    );
    state.set(
        "image_digests",
        by_name(&|member| Value::string(&member.image_digest)),
    );
    state.set(
        "revisions",
        by_name(&|member| Value::number(i64::from(member.revision))),
    );
}

fn given(text: &str) -> Option<String> {
    (!text.is_empty()).then(|| text.to_owned())
}

/// Its containers but for the sandbox, which is nobody's business.
fn named(capsule: &Capsule) -> impl Iterator<Item = &CapsuleMember> {
    let all = capsule.containers.iter();
    all.filter(|member| member.role != Role::Sandbox)
}

fn members(capsule: &Capsule) -> impl Iterator<Item = &CapsuleMember> {
    named(capsule).filter(|member| member.role == Role::Member)
}

/// What is seen of the sandbox, where a hand has changed it.
fn whole_seen(capsule: &Capsule) -> Option<&Seen> {
    let mut all = capsule.containers.iter();
    let sandbox = all.find(|member| member.role == Role::Sandbox)?;
    let seen = sandbox.seen.as_ref()?;
    let differs = !seen.connected || seen.networks.is_some() || seen.security_groups.is_some();
    differs.then_some(seen)
}

/// The policy that the engine follows for one of its members, where that is not the wished one.
fn other_policy(capsule: &Capsule) -> Option<RestartPolicy> {
    let wished = in_force(capsule.spec.restart_policy);
    let seen = members(capsule).filter_map(|member| member.seen.as_ref());
    let mut policies = seen.map(|seen| seen.restart_policy);
    let other = policies.find(|policy| plain(*policy) != wished)?;
    // None at all is the policy `no`; null would be the wish for `always`.
    Some(other.unwrap_or(RestartPolicy {
        name: RestartPolicyName::No,
        maximum_retry_count: None,
    }))
}

/// A policy as the engine follows it, `always` where none is given.
fn in_force(policy: Option<RestartPolicy>) -> Option<RestartPolicy> {
    plain(Some(policy.unwrap_or(RestartPolicy {
        name: RestartPolicyName::Always,
        maximum_retry_count: None,
    })))
}

/// `no` and none are the same.
fn plain(policy: Option<RestartPolicy>) -> Option<RestartPolicy> {
    policy
        .map(RestartPolicy::for_engine)
        .filter(|policy| policy.name != RestartPolicyName::No)
}

fn member(capsule: &Capsule, container: &CapsuleContainer) -> Value {
    let spec = value_of(&container.spec);
    let mut value = Value::object(
        member_fields().map(|name| (name, spec.get(name).cloned().unwrap_or(Value::Null))),
    );
    let mut seen = named(capsule).filter(|member| member.name == container.name.as_str());
    if let Some(seen) = seen.next().and_then(|member| member.seen.as_ref()) {
        if container.spec.cpu_policy != Some(CpuPolicy::Dedicated) {
            value.set("cpu", value_of(&seen.cpu));
        }
        value.set("memory", value_of(&seen.memory));
    }
    let mounts = value.get("mounts").cloned().unwrap_or(Value::Null);
    value.set("mounts", without_size(mounts));
    value.set("name", container.name.as_str());
    value
}

/// Entries of `mounts` as the attribute has them.
fn without_size(mounts: Value) -> Value {
    let Some(entries) = mounts.as_elements() else {
        return mounts;
    };
    let entries = entries.iter().map(|entry| {
        let fields = entry.as_entries().into_iter().flatten();
        let fields = fields.filter(|(name, _)| *name != "size");
        Value::object(fields.map(|(name, value)| (name.clone(), value.clone())))
    });
    Value::List(entries.collect())
}

fn volumes(spec: &CapsuleSpec) -> Value {
    let Some(volumes) = &spec.volumes else {
        return Value::Null;
    };
    let entries = volumes.iter().map(|volume| {
        Value::object([
            ("name", Value::string(&volume.name)),
            ("volume_id", value_of(&volume.volume)),
            ("size", value_of(&volume.size)),
            ("auto_remove", value_of(&volume.auto_remove)),
        ])
    });
    Value::List(entries.collect())
}

/// The attribute `state`.
fn state_word(capsule: &Capsule) -> &str {
    match (capsule.state.as_str(), capsule.wish) {
        // Another run is making what is being created: what it will be is not drift.
        ("creating", Wish::Stopped) | ("created", _) => "stopped",
        ("restarting" | "creating", _) => "running",
        (word, _) => word,
    }
}

/// An attribute `status`. Restarting comes and goes with time and reads as running.
fn status_word(word: &str) -> &str {
    match word {
        "restarting" => "running",
        word => word,
    }
}
