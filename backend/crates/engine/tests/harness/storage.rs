//! Volumes in a world: what is on them before a story, and that it is there after it.

use std::collections::BTreeMap;

use zun_domain::container::{Container, ContainerSpec, Life, MountSpec, MountType, mount};
use zun_domain::id::{ContainerId, SnapshotId, VolumeId};
use zun_domain::operation::Operation;
use zun_domain::unit::DiskGib;
use zun_domain::volume::{
    AttachmentState, FileContent, Volume, VolumeLife, VolumeSource, VolumeType,
};
use zun_engine::Result;
use zun_engine::command::snapshot::CreateSnapshot;
use zun_engine::command::volume::CreateVolume;

use crate::world::{World, call, create, joins, spec};

/// The volume that outlives containers, and one that none has.
const DATA: &str = "data";
const SPARE: &str = "spare";

/// What every volume holds.
const FILE: &str = "orders.db";

/// What is known to be on each volume.
pub(crate) type Bytes = BTreeMap<VolumeId, Vec<u8>>;

fn entry(destination: &str) -> MountSpec {
    MountSpec {
        destination: destination.parse().unwrap(),
        kind: None,
        source: None,
        size: None,
        content: None,
        read_only: None,
    }
}

pub(crate) fn named(volume: &str) -> MountSpec {
    MountSpec {
        source: Some(volume.to_owned()),
        ..entry(&format!("/{volume}"))
    }
}

pub(crate) fn sized(gib: u64) -> MountSpec {
    MountSpec {
        size: Some(DiskGib(gib)),
        ..entry("/cache")
    }
}

pub(crate) fn file(content: &str) -> MountSpec {
    MountSpec {
        kind: Some(MountType::Bind),
        content: Some(FileContent(content.as_bytes().to_vec())),
        ..entry("/etc/app.conf")
    }
}

/// The small specification with these mounts.
pub(crate) fn mounting(mounts: impl IntoIterator<Item = MountSpec>) -> ContainerSpec {
    let mut spec = spec();
    spec.mounts = Some(mounts.into_iter().collect());
    spec
}

/// What the container of these stories has: a volume, one by size, a file.
pub(crate) fn usual() -> ContainerSpec {
    mounting([named(DATA), sized(1), file("first")])
}

pub(crate) fn with_spare() -> ContainerSpec {
    mounting([named(DATA), named(SPARE), sized(1), file("second")])
}

pub(crate) fn without() -> ContainerSpec {
    mounting([file("third")])
}

pub(crate) fn grown() -> ContainerSpec {
    mounting([named(DATA), sized(2), file("first")])
}

/// A volume to be made.
pub(crate) fn blank(name: &str) -> CreateVolume {
    CreateVolume {
        name: name.to_owned(),
        description: String::new(),
        metadata: BTreeMap::new(),
        size: Some(DiskGib(1)),
        volume_type: VolumeType::Single,
        source: VolumeSource::Blank,
        availability_zone: None,
    }
}

impl World {
    /// Two volumes, and a running container that has one of them beside one by size; with bytes on each it has.
    pub(crate) async fn with_volumes(&self) -> (Container, Bytes) {
        for name in [DATA, SPARE] {
            let (_, operation) = self
                .engine
                .volume_create(&call(), blank(name))
                .await
                .unwrap();
            assert_eq!(self.end_of(&operation).await.failure, None);
        }
        let mut ask = create("web");
        ask.spec = usual();
        let accepted = self.engine.container_create(&call(), ask).await.unwrap();
        let ended = self.end_of(&accepted.operation.unwrap()).await;
        assert_eq!(ended.failure, None);
        let container = self.engine.container_get(&call(), "web").await.unwrap();
        let mut bytes = Bytes::new();
        for id in mount::volumes(&container.desired.mounts) {
            let content = format!("what {id} holds").into_bytes();
            self.host.write_volume(id, FILE, &content).unwrap();
            bytes.insert(id, content);
        }
        (container, bytes)
    }

    /// Every volume that still has a record holds what it held, mounted or not.
    pub(crate) async fn assert_bytes(&self, bytes: &Bytes, what: &str) {
        for (id, content) in bytes {
            let Some(volume) = self.store.volume_find(*id).await.unwrap() else {
                continue;
            };
            if let Some(owner) = volume.owner
                && self
                    .store
                    .container_get(owner)
                    .await
                    .unwrap()
                    .observed
                    .is_none()
            {
                // A delete that failed after it had taken this along: its container is gone from the engine too.
                continue;
            }
            let found = self.host.volume_files(*id);
            let held = found.as_ref().and_then(|files| files.get(FILE));
            assert_eq!(held, Some(content), "{what}: the bytes of volume {id}");
        }
    }

    /// Records, mounts, devices, snapshots and files agree.
    pub(crate) async fn assert_storage(&self, rows: &[Container], what: &str) {
        let volumes = self.store.volume_list(None).await.unwrap();
        for volume in &volumes {
            assert_settled(volume, rows, what);
        }
        self.until_unmounted(&volumes, what).await;
        self.until_idle(what).await;
        for found in self.host.volumes() {
            let record = volumes.iter().find(|volume| volume.id == found.id);
            let record = record.unwrap_or_else(|| panic!("{what}: {found:?} is in no record"));
            let had = record.attachments.iter().any(|a| there(rows, a.container));
            if had || record.attachments.is_empty() {
                assert_eq!(
                    (found.mounted, found.connected),
                    (had, had),
                    "{what}: {record:?}"
                );
            }
        }
        let kept = |volume: &&Volume| {
            volume.life == VolumeLife::Live && volume.owner.is_none_or(|owner| there(rows, owner))
        };
        for volume in volumes.iter().filter(kept) {
            let size = self.host.volume_size(volume.id);
            // Larger where the answer of an extend was lost, never smaller.
            assert!(
                size >= Some(volume.size),
                "{what}: {size:?} is the size of {volume:?}"
            );
        }
        let shown = self.host.snapshots();
        let kept = self.store.snapshot_list(None, None).await.unwrap();
        for snapshot in kept.iter().filter(|s| s.life == VolumeLife::Live) {
            assert!(shown.contains(&snapshot.id), "{what}: lost {snapshot:?}");
        }
        let recorded = |id: &SnapshotId| kept.iter().any(|snapshot| snapshot.id == *id);
        assert!(shown.iter().all(recorded), "{what}: nobody's: {shown:?}");
        let files = self.host.files();
        let wished = rows.iter().filter(|row| row.observed.is_some());
        let wished: usize = wished
            .map(|row| mount::files(&row.desired.spec).len())
            .sum();
        assert!(files.len() >= wished, "{what}: files {files:?}");
        let owned = |path: &String| rows.iter().any(|row| path.contains(&row.id.to_string()));
        assert!(files.iter().all(owned), "{what}: nobody's files: {files:?}");
    }

    /// What could not be given back is unmounted by the sweep.
    async fn until_unmounted(&self, volumes: &[Volume], what: &str) {
        let idle = |id: VolumeId| {
            volumes
                .iter()
                .all(|volume| volume.id != id || volume.attachments.is_empty())
        };
        let swept = async {
            while self
                .host
                .volumes()
                .iter()
                .any(|found| idle(found.id) && (found.mounted || found.connected))
            {
                crate::world::a_moment().await;
            }
        };
        let in_time = tokio::time::timeout(crate::world::BOUND, swept).await;
        assert!(
            in_time.is_ok(),
            "{what}: left over: {:?}",
            self.host.volumes()
        );
    }

    pub(crate) async fn volume(&self, name: &str) -> Volume {
        self.engine.volume_get(&call(), name).await.unwrap()
    }
}

/// The engine has this container.
pub(crate) fn there(rows: &[Container], id: ContainerId) -> bool {
    rows.iter()
        .any(|row| row.id == id && row.observed.is_some())
}

/// A record says what is wished, and nothing is half done.
fn assert_settled(volume: &Volume, rows: &[Container], what: &str) {
    let done = matches!(volume.life, VolumeLife::Live | VolumeLife::Failed { .. });
    assert!(done, "{what}: {volume:?}");
    let wished = |row: &&Container| {
        !joins(row)
            && !matches!(row.life, Life::Failed { .. })
            && mount::volumes(&row.desired.mounts).contains(&volume.id)
    };
    let expected: Vec<ContainerId> = rows.iter().filter(wished).map(|row| row.id).collect();
    let had: Vec<ContainerId> = volume.attachments.iter().map(|a| a.container).collect();
    assert_eq!(had, expected, "{what}: who has volume {}", volume.name);
    let attached = volume
        .attachments
        .iter()
        .all(|a| a.state == AttachmentState::Attached);
    assert!(attached, "{what}: {volume:?}");
}

/// What is done to volumes and snapshots themselves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum OnVolume {
    Create,
    Copy,
    Extend,
    Delete,
    TakeSnapshot,
    Restore,
    DeleteSnapshot,
}

impl OnVolume {
    /// Beside the volumes, a snapshot where the story begins with one.
    pub(crate) async fn prepare(self, world: &World) {
        if matches!(self, Self::Restore | Self::DeleteSnapshot) {
            let operation = Self::TakeSnapshot.ask(world).await.unwrap().unwrap();
            assert_eq!(world.end_of(&operation).await.failure, None);
        }
    }

    pub(crate) async fn ask(self, world: &World) -> Result<Option<Operation>> {
        let (engine, call) = (&world.engine, &call());
        let operation = match self {
            Self::Create => engine.volume_create(call, blank("new")).await?.1,
            Self::Copy => {
                let source = VolumeSource::Volume(world.volume(DATA).await.id);
                engine
                    .volume_create(
                        call,
                        CreateVolume {
                            source,
                            ..blank("copy")
                        },
                    )
                    .await?
                    .1
            }
            Self::Extend => engine.volume_extend(call, DATA, DiskGib(3)).await?,
            Self::Delete => engine.volume_delete(call, SPARE).await?,
            Self::TakeSnapshot => {
                let ask = CreateSnapshot {
                    volume: DATA.to_owned(),
                    name: "before".to_owned(),
                    description: String::new(),
                    metadata: BTreeMap::new(),
                };
                engine.snapshot_create(call, ask).await?.1
            }
            Self::Restore => {
                let snapshot = engine.snapshot_get(call, "before").await?;
                let source = VolumeSource::Snapshot(snapshot.id);
                engine
                    .volume_create(
                        call,
                        CreateVolume {
                            source,
                            ..blank("restored")
                        },
                    )
                    .await?
                    .1
            }
            Self::DeleteSnapshot => engine.snapshot_delete(call, "before").await?,
        };
        Ok(Some(operation))
    }
}
