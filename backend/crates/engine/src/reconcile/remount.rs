//! Volumes back where their containers expect them: after a reboot of the host, or a hand that unmounted one.
//! Connect, mount, and only then start what the engine was to start itself. What fails is tried again, with
//! more and more time between, for as long as it takes; nothing is ever deleted or formatted.

use std::collections::BTreeMap;
use std::time::Duration;

use zun_domain::container::{Container, Life, mount};
use zun_domain::id::{ContainerId, HostId, VolumeId};
use zun_domain::operation::{Operation, OperationKind};
use zun_domain::runtime::RuntimeName;
use zun_domain::volume::AttachmentState;
use zun_planner::storage::{plan_return, starts_on_return};

use crate::call::Call;
use crate::context::Engine;
use crate::error::{Error, Result};

/// The first wait after a failure; each further one is twice as long, up to the time between two looks.
const FIRST_WAIT: Duration = Duration::from_millis(500);

impl Engine {
    /// Looks until the process stops.
    pub(crate) async fn keep_mounted(&self, host: HostId) {
        let between = Duration::from_secs(self.settings.reconcile_seconds.max(1));
        let mut wait = FIRST_WAIT;
        loop {
            let whole = match self.bring_volumes_back(host).await {
                Ok(whole) => whole,
                Err(error) => {
                    tracing::warn!(host = %host, "cannot look at the volumes: {error}");
                    false
                }
            };
            wait = if whole { between } else { wait.min(between) };
            let woken = async {
                tokio::select! {
                    () = self.stop.cancelled() => {}
                    () = self.host_back.notified() => {}
                }
            };
            // When nothing wakes it, it is time to look.
            tokio::time::timeout(wait, woken).await.ok();
            if self.stop.is_cancelled() {
                return;
            }
            wait = if whole { FIRST_WAIT } else { wait * 2 };
        }
    }

    /// Mounts what containers have and the host lost; whether nothing is lacking now.
    async fn bring_volumes_back(&self, host: HostId) -> Result<bool> {
        let lacking = self.lacking(host).await?;
        let mut whole = true;
        // All at once: whether each is to be started is seen before anybody else records what the reboot did.
        let all = lacking
            .keys()
            .map(|container| self.bring_back(host, *container));
        let ended = futures::future::join_all(all).await;
        for ((container, volumes), ended) in lacking.iter().zip(ended) {
            match ended {
                Ok(true) => {
                    tracing::info!(container = %container, "its {} volumes are back", volumes.len());
                }
                Ok(false) => whole = false,
                Err(error) => {
                    whole = false;
                    tracing::warn!(container = %container, "cannot bring its volumes back, trying again: {error}");
                }
            }
        }
        Ok(whole)
    }

    /// Containers that have a volume which the host has not mounted.
    async fn lacking(&self, host: HostId) -> Result<BTreeMap<ContainerId, Vec<VolumeId>>> {
        let mut lacking: BTreeMap<ContainerId, Vec<VolumeId>> = BTreeMap::new();
        let mut had = self.store.volume_list(None).await?;
        had.retain(|volume| volume.place.id == host && !volume.attachments.is_empty());
        if had.is_empty() {
            return Ok(lacking);
        }
        let found = self.drivers(host)?.volumes.list().await?;
        for volume in had {
            let seen = found.iter().find(|f| f.id == volume.id && f.mounted);
            let attached = volume
                .attachments
                .iter()
                .filter(|a| a.state == AttachmentState::Attached);
            if let Some(seen) = seen {
                for attachment in attached.filter(|_| seen.stuck) {
                    self.tell_of_stuck(volume.id, attachment.container).await?;
                }
                continue;
            }
            for attachment in attached {
                lacking
                    .entry(attachment.container)
                    .or_default()
                    .push(volume.id);
            }
        }
        Ok(lacking)
    }

    /// Says so once, where the container's state is read.
    async fn tell_of_stuck(&self, volume: VolumeId, container: ContainerId) -> Result<()> {
        let reason = format!(
            "volume {volume} takes no writes since its filesystem met an error, as when the disk of the host was full: free \
             some space, then stop the container and start it, which checks the filesystem and mounts it anew"
        );
        let told = self.store.container_get(container).await?.status_reason;
        if told.as_ref() != Some(&reason) {
            tracing::warn!(container = %container, "{reason}");
            self.note_reason(container, &reason).await;
        }
        Ok(())
    }

    /// One container; false where its own operation is at work, which mounts them itself, or this one failed.
    async fn bring_back(&self, host: HostId, id: ContainerId) -> Result<bool> {
        let container = self.store.container_get(id).await?;
        if container.life != Life::Live {
            return Ok(true);
        }
        if let Some(of) = container.membership {
            return self.bring_capsule_back(host, of.capsule).await;
        }
        let Some(start) = self.starts(host, &container).await? else {
            // It is gone from the engine: what makes it anew mounts first.
            return Ok(true);
        };
        let volumes = mount::volumes(&container.desired.mounts);
        let plan = plan_return(id, &volumes, start);
        let call = self.own_call(container.project);
        let mut tx = self.store.begin().await?;
        let unchanged = tx.container_get(id).await?.desired == container.desired;
        if !unchanged || tx.operation_running_of(id).await?.is_some() {
            return Ok(false);
        }
        let operation = self
            .accept(
                &mut tx,
                &call,
                &container,
                OperationKind::Repair,
                &plan,
                None,
            )
            .await?;
        tx.commit().await?;
        self.nudge(&operation);
        self.is_back(&call, &operation).await
    }

    /// Waits for it; false where it failed.
    pub(super) async fn is_back(&self, call: &Call, operation: &Operation) -> Result<bool> {
        let bound = Duration::from_secs(self.settings.wait_seconds);
        match self.wait_for_operation(call, operation.id, bound).await {
            Ok(_) => Ok(true),
            Err(Error::Failed(failure)) => {
                tracing::warn!(subject = %operation.subject, "its volumes are not back, trying again: {}", failure.message);
                Ok(false)
            }
            Err(other) => Err(other),
        }
    }

    /// Whether it is to be started; `None` where there is nothing to start.
    async fn starts(&self, host: HostId, container: &Container) -> Result<Option<bool>> {
        let drivers = self.drivers(host)?;
        let name = RuntimeName::Current(container.id);
        let Some(seen) = drivers.runtime.find(name).await? else {
            return Ok(None);
        };
        let volumes = mount::volumes(&container.desired.mounts);
        let sources: Vec<String> = volumes
            .into_iter()
            .map(|id| drivers.volumes.source(id))
            .collect();
        Ok(Some(starts_on_return(container, &seen, &sources)))
    }
}
