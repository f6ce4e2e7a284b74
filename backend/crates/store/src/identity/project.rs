//! Projects, as the identity API shows them. What they own refers to them by id only, because another
//! identity service may be the one that knows them.

use zun_domain::id::{DomainId, ProjectId};
use zun_domain::project::Project;

use crate::error::{Error, Result};
use crate::sql::{Row, Statement};
use crate::tx::{Reader, Tx};

const TABLE: &str = "projects";

fn project(row: &Row) -> Result<Project> {
    Ok(Project {
        id: row.word("id")?,
        domain: row.word("domain_id")?,
        name: row.get("name")?,
        description: row.get("description")?,
        enabled: row.get("enabled")?,
    })
}

impl Reader {
    /// The project, if there is one.
    pub async fn project_find(&self, id: ProjectId) -> Result<Option<Project>> {
        let select = Statement::new(TABLE, "SELECT * FROM projects WHERE id = $1");
        let row = self.row(select.bind(id)).await?;
        row.as_ref().map(project).transpose()
    }

    /// The project of that name in the domain, if there is one.
    pub async fn project_named(&self, domain: DomainId, name: &str) -> Result<Option<Project>> {
        let select = Statement::new(
            TABLE,
            "SELECT * FROM projects WHERE domain_id = $1 AND name = $2",
        );
        let row = self.row(select.bind(domain).bind(name)).await?;
        row.as_ref().map(project).transpose()
    }

    /// Every project by name, or those of that name.
    pub async fn project_list(&self, name: Option<&str>) -> Result<Vec<Project>> {
        let select = Statement::new(
            TABLE,
            "SELECT * FROM projects WHERE $1 IS NULL OR name = $1 ORDER BY name, id",
        );
        let rows = self.rows(select.bind(name)).await?;
        rows.iter().map(project).collect()
    }
}

impl Tx {
    /// Inserts a project.
    pub async fn project_insert(&mut self, project: &Project) -> Result<()> {
        let insert = Statement::new(
            TABLE,
            "INSERT INTO projects (id, domain_id, name, description, enabled) \
             VALUES ($1, $2, $3, $4, $5)",
        )
        .bind(project.id)
        .bind(project.domain)
        .bind(project.name.as_str())
        .bind(project.description.as_str())
        .bind(project.enabled);
        self.execute(insert).await?;
        Ok(())
    }

    /// Writes name, description and whether it is enabled.
    pub async fn project_update(&mut self, project: &Project) -> Result<()> {
        let update = Statement::new(
            TABLE,
            "UPDATE projects SET name = $2, description = $3, enabled = $4 WHERE id = $1",
        )
        .bind(project.id)
        .bind(project.name.as_str())
        .bind(project.description.as_str())
        .bind(project.enabled);
        self.project_touched(update, project.id).await
    }

    /// Deletes the project with the roles, tokens and application credentials for it. What it owns is not
    /// looked at: whether it owns anything is asked by the caller.
    pub async fn project_delete(&mut self, id: ProjectId) -> Result<()> {
        let delete = Statement::new(TABLE, "DELETE FROM projects WHERE id = $1");
        self.project_touched(delete.bind(id), id).await
    }

    async fn project_touched(&mut self, change: Statement, id: ProjectId) -> Result<()> {
        if self.touched(change).await? {
            Ok(())
        } else {
            Err(Error::not_found("project", id))
        }
    }
}
