//! Registries: what is written is read, the password sealed, and a record that is referred to stays.

use uuid::Uuid;
use zun_domain::id::RegistryId;
use zun_domain::registry::{Password, Registry};

use super::database::{Database, each};
use super::sample::{SECRET, at, container_id, fill, host_id, project, user};
use crate::sql::Statement;
use crate::{Constraint, Error, FetchedImage};

fn registry(number: u128) -> Registry {
    Registry {
        id: RegistryId(Uuid::from_u128(0x2000 + number)),
        project: project(number % 2),
        user: user(0),
        name: Some("ours".to_owned()),
        domain: "registry.example:5000".parse().unwrap(),
        username: Some("puller".to_owned()),
        password: Some(Password::try_from(SECRET.to_owned()).unwrap()),
        created_at: at(1),
        updated_at: None,
    }
}

/// Containers 1 and 2, and three registries, the second of another project.
async fn filled(db: &Database) {
    fill(&db.store, [1, 2]).await;
    let mut tx = db.store.begin().await.unwrap();
    for number in [0, 1, 2] {
        tx.registry_insert(&registry(number)).await.unwrap();
    }
    tx.commit().await.unwrap();
}

#[test]
fn what_is_written_is_read() {
    each(async |db| {
        filled(db).await;
        let store = &db.store;
        let listed = store.registry_list(Some(project(0))).await.unwrap();
        assert_eq!(listed, [registry(0), registry(2)]);
        assert_eq!(store.registry_list(None).await.unwrap().len(), 3);
        let named = store.registries_named(Some(project(1)), "ours").await;
        assert_eq!(named.unwrap(), [registry(1)]);
        assert_eq!(store.registries_named(None, "x").await.unwrap(), []);

        let mut changed = registry(0);
        (changed.name, changed.username, changed.password) = (None, None, None);
        changed.domain = "other.example".parse().unwrap();
        changed.updated_at = Some(at(9));
        let mut tx = store.begin().await.unwrap();
        tx.registry_update(&changed).await.unwrap();
        tx.registry_delete(registry(2).id).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(store.registry_get(changed.id).await.unwrap(), changed);
        assert_eq!(store.registry_find(registry(2).id).await.unwrap(), None);

        let mut tx = store.begin().await.unwrap();
        let gone = tx.registry_delete(registry(2).id).await.unwrap_err();
        let text = format!("registry {} does not exist", registry(2).id);
        assert_eq!(gone.to_string(), text);
    });
}

#[test]
fn the_password_is_sealed_and_belongs_to_its_row() {
    each(async |db| {
        filled(db).await;
        let select = Statement::new("any", "SELECT id, password FROM registries");
        for row in db.store.rows(select).await.unwrap() {
            let sealed: Vec<u8> = row.get("password").unwrap();
            let shown = sealed
                .windows(SECRET.len())
                .any(|part| part == SECRET.as_bytes());
            assert!(sealed.len() > 40 && !shown);
        }
        let mut tx = db.store.begin().await.unwrap();
        let swap = Statement::new(
            "registries",
            "UPDATE registries SET password = (SELECT password FROM registries WHERE id = $1) WHERE id = $2",
        );
        let swap = swap.bind(registry(0).id).bind(registry(1).id);
        tx.execute(swap).await.unwrap();
        let error = tx.registry_get(registry(1).id).await.unwrap_err();
        let Error::Corrupt { table, row, .. } = &error else {
            panic!("{error:?}")
        };
        assert_eq!((*table, row), ("registries", &registry(1).id.to_string()));
    });
}

#[test]
fn a_registry_that_a_container_refers_to_stays() {
    each(async |db| {
        filled(db).await;
        let (one, other) = (registry(0).id, registry(2).id);
        let mut tx = db.store.begin().await.unwrap();
        for _ in 0..2 {
            let both = [one, other];
            tx.container_registries_set(container_id(1), &both)
                .await
                .unwrap();
        }
        tx.container_registries_set(container_id(2), &[one])
            .await
            .unwrap();
        tx.commit().await.unwrap();
        let of = async |id| db.store.containers_of_registry(id).await.unwrap();
        assert_eq!(of(one).await, [container_id(1), container_id(2)]);

        let mut tx = db.store.begin().await.unwrap();
        let error = tx.registry_delete(one).await.unwrap_err();
        let constraint = Constraint::Reference;
        assert!(
            matches!(&error, Error::Conflict { constraint: c } if *c == constraint),
            "{error:?}"
        );
        tx.rollback().await.unwrap();

        let mut tx = db.store.begin().await.unwrap();
        tx.container_registries_set(container_id(1), &[other])
            .await
            .unwrap();
        tx.container_delete(container_id(2)).await.unwrap();
        tx.registry_delete(one).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(of(other).await, [container_id(1)]);

        let mut tx = db.store.begin().await.unwrap();
        let error = tx
            .container_registries_set(container_id(1), &[one])
            .await
            .unwrap_err();
        assert!(matches!(error, Error::Conflict { .. }), "{error:?}");
    });
}

#[test]
fn fetched_images_are_remembered_until_they_are_forgotten() {
    each(async |db| {
        fill(&db.store, []).await;
        let image = |seconds| FetchedImage {
            host: host_id(0),
            reference: "registry.example:5000/app:1".to_owned(),
            digest: "sha256:11".to_owned(),
            fetched_at: at(seconds),
            last_used_at: at(seconds),
        };
        let mut tx = db.store.begin().await.unwrap();
        tx.fetched_image_note(&image(1)).await.unwrap();
        tx.fetched_image_note(&image(5)).await.unwrap();
        tx.commit().await.unwrap();
        let noted = FetchedImage {
            fetched_at: at(1),
            ..image(5)
        };
        let listed = db.store.fetched_image_list(host_id(0)).await.unwrap();
        assert_eq!(listed, [noted]);
        assert_eq!(db.store.fetched_image_list(host_id(1)).await.unwrap(), []);
        let mut tx = db.store.begin().await.unwrap();
        for _ in 0..2 {
            tx.fetched_image_forget(&image(1)).await.unwrap();
        }
        tx.commit().await.unwrap();
        assert_eq!(db.store.fetched_image_list(host_id(0)).await.unwrap(), []);
    });
}
