//! Waiting for a fake container: woken by its changes and by the host's timers, never by polling.

use std::time::Duration;

use tokio::sync::watch;
use tokio::time::Instant;
use zun_domain::container::{Health, Observed, Phase};

use super::FakeHost;
use super::state::no_container;
use crate::Result;
use crate::runtime::RuntimeName;

impl FakeHost {
    /// What it shows now, and how to hear of its next change.
    fn look(&self, name: RuntimeName) -> Result<(Observed, watch::Receiver<()>)> {
        self.answering()?;
        let state = self.lock();
        let text = name.to_string();
        let key = state.existing(&text)?;
        let record = state
            .containers
            .get(&key)
            .ok_or_else(|| no_container(&text))?;
        Ok((record.observed(key), record.changed.subscribe()))
    }

    /// Returns when something may have changed, or the moment has come.
    pub(super) async fn next(&self, changed: &mut watch::Receiver<()>, until: Option<Instant>) {
        let mut down = self.shared.down.subscribe();
        let mut timers = self.shared.timers.subscribe();
        let timer = self.lock().next_timer();
        let wake = [timer, until].into_iter().flatten().min();
        let something = async {
            tokio::select! {
                _ = changed.changed() => {}
                _ = down.changed() => {}
                _ = timers.changed() => {}
            }
        };
        match wake {
            Some(at) => drop(tokio::time::timeout_at(at, something).await),
            None => something.await,
        }
    }

    /// Until it is settled as running, has a verdict of its health check, or does not run at all.
    pub(super) async fn started(
        &self,
        name: RuntimeName,
        settle: Duration,
        healthy: bool,
    ) -> Result<Observed> {
        let settled = Instant::now() + settle;
        loop {
            let (seen, mut changed) = self.look(name)?;
            let verdict = seen.health.filter(|_| healthy);
            let waits = match (seen.phase, verdict) {
                (Phase::Running, Some(health)) => health == Health::Starting,
                (Phase::Running, None) => Instant::now() < settled,
                (
                    Phase::Created
                    | Phase::Restarting
                    | Phase::Paused
                    | Phase::Exited
                    | Phase::Dead,
                    _,
                ) => false,
            };
            if !waits {
                return Ok(seen);
            }
            let until = verdict.is_none().then_some(settled);
            self.next(&mut changed, until).await;
        }
    }

    /// Until it has no process and will get none by itself.
    pub(super) async fn exited(&self, name: RuntimeName) -> Result<Observed> {
        loop {
            let (seen, mut changed) = self.look(name)?;
            match seen.phase {
                Phase::Created | Phase::Exited | Phase::Dead => return Ok(seen),
                Phase::Running | Phase::Restarting | Phase::Paused => {}
            }
            self.next(&mut changed, None).await;
        }
    }

    /// Until its process does not run, or it is gone.
    pub(super) async fn ended(&self, name: RuntimeName, changed: &mut watch::Receiver<()>) {
        loop {
            let alive = {
                let state = self.lock();
                let key = state.key(&name.to_string());
                key.and_then(|key| state.containers.get(&key))
                    .is_some_and(super::state::Record::alive)
            };
            if !alive {
                return;
            }
            self.next(changed, None).await;
        }
    }
}
