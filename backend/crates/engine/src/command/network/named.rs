//! What a container's networks, ports and groups are called by: an id, or a name within the project.

use zun_domain::id::{PortId, ProjectId, SecurityGroupId};
use zun_domain::network::security_group::DEFAULT_GROUP;
use zun_domain::network::{Network, NetworkKind, Port};
use zun_store::Tx;

use super::default::DEFAULT_NETWORK;
use crate::context::Inner;
use crate::error::{Error, Result};

impl Inner {
    /// A security group of the project by id or name. The default one is there when it is first named.
    pub(crate) async fn group_named(
        &self,
        tx: &mut Tx,
        project: ProjectId,
        ident: &str,
    ) -> Result<SecurityGroupId> {
        if let Ok(id) = ident.parse::<SecurityGroupId>()
            && let Some(group) = tx.security_group_find(id).await?
            && group.project == project
        {
            return Ok(id);
        }
        if ident == DEFAULT_GROUP {
            return Ok(self.default_group(tx, project).await?.id);
        }
        let named = tx.security_groups_named(project, ident).await?;
        match named.as_slice() {
            [group] => Ok(group.id),
            [] => Err(Error::invalid(
                "security_groups",
                format!("no security group {ident:?} in this project; name one by its id or name"),
            )),
            several => Err(Error::Ambiguous {
                what: "security group",
                name: ident.to_owned(),
                count: several.len(),
            }),
        }
    }

    /// A network of the project by id or name. The default one is there when it is first named.
    pub(super) async fn network_named(
        &self,
        tx: &mut Tx,
        project: ProjectId,
        ident: &str,
        in_use: &[ipnet::IpNet],
    ) -> Result<Network> {
        if let Ok(id) = ident.parse()
            && let Some(network) = tx.network_find(id).await?
        {
            if network.kind == NetworkKind::External {
                return Err(Error::invalid(
                    "networks.network",
                    format!(
                        "{ident:?} is the outside; connect the container to a network of the project, and give it a floating IP"
                    ),
                ));
            }
            if network.project == project {
                return Ok(network);
            }
        }
        let mut named = tx.networks_named(project, ident).await?;
        named.retain(|network| network.kind != NetworkKind::External);
        match named.len() {
            0 if ident == DEFAULT_NETWORK => self.default_network(tx, project, in_use).await,
            0 => Err(Error::invalid(
                "networks.network",
                format!("no network {ident:?} in this project; name one by its id or name"),
            )),
            1 => Ok(named.remove(0)),
            count => Err(Error::Ambiguous {
                what: "network",
                name: ident.to_owned(),
                count,
            }),
        }
    }
}

/// A port of the project by id or name.
pub(super) async fn port_named(tx: &Tx, project: ProjectId, ident: &str) -> Result<Port> {
    if let Ok(id) = ident.parse::<PortId>()
        && let Some(port) = tx.port_find(id).await?
        && port.project == project
    {
        return Ok(port);
    }
    let mut named = tx.ports_named(project, ident).await?;
    match named.len() {
        0 => Err(Error::invalid(
            "networks.port",
            format!("no port {ident:?} in this project; name one by its id or name"),
        )),
        1 => Ok(named.remove(0)),
        count => Err(Error::Ambiguous {
            what: "port",
            name: ident.to_owned(),
            count,
        }),
    }
}

/// A network as people call it.
pub(crate) fn called(network: &Network) -> String {
    if network.name.is_empty() {
        network.id.to_string()
    } else {
        format!("{} ({})", network.name, network.id)
    }
}
