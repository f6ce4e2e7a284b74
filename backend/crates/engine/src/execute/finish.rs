//! How an operation ends in the store: one transaction with the operation and what it worked on.

mod container;
mod image;
mod port;
mod volume;

use zun_domain::container::Observed;
use zun_domain::operation::{Failure, Operation, OperationKind, OperationState, Subject};
use zun_domain::time::Timestamp;
use zun_store::{StepEntry, Tx};

use self::image::SeenImage;
use super::follow::Followed;
use super::journal::ended_by;
use super::{Outcome, Work, wait};
use crate::context::Engine;
use crate::error::Result;

/// How it ended, and what is seen of a container now.
struct End {
    failure: Option<Failure>,
    /// What was made stays, although it failed.
    kept: bool,
    observed: Option<Observed>,
    /// What became of an image's data.
    image: SeenImage,
    /// When.
    at: Timestamp,
}

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
        let Ok(observed) = self
            .seen_at_end(work, failure.is_none(), shown, followed)
            .await
        else {
            return Ok(());
        };
        let Ok(image) = self.image_at_end(work, failure.is_none()).await else {
            return Ok(());
        };
        let end = End {
            failure,
            kept,
            observed,
            image,
            at: self.clock.now(),
        };
        if self.go_on().is_err() {
            return Ok(());
        }
        loop {
            match self.finish_once(work, &end).await {
                Ok(operation) => {
                    self.tell_end(&operation, followed);
                    self.guard_after(&operation);
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

    /// What was given back at the end of an operation is in the rules no longer. Nobody waits for that: an address is
    /// guarded anew before somebody else starts with it.
    fn guard_after(&self, operation: &Operation) {
        let changes = match operation.kind {
            OperationKind::Create => operation.failure.is_some(),
            OperationKind::Update | OperationKind::Delete | OperationKind::Repair => true,
            OperationKind::Start
            | OperationKind::Stop
            | OperationKind::Reboot
            | OperationKind::Pause
            | OperationKind::Unpause
            | OperationKind::Kill
            | OperationKind::Commit => false,
        };
        if changes && operation.subject.container().is_some() {
            let engine = self.clone();
            self.spawn(async move { engine.guard_soon().await });
        }
    }

    async fn finish_once(&self, work: &Work, end: &End) -> zun_store::Result<Operation> {
        let mut tx = self.store.begin().await?;
        let written = self.finish_in(&mut tx, work, end).await;
        ended_by(tx, written).await
    }

    async fn finish_in(&self, tx: &mut Tx, work: &Work, end: &End) -> zun_store::Result<Operation> {
        let now = self.clock.now();
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
        self.finish_subject(tx, work, end).await?;
        let (progress, steps_done) = match end.failure {
            None => ("done", work.operation.steps),
            Some(_) => ("failed", work.operation.steps_done),
        };
        Ok(Operation {
            state,
            failure: end.failure.clone(),
            progress: progress.to_owned(),
            steps_done,
            finished_at: Some(now),
            ..work.operation.clone()
        })
    }

    async fn finish_subject(&self, tx: &mut Tx, work: &Work, end: &End) -> zun_store::Result<()> {
        match work.operation.subject {
            Subject::Container(id) => self.finish_container(tx, id, work, end).await,
            Subject::Volume(id) => self.finish_volume(tx, id, work, end).await,
            Subject::Snapshot(id) => self.finish_snapshot(tx, id, work, end).await,
            Subject::Image(id) => self.finish_image(tx, id, work, end).await,
            Subject::HostImage(id) => self.finish_host_image(tx, id, work, end).await,
        }
    }
}
