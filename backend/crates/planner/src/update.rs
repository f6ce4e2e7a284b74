//! From what is seen to what is wished, in the fewest and mildest steps: edits and repairs alike.

use zun_domain::container::change::{Effect, changes, effect_of};
use zun_domain::container::{Container, ContainerSpec, Desired, Observed, Phase, WaitFor, Wish};
use zun_domain::runtime::{Attachment, Limits, RuntimeName};

use crate::connect::connections;
use crate::create::{Make, Wished, bring_up};
use crate::step::{Action, Plan, Step};
use crate::storage::bring_back;

/// What is known about a container that is to be changed, apart from its record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// The new wish.
    pub target: Desired,
    /// When it counts as reached.
    pub wait_for: WaitFor,
    /// Everything for a recreate, with the next revision in it.
    pub make: Make,
    /// `disk` is enforced by the engine, so that its edit needs a new container.
    pub disk_enforced: bool,
    /// How it is connected by the wish that is in force.
    pub former: Vec<Attachment>,
    /// Its groups change, or were changed behind its wish.
    pub regrouped: bool,
}

/// What the change from `old` to `new` does, given what the engine enforces. `Recreate` also where the
/// container is gone from the engine.
pub fn effect(current: &Container, new: &ContainerSpec, disk_enforced: bool) -> Effect {
    let effect = edited(&current.desired.spec, new, disk_enforced);
    if current.observed.is_none() {
        effect.max(Effect::Recreate)
    } else {
        effect
    }
}

/// What the edit alone does.
pub(crate) fn edited(old: &ContainerSpec, new: &ContainerSpec, disk_enforced: bool) -> Effect {
    let mut found = changes(old, new);
    if !disk_enforced {
        found.retain(|change| change.field != "disk");
    }
    effect_of(&found)
}

/// Whether an update needs a new Docker container: by its fields, or because the target counts one more.
pub fn recreates(current: &Container, change: &Change) -> bool {
    let job_again = change.target.wish == Wish::Finished && current.desired.wish != Wish::Finished;
    let counted = change.target.revision != current.desired.revision;
    counted
        || job_again
        || effect(current, &change.target.spec, change.disk_enforced) >= Effect::Recreate
}

/// The steps of an update. Empty where nothing in the engine has to change.
pub fn plan_update(current: &Container, change: &Change) -> Plan {
    match &current.observed {
        Some(seen) if !recreates(current, change) => live(current, seen, change),
        seen => recreate(current, seen.as_ref(), change),
    }
}

/// Prepare, set the former one aside, make the new one, and only when it has proved itself remove the
/// former. Taken back in reverse, the new one is removed before the old one is started: they share
/// address and host ports.
fn recreate(current: &Container, seen: Option<&Observed>, change: &Change) -> Plan {
    let id = current.id;
    let mut steps = change.make.prepare();
    let Some(seen) = seen else {
        steps.push(change.make.make());
        steps.extend(bring_up(
            RuntimeName::Current(id),
            &Wished::from(&change.make),
        ));
        steps.extend(cleared(change));
        return Plan { steps };
    };
    let aside = RuntimeName::Aside(id, seen.revision);
    steps.push(Step::undone_by(
        Action::Rename {
            container: id,
            revision: seen.revision,
            to: aside,
        },
        vec![Action::Rename {
            container: id,
            revision: seen.revision,
            to: RuntimeName::Current(id),
        }],
    ));
    steps.push(change.make.make());
    if matches!(
        seen.phase,
        Phase::Running | Phase::Paused | Phase::Restarting
    ) {
        let mut undo = vec![Action::Start(aside)];
        if seen.phase == Phase::Paused {
            undo.push(Action::Pause(aside));
        }
        steps.push(Step::undone_by(
            Action::Stop {
                name: aside,
                timeout: None,
            },
            undo,
        ));
    }
    let remove_new = Action::Remove(RuntimeName::Current(id));
    for mut step in bring_up(RuntimeName::Current(id), &Wished::from(&change.make)) {
        step.undo.push(remove_new.clone());
        steps.push(step);
    }
    steps.push(Step::plain(Action::Remove(aside)).dispensable());
    steps.extend(cleared(change));
    Plan { steps }
}

/// What the new container does not need any more.
fn cleared(change: &Change) -> Vec<Step> {
    let request = &change.make.request;
    change
        .make
        .storage
        .clear(request.container, request.revision)
}

/// Limits, connection, state: whatever differs from what is seen.
fn live(current: &Container, seen: &Observed, change: &Change) -> Plan {
    let name = RuntimeName::Current(current.id);
    let mut steps = change.make.storage.growth();
    if let Some((to, back)) = limits(seen, &change.target.spec) {
        steps.push(Step::undone_by(
            Action::Update { name, limits: to },
            vec![Action::Update { name, limits: back }],
        ));
    }
    steps.extend(connections(name, seen, change));
    let healthcheck = change.target.spec.healthcheck.is_some();
    let turned = transition(
        name,
        seen.phase,
        &Wished {
            wish: change.target.wish,
            wait_for: change.wait_for,
            healthcheck,
        },
    );
    if turned
        .iter()
        .any(|step| matches!(step.action, Action::Start(_)))
    {
        steps.extend(bring_back(&change.make.storage.volumes()));
    }
    steps.extend(turned);
    Plan { steps }
}

/// The limits to set and those to go back to; `None` where all are right.
pub(crate) fn limits(seen: &Observed, spec: &ContainerSpec) -> Option<(Limits, Limits)> {
    let mut to = Limits {
        cpu: None,
        memory: None,
        restart_policy: None,
    };
    let mut back = to;
    if spec.cpu != seen.cpu {
        (to.cpu, back.cpu) = (spec.cpu, seen.cpu);
    }
    if spec.memory != seen.memory {
        (to.memory, back.memory) = (spec.memory, seen.memory);
    }
    let wished = spec
        .restart_policy
        .map_or(NO_RESTART, zun_domain::container::RestartPolicy::for_engine);
    let now = seen
        .restart_policy
        .map_or(NO_RESTART, zun_domain::container::RestartPolicy::for_engine);
    if wished != now {
        (to.restart_policy, back.restart_policy) = (Some(wished), Some(now));
    }
    let differs = to.cpu.is_some() || to.memory.is_some() || to.restart_policy.is_some();
    differs.then_some((to, back))
}

const NO_RESTART: zun_domain::container::RestartPolicy = zun_domain::container::RestartPolicy {
    name: zun_domain::container::RestartPolicyName::No,
    maximum_retry_count: None,
};

/// Steps from a phase to a wish.
pub(crate) fn transition(name: RuntimeName, phase: Phase, wished: &Wished) -> Vec<Step> {
    let stop = |undo| {
        let timeout = None;
        vec![Step::undone_by(Action::Stop { name, timeout }, undo)]
    };
    let pause = || Step::undone_by(Action::Pause(name), vec![Action::Unpause(name)]);
    match (wished.wish, phase) {
        (Wish::Running | Wish::Finished, Phase::Paused) => {
            vec![Step::undone_by(
                Action::Unpause(name),
                vec![Action::Pause(name)],
            )]
        }
        (Wish::Paused, Phase::Running) => vec![pause()],
        (Wish::Stopped, Phase::Running | Phase::Restarting) => stop(vec![Action::Start(name)]),
        (Wish::Stopped, Phase::Paused) => stop(vec![Action::Start(name), Action::Pause(name)]),
        (Wish::Running | Wish::Paused, Phase::Created | Phase::Exited | Phase::Dead)
        | (Wish::Finished, Phase::Created) => {
            let mut steps = bring_up(name, wished);
            if let Some(first) = steps.first_mut() {
                first.undo.push(Action::Stop {
                    name,
                    timeout: None,
                });
            }
            steps
        }
        (Wish::Paused, Phase::Restarting) => {
            let healthy = false;
            vec![Step::plain(Action::AwaitStarted { name, healthy }), pause()]
        }
        (Wish::Running | Wish::Finished, Phase::Running | Phase::Restarting)
        | (Wish::Finished, Phase::Exited | Phase::Dead)
        | (Wish::Stopped, Phase::Created | Phase::Exited | Phase::Dead)
        | (Wish::Paused, Phase::Paused) => Vec::new(),
    }
}

#[cfg(test)]
mod tests;
