//! Create: an image and a place, claimed and committed with the plan that makes it.

use std::collections::BTreeSet;

use zun_domain::container::{
    Container, Desired, Life, Mount, Protocol, Published, TaskState, Wish,
};
use zun_domain::host::HostPlace;
use zun_domain::id::ContainerId;
use zun_domain::name::ContainerName;
use zun_domain::operation::OperationKind;
use zun_domain::quota::Usage;
use zun_domain::runtime::CreateContainer as Request;
use zun_driver::image::pinned;
use zun_planner::create::{Make, plan_create};
use zun_planner::storage::Storage;
use zun_scheduler::{ClusterView, place};
use zun_store::Tx;

use super::image::check_stored;
use super::mounts::{Holder, Stored, places_of};
use super::network::wiring::{Wearer, Wiring};
use super::resolve::{Resolved, check_spec, publish, wish_of};
use super::{Accepted, CreateContainer};
use crate::call::Call;
use crate::context::{Engine, Inner};
use crate::error::{Error, Result};

impl Engine {
    /// Accepts a container: from here on it survives whatever happens to this process.
    pub async fn container_create(&self, call: &Call, ask: CreateContainer) -> Result<Accepted> {
        Box::pin(self.container_create_exposing(call, ask, &BTreeSet::new())).await
    }

    /// The same with these ports open to everybody, in a security group that goes with the container: Zun's
    /// `exposed_ports`.
    pub async fn container_create_exposing(
        &self,
        call: &Call,
        mut ask: CreateContainer,
        exposed: &BTreeSet<(Protocol, u16)>,
    ) -> Result<Accepted> {
        check_spec(self, &ask.spec, ask.wish, ask.wait_for)?;
        ask.spec = ask.spec.with_defaults(&self.settings.defaults);
        let project = call.caller.project;
        let mut resolved = self.resolve(project, &ask.spec).await?;
        resolved.subnets = self.subnets_around(project, &ask.spec).await?;
        resolved.volumes = self.volume_facts_for(&ask.spec).await?;
        let id = ContainerId(self.ids.uuid());

        let mut tx = self.store.begin().await?;
        tx.admission_lock().await?;
        check_stored(&tx, resolved.load.as_ref()).await?;
        if let Some(accepted) = self.taken_over(&mut tx, call, &ask, id).await? {
            tx.rollback().await?;
            return Ok(accepted);
        }
        if !exposed.is_empty() {
            let group = self.exposing_group(&mut tx, project, id, exposed).await?;
            ask.spec.security_groups = Some(BTreeSet::from([group.to_string()]));
        }
        let (container, wiring, stored) = self
            .decide_create(&mut tx, call, &ask, &resolved, id)
            .await?;
        let mut make = make_of(
            &container,
            &container.desired,
            &wiring,
            &resolved,
            ask.wait_for,
        )?;
        make.storage = stored.storage.clone();
        make.request.mounts = self.mounts_on(&container, &container.desired)?;
        let plan = plan_create(&make);
        tx.container_insert(&container).await?;
        wiring.write(&mut tx).await?;
        stored.write(&mut tx).await?;
        take_all(&mut tx, &container).await?;
        let operation = self
            .accept(
                &mut tx,
                call,
                &container,
                OperationKind::Create,
                &plan,
                None,
            )
            .await?;
        tx.commit().await?;
        self.nudge(&operation);
        Ok(Accepted {
            container,
            operation: Some(operation),
        })
    }

    /// A create that was sent again: same name, same specification, never confirmed.
    async fn taken_over(
        &self,
        tx: &mut Tx,
        call: &Call,
        ask: &CreateContainer,
        new: ContainerId,
    ) -> Result<Option<Accepted>> {
        let (true, Some(name)) = (ask.unique, &ask.name) else {
            return Ok(None);
        };
        let Some(existing) = tx
            .containers_named(Some(call.caller.project), name.as_str())
            .await?
            .into_iter()
            .next()
        else {
            return Ok(None);
        };
        if !existing.confirmed && matches!(existing.life, Life::Failed { .. }) {
            // Nobody learnt of it and nothing of it is left in the engine: the name is free again, and the
            // volumes that were made for it are the new one's.
            for mut volume in tx.volumes_of(existing.id).await? {
                if volume.owner == Some(existing.id) {
                    volume.owner = Some(new);
                    tx.volume_update(&volume).await?;
                }
            }
            tx.container_delete(existing.id).await?;
            return Ok(None);
        }
        let wish = wish_of(ask.wish, ask.wait_for, Wish::Running);
        let same = existing.desired.spec == ask.spec && existing.desired.wish == wish;
        if existing.confirmed
            || !same
            || matches!(existing.life, Life::Failed { .. } | Life::Deleting)
        {
            return Err(Error::NameTaken {
                name: name.to_string(),
                existing: existing.id,
            });
        }
        let operation = tx.operation_running_of(existing.id).await?;
        Ok(Some(Accepted {
            container: existing,
            operation,
        }))
    }

    async fn decide_create(
        &self,
        tx: &mut Tx,
        call: &Call,
        ask: &CreateContainer,
        resolved: &Resolved,
        id: ContainerId,
    ) -> Result<(Container, Wiring, Stored)> {
        let project = call.caller.project;
        let more = Usage {
            containers: 1,
            amounts: ask.spec.amounts(),
        };
        self.admit_more(tx, project, &more).await?;
        let view = self
            .cluster_view(tx, &resolved.busy, &BTreeSet::new())
            .await?;
        let volumes = self.volumes_named_by(tx, project, &ask.spec).await?;
        let mut request = self.request_of(&ask.spec, id);
        request.volumes = places_of(&volumes);
        let placed = place(&request, &view).map_err(Error::Unplaceable)?.place;
        let name = ask.name.clone().unwrap_or_else(|| made_up_name(id));
        let holder = Holder {
            id,
            project,
            user: call.caller.user,
            name: name.as_str(),
            before: None,
        };
        let stored = self
            .decide_mounts(tx, &holder, &ask.spec, &placed, &volumes)
            .await?;
        self.check_mount_growth(tx, &placed, resolved, &stored)
            .await?;
        let published = published_at(self, ask, &view, &placed, id)?;
        let wearer = Wearer::new(id, project);
        let wiring = self
            .decide_wiring(tx, &wearer, &ask.spec, &resolved.subnets)
            .await?;
        let mut desired = first_wish(ask, id, name, resolved, published, stored.mounts.clone());
        desired.ports = wiring.ids();
        desired.security_groups.clone_from(&wiring.groups);
        let container = Container {
            id,
            membership: None,
            project,
            user: call.caller.user,
            place: placed,
            generation: 1,
            desired,
            addresses: wiring.addresses(),
            life: Life::Creating,
            observed: None,
            status_reason: None,
            task: Some(TaskState::ContainerCreating),
            confirmed: !ask.unique,
            created_at: self.clock.now(),
            updated_at: None,
        };
        Ok((container, wiring, stored))
    }

    /// The caller has the answer of a create: it will not be taken over any more.
    pub async fn container_confirm(&self, call: &Call, ident: &str) -> Result<()> {
        let container = self.container_get(call, ident).await?;
        let mut tx = self.store.begin().await?;
        tx.container_confirm(container.id).await?;
        tx.commit().await?;
        Ok(())
    }
}

/// What is wished of a container that was never made before.
fn first_wish(
    ask: &CreateContainer,
    id: ContainerId,
    name: ContainerName,
    resolved: &Resolved,
    published: Vec<Published>,
    mounts: Vec<Mount>,
) -> Desired {
    let given = ask.spec.hostname.clone();
    Desired {
        name,
        spec: ask.spec.clone(),
        wish: wish_of(ask.wish, ask.wait_for, Wish::Running),
        revision: 1,
        image_digest: resolved.image.digest.clone(),
        hostname: given.unwrap_or_else(|| Container::default_hostname(id)),
        published,
        mounts,
        ports: Vec::new(),
        security_groups: Vec::new(),
        registry: resolved.image.registry,
    }
}

/// What a new container takes: its claim, its ports of the host; its registry stays while it refers to it.
async fn take_all(tx: &mut Tx, container: &Container) -> Result<()> {
    let (id, host) = (container.id, container.place.id);
    let desired = &container.desired;
    tx.claim_set(id, container.project, host, desired.amounts())
        .await?;
    if !desired.published.is_empty() {
        tx.host_ports_set(id, host, &desired.published).await?;
    }
    if let Some(registry) = desired.registry {
        tx.container_registries_set(id, &[registry]).await?;
    }
    Ok(())
}

fn published_at(
    inner: &Inner,
    ask: &CreateContainer,
    view: &ClusterView,
    placed: &HostPlace,
    id: ContainerId,
) -> Result<Vec<Published>> {
    let none = BTreeSet::new();
    let taken = view.host(placed.id).map_or(&none, |host| &host.ports_taken);
    publish(inner, ask.spec.ports.as_ref(), &[], taken, seed_of(id))
}

/// A number that is the same for the same container, to break ties with.
pub(crate) fn seed_of(id: ContainerId) -> u64 {
    let (high, low) = id.0.as_u64_pair();
    high ^ low
}

/// Everything that the planner needs to make `desired` of this container.
pub(crate) fn make_of(
    container: &Container,
    desired: &Desired,
    wiring: &Wiring,
    resolved: &Resolved,
    wait_for: zun_domain::container::WaitFor,
) -> Result<Make> {
    let request = Request {
        container: container.id,
        project: container.project,
        revision: desired.revision,
        spec: desired.spec.clone(),
        image: pinned(&resolved.image.reference, &desired.image_digest),
        hostname: desired.hostname.clone(),
        joins: None,
        attachments: wiring.attachments(desired)?,
        dns: wiring.dns(),
        published: desired.published.clone(),
        mounts: Vec::new(),
    };
    Ok(Make {
        request,
        image: resolved.image.clone(),
        load: resolved.load.clone(),
        networks: wiring.make(),
        storage: Storage::default(),
        wish: desired.wish,
        wait_for,
    })
}

/// A name in Zun's manner for a container whose user gave none.
fn made_up_name(id: ContainerId) -> ContainerName {
    const GREEK: [&str; 24] = [
        "alpha", "beta", "gamma", "delta", "epsilon", "zeta", "eta", "theta", "iota", "kappa",
        "lambda", "mu", "nu", "xi", "omicron", "pi", "rho", "sigma", "tau", "upsilon", "phi",
        "chi", "psi", "omega",
    ];
    let word = GREEK[usize::try_from(seed_of(id) % 24).unwrap_or(0)];
    let digits: String = id.0.simple().to_string().chars().take(8).collect();
    ContainerName::try_from(format!("{word}-{digits}-container"))
        .unwrap_or_else(|_| unreachable!("made of letters, digits and dashes"))
}
