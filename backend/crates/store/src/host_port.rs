//! Ports of hosts that containers answer on. A port taken on every address of a host excludes each single
//! address, and the other way round; two single addresses exclude each other only when they are the same.

use std::net::IpAddr;

use zun_domain::container::Published;
use zun_domain::id::{ContainerId, HostId};

use crate::error::{Constraint, Error, Result};
use crate::sql::{Row, Statement};
use crate::tx::{Reader, Tx};

const TABLE: &str = "host_ports";

fn published(row: &Row) -> Result<Published> {
    let ip: String = row.get("ip")?;
    Ok(Published {
        internal: row.count("internal")?,
        external: row.count("external")?,
        protocol: row.word("protocol")?,
        ip: if ip.is_empty() {
            None
        } else {
            Some(row.word("ip")?)
        },
    })
}

/// No address, `0.0.0.0` and `::` all mean every address.
fn single(ip: Option<IpAddr>) -> Option<IpAddr> {
    ip.filter(|ip| !ip.is_unspecified())
}

fn excludes(one: &Published, other: &Published) -> bool {
    let same_port = one.protocol == other.protocol && one.external == other.external;
    let apart = matches!((single(one.ip), single(other.ip)), (Some(a), Some(b)) if a != b);
    same_port && !apart
}

impl Reader {
    /// Every port of the host that is taken, and by whom, in order of the ports.
    pub async fn host_ports_taken(&self, host: HostId) -> Result<Vec<(ContainerId, Published)>> {
        let select = Statement::new(
            TABLE,
            "SELECT container_id, internal, external, protocol, ip FROM host_ports \
             WHERE host_id = $1 ORDER BY external, protocol, ip",
        );
        let rows = self.rows(select.bind(host)).await?;
        rows.iter()
            .map(|row| Ok((row.word("container_id")?, published(row)?)))
            .collect()
    }
}

impl Tx {
    /// Takes these ports for the container, in place of those it had. One that another container has is
    /// [`Constraint::HostPortTaken`]. Takes [`Tx::admission_lock`], so take that first in what does both.
    pub async fn host_ports_set(
        &mut self,
        container: ContainerId,
        host: HostId,
        ports: &[Published],
    ) -> Result<()> {
        let delete = Statement::new(TABLE, "DELETE FROM host_ports WHERE container_id = $1");
        if ports.is_empty() {
            self.execute(delete.bind(container)).await?;
            return Ok(());
        }
        self.admission_lock().await?;
        self.execute(delete.bind(container)).await?;
        let mut others = Statement::new(
            TABLE,
            "SELECT internal, external, protocol, ip FROM host_ports WHERE host_id = $1 AND external IN ",
        )
        .bind(host);
        others.push_list(ports.iter().map(|port| port.external));
        let taken: Vec<Published> = self
            .rows(others)
            .await?
            .iter()
            .map(published)
            .collect::<Result<_>>()?;
        let earlier = |index: usize| taken.iter().chain(ports.iter().take(index));
        let refused =
            |(index, port): (usize, &Published)| earlier(index).any(|e| excludes(e, port));
        if ports.iter().enumerate().any(refused) {
            return Err(Error::conflict(Constraint::HostPortTaken));
        }
        let mut insert = Statement::new(
            TABLE,
            "INSERT INTO host_ports (container_id, host_id, protocol, external, ip, internal) VALUES ",
        );
        for (index, port) in ports.iter().enumerate() {
            insert.push(if index == 0 { "(" } else { ", (" });
            insert.push_value(container).push(", ").push_value(host);
            insert.push(", ").push_value(port.protocol.to_string());
            insert.push(", ").push_value(port.external);
            insert
                .push(", ")
                .push_value(port.ip.map_or_else(String::new, |ip| ip.to_string()));
            insert.push(", ").push_value(port.internal).push(")");
        }
        self.execute(insert).await?;
        Ok(())
    }
}
