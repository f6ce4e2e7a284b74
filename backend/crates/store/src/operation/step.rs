//! The log of an operation's steps: an intent before each call, its outcome after it.

use zun_domain::id::OperationId;
use zun_domain::time::Timestamp;

use crate::error::Result;
use crate::sql::{Row, Statement};
use crate::tx::{Reader, Tx};

const TABLE: &str = "steps";

/// What is noted of a step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StepEntry {
    /// It is about to be done.
    Intent,
    /// It was done.
    Done,
    /// It failed; what came back.
    Failed(String),
}

/// One line of the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StepRecord {
    /// Which step of the plan, from 0.
    pub index: u32,
    /// The step was being undone.
    pub undo: bool,
    /// What was noted.
    pub entry: StepEntry,
    /// When.
    pub at: Timestamp,
}

fn record(row: &Row) -> Result<StepRecord> {
    let word: String = row.get("entry")?;
    let message: Option<String> = row.get("message")?;
    let entry = match (word.as_str(), message) {
        ("intent", None) => StepEntry::Intent,
        ("done", None) => StepEntry::Done,
        ("failed", Some(message)) => StepEntry::Failed(message),
        _ => return Err(row.corrupt(format_args!("entry is {word:?}"))),
    };
    Ok(StepRecord {
        index: row.count("step")?,
        undo: row.get("undo")?,
        entry,
        at: row.word("at")?,
    })
}

impl Reader {
    /// The log, in order.
    pub async fn step_entries(&self, operation: OperationId) -> Result<Vec<StepRecord>> {
        let select = Statement::new(
            TABLE,
            "SELECT operation_id AS id, step, undo, entry, message, at FROM steps \
             WHERE operation_id = $1 ORDER BY seq",
        );
        let rows = self.rows(select.bind(operation)).await?;
        rows.iter().map(record).collect()
    }
}

impl Tx {
    /// Adds a line to the log.
    pub async fn step_log(
        &mut self,
        operation: OperationId,
        index: u32,
        undo: bool,
        entry: StepEntry,
        now: Timestamp,
    ) -> Result<()> {
        let (word, message) = match entry {
            StepEntry::Intent => ("intent", None),
            StepEntry::Done => ("done", None),
            StepEntry::Failed(message) => ("failed", Some(message)),
        };
        let insert = Statement::new(
            TABLE,
            "INSERT INTO steps (operation_id, step, undo, entry, message, at) \
             VALUES ($1, $2, $3, $4, $5, $6)",
        )
        .bind(operation)
        .bind(index)
        .bind(undo)
        .bind(word)
        .bind(message)
        .bind(now);
        self.execute(insert).await?;
        Ok(())
    }
}
