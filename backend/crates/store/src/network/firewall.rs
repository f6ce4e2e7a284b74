//! Everything that decides about packets, in a few statements.

use std::collections::{BTreeMap, BTreeSet};

use zun_domain::container::Protocol;
use zun_domain::firewall::Records;
use zun_domain::id::ContainerId;

use crate::error::Result;
use crate::sql::Statement;
use crate::tx::Reader;

impl Reader {
    /// The records that the rules of a host are made of. Ports that are bound to a container only. Read it in a
    /// transaction where no change may come between its statements.
    pub async fn firewall_records(&self) -> Result<Records> {
        Ok(Records {
            networks: self.network_list(None).await?,
            ports: self.ports_bound().await?,
            groups: self.security_group_list(None).await?,
            routers: self.router_list(None).await?,
            floating_ips: self.floating_ip_list(None).await?,
            published: self.ports_published().await?,
        })
    }

    /// The ports inside each container that are published on its host.
    async fn ports_published(&self) -> Result<BTreeMap<ContainerId, BTreeSet<(Protocol, u16)>>> {
        let select = Statement::new(
            "host_ports",
            "SELECT DISTINCT container_id, protocol, internal FROM host_ports",
        );
        let mut published: BTreeMap<ContainerId, BTreeSet<(Protocol, u16)>> = BTreeMap::new();
        for row in self.rows(select).await? {
            let ports = published.entry(row.word("container_id")?).or_default();
            ports.insert((row.word("protocol")?, row.count("internal")?));
        }
        Ok(published)
    }
}
