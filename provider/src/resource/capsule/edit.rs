//! What is written differently: two values of the resource as two specifications, and what the domain says of the
//! edit from one to the other. Where a value is not known yet, the dearer reading counts.

use std::collections::BTreeMap;

use serde_json::{Map, Value as Json, json};
use tfplugin::Value;
use zun_domain::capsule::{CapsuleEffect, CapsuleSpec, CapsuleVolume, ContainerEdit, effect};
use zun_domain::container::Effect;
use zun_domain::container::change::EFFECTS;
use zun_domain::name::ContainerName;

use super::memory::Memory;
use super::spec::{
    LISTS, WHOLE, member_fields, member_of, members_of, name_of, spec_of, template_of,
};
use crate::json::{parse, to_json};

/// What a change comes to.
pub(super) struct Edit {
    /// For the whole and for each container.
    pub(super) effect: CapsuleEffect,
    /// Fields of the whole that differ, by their attributes' names.
    pub(super) fields: Vec<(&'static str, Effect)>,
    /// A write-only environment is first seen after an import, which is no change.
    pub(super) unheld: bool,
}

/// The edit from what is stored to what is planned.
pub(super) fn between(
    prior: &Value,
    planned: &Value,
    memory: &Memory,
    disk_enforced: bool,
) -> Edit {
    let known = resolved(prior, planned);
    let pair = spec_of(prior)
        .ok()
        .zip(known.as_ref().and_then(|known| spec_of(known).ok()));
    let Some((old, new)) = pair else {
        return everything();
    };
    let new = filled(&old, new, memory);
    let mut found = effect::effect(&old, &new, disk_enforced);
    let mut fields = of_whole(&old, &new);
    for name in WHOLE {
        let open = planned
            .get(name)
            .is_ok_and(|value| !value.is_wholly_known());
        if open && fields.iter().all(|(field, _)| *field != name) {
            fields.push((name, cost(name)));
            found.whole = found.whole.max(cost(name));
        }
    }
    let mut unheld = false;
    for member in members_of(planned) {
        let Some(name) = name_of(member).and_then(|name| name.parse().ok()) else {
            continue;
        };
        open_fields(member, &name, &mut found);
        if memory.resends(prior, planned, name.as_str()) {
            raise(&mut found, &name, Effect::Recreate);
        } else {
            unheld |= version(prior, &name) != version(planned, &name);
        }
    }
    Edit {
        effect: found,
        fields,
        unheld,
    }
}

fn version(value: &Value, name: &ContainerName) -> Option<Value> {
    let member = member_of(value, name.as_str())?;
    let version = member.get("environment_wo_version").ok()?;
    (!version.is_null()).then(|| version.clone())
}

/// Nothing is known of what will be there.
fn everything() -> Edit {
    Edit {
        effect: CapsuleEffect {
            whole: Effect::Recreate,
            containers: BTreeMap::new(),
        },
        fields: vec![("volumes", Effect::Live)],
        unheld: false,
    }
}

/// Fields of the whole that differ, and what each costs. Containers are told apart elsewhere.
fn of_whole(old: &CapsuleSpec, new: &CapsuleSpec) -> Vec<(&'static str, Effect)> {
    let changes = effect::capsule_changes(old, new).into_iter();
    changes
        .filter(|change| !LISTS.contains(&change.field))
        .map(|change| (change.field, change.effect))
        .collect()
}

/// What an edit of a field of the whole costs at most.
fn cost(name: &str) -> Effect {
    match name {
        "restart_policy" => Effect::Live,
        "labels" | "annotations" => Effect::Nothing,
        _ => table(name),
    }
}

fn table(field: &str) -> Effect {
    let row = EFFECTS.iter().find(|(name, _)| *name == field);
    row.map_or(Effect::Recreate, |(_, effect)| *effect)
}

/// A field of a container that is not known yet may be anything.
fn open_fields(member: &Value, name: &ContainerName, found: &mut CapsuleEffect) {
    let open = member_fields().filter(|field| {
        let value = member.get(field);
        value.is_ok_and(|value| !value.is_wholly_known())
    });
    for field in open {
        if matches!(field, "ports" | "shm_size") {
            found.whole = found.whole.max(Effect::Recreate);
        }
        raise(found, name, table(field));
    }
}

fn raise(found: &mut CapsuleEffect, name: &ContainerName, effect: Effect) {
    let edit = found.containers.entry(name.clone());
    let edit = edit.or_insert(ContainerEdit::Changed(effect));
    if let ContainerEdit::Changed(before) = edit {
        *before = (*before).max(effect);
    }
}

/// The plan with what is stored in the place of what is not known yet; `None` where not even the containers are.
fn resolved(prior: &Value, planned: &Value) -> Option<Value> {
    let mut known = planned.clone();
    for name in LISTS.iter().chain(&["template", "volumes"]) {
        if planned.get(name).is_ok_and(Value::is_unknown) {
            return None;
        }
    }
    if members_of(planned).any(|member| name_of(member).is_none()) {
        return None;
    }
    for name in WHOLE {
        if planned
            .get(name)
            .is_ok_and(|value| !value.is_wholly_known())
        {
            known.set(name, prior.get(name).cloned().unwrap_or(Value::Null));
        }
    }
    for list in LISTS {
        if let Ok(Value::List(members)) = planned.get(list).cloned() {
            let members = members
                .into_iter()
                .map(|member| known_member(prior, member));
            known.set(list, Value::List(members.collect()));
        }
    }
    if let Ok(Value::List(volumes)) = planned.get("volumes").cloned() {
        let volumes = volumes.into_iter().map(|mut volume| {
            if volume.get("volume_id").is_ok_and(Value::is_unknown) {
                // Another one than is there: nothing is called so.
                volume.set("volume_id", "(known after apply)");
            }
            volume
        });
        known.set("volumes", Value::List(volumes.collect()));
    }
    Some(known)
}

/// A configuration with nothing in the place of what is not known yet; `None` where not even the containers are.
pub(super) fn resolved_alone(config: &Value) -> Option<Value> {
    resolved(&Value::Null, config)
}

/// A plan as the server can be asked about it: without what the same run makes, such as a network or a volume.
pub(super) fn resolved_for_preview(planned: &Value) -> Option<Value> {
    let volumes = planned.get("volumes").ok().and_then(Value::as_elements);
    let unknown = |volume: &Value| !volume.is_wholly_known();
    if volumes.into_iter().flatten().any(unknown) {
        return None;
    }
    resolved(&Value::Null, planned)
}

fn known_member(prior: &Value, mut member: Value) -> Value {
    let before = name_of(&member)
        .and_then(|name| member_of(prior, name))
        .cloned();
    for field in member_fields() {
        if member
            .get(field)
            .is_ok_and(|value| !value.is_wholly_known())
        {
            let stored = before
                .as_ref()
                .and_then(|before| before.get(field).ok().cloned());
            let stored = match (stored, field) {
                (Some(stored), _) => stored,
                // It has to be there, whatever it will be.
                (None, "image") => Value::string("image"),
                (None, _) => Value::Null,
            };
            member.set(field, stored);
        }
    }
    member
}

/// What the server fills in is no difference: a template, and a container that was in one, say nothing of it. What a
/// hand has changed of it is one.
pub(super) fn filled(old: &CapsuleSpec, mut new: CapsuleSpec, memory: &Memory) -> CapsuleSpec {
    let before: BTreeMap<_, _> = old.parts().map(|(_, one)| (&one.name, &one.spec)).collect();
    for one in super::spec::all_of(&mut new) {
        let Some(before) = before.get(&one.name) else {
            continue;
        };
        let spec = &mut one.spec;
        let held = memory.limits(one.name.as_str());
        let (cpu, memory) = held.unwrap_or((before.cpu, before.memory));
        spec.cpu = spec.cpu.or(cpu);
        spec.memory = spec.memory.or(memory);
        spec.disk = spec.disk.or(before.disk);
        spec.image_pull_policy = spec.image_pull_policy.or(before.image_pull_policy);
    }
    new
}

/// The volumes of a value by their names; `None` where they are not known yet.
pub(super) fn volumes(value: &Value) -> Option<BTreeMap<String, CapsuleVolume>> {
    let all = if let Some(template) = template_of(value).ok()? {
        template.spec.volumes.unwrap_or_default()
    } else {
        let list = value.get("volumes").ok()?;
        if !list.is_wholly_known() {
            return None;
        }
        let mut spec = Map::new();
        spec.insert("containers".to_owned(), json!([]));
        let entries = list.as_elements().unwrap_or_default();
        let entries = entries.iter().map(|entry| {
            let field = |name: &str| entry.get(name).map(to_json).unwrap_or_default();
            json!({"name": field("name"), "volume": field("volume_id"), "size": field("size")})
        });
        spec.insert("volumes".to_owned(), Json::Array(entries.collect()));
        parse::<CapsuleSpec>(Json::Object(spec)).ok()?.volumes?
    };
    let plain = all.into_iter().map(|volume| {
        // Neither makes another volume of it.
        let volume = CapsuleVolume {
            auto_remove: None,
            size: volume.size.map(|_| zun_domain::unit::DiskGib(1)),
            ..volume
        };
        (volume.name.clone(), volume)
    });
    Some(plain.collect())
}
