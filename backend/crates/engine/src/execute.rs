//! The one executor: log the intent, call the driver, log the outcome; undo in reverse. It knows no noun
//! and makes no choice; the plan was decided when the operation was accepted.
//!
//! An operation holds its subject's turn from its first step to its last, so that a delete that has
//! cancelled it starts only when it has let go. While an engine does not answer, the operation waits and
//! says so; it fails only for what will not change by waiting. Ended by a drain or a crash, it goes on
//! from its log: [`crate::recover`].

mod anew;
mod capsule;
mod ending;
mod finish;
mod follow;
mod image;
mod journal;
pub(crate) mod pull;
mod step;
mod storage;
mod wait;

use anew::Verdict;
pub(crate) use anew::{from_stored, stored};
pub(crate) use capsule::{CapsuleTarget, PartTarget};
pub(crate) use finish::kept_volumes;
pub(crate) use follow::Followed;

use std::sync::atomic::Ordering;

use zun_domain::container::{Desired, Observed};
use zun_domain::id::{HostId, OperationId};
use zun_domain::operation::{Failure, Operation, OperationState, Subject};
use zun_domain::runtime::RuntimeName;
use zun_domain::unit::DiskGib;
use zun_planner::resume::{done_when_refused, to_redo};
use zun_planner::{Action, OnFailure, Plan};
use zun_store::StepEntry;

use crate::context::{Engine, lock};
use crate::error::{Error, Result};
use journal::{Cursor, Entry};
use step::Stopped;

/// One operation with all that is needed to do it.
pub(crate) struct Work {
    pub(crate) operation: Operation,
    pub(crate) host: HostId,
    pub(crate) plan: Plan,
    pub(crate) target: Option<Target>,
    /// How often it was decided anew.
    anew: u32,
    cursor: Cursor,
}

/// What will be true of the subject when the plan is done, beside what the steps say themselves.
pub(crate) enum Target {
    /// A container's new wish.
    Container(Box<Desired>),
    /// A volume's new size.
    Volume(DiskGib),
    /// A capsule's new wish, or those of some of its containers.
    Capsule(Box<CapsuleTarget>),
}

/// How the steps ended.
pub(crate) enum Outcome {
    /// All are done; what the last wait has shown, where nothing changed after it.
    Done(Option<Observed>),
    /// The step `at` failed. `kept` where what was made stays.
    Failed {
        at: usize,
        failure: Failure,
        kept: bool,
    },
    /// The process is stopping, or the operation was cancelled: nothing more is written.
    Interrupted,
}

impl Engine {
    /// Starts the work on an operation that was committed.
    pub(crate) fn nudge(&self, operation: &Operation) {
        let followed = self.follow(operation);
        let (engine, operation) = (self.clone(), operation.clone());
        self.spawn(async move {
            if let Err(error) = Box::pin(engine.run(operation.clone(), &followed)).await {
                tracing::error!(operation = %operation.id, subject = %operation.subject, "operation stopped: {error}");
            }
        });
    }

    async fn run(&self, operation: Operation, followed: &Followed) -> Result<()> {
        let subject = operation.subject;
        let turn = self.turn(subject);
        let held = turn.lock().await;
        while let Some(work) = self.load(operation.id).await? {
            match self.attempt(&work, followed).await {
                None => continue,
                Some(Outcome::Interrupted) => self.unfollow_cancelled(&work.operation, followed),
                Some(outcome) => self.finish(&work, outcome, followed).await?,
            }
            break;
        }
        drop(held);
        if matches!(subject, Subject::Capsule(_)) {
            // The host may have been off before: what the engine could not start then, the operation has passed over.
            lock(&self.unseen).insert(subject);
        }
        self.let_go(subject).await;
        Ok(())
    }

    /// Does what the plan says; `None` where it was decided anew.
    async fn attempt(&self, work: &Work, followed: &Followed) -> Option<Outcome> {
        let (at, failure) = match self.drive(work, followed).await {
            Outcome::Failed {
                at,
                failure,
                kept: false,
            } => (at, failure),
            outcome => return Some(outcome),
        };
        match self.decide_anew(work, at, failure, followed).await {
            Ok(Verdict::Again) => None,
            Ok(Verdict::Stands(failure)) => Some(Outcome::Failed {
                at,
                failure,
                kept: false,
            }),
            Err(_) => Some(Outcome::Interrupted),
        }
    }

    /// What the log says is left to do; `None` for one that has ended meanwhile.
    async fn load(&self, id: OperationId) -> Result<Option<Work>> {
        let work = self.store.operation_work(id).await?;
        let current = work.operation;
        if current.state.is_final() {
            return Ok(None);
        }
        let host = self.host_of(current.subject).await?;
        let broken = |error: serde_json::Error| {
            Error::Internal(format!("the plan of operation {id} is broken: {error}"))
        };
        let (anew, plan) = from_stored(&work.plan).map_err(broken)?;
        let target = work
            .target
            .map(|text| Target::read(current.subject, &text))
            .transpose()
            .map_err(broken)?;
        let entries = self.store.step_entries(id).await?;
        let cursor = Cursor::read(&entries, current.state == OperationState::Undoing);
        Ok(Some(Work {
            operation: current,
            host,
            plan,
            target,
            anew,
            cursor,
        }))
    }

    /// The host that a subject is on.
    async fn host_of(&self, subject: Subject) -> Result<HostId> {
        Ok(match subject {
            Subject::Container(id) => self.store.container_get(id).await?.place.id,
            Subject::Volume(id) => self.store.volume_get(id).await?.place.id,
            Subject::Snapshot(id) => self.store.snapshot_get(id).await?.place.id,
            Subject::Capsule(id) => self.store.capsule_get(id).await?.place.id,
            Subject::Image(_) => self.local,
            Subject::HostImage(id) => self.store.pulled_image_get(id).await?.place.id,
        })
    }

    async fn drive(&self, work: &Work, followed: &Followed) -> Outcome {
        let done = work.cursor.undoing_from.unwrap_or(work.cursor.next);
        let redone = self.redo(work, done, followed).await;
        if let Some(from) = work.cursor.undoing_from {
            // Whatever is lost for good cannot be taken back either.
            if matches!(redone, Err(Stopped::Interrupted)) {
                return Outcome::Interrupted;
            }
            let failure = work.cursor.failure.clone();
            return self.undo(work, from, failure, followed).await;
        }
        match redone {
            Ok(()) => self.advance(work, followed).await,
            Err(Stopped::Interrupted) => Outcome::Interrupted,
            Err(Stopped::Failed(failure)) => {
                let rule = work.plan.steps[done].on_failure;
                self.fail(work, done, rule, failure, followed).await
            }
        }
    }

    /// Does again what a host that went down with us has lost.
    async fn redo(
        &self,
        work: &Work,
        done: usize,
        followed: &Followed,
    ) -> std::result::Result<(), Stopped> {
        if work.cursor.begun.is_none() || done >= work.plan.steps.len() {
            return Ok(());
        }
        for action in to_redo(&work.plan, done) {
            match self.perform_patiently(work, &action, followed).await {
                // Further than it was thought to be: the next step tells.
                Err(Stopped::Failed(failure)) if failure.conflict => {}
                result => {
                    result?;
                }
            }
        }
        Ok(())
    }

    /// Does the steps that are left.
    async fn advance(&self, work: &Work, followed: &Followed) -> Outcome {
        let mut seen = None;
        let mut done_before = None;
        for index in work.cursor.next..work.plan.steps.len() {
            let step = &work.plan.steps[index];
            let entry = Entry::advance(done_before, index, &step.action);
            if self.write(work, entry, followed).await.is_err() {
                return Outcome::Interrupted;
            }
            match self.perform_patiently(work, &step.action, followed).await {
                Ok(observed) => {
                    seen = if survives(&step.action) {
                        observed.or(seen)
                    } else {
                        observed
                    };
                    done_before = Some(index);
                }
                Err(Stopped::Interrupted) => return Outcome::Interrupted,
                Err(Stopped::Failed(failure))
                    if failure.conflict
                        && work.cursor.begun == Some(index)
                        && done_when_refused(&step.action) =>
                {
                    done_before = Some(index);
                }
                Err(Stopped::Failed(failure)) if step.on_failure == OnFailure::GoOn => {
                    self.note_leftover(work, &step.action, &failure);
                    done_before = Some(index);
                }
                Err(Stopped::Failed(failure)) => {
                    let failure = self.with_evidence(work, &step.action, failure).await;
                    return self
                        .fail(work, index, step.on_failure, failure, followed)
                        .await;
                }
            }
        }
        Outcome::Done(seen)
    }

    async fn fail(
        &self,
        work: &Work,
        index: usize,
        rule: OnFailure,
        failure: Failure,
        followed: &Followed,
    ) -> Outcome {
        if self
            .write(work, Entry::failed(index, &failure, rule), followed)
            .await
            .is_err()
        {
            return Outcome::Interrupted;
        }
        match rule {
            OnFailure::Keep | OnFailure::GoOn => Outcome::Failed {
                at: index,
                failure,
                kept: true,
            },
            OnFailure::Undo => self.undo(work, index, failure, followed).await,
        }
    }

    /// Takes back the steps up to `from`, the failed one included: its answer may have been lost.
    async fn undo(
        &self,
        work: &Work,
        from: usize,
        failure: Failure,
        followed: &Followed,
    ) -> Outcome {
        for index in (0..=from.min(work.plan.steps.len().saturating_sub(1))).rev() {
            let Some(step) = work.plan.steps.get(index) else {
                continue;
            };
            if work.cursor.undone.contains(&index) || step.undo.is_empty() {
                continue;
            }
            for action in &step.undo {
                match self.perform_patiently(work, action, followed).await {
                    Ok(_) => {}
                    Err(Stopped::Interrupted) => return Outcome::Interrupted,
                    Err(Stopped::Failed(problem)) => self.note_leftover(work, action, &problem),
                }
            }
            if self
                .write(work, Entry::undone(index, &step.action), followed)
                .await
                .is_err()
            {
                return Outcome::Interrupted;
            }
        }
        Outcome::Failed {
            at: from,
            failure,
            kept: false,
        }
    }

    /// What an undo could not take back is named; the sweep tries again.
    fn note_leftover(&self, work: &Work, action: &Action, problem: &Failure) {
        self.leftovers.store(true, Ordering::Relaxed);
        tracing::warn!(operation = %work.operation.id, subject = %work.operation.subject,
            "cannot take back ({}): {}", action.progress(), problem.message);
    }

    /// Ends the turn; what changed in the engine meanwhile is looked at now.
    pub(crate) async fn let_go(&self, subject: Subject) {
        if self.leftovers.swap(false, Ordering::Relaxed) {
            self.sweep_now.notify_one();
        }
        if let Err(error) = self.look_at_unseen(subject).await {
            tracing::warn!(subject = %subject, "cannot look at it after its operation: {error}");
        }
        let mut turns = lock(&self.turns);
        if turns
            .get(&subject)
            .is_some_and(|turn| std::sync::Arc::strong_count(turn) <= 2)
        {
            turns.remove(&subject);
        }
    }
}

/// Whether what a wait has shown still holds after this action.
fn survives(action: &Action) -> bool {
    matches!(
        action,
        Action::Remove(RuntimeName::Aside(..)) | Action::Volume(_)
    )
}

impl Target {
    /// As it is kept with the operation.
    pub(crate) fn text(&self) -> serde_json::Result<String> {
        match self {
            Self::Container(wish) => serde_json::to_string(wish),
            Self::Volume(size) => serde_json::to_string(size),
            Self::Capsule(target) => serde_json::to_string(target),
        }
    }

    fn read(subject: Subject, text: &str) -> serde_json::Result<Self> {
        match subject {
            Subject::Container(_) => serde_json::from_str(text).map(Self::Container),
            Subject::Volume(_)
            | Subject::Snapshot(_)
            | Subject::Image(_)
            | Subject::HostImage(_) => serde_json::from_str(text).map(Self::Volume),
            Subject::Capsule(_) => serde_json::from_str(text).map(Self::Capsule),
        }
    }
}

impl Entry {
    fn failed(index: usize, failure: &Failure, rule: OnFailure) -> Self {
        let text = serde_json::to_string(failure).unwrap_or_else(|_| failure.message.clone());
        let undoing = rule == OnFailure::Undo;
        let progress = if undoing {
            "taking back what was done"
        } else {
            "failed"
        };
        Self {
            logs: vec![(index, false, StepEntry::Failed(text))],
            state: if undoing {
                OperationState::Undoing
            } else {
                OperationState::Running
            },
            progress: progress.to_owned(),
            steps_done: index,
        }
    }
}
