//! On SQLite transactions that wait while another is open share one commit, and nothing else.

use std::pin::pin;

use super::database::{Database, KEY};
use super::sample::{container, container_id, fill};
use crate::sql::Statement;
use crate::{Constraint, Error, Store, StoreConfig};

/// Lets it go as far as it can while nobody else moves; it must not end.
async fn waits<T>(work: &mut (impl Future<Output = T> + Unpin)) {
    tokio::select! {
        biased;
        _ = work => panic!("it did not wait"),
        () = std::future::ready(()) => {}
    }
}

/// How many commits the log beside the database holds: a frame that ends one has the size of the database in it
/// (<https://www.sqlite.org/fileformat2.html#the_write_ahead_log>).
fn commits(db: &Database) -> usize {
    const HEAD: usize = 32;
    const FRAME: usize = 24;
    let log = std::fs::read(db.file().unwrap().with_file_name("zund.db-wal")).unwrap();
    let number = |at: usize| u32::from_be_bytes(log[at..at + 4].try_into().unwrap());
    let page = usize::try_from(number(8)).unwrap();
    let frames = (HEAD..log.len()).step_by(FRAME + page);
    frames.filter(|at| number(at + 4) > 0).count()
}

async fn noted(store: &Store, key: &str) -> bool {
    store.meta_find(key).await.unwrap().is_some()
}

/// Whether the files as they are now, which is what a loss of power leaves, hold the note.
async fn lasts(db: &Database, key: &str) -> bool {
    let folder = tempfile::tempdir().unwrap();
    let file = db.file().unwrap();
    for name in ["zund.db", "zund.db-wal"] {
        std::fs::copy(file.with_file_name(name), folder.path().join(name)).unwrap();
    }
    let config = StoreConfig {
        url: format!("sqlite://{}/zund.db", folder.path().display()),
        key: KEY,
    };
    let copy = Store::open(&config).await.unwrap();
    let found = noted(&copy, key).await;
    copy.close().await;
    found
}

#[tokio::test]
async fn nobody_is_told_before_the_commit_that_all_share() {
    let db = Database::sqlite().await;
    let (store, before) = (&db.store, commits(&db));
    let mut one = store.begin().await.unwrap();
    let mut two = pin!(store.begin());
    waits(&mut two).await;
    one.meta_set("one", "x").await.unwrap();
    let mut one = pin!(one.commit());
    waits(&mut one).await;
    let mut two = two.await.unwrap();
    assert!(two.meta_find("one").await.unwrap().is_some());
    waits(&mut one).await;
    assert!(!noted(store, "one").await && !lasts(&db, "one").await);
    two.meta_set("two", "x").await.unwrap();
    two.commit().await.unwrap();
    one.await.unwrap();
    for key in ["one", "two"] {
        assert!(noted(store, key).await && lasts(&db, key).await, "{key}");
    }
    assert_eq!(commits(&db), before + 1);
}

#[tokio::test]
async fn one_that_fails_or_gives_up_is_taken_back_alone() {
    let db = Database::sqlite().await;
    fill(&db.store, [1]).await;
    let (store, before) = (&db.store, commits(&db));
    let mut one = store.begin().await.unwrap();
    let (mut two, mut three) = (pin!(store.begin()), pin!(store.begin()));
    let mut four = pin!(store.begin());
    waits(&mut two).await;
    waits(&mut three).await;
    waits(&mut four).await;
    one.meta_set("one", "x").await.unwrap();
    let mut one = pin!(one.commit());
    waits(&mut one).await;

    let mut two = two.await.unwrap();
    two.meta_set("two", "x").await.unwrap();
    let refused = two.container_insert(&container(1)).await.unwrap_err();
    let taken = Constraint::Exists("containers".to_owned());
    assert!(matches!(refused, Error::Conflict { constraint } if constraint == taken));
    assert!(matches!(two.commit().await, Err(Error::Aborted)));

    let mut three = three.await.unwrap();
    three.meta_set("three", "x").await.unwrap();
    drop(three);

    let mut four = four.await.unwrap();
    four.meta_set("four", "x").await.unwrap();
    four.commit().await.unwrap();
    one.await.unwrap();
    for (key, there) in [
        ("one", true),
        ("two", false),
        ("three", false),
        ("four", true),
    ] {
        assert_eq!(noted(store, key).await, there, "{key}");
    }
    assert_eq!(commits(&db), before + 1);
}

#[tokio::test]
async fn who_has_only_read_can_wait_until_it_lasts() {
    let db = Database::sqlite().await;
    let store = &db.store;
    let mut one = store.begin().await.unwrap();
    let (mut two, mut three) = (pin!(store.begin()), pin!(store.begin()));
    waits(&mut two).await;
    waits(&mut three).await;
    one.meta_set("one", "x").await.unwrap();
    let mut one = pin!(one.commit());
    waits(&mut one).await;
    let mut two = two.await.unwrap();
    assert!(two.meta_find("one").await.unwrap().is_some());
    two.meta_set("two", "x").await.unwrap();
    let mut two = pin!(two.rollback());
    waits(&mut two).await;
    let three = three.await.unwrap();
    waits(&mut two).await;
    drop(three);
    two.await.unwrap();
    assert!(noted(store, "one").await && !noted(store, "two").await);
    one.await.unwrap();
}

/// SQLite gives up the whole transaction when its disk is full, so that all who share it are told so.
#[tokio::test]
async fn on_a_full_disk_nobody_is_told_that_it_lasts() {
    let db = Database::sqlite().await;
    fill(&db.store, []).await;
    let store = &db.store;
    let mut one = store.begin().await.unwrap();
    one.execute(Statement::new("pragma", "PRAGMA max_page_count = 80"))
        .await
        .unwrap();
    let mut two = pin!(store.begin());
    waits(&mut two).await;
    one.meta_set("one", "x").await.unwrap();
    let mut one = pin!(one.commit());
    waits(&mut one).await;
    let mut two = two.await.unwrap();
    let mut number = 1;
    let error = loop {
        if let Err(error) = two.container_insert(&container(number)).await {
            break error;
        }
        number += 1;
    };
    assert!(matches!(error, Error::Full { .. }), "{error:?}");
    drop(two);
    let told = one.await;
    assert!(matches!(told, Err(Error::Unavailable { .. })), "{told:?}");
    assert!(!noted(store, "one").await);
    let mut tx = store.begin().await.unwrap();
    tx.container_insert(&container(1)).await.unwrap();
    tx.commit().await.unwrap();
    assert!(
        store
            .container_find(container_id(1))
            .await
            .unwrap()
            .is_some()
    );
}
