//! Capsules: round trip with their containers, guarded update, who is listed where, one operation for all.

use std::collections::BTreeMap;

use uuid::Uuid;
use zun_domain::capsule::{Capsule, CapsuleDesired, CapsuleSpec, Membership, Role};
use zun_domain::container::{Container, Life, TaskState, Wish};
use zun_domain::id::{CapsuleId, VolumeId};
use zun_domain::operation::Subject;

use super::database::each;
use super::sample::{
    SECRET, address, amounts, at, container, container_id, fill, host_id, operation, operation_id,
    place, port, project, user,
};
use crate::{CapsuleQuery, Constraint, ContainerQuery, Error, OperationQuery, Store};

fn capsule_id(number: u128) -> CapsuleId {
    CapsuleId(Uuid::from_u128(0x0ca0_0000 + number))
}

/// A container of capsule `of`, in this role.
fn part(number: u128, of: u128, role: Role, position: u16) -> Container {
    let mut one = container(number);
    one.membership = Some(Membership {
        capsule: capsule_id(of),
        role,
        position,
    });
    one
}

/// Capsule `number` of project 0 with a sandbox, an init container and two members, the last one first.
fn capsule(number: u128) -> Capsule {
    let text = format!(
        r#"{{"containers": [{{"name": "web", "spec": {{"image": "web:1", "environment": {{"PASSWORD": "{SECRET}"}}}}}}]}}"#
    );
    let spec: CapsuleSpec = serde_json::from_str(&text).unwrap();
    let first = number * 10;
    Capsule {
        id: capsule_id(number),
        project: project(0),
        user: user(0),
        place: place(0),
        generation: 1,
        desired: CapsuleDesired {
            name: format!("shop-{number}").parse().unwrap(),
            spec,
            wish: Wish::Running,
            volumes: BTreeMap::from([("data".to_owned(), VolumeId(Uuid::from_u128(7)))]),
        },
        life: Life::Live,
        status_reason: Some("waits".to_owned()),
        task: Some(TaskState::ContainerStarting),
        confirmed: false,
        created_at: at(1),
        updated_at: Some(at(2)),
        containers: vec![
            part(first, number, Role::Sandbox, 0),
            part(first + 1, number, Role::Init, 0),
            part(first + 3, number, Role::Member, 0),
            part(first + 2, number, Role::Member, 1),
        ],
    }
}

async fn insert(store: &Store, capsule: &Capsule) {
    let mut tx = store.begin().await.unwrap();
    tx.capsule_insert(capsule).await.unwrap();
    let mut all: Vec<&Container> = capsule.containers.iter().collect();
    all.sort_by_key(|one| one.id);
    for one in all {
        tx.container_insert(one).await.unwrap();
    }
    tx.commit().await.unwrap();
}

#[test]
fn a_capsule_comes_back_with_its_containers_in_their_order() {
    each(async |db| {
        fill(&db.store, []).await;
        let mut one = capsule(1);
        one.containers[0].addresses = vec![address(2, 9), address(1, 3)];
        insert(&db.store, &one).await;
        let mut tx = db.store.begin().await.unwrap();
        for address in &one.containers[0].addresses {
            tx.port_insert(&port(address, one.containers[0].id))
                .await
                .unwrap();
        }
        tx.commit().await.unwrap();
        insert(&db.store, &capsule(2)).await;
        assert_eq!(db.store.capsule_get(one.id).await.unwrap(), one);
        let named = |of| db.store.capsules_named(of, "shop-1");
        assert_eq!(named(None).await.unwrap(), [one.clone()]);
        assert_eq!(named(Some(project(0))).await.unwrap(), [one.clone()]);
        assert_eq!(named(Some(project(1))).await.unwrap(), []);
        let query = |marker, descending| CapsuleQuery {
            project: Some(project(0)),
            descending,
            limit: Some(1),
            marker,
            ..CapsuleQuery::default()
        };
        let list = async |marker, descending| {
            let found = db.store.capsule_list(&query(marker, descending)).await;
            let found = found.unwrap();
            found.into_iter().map(|one| one.id).collect::<Vec<_>>()
        };
        assert_eq!(list(None, false).await, [capsule_id(1)]);
        assert_eq!(list(Some(capsule_id(1)), false).await, [capsule_id(2)]);
        assert_eq!(list(Some(capsule_id(2)), false).await, []);
        assert_eq!(list(None, true).await, [capsule_id(2)]);
        assert_eq!(list(Some(capsule_id(2)), true).await, [capsule_id(1)]);
        let strange = CapsuleQuery {
            project: Some(project(1)),
            marker: Some(capsule_id(1)),
            ..CapsuleQuery::default()
        };
        let error = db.store.capsule_list(&strange).await.unwrap_err();
        assert!(matches!(error, Error::NotFound { what: "marker", .. }));
    });
}

#[test]
fn what_is_absent_is_none_or_an_error_that_names_it() {
    each(async |db| {
        let id = capsule_id(9);
        assert_eq!(db.store.capsule_find(id).await.unwrap(), None);
        let error = db.store.capsule_get(id).await.unwrap_err();
        assert_eq!(error.to_string(), format!("capsule {id} does not exist"));
        let mut tx = db.store.begin().await.unwrap();
        let of = Membership {
            capsule: id,
            role: Role::Init,
            position: 0,
        };
        for outcome in [
            tx.capsule_update(&capsule(9), 1).await,
            tx.capsule_note(id, &Life::Live, None, None, at(1)).await,
            tx.capsule_confirm(id).await,
            tx.capsule_delete(id).await,
            tx.container_place_in(container_id(9), of).await,
        ] {
            assert!(
                matches!(outcome, Err(Error::NotFound { .. })),
                "{outcome:?}"
            );
        }
    });
}

#[test]
fn an_update_needs_the_generation_it_was_decided_on() {
    each(async |db| {
        fill(&db.store, []).await;
        insert(&db.store, &capsule(1)).await;
        let mut changed = capsule(1);
        changed.generation = 2;
        changed.desired.name = "renamed".parse().unwrap();
        changed.desired.wish = Wish::Stopped;
        changed.life = Life::Deleting;
        changed.confirmed = true;
        changed.status_reason = None;
        changed.updated_at = Some(at(60));
        // The members change places.
        changed.containers.swap(2, 3);
        let mut tx = db.store.begin().await.unwrap();
        for (position, one) in (0..).zip(&mut changed.containers[2..]) {
            let of = Membership {
                position,
                ..one.membership.unwrap()
            };
            one.membership = Some(of);
            tx.container_place_in(one.id, of).await.unwrap();
        }
        tx.capsule_update(&changed, 1).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(db.store.capsule_get(changed.id).await.unwrap(), changed);
        let mut tx = db.store.begin().await.unwrap();
        let error = tx.capsule_update(&changed, 1).await.unwrap_err();
        let Error::Conflict { constraint } = error else {
            panic!("{error:?}")
        };
        let generation = Constraint::Generation {
            expected: 1,
            stored: 2,
        };
        assert_eq!(constraint, generation);
        drop(tx);

        let mut tx = db.store.begin().await.unwrap();
        let failed = Life::Failed {
            reason: "x".to_owned(),
        };
        tx.capsule_note(changed.id, &failed, Some("x"), None, at(70))
            .await
            .unwrap();
        tx.capsule_confirm(changed.id).await.unwrap();
        tx.commit().await.unwrap();
        (changed.life, changed.task) = (failed, None);
        (changed.status_reason, changed.updated_at) = (Some("x".to_owned()), Some(at(70)));
        assert_eq!(db.store.capsule_get(changed.id).await.unwrap(), changed);
    });
}

#[test]
fn its_containers_are_found_by_id_and_not_among_those_that_stand_alone() {
    each(async |db| {
        fill(&db.store, [1]).await;
        insert(&db.store, &capsule(1)).await;
        let member = part(13, 1, Role::Member, 0);
        let found = db.store.container_find(member.id).await.unwrap();
        assert_eq!(found, Some(member));
        assert_eq!(db.store.containers_named(None, "web-13").await.unwrap(), []);
        let list = async |alone| {
            let query = ContainerQuery {
                alone,
                ..ContainerQuery::default()
            };
            db.store.container_list(&query).await.unwrap()
        };
        assert_eq!(list(true).await, [container(1)]);
        assert_eq!(list(false).await.len(), 5);
    });
}

#[test]
fn one_operation_at_a_time_for_all_of_it() {
    each(async |db| {
        fill(&db.store, [1]).await;
        insert(&db.store, &capsule(1)).await;
        let mut work = operation(1, container_id(1));
        work.subject = Subject::Capsule(capsule_id(1));
        let mut tx = db.store.begin().await.unwrap();
        tx.operation_insert(&work, "{}", None).await.unwrap();
        tx.commit().await.unwrap();
        for subject in [Subject::Capsule(capsule_id(1)), container_id(12).into()] {
            let found = db.store.operation_running_of(subject).await.unwrap();
            assert_eq!(found.as_ref(), Some(&work), "{subject}");
            let query = OperationQuery {
                subject: Some(subject),
                limit: 10,
                ..OperationQuery::default()
            };
            let listed = db.store.operation_list(&query).await.unwrap();
            assert_eq!(listed, [work.clone()], "{subject}");
        }
        let alone = db.store.operation_running_of(container_id(1)).await;
        assert_eq!(alone.unwrap(), None);
        let entry = db.store.container_entry_find(container_id(12)).await;
        assert_eq!(entry.unwrap().unwrap().operation, Some(operation_id(1)));
        let unconfirmed = OperationQuery {
            unconfirmed: true,
            limit: 10,
            ..OperationQuery::default()
        };
        let listed = db.store.operation_list(&unconfirmed).await.unwrap();
        assert_eq!(listed, [work.clone()]);

        let mut second = operation(2, container_id(1));
        second.subject = work.subject;
        let mut tx = db.store.begin().await.unwrap();
        let error = tx.operation_insert(&second, "{}", None).await.unwrap_err();
        let Error::Conflict { constraint } = error else {
            panic!("{error:?}")
        };
        assert_eq!(constraint, Constraint::OperationUnfinished);
    });
}

#[test]
fn a_delete_takes_its_containers_with_it() {
    each(async |db| {
        fill(&db.store, [1]).await;
        let one = capsule(1);
        insert(&db.store, &one).await;
        let sandbox = one.containers[0].id;
        let mut tx = db.store.begin().await.unwrap();
        tx.claim_set(sandbox, one.project, host_id(0), amounts(500, 512, 1))
            .await
            .unwrap();
        tx.port_insert(&port(&address(1, 2), sandbox))
            .await
            .unwrap();
        tx.commit().await.unwrap();
        let usage = db.store.usage_of(one.project).await.unwrap();
        assert_eq!(usage.containers, 1, "a capsule counts once");
        let mut tx = db.store.begin().await.unwrap();
        tx.capsule_delete(one.id).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(db.store.capsule_find(one.id).await.unwrap(), None);
        let left = db.store.container_list(&ContainerQuery::default()).await;
        assert_eq!(left.unwrap(), [container(1)]);
        assert_eq!(db.store.claims_total().await.unwrap().containers, 0);
    });
}

#[test]
fn the_wish_is_sealed() {
    each(async |db| {
        fill(&db.store, []).await;
        insert(&db.store, &capsule(1)).await;
        let select = crate::sql::Statement::new("capsules", "SELECT id, desired FROM capsules");
        let row = db.store.row(select).await.unwrap().unwrap();
        let sealed: Vec<u8> = row.get("desired").unwrap();
        let text = String::from_utf8_lossy(&sealed);
        assert!(!text.contains(SECRET) && !text.contains("web"), "{text}");
    });
}
