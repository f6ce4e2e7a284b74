//! What cannot work in a capsule, alone or together.

use std::collections::{BTreeMap, BTreeSet};

use super::{CapsuleContainer, CapsuleSpec, CapsuleVolume, Role};
use crate::container::mount::MountType;
use crate::container::{ContainerSpec, PortMapping};
use crate::name::ContainerName;
use crate::unit::DiskGib;

/// A field, as a path into the specification, and what is wrong with it.
type Found = Vec<(String, String)>;

impl CapsuleSpec {
    /// What cannot work: path of the field (`containers[1].spec.ports`) and message, every one found.
    pub fn contradictions(&self) -> Found {
        let mut found = Vec::new();
        if self.containers.is_empty() {
            found.push((
                "containers".to_owned(),
                "a capsule needs at least one container".to_owned(),
            ));
        }
        self.of_the_whole(&mut found);
        self.of_volumes(&mut found);
        let mut names = BTreeMap::new();
        let mut inside = BTreeMap::new();
        for (path, role, one) in self.paths() {
            twice(&path, &one.name, &mut names, &mut found);
            let own = one.spec.contradictions().into_iter();
            found.extend(own.map(|(field, text)| (format!("{path}.spec.{field}"), text)));
            not_a_members(&path, &one.spec, &mut found);
            self.mounts_of(&path, &one.spec, &mut found);
            ports_of(&path, role, one, &mut inside, &mut found);
        }
        found
    }

    fn paths(&self) -> impl Iterator<Item = (String, Role, &CapsuleContainer)> {
        let named = |list: &'static str, role: Role| {
            move |(index, one)| (format!("{list}[{index}]"), role, one)
        };
        let inits = self.inits().iter().enumerate();
        let members = self.containers.iter().enumerate();
        inits
            .map(named("init_containers", Role::Init))
            .chain(members.map(named("containers", Role::Member)))
    }

    /// What the sandbox is checked for; what the members have brought into it is told of them.
    fn of_the_whole(&self, found: &mut Found) {
        let Some((_, any)) = self.parts().next() else {
            return;
        };
        let mut whole = self.sandbox(any.spec.image.clone());
        whole.ports = None;
        if self.restart_policy.is_some() {
            whole.restart_policy = self.restart_policy;
        }
        let wrong = whole.contradictions().into_iter();
        found.extend(wrong.map(|(field, text)| (field.to_owned(), text)));
    }

    fn of_volumes(&self, found: &mut Found) {
        let mounted: BTreeSet<&str> = self
            .parts()
            .flat_map(|(_, one)| sources(&one.spec))
            .collect();
        let mut names = BTreeSet::new();
        for (index, volume) in self.volumes().iter().enumerate() {
            let path = format!("volumes[{index}]");
            let name = &volume.name;
            if let Some(text) = wrong(volume) {
                found.push((path.clone(), text));
            }
            if !names.insert(name.as_str()) {
                found.push((
                    format!("{path}.name"),
                    format!("{name:?} is the name of another volume of this capsule"),
                ));
            } else if !mounted.contains(name.as_str()) {
                found.push((
                    path,
                    format!(
                        "nobody mounts {name:?}; name it as the source of a mount, or leave it out"
                    ),
                ));
            }
        }
    }

    fn mounts_of(&self, path: &str, spec: &ContainerSpec, found: &mut Found) {
        let known = |name: &str| self.volumes().iter().any(|volume| volume.name == name);
        let field = format!("{path}.spec.mounts");
        for source in sources(spec).filter(|source| !known(source)) {
            let names: Vec<&str> = self.volumes().iter().map(|one| one.name.as_str()).collect();
            let there = if names.is_empty() {
                "it has none".to_owned()
            } else {
                format!("it has {}", names.join(", "))
            };
            found.push((
                field.clone(),
                format!("source {source:?} is not a volume of this capsule: {there}"),
            ));
        }
        for mount in spec.mounts.iter().flatten() {
            if mount.size.is_some() {
                found.push((
                    field.clone(),
                    format!(
                        "{}: size is the capsule's to say: list a volume of this size in volumes, and name it as source",
                        mount.destination
                    ),
                ));
            }
        }
    }
}

/// What its mounts call the volumes.
fn sources(spec: &ContainerSpec) -> impl Iterator<Item = &str> {
    let mounts = spec.mounts.iter().flatten();
    mounts
        .filter(|mount| mount.kind.unwrap_or_default() == MountType::Volume)
        .filter_map(|mount| mount.source.as_deref())
}

fn wrong(volume: &CapsuleVolume) -> Option<String> {
    let name = &volume.name;
    if name.is_empty() {
        return Some("name is empty; mounts refer to it".to_owned());
    }
    match (&volume.volume, volume.size) {
        (Some(_), Some(_)) | (None, None) => Some(format!(
            "{name:?}: give either volume (the id or name of one) or size (in GiB, of a new one)"
        )),
        (None, Some(DiskGib(0))) => Some(format!("{name:?}: size must be at least 1 GiB")),
        (Some(_), None) if volume.auto_remove.is_some() => Some(format!(
            "{name:?}: auto_remove goes with size: a volume that was there before stays"
        )),
        (Some(_), None) | (None, Some(_)) => None,
    }
}

fn twice<'a>(
    path: &str,
    name: &'a ContainerName,
    names: &mut BTreeMap<&'a ContainerName, String>,
    found: &mut Found,
) {
    if let Some(other) = names.get(name) {
        found.push((
            format!("{path}.name"),
            format!("{name} is the name of {other} too; an edit is told by the name"),
        ));
    } else {
        names.insert(name, path.to_owned());
    }
}

/// What all containers of a capsule share, or what only the whole can do.
fn not_a_members(path: &str, spec: &ContainerSpec, found: &mut Found) {
    let shared = [
        ("networks", spec.networks.is_some()),
        ("security_groups", spec.security_groups.is_some()),
        ("hostname", spec.hostname.is_some()),
        ("availability_zone", spec.availability_zone.is_some()),
        ("host", spec.host.is_some()),
        ("hints", spec.hints.is_some()),
        ("restart_policy", spec.restart_policy.is_some()),
    ];
    let never = [
        ("auto_remove", spec.auto_remove.is_some()),
        ("auto_heal", spec.auto_heal.is_some()),
    ];
    if spec.image_update.is_some() {
        found.push((
            format!("{path}.spec.image_update"),
            "is not for a container of a capsule, which follows no tag; change its image"
                .to_owned(),
        ));
    }
    let given = |fields: &[(&'static str, bool)]| -> Vec<&'static str> {
        let given = fields.iter().filter(|(_, given)| *given);
        given.map(|(field, _)| *field).collect()
    };
    for field in given(&shared) {
        found.push((
            format!("{path}.spec.{field}"),
            format!("all containers of a capsule share it; set {field} of the capsule"),
        ));
    }
    for field in given(&never) {
        found.push((
            format!("{path}.spec.{field}"),
            "is not for a container of a capsule, which comes and goes with the whole".to_owned(),
        ));
    }
}

fn ports_of<'a>(
    path: &str,
    role: Role,
    one: &'a CapsuleContainer,
    inside: &mut BTreeMap<(u16, crate::container::Protocol), &'a ContainerName>,
    found: &mut Found,
) {
    let field = format!("{path}.spec.ports");
    let ports = one.spec.ports.iter().flatten();
    if role == Role::Init {
        if ports.count() > 0 {
            found.push((
                field,
                "an init container has ended before anybody connects; publish ports of containers"
                    .to_owned(),
            ));
        }
        return;
    }
    // Its own ports are compared by its own specification.
    let mut own = BTreeSet::new();
    for PortMapping {
        internal, protocol, ..
    } in ports
    {
        let port = (internal.get(), protocol.unwrap_or_default());
        match inside.get(&port) {
            Some(other) if own.insert(port) => found.push((
                field.clone(),
                format!(
                    "{}/{} is a port of container {other} too; they share one address, so each port is one container's",
                    port.0, port.1
                ),
            )),
            Some(_) => {}
            None => {
                own.insert(port);
                inside.insert(port, &one.name);
            }
        }
    }
}

#[cfg(test)]
mod tests;
