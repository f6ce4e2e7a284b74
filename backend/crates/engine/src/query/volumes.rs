//! Volumes and snapshots that a caller can see.

use zun_domain::id::{ProjectId, SnapshotId, VolumeId};
use zun_domain::volume::{Snapshot, Volume, VolumeStatus};

use crate::call::Call;
use crate::context::Engine;
use crate::error::{Error, Result};

/// Which volumes or snapshots, the newest first.
#[derive(Debug, Clone, Default)]
pub struct VolumeFilter {
    /// Exact name.
    pub name: Option<String>,
    /// In this status.
    pub status: Option<VolumeStatus>,
    /// Metadata that they must have.
    pub metadata: std::collections::BTreeMap<String, String>,
    /// Snapshots of this volume.
    pub volume: Option<VolumeId>,
    /// At most so many.
    pub limit: Option<usize>,
    /// So many are left out first.
    pub offset: usize,
    /// Those after this one.
    pub marker: Option<uuid::Uuid>,
}

impl Engine {
    /// A volume by uuid or name that the caller can see.
    pub async fn volume_get(&self, call: &Call, ident: &str) -> Result<Volume> {
        let visible = |owner: ProjectId| call.visible().is_none_or(|project| project == owner);
        if let Ok(id) = ident.parse::<VolumeId>() {
            let found = self.store.volume_find(id).await?;
            return found
                .filter(|volume| visible(volume.project))
                .ok_or_else(|| Error::not_found("volume", ident));
        }
        let mut named = self.store.volume_list(call.visible()).await?;
        named.retain(|volume| volume.name == ident);
        one_of(named, "volume", "volumes", ident)
    }

    /// Volumes that the caller can see.
    pub async fn volume_list(&self, call: &Call, filter: &VolumeFilter) -> Result<Vec<Volume>> {
        let mut all = self.store.volume_list(call.visible()).await?;
        all.reverse();
        let fits = |volume: &Volume| {
            filter.name.as_ref().is_none_or(|name| *name == volume.name)
                && filter.status.is_none_or(|status| status == volume.status())
                && filter
                    .metadata
                    .iter()
                    .all(|(k, v)| volume.metadata.get(k) == Some(v))
        };
        page(all, filter, |volume| volume.id.0, fits)
    }

    /// A snapshot by uuid or name that the caller can see.
    pub async fn snapshot_get(&self, call: &Call, ident: &str) -> Result<Snapshot> {
        let visible = |owner: ProjectId| call.visible().is_none_or(|project| project == owner);
        if let Ok(id) = ident.parse::<SnapshotId>() {
            let found = self.store.snapshot_find(id).await?;
            return found
                .filter(|snapshot| visible(snapshot.project))
                .ok_or_else(|| Error::not_found("snapshot", ident));
        }
        let mut named = self.store.snapshot_list(call.visible(), None).await?;
        named.retain(|snapshot| snapshot.name == ident);
        one_of(named, "snapshot", "snapshots", ident)
    }

    /// Snapshots that the caller can see.
    pub async fn snapshot_list(&self, call: &Call, filter: &VolumeFilter) -> Result<Vec<Snapshot>> {
        let mut all = self
            .store
            .snapshot_list(call.visible(), filter.volume)
            .await?;
        all.reverse();
        let fits = |snapshot: &Snapshot| {
            filter
                .name
                .as_ref()
                .is_none_or(|name| *name == snapshot.name)
                && filter
                    .status
                    .is_none_or(|status| status == snapshot.life.status())
                && filter
                    .metadata
                    .iter()
                    .all(|(k, v)| snapshot.metadata.get(k) == Some(v))
        };
        page(all, filter, |snapshot| snapshot.id.0, fits)
    }
}

fn one_of<T>(
    mut named: Vec<T>,
    what: &'static str,
    several: &'static str,
    ident: &str,
) -> Result<T> {
    match named.len() {
        0 => Err(Error::not_found(what, ident)),
        1 => Ok(named.remove(0)),
        count => Err(Error::Ambiguous {
            what: several,
            name: ident.to_owned(),
            count,
        }),
    }
}

/// A project has so few of them that they are read whole.
fn page<T>(
    all: Vec<T>,
    filter: &VolumeFilter,
    id: impl Fn(&T) -> uuid::Uuid,
    fits: impl Fn(&T) -> bool,
) -> Result<Vec<T>> {
    let from = match filter.marker {
        None => 0,
        Some(marker) => {
            let at = all.iter().position(|one| id(one) == marker);
            at.ok_or_else(|| Error::invalid("marker", format!("{marker} is none of these")))? + 1
        }
    };
    let rest = all.into_iter().skip(from).filter(fits).skip(filter.offset);
    Ok(rest.take(filter.limit.unwrap_or(usize::MAX)).collect())
}
