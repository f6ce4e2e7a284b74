//! `GET …/limits`: what the project has, and that nothing but the space of the hosts limits it.

use axum::Json;
use axum::extract::State;
use serde_json::{Value, json};
use zun_engine::query::VolumeFilter;

use super::scope::Scope;
use crate::App;
use crate::error::Answer;

/// Cinder's word for no limit.
const NO_LIMIT: i64 = -1;

/// Counts of the project of the token.
pub(crate) async fn show(State(app): State<App>, scope: Scope) -> Answer<Json<Value>> {
    let (call, all) = (&scope.0.call, VolumeFilter::default());
    let volumes = app.engine.volume_list(call, &all).await?;
    let snapshots = app.engine.snapshot_list(call, &all).await?;
    let sizes = volumes.iter().map(|volume| volume.size.0);
    let gib: u64 = sizes
        .chain(snapshots.iter().map(|snapshot| snapshot.size.0))
        .sum();
    Ok(Json(json!({"limits": {"rate": [], "absolute": {
        "maxTotalVolumes": NO_LIMIT,
        "maxTotalSnapshots": NO_LIMIT,
        "maxTotalVolumeGigabytes": NO_LIMIT,
        "maxTotalBackups": 0,
        "maxTotalBackupGigabytes": 0,
        "totalVolumesUsed": volumes.len(),
        "totalSnapshotsUsed": snapshots.len(),
        "totalGigabytesUsed": gib,
        "totalBackupsUsed": 0,
        "totalBackupGigabytesUsed": 0,
    }}})))
}
