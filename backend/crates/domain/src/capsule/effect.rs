//! What an edit of a capsule costs, for the whole and for each of its containers: by the table of
//! [`crate::container::change`], since all of them are containers.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{CapsuleSpec, CapsuleVolume, Role};
use crate::container::change::{Effect, changes, effect_of};
use crate::container::{ContainerSpec, change};
use crate::name::{ContainerName, ImageRef};

/// What an edit does to one container of a capsule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ContainerEdit {
    /// It is made.
    Added,
    /// It goes.
    Removed,
    /// It stays. `Replace` where it becomes an init container or ceases to be one: then it gets a new uuid, and nothing
    /// else of the capsule is replaced.
    Changed(Effect),
}

/// What an edit does to a capsule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CapsuleEffect {
    /// To what all of it shares: address, ports, hostname, volumes, host. `Recreate` makes every container anew in
    /// place, `Replace` the capsule.
    pub whole: Effect,
    /// To each container that is added, removed or written differently, and to every one where the whole is made anew.
    pub containers: BTreeMap<ContainerName, ContainerEdit>,
}

impl CapsuleEffect {
    /// The costliest thing that happens to the capsule: a container that comes, goes or is made anew is a live change
    /// of it.
    pub fn effect(&self) -> Effect {
        let touched = self
            .containers
            .values()
            .any(|edit| !matches!(edit, ContainerEdit::Changed(Effect::Nothing)));
        let parts = if touched {
            Effect::Live
        } else {
            Effect::Nothing
        };
        self.whole.max(parts)
    }

    /// Whether this container gets a new Docker container.
    pub fn makes(&self, name: &ContainerName) -> bool {
        match self.containers.get(name) {
            Some(ContainerEdit::Added) => true,
            Some(ContainerEdit::Changed(effect)) => *effect >= Effect::Recreate,
            Some(ContainerEdit::Removed) | None => false,
        }
    }
}

/// What the edit from `old` to `new` does, defaults filled in on both sides. `disk_enforced` says whether the engine
/// bounds the disk of a container, so that an edit of `disk` makes it anew; a provider that does not know says `true`.
pub fn effect(old: &CapsuleSpec, new: &CapsuleSpec, disk_enforced: bool) -> CapsuleEffect {
    let whole = whole(old, new);
    let before: BTreeMap<_, _> = sketches(old);
    let after: BTreeMap<_, _> = sketches(new);
    let mut containers = BTreeMap::new();
    for (name, (role, spec)) in &after {
        let edit = match before.get(name) {
            None => Some(ContainerEdit::Added),
            Some((was, _)) if was != role => Some(ContainerEdit::Changed(Effect::Replace)),
            Some((_, former)) => part(former, spec, disk_enforced).map(ContainerEdit::Changed),
        };
        let edit = match edit {
            None if whole == Effect::Recreate => Some(ContainerEdit::Changed(Effect::Recreate)),
            Some(ContainerEdit::Changed(effect)) if whole == Effect::Recreate => {
                Some(ContainerEdit::Changed(effect.max(Effect::Recreate)))
            }
            other => other,
        };
        containers.extend(edit.map(|edit| ((*name).clone(), edit)));
    }
    let gone = before.keys().filter(|name| !after.contains_key(*name));
    containers.extend(gone.map(|name| ((*name).clone(), ContainerEdit::Removed)));
    CapsuleEffect { whole, containers }
}

/// Fields of the capsule in which `new` differs from `old`, and what each costs; those of its containers are
/// `containers` and `init_containers`.
pub fn capsule_changes(old: &CapsuleSpec, new: &CapsuleSpec) -> Vec<change::Change> {
    let CapsuleEffect { containers, .. } = effect(old, new, true);
    let found = changes(&sandbox(old), &sandbox(new));
    let shared = found
        .iter()
        // Ports and shared memory are written on the members.
        .filter(|change| !matches!(change.field, "ports" | "shm_size"))
        .copied();
    let mut all: Vec<change::Change> = shared.collect();
    let mut add = |differs: bool, field, effect| {
        if differs {
            all.push(change::Change { field, effect });
        }
    };
    let parts = if effect_of(&found) == Effect::Recreate {
        Effect::Recreate
    } else if containers.is_empty() {
        Effect::Nothing
    } else {
        Effect::Live
    };
    add(old.containers != new.containers, "containers", parts);
    add(old.inits() != new.inits(), "init_containers", parts);
    add(old.volumes() != new.volumes(), "volumes", Effect::Live);
    add(
        old.restart_policy != new.restart_policy,
        "restart_policy",
        Effect::Live,
    );
    add(old.labels != new.labels, "labels", Effect::Nothing);
    add(
        old.annotations != new.annotations,
        "annotations",
        Effect::Nothing,
    );
    all
}

/// The sandbox shows what is the capsule's; a volume that was made for it is made larger while it runs.
fn whole(old: &CapsuleSpec, new: &CapsuleSpec) -> Effect {
    let effect = effect_of(&changes(&sandbox(old), &sandbox(new)));
    let size = |spec: &CapsuleSpec, name: &str| {
        let found = spec.volumes().iter().find(|volume| volume.name == name);
        found.and_then(|volume| volume.size)
    };
    let resized = new.volumes().iter().any(|volume| {
        let before = size(old, &volume.name);
        before.is_some() && volume.size.is_some() && before != volume.size
    });
    if resized {
        effect.max(Effect::Live)
    } else {
        effect
    }
}

/// `None` where nothing is written differently.
fn part(old: &ContainerSpec, new: &ContainerSpec, disk_enforced: bool) -> Option<Effect> {
    let mut found = changes(old, new);
    for change in &mut found {
        if change.field == "disk" && !disk_enforced {
            change.effect = Effect::Nothing;
        }
    }
    (!found.is_empty()).then(|| effect_of(&found))
}

/// The image decides nothing here: an edit leaves it as it is.
fn sandbox(spec: &CapsuleSpec) -> ContainerSpec {
    spec.sandbox(placeholder())
}

fn placeholder() -> ImageRef {
    "sandbox"
        .parse()
        .unwrap_or_else(|_| unreachable!("a word is the name of an image"))
}

/// Every container as it is to be, with what is known of a volume in place of its id: a mount of another volume under
/// the same name is another mount.
fn sketches(spec: &CapsuleSpec) -> BTreeMap<&ContainerName, (Role, ContainerSpec)> {
    let behind = |name: &str| {
        let volume = spec.volumes().iter().find(|volume| volume.name == name)?;
        Some(identity(volume))
    };
    spec.parts()
        .map(|(role, one)| (&one.name, (role, spec.part(one, role, behind))))
        .collect()
}

/// The volume that is meant, whatever it is called in the capsule; one that is made is known by that name only.
fn identity(volume: &CapsuleVolume) -> String {
    match &volume.volume {
        Some(existing) => format!("volume {existing}"),
        None => format!("made {}", volume.name),
    }
}

#[cfg(test)]
mod tests;
