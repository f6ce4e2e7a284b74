//! What an edit costs: nothing, a live change, a recreate in place, a replacement.
//!
//! One table for the planner, the preview and the provider's plan, so that what a plan says is what
//! happens. A new field of [`ContainerSpec`] does not compile until it has its row here.

use serde::{Deserialize, Serialize};

use super::mount::only_grown;
use super::spec::ContainerSpec;

/// What an edit does to the running container, from the least to the most.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Effect {
    /// Nothing in the engine changes.
    Nothing,
    /// Changed while it runs; the Docker container stays the same.
    Live,
    /// A new Docker container: same uuid, addresses, host ports and volumes.
    Recreate,
    /// A new container with a new uuid.
    Replace,
}

/// One field that differs, and what that costs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Change {
    /// The field's name, as in [`ContainerSpec`].
    pub field: &'static str,
    /// What its edit does.
    pub effect: Effect,
}

macro_rules! table {
    ($($field:ident => $effect:ident),* $(,)?) => {
        /// What an edit of each field does, by the field's name.
        pub const EFFECTS: &[(&str, Effect)] = &[$((stringify!($field), Effect::$effect)),*];

        /// Every field in which `new` differs from `old`, in the order of the table.
        fn differences(old: &ContainerSpec, new: &ContainerSpec) -> Vec<Change> {
            // Taken apart without `..`: a field without a row is a compile error.
            let ContainerSpec { $($field: _),* } = old;
            let mut found = Vec::new();
            $(if old.$field != new.$field {
                found.push(Change { field: stringify!($field), effect: Effect::$effect });
            })*
            found
        }
    };
}

/// Every field in which `new` differs from `old`, in the order of the table. A volume that a container asked
/// for by size grows while it runs.
pub fn changes(old: &ContainerSpec, new: &ContainerSpec) -> Vec<Change> {
    let mut found = differences(old, new);
    // Nothing given and nothing in it mean the same to the engine, and to the scheduler.
    let told = differences(&without_empty(old), &without_empty(new));
    for change in &mut found {
        if told.iter().all(|other| other.field != change.field) {
            change.effect = Effect::Nothing;
        }
    }
    let mounts = found.iter_mut().find(|change| change.field == "mounts");
    if let Some(mounts) = mounts
        && only_grown(old, new)
    {
        mounts.effect = Effect::Live;
    }
    found
}

// `disk` is claimed, and made with the container where the engine can enforce it.
table! {
    cpu => Live, memory => Live, auto_heal => Live, auto_remove => Live, restart_policy => Live,
    image_pull_policy => Nothing, image_update => Nothing,
    image => Recreate, registry => Recreate, image_driver => Recreate, command => Recreate, entrypoint => Recreate,
    environment => Recreate, environment_wo => Recreate, labels => Recreate, workdir => Recreate,
    hostname => Recreate, user => Recreate, tty => Recreate, interactive => Recreate, disk => Recreate,
    networks => Live, security_groups => Live,
    cpu_policy => Recreate, healthcheck => Recreate, ports => Recreate, runtime => Recreate,
    privileged => Recreate, stop_signal => Recreate, stop_timeout => Recreate, init => Recreate,
    read_only => Recreate, cap_add => Recreate, cap_drop => Recreate, tmpfs => Recreate,
    shm_size => Recreate, ulimits => Recreate, mounts => Recreate,
    availability_zone => Replace, hints => Replace, host => Replace,
}

/// The same wish, with `None` for lists, sets and maps that have nothing in them. An empty `command` or `entrypoint`
/// is none of these: it stands in the place of the image's.
fn without_empty(spec: &ContainerSpec) -> ContainerSpec {
    let mut plain = spec.clone();
    plain.environment = plain.environment.filter(|all| !all.0.is_empty());
    plain.environment_wo = plain.environment_wo.filter(|all| !all.0.is_empty());
    plain.labels = plain.labels.filter(|all| !all.is_empty());
    plain.hints = plain.hints.filter(|all| !all.is_empty());
    plain.ports = plain.ports.filter(|all| !all.is_empty());
    plain.networks = plain.networks.filter(|all| !all.is_empty());
    plain.security_groups = plain.security_groups.filter(|all| !all.is_empty());
    plain.cap_add = plain.cap_add.filter(|all| !all.is_empty());
    plain.cap_drop = plain.cap_drop.filter(|all| !all.is_empty());
    plain.tmpfs = plain.tmpfs.filter(|all| !all.is_empty());
    plain.ulimits = plain.ulimits.filter(|all| !all.is_empty());
    plain.mounts = plain.mounts.filter(|all| !all.is_empty());
    plain
}

/// The most costly effect among `changes`.
pub fn effect_of(changes: &[Change]) -> Effect {
    changes
        .iter()
        .map(|change| change.effect)
        .max()
        .unwrap_or(Effect::Nothing)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::unit::MemoryMib;

    #[test]
    fn the_costliest_edit_decides() {
        let old = ContainerSpec::of("nginx".parse().unwrap());
        assert_eq!(effect_of(&changes(&old, &old)), Effect::Nothing);
        let mut new = old.clone();
        new.memory = Some(MemoryMib(64));
        assert_eq!(
            changes(&old, &new),
            [Change {
                field: "memory",
                effect: Effect::Live
            }]
        );
        new.image = "nginx:2".parse().unwrap();
        assert_eq!(effect_of(&changes(&old, &new)), Effect::Recreate);
        new.availability_zone = Some("b".to_owned());
        assert_eq!(effect_of(&changes(&old, &new)), Effect::Replace);
    }

    #[test]
    fn nothing_given_is_nothing_in_it() {
        let old = ContainerSpec::of("nginx".parse().unwrap());
        let mut new = old.clone();
        new.hints = Some(std::collections::BTreeMap::new());
        new.labels = Some(std::collections::BTreeMap::new());
        new.ports = Some(std::collections::BTreeSet::new());
        for (one, other) in [(&old, &new), (&new, &old)] {
            let found = changes(one, other);
            let fields: Vec<&str> = found.iter().map(|change| change.field).collect();
            assert_eq!(
                fields,
                ["labels", "ports", "hints"],
                "they are written down"
            );
            assert_eq!(effect_of(&found), Effect::Nothing);
        }
        new.hints = Some([("a".to_owned(), "b".to_owned())].into());
        assert_eq!(effect_of(&changes(&old, &new)), Effect::Replace);
    }
}
