//! Operations, their plans, their step logs and how long they are kept.

use zun_domain::id::OperationId;
use zun_domain::operation::{Failure, OperationState};

use super::database::each;
use super::sample::{at, container_id, fill, operation, operation_id, project};
use crate::{Constraint, Error, OperationQuery, OperationWork, StepEntry, StepRecord, Store};

fn failure() -> Failure {
    Failure {
        message: "cannot start".to_owned(),
        exit_code: Some(127),
        oom_killed: false,
        conflict: false,
        last_log: vec!["sh: not found".to_owned()],
    }
}

#[test]
fn an_operation_lives_from_accepted_to_ended() {
    each(async |db| {
        let mut expected = operation(1, container_id(1));
        let mut tx = db.store.begin().await.unwrap();
        tx.operation_insert(&expected, "{\"steps\":[]}", Some("{\"a\":1}"))
            .await
            .unwrap();
        tx.operation_insert(&operation(2, container_id(2)), "[]", None)
            .await
            .unwrap();
        tx.commit().await.unwrap();
        let mut work = OperationWork {
            operation: expected.clone(),
            plan: "{\"steps\":[]}".to_owned(),
            target: Some("{\"a\":1}".to_owned()),
        };
        let found = db.store.operation_work(expected.id).await;
        assert_eq!(found.unwrap(), work);
        work.operation = operation(2, container_id(2));
        (work.plan, work.target) = ("[]".to_owned(), None);
        let found = db.store.operation_work(operation_id(2)).await;
        assert_eq!(found.unwrap(), work);
        let unfinished = db.store.operations_unfinished().await.unwrap();
        assert_eq!(
            unfinished,
            [expected.clone(), operation(2, container_id(2))]
        );

        expected.state = OperationState::Running;
        expected.progress = "pulling".to_owned();
        expected.steps_done = 2;
        let mut tx = db.store.begin().await.unwrap();
        tx.operation_progress(expected.id, expected.state, "pulling", 2)
            .await
            .unwrap();
        let running = tx.operation_running_of(container_id(1)).await.unwrap();
        assert_eq!(running.as_ref(), Some(&expected));

        expected.state = OperationState::Failed;
        expected.failure = Some(failure());
        expected.finished_at = Some(at(9));
        tx.operation_finish(expected.id, expected.state, Some(&failure()), at(9))
            .await
            .unwrap();
        assert_eq!(tx.operation_get(expected.id).await.unwrap(), expected);
        assert_eq!(
            tx.operation_running_of(container_id(1)).await.unwrap(),
            None
        );
        tx.operation_insert(&operation(3, container_id(1)), "[]", None)
            .await
            .unwrap();
    });
}

#[test]
fn what_has_ended_stays_as_it_ended() {
    each(async |db| {
        let id = operation_id(1);
        let mut tx = db.store.begin().await.unwrap();
        tx.operation_insert(&operation(1, container_id(1)), "[]", None)
            .await
            .unwrap();
        tx.operation_finish(id, OperationState::Cancelled, None, at(5))
            .await
            .unwrap();
        for outcome in [
            tx.operation_progress(id, OperationState::Running, "late", 1)
                .await,
            tx.operation_finish(id, OperationState::Succeeded, None, at(6))
                .await,
        ] {
            let ended = Constraint::OperationFinished;
            assert!(matches!(outcome, Err(Error::Conflict { constraint }) if constraint == ended));
        }
        for outcome in [
            tx.operation_progress(operation_id(9), OperationState::Running, "", 1)
                .await,
            tx.operation_get(operation_id(9)).await.map(|_| ()),
            tx.operation_work(operation_id(9)).await.map(|_| ()),
        ] {
            assert!(
                matches!(outcome, Err(Error::NotFound { .. })),
                "{outcome:?}"
            );
        }
        assert_eq!(tx.operation_find(operation_id(9)).await.unwrap(), None);
    });
}

#[test]
fn the_step_log_keeps_its_order() {
    each(async |db| {
        let id = operation_id(1);
        let lines = [
            (0, false, StepEntry::Intent),
            (0, false, StepEntry::Done),
            (1, false, StepEntry::Intent),
            (1, false, StepEntry::Failed("no route".to_owned())),
            (0, true, StepEntry::Intent),
            (0, true, StepEntry::Done),
        ];
        let mut tx = db.store.begin().await.unwrap();
        tx.operation_insert(&operation(1, container_id(1)), "[]", None)
            .await
            .unwrap();
        for (index, undo, entry) in lines.clone() {
            tx.step_log(id, index, undo, entry, at(4)).await.unwrap();
        }
        tx.commit().await.unwrap();
        let expected = lines.map(|(index, undo, entry)| StepRecord {
            index,
            undo,
            entry,
            at: at(4),
        });
        assert_eq!(db.store.step_entries(id).await.unwrap(), expected);
        assert_eq!(db.store.step_entries(operation_id(2)).await.unwrap(), []);
    });
}

async fn listed(store: &Store, query: OperationQuery) -> Vec<OperationId> {
    let page = store
        .operation_list(&OperationQuery { limit: 10, ..query })
        .await
        .unwrap();
    page.iter().map(|one| one.id).collect()
}

#[test]
fn lists_are_newest_first() {
    each(async |db| {
        fill(&db.store, [1, 2]).await;
        let mut tx = db.store.begin().await.unwrap();
        for number in 1..=3 {
            let mut one = operation(number, container_id(number));
            one.project = project(number % 2);
            tx.operation_insert(&one, "[]", None).await.unwrap();
        }
        tx.container_confirm(container_id(2)).await.unwrap();
        tx.commit().await.unwrap();
        let all = OperationQuery::default();
        let ids = |numbers: &[u128]| numbers.iter().map(|n| operation_id(*n)).collect::<Vec<_>>();
        assert_eq!(listed(&db.store, all).await, ids(&[3, 2, 1]));
        let of = |number| OperationQuery {
            project: Some(project(number)),
            ..all
        };
        assert_eq!(listed(&db.store, of(1)).await, ids(&[3, 1]));
        let one = OperationQuery {
            subject: Some(container_id(2).into()),
            ..all
        };
        assert_eq!(listed(&db.store, one).await, ids(&[2]));
        // 2 is confirmed, and 3 has no container.
        let unconfirmed = OperationQuery {
            unconfirmed: true,
            ..all
        };
        assert_eq!(listed(&db.store, unconfirmed).await, ids(&[1]));
        let after = |number, query| OperationQuery {
            marker: Some(operation_id(number)),
            ..query
        };
        assert_eq!(listed(&db.store, after(3, all)).await, ids(&[2, 1]));
        let foreign = db.store.operation_list(&after(2, of(1))).await;
        assert!(matches!(
            foreign,
            Err(Error::NotFound { what: "marker", .. })
        ));
        let first = OperationQuery { limit: 1, ..all };
        assert_eq!(db.store.operation_list(&first).await.unwrap().len(), 1);
    });
}

#[test]
fn a_purge_takes_what_ended_before() {
    each(async |db| {
        let mut tx = db.store.begin().await.unwrap();
        for number in 1..=3 {
            let one = operation(number, container_id(number));
            tx.operation_insert(&one, "[]", None).await.unwrap();
            tx.step_log(one.id, 0, false, StepEntry::Intent, at(1))
                .await
                .unwrap();
        }
        for (number, seconds) in [(1, 10), (2, 20)] {
            let end = OperationState::Succeeded;
            tx.operation_finish(operation_id(number), end, None, at(seconds))
                .await
                .unwrap();
        }
        assert_eq!(tx.operations_purge(at(20)).await.unwrap(), 1);
        tx.commit().await.unwrap();
        let left = listed(&db.store, OperationQuery::default()).await;
        assert_eq!(left, [operation_id(3), operation_id(2)]);
        assert_eq!(db.store.step_entries(operation_id(1)).await.unwrap(), []);
    });
}
