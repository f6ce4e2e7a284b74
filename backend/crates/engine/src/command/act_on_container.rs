//! The single verbs: start, stop, reboot, pause, unpause, kill.

use zun_domain::container::mount;
use zun_domain::container::{Container, Desired, TaskState, Verb, WaitFor, Wish};
use zun_domain::operation::OperationKind;
use zun_planner::Plan;
use zun_planner::lifecycle::{
    plan_kill, plan_pause, plan_reboot, plan_start, plan_stop, plan_unpause,
};

use super::update_container::check_verb;
use super::{Accepted, Act, Edit, UpdateContainer};
use crate::call::Call;
use crate::context::Engine;
use crate::error::Result;

impl Engine {
    /// Accepts one of the single verbs.
    pub async fn container_act(&self, call: &Call, ident: &str, act: Act) -> Result<Accepted> {
        let seen = self.container_get(call, ident).await?;
        check_verb(&seen, verb_of(&act))?;
        if let Some(membership) = seen.membership {
            let accepted = self.part_act(call, (&seen, membership), act).await?;
            return Ok(accepted);
        }
        if matches!(act, Act::Start) && seen.observed.is_none() {
            return self.start_missing(call, &seen).await;
        }
        let mut tx = self.store.begin().await?;
        let mut container = tx.container_get(seen.id).await?;
        self.check_idle(&tx, container.id).await?;
        check_verb(&container, verb_of(&act))?;
        let (kind, task, plan) = work_of(&container, &act);
        container.task = Some(task);
        container.generation += 1;
        container.updated_at = Some(self.clock.now());
        tx.container_update(&container, container.generation - 1)
            .await?;
        let target = Desired {
            wish: wish_after(container.desired.wish, &act),
            ..container.desired.clone()
        };
        let operation = self
            .accept(&mut tx, call, &container, kind, &plan, Some(&target))
            .await?;
        tx.commit().await?;
        self.nudge(&operation);
        Ok(Accepted {
            container,
            operation: Some(operation),
        })
    }

    /// Starting what is gone from the engine makes it anew, in place.
    async fn start_missing(&self, call: &Call, seen: &Container) -> Result<Accepted> {
        let ask = UpdateContainer {
            expected: None,
            name: None,
            edit: Edit::NONE,
            wish: Some(Wish::Running),
            wait_for: WaitFor::None,
            unique: false,
        };
        self.container_update(call, &seen.id.to_string(), ask).await
    }
}

pub(super) fn verb_of(act: &Act) -> Verb {
    match act {
        Act::Start => Verb::Start,
        Act::Stop(_) => Verb::Stop,
        Act::Reboot(_) => Verb::Reboot,
        Act::Pause => Verb::Pause,
        Act::Unpause => Verb::Unpause,
        Act::Kill(_) => Verb::Kill,
    }
}

pub(super) fn work_of(container: &Container, act: &Act) -> (OperationKind, TaskState, Plan) {
    let id = container.id;
    match act {
        Act::Start => (
            OperationKind::Start,
            TaskState::ContainerStarting,
            plan_start(id, &mount::volumes(&container.desired.mounts)),
        ),
        Act::Stop(timeout) => (
            OperationKind::Stop,
            TaskState::ContainerStopping,
            plan_stop(id, *timeout),
        ),
        Act::Reboot(timeout) => (
            OperationKind::Reboot,
            TaskState::ContainerRebooting,
            plan_reboot(id, &mount::volumes(&container.desired.mounts), *timeout),
        ),
        Act::Pause => (
            OperationKind::Pause,
            TaskState::ContainerPausing,
            plan_pause(id),
        ),
        Act::Unpause => (
            OperationKind::Unpause,
            TaskState::ContainerUnpausing,
            plan_unpause(id),
        ),
        Act::Kill(signal) => (
            OperationKind::Kill,
            TaskState::ContainerKilling,
            plan_kill(id, signal.clone()),
        ),
    }
}

/// The wish that a verb by name leaves behind. A signal says nothing about what is wished.
pub(super) fn wish_after(before: Wish, act: &Act) -> Wish {
    match act {
        Act::Start | Act::Reboot(_) | Act::Unpause => Wish::Running,
        Act::Stop(_) => Wish::Stopped,
        Act::Pause => Wish::Paused,
        Act::Kill(_) => before,
    }
}
