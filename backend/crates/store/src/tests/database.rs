//! A fresh database per case, on every kind of database there is to test on.

use std::io::Write as _;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};

use sqlx::{AssertSqlSafe, Connection as _, Executor as _, PgConnection};
use tempfile::TempDir;
use tokio::runtime::Runtime;

use crate::{Store, StoreConfig};

pub(super) const KEY: [u8; 32] = [7; 32];

/// An open store and where it is.
pub(super) struct Database {
    pub(super) store: Store,
    pub(super) config: StoreConfig,
    place: Place,
}

enum Place {
    Sqlite(TempDir),
    Postgres { server: String, name: String },
}

#[expect(
    clippy::disallowed_methods,
    reason = "tests are told by their environment"
)]
pub(super) fn environment(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// Says what is not tested here and why, on the output and in the list of skips.
pub(super) fn skip(line: &str) {
    println!("{line}");
    if let Some(path) = environment("ZUN_SKIP_FILE") {
        let file = std::fs::OpenOptions::new()
            .create(true)
            .append(true)
            .open(path);
        writeln!(file.unwrap(), "{line}").unwrap();
    }
}

fn server() -> Option<String> {
    environment("TEST_POSTGRES_URL")
}

#[test]
fn postgres_is_tested_or_the_skip_is_counted() {
    if server().is_none() {
        skip("SKIP store suite on PostgreSQL: TEST_POSTGRES_URL is not set");
    }
}

/// The server's address with another database in it.
fn address_of(server: &str, name: &str) -> String {
    let (address, parameters) = match server.split_once('?') {
        Some((address, parameters)) => (address, format!("?{parameters}")),
        None => (server, String::new()),
    };
    let (base, _) = address.rsplit_once('/').unwrap();
    format!("{base}/{name}{parameters}")
}

async fn on_server(server: &str, sql: String) {
    let mut connection = PgConnection::connect(server).await.unwrap();
    connection.execute(AssertSqlSafe(sql)).await.unwrap();
    connection.close().await.unwrap();
}

impl Database {
    /// A database in a file of a folder that is deleted with it.
    pub(super) async fn sqlite() -> Self {
        Self::sqlite_at(i64::MAX).await
    }

    async fn sqlite_at(schema: i64) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let config = StoreConfig {
            url: format!("sqlite://{}", folder.path().join("zund.db").display()),
            key: KEY,
        };
        Self {
            store: Store::open_at(&config, schema).await.unwrap(),
            config,
            place: Place::Sqlite(folder),
        }
    }

    async fn postgres_at(schema: i64, server: String) -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let name = format!("zun_store_{}_{number}", std::process::id());
        on_server(&server, format!("CREATE DATABASE {name}")).await;
        let config = StoreConfig {
            url: address_of(&server, &name),
            key: KEY,
        };
        Self {
            store: Store::open_at(&config, schema).await.unwrap(),
            config,
            place: Place::Postgres { server, name },
        }
    }

    /// The file, on SQLite.
    pub(super) fn file(&self) -> Option<PathBuf> {
        match &self.place {
            Place::Sqlite(folder) => Some(folder.path().join("zund.db")),
            Place::Postgres { .. } => None,
        }
    }

    async fn remove(self) {
        self.store.close().await;
        if let Place::Postgres { server, name } = self.place {
            on_server(&server, format!("DROP DATABASE {name} WITH (FORCE)")).await;
        }
    }
}

/// Runs the case on a fresh database of each kind; the database goes away also when the case fails.
pub(super) fn on_each(case: impl Fn(&Runtime, &Database)) {
    on_each_at(i64::MAX, case);
}

fn on_each_at(schema: i64, case: impl Fn(&Runtime, &Database)) {
    let runtime = Runtime::new().unwrap();
    let mut databases = vec![runtime.block_on(Database::sqlite_at(schema))];
    databases
        .extend(server().map(|server| runtime.block_on(Database::postgres_at(schema, server))));
    let outcomes: Vec<_> = databases
        .into_iter()
        .map(|database| {
            let outcome = catch_unwind(AssertUnwindSafe(|| case(&runtime, &database)));
            runtime.block_on(database.remove());
            outcome
        })
        .collect();
    for outcome in outcomes {
        if let Err(panic) = outcome {
            resume_unwind(panic);
        }
    }
}

/// The same for a case that awaits.
#[expect(
    clippy::needless_pass_by_value,
    reason = "a case is a closure written where it is passed"
)]
pub(super) fn each(case: impl AsyncFn(&Database)) {
    on_each(|runtime, database| runtime.block_on(case(database)));
}

/// The same on databases that a program made which knew no step of the schema after this one.
#[expect(
    clippy::needless_pass_by_value,
    reason = "a case is a closure written where it is passed"
)]
pub(super) fn each_at(schema: i64, case: impl AsyncFn(&Database)) {
    on_each_at(schema, |runtime, database| runtime.block_on(case(database)));
}
