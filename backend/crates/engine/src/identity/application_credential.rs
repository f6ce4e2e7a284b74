//! Application credentials: a user lets a program log in for one project, without the user's password.

use uuid::Uuid;
use zun_domain::id::UserId;
use zun_domain::policy::Denied;
use zun_domain::project::Role;
use zun_domain::time::Timestamp;
use zun_store::ApplicationCredential;

use super::directory::refused;
use super::token::implied;
use super::{Identity, Secret, TokenInfo};
use crate::error::{Error, Result};

/// An application credential to be made.
#[derive(Debug, Clone)]
pub struct NewApplicationCredential {
    /// Unique among the user's.
    pub name: String,
    /// Free text.
    pub description: String,
    /// Some of the user's roles; `None` for all of them.
    pub roles: Option<Vec<Role>>,
    /// When it ends, if it does.
    pub expires_at: Option<Timestamp>,
    /// Made up where none is given.
    pub secret: Option<Secret>,
}

impl Identity {
    /// Makes one for the user and the project of the token. The secret is shown this once. What the
    /// credential may do shrinks with what its user may do, and it ends with its user.
    pub async fn application_credential_create(
        &self,
        token: &TokenInfo,
        new: NewApplicationCredential,
    ) -> Result<(ApplicationCredential, Secret)> {
        if token.application_credential.is_some() {
            return Err(Error::Denied(Denied {
                rule: "identity:create_application_credential",
                takes: "a login with a password: one program may not make credentials for others",
            }));
        }
        let Some(scoped) = &token.project else {
            return Err(Error::invalid(
                "scope",
                "the token is for no project; log in to the one the credential is for",
            ));
        };
        let now = self.0.clock.now();
        let credential = ApplicationCredential {
            id: self.0.ids.uuid(),
            user: token.user,
            project: scoped.project.id,
            name: legal_name(new.name)?,
            description: new.description,
            roles: subset(token, new.roles)?,
            expires_at: new.expires_at,
            created_at: now,
        };
        if credential.expires_at.is_some_and(|end| end <= now) {
            return Err(Error::invalid(
                "application_credential.expires_at",
                "lies in the past; give a later time or none",
            ));
        }
        let secret = new.secret.unwrap_or_else(Secret::random);
        if secret.expose().is_empty() {
            return Err(Error::invalid(
                "application_credential.secret",
                "is empty; leave it out to have one made",
            ));
        }
        let hash = self.0.hasher.hash(&secret).await?;
        let mut tx = self.0.store.begin().await?;
        tx.application_credential_insert(&credential, &hash)
            .await
            .map_err(|error| refused("application credential", &credential.name, error))?;
        tx.commit().await?;
        Ok((credential, secret))
    }

    /// The user's credentials by name, or the one of that name.
    pub async fn application_credential_list(
        &self,
        user: UserId,
        name: Option<&str>,
    ) -> Result<Vec<ApplicationCredential>> {
        Ok(self.0.store.application_credential_list(user, name).await?)
    }

    /// One of the user's credentials.
    pub async fn application_credential_get(
        &self,
        user: UserId,
        id: Uuid,
    ) -> Result<ApplicationCredential> {
        let found = self.0.store.application_credential_find(id).await?;
        found
            .filter(|credential| credential.user == user)
            .ok_or_else(|| Error::not_found("application credential", id.simple()))
    }

    /// Removes one of the user's credentials with the tokens got with it.
    pub async fn application_credential_delete(&self, user: UserId, id: Uuid) -> Result<()> {
        self.application_credential_get(user, id).await?;
        let mut tx = self.0.store.begin().await?;
        tx.application_credential_delete(id).await?;
        tx.commit().await?;
        self.0.cache.clear();
        Ok(())
    }
}

fn legal_name(name: String) -> Result<String> {
    if (1..=255).contains(&name.chars().count()) && !name.contains(char::is_control) {
        return Ok(name);
    }
    Err(Error::invalid(
        "application_credential.name",
        "has 1 to 255 characters, none of them a control character",
    ))
}

fn subset(token: &TokenInfo, asked: Option<Vec<Role>>) -> Result<Vec<Role>> {
    let roles = implied(asked.unwrap_or_else(|| token.roles.clone()));
    if let Some(role) = roles.iter().find(|role| !token.roles.contains(role)) {
        return Err(Error::invalid(
            "application_credential.roles",
            format!(
                "{} is not a role of user {} in this project",
                role.name(),
                token.user_name
            ),
        ));
    }
    if roles.is_empty() {
        return Err(Error::invalid(
            "application_credential.roles",
            "is empty; leave it out to give all roles of the user",
        ));
    }
    Ok(roles)
}
