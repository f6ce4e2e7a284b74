//! The end of an operation on a container: its record, its claim and its host ports.

use zun_domain::container::{Container, Life, Observed, mount};
use zun_domain::id::{ContainerId, RegistryId, VolumeId};
use zun_domain::operation::{Event, OperationKind};
use zun_domain::runtime::RuntimeName;
use zun_domain::volume::{AttachmentState, Volume, VolumeAttachment, VolumeLife};
use zun_store::Tx;

use super::End;
use super::port::settle_ports;
use crate::command::network::security_group::exposing_name;
use crate::context::Engine;
use crate::execute::follow::Followed;
use crate::execute::{Target, Work, wait};

impl Engine {
    /// What the engine shows of the container at the end; `Err` where the process stops meanwhile.
    pub(super) async fn seen_at_end(
        &self,
        work: &Work,
        succeeded: bool,
        shown: Option<Observed>,
        followed: &Followed,
    ) -> Result<Option<Observed>, ()> {
        let deleted = succeeded && work.operation.kind == OperationKind::Delete;
        match work.operation.subject.container() {
            Some(container) if shown.is_none() && !deleted => {
                self.look(work, container, followed).await
            }
            Some(_) | None => Ok(shown),
        }
    }

    /// Looks now; waits for an engine that is away.
    async fn look(
        &self,
        work: &Work,
        container: ContainerId,
        followed: &Followed,
    ) -> Result<Option<Observed>, ()> {
        let name = RuntimeName::Current(container);
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

    pub(super) async fn finish_container(
        &self,
        tx: &mut Tx,
        id: ContainerId,
        work: &Work,
        end: &End,
    ) -> zun_store::Result<()> {
        let mut container = tx.container_get(id).await?;
        if work.operation.kind == OperationKind::Delete && end.failure.is_none() {
            return delete(tx, id).await;
        }
        let had = mount::volumes(&container.desired.mounts);
        let before = container.desired.registry;
        settle(&mut container, work, end);
        container.updated_at = Some(self.clock.now());
        tx.container_update(&container, container.generation)
            .await?;
        if work.target.is_some() {
            let (place, wish) = (container.place.id, &container.desired);
            tx.claim_set(id, container.project, place, wish.amounts())
                .await?;
            tx.host_ports_set(id, place, &wish.published).await?;
        }
        settle_registry(tx, &container, before, work).await?;
        settle_volumes(tx, &container, &had, end).await?;
        settle_ports(tx, &container, work, end).await?;
        self.finish_commit(tx, work, end).await?;
        let kind = work.operation.kind.as_str();
        let (word, message) = match &end.failure {
            None => ("done", format!("{kind} done")),
            Some(failure) => ("failed", format!("{kind} failed: {}", failure.message)),
        };
        tx.event_insert(&Event {
            at: self.clock.now(),
            container: id,
            operation: Some(work.operation.id),
            kind: word.to_owned(),
            message,
        })
        .await
    }
}

/// The record, those of the volumes that it asked for by size, and the group of its exposed ports.
async fn delete(tx: &mut Tx, id: ContainerId) -> zun_store::Result<()> {
    let volumes = tx.volumes_of(id).await?;
    let project = tx.container_get(id).await?.project;
    tx.container_delete(id).await?;
    for group in tx
        .security_groups_named(project, &exposing_name(id))
        .await?
    {
        if tx.ports_in_group(group.id).await?.is_empty() {
            tx.security_group_delete(group.id).await?;
        }
    }
    for volume in volumes.iter().filter(|volume| volume.owner == Some(id)) {
        tx.volume_delete(volume.id).await?;
    }
    Ok(())
}

/// Only the registry of the wish in force is referred to.
async fn settle_registry(
    tx: &mut Tx,
    container: &Container,
    before: Option<RegistryId>,
    work: &Work,
) -> zun_store::Result<()> {
    let target = match &work.target {
        Some(Target::Container(target)) => target.registry,
        Some(Target::Volume(_)) | None => return Ok(()),
    };
    let now = container.desired.registry;
    if before == now && target == now {
        return Ok(());
    }
    let registries: Vec<RegistryId> = now.into_iter().collect();
    tx.container_registries_set(container.id, &registries).await
}

/// What is wished now is attached, and nothing else. A volume by size whose entry was taken out is nobody's
/// from now on: it stays until it is deleted itself.
async fn settle_volumes(
    tx: &mut Tx,
    container: &Container,
    had: &[VolumeId],
    end: &End,
) -> zun_store::Result<()> {
    let failed = matches!(container.life, Life::Failed { .. });
    let wished = mount::volumes(&container.desired.mounts);
    for volume in tx.volumes_of(container.id).await? {
        let mine = volume
            .attachments
            .iter()
            .find(|a| a.container == container.id);
        match mine {
            Some(mine) if wished.contains(&volume.id) && !failed => {
                let state = AttachmentState::Attached;
                tx.volume_attach(&VolumeAttachment {
                    state,
                    ..mine.clone()
                })
                .await?;
            }
            Some(_) => tx.volume_detach(volume.id, container.id).await?,
            None => {}
        }
        let mut settled = volume.clone();
        if volume.owner == Some(container.id) {
            settle_own(&mut settled, container, had, end);
        }
        if settled != volume {
            tx.volume_update(&settled).await?;
        }
    }
    Ok(())
}

/// A volume that the container asked for by size.
fn settle_own(volume: &mut Volume, container: &Container, had: &[VolumeId], end: &End) {
    let id = volume.id;
    let at = container
        .desired
        .mounts
        .iter()
        .find(|mount| mount.volume() == Some(id));
    match (&end.failure, at) {
        (None, Some(mount)) => {
            let entries = container.desired.spec.mounts.iter().flatten();
            let mut sizes = entries
                .filter(|entry| entry.destination == mount.destination)
                .filter_map(|entry| entry.size);
            volume.size = sizes.next().unwrap_or(volume.size);
            (volume.life, volume.status_reason) = (VolumeLife::Live, None);
        }
        (None, None) if had.contains(&id) => volume.owner = None,
        (Some(failure), _) if volume.life == VolumeLife::Creating => {
            let reason = failure.message.clone();
            volume.life = VolumeLife::Failed {
                reason: reason.clone(),
            };
            volume.status_reason = Some(reason);
        }
        (None | Some(_), _) => {}
    }
}

/// What the end makes of the record.
fn settle(container: &mut Container, work: &Work, end: &End) {
    container.task = None;
    container.observed.clone_from(&end.observed);
    if work.operation.kind != OperationKind::Commit {
        container.status_reason = end.failure.as_ref().map(|failure| failure.message.clone());
    }
    let gone = end.observed.is_none();
    container.life = match (&end.failure, work.operation.kind) {
        (Some(failure), OperationKind::Create) if gone && !end.kept => Life::Failed {
            reason: failure.message.clone(),
        },
        _ => Life::Live,
    };
    if let (None, Some(Target::Container(target))) = (&end.failure, &work.target) {
        container.desired = (**target).clone();
    }
}
