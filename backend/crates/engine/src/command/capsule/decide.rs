//! Everything decided about a change of a capsule, before it is written.

use std::collections::BTreeMap;

use zun_domain::capsule::{Capsule, CapsuleContainer, CapsuleDesired, CapsuleSpec, Role};
use zun_domain::container::{Container, ContainerSpec, Desired, WaitFor, mount};
use zun_domain::id::{ContainerId, VolumeId};
use zun_domain::image::ResolvedImage;
use zun_domain::name::ContainerName;
use zun_domain::placement::Unplaceable;
use zun_domain::quota::Usage;
use zun_domain::unit::Amounts;
use zun_planner::Plan;
use zun_planner::capsule::{CapsuleChange, Kept, Part, Removed, plan_capsule_update};
use zun_planner::update::Change;
use zun_scheduler::{ClusterView, HostView, fits};
use zun_store::Tx;

use super::super::create_container::{make_of, seed_of};
use super::super::mounts::{Holder, Stored};
use super::super::network::wiring::{Wearer, Wiring, former_attachments};
use super::super::resolve::publish;
use super::part::{
    Entry, entries, existing, first_wish, membership, mounts_of, new_record, wish_of_part,
};
use super::resolve::{PartImage, ResolvedCapsule, keeper, of_volumes, volumes_by_name};
use super::update::WantedCapsule;
use crate::context::Inner;
use crate::error::{Error, Result};
use crate::execute::{CapsuleTarget, PartTarget};

/// Everything about a change, before it is written.
pub(super) struct ChangeDecided {
    pub(super) plan: Plan,
    pub(super) target: CapsuleTarget,
    pub(super) wiring: Wiring,
    pub(super) stored: Stored,
    /// Records that were not there before.
    pub(super) added: Vec<Container>,
}

/// What is decided about all containers but the sandbox.
struct Parts<'a> {
    capsule: &'a Capsule,
    wanted: &'a WantedCapsule,
    resolved: &'a ResolvedCapsule,
    sandbox: (ContainerId, &'a Desired),
    volumes: &'a BTreeMap<String, VolumeId>,
    wait_for: WaitFor,
    /// All of them are made anew.
    anew: bool,
}

impl Inner {
    /// Admits, publishes, wires, stores: everything decided about the new wish.
    pub(super) async fn decide_capsule_change(
        &self,
        tx: &mut Tx,
        capsule: &Capsule,
        wanted: &WantedCapsule,
        resolved: &ResolvedCapsule,
        wait_for: WaitFor,
    ) -> Result<ChangeDecided> {
        let Some(sandbox) = capsule.sandbox() else {
            return Err(no_sandbox(capsule));
        };
        let view = self
            .admit_capsule_change(tx, capsule, wanted, resolved)
            .await?;
        let anew = wanted.makes_all(sandbox);
        let mut target = self.sandbox_target(sandbox, wanted, (resolved, anew), &view)?;
        let stored = self
            .store_capsule(tx, (capsule, sandbox), wanted, resolved)
            .await
            .map_err(of_volumes)?;
        let (kept, wiring) = self
            .decide_sandbox(tx, (sandbox, &mut target), &stored, (resolved, wait_for))
            .await?;
        let volumes = volumes_by_name(&wanted.spec, &stored.mounts);
        let parts = Parts {
            capsule,
            wanted,
            resolved,
            sandbox: (sandbox.id, &target),
            volumes: &volumes,
            wait_for,
            anew,
        };
        let (change, mut targets, added) = self.decide_parts(&parts, kept)?;
        let membership = membership(capsule.id, Role::Sandbox, 0);
        let desired = target;
        let part = PartTarget {
            membership,
            desired,
        };
        targets.insert(sandbox.id, part);
        let whole = CapsuleDesired {
            name: wanted.name.clone(),
            spec: wanted.spec.clone(),
            wish: wanted.wish,
            volumes,
        };
        Ok(ChangeDecided {
            plan: plan_capsule_update(&change),
            target: CapsuleTarget {
                whole: Some(whole),
                parts: targets,
            },
            wiring,
            stored,
            added,
        })
    }

    /// How the sandbox is connected and made, which completes its new wish.
    async fn decide_sandbox(
        &self,
        tx: &mut Tx,
        (sandbox, target): (&Container, &mut Desired),
        stored: &Stored,
        (resolved, wait_for): (&ResolvedCapsule, WaitFor),
    ) -> Result<(Kept, Wiring)> {
        target.mounts.clone_from(&stored.mounts);
        let wearer = Wearer {
            id: sandbox.id,
            project: sandbox.project,
            before: Some(sandbox),
        };
        let wiring = self
            .decide_wiring(tx, &wearer, &target.spec, &resolved.whole.subnets)
            .await?;
        target.ports = wiring.ids();
        target.security_groups.clone_from(&wiring.groups);
        let mut make = make_of(sandbox, target, &wiring, &resolved.whole, wait_for)?;
        make.storage = stored.storage.clone();
        make.request.shareable = true;
        let kept = Kept {
            current: sandbox.clone(),
            change: Change {
                target: target.clone(),
                wait_for,
                make,
                disk_enforced: false,
                former: former_attachments(tx, sandbox).await?,
                regrouped: wiring.regrouped,
            },
        };
        Ok((kept, wiring))
    }

    /// Refuses what quota or host do not hold; the view it was decided on, without the capsule's own ports.
    async fn admit_capsule_change(
        &self,
        tx: &mut Tx,
        capsule: &Capsule,
        wanted: &WantedCapsule,
        resolved: &ResolvedCapsule,
    ) -> Result<ClusterView> {
        let held = capsule.desired.spec.amounts();
        let more = Usage {
            containers: 0,
            amounts: wanted.spec.amounts().minus(held),
        };
        self.admit_more(tx, capsule.project, &more).await?;
        let published = capsule.sandbox().into_iter();
        let own = published
            .flat_map(|sandbox| &sandbox.desired.published)
            .map(|port| (port.protocol, port.external))
            .collect();
        let view = self.cluster_view(tx, &resolved.whole.busy, &own).await?;
        let place = &capsule.place;
        let host = view
            .host(place.id)
            .ok_or_else(|| Error::not_found("host", &place.name))?;
        if let Some(sandbox) = capsule.sandbox()
            && more.amounts != Amounts::default()
        {
            // A disabled host takes no new containers; those it has may change.
            let host = HostView {
                disabled: None,
                ..host.clone()
            };
            let request = self.request_of_capsule(&wanted.spec, sandbox.id);
            fits(&request, &host, held).map_err(|rejection| {
                Error::Unplaceable(Unplaceable {
                    rejections: vec![rejection],
                    advice: None,
                })
            })?;
        }
        Ok(view)
    }

    /// The sandbox's new wish; what a live change leaves alone stays as it is.
    fn sandbox_target(
        &self,
        sandbox: &Container,
        wanted: &WantedCapsule,
        (resolved, anew): (&ResolvedCapsule, bool),
        view: &ClusterView,
    ) -> Result<Desired> {
        let before = &sandbox.desired;
        let hostname = match (&wanted.spec.hostname, &before.spec.hostname) {
            (Some(given), _) => given.clone(),
            (None, Some(_)) => Container::default_hostname(sandbox.id),
            (None, None) => before.hostname.clone(),
        };
        let image = resolved.whole.image.reference.clone();
        let mut target = Desired {
            name: wanted.name.clone(),
            wish: wanted.wish,
            hostname,
            spec: wanted.spec.sandbox(image),
            ..before.clone()
        };
        if anew {
            let host = view.host(sandbox.place.id);
            let none = std::collections::BTreeSet::new();
            let taken = host.map_or(&none, |host| &host.ports_taken);
            let (ports, kept) = (target.spec.ports.as_ref(), &before.published);
            target.published = publish(self, ports, kept, taken, seed_of(sandbox.id))?;
            target.revision += 1;
            target.image_digest.clone_from(&resolved.whole.image.digest);
        }
        Ok(target)
    }

    async fn store_capsule(
        &self,
        tx: &mut Tx,
        (capsule, sandbox): (&Capsule, &Container),
        wanted: &WantedCapsule,
        resolved: &ResolvedCapsule,
    ) -> Result<Stored> {
        let whole = wanted.spec.sandbox(sandbox.desired.spec.image.clone());
        let keeper = keeper(&wanted.spec, &whole);
        let named = self.volumes_named_by(tx, capsule.project, &keeper).await?;
        let holder = Holder {
            id: sandbox.id,
            subject: capsule.id.into(),
            project: capsule.project,
            user: capsule.user,
            name: wanted.name.as_str(),
            before: Some(&sandbox.desired),
        };
        let stored = self
            .decide_mounts(tx, &holder, &keeper, &capsule.place, &named)
            .await?;
        self.check_mount_growth(tx, &capsule.place, &resolved.whole, &stored)
            .await?;
        Ok(stored)
    }

    fn decide_parts(
        &self,
        parts: &Parts<'_>,
        sandbox: Kept,
    ) -> Result<(
        CapsuleChange,
        BTreeMap<ContainerId, PartTarget>,
        Vec<Container>,
    )> {
        let mut change = CapsuleChange {
            sandbox,
            inits: Vec::new(),
            members: Vec::new(),
            removed: Vec::new(),
        };
        let mut targets = BTreeMap::new();
        let mut added = Vec::new();
        for entry in entries(&parts.wanted.spec) {
            let current = existing(parts.capsule, entry.role, &entry.one.name);
            let (part, id, desired) = if let Some(current) = current {
                self.kept_part(parts, &entry, current)?
            } else {
                let (record, part) = self.added_part(parts, &entry)?;
                let (id, desired) = (record.id, record.desired.clone());
                added.push(record);
                (part, id, desired)
            };
            let membership = membership(parts.capsule.id, entry.role, entry.position);
            targets.insert(
                id,
                PartTarget {
                    membership,
                    desired,
                },
            );
            if entry.role == Role::Init {
                change.inits.push(part);
            } else {
                change.members.push(part);
            }
        }
        for current in &parts.capsule.containers {
            if current.id != parts.sandbox.0 && !targets.contains_key(&current.id) {
                let files = !mount::files(&current.desired.spec).is_empty();
                change.removed.push(Removed {
                    current: current.clone(),
                    files,
                });
            }
        }
        Ok((change, targets, added))
    }

    fn kept_part(
        &self,
        parts: &Parts<'_>,
        entry: &Entry<'_>,
        current: &Container,
    ) -> Result<(Part, ContainerId, Desired)> {
        let wanted = parts.wanted;
        let spec = wanted.spec.member(entry.one, entry.role, parts.volumes);
        let remade = parts.anew || self.remakes(parts.capsule, wanted, (current, &spec));
        let before = &current.desired;
        let mut target = Desired {
            wish: if wanted.said {
                wish_of_part(entry.role, wanted.wish)
            } else {
                before.wish
            },
            mounts: mounts_of(&spec)?,
            hostname: parts.sandbox.1.hostname.clone(),
            spec,
            ..before.clone()
        };
        let same = ResolvedImage {
            reference: target.spec.image.clone(),
            digest: target.image_digest.clone(),
            present: true,
            registry: target.registry,
        };
        let same = PartImage {
            image: same,
            load: None,
        };
        let image = match parts.resolved.images.get(&entry.one.name) {
            Some(image) if remade => image.clone(),
            // It was removed from the engine since the images were looked up.
            None if remade && target.spec.image != before.spec.image => {
                return Err(stale_image(&entry.one.name));
            }
            Some(_) | None => same,
        };
        if remade {
            target.revision += 1;
            target.image_digest.clone_from(&image.image.digest);
            target.registry = image.image.registry;
        }
        let make = self.make_part(parts.sandbox.0, current, &target, image, parts.wait_for)?;
        let kept = Kept {
            current: current.clone(),
            change: Change {
                target: target.clone(),
                wait_for: parts.wait_for,
                make,
                disk_enforced: self.enforces_disk(parts.capsule.place.id),
                former: Vec::new(),
                regrouped: false,
            },
        };
        Ok((Part::Kept(Box::new(kept)), current.id, target))
    }

    fn added_part(&self, parts: &Parts<'_>, entry: &Entry<'_>) -> Result<(Container, Part)> {
        let wanted = parts.wanted;
        let spec = wanted.spec.member(entry.one, entry.role, parts.volumes);
        let image = parts.resolved.image_of(&entry.one.name)?;
        let hostname = parts.sandbox.1.hostname.clone();
        let wish = wish_of_part(entry.role, wanted.wish);
        let desired = first_wish(entry.one.name.clone(), spec, wish, hostname, &image.image)?;
        let id = ContainerId(self.ids.uuid());
        let record = new_record(parts.capsule, id, (entry.role, entry.position), desired);
        let (first, wait_for) = (parts.sandbox.0, parts.wait_for);
        let make = self.make_part(first, &record, &record.desired, image, wait_for)?;
        Ok((record, Part::Added(Box::new(make))))
    }
}

fn no_sandbox(capsule: &Capsule) -> Error {
    Error::Internal(format!("capsule {} has no sandbox", capsule.id))
}

fn stale_image(name: &ContainerName) -> Error {
    Error::Conflict(format!(
        "container {name} was changed in the engine meanwhile: try again"
    ))
}

/// Every container as it is to be, with the volumes that are known before anything is decided. A volume that may be
/// another one is named as users name it, which differs from any id.
pub(super) fn placed_parts(
    spec: &CapsuleSpec,
    before: &CapsuleDesired,
) -> Vec<(Role, ContainerName, ContainerSpec)> {
    let same = |name: &&String| {
        let of = |spec: &CapsuleSpec| {
            let found = spec.volumes().iter().find(|volume| volume.name == **name);
            found.map(|volume| (volume.volume.clone(), volume.size.is_some()))
        };
        of(spec) == of(&before.spec)
    };
    let known = before.volumes.iter().filter(|(name, _)| same(name));
    let known: BTreeMap<String, VolumeId> = known.map(|(name, id)| (name.clone(), *id)).collect();
    let part = |(role, one): (Role, &CapsuleContainer)| {
        (role, one.name.clone(), spec.member(one, role, &known))
    };
    spec.parts().map(part).collect()
}
