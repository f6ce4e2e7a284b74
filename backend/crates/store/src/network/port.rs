//! Ports, with their addresses and the groups they are in.

use std::collections::BTreeSet;
use std::net::IpAddr;

use zun_domain::id::{ContainerId, NetworkId, PortId, ProjectId};
use zun_domain::network::{FixedIp, Port};
use zun_domain::time::Timestamp;

use crate::error::{Error, Result};
use crate::sql::{Row, Statement};
use crate::tx::{Reader, Tx};

const TABLE: &str = "ports";
const ADDRESSES: &str = "fixed_ips";
const WHAT: &str = "port";

/// Ports, one row each: their addresses, each after its subnet, and their groups are one text each.
macro_rules! ports {
    ($which:literal) => {
        concat!(
            "SELECT p.*, \
             COALESCE((SELECT string_agg(f.subnet_id, ' ' ORDER BY f.seq) FROM fixed_ips f \
             WHERE f.port_id = p.id), '') AS subnets, \
             COALESCE((SELECT string_agg(f.ip, ' ' ORDER BY f.seq) FROM fixed_ips f \
             WHERE f.port_id = p.id), '') AS ips, \
             COALESCE((SELECT string_agg(g.group_id, ' ') FROM port_security_groups g \
             WHERE g.port_id = p.id), '') AS groups \
             FROM ports p ",
            $which
        )
    };
}

fn port(row: &Row) -> Result<Port> {
    let subnets: Vec<_> = row.words("subnets")?;
    let ips: Vec<IpAddr> = row.words("ips")?;
    let pairs = subnets.into_iter().zip(ips);
    Ok(Port {
        id: row.word("id")?,
        network: row.word("network_id")?,
        project: row.word("project_id")?,
        name: row.get("name")?,
        description: row.get("description")?,
        admin_state_up: row.get("admin_state_up")?,
        mac: row.get("mac")?,
        fixed_ips: pairs.map(|(subnet, ip)| FixedIp { subnet, ip }).collect(),
        security_groups: row.words("groups")?,
        groups_chosen: row.get("groups_chosen")?,
        container: row.word_opt("container_id")?,
        position: row.count("position")?,
        preserve: row.get("preserve")?,
        device_id: row.get("device_id")?,
        device_owner: row.get("device_owner")?,
        created_at: row.word("created_at")?,
        updated_at: row.word_opt("updated_at")?,
    })
}

impl Reader {
    pub(super) async fn ports(&self, select: Statement) -> Result<Vec<Port>> {
        self.rows(select).await?.iter().map(port).collect()
    }

    /// The port, if there is one.
    pub async fn port_find(&self, id: PortId) -> Result<Option<Port>> {
        let select = Statement::new(TABLE, ports!("WHERE p.id = $1"));
        let row = self.row(select.bind(id)).await?;
        row.as_ref().map(port).transpose()
    }

    /// The port.
    pub async fn port_get(&self, id: PortId) -> Result<Port> {
        self.port_find(id)
            .await?
            .ok_or_else(|| Error::not_found(WHAT, id))
    }

    /// Every port of that name that the project owns, in order of insertion.
    pub async fn ports_named(&self, project: ProjectId, name: &str) -> Result<Vec<Port>> {
        let select = Statement::new(
            TABLE,
            ports!("WHERE p.project_id = $1 AND p.name = $2 ORDER BY p.seq"),
        );
        self.ports(select.bind(project).bind(name)).await
    }

    /// Every port in order of insertion; of every project where none is given.
    pub async fn port_list(&self, project: Option<ProjectId>) -> Result<Vec<Port>> {
        let select = Statement::new(
            TABLE,
            ports!("WHERE $1 IS NULL OR p.project_id = $1 ORDER BY p.seq"),
        );
        self.ports(select.bind(project)).await
    }

    /// The ports that are bound to a container, in order; those that an update has reserved for it included.
    pub async fn ports_of(&self, container: ContainerId) -> Result<Vec<Port>> {
        let select = Statement::new(
            TABLE,
            ports!("WHERE p.container_id = $1 ORDER BY p.position, p.seq"),
        );
        self.ports(select.bind(container)).await
    }

    /// The ports on a network, in order of insertion.
    pub async fn ports_on(&self, network: NetworkId) -> Result<Vec<Port>> {
        let select = Statement::new(TABLE, ports!("WHERE p.network_id = $1 ORDER BY p.seq"));
        self.ports(select.bind(network)).await
    }

    /// The ports that are bound to any container, in order of insertion.
    pub(super) async fn ports_bound(&self) -> Result<Vec<Port>> {
        let select = Statement::new(
            TABLE,
            ports!("WHERE p.container_id IS NOT NULL ORDER BY p.seq"),
        );
        self.ports(select).await
    }

    /// The addresses on the network that ports have.
    pub async fn addresses_taken(&self, network: NetworkId) -> Result<BTreeSet<IpAddr>> {
        // In one row: handing over a thousand takes longer than finding them.
        let select = Statement::new(
            ADDRESSES,
            "SELECT COALESCE(string_agg(ip, ' '), '') AS ips FROM fixed_ips WHERE network_id = $1",
        );
        let row = self.row(select.bind(network)).await?;
        row.map_or_else(|| Ok(BTreeSet::new()), |row| row.words("ips"))
    }

    /// The MACs on the network that ports have.
    pub async fn macs_taken(&self, network: NetworkId) -> Result<BTreeSet<String>> {
        let select = Statement::new(
            TABLE,
            "SELECT COALESCE(string_agg(mac, ' '), '') AS macs FROM ports WHERE network_id = $1",
        );
        let row = self.row(select.bind(network)).await?;
        row.map_or_else(|| Ok(BTreeSet::new()), |row| row.words("macs"))
    }
}

impl Tx {
    /// Inserts a port with its addresses and groups. A taken address is [`crate::Constraint::AddressTaken`], a
    /// taken MAC [`crate::Constraint::MacTaken`].
    pub async fn port_insert(&mut self, port: &Port) -> Result<()> {
        let insert = Statement::new(
            TABLE,
            "INSERT INTO ports (id, network_id, project_id, created_at, name, description, admin_state_up, mac, \
             groups_chosen, container_id, position, preserve, device_id, device_owner, updated_at) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)",
        )
        .bind(port.id)
        .bind(port.network)
        .bind(port.project)
        .bind(port.created_at);
        self.execute(bind_changeable(insert, port)).await?;
        self.fixed_ips_insert(port).await?;
        self.port_groups_insert(port).await
    }

    /// Writes everything that can change: all but the network and the owner.
    pub async fn port_update(&mut self, port: &Port) -> Result<()> {
        let update = Statement::new(
            TABLE,
            "UPDATE ports SET name = $2, description = $3, admin_state_up = $4, mac = $5, groups_chosen = $6, \
             container_id = $7, position = $8, preserve = $9, device_id = $10, device_owner = $11, \
             updated_at = $12 WHERE id = $1",
        )
        .bind(port.id);
        self.port_touched(bind_changeable(update, port), port.id)
            .await?;
        let addresses = Statement::new(ADDRESSES, "DELETE FROM fixed_ips WHERE port_id = $1");
        self.execute(addresses.bind(port.id)).await?;
        self.fixed_ips_insert(port).await?;
        let groups = Statement::new(
            "port_security_groups",
            "DELETE FROM port_security_groups WHERE port_id = $1",
        );
        self.execute(groups.bind(port.id)).await?;
        self.port_groups_insert(port).await
    }

    /// Binds it to no container: it is free again.
    pub async fn port_release(&mut self, id: PortId, now: Timestamp) -> Result<()> {
        let update = Statement::new(
            TABLE,
            "UPDATE ports SET container_id = NULL, position = 0, device_id = '', device_owner = '', \
             updated_at = $2 WHERE id = $1",
        );
        self.port_touched(update.bind(id).bind(now), id).await
    }

    /// Deletes the port and gives up its addresses. While a router has it, it is [`crate::Constraint::Reference`].
    pub async fn port_delete(&mut self, id: PortId) -> Result<()> {
        let delete = Statement::new(TABLE, "DELETE FROM ports WHERE id = $1");
        self.port_touched(delete.bind(id), id).await
    }

    /// What becomes of a container's ports when it goes: those that are preserved are free, the others go too.
    pub(crate) async fn ports_leave(&mut self, container: ContainerId) -> Result<()> {
        let release = Statement::new(
            TABLE,
            "UPDATE ports SET container_id = NULL, position = 0, device_id = '', device_owner = '' \
             WHERE container_id = $1 AND preserve",
        );
        self.execute(release.bind(container)).await?;
        let delete = Statement::new(TABLE, "DELETE FROM ports WHERE container_id = $1");
        self.execute(delete.bind(container)).await?;
        Ok(())
    }

    async fn fixed_ips_insert(&mut self, port: &Port) -> Result<()> {
        // IPv4 first, which is how they are read.
        let (v4, v6): (Vec<&FixedIp>, Vec<&FixedIp>) =
            port.fixed_ips.iter().partition(|fixed| fixed.ip.is_ipv4());
        for fixed in v4.into_iter().chain(v6) {
            let insert = Statement::new(
                ADDRESSES,
                "INSERT INTO fixed_ips (port_id, network_id, subnet_id, ip) VALUES ($1, $2, $3, $4)",
            )
            .bind(port.id)
            .bind(port.network)
            .bind(fixed.subnet)
            .bind(fixed.ip.to_string());
            self.execute(insert).await?;
        }
        Ok(())
    }

    async fn port_groups_insert(&mut self, port: &Port) -> Result<()> {
        for group in &port.security_groups {
            let insert = Statement::new(
                "port_security_groups",
                "INSERT INTO port_security_groups (port_id, group_id) VALUES ($1, $2)",
            );
            self.execute(insert.bind(port.id).bind(*group)).await?;
        }
        Ok(())
    }

    async fn port_touched(&mut self, change: Statement, id: PortId) -> Result<()> {
        if self.touched(change).await? {
            Ok(())
        } else {
            Err(Error::not_found(WHAT, id))
        }
    }
}

/// Binds the eleven columns that can change, in the order of insert and update.
fn bind_changeable(statement: Statement, port: &Port) -> Statement {
    statement
        .bind(port.name.as_str())
        .bind(port.description.as_str())
        .bind(port.admin_state_up)
        .bind(port.mac.as_str())
        .bind(port.groups_chosen)
        .bind(port.container)
        .bind(port.position)
        .bind(port.preserve)
        .bind(port.device_id.as_str())
        .bind(port.device_owner.as_str())
        .bind(port.updated_at)
}
