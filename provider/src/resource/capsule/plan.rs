//! What an edit means: what it does to the whole and to each container, and which computed attributes that leaves open.
//!
//! Pure, and a function of configuration, stored state and memory alone, as the plan of `zun_container` is. What an
//! edit costs is the domain's [`effect`]; what each cost leaves open is [`OPEN`] and, of the maps by name, the entry of
//! the container that it is about: those of the others stay known.

use std::collections::{BTreeMap, BTreeSet};

use tfplugin::Value;
use zun_domain::capsule::{CapsuleEffect, ContainerEdit};
use zun_domain::container::Effect;

use super::edit::{self, Edit};
use super::memory::Memory;
use super::spec::{LISTS, members_of, name_of, template_of};

/// A kind of change. A plan may hold several.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    /// Only what the provider keeps for itself: no call at all.
    Local,
    /// Changed while it runs, or in the record only.
    Live,
    /// Started, stopped, or a container of it mended.
    State,
    /// On other networks, or cut from one, to be connected again.
    Network,
    /// A container comes, goes or is made anew, alone.
    Member,
    /// Other volumes.
    Volumes,
    /// Every container is made anew: same id, addresses, host ports, volumes.
    Recreate,
    /// A new capsule with a new id.
    Replace,
}

/// Per kind of change, the computed attributes that it leaves open until the apply. Of maps by name those marked with
/// `[*]` are open at the names it is about only.
pub(crate) const OPEN: &[(Kind, &[&str])] = &[
    (Kind::Local, &[]),
    (Kind::Live, &[]),
    (Kind::State, &["status", "statuses"]),
    (Kind::Network, &["addresses"]),
    (
        Kind::Member,
        &["image_digests[*]", "revisions[*]", "status", "statuses[*]"],
    ),
    (Kind::Volumes, &["volume_ids[*]"]),
    (
        Kind::Recreate,
        &[
            "addresses",
            "host",
            "image_digests",
            "published",
            "revisions",
            "status",
            "statuses",
        ],
    ),
    (Kind::Replace, &[]),
];

/// The computed maps by the names of containers.
const BY_NAME: [&str; 4] = ["container_ids", "image_digests", "revisions", "statuses"];

/// Computed attributes beside them.
const COMPUTED: [&str; 8] = [
    "addresses",
    "created_at",
    "host",
    "id",
    "project_id",
    "published",
    "status",
    "volume_ids",
];

/// Where the configuration says nothing, what is stored stays.
const KEPT: [&str; 4] = ["availability_zone", "host", "hostname", "name"];

/// The same of a container.
const MEMBERS: [&str; 4] = ["cpu", "disk", "image_pull_policy", "memory"];

/// What a change of a capsule comes to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Shape {
    /// Every kind of change in it.
    pub(crate) kinds: BTreeSet<Kind>,
    /// The attributes whose change makes a new capsule necessary.
    pub(crate) replaced_by: Vec<&'static str>,
    /// What becomes of each container by its name.
    pub(crate) containers: BTreeMap<String, ContainerEdit>,
}

impl Shape {
    /// Something is asked of the server.
    pub(crate) fn calls(&self) -> bool {
        self.kinds.iter().any(|kind| *kind != Kind::Local)
    }

    /// It takes a new capsule.
    pub(crate) fn replaces(&self) -> bool {
        self.kinds.contains(&Kind::Replace)
    }
}

/// Settles the plan of a capsule that does not exist yet.
pub(super) fn shape_create(config: &Value, planned: &mut Value) {
    planned.set("state", state(config));
    planned.set("name", name(config, &Value::UNKNOWN));
}

/// Settles the plan of a change, and says what it comes to.
pub(super) fn shape_update(
    config: &Value,
    prior: &Value,
    memory: &Memory,
    disk_enforced: bool,
    planned: &mut Value,
) -> Shape {
    settle(config, prior, memory, planned);
    let shape = judge(prior, planned, memory, disk_enforced);
    open(prior, &shape, planned);
    let host = config.get("host").cloned().unwrap_or(Value::Null);
    if !host.is_null() {
        planned.set("host", host);
    }
    shape
}

/// The wished state: configured, else running.
fn state(config: &Value) -> Value {
    match config.get("state") {
        Ok(Value::Null) | Err(_) => Value::string("running"),
        Ok(given) => given.clone(),
    }
}

/// The name: configured, else the template's, else what is there.
fn name(config: &Value, stored: &Value) -> Value {
    match config.get("name") {
        Ok(given) if !given.is_null() => return given.clone(),
        _ => {}
    }
    let template = template_of(config).ok().flatten();
    match template.and_then(|template| template.name) {
        Some(name) => Value::string(name.as_str()),
        None => stored.clone(),
    }
}

/// Gives every computed attribute the value it has when nothing else changes.
fn settle(config: &Value, prior: &Value, memory: &Memory, planned: &mut Value) {
    let stored = |name: &str| prior.get(name).cloned().unwrap_or(Value::Null);
    for name in BY_NAME.iter().chain(&COMPUTED) {
        planned.set(*name, stored(name));
    }
    for name in KEPT {
        let given = config.get(name).cloned().unwrap_or(Value::Null);
        planned.set(name, if given.is_null() { stored(name) } else { given });
    }
    planned.set("name", name(config, &stored("name")));
    planned.set("state", state(config));
    for list in LISTS {
        let (Ok(Value::List(given)), Ok(Value::List(members))) =
            (config.get(list), planned.get(list).cloned())
        else {
            continue;
        };
        let pairs = given.iter().zip(members);
        let members = pairs.map(|(given, member)| settled(given, member, prior, memory));
        planned.set(list, Value::List(members.collect()));
    }
}

/// A container found again by its name, whatever its place.
fn settled(given: &Value, mut member: Value, prior: &Value, memory: &Memory) -> Value {
    if !given.is_known() {
        return member;
    }
    let before = name_of(given).and_then(|name| super::spec::member_of(prior, name));
    for name in MEMBERS {
        if !given.get(name).is_ok_and(Value::is_null) {
            continue;
        }
        let stored = before.and_then(|before| before.get(name).ok().cloned());
        let value = match (memory.wish(given, name), stored) {
            (Some(wished), Some(_)) => wished,
            (_, Some(stored)) => stored,
            (_, None) => Value::UNKNOWN,
        };
        member.set(name, value);
    }
    member
}

fn judge(prior: &Value, planned: &Value, memory: &Memory, disk_enforced: bool) -> Shape {
    let differs = |name: &str| prior.get(name) != planned.get(name);
    let mut shape = Shape::default();
    let Edit {
        effect,
        fields,
        unheld,
    } = edit::between(prior, planned, memory, disk_enforced);
    let CapsuleEffect { whole, containers } = effect;
    shape.containers = containers
        .into_iter()
        .map(|(name, edit)| (name.to_string(), edit))
        .collect();
    let remade = |edit: &ContainerEdit| match edit {
        ContainerEdit::Added | ContainerEdit::Removed => true,
        ContainerEdit::Changed(effect) => *effect >= Effect::Recreate,
    };
    if shape.containers.values().any(remade) {
        shape.kinds.insert(Kind::Member);
    }
    if whole == Effect::Recreate {
        shape.kinds.insert(Kind::Recreate);
    }
    for (field, effect) in fields {
        shape.kinds.insert(match (field, effect) {
            (_, Effect::Replace) => Kind::Replace,
            ("networks", _) => Kind::Network,
            ("volumes", _) => Kind::Volumes,
            _ => Kind::Live,
        });
        if effect == Effect::Replace {
            shape.replaced_by.push(field);
        }
    }
    let written = LISTS.iter().any(|list| differs(list)) || differs("template");
    if !shape.containers.is_empty() || differs("name") || (written && !unheld) {
        shape.kinds.insert(Kind::Live);
    }
    if unheld || differs("wait_for") || differs("timeouts") {
        shape.kinds.insert(Kind::Local);
    }
    if differs("state") {
        let word = prior.get("state").ok().and_then(Value::as_str);
        if word == Some("error") {
            shape.kinds.insert(Kind::Replace);
            shape.replaced_by.push("state");
        } else {
            shape.kinds.insert(Kind::State);
            shape.kinds.extend(mended(prior).then_some(Kind::Recreate));
        }
    }
    let addresses = prior.get("addresses").ok().and_then(Value::as_elements);
    if addresses.is_some_and(<[Value]>::is_empty) {
        shape.kinds.insert(Kind::Network);
    }
    shape
}

/// Whether something of it is gone, so that it is made anew: which containers that takes is not known before.
fn mended(prior: &Value) -> bool {
    let word = prior.get("state").ok().and_then(Value::as_str);
    matches!(word, Some("missing" | "dead"))
}

/// Leaves open what is decided in the apply.
fn open(prior: &Value, shape: &Shape, planned: &mut Value) {
    for (_, names) in OPEN.iter().filter(|(kind, _)| shape.kinds.contains(kind)) {
        for name in names.iter().filter(|name| !name.ends_with(']')) {
            planned.set(*name, Value::UNKNOWN);
        }
    }
    let unnamed = members_of(planned).any(|member| name_of(member).is_none());
    let listed = LISTS
        .iter()
        .chain(&["template"])
        .all(|list| planned.get(list).is_ok_and(|list| !list.is_unknown()));
    if unnamed || !listed {
        for name in BY_NAME.iter().chain(&["volume_ids"]) {
            planned.set(*name, Value::UNKNOWN);
        }
        return;
    }
    for (name, edit) in &shape.containers {
        for map in BY_NAME {
            match edit {
                ContainerEdit::Removed => entry(planned, map, name, None),
                ContainerEdit::Added | ContainerEdit::Changed(Effect::Replace) => {
                    entry(planned, map, name, Some(Value::UNKNOWN));
                }
                ContainerEdit::Changed(Effect::Recreate) if map != "container_ids" => {
                    entry(planned, map, name, Some(Value::UNKNOWN));
                }
                ContainerEdit::Changed(_) => {}
            }
        }
    }
    if shape.kinds.contains(&Kind::Volumes) {
        volume_ids(prior, planned);
    }
}

/// Sets or removes an entry of a computed map; one that is open as a whole stays so.
fn entry(planned: &mut Value, map: &str, name: &str, value: Option<Value>) {
    let Ok(Value::Map(entries)) = planned.get(map) else {
        return;
    };
    let mut entries = entries.clone();
    match value {
        Some(value) => entries.insert(name.to_owned(), value),
        None => entries.remove(name),
    };
    planned.set(map, Value::Map(entries));
}

/// The ids of volumes that stay what they are stay known.
fn volume_ids(prior: &Value, planned: &mut Value) {
    let (before, after) = (edit::volumes(prior), edit::volumes(planned));
    let Some(after) = after else {
        planned.set("volume_ids", Value::UNKNOWN);
        return;
    };
    let before = before.unwrap_or_default();
    for name in before.keys().filter(|name| !after.contains_key(*name)) {
        entry(planned, "volume_ids", name, None);
    }
    for (name, volume) in &after {
        if before.get(name) != Some(volume) {
            entry(planned, "volume_ids", name, Some(Value::UNKNOWN));
        }
    }
}
