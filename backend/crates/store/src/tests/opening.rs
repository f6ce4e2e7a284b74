//! Opening: the file's mode, newer and changed schemas, what is no database, what is no address.

use std::os::unix::fs::PermissionsExt as _;

use super::database::{Database, KEY, each};
use super::sample::fill;
use crate::sql::Statement;
use crate::{Error, Store, StoreConfig};

async fn refused(url: String) -> Error {
    Store::open(&StoreConfig { url, key: KEY })
        .await
        .map(|_| ())
        .unwrap_err()
}

#[tokio::test]
async fn the_files_are_the_owners_alone() {
    let db = Database::sqlite().await;
    fill(&db.store, [1]).await;
    let folder = db.file().unwrap();
    let mut names = Vec::new();
    for entry in std::fs::read_dir(folder.parent().unwrap()).unwrap() {
        let entry = entry.unwrap();
        let mode = entry.metadata().unwrap().permissions().mode() & 0o777;
        names.push((entry.file_name().into_string().unwrap(), mode));
    }
    names.sort();
    let expected = ["zund.db", "zund.db-shm", "zund.db-wal"].map(|name| (name.to_owned(), 0o600));
    assert_eq!(names, expected);
}

#[tokio::test]
async fn sqlite_is_durable_and_checks_references() {
    let db = Database::sqlite().await;
    let tx = db.store.begin().await.unwrap();
    for (sql, expected) in [
        ("SELECT synchronous AS value FROM pragma_synchronous", 2_i64),
        ("SELECT foreign_keys AS value FROM pragma_foreign_keys", 1),
    ] {
        let row = tx
            .row(Statement::new("pragma", sql))
            .await
            .unwrap()
            .unwrap();
        assert_eq!(row.get::<i64>("value").unwrap(), expected, "{sql}");
    }
    let mode = Statement::new(
        "pragma",
        "SELECT journal_mode AS value FROM pragma_journal_mode",
    );
    let row = tx.row(mode).await.unwrap().unwrap();
    assert_eq!(row.get::<String>("value").unwrap(), "wal");
}

#[test]
fn a_newer_schema_is_refused() {
    each(async |db| {
        let mut tx = db.store.begin().await.unwrap();
        let newer = Statement::new(
            "_sqlx_migrations",
            "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) \
             VALUES ($1, 'later', $2, $3, 0)",
        );
        tx.execute(newer.bind(9999_i64).bind(true).bind(vec![0_u8]))
            .await
            .unwrap();
        tx.commit().await.unwrap();
        let error = refused(db.config.url.clone()).await;
        assert!(
            matches!(
                error,
                Error::NewerSchema {
                    found: 9999,
                    known: 5
                }
            ),
            "{error:?}"
        );
        assert!(
            error.to_string().contains("start the newer program"),
            "{error}"
        );
    });
}

#[test]
fn a_changed_schema_is_refused() {
    each(async |db| {
        let mut tx = db.store.begin().await.unwrap();
        let change = Statement::new(
            "_sqlx_migrations",
            "UPDATE _sqlx_migrations SET checksum = $1",
        );
        tx.execute(change.bind(vec![0_u8])).await.unwrap();
        tx.commit().await.unwrap();
        let error = refused(db.config.url.clone()).await;
        assert!(
            matches!(
                error,
                Error::Corrupt {
                    table: "_sqlx_migrations",
                    ..
                }
            ),
            "{error:?}"
        );
    });
}

#[tokio::test]
async fn what_is_no_database_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("text");
    std::fs::write(
        &file,
        "this is no database, and long enough to tell".repeat(50),
    )
    .unwrap();
    let error = refused(format!("sqlite://{}", file.display())).await;
    assert!(matches!(error, Error::Corrupt { .. }), "{error:?}");
    let nowhere = folder.path().join("missing/zund.db");
    let error = refused(format!("sqlite://{}", nowhere.display())).await;
    assert!(matches!(error, Error::Unavailable { .. }), "{error:?}");
}

#[tokio::test]
async fn addresses_that_make_no_sense_are_refused() {
    for url in [
        "",
        "zund.db",
        "sqlite://zund.db",
        "mysql://localhost/x",
        "postgres://a:b@c:port/x",
    ] {
        let error = refused(url.to_owned()).await;
        assert!(matches!(error, Error::Address { .. }), "{url}: {error:?}");
    }
    let error = refused("postgres://127.0.0.1:1/zun".to_owned()).await;
    assert!(matches!(error, Error::Unavailable { .. }), "{error:?}");
}

#[test]
fn a_row_nobody_here_wrote_is_named() {
    each(async |db| {
        fill(&db.store, [1]).await;
        let mut tx = db.store.begin().await.unwrap();
        let change = Statement::new("containers", "UPDATE containers SET task = 'dancing'");
        tx.execute(change).await.unwrap();
        let error = tx
            .container_get(super::sample::container_id(1))
            .await
            .unwrap_err();
        let text = error.to_string();
        assert!(
            text.starts_with("table containers, row 00000000-"),
            "{text}"
        );
        assert!(text.contains("task") && text.contains("dancing"), "{text}");
    });
}
