//! A full disk and a read-only one, on SQLite: first as SQLite can be told to behave, then on a real
//! filesystem, which takes root.

use std::path::Path;
use std::process::Command;

use super::database::{Database, KEY, skip};
use super::sample::{container, fill};
use crate::sql::Statement;
use crate::{Error, Result, Store, StoreConfig};

async fn told(db: &Database, pragma: &'static str) {
    let mut tx = db.store.begin().await.unwrap();
    tx.execute(Statement::new("pragma", pragma)).await.unwrap();
    tx.commit().await.unwrap();
}

/// Inserts containers until it fails, at most 10,000.
async fn until_full(store: &Store) -> Result<()> {
    for number in 100..10_100 {
        let mut tx = store.begin().await?;
        tx.container_insert(&container(number)).await?;
        tx.commit().await?;
    }
    Ok(())
}

#[tokio::test]
async fn a_database_without_room_says_so_and_can_still_be_read() {
    let db = Database::sqlite().await;
    fill(&db.store, [1]).await;
    told(&db, "PRAGMA max_page_count = 80").await;
    let error = until_full(&db.store).await.unwrap_err();
    assert!(matches!(error, Error::Full { .. }), "{error:?}");
    assert!(error.is_transient());
    let before = db.store.container_count().await.unwrap();
    told(&db, "PRAGMA max_page_count = 100000").await;
    let mut tx = db.store.begin().await.unwrap();
    tx.container_insert(&container(2)).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(db.store.container_count().await.unwrap(), before + 1);
}

#[tokio::test]
async fn a_database_that_cannot_be_written_says_so_and_can_still_be_read() {
    let db = Database::sqlite().await;
    fill(&db.store, [1]).await;
    told(&db, "PRAGMA query_only = 1").await;
    let error = db.store.begin().await.map(|_| ()).unwrap_err();
    assert!(matches!(error, Error::Unavailable { .. }), "{error:?}");
    assert_eq!(db.store.container_count().await.unwrap(), 1);
}

/// A small filesystem of its own, gone when dropped.
struct Mount<'a>(&'a Path);

impl<'a> Mount<'a> {
    fn new(at: &'a Path) -> Self {
        run(
            "mount",
            &["-t", "tmpfs", "-o", "size=1m", "tmpfs", text(at)],
        );
        Self(at)
    }
}

impl Drop for Mount<'_> {
    fn drop(&mut self) {
        run("umount", &["-l", text(self.0)]);
    }
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

fn run(program: &str, arguments: &[&str]) {
    let status = Command::new(program).args(arguments).status().unwrap();
    assert!(status.success(), "{program} {arguments:?}");
}

fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

#[tokio::test]
async fn a_full_filesystem_keeps_what_was_committed() {
    if !is_root() {
        skip("SKIP store on a full filesystem: mounting one takes root");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let _mount = Mount::new(folder.path());
    let config = StoreConfig {
        url: format!("sqlite://{}/zund.db", folder.path().display()),
        key: KEY,
    };
    let store = Store::open(&config).await.unwrap();
    fill(&store, [1]).await;
    let error = until_full(&store).await.unwrap_err();
    assert!(matches!(error, Error::Full { .. }), "{error:?}");
    let before = store.container_count().await.unwrap();
    store.close().await;

    run("mount", &["-o", "remount,size=8m", text(folder.path())]);
    let store = Store::open(&config).await.unwrap();
    assert_eq!(store.container_count().await.unwrap(), before);
    store.close().await;

    run("mount", &["-o", "remount,ro", text(folder.path())]);
    let error = Store::open(&config).await.map(|_| ()).unwrap_err();
    assert!(matches!(error, Error::Unavailable { .. }), "{error:?}");
}
