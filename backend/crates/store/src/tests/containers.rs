//! The record of a container: round trip, guarded update, sight, filters, what goes with it.

use std::collections::BTreeMap;

use zun_domain::container::{Container, Life, Phase, Status, TaskState};
use zun_domain::operation::Event;
use zun_domain::unit::MemoryMib;

use super::database::each;
use super::sample::{
    address, amounts, at, container, container_id, fill, host_id, network_id, observed, operation,
    operation_id, place, port, project, published, user,
};
use crate::{Constraint, ContainerQuery, Error, OperationQuery};

#[test]
fn a_container_comes_back_as_it_went() {
    each(async |db| {
        fill(&db.store, []).await;
        let mut full = container(1);
        full.addresses = vec![address(2, 9), address(1, 3)];
        let mut bare = container(2);
        bare.observed = None;
        bare.life = Life::Failed {
            reason: "no such image".to_owned(),
        };
        bare.status_reason = None;
        bare.task = None;
        bare.updated_at = None;
        bare.confirmed = true;
        bare.desired.spec.memory = None;
        let mut tx = db.store.begin().await.unwrap();
        for one in [&full, &bare] {
            tx.container_insert(one).await.unwrap();
            for address in &one.addresses {
                tx.port_insert(&port(address, one.id)).await.unwrap();
            }
            assert_eq!(tx.container_get(one.id).await.unwrap(), *one);
        }
        tx.commit().await.unwrap();
        for one in [&full, &bare] {
            let found = db.store.container_find(one.id).await.unwrap();
            assert_eq!(found.as_ref(), Some(one));
        }
        let all = db
            .store
            .container_list(&ContainerQuery::default())
            .await
            .unwrap();
        assert_eq!(all, [full.clone(), bare]);
        assert_eq!(db.store.container_count().await.unwrap(), 2);
        let statuses = db.store.container_statuses().await.unwrap();
        let one_each = ["Error", "Running"].map(|word| (word.to_owned(), 1));
        assert_eq!(statuses, BTreeMap::from(one_each));
        let named = |of| db.store.containers_named(of, "web-1");
        assert_eq!(named(None).await.unwrap(), [full.clone()]);
        assert_eq!(named(Some(project(0))).await.unwrap(), [full]);
        assert_eq!(named(Some(project(1))).await.unwrap(), []);
    });
}

#[test]
fn what_is_absent_is_none_or_an_error_that_names_it() {
    each(async |db| {
        let id = container_id(9);
        assert_eq!(db.store.container_find(id).await.unwrap(), None);
        let error = db.store.container_get(id).await.unwrap_err();
        assert_eq!(error.to_string(), format!("container {id} does not exist"));
        let mut tx = db.store.begin().await.unwrap();
        let outcomes = [
            tx.container_update(&container(9), 1).await,
            tx.container_task(id, None, None).await,
            tx.container_confirm(id).await,
            tx.container_delete(id).await,
            tx.container_observe(id, None, &Life::Live, None, None, at(1))
                .await,
        ];
        for outcome in outcomes {
            assert!(
                matches!(outcome, Err(Error::NotFound { .. })),
                "{outcome:?}"
            );
        }
    });
}

#[test]
fn the_same_id_twice_is_a_conflict() {
    each(async |db| {
        fill(&db.store, [1]).await;
        let mut tx = db.store.begin().await.unwrap();
        let error = tx.container_insert(&container(1)).await.unwrap_err();
        let Error::Conflict { constraint } = error else {
            panic!("{error:?}")
        };
        assert_eq!(constraint, Constraint::Exists("containers".to_owned()));
    });
}

#[test]
fn an_update_needs_the_generation_it_was_decided_on() {
    each(async |db| {
        fill(&db.store, [1]).await;
        let mut changed = container(1);
        changed.generation = 2;
        changed.place = place(1);
        changed.desired.name = "renamed".parse().unwrap();
        changed.desired.spec.memory = Some(MemoryMib(1024));
        changed.life = Life::Deleting;
        changed.observed = None;
        changed.confirmed = true;
        changed.updated_at = Some(at(60));
        let mut tx = db.store.begin().await.unwrap();
        tx.container_update(&changed, 1).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(db.store.container_get(changed.id).await.unwrap(), changed);
        let mut tx = db.store.begin().await.unwrap();
        let error = tx.container_update(&changed, 1).await.unwrap_err();
        assert_eq!(
            error.to_string(),
            "it was changed meanwhile: generation 2 instead of 1"
        );
    });
}

#[test]
fn the_status_column_says_what_the_domain_says() {
    each(async |db| {
        fill(&db.store, [1]).await;
        let lives = [
            Life::Creating,
            Life::Live,
            Life::Failed {
                reason: "x".to_owned(),
            },
            Life::Deleting,
        ];
        let phases = [
            Phase::Created,
            Phase::Running,
            Phase::Restarting,
            Phase::Paused,
            Phase::Exited,
            Phase::Dead,
        ];
        let sights = [None]
            .into_iter()
            .chain(phases.map(|phase| Some(observed(phase))));
        let mut expected = container(1);
        for (life, sight) in sights.flat_map(|s| lives.clone().map(|life| (life, s.clone()))) {
            expected.life = life;
            expected.observed = sight;
            expected.status_reason = Some("seen".to_owned());
            expected.task = None;
            expected.updated_at = Some(at(9));
            let mut tx = db.store.begin().await.unwrap();
            tx.container_observe(
                expected.id,
                expected.observed.as_ref(),
                &expected.life,
                Some("seen"),
                None,
                at(9),
            )
            .await
            .unwrap();
            let query = ContainerQuery {
                statuses: vec![expected.status()],
                ..ContainerQuery::default()
            };
            assert_eq!(tx.container_list(&query).await.unwrap(), [expected.clone()]);
        }
    });
}

#[test]
fn task_and_confirmation_change_nothing_else() {
    each(async |db| {
        fill(&db.store, [1]).await;
        let mut expected = container(1);
        expected.task = Some(TaskState::ContainerStopping);
        expected.status_reason = None;
        expected.confirmed = true;
        let mut tx = db.store.begin().await.unwrap();
        tx.container_task(expected.id, expected.task, None)
            .await
            .unwrap();
        tx.container_confirm(expected.id).await.unwrap();
        assert_eq!(tx.container_get(expected.id).await.unwrap(), expected);
    });
}

#[test]
fn a_delete_takes_all_but_the_operations_with_it() {
    each(async |db| {
        fill(&db.store, [1]).await;
        let id = container_id(1);
        let event = Event {
            at: at(1),
            container: id,
            operation: Some(operation_id(1)),
            kind: "accepted".to_owned(),
            message: "accepted".to_owned(),
        };
        let mut tx = db.store.begin().await.unwrap();
        tx.claim_set(id, project(0), host_id(0), amounts(500, 512, 1))
            .await
            .unwrap();
        tx.port_insert(&port(&address(1, 2), id)).await.unwrap();
        tx.host_ports_set(id, host_id(0), &[published(8080, None)])
            .await
            .unwrap();
        tx.event_insert(&event).await.unwrap();
        tx.operation_insert(&operation(1, id), "{}", None)
            .await
            .unwrap();
        tx.commit().await.unwrap();
        let events = db.store.event_list(id, 10, None).await.unwrap();
        assert_eq!(events[0].event, event);
        let later = db.store.event_list(id, 10, Some(events[0].seq)).await;
        assert_eq!(later.unwrap(), []);

        let mut tx = db.store.begin().await.unwrap();
        tx.container_delete(id).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(db.store.claims_total().await.unwrap().containers, 0);
        assert!(
            db.store
                .addresses_taken(network_id(0))
                .await
                .unwrap()
                .is_empty()
        );
        assert!(
            db.store
                .host_ports_taken(host_id(0))
                .await
                .unwrap()
                .is_empty()
        );
        assert_eq!(db.store.event_list(id, 10, None).await.unwrap(), []);
        let query = OperationQuery {
            subject: Some(id.into()),
            limit: 10,
            ..OperationQuery::default()
        };
        assert_eq!(db.store.operation_list(&query).await.unwrap().len(), 1);
    });
}

/// One that differs from `container(1)` in everything a filter looks at.
fn other_container() -> Container {
    let mut other = container(2);
    other.project = project(1);
    other.user = user(1);
    other.place = place(1);
    other.desired.name = "other".parse().unwrap();
    other.desired.spec.image = "redis:7".parse().unwrap();
    other.desired.spec.memory = Some(MemoryMib(64));
    other.desired.spec.auto_remove = Some(true);
    other.observed = None;
    other.task = Some(TaskState::ContainerKilling);
    other
}

/// One query per filter, each of which only `other` passes.
fn selecting(other: &Container) -> Vec<ContainerQuery> {
    let all = ContainerQuery::default;
    vec![
        ContainerQuery {
            project: Some(project(1)),
            ..all()
        },
        ContainerQuery {
            name: Some("other".to_owned()),
            ..all()
        },
        ContainerQuery {
            image: Some("redis:7".to_owned()),
            ..all()
        },
        ContainerQuery {
            user: Some(user(1)),
            ..all()
        },
        ContainerQuery {
            host: Some("host-1".to_owned()),
            ..all()
        },
        ContainerQuery {
            memory: Some(MemoryMib(64)),
            ..all()
        },
        ContainerQuery {
            statuses: vec![Status::Error, Status::Missing],
            ..all()
        },
        ContainerQuery {
            task: Some(TaskState::ContainerKilling),
            ..all()
        },
        ContainerQuery {
            auto_remove: Some(true),
            ..all()
        },
        ContainerQuery {
            ids: Some(vec![other.id, container_id(9)]),
            ..all()
        },
    ]
}

#[test]
fn each_filter_finds_its_own() {
    each(async |db| {
        fill(&db.store, [1]).await;
        let other = other_container();
        let mut tx = db.store.begin().await.unwrap();
        tx.container_insert(&other).await.unwrap();
        let all = ContainerQuery::default;
        for query in selecting(&other) {
            let found = tx.container_list(&query).await.unwrap();
            assert_eq!(found, std::slice::from_ref(&other), "{query:?}");
        }
        let none = ContainerQuery {
            ids: Some(Vec::new()),
            ..all()
        };
        assert_eq!(tx.container_list(&none).await.unwrap(), []);
        let quoted = ContainerQuery {
            name: Some("' OR 1=1 --".to_owned()),
            ..all()
        };
        assert_eq!(tx.container_list(&quoted).await.unwrap(), []);
    });
}
