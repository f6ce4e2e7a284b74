//! Operations: what was asked, the sealed plan, how far it is, and the log of its steps. They outlive their
//! container, until [`Tx::operations_purge`].

mod step;

use zun_domain::id::{OperationId, ProjectId};
use zun_domain::operation::{Failure, Operation, OperationState, Subject};
use zun_domain::time::Timestamp;

use crate::error::{Constraint, Error, Result};
use crate::sql::{Row, Statement, json};
use crate::tx::{Reader, Tx};
use crate::vault::Place;

pub use step::{StepEntry, StepRecord};

const TABLE: &str = "operations";
const WHAT: &str = "operation";

/// `SELECT` of everything but plan and target.
macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT id, subject_kind, subject_id, project_id, user_id, kind, state, request_id, progress, steps_done, \
             steps, failure, created_at, finished_at FROM operations ",
            $rest
        )
    };
}

fn place<'a>(column: &'static str, id: &'a str) -> Place<'a> {
    Place {
        table: TABLE,
        column,
        row: id,
    }
}

fn subject(row: &Row) -> Result<Subject> {
    let kind: String = row.get("subject_kind")?;
    Subject::of(&kind, row.word("subject_id")?)
        .ok_or_else(|| row.corrupt(format_args!("subject_kind is {kind:?}")))
}

fn operation(row: &Row) -> Result<Operation> {
    Ok(Operation {
        id: row.word("id")?,
        subject: subject(row)?,
        project: row.word("project_id")?,
        user: row.word("user_id")?,
        kind: row.word("kind")?,
        state: row.word("state")?,
        request_id: row.get("request_id")?,
        progress: row.get("progress")?,
        steps_done: row.count("steps_done")?,
        steps: row.count("steps")?,
        failure: row.json_opt("failure")?,
        created_at: row.word("created_at")?,
        finished_at: row.word_opt("finished_at")?,
    })
}

/// An operation and what was inserted with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OperationWork {
    /// The operation.
    pub operation: Operation,
    /// The plan, JSON.
    pub plan: String,
    /// The specification it leads to, JSON, where there is one.
    pub target: Option<String>,
}

/// Which operations, newest first. Every filter given must hold.
#[derive(Debug, Clone, Copy, Default)]
pub struct OperationQuery {
    /// Of this project; of all where none is given.
    pub project: Option<ProjectId>,
    /// Of this one.
    pub subject: Option<Subject>,
    /// Only creates whose container or capsule exists and has not been confirmed.
    pub unconfirmed: bool,
    /// At most so many.
    pub limit: u32,
    /// After this one, which must be one of the project's.
    pub marker: Option<OperationId>,
}

impl Reader {
    /// The operation, if there is one.
    pub async fn operation_find(&self, id: OperationId) -> Result<Option<Operation>> {
        let select = Statement::new(TABLE, select!("WHERE id = $1"));
        let row = self.row(select.bind(id)).await?;
        row.as_ref().map(operation).transpose()
    }

    /// The operation.
    pub async fn operation_get(&self, id: OperationId) -> Result<Operation> {
        self.operation_find(id)
            .await?
            .ok_or_else(|| Error::not_found(WHAT, id))
    }

    /// The operation with all that is needed to do it, in one answer.
    pub async fn operation_work(&self, id: OperationId) -> Result<OperationWork> {
        let select = Statement::new(TABLE, "SELECT * FROM operations WHERE id = $1");
        let row = self.row(select.bind(id)).await?;
        let row = row.ok_or_else(|| Error::not_found(WHAT, id))?;
        let key = id.to_string();
        let plan: Vec<u8> = row.get("plan")?;
        let target: Option<Vec<u8>> = row.get("target")?;
        Ok(OperationWork {
            operation: operation(&row)?,
            plan: self.vault.open_text(&plan, &place("plan", &key))?,
            target: target
                .map(|target| self.vault.open_text(&target, &place("target", &key)))
                .transpose()?,
        })
    }

    /// Every operation that has not ended, the oldest first.
    pub async fn operations_unfinished(&self) -> Result<Vec<Operation>> {
        let select = Statement::new(TABLE, select!("WHERE finished_at IS NULL ORDER BY seq"));
        self.rows(select).await?.iter().map(operation).collect()
    }

    /// The one operation on this that has not ended, if there is one. What is done to a container of a capsule is done
    /// to the capsule.
    pub async fn operation_running_of(
        &self,
        subject: impl Into<Subject>,
    ) -> Result<Option<Operation>> {
        let select = Statement::new(
            TABLE,
            select!(
                "WHERE subject_id = COALESCE((SELECT capsule_id FROM containers WHERE id = $1), $1) \
                 AND finished_at IS NULL"
            ),
        );
        let row = self.row(select.bind(subject.into().id())).await?;
        row.as_ref().map(operation).transpose()
    }

    /// One page, newest first. An unknown marker is [`Error::NotFound`].
    pub async fn operation_list(&self, query: &OperationQuery) -> Result<Vec<Operation>> {
        let mut select = Statement::new(TABLE, select!("WHERE TRUE"));
        if let Some(project) = query.project {
            select.push(" AND project_id = ").push_value(project);
        }
        if let Some(subject) = query.subject {
            let id = subject.id();
            select
                .push(" AND subject_id IN (SELECT capsule_id FROM containers WHERE id = ")
                .push_value(id)
                .push(" UNION SELECT ")
                .push_value(id)
                .push(")");
        }
        if query.unconfirmed {
            select.push(
                " AND kind = 'create' AND EXISTS (SELECT 1 FROM containers \
                 WHERE containers.id = operations.subject_id AND NOT containers.confirmed \
                 UNION ALL SELECT 1 FROM capsules \
                 WHERE capsules.id = operations.subject_id AND NOT capsules.confirmed)",
            );
        }
        if let Some(marker) = query.marker {
            let seq = self.operation_seq(query.project, marker).await?;
            select.push(" AND seq < ").push_value(seq);
        }
        select
            .push(" ORDER BY seq DESC LIMIT ")
            .push_value(query.limit);
        self.rows(select).await?.iter().map(operation).collect()
    }

    async fn operation_seq(&self, project: Option<ProjectId>, marker: OperationId) -> Result<i64> {
        let select = Statement::new(
            TABLE,
            "SELECT id, seq FROM operations WHERE id = $1 AND ($2 IS NULL OR project_id = $2)",
        );
        let row = self.row(select.bind(marker).bind(project)).await?;
        row.ok_or_else(|| Error::not_found("marker", marker))?
            .get("seq")
    }
}

impl Tx {
    /// Inserts the operation with its plan, and the specification it leads to where there is one; both are
    /// sealed. A second unfinished one on a subject is [`Constraint::OperationUnfinished`].
    pub async fn operation_insert(
        &mut self,
        operation: &Operation,
        plan_json: &str,
        target_json: Option<&str>,
    ) -> Result<()> {
        let (plan, target) = self.sealed_plan(operation.id, plan_json, target_json)?;
        let insert = Statement::new(
            TABLE,
            "INSERT INTO operations (id, subject_kind, subject_id, project_id, user_id, kind, state, \
             request_id, progress, steps_done, steps, failure, plan, target, created_at, finished_at) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)",
        )
        .bind(operation.id)
        .bind(operation.subject.kind())
        .bind(operation.subject.id())
        .bind(operation.project)
        .bind(operation.user)
        .bind(operation.kind.as_str())
        .bind(operation.state.as_str())
        .bind(operation.request_id.as_str())
        .bind(operation.progress.as_str())
        .bind(operation.steps_done)
        .bind(operation.steps)
        .bind(operation.failure.as_ref().map(json).transpose()?)
        .bind(plan)
        .bind(target)
        .bind(operation.created_at)
        .bind(operation.finished_at);
        self.execute(insert).await?;
        Ok(())
    }

    /// Notes how far it is. One that has ended stays as it ended: [`Constraint::OperationFinished`].
    pub async fn operation_progress(
        &mut self,
        id: OperationId,
        state: OperationState,
        progress: &str,
        steps_done: u32,
    ) -> Result<()> {
        let update = Statement::new(
            TABLE,
            "UPDATE operations SET state = $2, progress = $3, steps_done = $4 \
             WHERE id = $1 AND finished_at IS NULL",
        );
        let update = update.bind(id).bind(state.as_str()).bind(progress);
        self.operation_touched(update.bind(steps_done), id).await
    }

    /// Another plan and target in place of the former, with an empty log. One that has ended stays as it
    /// ended: [`Constraint::OperationFinished`].
    pub async fn operation_replan(
        &mut self,
        id: OperationId,
        plan_json: &str,
        target_json: Option<&str>,
        progress: &str,
    ) -> Result<()> {
        let (plan, target) = self.sealed_plan(id, plan_json, target_json)?;
        let update = Statement::new(
            TABLE,
            "UPDATE operations SET state = $2, progress = $3, steps_done = 0, plan = $4, target = $5 \
             WHERE id = $1 AND finished_at IS NULL",
        );
        let update = update.bind(id).bind(OperationState::Running.as_str());
        let update = update.bind(progress).bind(plan).bind(target);
        self.operation_touched(update, id).await?;
        let delete = Statement::new("steps", "DELETE FROM steps WHERE operation_id = $1");
        self.execute(delete.bind(id)).await?;
        Ok(())
    }

    /// Plan and target as they are kept.
    fn sealed_plan(
        &self,
        id: OperationId,
        plan_json: &str,
        target_json: Option<&str>,
    ) -> Result<(Vec<u8>, Option<Vec<u8>>)> {
        let key = id.to_string();
        let plan = self
            .vault
            .seal(plan_json.as_bytes(), &place("plan", &key))?;
        let target = target_json
            .map(|target| self.vault.seal(target.as_bytes(), &place("target", &key)))
            .transpose()?;
        Ok((plan, target))
    }

    /// Ends it. One that has ended stays as it ended: [`Constraint::OperationFinished`].
    pub async fn operation_finish(
        &mut self,
        id: OperationId,
        state: OperationState,
        failure: Option<&Failure>,
        now: Timestamp,
    ) -> Result<()> {
        let update = Statement::new(
            TABLE,
            "UPDATE operations SET state = $2, failure = $3, finished_at = $4 \
             WHERE id = $1 AND finished_at IS NULL",
        );
        let update = update.bind(id).bind(state.as_str());
        let update = update.bind(failure.map(json).transpose()?).bind(now);
        self.operation_touched(update, id).await
    }

    /// Deletes those that ended before `before`, with their step logs; how many.
    pub async fn operations_purge(&mut self, before: Timestamp) -> Result<u64> {
        let delete = Statement::new(TABLE, "DELETE FROM operations WHERE finished_at < $1");
        self.execute(delete.bind(before)).await
    }

    async fn operation_touched(&mut self, update: Statement, id: OperationId) -> Result<()> {
        if self.touched(update).await? {
            return Ok(());
        }
        self.operation_get(id).await?;
        Err(Error::conflict(Constraint::OperationFinished))
    }
}
