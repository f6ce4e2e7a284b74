//! Pools of prefixes that subnets are cut from.

use zun_domain::id::{ProjectId, SubnetPoolId};
use zun_domain::network::SubnetPool;

use crate::error::{Error, Result};
use crate::sql::{Row, Statement, words};
use crate::tx::{Reader, Tx};

const TABLE: &str = "subnet_pools";
const WHAT: &str = "subnet pool";

fn pool(row: &Row) -> Result<SubnetPool> {
    Ok(SubnetPool {
        id: row.word("id")?,
        project: row.word("project_id")?,
        name: row.get("name")?,
        description: row.get("description")?,
        prefixes: row.words("prefixes")?,
        default_prefixlen: row.count("default_prefixlen")?,
        min_prefixlen: row.count("min_prefixlen")?,
        max_prefixlen: row.count("max_prefixlen")?,
        shared: row.get("shared")?,
        created_at: row.word("created_at")?,
        updated_at: row.word_opt("updated_at")?,
    })
}

impl Reader {
    /// The pool, if there is one.
    pub async fn subnet_pool_find(&self, id: SubnetPoolId) -> Result<Option<SubnetPool>> {
        let select = Statement::new(TABLE, "SELECT * FROM subnet_pools WHERE id = $1");
        let row = self.row(select.bind(id)).await?;
        row.as_ref().map(pool).transpose()
    }

    /// Every pool in order of insertion; the project's own and those that are shared where one is given.
    pub async fn subnet_pool_list(&self, project: Option<ProjectId>) -> Result<Vec<SubnetPool>> {
        let select = Statement::new(
            TABLE,
            "SELECT * FROM subnet_pools WHERE $1 IS NULL OR project_id = $1 OR shared ORDER BY seq",
        );
        let rows = self.rows(select.bind(project)).await?;
        rows.iter().map(pool).collect()
    }
}

impl Tx {
    /// Inserts a pool.
    pub async fn subnet_pool_insert(&mut self, pool: &SubnetPool) -> Result<()> {
        let insert = Statement::new(
            TABLE,
            "INSERT INTO subnet_pools (id, project_id, shared, created_at, name, description, prefixes, \
             default_prefixlen, min_prefixlen, max_prefixlen, updated_at) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
        )
        .bind(pool.id)
        .bind(pool.project)
        .bind(pool.shared)
        .bind(pool.created_at);
        self.execute(bind_changeable(insert, pool)).await?;
        Ok(())
    }

    /// Writes what can change: everything but whose it is and who may use it.
    pub async fn subnet_pool_update(&mut self, pool: &SubnetPool) -> Result<()> {
        let update = Statement::new(
            TABLE,
            "UPDATE subnet_pools SET name = $2, description = $3, prefixes = $4, default_prefixlen = $5, \
             min_prefixlen = $6, max_prefixlen = $7, updated_at = $8 WHERE id = $1",
        )
        .bind(pool.id);
        self.subnet_pool_touched(bind_changeable(update, pool), pool.id)
            .await
    }

    /// Deletes the pool. While a subnet is cut from it, it is [`crate::Constraint::Reference`].
    pub async fn subnet_pool_delete(&mut self, id: SubnetPoolId) -> Result<()> {
        let delete = Statement::new(TABLE, "DELETE FROM subnet_pools WHERE id = $1");
        self.subnet_pool_touched(delete.bind(id), id).await
    }

    async fn subnet_pool_touched(&mut self, change: Statement, id: SubnetPoolId) -> Result<()> {
        if self.touched(change).await? {
            Ok(())
        } else {
            Err(Error::not_found(WHAT, id))
        }
    }
}

/// Binds the seven columns that can change, in the order of insert and update.
fn bind_changeable(statement: Statement, pool: &SubnetPool) -> Statement {
    statement
        .bind(pool.name.as_str())
        .bind(pool.description.as_str())
        .bind(words(&pool.prefixes))
        .bind(pool.default_prefixlen)
        .bind(pool.min_prefixlen)
        .bind(pool.max_prefixlen)
        .bind(pool.updated_at)
}
