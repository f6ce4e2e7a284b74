//! The seam between the two databases. SQL is written once, with `$1` binds and the types text, whole
//! number, truth and bytes; here a [`Statement`] is handed to the one or the other, and a [`Row`] read.
//!
//! The text of a statement is made of literals only: what comes from outside is always bound.

use std::borrow::Cow;
use std::fmt::{self, Write as _};

use jiff::Timestamp;
use serde::de::value::{Error as WordError, StrDeserializer};
use serde::de::{DeserializeOwned, IntoDeserializer};
use sqlx::postgres::PgRow;
use sqlx::sqlite::SqliteRow;
use sqlx::{
    AssertSqlSafe, Decode, PgPool, Postgres, Row as _, Sqlite, SqlitePool, Transaction, Type,
};
use tokio::sync::Mutex;
use uuid::Uuid;
use zun_domain::id::{
    ContainerId, DomainId, FloatingIpId, HostId, ImageId, NetworkId, OperationId, PortId,
    ProjectId, RegistryId, RouterId, SecurityGroupId, SecurityGroupRuleId, SnapshotId, SubnetId,
    SubnetPoolId, UserId, VolumeId,
};

use crate::error::{Error, Result};
use crate::writer::Lease;

/// A value to bind. `None` keeps its type, which PostgreSQL wants to know.
#[derive(Clone)]
pub(crate) enum Value {
    Text(Option<String>),
    Int(Option<i64>),
    Bool(bool),
    Bytes(Option<Vec<u8>>),
}

macro_rules! values {
    ($($from:ty => |$value:ident| $made:expr),* $(,)?) => {$(
        impl From<$from> for Value {
            fn from($value: $from) -> Self {
                $made
            }
        }
    )*};
}

values! {
    String => |v| Self::Text(Some(v)),
    Option<String> => |v| Self::Text(v),
    &str => |v| Self::Text(Some(v.to_owned())),
    Option<&str> => |v| Self::Text(v.map(str::to_owned)),
    i64 => |v| Self::Int(Some(v)),
    Option<i64> => |v| Self::Int(v),
    u16 => |v| Self::Int(Some(v.into())),
    u32 => |v| Self::Int(Some(v.into())),
    // An amount beyond what a column holds fits nowhere anyway.
    u64 => |v| Self::Int(Some(i64::try_from(v).unwrap_or(i64::MAX))),
    bool => |v| Self::Bool(v),
    Vec<u8> => |v| Self::Bytes(Some(v)),
    Option<Vec<u8>> => |v| Self::Bytes(v),
    Uuid => |v| Self::Text(Some(v.to_string())),
    Option<Uuid> => |v| Self::Text(v.map(|id| id.to_string())),
    u8 => |v| Self::Int(Some(v.into())),
    Option<u16> => |v| Self::Int(v.map(i64::from)),
    ContainerId => |v| v.0.into(),
    Option<ContainerId> => |v| v.map(|id| id.0).into(),
    DomainId => |v| v.0.into(),
    FloatingIpId => |v| v.0.into(),
    HostId => |v| v.0.into(),
    ImageId => |v| v.0.into(),
    NetworkId => |v| v.0.into(),
    Option<NetworkId> => |v| v.map(|id| id.0).into(),
    OperationId => |v| v.0.into(),
    PortId => |v| v.0.into(),
    Option<PortId> => |v| v.map(|id| id.0).into(),
    ProjectId => |v| v.0.into(),
    Option<ProjectId> => |v| v.map(|id| id.0).into(),
    RegistryId => |v| v.0.into(),
    RouterId => |v| v.0.into(),
    Option<RouterId> => |v| v.map(|id| id.0).into(),
    SecurityGroupId => |v| v.0.into(),
    Option<SecurityGroupId> => |v| v.map(|id| id.0).into(),
    SecurityGroupRuleId => |v| v.0.into(),
    SnapshotId => |v| v.0.into(),
    SubnetId => |v| v.0.into(),
    SubnetPoolId => |v| v.0.into(),
    Option<SubnetPoolId> => |v| v.map(|id| id.0).into(),
    UserId => |v| v.0.into(),
    VolumeId => |v| v.0.into(),
    // Always nine decimals, so that text sorts as time does and nothing is rounded.
    Timestamp => |v| Self::Text(Some(format!("{v:.9}"))),
    Option<Timestamp> => |v| Self::Text(v.map(|at| format!("{at:.9}"))),
}

/// SQL and its values, for one table.
pub(crate) struct Statement {
    table: &'static str,
    sql: Cow<'static, str>,
    values: Vec<Value>,
}

impl Statement {
    /// A statement whose rows belong to `table`, for error messages.
    pub(crate) fn new(table: &'static str, sql: &'static str) -> Self {
        Self {
            table,
            sql: Cow::Borrowed(sql),
            values: Vec::new(),
        }
    }

    /// Binds the next `$N` of the text.
    pub(crate) fn bind(mut self, value: impl Into<Value>) -> Self {
        self.values.push(value.into());
        self
    }

    /// Adds text.
    pub(crate) fn push(&mut self, sql: &'static str) -> &mut Self {
        self.sql.to_mut().push_str(sql);
        self
    }

    /// Adds the next `$N` and binds it.
    pub(crate) fn push_value(&mut self, value: impl Into<Value>) -> &mut Self {
        self.values.push(value.into());
        // Writing to a String cannot fail.
        let _ = write!(self.sql.to_mut(), "${}", self.values.len());
        self
    }

    /// Adds `($N, $N+1, …)` and binds it all.
    pub(crate) fn push_list<T: Into<Value>>(
        &mut self,
        values: impl IntoIterator<Item = T>,
    ) -> &mut Self {
        for (index, value) in values.into_iter().enumerate() {
            self.push(if index == 0 { "(" } else { ", " });
            self.push_value(value);
        }
        self.push(")")
    }
}

macro_rules! query {
    ($database:ty, $statement:expr) => {{
        let statement: Statement = $statement;
        let mut query = sqlx::query::<$database>(AssertSqlSafe(statement.sql));
        for value in statement.values {
            query = match value {
                Value::Text(text) => query.bind(text),
                Value::Int(number) => query.bind(number),
                Value::Bool(truth) => query.bind(truth),
                Value::Bytes(bytes) => query.bind(bytes),
            };
        }
        query
    }};
}

/// An open transaction of either database. Dropped without [`Open::commit`], it is rolled back.
///
/// A statement that failed, or whose caller went away, ends it: SQLite may have rolled it back and would
/// run what follows on its own, PostgreSQL would answer a commit with success and keep nothing.
pub(crate) struct Open {
    link: Link,
    failed: bool,
}

enum Link {
    Sqlite(Lease),
    Postgres(Transaction<'static, Postgres>),
}

impl Open {
    pub(crate) fn sqlite(lease: Lease) -> Self {
        Self {
            link: Link::Sqlite(lease),
            failed: false,
        }
    }

    pub(crate) fn postgres(tx: Transaction<'static, Postgres>) -> Self {
        Self {
            link: Link::Postgres(tx),
            failed: false,
        }
    }

    pub(crate) async fn commit(self) -> Result<()> {
        match self.link {
            _ if self.failed => return Err(Error::Aborted),
            Link::Sqlite(lease) => lease.commit().await?,
            Link::Postgres(tx) => tx.commit().await?,
        }
        Ok(())
    }

    pub(crate) async fn rollback(self) -> Result<()> {
        match self.link {
            Link::Sqlite(lease) => lease.rollback().await?,
            Link::Postgres(tx) => tx.rollback().await?,
        }
        Ok(())
    }

    /// Failed, until [`Open::went_well`].
    fn begin_statement(&mut self) -> Result<()> {
        if std::mem::replace(&mut self.failed, true) {
            return Err(Error::Aborted);
        }
        Ok(())
    }

    fn went_well(&mut self) {
        self.failed = false;
    }

    async fn rows(&mut self, statement: Statement) -> Result<Vec<Row>> {
        self.begin_statement()?;
        let table = statement.table;
        let rows = match &mut self.link {
            Link::Sqlite(lease) => {
                let connection = lease.connection()?;
                let rows = query!(Sqlite, statement).fetch_all(connection).await?;
                Row::all(table, rows, Inner::Sqlite)
            }
            Link::Postgres(tx) => {
                let rows = query!(Postgres, statement).fetch_all(&mut **tx).await?;
                Row::all(table, rows, Inner::Postgres)
            }
        };
        self.went_well();
        Ok(rows)
    }

    async fn row(&mut self, statement: Statement) -> Result<Option<Row>> {
        self.begin_statement()?;
        let table = statement.table;
        let row = match &mut self.link {
            Link::Sqlite(lease) => {
                let connection = lease.connection()?;
                let row = query!(Sqlite, statement).fetch_optional(connection).await?;
                row.map(Inner::Sqlite)
            }
            Link::Postgres(tx) => {
                let row = query!(Postgres, statement)
                    .fetch_optional(&mut **tx)
                    .await?;
                row.map(Inner::Postgres)
            }
        };
        self.went_well();
        Ok(row.map(|inner| Row { table, inner }))
    }

    async fn execute(&mut self, statement: Statement) -> Result<u64> {
        self.begin_statement()?;
        let table = statement.table;
        let touched = match &mut self.link {
            Link::Sqlite(lease) => {
                lease.changes(table);
                let connection = lease.connection()?;
                let outcome = query!(Sqlite, statement).execute(connection).await?;
                outcome.rows_affected()
            }
            Link::Postgres(tx) => {
                let outcome = query!(Postgres, statement).execute(&mut **tx).await?;
                outcome.rows_affected()
            }
        };
        self.went_well();
        Ok(touched)
    }
}

/// Where statements go.
pub(crate) enum Source {
    /// Any connection that can read.
    Sqlite(SqlitePool),
    /// Any connection.
    Postgres(PgPool),
    /// One transaction.
    Open(Box<Mutex<Open>>),
}

impl Source {
    /// Every row of the answer.
    pub(crate) async fn rows(&self, statement: Statement) -> Result<Vec<Row>> {
        let table = statement.table;
        match self {
            Self::Sqlite(pool) => {
                let rows = query!(Sqlite, statement).fetch_all(pool).await?;
                Ok(Row::all(table, rows, Inner::Sqlite))
            }
            Self::Postgres(pool) => {
                let rows = query!(Postgres, statement).fetch_all(pool).await?;
                Ok(Row::all(table, rows, Inner::Postgres))
            }
            Self::Open(open) => open.lock().await.rows(statement).await,
        }
    }

    /// The first row of the answer, if there is one.
    pub(crate) async fn row(&self, statement: Statement) -> Result<Option<Row>> {
        let table = statement.table;
        let inner = match self {
            Self::Sqlite(pool) => {
                let row = query!(Sqlite, statement).fetch_optional(pool).await?;
                row.map(Inner::Sqlite)
            }
            Self::Postgres(pool) => {
                let row = query!(Postgres, statement).fetch_optional(pool).await?;
                row.map(Inner::Postgres)
            }
            Self::Open(open) => return open.lock().await.row(statement).await,
        };
        Ok(inner.map(|inner| Row { table, inner }))
    }

    /// Runs a change; how many rows it touched.
    pub(crate) async fn execute(&self, statement: Statement) -> Result<u64> {
        match self {
            Self::Sqlite(pool) => {
                let outcome = query!(Sqlite, statement).execute(pool).await?;
                Ok(outcome.rows_affected())
            }
            Self::Postgres(pool) => {
                let outcome = query!(Postgres, statement).execute(pool).await?;
                Ok(outcome.rows_affected())
            }
            Self::Open(open) => open.lock().await.execute(statement).await,
        }
    }
}

enum Inner {
    Sqlite(SqliteRow),
    Postgres(PgRow),
}

/// A row of an answer.
pub(crate) struct Row {
    table: &'static str,
    inner: Inner,
}

/// A type that both databases can read from a column.
pub(crate) trait Field:
    for<'r> Decode<'r, Sqlite> + Type<Sqlite> + for<'r> Decode<'r, Postgres> + Type<Postgres>
{
}

impl<T> Field for T where
    T: for<'r> Decode<'r, Sqlite> + Type<Sqlite> + for<'r> Decode<'r, Postgres> + Type<Postgres>
{
}

impl Row {
    fn all<R>(table: &'static str, rows: Vec<R>, inner: fn(R) -> Inner) -> Vec<Self> {
        rows.into_iter()
            .map(|row| Self {
                table,
                inner: inner(row),
            })
            .collect()
    }

    fn read<T: Field>(&self, column: &str) -> std::result::Result<T, sqlx::Error> {
        match &self.inner {
            Inner::Sqlite(row) => row.try_get(column),
            Inner::Postgres(row) => row.try_get(column),
        }
    }

    /// The column, as the database's own type.
    pub(crate) fn get<T: Field>(&self, column: &str) -> Result<T> {
        self.read(column).map_err(|error| self.corrupt(error))
    }

    /// A whole number that is never negative.
    pub(crate) fn count<T: TryFrom<i64>>(&self, column: &str) -> Result<T> {
        let number: i64 = self.get(column)?;
        T::try_from(number)
            .map_err(|_| self.corrupt(format_args!("{column} is {number}, which is out of range")))
    }

    /// The same where the column may be empty.
    pub(crate) fn count_opt<T: TryFrom<i64>>(&self, column: &str) -> Result<Option<T>> {
        let number: Option<i64> = self.get(column)?;
        number.map(|_| self.count(column)).transpose()
    }

    /// A text that is one word of a closed set, a name, an id, an address or a time.
    pub(crate) fn word<T: DeserializeOwned>(&self, column: &str) -> Result<T> {
        let text: String = self.get(column)?;
        self.parse(column, &text)
    }

    /// The same where the column may be empty.
    pub(crate) fn word_opt<T: DeserializeOwned>(&self, column: &str) -> Result<Option<T>> {
        let text: Option<String> = self.get(column)?;
        text.map(|text| self.parse(column, &text)).transpose()
    }

    /// Several of them in one text, with spaces between.
    pub(crate) fn words<T: DeserializeOwned, A: FromIterator<T>>(&self, column: &str) -> Result<A> {
        let text: String = self.get(column)?;
        let words = text.split_whitespace();
        words.map(|word| self.parse(column, word)).collect()
    }

    /// A JSON document.
    pub(crate) fn json<T: DeserializeOwned>(&self, column: &str) -> Result<T> {
        let text: String = self.get(column)?;
        serde_json::from_str(&text).map_err(|error| self.corrupt(format_args!("{column}: {error}")))
    }

    /// The same where the column may be empty.
    pub(crate) fn json_opt<T: DeserializeOwned>(&self, column: &str) -> Result<Option<T>> {
        let text: Option<String> = self.get(column)?;
        text.map(|text| {
            serde_json::from_str(&text)
                .map_err(|error| self.corrupt(format_args!("{column}: {error}")))
        })
        .transpose()
    }

    /// The error that says this row contradicts the program.
    pub(crate) fn corrupt(&self, why: impl fmt::Display) -> Error {
        Error::Corrupt {
            table: self.table,
            row: self
                .read("id")
                .unwrap_or_else(|_| "without an id".to_owned()),
            why: why.to_string(),
        }
    }

    fn parse<T: DeserializeOwned>(&self, column: &str, text: &str) -> Result<T> {
        let word: StrDeserializer<'_, WordError> = text.into_deserializer();
        T::deserialize(word).map_err(|error| self.corrupt(format_args!("{column}: {error}")))
    }
}

/// A value as a JSON document.
pub(crate) fn json<T: serde::Serialize>(value: &T) -> Result<String> {
    serde_json::to_string(value).map_err(|error| Error::Internal(Box::new(error)))
}

/// A value that serde writes as one word, as that word: what [`Row::word`] reads.
pub(crate) fn word<T: serde::Serialize>(value: &T) -> Result<String> {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(word)) => Ok(word),
        Ok(other) => Err(Error::Internal(format!("{other} is no word").into())),
        Err(error) => Err(Error::Internal(Box::new(error))),
    }
}

/// Values with spaces between them: what [`Row::words`] reads.
pub(crate) fn words<T: fmt::Display>(values: &[T]) -> String {
    let texts: Vec<String> = values.iter().map(ToString::to_string).collect();
    texts.join(" ")
}
