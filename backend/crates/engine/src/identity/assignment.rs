//! Which user has which role in which project.

use zun_domain::id::{ProjectId, UserId};
use zun_domain::project::Role;
use zun_store::RoleAssignment;

use super::Identity;
use crate::error::{Error, Result};

/// Which assignments to list; nothing given means all.
#[derive(Debug, Clone, Copy, Default)]
pub struct AssignmentFilter {
    /// Of this user.
    pub user: Option<UserId>,
    /// In this project.
    pub project: Option<ProjectId>,
}

impl Identity {
    /// Assignments, sorted; without the roles that others imply.
    pub async fn assignment_list(&self, filter: AssignmentFilter) -> Result<Vec<RoleAssignment>> {
        Ok(self
            .0
            .store
            .role_assignments(filter.user, filter.project)
            .await?)
    }

    /// Gives the user the role in the project; having it is fine. Tokens that exist do not gain by it.
    pub async fn assign(&self, assignment: RoleAssignment) -> Result<()> {
        let RoleAssignment {
            user,
            project,
            role,
        } = assignment;
        let mut tx = self.0.store.begin().await?;
        if tx.user_find(user).await?.is_none() {
            return Err(Error::not_found("user", user));
        }
        if tx.project_find(project).await?.is_none() {
            return Err(Error::not_found("project", project));
        }
        tx.role_grant(user, project, role).await?;
        tx.commit().await?;
        self.0.cache.clear();
        Ok(())
    }

    /// Takes the role away, from tokens that exist as well.
    pub async fn unassign(&self, assignment: RoleAssignment) -> Result<()> {
        let RoleAssignment {
            user,
            project,
            role,
        } = assignment;
        let mut tx = self.0.store.begin().await?;
        let held: Vec<Role> = tx.roles_of(user, project).await?;
        if !held.contains(&role) {
            return Err(Error::not_found(
                "role assignment",
                format!("{} of user {user} in project {project}", role.name()),
            ));
        }
        tx.role_revoke(user, project, role).await?;
        tx.commit().await?;
        self.0.cache.clear();
        Ok(())
    }
}
