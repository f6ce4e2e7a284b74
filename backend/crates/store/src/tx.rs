//! [`Store`], [`Tx`] and what both can do: read.

use std::ops::Deref;
use std::sync::Arc;

use sqlx::PgPool;
use tokio::sync::Mutex;

use crate::container::Cache;
use crate::error::Result;
use crate::sql::{Open, Row, Source, Statement};
use crate::vault::Vault;
use crate::writer::SqliteWriter;

/// Reads. Get one from a [`Store`] or a [`Tx`]; both are accepted where `&Reader` is asked for.
pub struct Reader {
    pub(crate) source: Source,
    pub(crate) vault: Arc<Vault>,
    /// Of the latest commit; a transaction has none.
    pub(crate) cache: Option<Arc<Cache>>,
}

impl Reader {
    pub(crate) async fn rows(&self, statement: Statement) -> Result<Vec<Row>> {
        self.source.rows(statement).await
    }

    pub(crate) async fn row(&self, statement: Statement) -> Result<Option<Row>> {
        self.source.row(statement).await
    }
}

/// Where changes are made.
pub(crate) enum Writer {
    Sqlite(SqliteWriter),
    Postgres(PgPool),
}

/// An open database. Cheap to clone; every clone is the same database.
#[derive(Clone)]
pub struct Store {
    pub(crate) shared: Arc<Shared>,
}

pub(crate) struct Shared {
    pub(crate) reader: Reader,
    pub(crate) writer: Writer,
}

impl Deref for Store {
    type Target = Reader;
    fn deref(&self) -> &Reader {
        &self.shared.reader
    }
}

impl Store {
    /// Begins a write transaction. On SQLite there is one at a time: the next waits until this one is
    /// committed or dropped, so do nothing slow while holding one. Those that wait share a commit, so wait
    /// for nobody else's commit either.
    pub async fn begin(&self) -> Result<Tx> {
        let open = match &self.shared.writer {
            Writer::Sqlite(writer) => Open::sqlite(writer.begin().await?),
            Writer::Postgres(pool) => Open::postgres(pool.begin().await?),
        };
        let decides_alone = matches!(self.shared.writer, Writer::Sqlite(_));
        Ok(Tx {
            reader: Reader {
                source: Source::Open(Box::new(Mutex::new(open))),
                vault: Arc::clone(&self.shared.reader.vault),
                cache: None,
            },
            decides_alone,
        })
    }

    /// Ends every connection, after the transactions that are open have ended.
    pub async fn close(&self) {
        match &self.shared.reader.source {
            Source::Sqlite(pool) => pool.close().await,
            Source::Postgres(pool) => pool.close().await,
            Source::Open(_) => {}
        }
        match &self.shared.writer {
            Writer::Sqlite(writer) => writer.close().await,
            Writer::Postgres(pool) => pool.close().await,
        }
    }
}

/// A write transaction: reads see its own changes, others see them after [`Tx::commit`]. Dropping it undoes
/// all of it. After an error of the database it can only be dropped or rolled back: everything else, the
/// commit too, is [`crate::Error::Aborted`]. Drop it before beginning another in the same task: on SQLite the
/// second would wait for the first.
///
/// What it reads may be about to be committed by another; who tells somebody that a thing is done because
/// he has read so here awaits [`Tx::rollback`] before.
pub struct Tx {
    reader: Reader,
    decides_alone: bool,
}

impl Deref for Tx {
    type Target = Reader;
    fn deref(&self) -> &Reader {
        &self.reader
    }
}

/// Any number that other programs are unlikely to lock in the same database.
const ADMISSION_LOCK: i64 = 0x007a_756e_6164_6d69;

impl Tx {
    /// Makes the changes lasting and visible. When it returns `Ok`, they survive a loss of power.
    pub async fn commit(self) -> Result<()> {
        match self.reader.source {
            Source::Open(open) => open.into_inner().commit().await,
            Source::Sqlite(_) | Source::Postgres(_) => Ok(()),
        }
    }

    /// Undoes its changes, and waits until what it has read is lasting.
    pub async fn rollback(self) -> Result<()> {
        match self.reader.source {
            Source::Open(open) => open.into_inner().rollback().await,
            Source::Sqlite(_) | Source::Postgres(_) => Ok(()),
        }
    }

    /// Waits until no other transaction that took this lock is open. Take it first, before reading what a
    /// decision rests on. Taking it twice is fine. On SQLite every transaction is alone, so nothing is done.
    pub async fn admission_lock(&mut self) -> Result<()> {
        if !self.decides_alone {
            let lock = Statement::new("locks", "SELECT pg_advisory_xact_lock($1)");
            self.execute(lock.bind(ADMISSION_LOCK)).await?;
        }
        Ok(())
    }

    pub(crate) async fn execute(&mut self, statement: Statement) -> Result<u64> {
        self.reader.source.execute(statement).await
    }

    /// Runs a change of exactly one row; `false` where there was none.
    pub(crate) async fn touched(&mut self, statement: Statement) -> Result<bool> {
        Ok(self.execute(statement).await? > 0)
    }
}
