//! Tokens: what one says, whether it is good, and its end.

use std::str::FromStr;
use std::sync::Arc;

use uuid::Uuid;
use zun_domain::id::{DomainId, ProjectId, UserId};
use zun_domain::policy::Caller;
use zun_domain::project::{Domain, Project, Role};
use zun_domain::time::Timestamp;
use zun_store::{Reader, TokenRow};

use super::{Identity, Secret};
use crate::error::{Error, Result};

/// How somebody proved who they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// Name and password.
    Password,
    /// Another token.
    Token,
    /// An application credential.
    ApplicationCredential,
}

impl Method {
    /// Its name on the identity API.
    pub fn name(self) -> &'static str {
        match self {
            Self::Password => "password",
            Self::Token => "token",
            Self::ApplicationCredential => "application_credential",
        }
    }
}

impl FromStr for Method {
    type Err = Error;
    fn from_str(name: &str) -> Result<Self> {
        [Self::Password, Self::Token, Self::ApplicationCredential]
            .into_iter()
            .find(|method| method.name() == name)
            .ok_or_else(|| {
                Error::Internal(format!("a stored token names the unknown method {name:?}"))
            })
    }
}

/// The project a token is good for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScopedProject {
    /// The project.
    pub project: Project,
    /// Its domain.
    pub domain: Domain,
}

/// What a token says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenInfo {
    /// Whose it is.
    pub user: UserId,
    /// The user's name.
    pub user_name: String,
    /// The user's domain.
    pub user_domain: Domain,
    /// The project it is good for; without one it is good for listing projects and logging in to one.
    pub project: Option<ScopedProject>,
    /// Roles in that project, those that others imply included, the least first.
    pub roles: Vec<Role>,
    /// How the user proved who they are.
    pub methods: Vec<Method>,
    /// The application credential it was given for, where there is one.
    pub application_credential: Option<Uuid>,
    /// When it was given.
    pub issued_at: Timestamp,
    /// From then on it is no good.
    pub expires_at: Timestamp,
    /// Names the token in logs without giving it away.
    pub audit_id: String,
}

impl TokenInfo {
    /// Who asks, as rights are decided on; `None` for a token without a project.
    pub fn caller(&self) -> Option<Caller> {
        self.project.as_ref().map(|scoped| Caller {
            user: self.user,
            user_name: self.user_name.clone(),
            project: scoped.project.id,
            roles: self.roles.clone(),
        })
    }
}

/// `roles` and those they imply: an administrator is a member, a member a reader.
pub(super) fn implied(roles: impl IntoIterator<Item = Role>) -> Vec<Role> {
    let most = roles.into_iter().max();
    Role::ALL
        .into_iter()
        .filter(|role| Some(*role) <= most)
        .collect()
}

pub(super) fn unknown_token() -> Error {
    Error::Unauthorized("the token is unknown, expired or revoked; log in again".to_owned())
}

impl Identity {
    /// What the token says, if it is good now.
    pub async fn validate(&self, token: &Secret) -> Result<Arc<TokenInfo>> {
        let fingerprint = token.fingerprint();
        let now = self.0.clock.now();
        if let Some(info) = self.0.cache.get(&fingerprint, now) {
            return Ok(info);
        }
        let epoch = self.0.cache.epoch();
        let row = self.0.store.token_find(&fingerprint).await?;
        let row = row
            .filter(|row| now < row.expires_at)
            .ok_or_else(unknown_token)?;
        let info = read_info(&self.0.store, &row)
            .await?
            .ok_or_else(unknown_token)?;
        let info = Arc::new(info);
        self.0.cache.put(fingerprint, epoch, Arc::clone(&info), now);
        Ok(info)
    }

    /// Ends a token; `false` where there was none.
    pub async fn revoke(&self, token: &Secret) -> Result<bool> {
        let mut tx = self.0.store.begin().await?;
        let there = tx.token_find(&token.fingerprint()).await?.is_some();
        tx.token_revoke(&token.fingerprint()).await?;
        tx.commit().await?;
        self.0.cache.clear();
        Ok(there)
    }

    /// Forgets tokens that have expired; how many. For the periodic sweep.
    pub async fn purge(&self) -> Result<u64> {
        let mut tx = self.0.store.begin().await?;
        let gone = tx.tokens_purge(self.0.clock.now()).await?;
        tx.commit().await?;
        Ok(gone)
    }
}

/// What the token means now; `None` where its user or project cannot be used any more.
pub(super) async fn read_info(reader: &Reader, row: &TokenRow) -> Result<Option<TokenInfo>> {
    let Some(user) = reader
        .user_find(row.user)
        .await?
        .filter(|user| user.enabled)
    else {
        return Ok(None);
    };
    let (project, roles) = match row.project {
        None => (None, Vec::new()),
        Some(project) => {
            let Some(scoped) = usable_project(reader, project).await? else {
                return Ok(None);
            };
            let mut roles = roles_in(reader, user.id, project).await?;
            roles.retain(|role| row.roles.contains(role));
            if roles.is_empty() {
                return Ok(None);
            }
            (Some(scoped), roles)
        }
    };
    Ok(Some(TokenInfo {
        user: user.id,
        user_name: user.name,
        user_domain: domain_of(reader, user.domain).await?,
        project,
        roles,
        methods: row
            .methods
            .iter()
            .map(|name| name.parse())
            .collect::<Result<_>>()?,
        application_credential: row.application_credential,
        issued_at: row.issued_at,
        expires_at: row.expires_at,
        audit_id: row.audit_id.clone(),
    }))
}

/// The project, if it is there and enabled.
pub(super) async fn usable_project(
    reader: &Reader,
    id: ProjectId,
) -> Result<Option<ScopedProject>> {
    let Some(project) = reader
        .project_find(id)
        .await?
        .filter(|project| project.enabled)
    else {
        return Ok(None);
    };
    let domain = domain_of(reader, project.domain).await?;
    Ok(Some(ScopedProject { project, domain }))
}

/// What the user may do in the project, implied roles included.
pub(super) async fn roles_in(
    reader: &Reader,
    user: UserId,
    project: ProjectId,
) -> Result<Vec<Role>> {
    Ok(implied(reader.roles_of(user, project).await?))
}

async fn domain_of(reader: &Reader, id: DomainId) -> Result<Domain> {
    reader
        .domain_find(id)
        .await?
        .ok_or_else(|| Error::not_found("domain", id))
}
