//! The outside: which network it is, and which of its addresses are free.

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr};

use zun_domain::id::{NetworkId, ProjectId, SubnetId};
use zun_domain::network::{Network, NetworkKind, Subnet};
use zun_store::Tx;

use crate::context::Inner;
use crate::error::{Error, NetworkRule, Result};

impl Inner {
    /// The external network that `field` names; another network that `project` has is refused.
    pub(super) async fn external_network(
        &self,
        tx: &Tx,
        project: ProjectId,
        field: &str,
        id: NetworkId,
    ) -> Result<Network> {
        let found = tx.network_find(id).await?;
        let visible = found
            .filter(|network| network.kind == NetworkKind::External || network.project == project);
        let network = visible.ok_or_else(|| Error::not_found("network", id))?;
        if network.kind == NetworkKind::External {
            return Ok(network);
        }
        let external = tx.network_find_external().await?;
        Err(Error::invalid(
            field,
            match external {
                Some(external) => format!(
                    "network {id} is not an external network; {} is: {}",
                    external.name, external.id
                ),
                None => {
                    format!("network {id} is not an external network, and this deployment has none")
                }
            },
        ))
    }

    /// A free address of the outside: the one that is wanted, else the lowest.
    pub(super) async fn external_address(
        &self,
        tx: &Tx,
        subnet: &Subnet,
        field: &str,
        wanted: Option<Ipv4Addr>,
    ) -> Result<Ipv4Addr> {
        let taken = tx.external_addresses_taken().await?;
        let taken: BTreeSet<IpAddr> = taken.into_iter().map(IpAddr::V4).collect();
        let Some(wanted) = wanted else {
            let free = match subnet.free_address(&taken) {
                Some(IpAddr::V4(free)) => Some(free),
                Some(IpAddr::V6(_)) | None => None,
            };
            return free.ok_or_else(|| {
                NetworkRule::ExternalIpAddressExhausted.because(format!(
                    "every address of the external range ({}) is in use; release a floating IP or the gateway of a \
                     router, or widen network.external in zund's configuration",
                    ranges(subnet)
                ))
            });
        };
        let address = IpAddr::V4(wanted);
        let inside = subnet
            .allocation_pools
            .iter()
            .any(|range| range.contains(address));
        if !inside || !subnet.may_hold(address) {
            return Err(Error::invalid(
                field,
                format!(
                    "{wanted} is no address of the external range; one of {} is expected",
                    ranges(subnet)
                ),
            ));
        }
        if taken.contains(&address) {
            return Err(NetworkRule::IpAddressInUse.because(format!(
                "{field}: {wanted} is in use by a floating IP or a router; choose another, or leave it out to have one \
                 picked"
            )));
        }
        Ok(wanted)
    }
}

/// The range of the outside, and that it is the subnet which was asked for.
pub(super) fn external_range<'a>(
    network: &'a Network,
    field: &str,
    asked: Option<SubnetId>,
) -> Result<Option<&'a Subnet>> {
    let range = network.v4();
    match asked {
        Some(id) if range.is_none_or(|subnet| subnet.id != id) => Err(Error::invalid(
            field,
            match range {
                Some(subnet) => format!(
                    "{id} is no subnet of the external network; it has {}",
                    subnet.id
                ),
                None => format!(
                    "{id} is no subnet of the external network, which has none: network.external is not set in zund's configuration"
                ),
            },
        )),
        _ => Ok(range),
    }
}

fn ranges(subnet: &Subnet) -> String {
    let pools = subnet.allocation_pools.iter();
    let all: Vec<String> = pools
        .map(|range| format!("{}-{}", range.start, range.end))
        .collect();
    all.join(", ")
}
