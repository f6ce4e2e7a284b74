//! Operations as their followers see them while they are at work, and the hand that cancels them.

use std::time::Duration;

use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use zun_domain::id::OperationId;
use zun_domain::operation::Operation;

use crate::call::Call;
use crate::context::{Engine, Inner, lock};
use crate::error::{Error, Result};

/// The executor's end of an operation that is followed.
#[derive(Clone)]
pub(crate) struct Followed {
    sender: watch::Sender<Operation>,
    pub(crate) cancel: CancellationToken,
}

impl Followed {
    pub(crate) fn tell(&self, change: impl FnOnce(&mut Operation)) {
        self.sender.send_modify(change);
    }
}

impl Inner {
    /// Lets the operation be followed and cancelled from now on.
    pub(crate) fn follow(&self, operation: &Operation) -> Followed {
        let sender = lock(&self.following)
            .entry(operation.id)
            .or_insert_with(|| watch::Sender::new(operation.clone()))
            .clone();
        let cancel = lock(&self.cancels).entry(operation.id).or_default().clone();
        Followed { sender, cancel }
    }

    /// Ends an operation that a delete has cancelled in the store.
    pub(crate) fn cancel(&self, ended: &Operation) {
        if let Some(sender) = lock(&self.following).remove(&ended.id) {
            sender.send_replace(ended.clone());
        }
        if let Some(token) = lock(&self.cancels).remove(&ended.id) {
            token.cancel();
        }
    }

    /// Tells the followers how it ended, and forgets it.
    pub(crate) fn tell_end(&self, ended: &Operation, followed: &Followed) {
        followed.sender.send_replace(ended.clone());
        self.forget(ended.id);
    }

    pub(crate) fn forget(&self, id: OperationId) {
        lock(&self.following).remove(&id);
        lock(&self.cancels).remove(&id);
    }

    /// One that was interrupted stays followed: it goes on at the next start, unless it was cancelled.
    pub(crate) fn unfollow_cancelled(&self, operation: &Operation, followed: &Followed) {
        if followed.cancel.is_cancelled() {
            self.forget(operation.id);
        }
    }
}

impl Engine {
    /// An operation that the caller can see.
    pub async fn operation_get(&self, call: &Call, id: OperationId) -> Result<Operation> {
        let stored = self.store.operation_find(id).await?;
        let visible = |operation: &Operation| {
            call.visible()
                .is_none_or(|project| project == operation.project)
        };
        let operation = stored
            .filter(visible)
            .ok_or_else(|| Error::not_found("operation", id))?;
        if operation.state.is_final() {
            return Ok(operation);
        }
        let live = lock(&self.following)
            .get(&id)
            .map(|sender| sender.borrow().clone());
        Ok(live.unwrap_or(operation))
    }

    /// The operation when it has ended, or, with `after`, when it is further than `after` steps; at the
    /// latest when `bound` is over.
    pub async fn operation_wait(
        &self,
        call: &Call,
        id: OperationId,
        after: Option<u32>,
        bound: Duration,
    ) -> Result<Operation> {
        let receiver = lock(&self.following).get(&id).map(watch::Sender::subscribe);
        let now = self.operation_get(call, id).await?;
        let reached = |operation: &Operation| {
            operation.state.is_final() || after.is_some_and(|after| operation.steps_done > after)
        };
        let Some(mut receiver) = receiver.filter(|_| !reached(&now)) else {
            return Ok(now);
        };
        // Copied out of the watch's guard at once: a future that holds one cannot move between threads.
        let change = async {
            receiver
                .wait_for(reached)
                .await
                .ok()
                .map(|seen| seen.clone())
        };
        match tokio::time::timeout(bound, change).await {
            Ok(Some(operation)) => Ok(operation),
            Ok(None) | Err(_) => self.operation_get(call, id).await,
        }
    }

    /// The operation when it has ended; an error when it has failed, or when `bound` is over before.
    pub async fn wait_for_operation(
        &self,
        call: &Call,
        id: OperationId,
        bound: Duration,
    ) -> Result<Operation> {
        let operation = self.operation_wait(call, id, None, bound).await?;
        match (&operation.failure, operation.state.is_final()) {
            (Some(failure), true) => Err(Error::Failed(Box::new(failure.clone()))),
            (None, true) => Ok(operation),
            (_, false) => Err(Error::Unavailable(format!(
                "operation {} has not ended after {} s ({}); it goes on: ask for it again",
                operation.id,
                bound.as_secs(),
                operation.progress
            ))),
        }
    }
}
