//! Waiting for containers: by the engine's own wait call and its events, never by asking again and again.

use std::collections::HashMap;
use std::time::Duration;

use bollard::errors::Error as Bollard;
use bollard::query_parameters::{EventsOptionsBuilder, WaitContainerOptionsBuilder};
use futures::StreamExt;
use zun_domain::container::{Health, Observed, Phase};
use zun_domain::time::Timestamp;
use zun_driver::runtime::RuntimeName;
use zun_driver::{Class, Error, Result};

use crate::{Docker, error};

/// How many times as long one has to run that its restart policy has started again already: between two crashes a
/// container runs, too.
const AFTER_RESTART: u32 = 10;

impl Docker {
    /// Returns once the engine says that the condition holds, at once where it does already.
    pub(super) async fn wait_for(&self, name: &str, condition: &str) -> Result<()> {
        let tried = format!("wait for container {name}");
        let options = WaitContainerOptionsBuilder::new()
            .condition(condition)
            .build();
        let client = self.client().await?;
        let mut answers = std::pin::pin!(client.wait_container(name, Some(options)));
        match answers.next().await {
            // bollard takes an exit code other than 0 for an error.
            Some(Ok(_) | Err(Bollard::DockerContainerWaitError { .. })) => Ok(()),
            Some(Err(error)) if error::is_absent(&error) => Err(Self::no_container(name)),
            Some(Err(error)) => Err(self.told(&tried, error)),
            None => Err(closed(&tried)),
        }
    }

    /// Ended for good. The engine's wait ends at each end of the process, also where the restart policy is
    /// about to start it again; during that pause it counts as running, so the next wait does wait.
    pub(super) async fn ended(&self, name: RuntimeName) -> Result<Observed> {
        let text = name.to_string();
        loop {
            self.wait_for(&text, "not-running").await?;
            let seen = self.existing(name).await?;
            match seen.phase {
                Phase::Created | Phase::Exited | Phase::Dead => return Ok(seen),
                Phase::Running | Phase::Restarting | Phase::Paused => {}
            }
        }
    }

    /// Settled as running, or with a verdict of its health check, or not running.
    pub(super) async fn settled(
        &self,
        name: RuntimeName,
        settle: Duration,
        healthy: bool,
    ) -> Result<Observed> {
        if healthy {
            let seen = self.existing(name).await?;
            if seen.phase != Phase::Running {
                return Ok(seen);
            }
            if seen.health.is_some() {
                return self.verdict(name, seen).await;
            }
        }
        let text = name.to_string();
        let mut patience = settle;
        loop {
            let ended = self.wait_for(&text, "not-running");
            let held_out = match tokio::time::timeout(patience, ended).await {
                Ok(ended) => ended.map(|()| false)?,
                Err(_) => true,
            };
            let (seen, restarts) = self.existing_with_restarts(name).await?;
            let longer = settle.saturating_mul(AFTER_RESTART);
            let settled = held_out && (patience == longer || restarts == 0);
            if seen.phase != Phase::Running || settled {
                return Ok(seen);
            }
            patience = longer;
        }
    }

    /// Follows the container's events since its start, which the engine remembers: nothing is missed between
    /// the look and the subscription.
    async fn verdict(&self, name: RuntimeName, mut seen: Observed) -> Result<Observed> {
        let tried = format!("wait for container {name}");
        let filters = HashMap::from([
            ("type", vec!["container"]),
            ("container", vec![seen.runtime.0.as_str()]),
            (
                "event",
                vec!["health_status", "die", "destroy", "pause", "start"],
            ),
        ]);
        let mut options = EventsOptionsBuilder::new().filters(&filters);
        if let Some(started) = seen.started_at {
            options = options.since(&unix(started));
        }
        let client = self.client().await?;
        let mut events = std::pin::pin!(client.events(Some(options.build())));
        while seen.phase == Phase::Running && seen.health == Some(Health::Starting) {
            match events.next().await {
                Some(Ok(_)) => seen = self.existing(name).await?,
                Some(Err(error)) => return Err(self.told(&tried, error)),
                None => return Err(closed(&tried)),
            }
        }
        Ok(seen)
    }
}

/// A moment as the events call takes it: seconds and nanoseconds since 1970.
pub(super) fn unix(moment: Timestamp) -> String {
    format!("{}.{:09}", moment.as_second(), moment.subsec_nanosecond())
}

fn closed(tried: &str) -> Error {
    Error::new(
        Class::Unavailable,
        format!("cannot {tried}: the Docker Engine closed the connection"),
    )
}
