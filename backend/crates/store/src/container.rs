//! Containers: the wish (sealed), the sight, and columns for what lists filter and sort by.

mod cache;
mod query;
mod row;

use std::collections::BTreeMap;
use std::sync::Arc;

use zun_domain::container::{Container, Life, Observed, TaskState};
use zun_domain::id::{CapsuleId, ContainerId, OperationId, ProjectId};
use zun_domain::time::Timestamp;

use crate::error::{Constraint, Error, Result};
use crate::sql::{Statement, json};
use crate::tx::{Reader, Tx};

pub(crate) use cache::Cache;
pub use query::{ContainerQuery, SortKey};

/// A container and the one operation on it, or on its capsule, that has not ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContainerEntry {
    /// The container, as it was when it was read.
    pub container: Arc<Container>,
    /// What works on it, if anything does.
    pub operation: Option<OperationId>,
}

const TABLE: &str = "containers";
const WHAT: &str = "container";

/// Containers with their operation and their addresses in one answer: `page` is what to select from the
/// table, in order.
macro_rules! entries {
    ($page:literal) => {
        concat!(
            entries!(begin),
            $page,
            entries!(end),
            " ORDER BY c.seq, p.position, p.seq, f.seq"
        )
    };
    (begin) => {
        "SELECT c.*, o.id AS operation_id, p.id AS port_id, p.network_id, p.mac, p.preserve, f.subnet_id, f.ip, \
         n.runtime_name, COALESCE((SELECT string_agg(g.group_id, ' ') FROM port_security_groups g \
         WHERE g.port_id = p.id), '') AS groups FROM ("
    };
    (end) => {
        ") c LEFT JOIN operations o ON o.subject_id = COALESCE(c.capsule_id, c.id) AND o.finished_at IS NULL \
         LEFT JOIN ports p ON p.container_id = c.id LEFT JOIN fixed_ips f ON f.port_id = p.id \
         LEFT JOIN networks n ON n.id = p.network_id"
    };
}
use entries;

impl Reader {
    /// The container, if there is one.
    pub async fn container_find(&self, id: ContainerId) -> Result<Option<Container>> {
        let found = self.container_entry_find(id).await?;
        Ok(found.map(|entry| Arc::unwrap_or_clone(entry.container)))
    }

    /// The container with its operation, if there is one.
    pub async fn container_entry_find(&self, id: ContainerId) -> Result<Option<ContainerEntry>> {
        let kept = self.cache.as_ref().and_then(|cache| cache.get(id));
        if kept.is_some() {
            return Ok(kept);
        }
        let select = Statement::new(TABLE, entries!("SELECT * FROM containers WHERE id = $1"));
        Ok(self.entries(select.bind(id)).await?.pop())
    }

    /// The container.
    pub async fn container_get(&self, id: ContainerId) -> Result<Container> {
        self.container_find(id)
            .await?
            .ok_or_else(|| Error::not_found(WHAT, id))
    }

    /// Every container of that name, in order of insertion; of every project where none is given. Those of capsules are
    /// left out: their names are the capsule's affair.
    pub async fn containers_named(
        &self,
        project: Option<ProjectId>,
        name: &str,
    ) -> Result<Vec<Container>> {
        let select = Statement::new(
            TABLE,
            entries!(
                "SELECT * FROM containers WHERE name = $1 AND ($2 IS NULL OR project_id = $2) AND capsule_id IS NULL"
            ),
        );
        let found = self.entries(select.bind(name).bind(project)).await?;
        Ok(records(found))
    }

    /// One page of those that match.
    pub async fn container_list(&self, query: &ContainerQuery) -> Result<Vec<Container>> {
        Ok(records(self.container_entries(query).await?))
    }

    /// One page of those that match, each with its operation.
    pub async fn container_entries(&self, query: &ContainerQuery) -> Result<Vec<ContainerEntry>> {
        if query.ids.as_ref().is_some_and(Vec::is_empty) {
            return Ok(Vec::new());
        }
        let after = match query.marker {
            None => None,
            Some(marker) => Some(self.marker(query, marker).await?),
        };
        if let Some(cache) = &self.cache {
            let epoch = cache.epoch();
            let ids = self.page_ids(query, after.as_ref()).await?;
            if let Some(all) = cache.all(&ids, epoch) {
                return Ok(all);
            }
        }
        self.entries(query::page(query, after.as_ref())).await
    }

    /// The containers of these capsules, in order of insertion.
    pub(crate) async fn containers_in(
        &self,
        capsules: impl Iterator<Item = CapsuleId>,
    ) -> Result<Vec<Container>> {
        let mut select = Statement::new(
            TABLE,
            concat!(
                entries!(begin),
                "SELECT * FROM containers WHERE capsule_id IN "
            ),
        );
        select.push_list(capsules).push(concat!(
            entries!(end),
            " ORDER BY c.seq, p.position, p.seq, f.seq"
        ));
        Ok(records(self.entries(select).await?))
    }

    /// Which containers are on a page, in one row: it is read a hundred times faster than they are.
    async fn page_ids(
        &self,
        query: &ContainerQuery,
        after: Option<&query::After>,
    ) -> Result<Vec<ContainerId>> {
        let Some(row) = self.row(query::page_ids(query, after)).await? else {
            return Ok(Vec::new());
        };
        row.words("ids")
    }

    /// How many there are, of all projects.
    pub async fn container_count(&self) -> Result<u64> {
        let select = Statement::new(TABLE, "SELECT COUNT(*) AS number FROM containers");
        self.row(select)
            .await?
            .map_or(Ok(0), |row| row.count("number"))
    }

    /// How many there are of each status, of all projects.
    pub async fn container_statuses(&self) -> Result<BTreeMap<String, u64>> {
        let select = Statement::new(
            TABLE,
            "SELECT status, COUNT(*) AS number FROM containers GROUP BY status",
        );
        let rows = self.rows(select).await?;
        rows.iter()
            .map(|row| Ok((row.get("status")?, row.count("number")?)))
            .collect()
    }

    async fn marker(&self, query: &ContainerQuery, marker: ContainerId) -> Result<query::After> {
        let row = self.row(query::marker(query, marker)).await?;
        query::After::read(
            query.sort_key,
            &row.ok_or_else(|| Error::not_found("marker", marker))?,
        )
    }

    async fn entries(&self, select: Statement) -> Result<Vec<ContainerEntry>> {
        let epoch = self.cache.as_ref().map_or(0, |cache| cache.epoch());
        let found = row::entries(&self.vault, self.rows(select).await?)?;
        if let Some(cache) = &self.cache {
            cache.put(&found, epoch);
        }
        Ok(found)
    }
}

fn records(entries: Vec<ContainerEntry>) -> Vec<Container> {
    let records = entries.into_iter().map(|entry| entry.container);
    records.map(Arc::unwrap_or_clone).collect()
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
        match container.membership {
            Some(membership) => self.container_place_in(container.id, membership).await,
            None => Ok(()),
        }
    }

    /// Writes everything that can change but the addresses and its place in a capsule, if the stored generation is still `expected`;
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

    /// Deletes the record, and with it its claim, host ports, events and the ports that were made with it. Its
    /// other ports are free again. Its operations stay.
    pub async fn container_delete(&mut self, id: ContainerId) -> Result<()> {
        self.ports_leave(id).await?;
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
