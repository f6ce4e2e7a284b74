//! Delete: the wish first, then the plan. A create or an update that is at work is cancelled.

use zun_domain::capsule::Capsule;
use zun_domain::container::{Container, Life, Mount, MountSource, Status, TaskState, Verb};
use zun_domain::id::VolumeId;
use zun_domain::operation::OperationKind;
use zun_planner::Plan;
use zun_planner::capsule::{Leaving, plan_capsule_delete};
use zun_planner::delete::Ending;
use zun_store::Tx;

use super::super::DeleteContainer;
use super::AcceptedCapsule;
use crate::call::Call;
use crate::context::Engine;
use crate::error::{Error, Result};
use crate::execute::kept_volumes;

impl Engine {
    /// Accepts a delete. Asked again while one is at work, it answers that one. With `stop`, members are asked to
    /// stop first; `/v1` deletes in whatever state, with `force`.
    pub async fn capsule_delete(
        &self,
        call: &Call,
        ident: &str,
        ask: DeleteContainer,
    ) -> Result<AcceptedCapsule> {
        let seen = self.capsule_get(call, ident).await?;
        let mut tx = self.store.begin().await?;
        tx.admission_lock().await?;
        let mut capsule = tx.capsule_get(seen.id).await?;
        let running = tx.operation_running_of(capsule.id).await?;
        if let Some(operation) = running
            .as_ref()
            .filter(|operation| operation.kind == OperationKind::Delete)
        {
            tx.rollback().await?;
            return Ok(AcceptedCapsule {
                capsule,
                operation: Some(operation.clone()),
            });
        }
        check_delete(&capsule, ask)?;
        let cancelled = self.cancel_for_delete(&mut tx, running).await?;
        let ending = if ask.stop && !ask.force {
            Ending::Stopped
        } else {
            Ending::Killed
        };
        let plan = plan_of(&tx, &capsule, cancelled.is_some(), ending).await?;
        capsule.life = Life::Deleting;
        capsule.task = Some(TaskState::ContainerDeleting);
        capsule.generation += 1;
        capsule.updated_at = Some(self.clock.now());
        tx.capsule_update(&capsule, capsule.generation - 1).await?;
        for container in &mut capsule.containers {
            container.life = Life::Deleting;
            tx.container_update(container, container.generation).await?;
        }
        let operation = self
            .accept_capsule(
                &mut tx,
                call,
                &capsule,
                OperationKind::Delete,
                (&plan, None),
            )
            .await?;
        tx.commit().await?;
        if let Some(cancelled) = cancelled {
            self.cancel(&cancelled);
        }
        self.nudge(&operation);
        Ok(AcceptedCapsule {
            capsule,
            operation: Some(operation),
        })
    }
}

/// The plan, with what goes with the capsule: former revisions that a cancelled change left, files, volumes.
async fn plan_of(tx: &Tx, capsule: &Capsule, cancelled: bool, ending: Ending) -> Result<Plan> {
    let file = |mount: &Mount| matches!(mount.source, MountSource::File(_));
    let leaving = |container: &Container| Leaving {
        id: container.id,
        aside: cancelled.then_some(container.desired.revision),
        files: cancelled || container.desired.mounts.iter().any(file),
    };
    let leaving: Vec<Leaving> = capsule.containers.iter().map(leaving).collect();
    let (mut released, mut owned): (Vec<VolumeId>, Vec<VolumeId>) = Default::default();
    let kept = kept_volumes(capsule);
    if let Some(sandbox) = capsule.sandbox() {
        for volume in tx.volumes_of(sandbox.id).await? {
            if (volume.attachments.iter()).all(|a| a.container == sandbox.id) {
                released.push(volume.id);
            }
            if volume.owner == Some(sandbox.id) && !kept.contains(&volume.id) {
                owned.push(volume.id);
            }
        }
    }
    Ok(plan_capsule_delete(&leaving, &released, &owned, ending))
}

fn check_delete(capsule: &Capsule, ask: DeleteContainer) -> Result<()> {
    let status = capsule.status();
    let verb = match (ask.force, ask.stop) {
        (true, _) => Verb::DeleteForce,
        (false, true) => Verb::DeleteStop,
        // A create that is at work is cancelled by any delete.
        (false, false) if status == Status::Creating => Verb::DeleteStop,
        (false, false) => Verb::Delete,
    };
    if status.allows(verb) {
        return Ok(());
    }
    Err(Error::InvalidState {
        verb,
        subject: capsule.id.into(),
        status,
    })
}
