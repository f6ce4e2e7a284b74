//! What only the outside knows of a capsule: the images of its containers and of its sandbox; and what a
//! specification says that cannot be.

use std::collections::{BTreeMap, BTreeSet};

use zun_domain::capsule::{Capsule, CapsuleSpec, Role};
use zun_domain::container::{ContainerSpec, Mount, MountSpec, WaitFor, Wish};
use zun_domain::id::VolumeId;
use zun_domain::image::{LoadImage, ResolvedImage};
use zun_domain::name::{AbsolutePath, ContainerName};

use super::super::resolve::{Resolved, check_spec};
use crate::context::{Engine, Inner};
use crate::error::{Error, Result};

/// What the outside answered.
#[derive(Debug, Clone)]
pub(super) struct ResolvedCapsule {
    /// For the sandbox, which has ports and volumes.
    pub(super) whole: Resolved,
    /// The images of the containers that are made.
    pub(super) images: BTreeMap<ContainerName, PartImage>,
}

/// The image of a container, and where the image service has it.
#[derive(Debug, Clone)]
pub(super) struct PartImage {
    pub(super) image: ResolvedImage,
    /// It is loaded from there, never pulled.
    pub(super) load: Option<LoadImage>,
}

/// Where the sandbox keeps a volume of this name, for those who look at the volume: nothing is mounted there.
fn kept_at(name: &str) -> Option<AbsolutePath> {
    AbsolutePath::try_from(format!("/{name}")).ok()
}

/// The volumes of a capsule as mounts. The sandbox has them for all.
pub(crate) fn volume_entries(spec: &CapsuleSpec) -> BTreeSet<MountSpec> {
    let volumes = spec.volumes().iter();
    let entry = |volume: &zun_domain::capsule::CapsuleVolume| {
        Some(MountSpec {
            destination: kept_at(&volume.name)?,
            kind: None,
            source: volume.volume.clone(),
            size: volume.size,
            content: None,
            read_only: None,
        })
    };
    volumes.filter_map(entry).collect()
}

/// The volume behind each name.
pub(super) fn volumes_by_name(spec: &CapsuleSpec, mounts: &[Mount]) -> BTreeMap<String, VolumeId> {
    let behind = |name: &str| {
        let at = kept_at(name)?;
        let found = mounts.iter().find(|mount| mount.destination == at)?;
        Some((name.to_owned(), found.volume()?))
    };
    let volumes = spec.volumes().iter();
    volumes.filter_map(|volume| behind(&volume.name)).collect()
}

/// The same as the specification of a container that has them and nothing else.
pub(super) fn keeper(spec: &CapsuleSpec, sandbox: &ContainerSpec) -> ContainerSpec {
    let entries = volume_entries(spec);
    ContainerSpec {
        mounts: (!entries.is_empty()).then_some(entries),
        ..sandbox.clone()
    }
}

/// Checks a specification against what is decided here, every rule that needs no other row.
pub(super) fn check_capsule(
    inner: &Inner,
    spec: &CapsuleSpec,
    wish: Option<Wish>,
    wait_for: WaitFor,
) -> Result<()> {
    if let Some((field, message)) = spec.contradictions().into_iter().next() {
        return Err(Error::invalid(field, message));
    }
    for (index, volume) in spec.volumes().iter().enumerate() {
        if kept_at(&volume.name).is_none() {
            return Err(Error::invalid(
                format!("volumes[{index}].name"),
                format!(
                    "{:?} cannot be part of a path; use letters, digits, dashes and dots",
                    volume.name
                ),
            ));
        }
    }
    if let Some(Wish::Paused | Wish::Finished) = wish {
        return Err(Error::invalid(
            "state",
            "a capsule is \"running\" or \"stopped\"; its containers can be paused one by one",
        ));
    }
    if wait_for == WaitFor::Exited {
        return Err(Error::invalid(
            "wait_for",
            "the containers of a capsule run side by side: use \"running\", \"healthy\" or \"none\", and init_containers for \
             what has to end",
        ));
    }
    let checked = spec
        .containers
        .iter()
        .any(|one| one.spec.healthcheck.is_some());
    if wait_for == WaitFor::Healthy && !checked {
        return Err(Error::invalid(
            "wait_for",
            "\"healthy\" needs a healthcheck of one of its containers",
        ));
    }
    for (path, one) in paths(spec) {
        check_spec(inner, &one.spec, None, WaitFor::None).map_err(|error| match error {
            Error::Invalid { field, message } => {
                Error::invalid(format!("{path}.spec.{field}"), message)
            }
            other => other,
        })?;
    }
    Ok(())
}

/// Whether the same question about an image is asked twice.
fn same_image(one: &ContainerSpec, other: &ContainerSpec) -> bool {
    let asked = |spec: &ContainerSpec| {
        let from = (spec.image_driver, spec.registry.clone());
        (spec.image.clone(), from, spec.image_pull_policy)
    };
    asked(one) == asked(other)
}

fn paths(
    spec: &CapsuleSpec,
) -> impl Iterator<Item = (String, &zun_domain::capsule::CapsuleContainer)> {
    let inits = spec.inits().iter().enumerate();
    let members = spec.containers.iter().enumerate();
    inits
        .map(|(index, one)| (format!("init_containers[{index}]"), one))
        .chain(members.map(|(index, one)| (format!("containers[{index}]"), one)))
}

/// A volume of a capsule is told by its list, not by that of a container.
pub(super) fn of_volumes(error: Error) -> Error {
    match error {
        Error::Invalid { field, message } if field == "mounts" => {
            Error::invalid("volumes", message)
        }
        other => other,
    }
}

impl Engine {
    /// Asks for the images of the containers that `made` chooses, for the sandbox's where it is `anew`, and for busy
    /// ports.
    pub(super) async fn resolve_capsule(
        &self,
        spec: &CapsuleSpec,
        project: zun_domain::id::ProjectId,
        before: Option<(&Capsule, bool)>,
        made: impl Fn(Role, &ContainerName) -> bool,
    ) -> Result<ResolvedCapsule> {
        let anew = before.is_none_or(|(_, anew)| anew);
        let sandbox = match before.and_then(|(capsule, _)| capsule.sandbox()) {
            Some(sandbox) if !anew => ResolvedImage {
                reference: sandbox.desired.spec.image.clone(),
                digest: sandbox.desired.image_digest.clone(),
                present: true,
                registry: None,
            },
            Some(_) | None => self.sandbox_image().await?,
        };
        let mut images: BTreeMap<ContainerName, PartImage> = BTreeMap::new();
        let mut known: Vec<(&ContainerSpec, PartImage)> = Vec::new();
        for (role, one) in spec.parts() {
            if !made(role, &one.name) {
                continue;
            }
            let found = known.iter().find(|(spec, _)| same_image(spec, &one.spec));
            let resolved = if let Some((_, resolved)) = found {
                resolved.clone()
            } else {
                let alone = ContainerSpec {
                    ports: None,
                    ..one.spec.clone()
                };
                let found = self.resolve(project, &alone).await?;
                let (image, load) = (found.image, found.load);
                let resolved = PartImage { image, load };
                known.push((&one.spec, resolved.clone()));
                resolved
            };
            images.insert(one.name.clone(), resolved);
        }
        let busy = if anew && !spec.ports().is_empty() {
            self.drivers(self.local)?.runtime.busy_ports().await?
        } else {
            BTreeSet::new()
        };
        let whole = spec.sandbox(sandbox.reference.clone());
        Ok(ResolvedCapsule {
            whole: Resolved {
                image: sandbox,
                load: None,
                busy,
                subnets: self.subnets_around(project, &whole).await?,
                volumes: self.volume_facts_for(&keeper(spec, &whole)).await?,
            },
            images,
        })
    }
}
