//! Application credentials: a name and a secret of a user for programs, with some of the user's roles in
//! one project.

use uuid::Uuid;
use zun_domain::id::{ProjectId, UserId};
use zun_domain::project::Role;
use zun_domain::time::Timestamp;

use crate::error::{Error, Result};
use crate::sql::{Row, Statement};
use crate::tx::{Reader, Tx};

const TABLE: &str = "application_credentials";

/// An application credential without its secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApplicationCredential {
    /// Identity.
    pub id: Uuid,
    /// Whose it is.
    pub user: UserId,
    /// The project it is for.
    pub project: ProjectId,
    /// Name, unique among the user's.
    pub name: String,
    /// Free text.
    pub description: String,
    /// What it may do in the project.
    pub roles: Vec<Role>,
    /// When it ends, if it does.
    pub expires_at: Option<Timestamp>,
    /// When it was made.
    pub created_at: Timestamp,
}

/// `SELECT` of everything but the secret's hash.
macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT id, user_id, project_id, name, description, roles, expires_at, created_at \
             FROM application_credentials ",
            $rest
        )
    };
}

fn credential(row: &Row) -> Result<ApplicationCredential> {
    Ok(ApplicationCredential {
        id: row.word("id")?,
        user: row.word("user_id")?,
        project: row.word("project_id")?,
        name: row.get("name")?,
        description: row.get("description")?,
        roles: super::roles(row, "roles")?,
        expires_at: row.word_opt("expires_at")?,
        created_at: row.word("created_at")?,
    })
}

impl Reader {
    /// The credential, if there is one.
    pub async fn application_credential_find(
        &self,
        id: Uuid,
    ) -> Result<Option<ApplicationCredential>> {
        let select = Statement::new(TABLE, select!("WHERE id = $1"));
        let row = self.row(select.bind(id)).await?;
        row.as_ref().map(credential).transpose()
    }

    /// The user's credentials by name, or the one of that name.
    pub async fn application_credential_list(
        &self,
        user: UserId,
        name: Option<&str>,
    ) -> Result<Vec<ApplicationCredential>> {
        let select = Statement::new(
            TABLE,
            select!("WHERE user_id = $1 AND ($2 IS NULL OR name = $2) ORDER BY name"),
        );
        let rows = self.rows(select.bind(user).bind(name)).await?;
        rows.iter().map(credential).collect()
    }

    /// The hash of the credential's secret; `None` where there is no such credential.
    pub async fn secret_hash_of(&self, credential: Uuid) -> Result<Option<String>> {
        let select = Statement::new(
            TABLE,
            "SELECT id, secret_hash FROM application_credentials WHERE id = $1",
        );
        let row = self.row(select.bind(credential)).await?;
        row.map(|row| row.get("secret_hash")).transpose()
    }
}

impl Tx {
    /// Inserts a credential with the whole text of its secret's hash.
    pub async fn application_credential_insert(
        &mut self,
        credential: &ApplicationCredential,
        secret_hash: &str,
    ) -> Result<()> {
        let insert = Statement::new(
            TABLE,
            "INSERT INTO application_credentials (id, user_id, project_id, name, description, \
             secret_hash, roles, expires_at, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        )
        .bind(credential.id)
        .bind(credential.user)
        .bind(credential.project)
        .bind(credential.name.as_str())
        .bind(credential.description.as_str())
        .bind(secret_hash)
        .bind(super::roles_text(&credential.roles))
        .bind(credential.expires_at)
        .bind(credential.created_at);
        self.execute(insert).await?;
        Ok(())
    }

    /// Deletes the credential with the tokens got with it.
    pub async fn application_credential_delete(&mut self, id: Uuid) -> Result<()> {
        let delete = Statement::new(TABLE, "DELETE FROM application_credentials WHERE id = $1");
        if self.touched(delete.bind(id)).await? {
            Ok(())
        } else {
            Err(Error::not_found("application credential", id))
        }
    }
}
