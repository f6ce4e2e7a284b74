//! How an operation ends in the store: one transaction with the operation, the container, its claim and
//! its host ports.

use zun_domain::container::{Container, Life, Observed};
use zun_domain::operation::{Event, Failure, Operation, OperationKind, OperationState};
use zun_domain::runtime::RuntimeName;
use zun_store::{StepEntry, Tx};

use super::follow::Followed;
use super::{Outcome, Work, wait};
use crate::context::Engine;
use crate::error::Result;

impl Engine {
    /// Writes the end, as often as it takes, and tells the followers.
    pub(crate) async fn finish(
        &self,
        work: &Work,
        outcome: Outcome,
        followed: &Followed,
    ) -> Result<()> {
        let (failure, kept, shown) = match outcome {
            Outcome::Done(seen) => (None, false, seen),
            Outcome::Failed { failure, kept, .. } => (Some(failure), kept, None),
            Outcome::Interrupted => return Ok(()),
        };
        let observed = match (shown, work.operation.kind) {
            (Some(seen), _) => Some(seen),
            (None, OperationKind::Delete) if failure.is_none() => None,
            (None, _) => match self.look(work, followed).await {
                Ok(seen) => seen,
                Err(()) => return Ok(()),
            },
        };
        let end = End {
            failure,
            kept,
            observed,
        };
        if self.go_on().is_err() {
            return Ok(());
        }
        loop {
            match self.finish_once(work, &end).await {
                Ok(operation) => {
                    self.tell_end(&operation, followed);
                    return Ok(());
                }
                Err(zun_store::Error::Conflict { .. } | zun_store::Error::NotFound { .. }) => {
                    return Ok(());
                }
                Err(error) => {
                    tracing::error!(operation = %work.operation.id, "cannot write the operation's end, trying again: {error}");
                    if wait::backoff(&self.stop).await.is_err() {
                        return Ok(());
                    }
                }
            }
        }
    }

    /// What the engine shows at the end; waits for one that is away.
    async fn look(
        &self,
        work: &Work,
        followed: &Followed,
    ) -> std::result::Result<Option<Observed>, ()> {
        let name = RuntimeName::Current(work.operation.container);
        loop {
            let Ok(drivers) = self.drivers(work.host) else {
                return Ok(None);
            };
            match drivers.runtime.find(name).await {
                Ok(seen) => return Ok(seen),
                Err(error) => {
                    tracing::warn!(operation = %work.operation.id, "cannot look at the container, trying again: {error}");
                    followed.tell(|operation| {
                        operation.progress = format!("waiting for the engine: {error}");
                    });
                    wait::backoff(&self.stop).await.map_err(|_| ())?;
                }
            }
        }
    }

    async fn finish_once(&self, work: &Work, end: &End) -> zun_store::Result<Operation> {
        let now = self.clock.now();
        let mut tx = self.store.begin().await?;
        let state = if end.failure.is_some() {
            OperationState::Failed
        } else {
            OperationState::Succeeded
        };
        if end.failure.is_none()
            && let Some(last) = work.plan.steps.len().checked_sub(1)
        {
            let last = u32::try_from(last).unwrap_or(u32::MAX);
            tx.step_log(work.operation.id, last, false, StepEntry::Done, now)
                .await?;
        }
        tx.operation_finish(work.operation.id, state, end.failure.as_ref(), now)
            .await?;
        let mut container = tx.container_get(work.operation.container).await?;
        if work.operation.kind == OperationKind::Delete && end.failure.is_none() {
            tx.container_delete(container.id).await?;
        } else {
            settle(&mut container, work, end);
            container.updated_at = Some(now);
            self.write_settled(&mut tx, &container, work, end).await?;
        }
        tx.commit().await?;
        let steps_done = if end.failure.is_none() {
            work.operation.steps
        } else {
            work.operation.steps_done
        };
        Ok(Operation {
            state,
            failure: end.failure.clone(),
            progress: if end.failure.is_none() {
                "done".to_owned()
            } else {
                "failed".to_owned()
            },
            steps_done,
            finished_at: Some(now),
            ..work.operation.clone()
        })
    }

    async fn write_settled(
        &self,
        tx: &mut Tx,
        container: &Container,
        work: &Work,
        end: &End,
    ) -> zun_store::Result<()> {
        tx.container_update(container, container.generation).await?;
        if work.target.is_some() {
            tx.claim_set(
                container.id,
                container.project,
                container.place.id,
                container.desired.amounts(),
            )
            .await?;
            tx.host_ports_set(
                container.id,
                container.place.id,
                &container.desired.published,
            )
            .await?;
        }
        let kind = work.operation.kind.as_str();
        let (word, message) = match &end.failure {
            None => ("done", format!("{kind} done")),
            Some(failure) => ("failed", format!("{kind} failed: {}", failure.message)),
        };
        tx.event_insert(&Event {
            at: self.clock.now(),
            container: container.id,
            operation: Some(work.operation.id),
            kind: word.to_owned(),
            message,
        })
        .await
    }
}

struct End {
    failure: Option<Failure>,
    kept: bool,
    observed: Option<Observed>,
}

/// What the end makes of the record.
fn settle(container: &mut Container, work: &Work, end: &End) {
    container.task = None;
    container.observed.clone_from(&end.observed);
    container.status_reason = end.failure.as_ref().map(|failure| failure.message.clone());
    let gone = end.observed.is_none();
    container.life = match (&end.failure, work.operation.kind) {
        (Some(failure), OperationKind::Create) if gone && !end.kept => Life::Failed {
            reason: failure.message.clone(),
        },
        _ => Life::Live,
    };
    if let (None, Some(target)) = (&end.failure, &work.target) {
        container.desired = target.clone();
    }
}
