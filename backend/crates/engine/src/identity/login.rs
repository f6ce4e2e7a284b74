//! A proof becomes a token: password, token or application credential, with the project it is for.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use std::sync::Arc;
use uuid::Uuid;
use zun_domain::id::{DomainId, ProjectId, UserId};
use zun_domain::project::{Project, Role, User};
use zun_domain::time::Timestamp;
use zun_store::TokenRow;

use super::bootstrap::domain_named_by;
use super::token::{implied, read_info, roles_in, unknown_token, usable_project};
use super::{Identity, Method, Secret, TokenInfo};
use crate::error::{Error, Result};

/// A domain as a login names it.
#[derive(Debug, Clone)]
pub enum DomainRef {
    /// By id; `default` is one.
    Id(String),
    /// By name.
    Name(String),
}

/// A user as a login names it.
#[derive(Debug, Clone)]
pub enum UserRef {
    /// By id.
    Id(String),
    /// By name.
    Name {
        /// The name.
        name: String,
        /// The domain it is unique in.
        domain: DomainRef,
    },
}

/// A project as a login names it.
#[derive(Debug, Clone)]
pub enum ProjectRef {
    /// By id.
    Id(String),
    /// By name.
    Name {
        /// The name.
        name: String,
        /// The domain it is unique in.
        domain: DomainRef,
    },
}

/// An application credential as a login names it.
#[derive(Debug, Clone)]
pub enum ApplicationCredentialRef {
    /// By id.
    Id(String),
    /// By name.
    Name {
        /// The name.
        name: String,
        /// Whose it is.
        user: UserRef,
    },
}

/// The proof.
#[derive(Debug, Clone)]
pub enum Credential {
    /// Name and password.
    Password {
        /// Who.
        user: UserRef,
        /// The password.
        password: Secret,
    },
    /// Another token, to get one for another project. It ends when the first one does.
    Token(Secret),
    /// An application credential.
    ApplicationCredential {
        /// Which.
        credential: ApplicationCredentialRef,
        /// Its secret.
        secret: Secret,
    },
}

/// What the token shall be good for.
#[derive(Debug, Clone, Default)]
pub enum Scope {
    /// Not said: the user's project where there is exactly one, else none.
    #[default]
    Unsaid,
    /// No project.
    Unscoped,
    /// This project.
    Project(ProjectRef),
}

/// Somebody logs in.
#[derive(Debug, Clone)]
pub struct LoginRequest {
    /// The proof.
    pub credential: Credential,
    /// What the token shall be good for.
    pub scope: Scope,
}

/// A new token.
#[derive(Debug, Clone)]
pub struct Issued {
    /// The token itself, shown this once.
    pub secret: Secret,
    /// What it says.
    pub info: Arc<TokenInfo>,
}

/// Who it is, and what a narrower proof holds them to.
struct Proof {
    user: User,
    methods: Vec<Method>,
    /// The project to stay in, and the roles not to exceed.
    narrowed: Option<(ProjectId, Vec<Role>)>,
    application_credential: Option<Uuid>,
    /// The project meant when none is said.
    usual: Option<ProjectId>,
    until: Option<Timestamp>,
}

fn wrong_password() -> Error {
    Error::Unauthorized(
        "the user, its domain or the password is wrong, or the user is disabled".to_owned(),
    )
}

fn wrong_secret() -> Error {
    Error::Unauthorized(
        "the application credential or its secret is wrong or expired, or its user is disabled"
            .to_owned(),
    )
}

fn wrong_project(user: &User) -> Error {
    Error::Unauthorized(format!(
        "user {} has no role in this project, or the project does not exist or is disabled; \
         ask for another project or have a role assigned",
        user.name
    ))
}

impl Identity {
    /// Checks the proof and gives a token.
    pub async fn login(&self, request: LoginRequest) -> Result<Issued> {
        let proof = match &request.credential {
            Credential::Password { user, password } => self.prove_password(user, password).await?,
            Credential::Token(token) => self.prove_token(token).await?,
            Credential::ApplicationCredential { credential, secret } => {
                self.prove_application_credential(credential, secret)
                    .await?
            }
        };
        let project = self.scope(&proof, &request.scope).await?;
        self.issue(proof, project).await
    }

    /// The enabled projects the user has a role in, by name.
    pub async fn projects_of(&self, user: UserId) -> Result<Vec<Project>> {
        let mut projects: Vec<Project> = Vec::new();
        for assignment in self.0.store.role_assignments(Some(user), None).await? {
            if projects.iter().any(|known| known.id == assignment.project) {
                continue;
            }
            if let Some(scoped) = usable_project(&self.0.store, assignment.project).await? {
                projects.push(scoped.project);
            }
        }
        projects.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(projects)
    }

    async fn prove_password(&self, user: &UserRef, password: &Secret) -> Result<Proof> {
        let user = self.find_user(user).await?;
        let hash = match &user {
            Some(user) => self.0.store.password_hash_of(user.id).await?,
            None => None,
        };
        let right = self.0.hasher.verify(password, hash).await?;
        let user = user
            .filter(|user| right && user.enabled)
            .ok_or_else(wrong_password)?;
        Ok(Proof {
            user,
            methods: vec![Method::Password],
            narrowed: None,
            application_credential: None,
            usual: None,
            until: None,
        })
    }

    async fn prove_token(&self, token: &Secret) -> Result<Proof> {
        let info = self.validate(token).await?;
        let user = self
            .0
            .store
            .user_find(info.user)
            .await?
            .ok_or_else(unknown_token)?;
        let mut methods = info.methods.clone();
        if !methods.contains(&Method::Token) {
            methods.push(Method::Token);
        }
        let usual = info.project.as_ref().map(|scoped| scoped.project.id);
        Ok(Proof {
            user,
            methods,
            narrowed: info
                .application_credential
                .and(usual)
                .map(|project| (project, info.roles.clone())),
            application_credential: info.application_credential,
            usual,
            until: Some(info.expires_at),
        })
    }

    async fn prove_application_credential(
        &self,
        credential: &ApplicationCredentialRef,
        secret: &Secret,
    ) -> Result<Proof> {
        let found = match credential {
            ApplicationCredentialRef::Id(id) => match id.parse() {
                Ok(id) => self.0.store.application_credential_find(id).await?,
                Err(_) => None,
            },
            ApplicationCredentialRef::Name { name, user } => match self.find_user(user).await? {
                Some(user) => self
                    .0
                    .store
                    .application_credential_list(user.id, Some(name))
                    .await?
                    .pop(),
                None => None,
            },
        };
        let hash = match &found {
            Some(found) => self.0.store.secret_hash_of(found.id).await?,
            None => None,
        };
        let right = self.0.hasher.verify(secret, hash).await?;
        let now = self.0.clock.now();
        let found = found
            .filter(|found| right && found.expires_at.is_none_or(|end| now < end))
            .ok_or_else(wrong_secret)?;
        let user = self.0.store.user_find(found.user).await?;
        Ok(Proof {
            user: user.filter(|user| user.enabled).ok_or_else(wrong_secret)?,
            methods: vec![Method::ApplicationCredential],
            narrowed: Some((found.project, implied(found.roles))),
            application_credential: Some(found.id),
            usual: Some(found.project),
            until: found.expires_at,
        })
    }

    async fn scope(&self, proof: &Proof, scope: &Scope) -> Result<Option<ProjectId>> {
        let project = match scope {
            Scope::Project(project) => {
                let found = self.find_project(project).await?;
                Some(found.ok_or_else(|| wrong_project(&proof.user))?)
            }
            Scope::Unscoped => None,
            Scope::Unsaid if proof.usual.is_some() => proof.usual,
            Scope::Unsaid => match self.projects_of(proof.user.id).await?.as_slice() {
                [only] => Some(only.id),
                _ => None,
            },
        };
        match &proof.narrowed {
            Some((only, _)) if project != Some(*only) => Err(wrong_project(&proof.user)),
            _ => Ok(project),
        }
    }

    /// Decides and inserts in one transaction, so that a user disabled meanwhile gets no token.
    async fn issue(&self, proof: Proof, project: Option<ProjectId>) -> Result<Issued> {
        let now = self.0.clock.now();
        let lifetime = jiff::SignedDuration::from_secs(i64::from(self.0.settings.token_seconds));
        let end = now.checked_add(lifetime).unwrap_or(Timestamp::MAX);
        let mut tx = self.0.store.begin().await?;
        let mut roles = match project {
            Some(project) => roles_in(&tx, proof.user.id, project).await?,
            None => Vec::new(),
        };
        if let Some((_, most)) = &proof.narrowed {
            roles.retain(|role| most.contains(role));
        }
        let row = TokenRow {
            user: proof.user.id,
            project,
            roles,
            methods: proof
                .methods
                .iter()
                .map(|method| method.name().to_owned())
                .collect(),
            audit_id: URL_SAFE_NO_PAD.encode(self.0.ids.uuid().as_bytes()),
            application_credential: proof.application_credential,
            issued_at: now,
            expires_at: proof.until.map_or(end, |until| until.min(end)),
        };
        let Some(info) = read_info(&tx, &row).await? else {
            return Err(wrong_project(&proof.user));
        };
        let secret = Secret::random();
        tx.token_insert(&secret.fingerprint(), &row).await?;
        tx.tokens_purge(now).await?;
        tx.commit().await?;
        tracing::info!(user = %info.user_name, audit_id = %info.audit_id, "user {} logged in", info.user_name);
        Ok(Issued {
            secret,
            info: Arc::new(info),
        })
    }

    async fn find_domain(&self, domain: &DomainRef) -> Result<Option<DomainId>> {
        Ok(match domain {
            DomainRef::Id(id) => domain_named_by(id),
            DomainRef::Name(name) => self
                .0
                .store
                .domain_named(name)
                .await?
                .map(|domain| domain.id),
        })
    }

    async fn find_user(&self, user: &UserRef) -> Result<Option<User>> {
        match user {
            UserRef::Id(id) => match id.parse() {
                Ok(id) => Ok(self.0.store.user_find(id).await?),
                Err(_) => Ok(None),
            },
            UserRef::Name { name, domain } => match self.find_domain(domain).await? {
                Some(domain) => Ok(self.0.store.user_named(domain, name).await?),
                None => Ok(None),
            },
        }
    }

    async fn find_project(&self, project: &ProjectRef) -> Result<Option<ProjectId>> {
        match project {
            ProjectRef::Id(id) => Ok(id.parse().ok()),
            ProjectRef::Name { name, domain } => match self.find_domain(domain).await? {
                Some(domain) => Ok(self
                    .0
                    .store
                    .project_named(domain, name)
                    .await?
                    .map(|project| project.id)),
                None => Ok(None),
            },
        }
    }
}
