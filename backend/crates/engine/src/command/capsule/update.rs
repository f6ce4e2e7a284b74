//! Update: what changes for each container, in the mildest steps, and the old wish kept until all have it.

use zun_domain::capsule::effect::capsule_changes;
use zun_domain::capsule::{Capsule, CapsuleSpec, Role};
use zun_domain::container::change::Effect;
use zun_domain::container::{Container, TaskState, Verb, Wish};
use zun_domain::id::RegistryId;
use zun_domain::name::ContainerName;
use zun_domain::operation::{Event, OperationKind};
use zun_planner::capsule::{part_recreates, whole_recreates};
use zun_store::Tx;

use super::super::update_container::{check_generation, hold_ports};
use super::decide::{ChangeDecided, placed_parts};
use super::part::{existing, refer_to_registry};
use super::resolve::{ResolvedCapsule, check_capsule};
use super::{AcceptedCapsule, UpdateCapsule};
use crate::call::Call;
use crate::context::{Engine, Inner};
use crate::error::{Error, Result};
use crate::execute::{CapsuleTarget, Target};

/// A new wish, complete and checked.
#[derive(Debug, Clone)]
pub(super) struct WantedCapsule {
    pub(super) name: ContainerName,
    pub(super) spec: CapsuleSpec,
    /// What is wished of the whole.
    pub(super) wish: Wish,
    /// It was said again, so it holds for each container; else each keeps its own.
    pub(super) said: bool,
    /// Containers whose write-only environment was given again: nobody can see whether it differs, so it is used.
    pub(super) again: Vec<(Role, ContainerName)>,
}

impl WantedCapsule {
    /// Whether the whole has to be made anew.
    pub(super) fn makes_all(&self, sandbox: &Container) -> bool {
        let spec = self.spec.sandbox(sandbox.desired.spec.image.clone());
        whole_recreates(sandbox, &spec)
    }
}

impl Engine {
    /// Accepts a new wish. Without an operation in the answer nothing had to be done in the engine.
    ///
    /// [`Error::Stale`] where it was changed since `generation`, [`Error::Busy`] while an operation is at work.
    pub async fn capsule_update(
        &self,
        call: &Call,
        ident: &str,
        ask: UpdateCapsule,
    ) -> Result<AcceptedCapsule> {
        let seen = self.capsule_get(call, ident).await?;
        let wanted = self.wanted_capsule(&seen, &ask)?;
        let kind = OperationKind::Update;
        self.capsule_change(call, (&seen, ask.generation), wanted, (ask.wait_for, kind))
            .await
    }

    /// Whatever leads from what is seen to a wish: edits, starts, stops, repairs.
    pub(super) async fn capsule_change(
        &self,
        call: &Call,
        (seen, expected): (&Capsule, Option<i64>),
        wanted: WantedCapsule,
        (wait_for, kind): (zun_domain::container::WaitFor, OperationKind),
    ) -> Result<AcceptedCapsule> {
        let resolved = self.resolve_capsule_change(seen, &wanted).await?;
        let mut tx = self.store.begin().await?;
        tx.admission_lock().await?;
        let mut capsule = tx.capsule_get(seen.id).await?;
        let now = (capsule.id.into(), capsule.generation);
        check_generation(now, expected, seen.generation)?;
        self.check_idle(&tx, capsule.id).await?;
        if wanted.name != capsule.desired.name {
            check_capsule_name(&tx, &capsule, &wanted.name).await?;
        }
        capsule.updated_at = Some(self.clock.now());
        // On the heap, as it is large.
        let deciding = self.decide_capsule_change(&mut tx, &capsule, &wanted, &resolved, wait_for);
        let decided = Box::pin(deciding).await?;
        capsule.generation += 1;
        let operation = self
            .write_change(&mut tx, call, &mut capsule, (decided, kind))
            .await?;
        let capsule = tx.capsule_get(capsule.id).await?;
        tx.commit().await?;
        if let Some(operation) = &operation {
            self.nudge(operation);
        }
        Ok(AcceptedCapsule { capsule, operation })
    }

    async fn write_change(
        &self,
        tx: &mut Tx,
        call: &Call,
        capsule: &mut Capsule,
        (decided, kind): (ChangeDecided, OperationKind),
    ) -> Result<Option<zun_domain::operation::Operation>> {
        let expected = capsule.generation - 1;
        for container in &decided.added {
            tx.container_insert(container).await?;
            refer_to_registry(tx, container).await?;
        }
        decided.wiring.write(tx).await?;
        decided.stored.write(tx).await?;
        if decided.plan.is_empty() {
            self.record_change(tx, call, capsule, decided.target)
                .await?;
            return Ok(None);
        }
        self.hold_both_wishes(tx, capsule, &decided.target).await?;
        capsule.task = Some(TaskState::ContainerRebuilding);
        tx.capsule_update(capsule, expected).await?;
        let target = Target::Capsule(Box::new(decided.target));
        let work = (&decided.plan, Some(&target));
        let operation = self.accept_capsule(tx, call, capsule, kind, work).await?;
        Ok(Some(operation))
    }
}

impl Inner {
    /// The whole wish behind an edit, refused where it cannot be reached in place.
    pub(super) fn wanted_capsule(
        &self,
        seen: &Capsule,
        ask: &UpdateCapsule,
    ) -> Result<WantedCapsule> {
        check_live(seen, Verb::Update)?;
        let mut again = Vec::new();
        for (role, one) in ask.spec.parts() {
            if one.spec.environment_wo.is_some() {
                again.push((role, one.name.clone()));
            }
        }
        let spec = ask.spec.clone().with_defaults(&self.settings.defaults);
        let spec = completed(spec, seen);
        check_capsule(self, &spec, ask.wish, ask.wait_for)?;
        for change in capsule_changes(&seen.desired.spec, &spec) {
            if change.effect == Effect::Replace {
                return Err(Error::invalid(
                    change.field,
                    "cannot be changed in place: it decides the host; delete the capsule and create it anew",
                ));
            }
        }
        let name = ask.name.clone();
        Ok(WantedCapsule {
            name: name.unwrap_or_else(|| seen.desired.name.clone()),
            spec,
            wish: ask.wish.unwrap_or(seen.desired.wish),
            said: ask.wish.is_some(),
            again,
        })
    }

    /// Whether one of its containers needs a new one in the engine.
    pub(super) fn remakes(
        &self,
        seen: &Capsule,
        wanted: &WantedCapsule,
        (current, spec): (&Container, &zun_domain::container::ContainerSpec),
    ) -> bool {
        let role = current.membership.map(|membership| membership.role);
        let again = (wanted.again.iter())
            .any(|(of, name)| Some(*of) == role && *name == current.desired.name);
        let enforced = self.enforces_disk(seen.place.id);
        again || part_recreates(current, spec, enforced)
    }

    /// Claim and host ports of both wishes, while one becomes the other.
    async fn hold_both_wishes(
        &self,
        tx: &mut Tx,
        capsule: &Capsule,
        target: &CapsuleTarget,
    ) -> Result<()> {
        let (Some(sandbox), Some(whole)) = (capsule.sandbox(), &target.whole) else {
            return Ok(());
        };
        let both = capsule.desired.spec.amounts().max(whole.spec.amounts());
        tx.claim_set(sandbox.id, capsule.project, capsule.place.id, both)
            .await?;
        if let Some(part) = target.parts.get(&sandbox.id) {
            hold_ports(tx, sandbox, &part.desired.published).await?;
        }
        for container in &capsule.containers {
            let wanted = target.parts.get(&container.id);
            let both = container.desired.registry.into_iter();
            let both = both.chain(wanted.and_then(|part| part.desired.registry));
            let both: Vec<RegistryId> = both.collect();
            if !both.is_empty() {
                tx.container_registries_set(container.id, &both).await?;
            }
        }
        Ok(())
    }

    /// A change that needs nothing in the engine is in force at once.
    async fn record_change(
        &self,
        tx: &mut Tx,
        call: &Call,
        capsule: &mut Capsule,
        target: CapsuleTarget,
    ) -> Result<()> {
        let expected = capsule.generation - 1;
        if let Some(whole) = target.whole {
            capsule.desired = whole;
        }
        tx.capsule_update(capsule, expected).await?;
        for container in &capsule.containers {
            let Some(part) = target.parts.get(&container.id) else {
                continue;
            };
            let container = Container {
                desired: part.desired.clone(),
                ..container.clone()
            };
            tx.container_update(&container, container.generation)
                .await?;
            tx.container_place_in(container.id, part.membership).await?;
        }
        if let Some(sandbox) = capsule.sandbox() {
            let amounts = capsule.desired.spec.amounts();
            tx.claim_set(sandbox.id, capsule.project, capsule.place.id, amounts)
                .await?;
            let request = &call.request_id;
            tx.event_insert(&Event {
                at: self.clock.now(),
                container: sandbox.id,
                operation: None,
                kind: "updated".to_owned(),
                message: format!("changed without touching the engine, request {request}"),
            })
            .await?;
        }
        Ok(())
    }
}

impl Engine {
    /// Looks images up only where a new container will be made of them.
    pub(super) async fn resolve_capsule_change(
        &self,
        seen: &Capsule,
        wanted: &WantedCapsule,
    ) -> Result<ResolvedCapsule> {
        let Some(sandbox) = seen.sandbox() else {
            return Err(Error::Internal(format!(
                "capsule {} has no sandbox",
                seen.id
            )));
        };
        let anew = wanted.makes_all(sandbox);
        let parts = placed_parts(&wanted.spec, &seen.desired);
        let made = |role: Role, name: &ContainerName| {
            let Some(current) = existing(seen, role, name) else {
                return true;
            };
            let part = parts.iter().find(|part| part.0 == role && part.1 == *name);
            anew || part.is_some_and(|(_, _, spec)| self.remakes(seen, wanted, (current, spec)))
        };
        self.resolve_capsule(&wanted.spec, seen.project, Some((seen, anew)), made)
            .await
    }
}

/// The wish that is in force, with another word for all of it: what starts, stops and mends.
pub(super) fn same_capsule(seen: &Capsule, wish: Option<Wish>) -> Result<WantedCapsule> {
    check_live(seen, Verb::Update)?;
    Ok(WantedCapsule {
        name: seen.desired.name.clone(),
        spec: seen.desired.spec.clone(),
        wish: wish.unwrap_or(seen.desired.wish),
        said: wish.is_some(),
        again: Vec::new(),
    })
}

/// What is kept of the former wish where the new one says nothing: a zone that is the one it is in, and what is only
/// ever written.
fn completed(mut spec: CapsuleSpec, seen: &Capsule) -> CapsuleSpec {
    let zone = spec.availability_zone.as_deref();
    if zone.is_none_or(|zone| zone == seen.place.zone) {
        spec.availability_zone
            .clone_from(&seen.desired.spec.availability_zone);
    }
    let inits = spec.init_containers.iter_mut().flatten();
    let inits = inits.map(|one| (Role::Init, one));
    let members = spec.containers.iter_mut();
    for (role, one) in inits.chain(members.map(|one| (Role::Member, one))) {
        let before = existing(seen, role, &one.name);
        let kept = before.and_then(|before| before.desired.spec.environment_wo.clone());
        one.spec.environment_wo = one.spec.environment_wo.take().or(kept);
    }
    spec
}

/// Refuses where there is nothing in the engine that could be changed.
pub(super) fn check_live(capsule: &Capsule, verb: Verb) -> Result<()> {
    if capsule.life == zun_domain::container::Life::Live {
        return Ok(());
    }
    Err(Error::InvalidState {
        verb,
        subject: capsule.id.into(),
        status: capsule.status(),
    })
}

async fn check_capsule_name(tx: &Tx, capsule: &Capsule, name: &ContainerName) -> Result<()> {
    let others = tx
        .capsules_named(Some(capsule.project), name.as_str())
        .await?;
    match others.into_iter().find(|other| other.id != capsule.id) {
        Some(other) => Err(Error::NameTaken {
            name: name.to_string(),
            existing: other.id.into(),
        }),
        None => Ok(()),
    }
}
