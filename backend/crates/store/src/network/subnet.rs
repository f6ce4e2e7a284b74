//! Subnets: a part of their network, with a noun of their own.

use std::net::IpAddr;

use ipnet::IpNet;
use zun_domain::id::{ProjectId, SubnetId};
use zun_domain::network::{AddressRange, Subnet, default_pools, first_address};

use crate::error::{Error, Result};
use crate::sql::{Row, Statement, json, words};
use crate::tx::{Reader, Tx};

const TABLE: &str = "subnets";
const WHAT: &str = "subnet";

/// The columns of a subnet `s`, under names that those of a network leave free.
macro_rules! columns {
    () => {
        "s.id AS subnet_id, s.network_id AS subnet_network_id, s.project_id AS subnet_project_id, \
         s.name AS subnet_name, s.description AS subnet_description, s.cidr, s.gateway, s.allocation_pools, \
         s.dns_nameservers, s.pool_id, s.created_at AS subnet_created_at, s.updated_at AS subnet_updated_at"
    };
}
pub(super) use columns;

/// The subnet in a row of networks, where the row has one.
pub(super) fn joined(row: &Row) -> Result<Option<Subnet>> {
    let id: Option<SubnetId> = row.word_opt("subnet_id")?;
    id.map(|id| subnet(id, row)).transpose()
}

fn subnet(id: SubnetId, row: &Row) -> Result<Subnet> {
    let cidr: IpNet = row.word("cidr")?;
    let gateway: Option<IpAddr> = row.word_opt("gateway")?;
    let gateway = gateway.unwrap_or_else(|| first_address(cidr));
    let pools: Option<Vec<AddressRange>> = row.json_opt("allocation_pools")?;
    Ok(Subnet {
        id,
        network: row.word("subnet_network_id")?,
        project: row.word("subnet_project_id")?,
        name: row.get("subnet_name")?,
        description: row.get("subnet_description")?,
        cidr,
        gateway,
        allocation_pools: pools.unwrap_or_else(|| default_pools(cidr, gateway)),
        dns_nameservers: row.words("dns_nameservers")?,
        pool: row.word_opt("pool_id")?,
        created_at: row.word("subnet_created_at")?,
        updated_at: row.word_opt("subnet_updated_at")?,
    })
}

fn version(subnet: &Subnet) -> u8 {
    if subnet.cidr.addr().is_ipv4() { 4 } else { 6 }
}

impl Reader {
    /// The subnet, if there is one.
    pub async fn subnet_find(&self, id: SubnetId) -> Result<Option<Subnet>> {
        let select = Statement::new(
            TABLE,
            concat!(
                "SELECT s.id, ",
                columns!(),
                " FROM subnets s WHERE s.id = $1"
            ),
        );
        let row = self.row(select.bind(id)).await?;
        row.map(|row| subnet(id, &row)).transpose()
    }

    /// Every subnet in order of insertion; of every project where none is given.
    pub async fn subnet_list(&self, project: Option<ProjectId>) -> Result<Vec<Subnet>> {
        let select = Statement::new(
            TABLE,
            concat!(
                "SELECT s.id, ",
                columns!(),
                " FROM subnets s WHERE $1 IS NULL OR s.project_id = $1 ORDER BY s.seq"
            ),
        );
        let rows = self.rows(select.bind(project)).await?;
        rows.iter()
            .map(|row| subnet(row.word("subnet_id")?, row))
            .collect()
    }

    /// The prefix of every subnet of the deployment.
    pub async fn subnets_taken(&self) -> Result<Vec<IpNet>> {
        let select = Statement::new(
            TABLE,
            "SELECT COALESCE(string_agg(cidr, ' '), '') AS cidrs FROM subnets",
        );
        let row = self.row(select).await?;
        row.map_or_else(|| Ok(Vec::new()), |row| row.words("cidrs"))
    }
}

impl Tx {
    /// Inserts a subnet of a network that is there.
    pub async fn subnet_insert(&mut self, subnet: &Subnet) -> Result<()> {
        let insert = Statement::new(
            TABLE,
            "INSERT INTO subnets (id, network_id, project_id, version, cidr, pool_id, created_at, name, \
             description, gateway, allocation_pools, dns_nameservers, updated_at) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)",
        )
        .bind(subnet.id)
        .bind(subnet.network)
        .bind(subnet.project)
        .bind(version(subnet))
        .bind(subnet.cidr.to_string())
        .bind(subnet.pool)
        .bind(subnet.created_at);
        self.execute(bind_changeable(insert, subnet)?).await?;
        Ok(())
    }

    /// Writes what can change: neither the prefix nor the network.
    pub async fn subnet_update(&mut self, subnet: &Subnet) -> Result<()> {
        let update = Statement::new(
            TABLE,
            "UPDATE subnets SET name = $2, description = $3, gateway = $4, allocation_pools = $5, \
             dns_nameservers = $6, updated_at = $7 WHERE id = $1",
        )
        .bind(subnet.id);
        self.subnet_touched(bind_changeable(update, subnet)?, subnet.id)
            .await
    }

    /// Writes another prefix, with the gateway and the pools that go with it.
    pub(super) async fn subnet_relocate(&mut self, subnet: &Subnet) -> Result<()> {
        let update = Statement::new(TABLE, "UPDATE subnets SET cidr = $2 WHERE id = $1");
        let update = update.bind(subnet.id).bind(subnet.cidr.to_string());
        self.subnet_touched(update, subnet.id).await?;
        self.subnet_update(subnet).await
    }

    /// Deletes the subnet. While a port or a router has an address of it, it is [`crate::Constraint::Reference`].
    pub async fn subnet_delete(&mut self, id: SubnetId) -> Result<()> {
        let delete = Statement::new(TABLE, "DELETE FROM subnets WHERE id = $1");
        self.subnet_touched(delete.bind(id), id).await
    }

    async fn subnet_touched(&mut self, change: Statement, id: SubnetId) -> Result<()> {
        if self.touched(change).await? {
            Ok(())
        } else {
            Err(Error::not_found(WHAT, id))
        }
    }
}

/// Binds the six columns that can change, in the order of insert and update.
fn bind_changeable(statement: Statement, subnet: &Subnet) -> Result<Statement> {
    Ok(statement
        .bind(subnet.name.as_str())
        .bind(subnet.description.as_str())
        .bind(subnet.gateway.to_string())
        .bind(json(&subnet.allocation_pools)?)
        .bind(words(&subnet.dns_nameservers))
        .bind(subnet.updated_at))
}
