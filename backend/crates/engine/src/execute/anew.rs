//! Deciding an operation anew: a subnet or a host port that we chose and somebody outside took before it
//! was used. Everything done is taken back already; another choice goes into the same operation with its
//! plan, in one transaction, and the executor begins again.
//!
//! What the user chose is never exchanged, nor a subnet that a container of ours lives on. After a crash
//! the log says the same as before it: what was undone is undone, and the decision is made then.

use std::collections::BTreeSet;

use ipnet::IpNet;
use zun_domain::container::{Container, Phase, Protocol, Published};
use zun_domain::id::ContainerId;
use zun_domain::network::{NetworkKind, Port, default_pools, first_address};
use zun_domain::operation::{Event, Failure};
use zun_domain::runtime::{Attachment, CreateContainer, MakeNetwork, RuntimeName};
use zun_planner::{Action, Plan};
use zun_store::Tx;

use super::follow::Followed;
use super::step::Stopped;
use super::{Target, Work};
use crate::command::create_container::seed_of;
use crate::command::network::wiring::attachment;
use crate::command::resolve::publish;
use crate::command::update_container::hold_ports;
use crate::context::Engine;
use crate::error::{Error, Result};

/// How often an operation is decided anew before its failure stands.
const AT_MOST: u32 = 3;

/// A plan as the store keeps it: how often it was decided anew, and what is to be done.
pub(crate) fn stored(anew: u32, plan: &Plan) -> Result<String> {
    serde_json::to_string(&(anew, plan)).map_err(|error| Error::Internal(error.to_string()))
}

/// The same, read back.
pub(crate) fn from_stored(text: &str) -> serde_json::Result<(u32, Plan)> {
    serde_json::from_str(text)
}

/// What becomes of an operation whose steps are taken back.
pub(crate) enum Verdict {
    /// It has another plan: begin again.
    Again,
    /// It has failed.
    Stands(Failure),
}

/// The other choice.
struct Choice {
    /// The project's default network with another subnet, where that was taken.
    network: Option<MakeNetwork>,
    published: Vec<Published>,
}

impl Engine {
    /// Another choice in place of the one that step `at` found taken, where it was ours.
    pub(crate) async fn decide_anew(
        &self,
        work: &Work,
        at: usize,
        mut failure: Failure,
        followed: &Followed,
    ) -> std::result::Result<Verdict, Stopped> {
        let exchangeable = matches!(
            work.plan.steps.get(at).map(|step| &step.action),
            Some(Action::EnsureNetwork(_) | Action::Start(RuntimeName::Current(_)))
        );
        if !failure.conflict || !exchangeable || work.anew >= AT_MOST {
            return Ok(Verdict::Stands(failure));
        }
        self.go_on()?;
        match self.choose_and_commit(work, at, &failure).await {
            Ok(true) => {
                followed.tell(|operation| operation.progress = choosing(&failure));
                self.go_on()?;
                return Ok(Verdict::Again);
            }
            Ok(false) => {}
            Err(Error::Conflict(why)) => failure.message = format!("{}; {why}", failure.message),
            Err(error) => {
                tracing::warn!(operation = %work.operation.id, "cannot choose anew: {error}");
            }
        }
        Ok(Verdict::Stands(failure))
    }

    /// `false` where no other choice is ours to make.
    async fn choose_and_commit(&self, work: &Work, at: usize, failure: &Failure) -> Result<bool> {
        let Some(request) = made_by(&work.plan) else {
            return Ok(false);
        };
        let drivers = self.drivers(work.host)?;
        let id = request.container;
        let seen = drivers.runtime.find(RuntimeName::Current(id)).await?;
        if seen
            .as_ref()
            .is_some_and(|seen| seen.revision == request.revision)
        {
            // What failed could not be taken back: the sweep comes first.
            return Ok(false);
        }
        let busy = drivers.runtime.busy_ports().await?;
        let subnets = self.prefixes_around(work.host).await?;
        let _alone = self.choosing.lock().await;
        let mut tx = self.store.begin().await?;
        tx.admission_lock().await?;
        let container = tx.container_get(id).await?;
        let taken = &work.plan.steps[at].action;
        let choice = if let Action::EnsureNetwork(planned) = taken {
            let Some(network) = self.other_subnet(&mut tx, planned, &subnets).await? else {
                return Ok(false);
            };
            let published = request.published.clone();
            Choice {
                network: Some(network),
                published,
            }
        } else {
            let runs =
                seen.is_some_and(|seen| matches!(seen.phase, Phase::Running | Phase::Paused));
            let published = self
                .other_ports(&mut tx, work, &container, request, busy, runs)
                .await?;
            if published == request.published {
                return Ok(false);
            }
            Choice {
                network: None,
                published,
            }
        };
        self.commit_choice(tx, (work, id), choice, failure).await?;
        Ok(true)
    }

    /// The default network with another subnet, its addresses moved along; `None` where a container lives on it, and
    /// where a user chose the subnet.
    async fn other_subnet(
        &self,
        tx: &mut Tx,
        planned: &MakeNetwork,
        in_use: &[IpNet],
    ) -> Result<Option<MakeNetwork>> {
        let current = tx.network_find(planned.id).await?;
        let Some(mut current) = current.filter(|network| network.kind == NetworkKind::Default)
        else {
            return Ok(None);
        };
        let Some(make) = current.make() else {
            return Ok(None);
        };
        if make.subnet != planned.subnet {
            // Another operation has moved it already.
            return Ok(Some(make));
        }
        if tx.network_inhabited(planned.id).await? {
            return Ok(None);
        }
        let cidr = IpNet::V4(self.free_subnet(tx, in_use).await?);
        for subnet in &mut current.subnets {
            (subnet.cidr, subnet.gateway) = (cidr, first_address(cidr));
            subnet.allocation_pools = default_pools(cidr, subnet.gateway);
        }
        tx.network_move(&current).await?;
        Ok(current.make())
    }

    /// The host ports with those exchanged that are ours to pick and taken. `runs` while the former
    /// container is back and listens on its own.
    async fn other_ports(
        &self,
        tx: &mut Tx,
        work: &Work,
        container: &Container,
        request: &CreateContainer,
        mut taken: BTreeSet<(Protocol, u16)>,
        runs: bool,
    ) -> Result<Vec<Published>> {
        if runs {
            for port in &container.desired.published {
                taken.remove(&(port.protocol, port.external));
            }
        }
        let claimed = tx.host_ports_taken(work.host).await?;
        let others = claimed.iter().filter(|(owner, _)| *owner != container.id);
        taken.extend(others.map(|(_, port)| (port.protocol, port.external)));
        let ports = request.spec.ports.as_ref();
        publish(
            self,
            ports,
            &request.published,
            &taken,
            seed_of(container.id),
        )
    }

    /// The choice becomes the operation's: its plan, its target or its container's record, its claims.
    async fn commit_choice(
        &self,
        mut tx: Tx,
        (work, id): (&Work, ContainerId),
        choice: Choice,
        failure: &Failure,
    ) -> Result<()> {
        let mut container = tx.container_get(id).await?;
        // Read again: they may have moved with the network.
        let ports = tx.ports_of(id).await?;
        let mut plan = work.plan.clone();
        for step in &mut plan.steps {
            match &mut step.action {
                Action::EnsureNetwork(network) => {
                    let moved = choice.network.iter().find(|moved| moved.id == network.id);
                    *network = moved.unwrap_or(network).clone();
                }
                Action::Create(request) if request.container == id => {
                    request.published.clone_from(&choice.published);
                    if let Some(moved) = &choice.network {
                        move_along(&mut request.attachments, moved, &ports)?;
                    }
                }
                _ => {}
            }
        }
        let target = self
            .chosen_target(&mut tx, (work, &mut container), choice.published)
            .await?;
        let plan = stored(work.anew + 1, &plan)?;
        let target = target.as_ref().map(Target::text).transpose();
        let target = target.map_err(|error| Error::Internal(error.to_string()))?;
        let id = work.operation.id;
        tx.operation_replan(id, &plan, target.as_deref(), &choosing(failure))
            .await?;
        tx.event_insert(&Event {
            at: self.clock.now(),
            container: container.id,
            operation: Some(id),
            kind: "decided".to_owned(),
            message: choosing(failure),
        })
        .await?;
        tx.commit().await?;
        Ok(())
    }
}

impl Engine {
    /// The choice becomes the operation's target, or where it has none its container's record; with its ports.
    async fn chosen_target(
        &self,
        tx: &mut Tx,
        (work, container): (&Work, &mut Container),
        published: Vec<Published>,
    ) -> Result<Option<Target>> {
        match &work.target {
            Some(Target::Container(before)) => {
                let mut target = before.clone();
                target.published = published;
                self.hold_both(tx, container, &target).await?;
                Ok(Some(Target::Container(target)))
            }
            Some(Target::Capsule(before)) => {
                let mut target = before.clone();
                if let Some(part) = target.parts.get_mut(&container.id) {
                    part.desired.published = published;
                    hold_ports(tx, container, &part.desired.published).await?;
                }
                Ok(Some(Target::Capsule(target)))
            }
            Some(Target::Volume(_)) | None => {
                container.desired.published = published;
                tx.container_update(container, container.generation).await?;
                tx.host_ports_set(container.id, work.host, &container.desired.published)
                    .await?;
                Ok(None)
            }
        }
    }
}

/// The container that a plan makes; of those of a capsule, the one that has ports and networks.
fn made_by(plan: &Plan) -> Option<&CreateContainer> {
    plan.steps.iter().find_map(|step| match &step.action {
        Action::Create(request) if request.joins.is_none() => Some(request.as_ref()),
        _ => None,
    })
}

/// The attachment to the network that was moved, at the address its port has now.
fn move_along(attachments: &mut [Attachment], moved: &MakeNetwork, ports: &[Port]) -> Result<()> {
    let name = moved.runtime_name();
    let port = ports.iter().find(|port| port.network == moved.id);
    for place in attachments.iter_mut().filter(|place| place.network == name) {
        if let Some(port) = port {
            *place = attachment(port, &name, &place.aliases)?;
        }
    }
    Ok(())
}

fn choosing(failure: &Failure) -> String {
    format!("choosing anew: {}", failure.message)
}
