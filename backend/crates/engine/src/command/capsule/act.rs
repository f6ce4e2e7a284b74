//! The single verbs on one container of a capsule. What is done to the sandbox is done to all of it.

use std::collections::BTreeMap;

use zun_domain::capsule::{Capsule, Membership, Role};
use zun_domain::container::{Container, Desired, Observed, Phase, TaskState, WaitFor, Wish, mount};
use zun_domain::id::{ContainerId, VolumeId};
use zun_domain::operation::{Operation, OperationKind};
use zun_planner::Plan;
use zun_planner::capsule::{plan_capsule_reboot, plan_capsule_return};
use zun_planner::lifecycle::{plan_reboot, plan_start, plan_stop};

use super::super::act_on_container::{verb_of, wish_after, work_of};
use super::super::update_container::check_verb;
use super::super::{Accepted, Act};
use super::update::same_capsule;
use crate::call::Call;
use crate::context::{Engine, Inner};
use crate::error::{Error, Result};
use crate::execute::{CapsuleTarget, PartTarget, Target};

impl Engine {
    /// Accepts one of the single verbs on a container of a capsule.
    pub(crate) async fn part_act(
        &self,
        call: &Call,
        (seen, of): (&Container, Membership),
        act: Act,
    ) -> Result<Accepted> {
        let sandbox = of.role == Role::Sandbox;
        match &act {
            Act::Start if sandbox || seen.observed.is_none() => {
                self.turn_capsule(call, (seen, of), Some(Wish::Running).filter(|_| sandbox))
                    .await
            }
            Act::Stop(_) if sandbox => {
                self.turn_capsule(call, (seen, of), Some(Wish::Stopped))
                    .await
            }
            Act::Pause | Act::Unpause | Act::Kill(_) if sandbox => Err(Error::Conflict(format!(
                "cannot {} container {}: it only holds the network of capsule {}; ask for its other containers",
                verb_of(&act).word(),
                seen.id,
                of.capsule
            ))),
            _ => self.part_verb(call, (seen.id, of), act).await,
        }
    }

    /// Starts or stops the whole, or makes one of its containers anew that is gone from the engine.
    async fn turn_capsule(
        &self,
        call: &Call,
        (seen, of): (&Container, Membership),
        wish: Option<Wish>,
    ) -> Result<Accepted> {
        let capsule = self.store.capsule_get(of.capsule).await?;
        let wanted = same_capsule(&capsule, wish)?;
        let how = (WaitFor::None, OperationKind::Update);
        let accepted = self
            .capsule_change(call, (&capsule, None), wanted, how)
            .await?;
        let mut containers = accepted.capsule.containers.into_iter();
        let container = containers.find(|one| one.id == seen.id);
        Ok(Accepted {
            container: container.unwrap_or_else(|| seen.clone()),
            operation: accepted.operation,
        })
    }

    async fn part_verb(
        &self,
        call: &Call,
        (id, of): (ContainerId, Membership),
        act: Act,
    ) -> Result<Accepted> {
        let mut tx = self.store.begin().await?;
        let mut capsule = tx.capsule_get(of.capsule).await?;
        self.check_idle(&tx, capsule.id).await?;
        let Some(container) = capsule.containers.iter().find(|one| one.id == id).cloned() else {
            return Err(Error::not_found("container", id));
        };
        check_verb(&container, verb_of(&act))?;
        let (kind, task, plan) = work_of_part(&capsule, &container, &act);
        capsule.task = Some(task);
        capsule.generation += 1;
        capsule.updated_at = Some(self.clock.now());
        tx.capsule_update(&capsule, capsule.generation - 1).await?;
        let target = Target::Capsule(Box::new(target_of(&capsule, &container, &act)));
        let operation = self
            .accept_part(&mut tx, call, (&capsule, id), kind, (&plan, &target))
            .await?;
        tx.commit().await?;
        self.nudge(&operation);
        Ok(Accepted {
            container,
            operation: Some(operation),
        })
    }
}

impl Inner {
    async fn accept_part(
        &self,
        tx: &mut zun_store::Tx,
        call: &Call,
        (capsule, part): (&Capsule, ContainerId),
        kind: OperationKind,
        (plan, target): (&Plan, &Target),
    ) -> Result<Operation> {
        let subject = (capsule.id.into(), capsule.project);
        let operation = self
            .accept_work(tx, call, subject, kind, plan, Some(target))
            .await?;
        self.note_accepted(tx, call, part, &operation).await?;
        Ok(operation)
    }
}

/// The new wish of the container, and of all that the verb turns with it.
fn target_of(capsule: &Capsule, container: &Container, act: &Act) -> CapsuleTarget {
    let with_it = |one: &&Container| {
        let role = one.membership.map(|of| of.role);
        one.id == container.id || (is_sandbox(container) && role == Some(Role::Member))
    };
    let parts = capsule.containers.iter().filter(with_it);
    let part = |one: &Container| {
        let membership = one.membership?;
        let desired = Desired {
            wish: wish_after(one.desired.wish, act),
            ..one.desired.clone()
        };
        let part = PartTarget {
            membership,
            desired,
        };
        Some((one.id, part))
    };
    CapsuleTarget {
        whole: None,
        parts: parts.filter_map(part).collect::<BTreeMap<_, _>>(),
    }
}

fn is_sandbox(container: &Container) -> bool {
    container.membership.map(|of| of.role) == Some(Role::Sandbox)
}

fn runs(seen: Option<&Observed>) -> bool {
    seen.is_some_and(|seen| {
        matches!(
            seen.phase,
            Phase::Running | Phase::Paused | Phase::Restarting
        )
    })
}

fn work_of_part(
    capsule: &Capsule,
    container: &Container,
    act: &Act,
) -> (OperationKind, TaskState, Plan) {
    let sandbox = capsule.sandbox();
    let volumes: Vec<VolumeId> = sandbox
        .map(|sandbox| mount::volumes(&sandbox.desired.mounts))
        .unwrap_or_default();
    let first = sandbox.map_or(container.id, |sandbox| sandbox.id);
    let up = sandbox.is_some_and(|sandbox| runs(sandbox.observed.as_ref()));
    let (kind, task, plan) = work_of(container, act);
    let started = |id| {
        if up {
            plan_start(id, &volumes)
        } else {
            // What it joins has to run first.
            plan_capsule_return(first, &[id], &volumes)
        }
    };
    let plan = match act {
        Act::Start => started(container.id),
        Act::Reboot(timeout) if is_sandbox(container) => {
            let members = capsule.with_role(Role::Member);
            let members: Vec<ContainerId> = members
                .filter(|one| one.observed.is_some())
                .map(|one| one.id)
                .collect();
            plan_capsule_reboot(first, &members, &volumes, *timeout)
        }
        Act::Reboot(timeout) if up => plan_reboot(container.id, &volumes, *timeout),
        Act::Reboot(timeout) => {
            let mut plan = plan_stop(container.id, *timeout);
            plan.steps.extend(started(container.id).steps);
            plan
        }
        Act::Stop(_) | Act::Pause | Act::Unpause | Act::Kill(_) => plan,
    };
    (kind, task, plan)
}
