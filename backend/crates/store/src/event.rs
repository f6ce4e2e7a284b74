//! Events: facts about a container, deleted with it.

use zun_domain::id::ContainerId;
use zun_domain::operation::Event;

use crate::error::Result;
use crate::sql::{Row, Statement, Value};
use crate::tx::{Reader, Tx};

const TABLE: &str = "events";

/// An event and its place in the order, which grows with each.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventEntry {
    /// Give it as `after` to get the page that follows.
    pub seq: i64,
    /// The event.
    pub event: Event,
}

fn entry(row: &Row) -> Result<EventEntry> {
    Ok(EventEntry {
        seq: row.get("seq")?,
        event: Event {
            at: row.word("at")?,
            container: row.word("id")?,
            operation: row.word_opt("operation_id")?,
            kind: row.get("kind")?,
            message: row.get("message")?,
        },
    })
}

impl Reader {
    /// The container's events in order, at most `limit`, after the one with that `seq`.
    pub async fn event_list(
        &self,
        container: ContainerId,
        limit: u32,
        after: Option<i64>,
    ) -> Result<Vec<EventEntry>> {
        let select = Statement::new(
            TABLE,
            "SELECT container_id AS id, seq, operation_id, kind, message, at FROM events \
             WHERE container_id = $1 AND seq > $2 ORDER BY seq LIMIT $3",
        );
        let select = select.bind(container).bind(after.unwrap_or(-1)).bind(limit);
        self.rows(select).await?.iter().map(entry).collect()
    }
}

impl Tx {
    /// Notes a fact about a container that exists.
    pub async fn event_insert(&mut self, event: &Event) -> Result<()> {
        let insert = Statement::new(
            TABLE,
            "INSERT INTO events (container_id, operation_id, kind, message, at) \
             VALUES ($1, $2, $3, $4, $5)",
        )
        .bind(event.container)
        .bind(Value::from(event.operation.map(|id| id.0)))
        .bind(event.kind.as_str())
        .bind(event.message.as_str())
        .bind(event.at);
        self.execute(insert).await?;
        Ok(())
    }
}
