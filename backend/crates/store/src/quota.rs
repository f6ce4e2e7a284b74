//! Limits that were set, of projects and of quota classes. What is not set is not there.

use zun_domain::id::ProjectId;
use zun_domain::quota::LimitSet;

use crate::error::Result;
use crate::sql::{Row, Statement};
use crate::tx::{Reader, Tx};

const TABLE: &str = "quotas";
const PROJECT: &str = "project";
const CLASS: &str = "class";

fn limits(row: &Row) -> Result<LimitSet> {
    Ok(LimitSet {
        containers: row.get("containers")?,
        cpu: row.get("cpu")?,
        memory: row.get("memory")?,
        disk: row.get("disk")?,
    })
}

impl Reader {
    /// The project's own limits; none where it has none.
    pub async fn quota_find(&self, project: ProjectId) -> Result<LimitSet> {
        self.limits_find(PROJECT, &project.to_string()).await
    }

    /// The limits of a class; none where it has none.
    pub async fn quota_class_find(&self, class: &str) -> Result<LimitSet> {
        self.limits_find(CLASS, class).await
    }

    /// The project's own limits and those of a class, in one answer.
    pub async fn quota_find_with_class(
        &self,
        project: ProjectId,
        class: &str,
    ) -> Result<(LimitSet, LimitSet)> {
        let select = Statement::new(
            TABLE,
            "SELECT kind, owner AS id, containers, cpu, memory, disk FROM quotas \
             WHERE (kind = $1 AND owner = $2) OR (kind = $3 AND owner = $4)",
        );
        let select = select.bind(PROJECT).bind(project);
        let rows = self.rows(select.bind(CLASS).bind(class)).await?;
        let mut both = (LimitSet::default(), LimitSet::default());
        for row in rows {
            let kind: String = row.get("kind")?;
            let which = if kind == PROJECT {
                &mut both.0
            } else {
                &mut both.1
            };
            *which = limits(&row)?;
        }
        Ok(both)
    }

    async fn limits_find(&self, kind: &'static str, owner: &str) -> Result<LimitSet> {
        let select = Statement::new(
            TABLE,
            "SELECT owner AS id, containers, cpu, memory, disk FROM quotas WHERE kind = $1 AND owner = $2",
        );
        let row = self.row(select.bind(kind).bind(owner)).await?;
        row.map_or(Ok(LimitSet::default()), |row| limits(&row))
    }
}

impl Tx {
    /// Sets the project's own limits to exactly these; with none set they are deleted.
    pub async fn quota_set(&mut self, project: ProjectId, limits: &LimitSet) -> Result<()> {
        self.limits_set(PROJECT, &project.to_string(), limits).await
    }

    /// Deletes the project's own limits; absent is fine.
    pub async fn quota_delete(&mut self, project: ProjectId) -> Result<()> {
        self.limits_delete(PROJECT, &project.to_string()).await
    }

    /// Sets the limits of a class to exactly these; with none set they are deleted.
    pub async fn quota_class_set(&mut self, class: &str, limits: &LimitSet) -> Result<()> {
        self.limits_set(CLASS, class, limits).await
    }

    /// Deletes the limits of a class; absent is fine.
    pub async fn quota_class_delete(&mut self, class: &str) -> Result<()> {
        self.limits_delete(CLASS, class).await
    }

    async fn limits_set(
        &mut self,
        kind: &'static str,
        owner: &str,
        limits: &LimitSet,
    ) -> Result<()> {
        if limits.is_empty() {
            return self.limits_delete(kind, owner).await;
        }
        let upsert = Statement::new(
            TABLE,
            "INSERT INTO quotas (kind, owner, containers, cpu, memory, disk) \
             VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (kind, owner) DO UPDATE SET \
             containers = excluded.containers, cpu = excluded.cpu, memory = excluded.memory, \
             disk = excluded.disk",
        )
        .bind(kind)
        .bind(owner)
        .bind(limits.containers)
        .bind(limits.cpu)
        .bind(limits.memory)
        .bind(limits.disk);
        self.execute(upsert).await?;
        Ok(())
    }

    async fn limits_delete(&mut self, kind: &'static str, owner: &str) -> Result<()> {
        let delete = Statement::new(TABLE, "DELETE FROM quotas WHERE kind = $1 AND owner = $2");
        self.execute(delete.bind(kind).bind(owner)).await?;
        Ok(())
    }
}
