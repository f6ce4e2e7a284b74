//! Domains, the namespaces of users and projects.

use zun_domain::id::DomainId;
use zun_domain::project::Domain;

use crate::error::{Error, Result};
use crate::sql::{Row, Statement};
use crate::tx::{Reader, Tx};

const TABLE: &str = "domains";

fn domain(row: &Row) -> Result<Domain> {
    Ok(Domain {
        id: row.word("id")?,
        name: row.get("name")?,
    })
}

impl Reader {
    /// The domain, if there is one.
    pub async fn domain_find(&self, id: DomainId) -> Result<Option<Domain>> {
        let select = Statement::new(TABLE, "SELECT * FROM domains WHERE id = $1");
        let row = self.row(select.bind(id)).await?;
        row.as_ref().map(domain).transpose()
    }

    /// The domain of that name, if there is one.
    pub async fn domain_named(&self, name: &str) -> Result<Option<Domain>> {
        Ok(self.domain_list(Some(name)).await?.pop())
    }

    /// Every domain by name, or the one of that name.
    pub async fn domain_list(&self, name: Option<&str>) -> Result<Vec<Domain>> {
        let select = Statement::new(
            TABLE,
            "SELECT * FROM domains WHERE $1 IS NULL OR name = $1 ORDER BY name",
        );
        let rows = self.rows(select.bind(name)).await?;
        rows.iter().map(domain).collect()
    }
}

impl Tx {
    /// Inserts a domain.
    pub async fn domain_insert(&mut self, domain: &Domain) -> Result<()> {
        let insert = Statement::new(TABLE, "INSERT INTO domains (id, name) VALUES ($1, $2)");
        self.execute(insert.bind(domain.id).bind(domain.name.as_str()))
            .await?;
        Ok(())
    }

    /// Renames the domain.
    pub async fn domain_update(&mut self, domain: &Domain) -> Result<()> {
        let update = Statement::new(TABLE, "UPDATE domains SET name = $2 WHERE id = $1");
        let update = update.bind(domain.id).bind(domain.name.as_str());
        self.domain_touched(update, domain.id).await
    }

    /// Deletes the domain. One that has users or projects is kept: [`crate::Constraint::Reference`].
    pub async fn domain_delete(&mut self, id: DomainId) -> Result<()> {
        let delete = Statement::new(TABLE, "DELETE FROM domains WHERE id = $1");
        self.domain_touched(delete.bind(id), id).await
    }

    async fn domain_touched(&mut self, change: Statement, id: DomainId) -> Result<()> {
        if self.touched(change).await? {
            Ok(())
        } else {
            Err(Error::not_found("domain", id))
        }
    }
}
