//! Floating IPs, and which addresses of the outside are taken.

use std::collections::BTreeSet;
use std::net::Ipv4Addr;

use zun_domain::id::{FloatingIpId, PortId, ProjectId};
use zun_domain::network::FloatingIp;

use crate::error::{Error, Result};
use crate::sql::{Row, Statement};
use crate::tx::{Reader, Tx};

const TABLE: &str = "floating_ips";
const WHAT: &str = "floating IP";

fn floating_ip(row: &Row) -> Result<FloatingIp> {
    let port: Option<PortId> = row.word_opt("port_id")?;
    // When the port went, the database has cleared the reference to it only.
    let (fixed_ip, router) = match port {
        None => (None, None),
        Some(_) => (row.word_opt("fixed_ip")?, row.word_opt("router_id")?),
    };
    Ok(FloatingIp {
        id: row.word("id")?,
        project: row.word("project_id")?,
        description: row.get("description")?,
        network: row.word("network_id")?,
        address: row.word("address")?,
        port,
        fixed_ip,
        router,
        created_at: row.word("created_at")?,
        updated_at: row.word_opt("updated_at")?,
    })
}

impl Reader {
    /// The floating IP, if there is one.
    pub async fn floating_ip_find(&self, id: FloatingIpId) -> Result<Option<FloatingIp>> {
        let select = Statement::new(TABLE, "SELECT * FROM floating_ips WHERE id = $1");
        let row = self.row(select.bind(id)).await?;
        row.as_ref().map(floating_ip).transpose()
    }

    /// Every floating IP in order of insertion; of every project where none is given.
    pub async fn floating_ip_list(&self, project: Option<ProjectId>) -> Result<Vec<FloatingIp>> {
        let select = Statement::new(
            TABLE,
            "SELECT * FROM floating_ips WHERE $1 IS NULL OR project_id = $1 ORDER BY seq",
        );
        let rows = self.rows(select.bind(project)).await?;
        rows.iter().map(floating_ip).collect()
    }

    /// The addresses of the outside that floating IPs and routers have.
    pub async fn external_addresses_taken(&self) -> Result<BTreeSet<Ipv4Addr>> {
        let select = Statement::new(
            TABLE,
            "SELECT COALESCE(string_agg(address, ' '), '') AS addresses FROM ( \
             SELECT address FROM floating_ips UNION ALL \
             SELECT gateway_address FROM routers WHERE gateway_address IS NOT NULL) a",
        );
        let row = self.row(select).await?;
        row.map_or_else(|| Ok(BTreeSet::new()), |row| row.words("addresses"))
    }
}

impl Tx {
    /// Inserts a floating IP. A taken address is [`crate::Constraint::AddressTaken`].
    pub async fn floating_ip_insert(&mut self, floating: &FloatingIp) -> Result<()> {
        let insert = Statement::new(
            TABLE,
            "INSERT INTO floating_ips (id, project_id, network_id, address, created_at, description, port_id, \
             fixed_ip, router_id, updated_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
        )
        .bind(floating.id)
        .bind(floating.project)
        .bind(floating.network)
        .bind(floating.address.to_string())
        .bind(floating.created_at);
        self.execute(bind_changeable(insert, floating)).await?;
        Ok(())
    }

    /// Writes what it stands for and its description.
    pub async fn floating_ip_update(&mut self, floating: &FloatingIp) -> Result<()> {
        let update = Statement::new(
            TABLE,
            "UPDATE floating_ips SET description = $2, port_id = $3, fixed_ip = $4, router_id = $5, \
             updated_at = $6 WHERE id = $1",
        )
        .bind(floating.id);
        self.floating_ip_touched(bind_changeable(update, floating), floating.id)
            .await
    }

    /// Deletes it and gives up its address.
    pub async fn floating_ip_delete(&mut self, id: FloatingIpId) -> Result<()> {
        let delete = Statement::new(TABLE, "DELETE FROM floating_ips WHERE id = $1");
        self.floating_ip_touched(delete.bind(id), id).await
    }

    async fn floating_ip_touched(&mut self, change: Statement, id: FloatingIpId) -> Result<()> {
        if self.touched(change).await? {
            Ok(())
        } else {
            Err(Error::not_found(WHAT, id))
        }
    }
}

/// Binds the five columns that can change, in the order of insert and update.
fn bind_changeable(statement: Statement, floating: &FloatingIp) -> Statement {
    statement
        .bind(floating.description.as_str())
        .bind(floating.port)
        .bind(floating.fixed_ip.map(|ip| ip.to_string()))
        .bind(floating.router)
        .bind(floating.updated_at)
}
