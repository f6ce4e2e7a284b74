//! The log of intent and outcome: what is written before and after each call, and what a restart reads
//! from it.

use std::collections::BTreeSet;

use zun_domain::operation::{Failure, OperationState};
use zun_planner::Action;
use zun_store::{StepEntry, StepRecord, Tx};

use super::follow::Followed;
use super::step::Stopped;
use super::{Work, wait};
use crate::context::Engine;

/// One write: outcome of the step before and intent of the next, in one transaction.
pub(crate) struct Entry {
    /// Step, whether it is an undo, what happened.
    pub(crate) logs: Vec<(usize, bool, StepEntry)>,
    pub(crate) state: OperationState,
    pub(crate) progress: String,
    pub(crate) steps_done: usize,
}

impl Entry {
    pub(crate) fn advance(done: Option<usize>, next: usize, action: &Action) -> Self {
        let mut logs: Vec<_> = done
            .map(|index| (index, false, StepEntry::Done))
            .into_iter()
            .collect();
        logs.push((next, false, StepEntry::Intent));
        Self {
            logs,
            state: OperationState::Running,
            progress: action.progress(),
            steps_done: next,
        }
    }

    pub(crate) fn undone(index: usize, action: &Action) -> Self {
        Self {
            logs: vec![(index, true, StepEntry::Done)],
            state: OperationState::Undoing,
            progress: format!("taken back: {}", action.progress()),
            steps_done: index,
        }
    }
}

/// Where a restart goes on.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Cursor {
    /// First step without an outcome; it may have been done.
    pub(crate) next: usize,
    /// The last step that was begun, where one was: then this is not the first attempt.
    pub(crate) begun: Option<usize>,
    /// The step that failed, where its predecessors are being taken back.
    pub(crate) undoing_from: Option<usize>,
    /// Steps taken back already.
    pub(crate) undone: BTreeSet<usize>,
    /// Why it failed.
    pub(crate) failure: Failure,
}

impl Cursor {
    pub(crate) fn read(entries: &[StepRecord], undoing: bool) -> Self {
        let mut cursor = Self::default();
        for record in entries {
            let index = usize::try_from(record.index).unwrap_or(usize::MAX);
            match (&record.entry, record.undo) {
                (StepEntry::Done, false) => cursor.next = cursor.next.max(index.saturating_add(1)),
                (StepEntry::Done, true) => {
                    cursor.undone.insert(index);
                }
                (StepEntry::Failed(text), false) if undoing => {
                    cursor.undoing_from = Some(index);
                    cursor.failure = serde_json::from_str(text).unwrap_or_else(|_| Failure {
                        message: text.clone(),
                        ..Failure::default()
                    });
                }
                (StepEntry::Intent, _) => cursor.begun = Some(index),
                (StepEntry::Failed(_), _) => {}
            }
        }
        cursor
    }
}

impl Engine {
    /// Writes an entry, as often as it takes: while the store cannot be written, nothing goes on.
    pub(crate) async fn write(
        &self,
        work: &Work,
        entry: Entry,
        followed: &Followed,
    ) -> Result<(), Stopped> {
        self.go_on()?;
        loop {
            match self.write_once(work, &entry).await {
                Ok(()) => break,
                Err(error) => {
                    if matches!(
                        error,
                        zun_store::Error::Conflict { .. } | zun_store::Error::NotFound { .. }
                    ) {
                        return Err(Stopped::Interrupted);
                    }
                    tracing::error!(operation = %work.operation.id, "cannot write the operation's log, trying again: {error}");
                    wait::backoff(&self.stop).await?;
                }
            }
        }
        followed.tell(|operation| {
            operation.state = entry.state;
            operation.progress.clone_from(&entry.progress);
            operation.steps_done = u32::try_from(entry.steps_done).unwrap_or(u32::MAX);
        });
        self.go_on()
    }

    /// Where a crash can come: before and after each write of the log.
    pub(crate) fn go_on(&self) -> Result<(), Stopped> {
        match &self.interrupt {
            Some(interrupt) if interrupt() => Err(Stopped::Interrupted),
            _ => Ok(()),
        }
    }

    async fn write_once(&self, work: &Work, entry: &Entry) -> zun_store::Result<()> {
        let mut tx = self.store.begin().await?;
        let written = self.write_in(&mut tx, work, entry).await;
        ended_by(tx, written).await
    }

    async fn write_in(&self, tx: &mut Tx, work: &Work, entry: &Entry) -> zun_store::Result<()> {
        let (id, now) = (work.operation.id, self.clock.now());
        for (index, undo, what) in &entry.logs {
            let index = u32::try_from(*index).unwrap_or(u32::MAX);
            tx.step_log(id, index, *undo, what.clone(), now).await?;
        }
        let done = u32::try_from(entry.steps_done).unwrap_or(u32::MAX);
        tx.operation_progress(id, entry.state, &entry.progress, done)
            .await
    }
}

/// Commits what was written. A refusal ends the operation, so it counts only when what it rests on lasts.
pub(super) async fn ended_by<T>(tx: Tx, written: zun_store::Result<T>) -> zun_store::Result<T> {
    match written {
        Ok(value) => tx.commit().await.map(|()| value),
        Err(refused) => {
            tx.rollback().await?;
            Err(refused)
        }
    }
}
