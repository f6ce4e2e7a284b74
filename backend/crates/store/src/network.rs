//! Networks of projects, and the addresses on them: a port is an address bound to a container.

use std::collections::BTreeSet;
use std::net::Ipv4Addr;

use zun_domain::container::{Address, Life};
use zun_domain::id::{ContainerId, NetworkId, PortId, ProjectId};
use zun_domain::network::{Network, mac_of};

use crate::error::{Constraint, Error, Result};
use crate::sql::{Row, Statement};
use crate::tx::{Reader, Tx};

const TABLE: &str = "networks";

fn network(row: &Row) -> Result<Network> {
    let subnet: String = row.get("subnet")?;
    Ok(Network {
        id: row.word("id")?,
        project: row.word("project_id")?,
        name: row.get("name")?,
        subnet: subnet
            .parse()
            .map_err(|error| row.corrupt(format_args!("subnet: {error}")))?,
    })
}

impl Reader {
    /// The project's default network: the first it was given.
    pub async fn network_find_default(&self, project: ProjectId) -> Result<Option<Network>> {
        let select = Statement::new(
            TABLE,
            "SELECT * FROM networks WHERE project_id = $1 ORDER BY seq LIMIT 1",
        );
        let row = self.row(select.bind(project)).await?;
        row.as_ref().map(network).transpose()
    }

    /// The network, if there is one.
    pub async fn network_find(&self, id: NetworkId) -> Result<Option<Network>> {
        let select = Statement::new(TABLE, "SELECT * FROM networks WHERE id = $1");
        let row = self.row(select.bind(id)).await?;
        row.as_ref().map(network).transpose()
    }

    /// Every network of every project, in order of insertion.
    pub async fn network_list(&self) -> Result<Vec<Network>> {
        let select = Statement::new(TABLE, "SELECT * FROM networks ORDER BY seq");
        self.rows(select).await?.iter().map(network).collect()
    }

    /// Whether a container on the network has ever been made, so that its address is known outside: one
    /// whose create is at work or has failed has not.
    pub async fn network_inhabited(&self, network: NetworkId) -> Result<bool> {
        let select = Statement::new(
            "ports",
            "SELECT c.id, c.life, c.observed FROM ports p JOIN containers c ON c.id = p.container_id \
             WHERE p.network_id = $1",
        );
        for row in self.rows(select.bind(network)).await? {
            let life: Life = row.json("life")?;
            let observed: Option<String> = row.get("observed")?;
            if observed.is_some() || !matches!(life, Life::Creating | Life::Failed { .. }) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// The addresses on the network that containers have.
    pub async fn addresses_taken(&self, network: NetworkId) -> Result<BTreeSet<Ipv4Addr>> {
        // In one row: handing over a thousand takes longer than finding them.
        let select = Statement::new(
            "ports",
            "SELECT COALESCE(string_agg(ip, ' '), '') AS ips FROM ports WHERE network_id = $1",
        );
        let row = self.row(select.bind(network)).await?;
        row.map_or_else(|| Ok(BTreeSet::new()), |row| row.words("ips"))
    }
}

impl Tx {
    /// Inserts a network. The subnet is given once in the deployment, the name once in the project.
    pub async fn network_insert(&mut self, network: &Network) -> Result<()> {
        let insert = Statement::new(
            TABLE,
            "INSERT INTO networks (id, project_id, name, subnet) VALUES ($1, $2, $3, $4)",
        )
        .bind(network.id)
        .bind(network.project)
        .bind(network.name.as_str())
        .bind(network.subnet.to_string());
        self.execute(insert).await?;
        Ok(())
    }

    /// Gives the network another subnet, and each container on it an address there. The new subnet must
    /// not overlap the former one.
    pub async fn network_move(&mut self, network: &Network) -> Result<()> {
        let update = Statement::new(TABLE, "UPDATE networks SET subnet = $2 WHERE id = $1")
            .bind(network.id)
            .bind(network.subnet.to_string());
        self.execute(update).await?;
        let select = Statement::new(
            "ports",
            "SELECT id FROM ports WHERE network_id = $1 ORDER BY seq",
        );
        let ports = self.rows(select.bind(network.id)).await?;
        let mut taken = BTreeSet::new();
        for port in &ports {
            let ip = network
                .free_address(&taken)
                .ok_or_else(|| Error::conflict(Constraint::AddressTaken))?;
            taken.insert(ip);
            let id: PortId = port.word("id")?;
            let update =
                Statement::new("ports", "UPDATE ports SET ip = $2, mac = $3 WHERE id = $1")
                    .bind(id)
                    .bind(ip.to_string())
                    .bind(mac_of(ip));
            self.execute(update).await?;
        }
        Ok(())
    }

    /// Gives the container an address, until its record is deleted. A taken one is
    /// [`crate::Constraint::AddressTaken`].
    pub async fn port_insert(&mut self, address: &Address, container: ContainerId) -> Result<()> {
        let insert = Statement::new(
            "ports",
            "INSERT INTO ports (id, network_id, container_id, ip, mac) VALUES ($1, $2, $3, $4, $5)",
        )
        .bind(address.port)
        .bind(address.network)
        .bind(container)
        .bind(address.ip.to_string())
        .bind(address.mac.as_str());
        self.execute(insert).await?;
        Ok(())
    }
}
