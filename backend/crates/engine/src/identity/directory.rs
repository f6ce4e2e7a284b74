//! Domains, projects and users: made, changed and removed by administrators.

use zun_domain::id::{DomainId, ProjectId, UserId};
use zun_domain::project::{Domain, Project, User};
use zun_store::{Constraint, Error as StoreError, Reader};

use super::{Identity, Secret};
use crate::error::{Error, Result};

/// Which projects to list; nothing given means all.
#[derive(Debug, Clone, Default)]
pub struct ProjectFilter {
    /// In this domain.
    pub domain: Option<DomainId>,
    /// Of this name.
    pub name: Option<String>,
}

/// A project to be made.
#[derive(Debug, Clone)]
pub struct NewProject {
    /// In this domain.
    pub domain: DomainId,
    /// Unique there.
    pub name: String,
    /// Free text.
    pub description: String,
    /// Whether it can be used.
    pub enabled: bool,
}

/// How a project changes; what is `None` stays.
#[derive(Debug, Clone, Default)]
pub struct EditProject {
    /// New name.
    pub name: Option<String>,
    /// New text.
    pub description: Option<String>,
    /// Whether it can be used.
    pub enabled: Option<bool>,
}

/// Which users to list; nothing given means all.
#[derive(Debug, Clone, Default)]
pub struct UserFilter {
    /// In this domain.
    pub domain: Option<DomainId>,
    /// Of this name.
    pub name: Option<String>,
}

/// A user to be made.
#[derive(Debug, Clone)]
pub struct NewUser {
    /// In this domain.
    pub domain: DomainId,
    /// Unique there.
    pub name: String,
    /// Without one the user cannot log in with a password.
    pub password: Option<Secret>,
    /// Whether it can log in.
    pub enabled: bool,
}

/// How a user changes; what is `None` stays.
#[derive(Debug, Clone, Default)]
pub struct EditUser {
    /// New name.
    pub name: Option<String>,
    /// Whether it can log in; `false` ends its tokens.
    pub enabled: Option<bool>,
    /// New password; ends its tokens.
    pub password: Option<Secret>,
}

const LONGEST_NAME: usize = 255;
const LONGEST_PASSWORD: usize = 4096;

fn legal_name(what: &str, name: String) -> Result<String> {
    let legal = name.trim() == name
        && !name.is_empty()
        && name.chars().count() <= LONGEST_NAME
        && !name.contains(char::is_control);
    if legal {
        return Ok(name);
    }
    let shown: String = name.chars().take(80).collect();
    Err(Error::invalid(
        format!("{what}.name"),
        format!(
            "{shown:?} is not valid: 1 to {LONGEST_NAME} characters, neither first nor last a space, no control characters"
        ),
    ))
}

fn legal_password(password: &Secret) -> Result<()> {
    if (1..=LONGEST_PASSWORD).contains(&password.expose().len()) {
        return Ok(());
    }
    Err(Error::invalid(
        "user.password",
        format!("a password has 1 to {LONGEST_PASSWORD} bytes"),
    ))
}

/// Says in words of the identity API what the database refused.
pub(super) fn refused(what: &'static str, name: &str, error: StoreError) -> Error {
    match error {
        StoreError::Conflict {
            constraint: Constraint::NameTaken(_),
        } => Error::Conflict(format!(
            "a {what} named {name:?} exists already; choose another name"
        )),
        other => other.into(),
    }
}

async fn domain_in(reader: &Reader, id: DomainId) -> Result<Domain> {
    reader
        .domain_find(id)
        .await?
        .ok_or_else(|| Error::not_found("domain", id))
}

async fn project_in(reader: &Reader, id: ProjectId) -> Result<Project> {
    reader
        .project_find(id)
        .await?
        .ok_or_else(|| Error::not_found("project", id))
}

async fn user_in(reader: &Reader, id: UserId) -> Result<User> {
    reader
        .user_find(id)
        .await?
        .ok_or_else(|| Error::not_found("user", id))
}

impl Identity {
    /// Every domain by name, or the one of that name.
    pub async fn domain_list(&self, name: Option<&str>) -> Result<Vec<Domain>> {
        Ok(self.0.store.domain_list(name).await?)
    }

    /// The domain.
    pub async fn domain_get(&self, id: DomainId) -> Result<Domain> {
        domain_in(&self.0.store, id).await
    }

    /// Makes a domain.
    pub async fn domain_create(&self, name: String) -> Result<Domain> {
        let name = legal_name("domain", name)?;
        let domain = Domain {
            id: DomainId(self.0.ids.uuid()),
            name,
        };
        let mut tx = self.0.store.begin().await?;
        tx.domain_insert(&domain)
            .await
            .map_err(|error| refused("domain", &domain.name, error))?;
        tx.commit().await?;
        Ok(domain)
    }

    /// Renames a domain.
    pub async fn domain_rename(&self, id: DomainId, name: String) -> Result<Domain> {
        let name = legal_name("domain", name)?;
        let mut tx = self.0.store.begin().await?;
        let mut domain = domain_in(&tx, id).await?;
        domain.name = name;
        tx.domain_update(&domain)
            .await
            .map_err(|error| refused("domain", &domain.name, error))?;
        tx.commit().await?;
        self.0.cache.clear();
        Ok(domain)
    }

    /// Removes an empty domain.
    pub async fn domain_delete(&self, id: DomainId) -> Result<()> {
        let mut tx = self.0.store.begin().await?;
        let domain = domain_in(&tx, id).await?;
        tx.domain_delete(id).await.map_err(|error| match error {
            StoreError::Conflict {
                constraint: Constraint::Reference,
            } => Error::Conflict(format!(
                "domain {} still has projects or users; delete them first",
                domain.name
            )),
            other => other.into(),
        })?;
        tx.commit().await?;
        Ok(())
    }

    /// Projects by name.
    pub async fn project_list(&self, filter: &ProjectFilter) -> Result<Vec<Project>> {
        let mut projects = self.0.store.project_list(filter.name.as_deref()).await?;
        projects.retain(|project| filter.domain.is_none_or(|domain| domain == project.domain));
        Ok(projects)
    }

    /// The project.
    pub async fn project_get(&self, id: ProjectId) -> Result<Project> {
        project_in(&self.0.store, id).await
    }

    /// Makes a project. Nobody has a role in it yet.
    pub async fn project_create(&self, new: NewProject) -> Result<Project> {
        let project = Project {
            id: ProjectId(self.0.ids.uuid()),
            domain: new.domain,
            name: legal_name("project", new.name)?,
            description: new.description,
            enabled: new.enabled,
        };
        let mut tx = self.0.store.begin().await?;
        domain_in(&tx, new.domain).await?;
        tx.project_insert(&project)
            .await
            .map_err(|error| refused("project", &project.name, error))?;
        tx.commit().await?;
        Ok(project)
    }

    /// Changes a project. While it is disabled, tokens for it are no good.
    pub async fn project_update(&self, id: ProjectId, edit: EditProject) -> Result<Project> {
        let name = edit
            .name
            .map(|name| legal_name("project", name))
            .transpose()?;
        let mut tx = self.0.store.begin().await?;
        let mut project = project_in(&tx, id).await?;
        project.name = name.unwrap_or(project.name);
        project.description = edit.description.unwrap_or(project.description);
        project.enabled = edit.enabled.unwrap_or(project.enabled);
        tx.project_update(&project)
            .await
            .map_err(|error| refused("project", &project.name, error))?;
        tx.commit().await?;
        self.0.cache.clear();
        Ok(project)
    }

    /// Removes a project with the roles, tokens and application credentials for it. One that still owns
    /// containers is kept, since nobody could reach them any more.
    pub async fn project_delete(&self, id: ProjectId) -> Result<()> {
        let mut tx = self.0.store.begin().await?;
        let project = project_in(&tx, id).await?;
        let containers = tx.usage_of(id).await?.containers;
        if containers > 0 {
            return Err(Error::Conflict(format!(
                "project {} still owns {containers} containers; delete them first",
                project.name
            )));
        }
        tx.project_delete(id).await?;
        tx.commit().await?;
        self.0.cache.clear();
        Ok(())
    }

    /// Users by name.
    pub async fn user_list(&self, filter: &UserFilter) -> Result<Vec<User>> {
        let mut users = self.0.store.user_list(filter.name.as_deref()).await?;
        users.retain(|user| filter.domain.is_none_or(|domain| domain == user.domain));
        Ok(users)
    }

    /// The user.
    pub async fn user_get(&self, id: UserId) -> Result<User> {
        user_in(&self.0.store, id).await
    }

    /// Makes a user. It has no role yet.
    pub async fn user_create(&self, new: NewUser) -> Result<User> {
        let user = User {
            id: UserId(self.0.ids.uuid()),
            domain: new.domain,
            name: legal_name("user", new.name)?,
            enabled: new.enabled,
        };
        let hash = self.hash_of(new.password.as_ref()).await?;
        let mut tx = self.0.store.begin().await?;
        domain_in(&tx, new.domain).await?;
        tx.user_insert(&user, hash.as_deref())
            .await
            .map_err(|error| refused("user", &user.name, error))?;
        tx.commit().await?;
        Ok(user)
    }

    /// Changes a user, as an administrator does.
    pub async fn user_update(&self, id: UserId, edit: EditUser) -> Result<User> {
        let name = edit.name.map(|name| legal_name("user", name)).transpose()?;
        let hash = self.hash_of(edit.password.as_ref()).await?;
        let mut tx = self.0.store.begin().await?;
        let mut user = user_in(&tx, id).await?;
        user.name = name.unwrap_or(user.name);
        user.enabled = edit.enabled.unwrap_or(user.enabled);
        tx.user_update(&user)
            .await
            .map_err(|error| refused("user", &user.name, error))?;
        if let Some(hash) = &hash {
            tx.user_set_password(id, hash).await?;
        }
        if hash.is_some() || !user.enabled {
            tx.tokens_revoke_of_user(id).await?;
        }
        tx.commit().await?;
        self.0.cache.clear();
        Ok(user)
    }

    /// Changes the user's own password, which ends its tokens.
    pub async fn password_change(&self, id: UserId, original: &Secret, new: Secret) -> Result<()> {
        let hash = self.0.store.password_hash_of(id).await?;
        if !self.0.hasher.verify(original, hash).await? {
            return Err(Error::Unauthorized(
                "the original password is wrong".to_owned(),
            ));
        }
        self.user_update(
            id,
            EditUser {
                password: Some(new),
                ..EditUser::default()
            },
        )
        .await?;
        Ok(())
    }

    /// Removes a user with its roles, tokens and application credentials.
    pub async fn user_delete(&self, id: UserId) -> Result<()> {
        let mut tx = self.0.store.begin().await?;
        user_in(&tx, id).await?;
        tx.user_delete(id).await?;
        tx.commit().await?;
        self.0.cache.clear();
        Ok(())
    }

    async fn hash_of(&self, password: Option<&Secret>) -> Result<Option<String>> {
        let Some(password) = password else {
            return Ok(None);
        };
        legal_password(password)?;
        self.0.hasher.hash(password).await.map(Some)
    }
}
