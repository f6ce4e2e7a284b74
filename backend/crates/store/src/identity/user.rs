//! Users and the hashes of their passwords, which are read by one method and shown by none.

use zun_domain::id::{DomainId, UserId};
use zun_domain::project::User;

use crate::error::{Error, Result};
use crate::sql::{Row, Statement};
use crate::tx::{Reader, Tx};

const TABLE: &str = "users";

/// `SELECT` of everything but the password's hash.
macro_rules! select {
    ($rest:literal) => {
        concat!("SELECT id, domain_id, name, enabled FROM users ", $rest)
    };
}

fn user(row: &Row) -> Result<User> {
    Ok(User {
        id: row.word("id")?,
        domain: row.word("domain_id")?,
        name: row.get("name")?,
        enabled: row.get("enabled")?,
    })
}

impl Reader {
    /// The user, if there is one.
    pub async fn user_find(&self, id: UserId) -> Result<Option<User>> {
        let select = Statement::new(TABLE, select!("WHERE id = $1"));
        let row = self.row(select.bind(id)).await?;
        row.as_ref().map(user).transpose()
    }

    /// The user of that name in the domain, if there is one.
    pub async fn user_named(&self, domain: DomainId, name: &str) -> Result<Option<User>> {
        let select = Statement::new(TABLE, select!("WHERE domain_id = $1 AND name = $2"));
        let row = self.row(select.bind(domain).bind(name)).await?;
        row.as_ref().map(user).transpose()
    }

    /// Every user by name, or those of that name.
    pub async fn user_list(&self, name: Option<&str>) -> Result<Vec<User>> {
        let select = Statement::new(
            TABLE,
            select!("WHERE $1 IS NULL OR name = $1 ORDER BY name, id"),
        );
        let rows = self.rows(select.bind(name)).await?;
        rows.iter().map(user).collect()
    }

    /// The hash of the user's password; `None` where there is no such user, or one without a password.
    pub async fn password_hash_of(&self, user: UserId) -> Result<Option<String>> {
        let select = Statement::new(TABLE, "SELECT id, password_hash FROM users WHERE id = $1");
        let row = self.row(select.bind(user)).await?;
        row.map_or(Ok(None), |row| row.get("password_hash"))
    }
}

impl Tx {
    /// Inserts a user. `password_hash` is the whole text of a password hash; without one the user cannot
    /// log in with a password.
    pub async fn user_insert(&mut self, user: &User, password_hash: Option<&str>) -> Result<()> {
        let insert = Statement::new(
            TABLE,
            "INSERT INTO users (id, domain_id, name, enabled, password_hash) \
             VALUES ($1, $2, $3, $4, $5)",
        )
        .bind(user.id)
        .bind(user.domain)
        .bind(user.name.as_str())
        .bind(user.enabled)
        .bind(password_hash);
        self.execute(insert).await?;
        Ok(())
    }

    /// Writes name and whether it is enabled. Tokens stay: see [`Tx::tokens_revoke_of_user`].
    pub async fn user_update(&mut self, user: &User) -> Result<()> {
        let update = Statement::new(
            TABLE,
            "UPDATE users SET name = $2, enabled = $3 WHERE id = $1",
        )
        .bind(user.id)
        .bind(user.name.as_str())
        .bind(user.enabled);
        self.user_touched(update, user.id).await
    }

    /// Writes the hash of a new password. Tokens stay: see [`Tx::tokens_revoke_of_user`].
    pub async fn user_set_password(&mut self, user: UserId, password_hash: &str) -> Result<()> {
        let update = Statement::new(TABLE, "UPDATE users SET password_hash = $2 WHERE id = $1");
        self.user_touched(update.bind(user).bind(password_hash), user)
            .await
    }

    /// Deletes the user with its roles, tokens and application credentials.
    pub async fn user_delete(&mut self, id: UserId) -> Result<()> {
        let delete = Statement::new(TABLE, "DELETE FROM users WHERE id = $1");
        self.user_touched(delete.bind(id), id).await
    }

    async fn user_touched(&mut self, change: Statement, id: UserId) -> Result<()> {
        if self.touched(change).await? {
            Ok(())
        } else {
            Err(Error::not_found("user", id))
        }
    }
}
