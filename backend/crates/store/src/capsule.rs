//! Capsules: the wish of the whole (sealed). Their containers are rows of their own, read with them.

use std::collections::HashMap;

use zun_domain::capsule::{Capsule, CapsuleDesired, Membership};
use zun_domain::container::{Container, Life, TaskState};
use zun_domain::host::HostPlace;
use zun_domain::id::{CapsuleId, ContainerId, ProjectId};
use zun_domain::time::Timestamp;

use crate::error::{Constraint, Error, Result};
use crate::sql::{Row, Statement, json, word};
use crate::tx::{Reader, Tx};
use crate::vault::Place;

const TABLE: &str = "capsules";
const WHAT: &str = "capsule";

/// Which capsules, in order of insertion. Every filter given must hold.
#[derive(Debug, Clone, Default)]
pub struct CapsuleQuery {
    /// Of this project; of all where none is given.
    pub project: Option<ProjectId>,
    /// With this name.
    pub name: Option<String>,
    /// The other way round.
    pub descending: bool,
    /// At most so many; all where none is given.
    pub limit: Option<u32>,
    /// After this one, which must be one of the project's.
    pub marker: Option<CapsuleId>,
}

fn place(id: &str) -> Place<'_> {
    Place {
        table: TABLE,
        column: "desired",
        row: id,
    }
}

impl Reader {
    /// The capsule with its containers, if there is one.
    pub async fn capsule_find(&self, id: CapsuleId) -> Result<Option<Capsule>> {
        let select = Statement::new(TABLE, "SELECT * FROM capsules WHERE id = $1");
        Ok(self.capsules(select.bind(id)).await?.pop())
    }

    /// The capsule with its containers.
    pub async fn capsule_get(&self, id: CapsuleId) -> Result<Capsule> {
        self.capsule_find(id)
            .await?
            .ok_or_else(|| Error::not_found(WHAT, id))
    }

    /// Every capsule of that name, in order of insertion; of every project where none is given.
    pub async fn capsules_named(
        &self,
        project: Option<ProjectId>,
        name: &str,
    ) -> Result<Vec<Capsule>> {
        self.capsule_list(&CapsuleQuery {
            project,
            name: Some(name.to_owned()),
            ..CapsuleQuery::default()
        })
        .await
    }

    /// One page of those that match. An unknown marker is [`Error::NotFound`].
    pub async fn capsule_list(&self, query: &CapsuleQuery) -> Result<Vec<Capsule>> {
        let mut select = Statement::new(TABLE, "SELECT * FROM capsules WHERE TRUE");
        if let Some(project) = query.project {
            select.push(" AND project_id = ").push_value(project);
        }
        if let Some(name) = &query.name {
            select.push(" AND name = ").push_value(name.as_str());
        }
        if let Some(marker) = query.marker {
            let seq = self.capsule_seq(query.project, marker).await?;
            let beyond = if query.descending {
                " AND seq < "
            } else {
                " AND seq > "
            };
            select.push(beyond).push_value(seq);
        }
        select.push(" ORDER BY seq");
        if query.descending {
            select.push(" DESC");
        }
        if let Some(limit) = query.limit {
            select.push(" LIMIT ").push_value(limit);
        }
        self.capsules(select).await
    }

    async fn capsule_seq(&self, project: Option<ProjectId>, marker: CapsuleId) -> Result<i64> {
        let select = Statement::new(
            TABLE,
            "SELECT id, seq FROM capsules WHERE id = $1 AND ($2 IS NULL OR project_id = $2)",
        );
        let row = self.row(select.bind(marker).bind(project)).await?;
        row.ok_or_else(|| Error::not_found("marker", marker))?
            .get("seq")
    }

    async fn capsules(&self, select: Statement) -> Result<Vec<Capsule>> {
        let rows = self.rows(select).await?;
        let mut found = Vec::new();
        for row in &rows {
            found.push(self.capsule(row)?);
        }
        if found.is_empty() {
            return Ok(found);
        }
        let ids = found.iter().map(|capsule| capsule.id);
        let mut parts: HashMap<CapsuleId, Vec<Container>> = HashMap::new();
        for container in self.containers_in(ids).await? {
            if let Some(Membership { capsule, .. }) = container.membership {
                parts.entry(capsule).or_default().push(container);
            }
        }
        for capsule in &mut found {
            let mut all = parts.remove(&capsule.id).unwrap_or_default();
            all.sort_by_key(|one| one.membership.map(|of| (of.role, of.position)));
            capsule.containers = all;
        }
        Ok(found)
    }

    fn capsule(&self, row: &Row) -> Result<Capsule> {
        let id: CapsuleId = row.word("id")?;
        let desired: Vec<u8> = row.get("desired")?;
        let desired: CapsuleDesired = self.vault.open_json(&desired, &place(&id.to_string()))?;
        Ok(Capsule {
            id,
            project: row.word("project_id")?,
            user: row.word("user_id")?,
            place: HostPlace {
                id: row.word("host_id")?,
                name: row.word("host_name")?,
                zone: row.get("host_zone")?,
            },
            generation: row.get("generation")?,
            desired,
            life: row.json("life")?,
            status_reason: row.get("status_reason")?,
            task: row.word_opt("task")?,
            confirmed: row.get("confirmed")?,
            created_at: row.word("created_at")?,
            updated_at: row.word_opt("updated_at")?,
            containers: Vec::new(),
        })
    }
}

impl Tx {
    /// Inserts the record. Its containers are not written here: each is a [`Tx::container_insert`].
    pub async fn capsule_insert(&mut self, capsule: &Capsule) -> Result<()> {
        let desired = self.sealed_capsule(capsule)?;
        let insert = Statement::new(
            TABLE,
            "INSERT INTO capsules (id, project_id, user_id, host_id, host_name, host_zone, created_at, generation, \
             name, desired, life, status_reason, task, confirmed, updated_at) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)",
        )
        .bind(capsule.id)
        .bind(capsule.project)
        .bind(capsule.user)
        .bind(capsule.place.id)
        .bind(capsule.place.name.as_str())
        .bind(capsule.place.zone.as_str())
        .bind(capsule.created_at);
        self.execute(changeable(insert, capsule, desired)?).await?;
        Ok(())
    }

    /// Writes everything that can change but the containers, if the stored generation is still `expected`; else
    /// [`Constraint::Generation`]. The new generation is the caller's: `capsule.generation`.
    pub async fn capsule_update(&mut self, capsule: &Capsule, expected: i64) -> Result<()> {
        let desired = self.sealed_capsule(capsule)?;
        let update = Statement::new(
            TABLE,
            "UPDATE capsules SET generation = $3, name = $4, desired = $5, life = $6, status_reason = $7, task = $8, \
             confirmed = $9, updated_at = $10 WHERE id = $1 AND generation = $2",
        )
        .bind(capsule.id)
        .bind(expected);
        if self.touched(changeable(update, capsule, desired)?).await? {
            return Ok(());
        }
        let select = Statement::new(TABLE, "SELECT id, generation FROM capsules WHERE id = $1");
        match self.row(select.bind(capsule.id)).await? {
            None => Err(Error::not_found(WHAT, capsule.id)),
            Some(row) => Err(Error::conflict(Constraint::Generation {
                expected,
                stored: row.get("generation")?,
            })),
        }
    }

    /// Notes where it stands, why, and what is being done to it, whatever the generation.
    pub async fn capsule_note(
        &mut self,
        id: CapsuleId,
        life: &Life,
        reason: Option<&str>,
        task: Option<TaskState>,
        now: Timestamp,
    ) -> Result<()> {
        let update = Statement::new(
            TABLE,
            "UPDATE capsules SET life = $2, status_reason = $3, task = $4, updated_at = $5 WHERE id = $1",
        );
        let update = update.bind(id).bind(json(life)?).bind(reason);
        let update = update.bind(task.map(TaskState::as_str)).bind(now);
        self.capsule_touched(update, id).await
    }

    /// Notes that the caller has seen the answer of its create.
    pub async fn capsule_confirm(&mut self, id: CapsuleId) -> Result<()> {
        let update = Statement::new(TABLE, "UPDATE capsules SET confirmed = $2 WHERE id = $1");
        self.capsule_touched(update.bind(id).bind(true), id).await
    }

    /// What a container is to its capsule from now on.
    pub async fn container_place_in(
        &mut self,
        container: ContainerId,
        membership: Membership,
    ) -> Result<()> {
        let update = Statement::new(
            "containers",
            "UPDATE containers SET capsule_id = $2, role = $3, position = $4 WHERE id = $1",
        )
        .bind(container)
        .bind(membership.capsule)
        .bind(word(&membership.role)?)
        .bind(Some(membership.position));
        if self.touched(update).await? {
            return Ok(());
        }
        Err(Error::not_found("container", container))
    }

    /// Deletes the record and those of its containers, each with all that goes with it ([`Tx::container_delete`]). Its
    /// operations stay.
    pub async fn capsule_delete(&mut self, id: CapsuleId) -> Result<()> {
        for container in self.capsule_get(id).await?.containers {
            self.container_delete(container.id).await?;
        }
        let delete = Statement::new(TABLE, "DELETE FROM capsules WHERE id = $1");
        self.capsule_touched(delete.bind(id), id).await
    }

    fn sealed_capsule(&self, capsule: &Capsule) -> Result<Vec<u8>> {
        self.vault
            .seal_json(&capsule.desired, &place(&capsule.id.to_string()))
    }

    async fn capsule_touched(&mut self, change: Statement, id: CapsuleId) -> Result<()> {
        if self.touched(change).await? {
            Ok(())
        } else {
            Err(Error::not_found(WHAT, id))
        }
    }
}

/// Binds the eight columns that insert and update have in common, in the order of both.
fn changeable(statement: Statement, capsule: &Capsule, desired: Vec<u8>) -> Result<Statement> {
    Ok(statement
        .bind(capsule.generation)
        .bind(capsule.desired.name.as_str())
        .bind(desired)
        .bind(json(&capsule.life)?)
        .bind(capsule.status_reason.as_deref())
        .bind(capsule.task.map(TaskState::as_str))
        .bind(capsule.confirmed)
        .bind(capsule.updated_at))
}
