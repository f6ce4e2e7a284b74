//! Containers: the wish (sealed), the sight, and columns for what lists filter and sort by.

mod query;
mod row;

use zun_domain::container::{Container, Life, Observed, TaskState};
use zun_domain::id::{ContainerId, ProjectId};
use zun_domain::time::Timestamp;

use crate::error::{Constraint, Error, Result};
use crate::sql::{Statement, json};
use crate::tx::{Reader, Tx};

pub use query::{ContainerQuery, SortKey};

const TABLE: &str = "containers";
const WHAT: &str = "container";

/// Containers with their addresses in one answer: `page` is what to select from the table, in `order`.
macro_rules! with_addresses {
    ($page:literal, $order:literal) => {
        concat!(
            "SELECT c.*, p.id AS port_id, p.network_id, p.ip, p.mac FROM (",
            $page,
            ") c LEFT JOIN ports p ON p.container_id = c.id ORDER BY ",
            $order,
            ", p.seq"
        )
    };
}

impl Reader {
    /// The container, if there is one.
    pub async fn container_find(&self, id: ContainerId) -> Result<Option<Container>> {
        let select = Statement::new(
            TABLE,
            with_addresses!("SELECT * FROM containers WHERE id = $1", "c.seq"),
        );
        Ok(self.containers(select.bind(id)).await?.pop())
    }

    /// The container.
    pub async fn container_get(&self, id: ContainerId) -> Result<Container> {
        self.container_find(id)
            .await?
            .ok_or_else(|| Error::not_found(WHAT, id))
    }

    /// Every container of that name, in order of insertion; of every project where none is given.
    pub async fn containers_named(
        &self,
        project: Option<ProjectId>,
        name: &str,
    ) -> Result<Vec<Container>> {
        let select = Statement::new(
            TABLE,
            with_addresses!(
                "SELECT * FROM containers WHERE name = $1 AND ($2 IS NULL OR project_id = $2)",
                "c.seq"
            ),
        );
        self.containers(select.bind(name).bind(project)).await
    }

    /// One page of those that match.
    pub async fn container_list(&self, query: &ContainerQuery) -> Result<Vec<Container>> {
        if query.ids.as_ref().is_some_and(Vec::is_empty) {
            return Ok(Vec::new());
        }
        let after = match query.marker {
            None => None,
            Some(marker) => Some(self.marker(query, marker).await?),
        };
        self.containers(query::page(query, after)).await
    }

    /// How many there are, of all projects.
    pub async fn container_count(&self) -> Result<u64> {
        let select = Statement::new(TABLE, "SELECT COUNT(*) AS number FROM containers");
        self.row(select)
            .await?
            .map_or(Ok(0), |row| row.count("number"))
    }

    async fn marker(&self, query: &ContainerQuery, marker: ContainerId) -> Result<query::After> {
        let row = self.row(query::marker(query, marker)).await?;
        query::After::read(
            query.sort_key,
            &row.ok_or_else(|| Error::not_found("marker", marker))?,
        )
    }

    async fn containers(&self, select: Statement) -> Result<Vec<Container>> {
        row::containers(&self.vault, self.rows(select).await?)
    }
}

impl Tx {
    /// Inserts the record. Its addresses are not written here: each is a [`Tx::port_insert`].
    pub async fn container_insert(&mut self, container: &Container) -> Result<()> {
        let desired = row::seal(&self.vault, container)?;
        let insert = Statement::new(
            TABLE,
            "INSERT INTO containers (id, project_id, user_id, created_at, host_id, host_name, host_zone, \
             generation, name, image, memory_mib, auto_remove, desired, life, observed, status, \
             status_reason, task, confirmed, updated_at) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20)",
        )
        .bind(container.id)
        .bind(container.project)
        .bind(container.user)
        .bind(container.created_at);
        self.execute(row::bind_changeable(insert, container, desired)?)
            .await?;
        Ok(())
    }

    /// Writes everything that can change but the addresses, if the stored generation is still `expected`;
    /// else [`Constraint::Generation`]. The new generation is the caller's: `container.generation`.
    pub async fn container_update(&mut self, container: &Container, expected: i64) -> Result<()> {
        let desired = row::seal(&self.vault, container)?;
        let update = Statement::new(
            TABLE,
            "UPDATE containers SET host_id = $3, host_name = $4, host_zone = $5, generation = $6, \
             name = $7, image = $8, memory_mib = $9, auto_remove = $10, desired = $11, life = $12, \
             observed = $13, status = $14, status_reason = $15, task = $16, confirmed = $17, \
             updated_at = $18 WHERE id = $1 AND generation = $2",
        )
        .bind(container.id)
        .bind(expected);
        let update = row::bind_changeable(update, container, desired)?;
        if self.touched(update).await? {
            return Ok(());
        }
        let select = Statement::new(TABLE, "SELECT id, generation FROM containers WHERE id = $1");
        match self.row(select.bind(container.id)).await? {
            None => Err(Error::not_found(WHAT, container.id)),
            Some(row) => Err(Error::conflict(Constraint::Generation {
                expected,
                stored: row.get("generation")?,
            })),
        }
    }

    /// Notes what was seen and what is being done, whatever the generation.
    pub async fn container_observe(
        &mut self,
        id: ContainerId,
        observed: Option<&Observed>,
        life: &Life,
        status_reason: Option<&str>,
        task: Option<TaskState>,
        now: Timestamp,
    ) -> Result<()> {
        let update = Statement::new(
            TABLE,
            "UPDATE containers SET observed = $2, life = $3, status = $4, status_reason = $5, \
             task = $6, updated_at = $7 WHERE id = $1",
        )
        .bind(id)
        .bind(observed.map(json).transpose()?)
        .bind(json(life)?)
        .bind(life.status(observed).to_string())
        .bind(status_reason)
        .bind(task.map(TaskState::as_str))
        .bind(now);
        self.container_touched(update, id).await
    }

    /// Notes what is being done to it and why, and nothing else; both as given, `None` included.
    pub async fn container_task(
        &mut self,
        id: ContainerId,
        task: Option<TaskState>,
        reason: Option<&str>,
    ) -> Result<()> {
        let update = Statement::new(
            TABLE,
            "UPDATE containers SET task = $2, status_reason = $3 WHERE id = $1",
        );
        let update = update
            .bind(id)
            .bind(task.map(TaskState::as_str))
            .bind(reason);
        self.container_touched(update, id).await
    }

    /// Notes that the caller has seen the answer of its create.
    pub async fn container_confirm(&mut self, id: ContainerId) -> Result<()> {
        let update = Statement::new(TABLE, "UPDATE containers SET confirmed = $2 WHERE id = $1");
        self.container_touched(update.bind(id).bind(true), id).await
    }

    /// Deletes the record, and with it its claim, addresses, host ports and events. Its operations stay.
    pub async fn container_delete(&mut self, id: ContainerId) -> Result<()> {
        let delete = Statement::new(TABLE, "DELETE FROM containers WHERE id = $1");
        self.container_touched(delete.bind(id), id).await
    }

    async fn container_touched(&mut self, change: Statement, id: ContainerId) -> Result<()> {
        if self.touched(change).await? {
            Ok(())
        } else {
            Err(Error::not_found(WHAT, id))
        }
    }
}
