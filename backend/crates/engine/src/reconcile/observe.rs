//! One container: what the engine shows now, written where it differs from the record.

use tokio::sync::MutexGuard;
use zun_domain::container::{Container, Life, Observed, Phase};
use zun_domain::id::{CapsuleId, ContainerId};
use zun_domain::operation::{Event, Subject};
use zun_domain::runtime::RuntimeName;

use zun_store::Tx;

use crate::context::{Engine, lock};
use crate::error::Result;

impl Engine {
    /// Records what the engine shows; where an operation is at work on it, when that has ended.
    pub(crate) async fn observe(&self, id: ContainerId) -> Result<()> {
        let Some(container) = self.store.container_find(id).await? else {
            return Ok(());
        };
        let subject = Subject::from(&container);
        lock(&self.unseen).insert(subject);
        self.look_at_unseen(subject).await
    }

    /// Looks at what changed, as often as it changes meanwhile. Whoever has the turn calls this after it, so that no
    /// change is lost: it is noted before the turn is asked for, and stays noted while an operation waits for its turn.
    pub(crate) async fn look_at_unseen(&self, subject: Subject) -> Result<()> {
        let mut result = Ok(());
        while lock(&self.unseen).contains(&subject) {
            let turn = self.turn(subject);
            let Ok(held) = turn.try_lock() else { break };
            if self.store.operation_running_of(subject).await?.is_some() {
                break;
            }
            lock(&self.unseen).remove(&subject);
            let looked = match subject {
                Subject::Container(id) => self.look_at_container(id, held).await,
                Subject::Capsule(id) => self.look_at_capsule(id, held).await,
                _ => Ok(()),
            };
            result = result.and(looked);
        }
        result
    }

    async fn look_at_container(&self, id: ContainerId, held: MutexGuard<'_, ()>) -> Result<()> {
        let Some(container) = self.store.container_find(id).await? else {
            return Ok(());
        };
        if container.life != Life::Live {
            return Ok(());
        }
        let seen = self.seen_by_its_name(&container).await?;
        if seen == container.observed {
            return Ok(());
        }
        let mut tx = self.store.begin().await?;
        if tx.operation_running_of(id).await?.is_some() {
            lock(&self.unseen).insert(Subject::Container(id));
            return Ok(());
        }
        self.record_sight(&mut tx, &container, seen.as_ref())
            .await?;
        tx.commit().await?;
        drop(held);
        self.heal(Container {
            observed: seen,
            ..container
        })
        .await
    }

    /// Writes what is seen of it, and what has happened.
    pub(super) async fn record_sight(
        &self,
        tx: &mut Tx,
        container: &Container,
        seen: Option<&Observed>,
    ) -> Result<()> {
        let note = what_happened(container, seen);
        let (id, now) = (container.id, self.clock.now());
        let (life, reason) = (&container.life, note.reason.as_deref());
        tx.container_observe(id, seen, life, reason, None, now)
            .await?;
        tx.event_insert(&Event {
            at: now,
            container: id,
            operation: None,
            kind: note.word.to_owned(),
            message: note.sentence,
        })
        .await?;
        Ok(())
    }

    /// What its name shows. One that was renamed by hand gets its name back first.
    pub(super) async fn seen_by_its_name(&self, container: &Container) -> Result<Option<Observed>> {
        let runtime = &self.drivers(container.place.id)?.runtime;
        let name = RuntimeName::Current(container.id);
        if let Some(seen) = runtime.find(name).await? {
            return Ok(Some(seen));
        }
        runtime
            .rename(container.id, container.desired.revision, name)
            .await?;
        Ok(runtime.find(name).await?)
    }

    /// Why it is not what it should be, kept with the record for whoever asks.
    pub(crate) async fn note_reason(&self, id: ContainerId, reason: &str) {
        let noted = async {
            let mut tx = self.store.begin().await?;
            let task = tx.container_get(id).await?.task;
            tx.container_task(id, task, Some(reason)).await?;
            tx.commit().await
        };
        if let Err(error) = noted.await {
            tracing::warn!(container = %id, "cannot note the reason: {error}");
        }
    }

    /// The same of a capsule.
    pub(crate) async fn note_capsule_reason(&self, id: CapsuleId, reason: &str) {
        let noted = async {
            let mut tx = self.store.begin().await?;
            let capsule = tx.capsule_get(id).await?;
            tx.capsule_note(
                id,
                &capsule.life,
                Some(reason),
                capsule.task,
                self.clock.now(),
            )
            .await?;
            tx.commit().await
        };
        if let Err(error) = noted.await {
            tracing::warn!(capsule = %id, "cannot note the reason: {error}");
        }
    }
}

struct Note {
    word: &'static str,
    sentence: String,
    reason: Option<String>,
}

/// The change in words, and the reason that is kept while it lasts.
fn what_happened(before: &Container, seen: Option<&Observed>) -> Note {
    let Some(seen) = seen else {
        let sentence = "the container was removed from the engine by someone else; its name, addresses and claims are kept: \
                        start it, or apply again, to have it made anew in place"
            .to_owned();
        return Note {
            word: "missing",
            sentence: sentence.clone(),
            reason: Some(sentence),
        };
    };
    let phase_before = before.observed.as_ref().map(|observed| observed.phase);
    if phase_before == Some(seen.phase) {
        let reason = before.status_reason.clone();
        return Note {
            word: "changed",
            sentence: "its limits, networks or health changed in the engine".to_owned(),
            reason,
        };
    }
    phase_note(seen)
}

fn phase_note(seen: &Observed) -> Note {
    let code = seen.exit_code.unwrap_or_default();
    let fine = |word, sentence: &str| Note {
        word,
        sentence: sentence.to_owned(),
        reason: None,
    };
    let wrong = |word, sentence: String| Note {
        word,
        reason: Some(sentence.clone()),
        sentence,
    };
    match seen.phase {
        Phase::Exited | Phase::Dead if seen.oom_killed => wrong(
            "ended",
            format!(
                "the container ended with exit code {code}, ended by the kernel for lack of memory"
            ),
        ),
        Phase::Exited | Phase::Dead => wrong(
            "ended",
            format!("the container ended with exit code {code}"),
        ),
        Phase::Restarting => wrong(
            "restarting",
            format!(
                "the container ended with exit code {code} and is being restarted by its policy"
            ),
        ),
        Phase::Running => fine("running", "the container runs"),
        Phase::Paused => fine("paused", "the container was paused"),
        Phase::Created => fine("created", "the container is made and not started"),
    }
}
