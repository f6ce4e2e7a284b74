//! What an edit means: which kinds of change a plan holds, and which computed attributes each leaves open.
//!
//! Pure, and a function of configuration, stored state and memory alone: Terraform plans once more while it
//! applies, in a new process, and whatever the first plan showed as known has to come out the same. What an
//! edit of a field costs is the domain's table [`EFFECTS`]; what each cost leaves open is [`OPEN`].

use tfplugin::Value;
use zun_api_types::features::DiskMeaning;
use zun_domain::container::Effect;
use zun_domain::container::change::EFFECTS;

use super::memory::Memory;
use super::mounts;
use super::spec::NOT_OFFERED;

/// A kind of change. A plan may hold several.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    /// Only what the provider keeps for itself: no call at all.
    Local,
    /// Changed while it runs.
    Live,
    /// Started, stopped, paused.
    State,
    /// On other networks, or cut from one, to be connected again.
    Network,
    /// Other volumes or files: recreated in place too.
    Mounts,
    /// A new Docker container: same id, addresses, host ports, volumes.
    Recreate,
    /// A new container with a new id.
    Replace,
}

/// Per kind of change, the computed attributes that it leaves open until the apply. All others keep their value.
pub(crate) const OPEN: &[(Kind, &[&str])] = &[
    (Kind::Local, &[]),
    (Kind::Live, &[]),
    (Kind::State, &["status", "exit_code"]),
    (Kind::Network, &["addresses"]),
    (Kind::Mounts, &["volumes"]),
    (Kind::Recreate, REMADE),
    (Kind::Replace, &[]),
];

/// What a new Docker container may have different.
pub(crate) const REMADE: &[&str] = &[
    "addresses",
    "effective_command",
    "effective_entrypoint",
    "exit_code",
    "host",
    "image_digest",
    "published",
    "revision",
    "status",
];

/// What never changes once the container exists.
const FIXED: [&str; 3] = ["id", "project_id", "created_at"];

/// Where the configuration says nothing, what is stored stays.
const KEPT: [&str; 5] = [
    "availability_zone",
    "disk",
    "hostname",
    "image_pull_policy",
    "name",
];

/// Fields whose change does not run a finished job again.
const QUIET: [&str; 1] = ["image_pull_policy"];

/// What an edit of a field costs here; `environment_wo` is seen through its version.
pub(crate) fn effect_of(field: &str, effect: Effect, disk: DiskMeaning) -> Effect {
    match field {
        "disk" if disk == DiskMeaning::Account => Effect::Live,
        _ => effect,
    }
}

/// The attribute in which a field's change shows; `None` where the resource does not offer the field.
pub(crate) fn attribute_of(field: &'static str) -> Option<&'static str> {
    match field {
        "environment_wo" => Some("environment_wo_version"),
        _ if NOT_OFFERED.contains(&field) => None,
        _ => Some(field),
    }
}

/// What a change of a container comes to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Shape {
    /// Every kind of change in it, sorted; empty when there is none.
    pub(crate) kinds: Vec<Kind>,
    /// The attributes whose change makes a new container necessary.
    pub(crate) replaced_by: Vec<&'static str>,
}

impl Shape {
    fn add(&mut self, kind: Kind) {
        if let Err(place) = self.kinds.binary_search(&kind) {
            self.kinds.insert(place, kind);
        }
    }

    /// Something is asked of the server.
    pub(crate) fn calls(&self) -> bool {
        self.kinds.iter().any(|kind| *kind != Kind::Local)
    }

    /// It takes a new container.
    pub(crate) fn replaces(&self) -> bool {
        self.kinds.contains(&Kind::Replace)
    }
}

/// Settles the plan of a container that does not exist yet.
pub(super) fn shape_create(config: &Value, planned: &mut Value) {
    planned.set("state", state(config));
}

/// Settles the plan of a change, and says what it comes to.
pub(super) fn shape_update(
    config: &Value,
    prior: &Value,
    memory: &Memory,
    disk: DiskMeaning,
    planned: &mut Value,
) -> Shape {
    settle(config, prior, memory, planned);
    let shape = judge(prior, planned, memory, disk);
    for (_, open) in OPEN.iter().filter(|(kind, _)| shape.kinds.contains(kind)) {
        for name in *open {
            planned.set(*name, Value::UNKNOWN);
        }
    }
    shape
}

/// The wished state: configured, else running, else nothing for a job.
fn state(config: &Value) -> Value {
    let of = |name: &str| config.get(name).unwrap_or(&Value::Null);
    match (of("state"), of("wait_for")) {
        (Value::Null, Value::Unknown(_)) => Value::UNKNOWN,
        (Value::Null, Value::String(word)) if word == "exited" => Value::Null,
        (Value::Null, _) => Value::string("running"),
        (given, _) => given.clone(),
    }
}

/// Gives every computed attribute the value it has when nothing else changes.
fn settle(config: &Value, prior: &Value, memory: &Memory, planned: &mut Value) {
    let stored = |name: &str| prior.get(name).cloned().unwrap_or(Value::Null);
    for name in FIXED.iter().chain(REMADE).chain(&["volumes"]) {
        planned.set(*name, stored(name));
    }
    let open = |name: &str| config.get(name).is_ok_and(Value::is_null);
    for name in KEPT.iter().filter(|name| open(name)) {
        planned.set(*name, stored(name));
    }
    for name in ["cpu", "memory"].into_iter().filter(|name| open(name)) {
        planned.set(name, memory.wish(name).unwrap_or_else(|| stored(name)));
    }
    planned.set("state", state(config));
}

fn judge(prior: &Value, planned: &Value, memory: &Memory, disk: DiskMeaning) -> Shape {
    let differs = |name: &str| prior.get(name) != planned.get(name);
    let is_null = |value: &Value, name: &str| value.get(name).is_ok_and(Value::is_null);
    let mut shape = Shape::default();
    let job = is_null(prior, "state") && is_null(planned, "state");
    for (field, effect) in EFFECTS {
        let Some(name) = attribute_of(field).filter(|name| differs(name)) else {
            continue;
        };
        let unheld = memory.imported && *field == "environment_wo" && is_null(prior, name);
        let effect = match *field {
            "mounts" => mounts::effect(prior, planned),
            field => effect_of(field, *effect, disk),
        };
        if name == "mounts" && effect == Effect::Recreate {
            shape.add(Kind::Mounts);
        }
        if name == "networks" {
            shape.add(Kind::Network);
        }
        match effect {
            _ if unheld => shape.add(Kind::Local),
            Effect::Nothing | Effect::Live if !job || QUIET.contains(field) => {
                shape.add(Kind::Live);
            }
            Effect::Nothing | Effect::Live | Effect::Recreate => shape.add(Kind::Recreate),
            Effect::Replace => {
                shape.add(Kind::Replace);
                shape.replaced_by.push(name);
            }
        }
    }
    if differs("name") {
        shape.add(Kind::Live);
    }
    if follows_tag(planned) && (memory.moved.is_some() || !follows_tag(prior)) {
        // Whether its tag has moved is not known before it was asked for.
        shape.add(Kind::Recreate);
    }
    if differs("wait_for") || differs("timeouts") {
        shape.add(Kind::Local);
    }
    if differs("state") {
        let kind = state_kind(prior, planned);
        shape.add(kind);
        if kind == Kind::Replace {
            shape.replaced_by.push("state");
        }
    }
    let cut = prior
        .get("addresses")
        .ok()
        .and_then(Value::as_elements)
        .is_some_and(<[Value]>::is_empty);
    if cut {
        shape.add(Kind::Network);
    }
    shape
}

/// Whether a moved tag counts.
pub(super) fn follows_tag(value: &Value) -> bool {
    let word = value.get("image_update").ok().and_then(Value::as_str);
    word == Some("digest")
}

/// What it takes to come from one state to another. One that could not be made is made anew; one that is gone
/// from the engine, or stuck in it, is recreated in place, and so is what becomes a job or stops being one.
fn state_kind(prior: &Value, planned: &Value) -> Kind {
    let word = |value: &Value| value.read::<Value>("state").unwrap_or(Value::Null);
    match (word(prior), word(planned)) {
        (Value::String(prior), _) if prior == "error" => Kind::Replace,
        (Value::String(prior), _) if matches!(prior.as_str(), "missing" | "dead") => Kind::Recreate,
        // It may still become a job when wait_for is known.
        (Value::String(_), Value::Unknown(_)) if unknown_wait(planned) => Kind::Recreate,
        (Value::String(_), Value::String(_) | Value::Unknown(_)) => Kind::State,
        _ => Kind::Recreate,
    }
}

fn unknown_wait(planned: &Value) -> bool {
    planned.get("wait_for").is_ok_and(Value::is_unknown)
}
