//! Networks of projects with their subnets. What is on them has a file each.

mod firewall;
mod floating_ip;
mod leftover;
mod port;
mod router;
mod security_group;
mod subnet;
mod subnet_pool;

use std::collections::BTreeSet;

use zun_domain::container::Life;
use zun_domain::id::{NetworkId, PortId, ProjectId};
use zun_domain::network::{Network, Port, Subnet, mac_of};

use crate::error::{Constraint, Error, Result};
use crate::sql::{Row, Statement, word};
use crate::tx::{Reader, Tx};

pub use leftover::LeftoverNetwork;

const TABLE: &str = "networks";
const WHAT: &str = "network";

/// Networks with their subnets in one answer, one row for each pair of them, IPv4 first.
macro_rules! with_subnets {
    ($which:literal) => {
        concat!(
            "SELECT n.*, ",
            subnet::columns!(),
            " FROM (SELECT * FROM networks ",
            $which,
            ") n LEFT JOIN subnets s ON s.network_id = n.id ORDER BY n.seq, s.version"
        )
    };
}

fn networks(rows: &[Row]) -> Result<Vec<Network>> {
    let mut all: Vec<Network> = Vec::new();
    for row in rows {
        let id: NetworkId = row.word("id")?;
        if all.last().is_none_or(|last| last.id != id) {
            all.push(network(id, row)?);
        }
        if let (Some(last), Some(subnet)) = (all.last_mut(), subnet::joined(row)?) {
            last.subnets.push(subnet);
        }
    }
    Ok(all)
}

fn network(id: NetworkId, row: &Row) -> Result<Network> {
    Ok(Network {
        id,
        project: row.word("project_id")?,
        name: row.get("name")?,
        description: row.get("description")?,
        kind: row.word("kind")?,
        admin_state_up: row.get("admin_state_up")?,
        mtu: row.count("mtu")?,
        subnets: Vec::new(),
        runtime_name: row.get("runtime_name")?,
        created_at: row.word("created_at")?,
        updated_at: row.word_opt("updated_at")?,
    })
}

impl Reader {
    async fn networks(&self, select: Statement) -> Result<Vec<Network>> {
        networks(&self.rows(select).await?)
    }

    /// The network, if there is one.
    pub async fn network_find(&self, id: NetworkId) -> Result<Option<Network>> {
        let select = Statement::new(TABLE, with_subnets!("WHERE id = $1"));
        Ok(self.networks(select.bind(id)).await?.pop())
    }

    /// The network.
    pub async fn network_get(&self, id: NetworkId) -> Result<Network> {
        self.network_find(id)
            .await?
            .ok_or_else(|| Error::not_found(WHAT, id))
    }

    /// The project's default network.
    pub async fn network_find_default(&self, project: ProjectId) -> Result<Option<Network>> {
        let select = Statement::new(
            TABLE,
            with_subnets!("WHERE project_id = $1 AND kind = 'default'"),
        );
        Ok(self.networks(select.bind(project)).await?.pop())
    }

    /// The network outside.
    pub async fn network_find_external(&self) -> Result<Option<Network>> {
        let select = Statement::new(TABLE, with_subnets!("WHERE kind = 'external'"));
        Ok(self.networks(select).await?.pop())
    }

    /// Every network of that name that the project owns, in order of insertion.
    pub async fn networks_named(&self, project: ProjectId, name: &str) -> Result<Vec<Network>> {
        let select = Statement::new(TABLE, with_subnets!("WHERE project_id = $1 AND name = $2"));
        self.networks(select.bind(project).bind(name)).await
    }

    /// Every network in order of insertion; of every project, the one outside included, where none is given.
    pub async fn network_list(&self, project: Option<ProjectId>) -> Result<Vec<Network>> {
        let select = Statement::new(TABLE, with_subnets!("WHERE $1 IS NULL OR project_id = $1"));
        self.networks(select.bind(project)).await
    }

    /// Whether an address on the network is known outside: that of a port which a user made or keeps, or of a
    /// container that has ever been made. One whose create is at work or has failed has not.
    pub async fn network_inhabited(&self, network: NetworkId) -> Result<bool> {
        let select = Statement::new(
            "ports",
            "SELECT p.id, p.preserve, c.life, c.observed FROM ports p \
             LEFT JOIN containers c ON c.id = p.container_id WHERE p.network_id = $1",
        );
        for row in self.rows(select.bind(network)).await? {
            let kept: bool = row.get("preserve")?;
            let life: Option<Life> = row.json_opt("life")?;
            let observed: Option<String> = row.get("observed")?;
            let young = matches!(life, Some(Life::Creating | Life::Failed { .. }));
            if kept || observed.is_some() || !young {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

impl Tx {
    /// Inserts a network with its subnets. A prefix is given once in the deployment.
    pub async fn network_insert(&mut self, network: &Network) -> Result<()> {
        let insert = Statement::new(
            TABLE,
            "INSERT INTO networks (id, project_id, kind, created_at, name, description, admin_state_up, mtu, \
             runtime_name, updated_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
        )
        .bind(network.id)
        .bind(network.project)
        .bind(word(&network.kind)?)
        .bind(network.created_at);
        self.execute(bind_changeable(insert, network)).await?;
        for subnet in &network.subnets {
            self.subnet_insert(subnet).await?;
        }
        Ok(())
    }

    /// Writes what can change of the network itself; its subnets have writes of their own.
    pub async fn network_update(&mut self, network: &Network) -> Result<()> {
        let update = Statement::new(
            TABLE,
            "UPDATE networks SET name = $2, description = $3, admin_state_up = $4, mtu = $5, runtime_name = $6, \
             updated_at = $7 WHERE id = $1",
        )
        .bind(network.id);
        self.network_touched(bind_changeable(update, network), network.id)
            .await
    }

    /// Deletes the network with its subnets. While a port is on it, it is [`Constraint::Reference`].
    pub async fn network_delete(&mut self, id: NetworkId) -> Result<()> {
        let subnets = Statement::new("subnets", "DELETE FROM subnets WHERE network_id = $1");
        self.execute(subnets.bind(id)).await?;
        let delete = Statement::new(TABLE, "DELETE FROM networks WHERE id = $1");
        self.network_touched(delete.bind(id), id).await
    }

    async fn network_touched(&mut self, change: Statement, id: NetworkId) -> Result<()> {
        if self.touched(change).await? {
            Ok(())
        } else {
            Err(Error::not_found(WHAT, id))
        }
    }

    /// Gives the network's IPv4 subnet another prefix, and each port on it an address there. The new prefix must
    /// not overlap the former one. A MAC that was derived from the address follows it, and so does a floating IP.
    pub async fn network_move(&mut self, network: &Network) -> Result<()> {
        let Some(subnet) = network.v4() else {
            return Ok(());
        };
        self.subnet_relocate(subnet).await?;
        let mut taken = BTreeSet::new();
        for port in self.ports_on(network.id).await? {
            if port.fixed_ips.iter().any(|fixed| fixed.subnet == subnet.id) {
                self.port_move(&port, subnet, &mut taken).await?;
            }
        }
        Ok(())
    }

    async fn port_move(
        &mut self,
        port: &Port,
        subnet: &Subnet,
        taken: &mut BTreeSet<std::net::IpAddr>,
    ) -> Result<()> {
        let ip = if port.is_routers() {
            subnet.gateway
        } else {
            subnet
                .free_address(taken)
                .ok_or_else(|| Error::conflict(Constraint::AddressTaken))?
        };
        taken.insert(ip);
        let update = Statement::new(
            "fixed_ips",
            "UPDATE fixed_ips SET ip = $3 WHERE port_id = $1 AND subnet_id = $2",
        );
        let update = update.bind(port.id).bind(subnet.id);
        self.execute(update.bind(ip.to_string())).await?;
        let follow = Statement::new(
            "floating_ips",
            "UPDATE floating_ips SET fixed_ip = $2 WHERE port_id = $1",
        );
        self.execute(follow.bind(port.id).bind(ip.to_string()))
            .await?;
        match ip {
            std::net::IpAddr::V4(ip) if !port.has_own_mac() => {
                self.port_set_mac(port.id, &mac_of(ip)).await
            }
            _ => Ok(()),
        }
    }

    async fn port_set_mac(&mut self, port: PortId, mac: &str) -> Result<()> {
        let update = Statement::new("ports", "UPDATE ports SET mac = $2 WHERE id = $1");
        self.execute(update.bind(port).bind(mac)).await?;
        Ok(())
    }
}

/// Binds the six columns that can change, in the order of insert and update.
fn bind_changeable(statement: Statement, network: &Network) -> Statement {
    statement
        .bind(network.name.as_str())
        .bind(network.description.as_str())
        .bind(network.admin_state_up)
        .bind(network.mtu)
        .bind(network.runtime_name.as_str())
        .bind(network.updated_at)
}
