//! Delete: the wish first, then the plan. A create or an update that is at work is cancelled.

use zun_domain::container::{Container, Life, Mount, MountSource, Status, TaskState, Verb};
use zun_domain::operation::{Operation, OperationKind, OperationState};
use zun_domain::volume::Volume;
use zun_planner::delete::{Belongings, Ending, plan_delete};
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
        tx.admission_lock().await?;
        let mut container = tx.container_get(seen.id).await?;
        let running = tx.operation_running_of(container.id).await?;
        if let Some(operation) = running
            .as_ref()
            .filter(|operation| operation.kind == OperationKind::Delete)
        {
            tx.rollback().await?;
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
        let belongings = belongings(&tx, &container, cancelled.is_some()).await?;
        let plan = plan_delete(container.id, &belongings, ending);
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

/// What goes with it: its former revision and files that a cancelled recreate left, its volumes.
async fn belongings(tx: &Tx, container: &Container, cancelled: bool) -> Result<Belongings> {
    let volumes = tx.volumes_of(container.id).await?;
    let alone = |volume: &&Volume| {
        volume
            .attachments
            .iter()
            .all(|a| a.container == container.id)
    };
    let owned = |volume: &&Volume| volume.owner == Some(container.id);
    let file = |mount: &Mount| matches!(mount.source, MountSource::File(_));
    Ok(Belongings {
        aside: cancelled.then_some(container.desired.revision),
        released: volumes
            .iter()
            .filter(alone)
            .map(|volume| volume.id)
            .collect(),
        owned: volumes
            .iter()
            .filter(owned)
            .map(|volume| volume.id)
            .collect(),
        files: cancelled || container.desired.mounts.iter().any(file),
    })
}

fn check_delete(container: &Container, ask: DeleteContainer) -> Result<()> {
    let verb = match (ask.force, ask.stop) {
        (true, _) => Verb::DeleteForce,
        (false, true) => Verb::DeleteStop,
        // A create that is at work is cancelled by any delete.
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
            | OperationKind::Kill
            | OperationKind::Commit => Err(Error::busy(&operation)),
        }
    }
}
