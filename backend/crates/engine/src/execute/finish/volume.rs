//! The end of an operation on a volume or a snapshot.

use zun_domain::id::{SnapshotId, VolumeId};
use zun_domain::operation::OperationKind;
use zun_domain::volume::VolumeLife;
use zun_store::Tx;

use super::End;
use crate::context::Engine;
use crate::execute::{Target, Work};

impl Engine {
    pub(super) async fn finish_volume(
        &self,
        tx: &mut Tx,
        id: VolumeId,
        work: &Work,
        end: &End,
    ) -> zun_store::Result<()> {
        if work.operation.kind == OperationKind::Delete && end.failure.is_none() {
            return tx.volume_delete(id).await;
        }
        let mut volume = tx.volume_get(id).await?;
        (volume.life, volume.status_reason) = settled(volume.life, work.operation.kind, end);
        if let (None, Some(Target::Volume(size))) = (&end.failure, &work.target) {
            volume.size = *size;
        }
        volume.updated_at = Some(self.clock.now());
        tx.volume_update(&volume).await
    }

    pub(super) async fn finish_snapshot(
        &self,
        tx: &mut Tx,
        id: SnapshotId,
        work: &Work,
        end: &End,
    ) -> zun_store::Result<()> {
        if work.operation.kind == OperationKind::Delete && end.failure.is_none() {
            return tx.snapshot_delete(id).await;
        }
        let mut snapshot = tx.snapshot_get(id).await?;
        (snapshot.life, snapshot.status_reason) = settled(snapshot.life, work.operation.kind, end);
        snapshot.updated_at = Some(self.clock.now());
        tx.snapshot_update(&snapshot).await
    }
}

/// What could not be made, or was to be deleted, is of no use any more but can be deleted again; after a failed
/// extend it is there as before.
fn settled(before: VolumeLife, kind: OperationKind, end: &End) -> (VolumeLife, Option<String>) {
    let reason = end.failure.as_ref().map(|failure| failure.message.clone());
    match (&reason, kind) {
        (Some(reason), OperationKind::Create | OperationKind::Delete) => {
            let reason = reason.clone();
            (
                VolumeLife::Failed {
                    reason: reason.clone(),
                },
                Some(reason),
            )
        }
        (_, OperationKind::Repair) => (before, reason),
        _ => (VolumeLife::Live, reason),
    }
}
