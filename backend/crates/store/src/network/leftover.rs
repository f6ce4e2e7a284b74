//! Networks that have no record any more and may still be in the engine of a host, which does not give up each one
//! at once.

use std::collections::BTreeSet;
use std::net::IpAddr;

use ipnet::IpNet;
use zun_domain::id::HostId;

use crate::error::{Error, Result};
use crate::sql::{Row, Statement, words};
use crate::tx::{Reader, Tx};

const TABLE: &str = "leftover_networks";

/// A network in an engine that is to be removed, or taken over by one that is the same.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeftoverNetwork {
    /// Where.
    pub host: HostId,
    /// Its name in the engine.
    pub runtime_name: String,
    /// Its prefixes.
    pub subnets: Vec<IpNet>,
    /// The bridge's address in each, in the same order.
    pub gateways: Vec<IpAddr>,
    /// Bytes of its packets, at most.
    pub mtu: u16,
    /// The engine leaves the addresses of what goes outside alone.
    pub routed: bool,
}

fn leftover(row: &Row) -> Result<LeftoverNetwork> {
    Ok(LeftoverNetwork {
        host: row.word("host_id")?,
        runtime_name: row.get("runtime_name")?,
        subnets: row.words("subnets")?,
        gateways: row.words("gateways")?,
        mtu: row.count("mtu")?,
        routed: row.get("routed")?,
    })
}

impl Reader {
    /// What may be left on a host, in order of insertion.
    pub async fn leftover_network_list(&self, host: HostId) -> Result<Vec<LeftoverNetwork>> {
        let select = Statement::new(
            TABLE,
            "SELECT * FROM leftover_networks WHERE host_id = $1 ORDER BY seq",
        );
        let rows = self.rows(select.bind(host)).await?;
        rows.iter().map(leftover).collect()
    }

    /// One that is the same as a network with exactly these subnets, whatever its gateways.
    pub async fn leftover_network_find(
        &self,
        subnets: &[IpNet],
        mtu: u16,
        routed: bool,
    ) -> Result<Option<LeftoverNetwork>> {
        let select = Statement::new(
            TABLE,
            "SELECT * FROM leftover_networks WHERE mtu = $1 AND routed = $2 ORDER BY seq",
        );
        let wanted: BTreeSet<&IpNet> = subnets.iter().collect();
        for row in self.rows(select.bind(mtu).bind(routed)).await? {
            let left = leftover(&row)?;
            if left.subnets.iter().collect::<BTreeSet<_>>() == wanted {
                return Ok(Some(left));
            }
        }
        Ok(None)
    }
}

impl Tx {
    /// Notes one. What was noted of the same name is replaced.
    pub async fn leftover_network_insert(&mut self, left: &LeftoverNetwork) -> Result<()> {
        let insert = Statement::new(
            TABLE,
            "INSERT INTO leftover_networks (host_id, runtime_name, subnets, gateways, mtu, routed) \
             VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (host_id, runtime_name) DO UPDATE SET \
             subnets = excluded.subnets, gateways = excluded.gateways, mtu = excluded.mtu, \
             routed = excluded.routed",
        )
        .bind(left.host)
        .bind(left.runtime_name.as_str())
        .bind(words(&left.subnets))
        .bind(words(&left.gateways))
        .bind(left.mtu)
        .bind(left.routed);
        self.execute(insert).await?;
        Ok(())
    }

    /// Forgets one: it is gone from the engine, or has been taken over.
    pub async fn leftover_network_delete(
        &mut self,
        host: HostId,
        runtime_name: &str,
    ) -> Result<()> {
        let delete = Statement::new(
            TABLE,
            "DELETE FROM leftover_networks WHERE host_id = $1 AND runtime_name = $2",
        );
        if self.touched(delete.bind(host).bind(runtime_name)).await? {
            Ok(())
        } else {
            Err(Error::not_found("leftover network", runtime_name))
        }
    }
}
