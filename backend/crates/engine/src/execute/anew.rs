//! Deciding an operation anew: a subnet or a host port that we chose and somebody outside took before it
//! was used. Everything done is taken back already; another choice goes into the same operation with its
//! plan, in one transaction, and the executor begins again.
//!
//! What the user chose is never exchanged, nor a subnet that a container of ours lives on. After a crash
//! the log says the same as before it: what was undone is undone, and the decision is made then.

use std::collections::BTreeSet;

use zun_domain::container::{Container, Phase, Protocol, Published};
use zun_domain::network::Network;
use zun_domain::operation::{Event, Failure};
use zun_domain::runtime::{CreateContainer, RuntimeName};
use zun_planner::{Action, Plan};
use zun_store::Tx;

use super::follow::Followed;
use super::step::Stopped;
use super::{Target, Work};
use crate::command::create_container::{attachment_of, seed_of};
use crate::command::resolve::publish;
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
    network: Network,
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
        let Some((network, request)) = made_by(&work.plan) else {
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
        let subnets = drivers.networks.subnets().await?;
        let _alone = self.choosing.lock().await;
        let mut tx = self.store.begin().await?;
        tx.admission_lock().await?;
        let mut container = tx.container_get(id).await?;
        let choice = match &work.plan.steps[at].action {
            Action::EnsureNetwork(_) => {
                let Some(network) = self.other_subnet(&mut tx, network, &subnets).await? else {
                    return Ok(false);
                };
                // Its address has moved along.
                container = tx.container_get(id).await?;
                let published = request.published.clone();
                Choice { network, published }
            }
            _ => {
                let runs =
                    seen.is_some_and(|seen| matches!(seen.phase, Phase::Running | Phase::Paused));
                let published = self
                    .other_ports(&mut tx, work, &container, request, busy, runs)
                    .await?;
                if published == request.published {
                    return Ok(false);
                }
                let network = network.clone();
                Choice { network, published }
            }
        };
        self.commit_choice(tx, (work, container), choice, failure)
            .await?;
        Ok(true)
    }

    /// The network with another subnet, its addresses moved along; `None` where a container lives on it.
    async fn other_subnet(
        &self,
        tx: &mut Tx,
        planned: &Network,
        in_use: &[ipnet::Ipv4Net],
    ) -> Result<Option<Network>> {
        let Some(current) = tx.network_find(planned.id).await? else {
            return Ok(None);
        };
        if current.subnet != planned.subnet {
            // Another operation has moved it already.
            return Ok(Some(current));
        }
        if tx.network_inhabited(planned.id).await? {
            return Ok(None);
        }
        let subnet = self.free_subnet(tx, in_use).await?;
        let moved = Network { subnet, ..current };
        tx.network_move(&moved).await?;
        Ok(Some(moved))
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
        (work, mut container): (&Work, Container),
        choice: Choice,
        failure: &Failure,
    ) -> Result<()> {
        let attachment = attachment_of(&container, &choice.network)?;
        let mut plan = work.plan.clone();
        for step in &mut plan.steps {
            match &mut step.action {
                Action::EnsureNetwork(network) => network.clone_from(&choice.network),
                Action::Create(request) => {
                    request.attachment.clone_from(&attachment);
                    request.published.clone_from(&choice.published);
                }
                _ => {}
            }
        }
        let target = match &work.target {
            Some(Target::Container(before)) => {
                let mut target = before.clone();
                target.published = choice.published;
                self.hold_both(&mut tx, &container, &target).await?;
                Some(Target::Container(target))
            }
            Some(Target::Volume(_)) | None => {
                container.desired.published = choice.published;
                tx.container_update(&container, container.generation)
                    .await?;
                tx.host_ports_set(container.id, work.host, &container.desired.published)
                    .await?;
                None
            }
        };
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

/// The network and the container that a plan makes.
fn made_by(plan: &Plan) -> Option<(&Network, &CreateContainer)> {
    let actions = || plan.steps.iter().map(|step| &step.action);
    let network = actions().find_map(|action| match action {
        Action::EnsureNetwork(network) => Some(network),
        _ => None,
    })?;
    let request = actions().find_map(|action| match action {
        Action::Create(request) => Some(request.as_ref()),
        _ => None,
    })?;
    Some((network, request))
}

fn choosing(failure: &Failure) -> String {
    format!("choosing anew: {}", failure.message)
}
