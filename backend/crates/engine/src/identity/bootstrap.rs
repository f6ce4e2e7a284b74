//! The first start: a domain, a project and an administrator to begin with.

use uuid::Uuid;
use zun_domain::id::{DomainId, ProjectId, UserId};
use zun_domain::project::{Domain, Project, Role, User};

use super::{Identity, Secret};
use crate::error::Result;

/// Name of the first project and of the first user.
pub const ADMIN: &str = "admin";

/// The domain that clients call `default`: they write that word where an id is asked for, and expect to
/// read it back, so this one domain has the same id everywhere.
pub const DEFAULT_DOMAIN: DomainId =
    DomainId(Uuid::from_u128(0x6465_6661_756c_8000_8000_0000_0000_0000));

/// The domain of that id as clients write it: `default`, or a UUID with or without dashes.
pub fn domain_named_by(id: &str) -> Option<DomainId> {
    if id == "default" {
        Some(DEFAULT_DOMAIN)
    } else {
        id.parse().ok()
    }
}

/// What the first start made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bootstrapped {
    /// The project `admin`.
    pub project: ProjectId,
    /// The user `admin`.
    pub user: UserId,
}

impl Identity {
    /// Nobody can log in yet.
    pub async fn is_empty(&self) -> Result<bool> {
        Ok(self.0.store.user_list(None).await?.is_empty())
    }

    /// On a store without users makes domain `Default`, project `admin`, and user `admin` with that
    /// password and every role, in one transaction; on any other store does nothing and says `None`.
    pub async fn bootstrap(&self, password: &Secret) -> Result<Option<Bootstrapped>> {
        if !self.is_empty().await? {
            return Ok(None);
        }
        let hash = self.0.hasher.hash(password).await?;
        let mut tx = self.0.store.begin().await?;
        if !tx.user_list(None).await?.is_empty() {
            return Ok(None);
        }
        if tx.domain_find(DEFAULT_DOMAIN).await?.is_none() {
            tx.domain_insert(&Domain {
                id: DEFAULT_DOMAIN,
                name: "Default".to_owned(),
            })
            .await?;
        }
        let project = if let Some(project) = tx.project_named(DEFAULT_DOMAIN, ADMIN).await? {
            project.id
        } else {
            let project = Project {
                id: ProjectId(self.0.ids.uuid()),
                domain: DEFAULT_DOMAIN,
                name: ADMIN.to_owned(),
                description: "Made by the first start.".to_owned(),
                enabled: true,
            };
            tx.project_insert(&project).await?;
            project.id
        };
        let user = User {
            id: UserId(self.0.ids.uuid()),
            domain: DEFAULT_DOMAIN,
            name: ADMIN.to_owned(),
            enabled: true,
        };
        tx.user_insert(&user, Some(&hash)).await?;
        for role in Role::ALL {
            tx.role_grant(user.id, project, role).await?;
        }
        tx.commit().await?;
        Ok(Some(Bootstrapped {
            project,
            user: user.id,
        }))
    }
}
