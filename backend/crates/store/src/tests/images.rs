//! Images: what users say and what operations change are written apart, and both last.

use std::collections::{BTreeMap, BTreeSet};

use uuid::Uuid;
use zun_domain::id::ImageId;
use zun_domain::image::{ArchiveKind, Image, ImageFacts, ImageLife, PulledImage, Visibility};

use super::database::each;
use super::sample::{at, fill, place, project, user};
use crate::Error;

fn image(number: u128) -> Image {
    Image {
        id: ImageId(Uuid::from_u128(0xe0 + number)),
        project: project(0),
        user: user(0),
        name: "web".to_owned(),
        visibility: Visibility::Private,
        protected: false,
        hidden: true,
        container_format: Some("docker".to_owned()),
        disk_format: None,
        min_disk: 1,
        min_ram: u32::MAX,
        tags: BTreeSet::from(["a".to_owned()]),
        properties: BTreeMap::from([("os".to_owned(), "debian".to_owned())]),
        source: Some("r.test/web:1".parse().unwrap()),
        facts: None,
        life: ImageLife::Queued,
        created_at: at(1),
        updated_at: at(1),
    }
}

fn facts() -> ImageFacts {
    ImageFacts {
        kind: ArchiveKind::Oci,
        docker_id: "sha256:1".to_owned(),
        size: 7,
        md5: "5".to_owned(),
        sha512: "512".to_owned(),
    }
}

fn pulled() -> PulledImage {
    PulledImage {
        id: ImageId(Uuid::from_u128(0xf0)),
        project: project(0),
        user: user(0),
        reference: "r.test/web:1".parse().unwrap(),
        place: place(0),
        image_id: None,
        size: None,
        life: ImageLife::Saving,
        created_at: at(1),
        updated_at: at(1),
    }
}

#[test]
fn words_about_an_image_and_its_data_both_last() {
    each(async |db| {
        let before = image(0);
        let mut tx = db.store.begin().await.unwrap();
        tx.image_insert(&before).await.unwrap();
        assert_eq!(tx.image_get(before.id).await.unwrap(), before);
        let (mut described, mut filled) = (before.clone(), before);
        described.name = String::new();
        described.visibility = Visibility::Public;
        (described.protected, described.hidden) = (true, false);
        described.disk_format = Some("raw".to_owned());
        described.tags.clear();
        described.properties.clear();
        described.updated_at = at(2);
        (filled.facts, filled.life) = (Some(facts()), ImageLife::Active);
        filled.updated_at = at(3);
        tx.image_describe(&described).await.unwrap();
        tx.image_update(&filled).await.unwrap();
        let both = Image {
            facts: filled.facts,
            life: filled.life,
            updated_at: filled.updated_at,
            ..described
        };
        assert_eq!(tx.image_find(both.id).await.unwrap(), Some(both));
    });
}

#[test]
fn a_project_sees_its_own_and_the_public_ones() {
    each(async |db| {
        let mut tx = db.store.begin().await.unwrap();
        let own = image(0);
        let mut theirs = image(1);
        theirs.project = project(1);
        let mut public = image(2);
        (public.project, public.visibility) = (project(1), Visibility::Public);
        for image in [&own, &theirs, &public] {
            tx.image_insert(image).await.unwrap();
        }
        let seen = tx.image_list(Some(project(0))).await.unwrap();
        assert_eq!(seen, [own.clone(), public.clone()]);
        let all = tx.image_list(None).await.unwrap();
        assert_eq!(all, [own.clone(), theirs, public]);
        tx.image_delete(own.id).await.unwrap();
        assert_eq!(tx.image_find(own.id).await.unwrap(), None);
        for outcome in [
            tx.image_get(own.id).await.map(drop),
            tx.image_update(&own).await,
            tx.image_describe(&own).await,
            tx.image_delete(own.id).await,
        ] {
            let absent = matches!(outcome, Err(Error::NotFound { what: "image", .. }));
            assert!(absent, "{outcome:?}");
        }
    });
}

#[test]
fn an_image_of_a_host_is_there_once() {
    each(async |db| {
        fill(&db.store, []).await;
        let mut image = pulled();
        let mut tx = db.store.begin().await.unwrap();
        tx.pulled_image_insert(&image).await.unwrap();
        assert_eq!(tx.pulled_image_get(image.id).await.unwrap(), image);
        image.image_id = Some("sha256:1".to_owned());
        image.size = Some(1 << 40);
        image.life = ImageLife::Failed {
            reason: "why".to_owned(),
        };
        image.updated_at = at(2);
        tx.pulled_image_update(&image).await.unwrap();
        assert_eq!(tx.pulled_image_list().await.unwrap(), [image.clone()]);
        tx.commit().await.unwrap();
        let mut tx = db.store.begin().await.unwrap();
        let twin = PulledImage {
            id: ImageId(Uuid::from_u128(0xf1)),
            ..image.clone()
        };
        let refused = tx.pulled_image_insert(&twin).await;
        assert!(
            matches!(refused, Err(Error::Conflict { .. })),
            "{refused:?}"
        );
        drop(tx);
        let mut tx = db.store.begin().await.unwrap();
        tx.pulled_image_delete(image.id).await.unwrap();
        assert_eq!(tx.pulled_image_find(image.id).await.unwrap(), None);
    });
}
