//! Snapshots: taken, described, deleted.

use std::collections::BTreeMap;

use zun_domain::id::SnapshotId;
use zun_domain::operation::{Operation, OperationKind};
use zun_domain::volume::{Snapshot, VolumeLife};
use zun_planner::storage::{plan_snapshot_create, plan_snapshot_delete};

use super::volume::{Describe, wrong_status};
use crate::call::Call;
use crate::context::Engine;
use crate::error::{Error, Result};

/// A snapshot to be taken.
#[derive(Debug, Clone)]
pub struct CreateSnapshot {
    /// Of which volume: its id or name.
    pub volume: String,
    /// Name; not unique, may be empty.
    pub name: String,
    /// Description; may be empty.
    pub description: String,
    /// The user's own words about it.
    pub metadata: BTreeMap<String, String>,
}

impl Engine {
    /// Accepts a snapshot; the volume's writers wait while it is taken.
    pub async fn snapshot_create(
        &self,
        call: &Call,
        ask: CreateSnapshot,
    ) -> Result<(Snapshot, Operation)> {
        let seen = self.volume_get(call, &ask.volume).await?;
        let facts = self.drivers(seen.place.id)?.volumes.facts().await?;
        let mut tx = self.store.begin().await?;
        tx.admission_lock().await?;
        let volume = tx.volume_get(seen.id).await?;
        if volume.life != VolumeLife::Live {
            return Err(wrong_status("take a snapshot of", &volume));
        }
        self.check_volume_space(&tx, &volume.place, &facts, volume.size)
            .await?;
        let snapshot = Snapshot {
            id: SnapshotId(self.ids.uuid()),
            project: volume.project,
            user: call.caller.user,
            volume: volume.id,
            place: volume.place,
            name: ask.name,
            description: ask.description,
            metadata: ask.metadata,
            size: volume.size,
            life: VolumeLife::Creating,
            status_reason: None,
            created_at: self.clock.now(),
            updated_at: None,
        };
        tx.snapshot_insert(&snapshot).await?;
        let plan = plan_snapshot_create(volume.id, snapshot.id);
        let subject = (snapshot.id.into(), snapshot.project);
        let operation = self
            .accept_work(&mut tx, call, subject, OperationKind::Create, &plan, None)
            .await?;
        tx.commit().await?;
        self.nudge(&operation);
        Ok((snapshot, operation))
    }

    /// Changes what is said about it.
    pub async fn snapshot_describe(
        &self,
        call: &Call,
        ident: &str,
        ask: Describe,
    ) -> Result<Snapshot> {
        let seen = self.snapshot_get(call, ident).await?;
        let mut tx = self.store.begin().await?;
        tx.admission_lock().await?;
        let mut snapshot = tx.snapshot_get(seen.id).await?;
        ask.apply(
            &mut snapshot.name,
            &mut snapshot.description,
            &mut snapshot.metadata,
        )?;
        snapshot.updated_at = Some(self.clock.now());
        tx.snapshot_describe(&snapshot).await?;
        tx.commit().await?;
        Ok(snapshot)
    }

    /// Accepts its end.
    pub async fn snapshot_delete(&self, call: &Call, ident: &str) -> Result<Operation> {
        let seen = self.snapshot_get(call, ident).await?;
        let mut tx = self.store.begin().await?;
        tx.admission_lock().await?;
        let mut snapshot = tx.snapshot_get(seen.id).await?;
        if let Some(running) = tx.operation_running_of(snapshot.id).await? {
            tx.rollback().await?;
            return match running.kind {
                OperationKind::Delete => Ok(running),
                _ => Err(Error::busy(&running)),
            };
        }
        snapshot.life = VolumeLife::Deleting;
        tx.snapshot_update(&snapshot).await?;
        let plan = plan_snapshot_delete(snapshot.id);
        let subject = (snapshot.id.into(), snapshot.project);
        let operation = self
            .accept_work(&mut tx, call, subject, OperationKind::Delete, &plan, None)
            .await?;
        tx.commit().await?;
        self.nudge(&operation);
        Ok(operation)
    }
}
