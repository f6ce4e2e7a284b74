//! Update: the whole new wish, the smallest change that reaches it, and the old one kept until it has.

mod wanted;

use std::collections::BTreeSet;

use zun_domain::container::change::Effect;
use zun_domain::container::{
    Container, ContainerSpec, Desired, Protocol, Published, TaskState, Verb, WaitFor,
};
use zun_domain::id::RegistryId;
use zun_domain::image::ResolvedImage;
use zun_domain::name::ContainerName;
use zun_domain::operation::{Event, OperationKind, Subject};
use zun_domain::placement::Unplaceable;
use zun_domain::quota::Usage;
use zun_domain::unit::Amounts;
use zun_planner::update::{Change, effect, plan_update};
use zun_scheduler::{ClusterView, HostView, fits};
use zun_store::Tx;

use super::create_container::{make_of, seed_of};
use super::image::check_stored;
use super::mounts::{Holder, Stored};
use super::network::wiring::{Wearer, Wiring, former_attachments};
use super::resolve::{Resolved, publish};
use super::{Accepted, UpdateContainer};
use crate::call::Call;
use crate::context::{Engine, Inner};
use crate::error::{Error, Result};

pub(crate) use wanted::Wanted;

impl Engine {
    /// Accepts a new wish. Without an operation in the answer nothing had to be done in the engine.
    pub async fn container_update(
        &self,
        call: &Call,
        ident: &str,
        ask: UpdateContainer,
    ) -> Result<Accepted> {
        let seen = self.container_get(call, ident).await?;
        let wanted = self.wanted_now(&seen, &ask).await?;
        let mut resolved = self.resolve_change(&seen, &wanted).await?;
        resolved.subnets = self.subnets_around(seen.project, &wanted.spec).await?;

        let mut tx = self.store.begin().await?;
        tx.admission_lock().await?;
        check_stored(&tx, resolved.load.as_ref()).await?;
        let mut container = tx.container_get(seen.id).await?;
        let now = (container.id.into(), container.generation);
        check_generation(now, ask.expected, seen.generation)?;
        self.check_idle(&tx, container.id).await?;
        if ask.unique && wanted.name != container.desired.name {
            check_name(&mut tx, &container, &wanted.name).await?;
        }
        // On the heap, as it is large and held by every use case that changes a container.
        let deciding = self.decide_update(&mut tx, &container, wanted, &resolved, ask.wait_for);
        let decided = Box::pin(deciding).await?;
        let target = decided.change.target.clone();
        let plan = plan_update(&container, &decided.change);
        container.generation += 1;
        container.updated_at = Some(self.clock.now());
        let expected = container.generation - 1;
        if plan.is_empty() {
            decided.wiring.write(&mut tx).await?;
            let accepted = self
                .record_update(&mut tx, call, container, target, expected)
                .await?;
            tx.commit().await?;
            return Ok(accepted);
        }
        self.hold_both(&mut tx, &container, &target).await?;
        decided.wiring.write(&mut tx).await?;
        decided.stored.write(&mut tx).await?;
        container.task = Some(TaskState::ContainerRebuilding);
        tx.container_update(&container, expected).await?;
        let operation = self
            .accept(
                &mut tx,
                call,
                &container,
                OperationKind::Update,
                &plan,
                Some(&target),
            )
            .await?;
        tx.commit().await?;
        self.nudge(&operation);
        Ok(Accepted {
            container,
            operation: Some(operation),
        })
    }

    /// Changes the name, which only we know: in the engine a container is named by its uuid.
    pub async fn container_rename(
        &self,
        call: &Call,
        ident: &str,
        name: ContainerName,
        unique: bool,
    ) -> Result<Container> {
        let seen = self.container_get(call, ident).await?;
        check_alone(&seen, Verb::Rename)?;
        check_verb(&seen, Verb::Rename)?;
        let mut tx = self.store.begin().await?;
        let mut container = tx.container_get(seen.id).await?;
        self.check_idle(&tx, container.id).await?;
        if unique {
            check_name(&mut tx, &container, &name).await?;
        }
        container.desired.name = name;
        container.generation += 1;
        container.updated_at = Some(self.clock.now());
        tx.container_update(&container, container.generation - 1)
            .await?;
        tx.commit().await?;
        Ok(container)
    }
}

/// Everything about an update, before it is written.
pub(crate) struct Decided {
    pub(crate) change: Change,
    pub(crate) wiring: Wiring,
    pub(crate) stored: Stored,
}

impl Inner {
    /// Refuses while an operation is at work, naming it.
    pub(crate) async fn check_idle(&self, tx: &Tx, subject: impl Into<Subject>) -> Result<()> {
        let running = tx.operation_running_of(subject).await?;
        running.map_or(Ok(()), |operation| Err(Error::busy(&operation)))
    }

    /// Admits, places, publishes: everything decided about the new wish.
    pub(crate) async fn decide_update(
        &self,
        tx: &mut Tx,
        container: &Container,
        wanted: Wanted,
        resolved: &Resolved,
        wait_for: WaitFor,
    ) -> Result<Decided> {
        let view = self.admit_change(tx, container, &wanted, resolved).await?;
        let host = view
            .host(container.place.id)
            .ok_or_else(|| Error::not_found("host", &container.place.name))?;
        let mut target = self.target_of(container, wanted, resolved, &host.ports_taken)?;
        let volumes = self
            .volumes_named_by(tx, container.project, &target.spec)
            .await?;
        let holder = Holder {
            id: container.id,
            subject: container.id.into(),
            project: container.project,
            user: container.user,
            name: target.name.as_str(),
            before: Some(&container.desired),
        };
        let stored = self
            .decide_mounts(tx, &holder, &target.spec, &container.place, &volumes)
            .await?;
        self.check_mount_growth(tx, &container.place, resolved, &stored)
            .await?;
        target.mounts.clone_from(&stored.mounts);
        let wearer = Wearer {
            id: container.id,
            project: container.project,
            before: Some(container),
        };
        let wiring = self
            .decide_wiring(tx, &wearer, &target.spec, &resolved.subnets)
            .await?;
        target.ports = wiring.ids();
        target.security_groups.clone_from(&wiring.groups);
        let mut make = make_of(container, &target, &wiring, resolved, wait_for)?;
        make.storage = stored.storage.clone();
        make.request.mounts = self.mounts_on(container, &target)?;
        let change = Change {
            target,
            wait_for,
            make,
            disk_enforced: self.enforces_disk(container.place.id),
            former: former_attachments(tx, container).await?,
            regrouped: wiring.regrouped,
        };
        Ok(Decided {
            change,
            wiring,
            stored,
        })
    }

    /// Refuses what quota or host do not hold; the view it was decided on, without the container's own
    /// ports.
    async fn admit_change(
        &self,
        tx: &mut Tx,
        container: &Container,
        wanted: &Wanted,
        resolved: &Resolved,
    ) -> Result<ClusterView> {
        let held = container.desired.amounts();
        let more = Usage {
            containers: 0,
            amounts: wanted.spec.amounts().minus(held),
        };
        self.admit_more(tx, container.project, &more).await?;
        let ports = container.desired.published.iter();
        let own = ports.map(|port| (port.protocol, port.external)).collect();
        let view = self.cluster_view(tx, &resolved.busy, &own).await?;
        let host = view
            .host(container.place.id)
            .ok_or_else(|| Error::not_found("host", &container.place.name))?;
        if more.amounts != Amounts::default() {
            // A disabled host takes no new containers; those it has may change.
            let host = HostView {
                disabled: None,
                ..host.clone()
            };
            let request = self.request_of(&wanted.spec, container.id);
            fits(&request, &host, held).map_err(|rejection| {
                Error::Unplaceable(Unplaceable {
                    rejections: vec![rejection],
                    advice: None,
                })
            })?;
        }
        Ok(view)
    }

    /// The new wish with everything decided; what a live change leaves alone stays as it is.
    fn target_of(
        &self,
        container: &Container,
        wanted: Wanted,
        resolved: &Resolved,
        taken: &BTreeSet<(Protocol, u16)>,
    ) -> Result<Desired> {
        let before = &container.desired;
        let hostname = match (&wanted.spec.hostname, &before.spec.hostname) {
            (Some(given), _) => given.clone(),
            (None, Some(_)) => Container::default_hostname(container.id),
            (None, None) => before.hostname.clone(),
        };
        let mut target = Desired {
            name: wanted.name.clone(),
            wish: wanted.wish,
            hostname,
            ..before.clone()
        };
        if self.needs_recreate(container, &wanted) {
            let (ports, kept) = (wanted.spec.ports.as_ref(), &before.published);
            target.published = publish(self, ports, kept, taken, seed_of(container.id))?;
            target.revision += 1;
            target.image_digest.clone_from(&resolved.image.digest);
            target.registry = resolved.image.registry;
        }
        target.spec = wanted.spec;
        Ok(target)
    }

    /// Whether the engine has to make a new container for this.
    pub(crate) fn needs_recreate(&self, container: &Container, wanted: &Wanted) -> bool {
        use zun_domain::container::Wish;
        let job_again = wanted.wish == Wish::Finished && container.desired.wish != Wish::Finished;
        wanted.again
            || wanted.moved
            || job_again
            || self.effect_on(container, &wanted.spec) >= Effect::Recreate
    }

    /// What an edit does to this container, where it runs.
    pub(crate) fn effect_on(&self, container: &Container, spec: &ContainerSpec) -> Effect {
        effect(container, spec, self.enforces_disk(container.place.id))
    }

    /// Claims, host ports and registries of both wishes, while one becomes the other.
    pub(crate) async fn hold_both(
        &self,
        tx: &mut Tx,
        container: &Container,
        target: &Desired,
    ) -> Result<()> {
        let both = container.desired.amounts().max(target.amounts());
        tx.claim_set(container.id, container.project, container.place.id, both)
            .await?;
        hold_ports(tx, container, &target.published).await?;
        let before = container.desired.registry;
        if before.is_some() || target.registry.is_some() {
            let both: Vec<RegistryId> = before.into_iter().chain(target.registry).collect();
            tx.container_registries_set(container.id, &both).await?;
        }
        Ok(())
    }

    /// An update that changes nothing in the engine is in force at once.
    async fn record_update(
        &self,
        tx: &mut Tx,
        call: &Call,
        mut container: Container,
        target: Desired,
        expected: i64,
    ) -> Result<Accepted> {
        container.desired = target;
        tx.claim_set(
            container.id,
            container.project,
            container.place.id,
            container.desired.amounts(),
        )
        .await?;
        tx.container_update(&container, expected).await?;
        tx.event_insert(&Event {
            at: self.clock.now(),
            container: container.id,
            operation: None,
            kind: "updated".to_owned(),
            message: format!(
                "changed without touching the engine, request {}",
                call.request_id
            ),
        })
        .await?;
        Ok(Accepted {
            container,
            operation: None,
        })
    }
}

/// Host ports of both wishes, while one becomes the other.
pub(crate) async fn hold_ports(
    tx: &mut Tx,
    container: &Container,
    target: &[Published],
) -> Result<()> {
    let mut ports: Vec<Published> = container.desired.published.clone();
    for port in target {
        if !ports
            .iter()
            .any(|p| (p.protocol, p.external) == (port.protocol, port.external))
        {
            ports.push(port.clone());
        }
    }
    tx.host_ports_set(container.id, container.place.id, &ports)
        .await?;
    Ok(())
}

impl Engine {
    /// Looks the image up only where a new container will be made of it.
    pub(crate) async fn resolve_change(
        &self,
        seen: &Container,
        wanted: &Wanted,
    ) -> Result<Resolved> {
        let volumes = self.volume_facts_for(&wanted.spec).await?;
        if self.needs_recreate(seen, wanted) {
            let resolved = self.resolve(seen.project, &wanted.spec).await?;
            return Ok(Resolved {
                volumes,
                ..resolved
            });
        }
        let image = ResolvedImage {
            reference: wanted.spec.image.clone(),
            digest: seen.desired.image_digest.clone(),
            present: true,
            registry: seen.desired.registry,
        };
        Ok(Resolved {
            image,
            load: None,
            busy: BTreeSet::new(),
            subnets: Vec::new(),
            volumes,
        })
    }
}

/// Refuses a verb that is not legal now.
pub(crate) fn check_verb(container: &Container, verb: Verb) -> Result<()> {
    let status = container.status();
    if status.allows(verb) {
        return Ok(());
    }
    Err(Error::InvalidState {
        verb,
        subject: container.id.into(),
        status,
    })
}

/// Refuses where `(subject, generation)` is not what the caller saw, or was read before.
pub(crate) fn check_generation(
    (subject, found): (Subject, i64),
    expected: Option<i64>,
    read: i64,
) -> Result<()> {
    let expected = expected.unwrap_or(read);
    if found == expected && found == read {
        return Ok(());
    }
    Err(Error::Stale {
        subject,
        expected,
        found,
    })
}

/// Refuses what is done to the whole where a container is a part of a capsule.
pub(crate) fn check_alone(container: &Container, verb: Verb) -> Result<()> {
    match container.membership {
        None => Ok(()),
        Some(membership) => Err(Error::Conflict(format!(
            "cannot {} container {}: it is a part of capsule {}; change or delete the capsule instead",
            verb.word(),
            container.id,
            membership.capsule
        ))),
    }
}

async fn check_name(tx: &mut Tx, container: &Container, name: &ContainerName) -> Result<()> {
    let others = tx
        .containers_named(Some(container.project), name.as_str())
        .await?;
    match others.into_iter().find(|other| other.id != container.id) {
        Some(other) => Err(Error::NameTaken {
            name: name.to_string(),
            existing: other.id.into(),
        }),
        None => Ok(()),
    }
}
