//! What is committed lasts, what is not leaves nothing.

use super::database::{Database, KEY, each};
use super::sample::{amounts, container, container_id, fill, host_id, project};
use crate::{Error, Store, StoreConfig};

#[test]
fn a_dropped_transaction_leaves_nothing() {
    each(async |db| {
        fill(&db.store, []).await;
        let mut tx = db.store.begin().await.unwrap();
        tx.container_insert(&container(1)).await.unwrap();
        tx.claim_set(container_id(1), project(0), host_id(0), amounts(1, 1, 1))
            .await
            .unwrap();
        assert_eq!(tx.container_count().await.unwrap(), 1);
        assert_eq!(db.store.container_count().await.unwrap(), 0);
        drop(tx);
        // The next writer gets in, and sees nothing of it.
        let mut tx = db.store.begin().await.unwrap();
        assert_eq!(tx.container_count().await.unwrap(), 0);
        assert_eq!(tx.claims_total().await.unwrap().containers, 0);
        tx.container_insert(&container(1)).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(db.store.container_count().await.unwrap(), 1);
    });
}

#[test]
fn a_waiting_writer_that_gives_up_does_not_block_the_next() {
    each(async |db| {
        let tx = db.store.begin().await.unwrap();
        let store = db.store.clone();
        let waiting = tokio::time::timeout(std::time::Duration::from_millis(50), async {
            let mut waiting = store.begin().await.unwrap();
            waiting
                .meta_set("who", "the one that gave up")
                .await
                .unwrap();
            std::future::pending::<()>().await;
        });
        assert!(waiting.await.is_err());
        drop(tx);
        let mut tx = db.store.begin().await.unwrap();
        tx.meta_set("who", "the next").await.unwrap();
        tx.commit().await.unwrap();
        let found = db.store.meta_find("who").await.unwrap();
        assert_eq!(found.as_deref(), Some("the next"));
    });
}

#[test]
fn after_an_error_of_the_database_nothing_counts() {
    each(async |db| {
        fill(&db.store, [1]).await;
        let mut tx = db.store.begin().await.unwrap();
        tx.meta_set("before", "x").await.unwrap();
        assert!(tx.container_insert(&container(1)).await.is_err());
        let later = tx.meta_set("after", "x").await;
        assert!(matches!(later, Err(Error::Aborted)), "{later:?}");
        let read = tx.meta_find("before").await;
        assert!(matches!(read, Err(Error::Aborted)), "{read:?}");
        let commit = tx.commit().await;
        assert!(matches!(commit, Err(Error::Aborted)), "{commit:?}");
        for key in ["before", "after"] {
            assert_eq!(db.store.meta_find(key).await.unwrap(), None);
        }
    });
}

#[test]
fn reopening_finds_what_was_committed() {
    each(async |db| {
        fill(&db.store, [1]).await;
        db.store.close().await;
        let again = Store::open(&db.config).await.unwrap();
        assert_eq!(
            again.container_get(container_id(1)).await.unwrap(),
            container(1)
        );
        again.close().await;
    });
}

/// The files as they are at one moment are what a loss of power leaves.
#[tokio::test]
async fn the_files_of_any_moment_hold_what_was_committed() {
    let db = Database::sqlite().await;
    fill(&db.store, [1]).await;
    let mut tx = db.store.begin().await.unwrap();
    tx.container_insert(&container(2)).await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let file = db.file().unwrap();
    for name in ["zund.db", "zund.db-wal"] {
        std::fs::copy(file.with_file_name(name), folder.path().join(name)).unwrap();
    }
    drop(tx);
    let config = StoreConfig {
        url: format!("sqlite://{}/zund.db", folder.path().display()),
        key: KEY,
    };
    let copy = Store::open(&config).await.unwrap();
    assert_eq!(copy.container_find(container_id(2)).await.unwrap(), None);
    assert_eq!(
        copy.container_get(container_id(1)).await.unwrap(),
        container(1)
    );
    copy.close().await;
}
