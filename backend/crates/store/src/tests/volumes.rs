//! The records of volumes and snapshots: the user's words and what operations change do not overwrite each other.

use uuid::Uuid;
use zun_domain::id::{SnapshotId, VolumeId};
use zun_domain::unit::DiskGib;
use zun_domain::volume::{Snapshot, Volume, VolumeLife, VolumeSource, VolumeType};

use super::database::each;
use super::sample::{at, fill, place, project, user};
use crate::Error;

fn volume() -> Volume {
    Volume {
        id: VolumeId(Uuid::from_u128(0xd0)),
        project: project(0),
        user: user(0),
        place: place(0),
        name: "data".to_owned(),
        description: String::new(),
        metadata: [("stage".to_owned(), "test".to_owned())].into(),
        size: DiskGib(1),
        volume_type: VolumeType::Single,
        source: VolumeSource::Blank,
        owner: None,
        life: VolumeLife::Extending,
        status_reason: None,
        attachments: Vec::new(),
        created_at: at(1),
        updated_at: None,
    }
}

fn snapshot() -> Snapshot {
    let of = volume();
    Snapshot {
        id: SnapshotId(Uuid::from_u128(0xd1)),
        project: of.project,
        user: of.user,
        volume: of.id,
        place: of.place,
        name: of.name,
        description: of.description,
        metadata: of.metadata,
        size: of.size,
        life: VolumeLife::Creating,
        status_reason: None,
        created_at: at(2),
        updated_at: None,
    }
}

#[test]
fn words_about_a_volume_and_the_end_of_an_operation_both_last() {
    each(async |db| {
        fill(&db.store, []).await;
        let before = volume();
        let mut tx = db.store.begin().await.unwrap();
        tx.volume_insert(&before).await.unwrap();
        let (mut described, mut ended) = (before.clone(), before);
        described.name = "logs".to_owned();
        described.description = "of the shop".to_owned();
        described.metadata.clear();
        described.updated_at = Some(at(3));
        (ended.life, ended.size) = (VolumeLife::Live, DiskGib(2));
        ended.status_reason = Some("late".to_owned());
        ended.updated_at = Some(at(4));
        tx.volume_describe(&described).await.unwrap();
        tx.volume_update(&ended).await.unwrap();
        let both = Volume {
            name: described.name.clone(),
            description: described.description.clone(),
            metadata: described.metadata.clone(),
            ..ended
        };
        assert_eq!(tx.volume_get(both.id).await.unwrap(), both);
        tx.volume_describe(&described).await.unwrap();
        let found = tx.volume_get(both.id).await.unwrap();
        assert_eq!((found.life, found.size), (both.life, both.size));
        assert_eq!(found.updated_at, Some(at(3)));
    });
}

#[test]
fn words_about_a_snapshot_and_the_end_of_an_operation_both_last() {
    each(async |db| {
        fill(&db.store, []).await;
        let before = snapshot();
        let mut tx = db.store.begin().await.unwrap();
        tx.snapshot_insert(&before).await.unwrap();
        let (mut described, mut ended) = (before.clone(), before);
        described.name = "logs".to_owned();
        described.updated_at = Some(at(3));
        ended.life = VolumeLife::Live;
        ended.updated_at = Some(at(4));
        tx.snapshot_describe(&described).await.unwrap();
        tx.snapshot_update(&ended).await.unwrap();
        let name = described.name.clone();
        let both = Snapshot { name, ..ended };
        assert_eq!(tx.snapshot_get(both.id).await.unwrap(), both);
        tx.snapshot_describe(&described).await.unwrap();
        assert_eq!(tx.snapshot_get(both.id).await.unwrap().life, both.life);
    });
}

#[test]
fn what_is_gone_cannot_be_described() {
    each(async |db| {
        let mut tx = db.store.begin().await.unwrap();
        let outcomes = [
            tx.volume_describe(&volume()).await,
            tx.snapshot_describe(&snapshot()).await,
        ];
        for outcome in outcomes {
            assert!(
                matches!(outcome, Err(Error::NotFound { .. })),
                "{outcome:?}"
            );
        }
    });
}
