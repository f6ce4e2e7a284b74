//! Which user has which role in which project.

use zun_domain::id::{ProjectId, UserId};
use zun_domain::project::Role;

use crate::error::Result;
use crate::sql::{Row, Statement, Value};
use crate::tx::{Reader, Tx};

const TABLE: &str = "role_assignments";

/// One role of one user in one project.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct RoleAssignment {
    /// Who has it.
    pub user: UserId,
    /// Where.
    pub project: ProjectId,
    /// Which.
    pub role: Role,
}

fn assignment(row: &Row) -> Result<RoleAssignment> {
    let name: String = row.get("role")?;
    Ok(RoleAssignment {
        user: row.word("id")?,
        project: row.word("project_id")?,
        role: super::role(row, &name)?,
    })
}

impl Reader {
    /// The user's roles in the project, the least first.
    pub async fn roles_of(&self, user: UserId, project: ProjectId) -> Result<Vec<Role>> {
        let all = self.role_assignments(Some(user), Some(project)).await?;
        Ok(all.into_iter().map(|assignment| assignment.role).collect())
    }

    /// Every assignment, of one user or in one project where that is given, sorted.
    pub async fn role_assignments(
        &self,
        user: Option<UserId>,
        project: Option<ProjectId>,
    ) -> Result<Vec<RoleAssignment>> {
        let select = Statement::new(
            TABLE,
            "SELECT user_id AS id, project_id, role FROM role_assignments \
             WHERE ($1 IS NULL OR user_id = $1) AND ($2 IS NULL OR project_id = $2)",
        );
        let select = select.bind(Value::from(user.map(|id| id.0))).bind(project);
        let rows = self.rows(select).await?;
        let mut all: Vec<RoleAssignment> = rows.iter().map(assignment).collect::<Result<_>>()?;
        all.sort();
        Ok(all)
    }
}

impl Tx {
    /// Gives the user the role in the project; having it is fine.
    pub async fn role_grant(&mut self, user: UserId, project: ProjectId, role: Role) -> Result<()> {
        let insert = Statement::new(
            TABLE,
            "INSERT INTO role_assignments (user_id, project_id, role) VALUES ($1, $2, $3) \
             ON CONFLICT DO NOTHING",
        );
        self.execute(insert.bind(user).bind(project).bind(role.name()))
            .await?;
        Ok(())
    }

    /// Takes the role away; not having it is fine. Tokens stay: see [`Tx::tokens_revoke_of_user`].
    pub async fn role_revoke(
        &mut self,
        user: UserId,
        project: ProjectId,
        role: Role,
    ) -> Result<()> {
        let delete = Statement::new(
            TABLE,
            "DELETE FROM role_assignments WHERE user_id = $1 AND project_id = $2 AND role = $3",
        );
        self.execute(delete.bind(user).bind(project).bind(role.name()))
            .await?;
        Ok(())
    }
}
