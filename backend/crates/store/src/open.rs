//! Opening: find or make the database, bring its tables up to date, check that the key fits.

use std::fmt;
use std::fs::OpenOptions;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use sqlx::migrate::{MigrateError, Migration, MigrationType, Migrator};
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{ConnectOptions as _, Connection as _, PgConnection, PgPool, SqlSafeStr, SqlitePool};

use crate::container::Cache;
use crate::error::{Error, Result};
use crate::sql::{Source, Statement};
use crate::tx::{Reader, Shared, Store, Writer};
use crate::vault::{Place, Vault};
use crate::writer::SqliteWriter;

/// Longest wait for a connection, or for the lock of a database file.
const PATIENCE: Duration = Duration::from_secs(30);
/// Rows that SQLite's thread has ready before they are taken: more than a page has.
const ROWS: usize = 2048;
/// Connections that only read, beside the one that writes. Each is a thread with buffers of its own.
const SQLITE_READERS: u32 = 2;
/// What the writer and a reader keep of the file, in KiB, as SQLite wants it; the system keeps all of it anyway.
const WRITER_CACHE: &str = "-1024";
const READER_CACHE: &str = "-256";
const POSTGRES_CONNECTIONS: u32 = 16;

/// Which database, and the key of what is sealed in it.
#[derive(Clone)]
pub struct StoreConfig {
    /// `sqlite:///absolute/path`, or `postgres://user:password@host/name`.
    pub url: String,
    /// Key of 256 random bits. Without it the database cannot be used.
    pub key: [u8; 32],
}

impl fmt::Debug for StoreConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = self.url.split(':').next().unwrap_or_default();
        f.debug_struct("StoreConfig")
            .field("scheme", &scheme)
            .finish_non_exhaustive()
    }
}

impl Store {
    /// Opens the database, makes it if it is an SQLite file that is not there, and brings its tables up to
    /// date. Fails where a newer program has written it ([`Error::NewerSchema`]) and where the key is not
    /// the one it was made with ([`Error::WrongKey`]).
    pub async fn open(config: &StoreConfig) -> Result<Self> {
        Self::open_at(config, i64::MAX).await
    }

    /// The same as a program that knows no step of the schema after this one.
    pub(crate) async fn open_at(config: &StoreConfig, last: i64) -> Result<Self> {
        let (source, writer, cache) = if let Some(path) = config.url.strip_prefix("sqlite://") {
            let cache = Arc::default();
            let steps = migrations(SQLITE, last);
            let (source, writer) = open_sqlite(Path::new(path), &steps, Arc::clone(&cache)).await?;
            (source, writer, Some(cache))
        } else if config.url.starts_with("postgres://") || config.url.starts_with("postgresql://") {
            let (source, writer) = open_postgres(&config.url, &migrations(POSTGRES, last)).await?;
            (source, writer, None)
        } else {
            return Err(Error::Address {
                why: "names no database this program knows".to_owned(),
            });
        };
        let vault = Arc::new(Vault::new(&config.key));
        let store = Self {
            shared: Arc::new(Shared {
                reader: Reader {
                    source,
                    vault,
                    cache,
                },
                writer,
            }),
        };
        check_key(&store).await?;
        Ok(store)
    }
}

async fn open_sqlite(path: &Path, steps: &Migrator, cache: Arc<Cache>) -> Result<(Source, Writer)> {
    if !path.is_absolute() {
        return Err(Error::Address {
            why: "has a path that is not absolute".to_owned(),
        });
    }
    create_file(path)?;
    let options = SqliteConnectOptions::new()
        .filename(path)
        .foreign_keys(true)
        .busy_timeout(PATIENCE)
        // Savepoints are kept in memory.
        .pragma("temp_store", "MEMORY")
        .disable_statement_logging()
        // A page of containers is handed over without waiting for its reader after every few.
        .row_buffer_size(ROWS);
    let writing = options
        .clone()
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .pragma("cache_size", WRITER_CACHE);
    let lasting = || {
        SqlitePoolOptions::new()
            .acquire_timeout(PATIENCE)
            .idle_timeout(None)
            .max_lifetime(None)
            .test_before_acquire(false)
    };
    let writer: SqlitePool = lasting().max_connections(1).connect_with(writing).await?;
    migrate(steps, &writer).await?;
    let readers = lasting()
        .max_connections(SQLITE_READERS)
        .connect_with(options.read_only(true).pragma("cache_size", READER_CACHE))
        .await?;
    Ok((
        Source::Sqlite(readers),
        Writer::Sqlite(SqliteWriter::new(writer, cache)),
    ))
}

/// Makes the file, readable by its owner only; the files SQLite puts beside it take over its mode.
fn create_file(path: &Path) -> Result<()> {
    let made = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path);
    match made {
        Err(error) if error.kind() != std::io::ErrorKind::AlreadyExists => {
            Err(Error::Unavailable {
                cause: format!("cannot make {}: {error}", path.display()).into(),
            })
        }
        _ => Ok(()),
    }
}

async fn open_postgres(url: &str, steps: &Migrator) -> Result<(Source, Writer)> {
    let options = PgConnectOptions::from_str(url)?.application_name("zund");
    // The first connection is made outside the pool, which would try again until its patience ends and then
    // not say why.
    let mut first = PgConnection::connect_with(&options).await?;
    migrate(steps, &mut first).await?;
    first.close().await?;
    let pool: PgPool = PgPoolOptions::new()
        .max_connections(POSTGRES_CONNECTIONS)
        .acquire_timeout(PATIENCE)
        .connect_lazy_with(options);
    Ok((Source::Postgres(pool.clone()), Writer::Postgres(pool)))
}

type Step = (i64, &'static str, &'static str);

/// Every step of a folder, in order.
macro_rules! steps {
    ($folder:literal: $($version:literal $what:literal),* $(,)?) => {
        &[$(($version, $what, include_str!(concat!("../migrations/", $folder, "/000", $version, "_", $what, ".sql")))),*]
    };
}

const SQLITE: &[Step] =
    steps!("sqlite": 1 "begin", 2 "subject", 3 "volumes", 4 "networks", 5 "registries", 6 "images");
const POSTGRES: &[Step] = steps!("postgres": 1 "begin", 2 "subject", 3 "volumes", 4 "networks", 5 "registries", 6 "images");

fn migrations(steps: &[Step], last: i64) -> Migrator {
    let known = steps.iter().filter(|(version, ..)| *version <= last);
    let made = known.map(|&(version, what, sql)| {
        Migration::new(
            version,
            what.into(),
            MigrationType::Simple,
            sql.into_sql_str(),
            false,
        )
    });
    Migrator::with_migrations(made.collect())
}

async fn migrate<'a, A>(steps: &Migrator, database: A) -> Result<()>
where
    A: sqlx::Acquire<'a>,
    <A::Connection as std::ops::Deref>::Target: sqlx::migrate::Migrate,
{
    let known = steps.iter().map(|step| step.version).max().unwrap_or(0);
    steps.run(database).await.map_err(|error| match error {
        MigrateError::VersionMissing(found) => Error::NewerSchema { found, known },
        other => other.into(),
    })
}

/// Seals a known text on the first start, and opens it on every later one.
async fn check_key(store: &Store) -> Result<()> {
    const PLACE: Place<'static> = Place {
        table: "vault",
        column: "probe",
        row: "probe",
    };
    let probe = store.vault.seal(b"the key fits", &PLACE)?;
    let mut tx = store.begin().await?;
    let insert = Statement::new(
        "vault",
        "INSERT INTO vault (id, probe) VALUES ($1, $2) ON CONFLICT DO NOTHING",
    );
    tx.execute(insert.bind(PLACE.row).bind(probe)).await?;
    let select = Statement::new("vault", "SELECT id, probe FROM vault WHERE id = $1");
    let row = tx.row(select.bind(PLACE.row)).await?;
    let stored: Vec<u8> = row
        .ok_or_else(|| Error::not_found("probe of the key", PLACE.row))?
        .get("probe")?;
    if store.vault.open(&stored, &PLACE).is_err() {
        return Err(Error::WrongKey);
    }
    tx.commit().await
}
