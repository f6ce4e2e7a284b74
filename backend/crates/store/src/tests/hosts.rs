//! Hosts, and texts of the deployment.

use zun_domain::host::Reachability;

use super::database::each;
use super::sample::{at, fill, host, host_id};
use crate::{Constraint, Error};

#[test]
fn a_report_does_not_undo_what_an_administrator_said() {
    each(async |db| {
        fill(&db.store, []).await;
        let mut expected = host(1);
        expected.disabled = Some("disk is being changed".to_owned());
        expected.forced_down = true;
        expected.seen_at = at(60);
        expected.reachability = Reachability::Down {
            reason: "no answer within 5 seconds".to_owned(),
        };
        let mut report = expected.clone();
        report.disabled = None;
        report.forced_down = false;
        report.created_at = at(60);
        let mut tx = db.store.begin().await.unwrap();
        tx.host_set_disabled(host_id(1), Some("disk is being changed"))
            .await
            .unwrap();
        tx.host_set_forced_down(host_id(1), true).await.unwrap();
        tx.host_upsert(&report).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(
            db.store.host_find(host_id(1)).await.unwrap(),
            Some(expected.clone())
        );
        let all = db.store.host_list().await.unwrap();
        assert_eq!(all, [host(0), expected, host(2)]);
    });
}

#[test]
fn a_host_with_containers_is_kept() {
    each(async |db| {
        fill(&db.store, [1]).await;
        let mut tx = db.store.begin().await.unwrap();
        tx.host_delete(host_id(1)).await.unwrap();
        let absent = tx.host_delete(host_id(1)).await;
        assert!(matches!(absent, Err(Error::NotFound { what: "host", .. })));
        let used = tx.host_delete(host_id(0)).await;
        let reference = Constraint::Reference;
        assert!(matches!(used, Err(Error::Conflict { constraint }) if constraint == reference));
    });
}

#[test]
fn meta_keeps_the_last_text() {
    each(async |db| {
        assert_eq!(db.store.meta_find("deployment").await.unwrap(), None);
        let mut tx = db.store.begin().await.unwrap();
        tx.meta_set("deployment", "one").await.unwrap();
        tx.meta_set("deployment", "two").await.unwrap();
        tx.commit().await.unwrap();
        let found = db.store.meta_find("deployment").await.unwrap();
        assert_eq!(found.as_deref(), Some("two"));
    });
}
