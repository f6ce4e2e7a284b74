//! The one writer of an SQLite database, and the commit that waiting transactions share.
//!
//! SQLite takes one writer at a time, and most of what a small transaction takes is the wait for the disk at its
//! end. So the connection is lent to one [`Lease`] after the other, and those that wait when one has ended go into
//! the same transaction of the database, each in a savepoint of its own: one wait for the disk makes all of them last.
//! Nobody is told that his changes last before that. One that fails or is dropped is taken back to its savepoint,
//! and the others stay; only where the database gives up the whole transaction, as on a full disk, all of them fail.
//!
//! A member sees what those before it have changed. Its own changes last together with theirs or not at all; whoever
//! answers with what it has only read awaits [`Lease::rollback`], which waits for theirs.

use std::sync::Arc;

use sqlx::pool::PoolConnection;
use sqlx::{Sqlite, SqliteConnection, SqlitePool};
use tokio::sync::{mpsc, oneshot};

use crate::container::Cache;
use crate::error::{Error, Result};

/// Transactions that share a commit, at most: the first of them waits for the last.
const MEMBERS: usize = 16;

const BEGIN: &str = "BEGIN IMMEDIATE; SAVEPOINT member";
const NEXT: &str = "RELEASE member; SAVEPOINT member";
const TAKE_BACK: &str = "ROLLBACK TO member";
const COMMIT: &str = "COMMIT";

/// Who waits for the connection.
type Waiting = oneshot::Sender<Result<Lease>>;
/// Who waits for the commit.
type Member = oneshot::Sender<Result<()>>;

/// The queue in front of the connection; in order of arrival.
pub(crate) struct SqliteWriter {
    queue: mpsc::UnboundedSender<Waiting>,
    pool: SqlitePool,
}

impl SqliteWriter {
    /// Takes a pool of one connection, and what to empty after a commit. Its work is done by a task that ends
    /// with this.
    pub(crate) fn new(pool: SqlitePool, cache: Arc<Cache>) -> Self {
        let (queue, waiting) = mpsc::unbounded_channel();
        #[expect(
            clippy::disallowed_methods,
            reason = "a drain need not wait for it: whoever waits for a commit is told by it"
        )]
        tokio::spawn(serve(pool.clone(), cache, waiting));
        Self { queue, pool }
    }

    /// The connection, when it is this caller's turn.
    pub(crate) async fn begin(&self) -> Result<Lease> {
        let (waiting, lent) = oneshot::channel();
        self.queue.send(waiting).map_err(|_| ended())?;
        lent.await.map_err(|_| ended())?
    }

    /// Closes the connection, after the commit of what is open on it.
    pub(crate) async fn close(&self) {
        self.pool.close().await;
    }
}

/// The connection, for one transaction. Dropped, its changes are taken back.
pub(crate) struct Lease {
    shown: bool,
    lent: Option<(PoolConnection<Sqlite>, oneshot::Sender<Returned>)>,
}

/// What comes back from a lease.
struct Returned {
    connection: PoolConnection<Sqlite>,
    keep: bool,
    shown: bool,
    member: Option<Member>,
}

impl Lease {
    /// Where its statements go.
    pub(crate) fn connection(&mut self) -> Result<&mut SqliteConnection> {
        let (connection, _) = self.lent.as_mut().ok_or(Error::Aborted)?;
        Ok(connection)
    }

    /// Notes that a table is changed.
    pub(crate) fn changes(&mut self, table: &str) {
        self.shown |= Cache::shows(table);
    }

    /// Keeps its changes; returns when they last.
    pub(crate) async fn commit(self) -> Result<()> {
        self.end(true).await
    }

    /// Takes its changes back; returns when what it has read lasts.
    pub(crate) async fn rollback(self) -> Result<()> {
        self.end(false).await
    }

    async fn end(mut self, keep: bool) -> Result<()> {
        let (member, told) = oneshot::channel();
        self.give_back(keep, Some(member));
        told.await.map_err(|_| ended())?
    }

    fn give_back(&mut self, keep: bool, member: Option<Member>) {
        if let Some((connection, back)) = self.lent.take() {
            let returned = Returned {
                connection,
                keep,
                shown: self.shown,
                member,
            };
            back.send(returned).ok();
        }
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        self.give_back(false, None);
    }
}

async fn serve(pool: SqlitePool, cache: Arc<Cache>, mut queue: mpsc::UnboundedReceiver<Waiting>) {
    while let Some(first) = queue.recv().await {
        match begin(&pool).await {
            Ok(connection) => share(connection, &cache, first, &mut queue).await,
            Err(error) => drop(first.send(Err(error.into()))),
        }
    }
}

async fn begin(pool: &SqlitePool) -> std::result::Result<PoolConnection<Sqlite>, sqlx::Error> {
    let mut connection = pool.acquire().await?;
    if let Err(error) = run(&mut connection, BEGIN).await {
        connection.close_on_drop();
        return Err(error);
    }
    Ok(connection)
}

/// One transaction of the database, for everyone who waits. A connection on which this fails is closed, which ends
/// whatever is still open on it.
async fn share(
    mut connection: PoolConnection<Sqlite>,
    cache: &Cache,
    mut waiting: Waiting,
    queue: &mut mpsc::UnboundedReceiver<Waiting>,
) {
    let mut members = Vec::new();
    let (mut left, mut shown) = (MEMBERS, false);
    let done = loop {
        let (back, returned) = oneshot::channel();
        let lent = Some((connection, back));
        // Who has given up meanwhile drops it, and so gives it back.
        let lease = Lease { shown: false, lent };
        waiting.send(Ok(lease)).ok();
        let Ok(returned) = returned.await else { return };
        connection = returned.connection;
        members.extend(returned.member);
        shown |= returned.shown;
        left -= 1;
        let more = left > 0 && !queue.is_empty();
        let between = match (returned.keep, more) {
            (true, true) => run(&mut connection, NEXT).await,
            (true, false) => Ok(()),
            (false, _) => run(&mut connection, TAKE_BACK).await,
        };
        if between.is_err() {
            break between;
        }
        let next = if more { queue.try_recv().ok() } else { None };
        match next {
            Some(next) => waiting = next,
            None => break run(&mut connection, COMMIT).await,
        }
    };
    // After a failure too: the commit may have reached the disk.
    if shown {
        cache.clear();
    }
    let failed = done.err().map(Arc::new);
    if failed.is_some() {
        connection.close_on_drop();
    }
    for member in members {
        member
            .send(failed.clone().map_or(Ok(()), |error| Err(lost(error))))
            .ok();
    }
}

async fn run(
    connection: &mut SqliteConnection,
    statement: &'static str,
) -> std::result::Result<(), sqlx::Error> {
    sqlx::query(statement).execute(connection).await.map(|_| ())
}

/// Why nothing of a shared transaction is kept. Our own statements are right, so that a refusal of one means that the
/// database had given up the transaction.
fn lost(error: Arc<sqlx::Error>) -> Error {
    match error.into() {
        Error::Internal(cause) => Error::Unavailable { cause },
        other => other,
    }
}

/// The runtime has ended.
fn ended() -> Error {
    Error::Unavailable {
        cause: "the database is closed".into(),
    }
}
