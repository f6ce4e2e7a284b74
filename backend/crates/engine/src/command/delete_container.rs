//! Delete: the wish first, then the plan. A create or an update that is at work is cancelled.

use zun_domain::container::{Container, Life, Status, TaskState, Verb};
use zun_domain::operation::{Operation, OperationKind, OperationState};
use zun_planner::delete::{Ending, plan_delete};
use zun_store::Tx;

use super::update_container::check_verb;
use super::{Accepted, DeleteContainer};
use crate::call::Call;
use crate::context::{Engine, Inner};
use crate::error::{Error, Result};

impl Engine {
    /// Accepts a delete. Asked again while one is at work, it answers that one.
    pub async fn container_delete(
        &self,
        call: &Call,
        ident: &str,
        ask: DeleteContainer,
    ) -> Result<Accepted> {
        let seen = self.container_get(call, ident).await?;
        let mut tx = self.store.begin().await?;
        let mut container = tx.container_get(seen.id).await?;
        let running = tx.operation_running_of(container.id).await?;
        if let Some(operation) = running
            .as_ref()
            .filter(|operation| operation.kind == OperationKind::Delete)
        {
            return Ok(Accepted {
                container,
                operation: Some(operation.clone()),
            });
        }
        check_delete(&container, ask)?;
        let cancelled = self.cancel_for_delete(&mut tx, running).await?;
        let ending = if ask.stop && !ask.force {
            Ending::Stopped
        } else {
            Ending::Killed
        };
        let aside = cancelled.as_ref().map(|_| container.desired.revision);
        let plan = plan_delete(container.id, aside, ending);
        container.life = Life::Deleting;
        container.task = Some(TaskState::ContainerDeleting);
        container.generation += 1;
        container.updated_at = Some(self.clock.now());
        tx.container_update(&container, container.generation - 1)
            .await?;
        let operation = self
            .accept(
                &mut tx,
                call,
                &container,
                OperationKind::Delete,
                &plan,
                None,
            )
            .await?;
        tx.commit().await?;
        if let Some(cancelled) = cancelled {
            self.cancel(&cancelled);
        }
        self.nudge(&operation);
        Ok(Accepted {
            container,
            operation: Some(operation),
        })
    }
}

fn check_delete(container: &Container, ask: DeleteContainer) -> Result<()> {
    let verb = match (ask.force, ask.stop) {
        (true, _) => Verb::DeleteForce,
        (false, true) => Verb::DeleteStop,
        // A create that is at work is cancelled by any delete (semantics.md §1.13).
        (false, false) if container.status() == Status::Creating => Verb::DeleteStop,
        (false, false) => Verb::Delete,
    };
    check_verb(container, verb)
}

impl Inner {
    /// Ends a create or an update in favour of the delete; anything else has to end first.
    async fn cancel_for_delete(
        &self,
        tx: &mut Tx,
        running: Option<Operation>,
    ) -> Result<Option<Operation>> {
        let Some(mut operation) = running else {
            return Ok(None);
        };
        match operation.kind {
            OperationKind::Create | OperationKind::Update | OperationKind::Repair => {
                let now = self.clock.now();
                tx.operation_finish(operation.id, OperationState::Cancelled, None, now)
                    .await?;
                operation.state = OperationState::Cancelled;
                operation.finished_at = Some(now);
                Ok(Some(operation))
            }
            OperationKind::Delete
            | OperationKind::Start
            | OperationKind::Stop
            | OperationKind::Reboot
            | OperationKind::Pause
            | OperationKind::Unpause
            | OperationKind::Kill => Err(Error::Busy {
                subject: operation.subject,
                operation: operation.id,
                kind: operation.kind,
            }),
        }
    }
}
