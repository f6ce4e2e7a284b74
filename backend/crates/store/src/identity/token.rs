//! Tokens. The token itself is not kept, only a hash of it, by which it is found.

use uuid::Uuid;
use zun_domain::id::{ProjectId, UserId};
use zun_domain::project::Role;
use zun_domain::time::Timestamp;

use crate::error::Result;
use crate::sql::{Row, Statement};
use crate::tx::{Reader, Tx};

const TABLE: &str = "tokens";

/// What a token stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenRow {
    /// Who logged in.
    pub user: UserId,
    /// The project it is scoped to; unscoped without one.
    pub project: Option<ProjectId>,
    /// The roles in that project, as they were when it was issued.
    pub roles: Vec<Role>,
    /// How the user logged in, such as `password`, `token`; without commas.
    pub methods: Vec<String>,
    /// Id for the audit trail, which is no secret.
    pub audit_id: String,
    /// The application credential it was got with; it ends with it.
    pub application_credential: Option<Uuid>,
    /// When it was issued.
    pub issued_at: Timestamp,
    /// When it ends.
    pub expires_at: Timestamp,
}

fn token(row: &Row) -> Result<TokenRow> {
    let methods: String = row.get("methods")?;
    Ok(TokenRow {
        user: row.word("user_id")?,
        project: row.word_opt("project_id")?,
        roles: super::roles(row, "roles")?,
        methods: methods
            .split(',')
            .filter(|method| !method.is_empty())
            .map(str::to_owned)
            .collect(),
        audit_id: row.get("audit_id")?,
        application_credential: row.word_opt("application_credential_id")?,
        issued_at: row.word("issued_at")?,
        expires_at: row.word("expires_at")?,
    })
}

impl Reader {
    /// The token with that hash, if there is one. Whether it has ended is for the caller to see.
    pub async fn token_find(&self, hash: &[u8; 32]) -> Result<Option<TokenRow>> {
        let select = Statement::new(
            TABLE,
            "SELECT audit_id AS id, user_id, project_id, application_credential_id, roles, methods, \
             audit_id, issued_at, expires_at FROM tokens WHERE hash = $1",
        );
        let row = self.row(select.bind(hash.to_vec())).await?;
        row.as_ref().map(token).transpose()
    }
}

impl Tx {
    /// Inserts a token under its hash.
    pub async fn token_insert(&mut self, hash: &[u8; 32], token: &TokenRow) -> Result<()> {
        let insert = Statement::new(
            TABLE,
            "INSERT INTO tokens (hash, user_id, project_id, application_credential_id, roles, methods, \
             audit_id, issued_at, expires_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        )
        .bind(hash.to_vec())
        .bind(token.user)
        .bind(token.project)
        .bind(token.application_credential)
        .bind(super::roles_text(&token.roles))
        .bind(token.methods.join(","))
        .bind(token.audit_id.as_str())
        .bind(token.issued_at)
        .bind(token.expires_at);
        self.execute(insert).await?;
        Ok(())
    }

    /// Ends the token; absent is fine.
    pub async fn token_revoke(&mut self, hash: &[u8; 32]) -> Result<()> {
        let delete = Statement::new(TABLE, "DELETE FROM tokens WHERE hash = $1");
        self.execute(delete.bind(hash.to_vec())).await?;
        Ok(())
    }

    /// Ends every token of the user; how many.
    pub async fn tokens_revoke_of_user(&mut self, user: UserId) -> Result<u64> {
        let delete = Statement::new(TABLE, "DELETE FROM tokens WHERE user_id = $1");
        self.execute(delete.bind(user)).await
    }

    /// Deletes the tokens that have ended by now; how many.
    pub async fn tokens_purge(&mut self, now: Timestamp) -> Result<u64> {
        let delete = Statement::new(TABLE, "DELETE FROM tokens WHERE expires_at <= $1");
        self.execute(delete.bind(now)).await
    }
}
