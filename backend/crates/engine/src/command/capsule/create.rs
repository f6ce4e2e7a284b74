//! Create: every image resolved, one place, one claim, one operation.

use std::collections::{BTreeMap, BTreeSet};

use zun_domain::capsule::{Capsule, CapsuleDesired, CapsuleSpec, Role};
use zun_domain::container::{Container, ContainerSpec, Desired, Life, Published, TaskState, Wish};
use zun_domain::id::{CapsuleId, ContainerId};
use zun_domain::operation::{Operation, OperationKind};
use zun_domain::quota::Usage;
use zun_domain::volume::Volume;
use zun_planner::Plan;
use zun_planner::capsule::{MakeCapsule, plan_capsule_create};
use zun_planner::create::Make;
use zun_scheduler::{DiskRule, Request, place};
use zun_store::Tx;

use super::super::create_container::{made_up_name, make_of, seed_of};
use super::super::image::check_stored;
use super::super::mounts::{Holder, Stored, places_of};
use super::super::network::wiring::{Wearer, Wiring};
use super::super::resolve::publish;
use super::part::{entries, first_wish, new_record, refer_to_registry, wish_of_part};
use super::resolve::{
    PartImage, ResolvedCapsule, check_capsule, keeper, of_volumes, volumes_by_name,
};
use super::{AcceptedCapsule, CreateCapsule};
use crate::call::Call;
use crate::context::{Engine, Inner};
use crate::error::{Error, Result};
use crate::execute::Target;
use crate::settings::DiskMode;

/// Everything about a create, before it is written.
struct Decided {
    capsule: Capsule,
    wiring: Wiring,
    stored: Stored,
    plan: Plan,
}

impl Engine {
    /// Accepts a capsule: from here on it survives whatever happens to this process.
    ///
    /// Refuses as a create of a container does: [`Error::NameTaken`], [`Error::Invalid`] with the path of the field,
    /// [`Error::OverQuota`], [`Error::Unplaceable`], [`Error::Image`].
    pub async fn capsule_create(
        &self,
        call: &Call,
        mut ask: CreateCapsule,
    ) -> Result<AcceptedCapsule> {
        check_capsule(self, &ask.spec, ask.wish, ask.wait_for)?;
        ask.spec = ask.spec.with_defaults(&self.settings.defaults);
        let project = call.caller.project;
        let resolved = self
            .resolve_capsule(&ask.spec, project, None, |_, _| true)
            .await?;
        let sandbox = ContainerId(self.ids.uuid());

        let mut tx = self.store.begin().await?;
        tx.admission_lock().await?;
        if let Some(accepted) = self
            .capsule_taken_over(&mut tx, call, &ask, sandbox)
            .await?
        {
            tx.rollback().await?;
            return Ok(accepted);
        }
        for part in resolved.images.values() {
            check_stored(&tx, part.load.as_ref()).await?;
        }
        // On the heap, as it is large.
        let deciding = self.decide_capsule(&mut tx, call, &ask, &resolved, sandbox);
        let decided = Box::pin(deciding).await?;
        let capsule = decided.capsule;
        tx.capsule_insert(&capsule).await?;
        for container in &capsule.containers {
            tx.container_insert(container).await?;
            refer_to_registry(&mut tx, container).await?;
        }
        decided.wiring.write(&mut tx).await?;
        decided.stored.write(&mut tx).await?;
        self.claim_whole(&mut tx, &capsule).await?;
        let operation = self
            .accept_capsule(
                &mut tx,
                call,
                &capsule,
                OperationKind::Create,
                (&decided.plan, None),
            )
            .await?;
        tx.commit().await?;
        self.nudge(&operation);
        Ok(AcceptedCapsule {
            capsule,
            operation: Some(operation),
        })
    }

    /// A create that was sent again: same name, same specification, never confirmed.
    async fn capsule_taken_over(
        &self,
        tx: &mut Tx,
        call: &Call,
        ask: &CreateCapsule,
        new: ContainerId,
    ) -> Result<Option<AcceptedCapsule>> {
        let (true, Some(name)) = (ask.unique, &ask.name) else {
            return Ok(None);
        };
        let named = tx
            .capsules_named(Some(call.caller.project), name.as_str())
            .await?;
        let Some(existing) = named.into_iter().next() else {
            return Ok(None);
        };
        let failed = matches!(existing.life, Life::Failed { .. });
        if !existing.confirmed && failed {
            // Nobody learnt of it and nothing of it is left in the engine: the name is free again, and the
            // volumes that were made for it are the new one's.
            if let Some(former) = existing.sandbox().map(|sandbox| sandbox.id) {
                for mut volume in tx.volumes_of(former).await? {
                    if volume.owner == Some(former) {
                        volume.owner = Some(new);
                        tx.volume_update(&volume).await?;
                    }
                }
            }
            tx.capsule_delete(existing.id).await?;
            return Ok(None);
        }
        let wish = ask.wish.unwrap_or(Wish::Running);
        let same = existing.desired.spec == ask.spec && existing.desired.wish == wish;
        if existing.confirmed || !same || failed || existing.life == Life::Deleting {
            return Err(Error::NameTaken {
                name: name.to_string(),
                existing: existing.id.into(),
            });
        }
        let operation = tx.operation_running_of(existing.id).await?;
        Ok(Some(AcceptedCapsule {
            capsule: existing,
            operation,
        }))
    }

    async fn decide_capsule(
        &self,
        tx: &mut Tx,
        call: &Call,
        ask: &CreateCapsule,
        resolved: &ResolvedCapsule,
        sandbox: ContainerId,
    ) -> Result<Decided> {
        let project = call.caller.project;
        let mut capsule = self.new_capsule(call, ask, sandbox)?;
        let whole = ask.spec.sandbox(resolved.whole.image.reference.clone());
        let keeper = keeper(&ask.spec, &whole);
        let named = self.volumes_named_by(tx, project, &keeper).await;
        let named = named.map_err(of_volumes)?;
        let published = self
            .place_capsule(tx, (&mut capsule, sandbox), (&whole, &named), resolved)
            .await?;
        let name = capsule.desired.name.clone();
        let holder = Holder::new((sandbox, capsule.id.into()), call, name.as_str());
        let storing = self.decide_mounts(tx, &holder, &keeper, &capsule.place, &named);
        let stored = storing.await.map_err(of_volumes)?;
        self.check_mount_growth(tx, &capsule.place, &resolved.whole, &stored)
            .await
            .map_err(of_volumes)?;
        capsule.desired.volumes = volumes_by_name(&ask.spec, &stored.mounts);
        let wearer = Wearer::new(sandbox, project);
        let wiring = self
            .decide_wiring(tx, &wearer, &whole, &resolved.whole.subnets)
            .await?;
        let given = ask.spec.hostname.clone();
        let desired = Desired {
            hostname: given.unwrap_or_else(|| Container::default_hostname(sandbox)),
            name,
            spec: whole,
            wish: capsule.desired.wish,
            revision: 1,
            image_digest: resolved.whole.image.digest.clone(),
            published,
            mounts: stored.mounts.clone(),
            ports: wiring.ids(),
            security_groups: wiring.groups.clone(),
            registry: None,
        };
        let mut record = new_record(&capsule, sandbox, (Role::Sandbox, 0), desired);
        record.addresses = wiring.addresses();
        let desired = &record.desired;
        let mut make = make_of(&record, desired, &wiring, &resolved.whole, ask.wait_for)?;
        make.storage = stored.storage.clone();
        make.request.shareable = true;
        capsule.containers.push(record);
        let plan = self.make_parts(&mut capsule, resolved, make, ask)?;
        Ok(Decided {
            capsule,
            wiring,
            stored,
            plan,
        })
    }

    /// Its record, not placed yet and without containers.
    fn new_capsule(
        &self,
        call: &Call,
        ask: &CreateCapsule,
        sandbox: ContainerId,
    ) -> Result<Capsule> {
        let made_up = || made_up_name(sandbox, "capsule");
        Ok(Capsule {
            id: CapsuleId(self.ids.uuid()),
            project: call.caller.project,
            user: call.caller.user,
            place: self.local_place(self.local)?,
            generation: 1,
            desired: CapsuleDesired {
                name: ask.name.clone().unwrap_or_else(made_up),
                spec: ask.spec.clone(),
                wish: ask.wish.unwrap_or(Wish::Running),
                volumes: BTreeMap::new(),
            },
            life: Life::Creating,
            status_reason: None,
            task: Some(TaskState::ContainerCreating),
            confirmed: !ask.unique,
            created_at: self.clock.now(),
            updated_at: None,
            containers: Vec::new(),
        })
    }

    /// Admits it, chooses its host and its ports there.
    async fn place_capsule(
        &self,
        tx: &mut Tx,
        (capsule, sandbox): (&mut Capsule, ContainerId),
        (whole, named): (&ContainerSpec, &[(String, Volume)]),
        resolved: &ResolvedCapsule,
    ) -> Result<Vec<Published>> {
        let spec = &capsule.desired.spec;
        let more = Usage {
            containers: 1,
            amounts: spec.amounts(),
        };
        self.admit_more(tx, capsule.project, &more).await?;
        let busy = &resolved.whole.busy;
        let view = self.cluster_view(tx, busy, &BTreeSet::new()).await?;
        let mut request = self.request_of_capsule(spec, sandbox);
        request.volumes = places_of(named);
        capsule.place = place(&request, &view).map_err(Error::Unplaceable)?.place;
        let none = BTreeSet::new();
        let host = view.host(capsule.place.id);
        let taken = host.map_or(&none, |host| &host.ports_taken);
        publish(self, whole.ports.as_ref(), &[], taken, seed_of(sandbox))
    }

    /// The records of all but the sandbox, which is there, and the plan that makes all of them.
    fn make_parts(
        &self,
        capsule: &mut Capsule,
        resolved: &ResolvedCapsule,
        sandbox: Make,
        ask: &CreateCapsule,
    ) -> Result<Plan> {
        let (spec, wish) = (&ask.spec, capsule.desired.wish);
        let (first, hostname) = (sandbox.request.container, sandbox.request.hostname.clone());
        let mut makes = MakeCapsule {
            sandbox,
            inits: Vec::new(),
            members: Vec::new(),
        };
        for entry in entries(spec) {
            let one = spec.member(entry.one, entry.role, &capsule.desired.volumes);
            let image = resolved.image_of(&entry.one.name)?;
            let wish = wish_of_part(entry.role, wish);
            let name = entry.one.name.clone();
            let desired = first_wish(name, one, wish, hostname.clone(), &image.image)?;
            let id = ContainerId(self.ids.uuid());
            let record = new_record(capsule, id, (entry.role, entry.position), desired);
            let make = self.make_part(first, &record, &record.desired, image, ask.wait_for)?;
            if entry.role == Role::Init {
                makes.inits.push(make);
            } else {
                makes.members.push(make);
            }
            capsule.containers.push(record);
        }
        Ok(plan_capsule_create(&makes))
    }

    /// The caller has the answer of a create: it will not be taken over any more.
    pub async fn capsule_confirm(&self, call: &Call, ident: &str) -> Result<()> {
        let capsule = self.capsule_get(call, ident).await?;
        let mut tx = self.store.begin().await?;
        tx.capsule_confirm(capsule.id).await?;
        tx.commit().await?;
        Ok(())
    }
}

impl Inner {
    /// The scheduler's request behind a capsule: it is placed as one.
    pub(super) fn request_of_capsule(&self, spec: &CapsuleSpec, sandbox: ContainerId) -> Request {
        let image = spec.parts().next().map(|(_, one)| one.spec.image.clone());
        let whole = image.map_or_else(
            || unreachable!("a capsule without containers is refused before"),
            |image| spec.sandbox(image),
        );
        let amounts = spec.amounts();
        let disk = match (self.settings.disk, amounts.disk.0 > 0) {
            (_, false) => DiskRule::NoneAsked,
            (DiskMode::Account, true) => DiskRule::Account,
            (DiskMode::Refuse, true) => DiskRule::Enforced,
        };
        let cpus = spec.parts().map(|(_, one)| one.spec.amounts().cpu);
        Request {
            amounts,
            most_cpu: cpus.max().unwrap_or_default(),
            disk,
            runtime: spec.parts().find_map(|(_, one)| one.spec.runtime.clone()),
            ..self.request_of(&whole, sandbox)
        }
    }

    /// What the whole takes, on the sandbox's row: its claim, its ports of the host.
    async fn claim_whole(&self, tx: &mut Tx, capsule: &Capsule) -> Result<()> {
        let Some(sandbox) = capsule.sandbox() else {
            return Ok(());
        };
        let (id, host) = (sandbox.id, capsule.place.id);
        tx.claim_set(id, capsule.project, host, capsule.desired.spec.amounts())
            .await?;
        let published = &sandbox.desired.published;
        if !published.is_empty() {
            tx.host_ports_set(id, host, published).await?;
        }
        Ok(())
    }

    /// Writes the operation on a capsule with its plan. One that is at work already is refused with its name.
    pub(crate) async fn accept_capsule(
        &self,
        tx: &mut Tx,
        call: &Call,
        capsule: &Capsule,
        kind: OperationKind,
        (plan, target): (&Plan, Option<&Target>),
    ) -> Result<Operation> {
        let subject = (capsule.id.into(), capsule.project);
        let operation = self
            .accept_work(tx, call, subject, kind, plan, target)
            .await?;
        if let Some(sandbox) = capsule.sandbox() {
            self.note_accepted(tx, call, sandbox.id, &operation).await?;
        }
        Ok(operation)
    }
}

impl ResolvedCapsule {
    pub(super) fn image_of(&self, name: &zun_domain::name::ContainerName) -> Result<PartImage> {
        let found = self.images.get(name).cloned();
        found.ok_or_else(|| Error::Internal(format!("the image of {name} was not looked up")))
    }
}
