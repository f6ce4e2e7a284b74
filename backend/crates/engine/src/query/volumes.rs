//! Volumes and snapshots that a caller can see.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use uuid::Uuid;
use zun_domain::id::{ProjectId, SnapshotId, UserId, VolumeId};
use zun_domain::time::Timestamp;
use zun_domain::volume::{Snapshot, Volume, VolumeStatus};

use super::one_of;
use crate::call::Call;
use crate::context::Engine;
use crate::error::{Error, Result};

/// What volumes and snapshots are put in order by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum VolumeOrder {
    /// Identity.
    Id,
    /// Name.
    Name,
    /// Size.
    Size,
    /// The word for what it is doing.
    Status,
    /// When it was accepted.
    CreatedAt,
}

impl VolumeOrder {
    /// Every one.
    pub const ALL: [Self; 5] = [
        Self::Id,
        Self::Name,
        Self::Size,
        Self::Status,
        Self::CreatedAt,
    ];

    /// The word on the API.
    pub fn name(self) -> &'static str {
        match self {
            Self::Id => "id",
            Self::Name => "name",
            Self::Size => "size",
            Self::Status => "status",
            Self::CreatedAt => "created_at",
        }
    }

    fn compare(self, one: &Listed<'_>, other: &Listed<'_>) -> Ordering {
        match self {
            Self::Id => one.id.cmp(&other.id),
            Self::Name => one.name.cmp(other.name),
            Self::Size => one.size.cmp(&other.size),
            Self::Status => one.status.as_str().cmp(other.status.as_str()),
            Self::CreatedAt => one.created_at.cmp(&other.created_at),
        }
    }
}

/// Which volumes or snapshots, in which order, from where on.
#[derive(Debug, Clone, Default)]
pub struct VolumeFilter {
    /// Exact name.
    pub name: Option<String>,
    /// In this status.
    pub status: Option<VolumeStatus>,
    /// Metadata that they must have.
    pub metadata: BTreeMap<String, String>,
    /// Snapshots of this volume.
    pub volume: Option<VolumeId>,
    /// Owner; for administrators who look beyond their project.
    pub project: Option<ProjectId>,
    /// Who created it.
    pub user: Option<UserId>,
    /// By what, each with whether it goes down. Equals, and all where none is given: the newest first.
    pub order: Vec<(VolumeOrder, bool)>,
    /// At most so many.
    pub limit: Option<usize>,
    /// So many are left out first.
    pub offset: usize,
    /// Those after this one.
    pub marker: Option<Uuid>,
}

/// What volumes and snapshots have in common, for filters and order.
struct Listed<'a> {
    id: Uuid,
    project: ProjectId,
    user: UserId,
    name: &'a str,
    metadata: &'a BTreeMap<String, String>,
    size: u64,
    status: VolumeStatus,
    created_at: Timestamp,
}

fn listed_volume(volume: &Volume) -> Listed<'_> {
    Listed {
        id: volume.id.0,
        project: volume.project,
        user: volume.user,
        name: &volume.name,
        metadata: &volume.metadata,
        size: volume.size.0,
        status: volume.status(),
        created_at: volume.created_at,
    }
}

fn listed_snapshot(snapshot: &Snapshot) -> Listed<'_> {
    Listed {
        id: snapshot.id.0,
        project: snapshot.project,
        user: snapshot.user,
        name: &snapshot.name,
        metadata: &snapshot.metadata,
        size: snapshot.size.0,
        status: snapshot.life.status(),
        created_at: snapshot.created_at,
    }
}

impl VolumeFilter {
    fn fits(&self, one: &Listed<'_>) -> bool {
        let has = |(key, value): (&String, &String)| one.metadata.get(key) == Some(value);
        self.name.as_ref().is_none_or(|name| name == one.name)
            && self.status.is_none_or(|status| status == one.status)
            && self.project.is_none_or(|project| project == one.project)
            && self.user.is_none_or(|user| user == one.user)
            && self.metadata.iter().all(has)
    }

    fn compare(&self, one: &Listed<'_>, other: &Listed<'_>) -> Ordering {
        let keys = self.order.iter().map(|(key, descending)| {
            let ordering = key.compare(one, other);
            if *descending {
                ordering.reverse()
            } else {
                ordering
            }
        });
        keys.fold(Ordering::Equal, Ordering::then)
    }
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
        let named = self.store.volumes_named(call.visible(), ident).await?;
        one_of(named, "volume", ident)
    }

    /// Volumes that the caller can see.
    pub async fn volume_list(&self, call: &Call, filter: &VolumeFilter) -> Result<Vec<Volume>> {
        let all = self.store.volume_list(call.visible()).await?;
        page(all, filter, listed_volume)
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
        one_of(named, "snapshot", ident)
    }

    /// Snapshots that the caller can see.
    pub async fn snapshot_list(&self, call: &Call, filter: &VolumeFilter) -> Result<Vec<Snapshot>> {
        let all = self
            .store
            .snapshot_list(call.visible(), filter.volume)
            .await?;
        page(all, filter, listed_snapshot)
    }
}

/// A project has so few of them that they are read whole. The marker may be one that the filter leaves out:
/// its status may have changed since the page before.
fn page<T>(
    mut all: Vec<T>,
    filter: &VolumeFilter,
    listed: impl Fn(&T) -> Listed<'_>,
) -> Result<Vec<T>> {
    all.reverse();
    all.sort_by(|one, other| filter.compare(&listed(one), &listed(other)));
    let from = match filter.marker {
        None => 0,
        Some(marker) => {
            let at = all.iter().position(|one| listed(one).id == marker);
            at.ok_or_else(|| {
                Error::invalid(
                    "marker",
                    format!("{marker} is none of these: the id of the last one of the page before is expected"),
                )
            })? + 1
        }
    };
    let rest = all.into_iter().skip(from);
    let found = rest
        .filter(|one| filter.fits(&listed(one)))
        .skip(filter.offset);
    Ok(found.take(filter.limit.unwrap_or(usize::MAX)).collect())
}
