//! Which ports a container has: those it keeps, those that are made for it, those that a user made and it is bound
//! to. Everything is written with the acceptance of the operation; what its end finds unused is given back there.

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr};

use zun_domain::container::{Address, Container, ContainerSpec, Desired, NetworkSpec};
use zun_domain::id::{ContainerId, PortId, ProjectId, SecurityGroupId};
use zun_domain::network::{FixedIp, Network, Port, Subnet, mac_of};
use zun_domain::runtime::{Attachment, MakeNetwork};
use zun_store::Tx;

use super::named::{called, port_named};
use crate::context::Inner;
use crate::error::{Error, Result};

/// Whose ports are decided.
pub(crate) struct Wearer<'a> {
    pub(crate) id: ContainerId,
    pub(crate) project: ProjectId,
    /// The container as it is; `None` for a create.
    pub(crate) before: Option<&'a Container>,
}

impl Wearer<'_> {
    /// One that is not there yet.
    pub(crate) fn new(id: ContainerId, project: ProjectId) -> Self {
        Self {
            id,
            project,
            before: None,
        }
    }
}

/// What was decided.
#[derive(Debug, Clone)]
pub(crate) struct Wiring {
    /// Its ports, in order, as they will be.
    pub(crate) ports: Vec<Port>,
    /// The network of each.
    pub(crate) networks: Vec<Network>,
    /// The groups that the specification names.
    pub(crate) groups: Vec<SecurityGroupId>,
    /// A port it keeps gets other groups.
    pub(crate) regrouped: bool,
    /// Those that are new.
    fresh: BTreeSet<PortId>,
}

/// Groups of a port that is made, and whether somebody chose them.
struct Grouping {
    ids: BTreeSet<SecurityGroupId>,
    chosen: bool,
}

impl Wiring {
    /// Makes the new ports, binds the others.
    pub(crate) async fn write(&self, tx: &mut Tx) -> Result<()> {
        for port in &self.ports {
            if self.fresh.contains(&port.id) {
                tx.port_insert(port).await?;
            } else {
                tx.port_update(port).await?;
            }
        }
        Ok(())
    }

    /// The ids, in order.
    pub(crate) fn ids(&self) -> Vec<PortId> {
        self.ports.iter().map(|port| port.id).collect()
    }

    /// The addresses as a record shows them.
    pub(crate) fn addresses(&self) -> Vec<Address> {
        let of_port = |(port, network): (&Port, &Network)| {
            let (port, runtime) = (port.clone(), network.runtime_name.clone());
            let fixed_ips = port.fixed_ips.clone();
            fixed_ips.into_iter().map(move |fixed| Address {
                network: port.network,
                subnet: fixed.subnet,
                ip: fixed.ip,
                mac: port.mac.clone(),
                port: port.id,
                preserve: port.preserve,
                runtime_network: runtime.clone(),
                security_groups: port.security_groups.clone(),
            })
        };
        self.ports
            .iter()
            .zip(&self.networks)
            .flat_map(of_port)
            .collect()
    }

    /// How the container of this wish is connected.
    pub(crate) fn attachments(&self, desired: &Desired) -> Result<Vec<Attachment>> {
        let names = aliases(desired.name.as_str(), desired.hostname.as_str());
        self.ports
            .iter()
            .zip(&self.networks)
            .map(|(port, network)| attachment(port, &network.runtime_name, &names))
            .collect()
    }

    /// How the engine makes the networks.
    pub(crate) fn make(&self) -> Vec<MakeNetwork> {
        self.networks.iter().filter_map(Network::make).collect()
    }

    /// Name servers of all its subnets, each once.
    pub(crate) fn dns(&self) -> Vec<IpAddr> {
        let mut found: Vec<IpAddr> = Vec::new();
        let servers = self
            .networks
            .iter()
            .flat_map(|network| &network.subnets)
            .flat_map(|subnet| &subnet.dns_nameservers);
        for server in servers {
            if !found.contains(server) {
                found.push(*server);
            }
        }
        found
    }
}

/// How a port is connected, known on its network by `aliases`.
pub(crate) fn attachment(
    port: &Port,
    runtime_network: &str,
    aliases: &[String],
) -> Result<Attachment> {
    let ip = port
        .v4()
        .ok_or_else(|| Error::Internal(format!("port {} has no IPv4 address", port.id)))?;
    Ok(Attachment {
        network: runtime_network.to_owned(),
        ip,
        ipv6: port.v6(),
        mac: port.mac.clone(),
        aliases: aliases.to_vec(),
    })
}

/// The names by which a container is found: its own and its hostname.
pub(crate) fn aliases(name: &str, hostname: &str) -> Vec<String> {
    let mut names = vec![name.to_owned()];
    if hostname != name {
        names.push(hostname.to_owned());
    }
    names
}

impl Inner {
    /// Decides every port of a container. `in_use` are subnets that a network made now must not overlap.
    pub(crate) async fn decide_wiring(
        &self,
        tx: &mut Tx,
        wearer: &Wearer<'_>,
        spec: &ContainerSpec,
        in_use: &[ipnet::IpNet],
    ) -> Result<Wiring> {
        let groups = self.groups_named(tx, wearer.project, spec).await?;
        let grouping = self.grouping(tx, wearer.project, &groups).await?;
        let held = match wearer.before {
            Some(container) => held(tx, container).await?,
            None => Vec::new(),
        };
        let mut wiring = Wiring {
            ports: Vec::new(),
            networks: Vec::new(),
            groups,
            regrouped: false,
            fresh: BTreeSet::new(),
        };
        let default = [NetworkSpec::default()];
        let entries = match spec.networks() {
            [] => &default[..],
            entries => entries,
        };
        for entry in entries {
            let (port, network) = self.decide_port(tx, wearer, entry, &held, in_use).await?;
            if wiring.networks.iter().any(|other| other.id == network.id) {
                return Err(Error::invalid(
                    "networks",
                    format!(
                        "the network {} is listed twice; a container is on a network once",
                        called(&network)
                    ),
                ));
            }
            let kept = held.iter().any(|(before, _)| before.id == port.id);
            if port.has_own_mac() && !wiring.ports.is_empty() {
                return Err(Error::NetworkNotUsable(format!(
                    "port {} has the MAC {}, which an engine takes for the first port of a container only; put it first in \
                     networks",
                    port.id, port.mac
                )));
            }
            let (port, changed) = placed(port, wearer, &wiring, entry, &grouping, kept);
            wiring.regrouped |= changed;
            if !kept && entry.port.is_none() {
                wiring.fresh.insert(port.id);
            }
            wiring.ports.push(port);
            wiring.networks.push(network);
        }
        Ok(wiring)
    }

    /// The groups that a specification names, each by id or name.
    async fn groups_named(
        &self,
        tx: &mut Tx,
        project: ProjectId,
        spec: &ContainerSpec,
    ) -> Result<Vec<SecurityGroupId>> {
        let mut found: Vec<SecurityGroupId> = Vec::new();
        for ident in spec.security_groups.iter().flatten() {
            let id = self.group_named(tx, project, ident).await?;
            if !found.contains(&id) {
                found.push(id);
            }
        }
        Ok(found)
    }

    async fn grouping(
        &self,
        tx: &mut Tx,
        project: ProjectId,
        groups: &[SecurityGroupId],
    ) -> Result<Grouping> {
        if groups.is_empty() {
            let default = self.default_group(tx, project).await?;
            return Ok(Grouping {
                ids: BTreeSet::from([default.id]),
                chosen: false,
            });
        }
        Ok(Grouping {
            ids: groups.iter().copied().collect(),
            chosen: true,
        })
    }

    /// The port for one entry: one that it has, one that a user made, or a new one.
    async fn decide_port(
        &self,
        tx: &mut Tx,
        wearer: &Wearer<'_>,
        entry: &NetworkSpec,
        held: &[(Port, bool)],
        in_use: &[ipnet::IpNet],
    ) -> Result<(Port, Network)> {
        if let Some(ident) = &entry.port {
            let port = port_named(tx, wearer.project, ident).await?;
            let network = tx.network_get(port.network).await?;
            check_bindable(&port, wearer)?;
            return Ok((port, network));
        }
        let network = match &entry.network {
            Some(ident) => {
                self.network_named(tx, wearer.project, ident, in_use)
                    .await?
            }
            None => self.default_network(tx, wearer.project, in_use).await?,
        };
        if network.v4().is_none() {
            return Err(Error::NetworkNotUsable(format!(
                "the network {} has no IPv4 subnet yet: make one first",
                called(&network)
            )));
        }
        let fits = |port: &Port| {
            port.network == network.id
                && entry.fixed_ip.is_none_or(|ip| port.v4() == Some(ip))
                && entry.fixed_ip_v6.is_none_or(|ip| port.v6() == Some(ip))
        };
        let kept = held.iter().find(|(port, users)| !users && fits(port));
        let port = match kept {
            Some((port, _)) => port.clone(),
            None => self.new_port(tx, wearer.project, &network, entry).await?,
        };
        Ok((port, network))
    }

    /// A port on the network with free addresses, or those that were asked for.
    async fn new_port(
        &self,
        tx: &mut Tx,
        project: ProjectId,
        network: &Network,
        entry: &NetworkSpec,
    ) -> Result<Port> {
        let taken = tx.addresses_taken(network.id).await?;
        let asked = |subnet: &Subnet| match subnet.cidr {
            ipnet::IpNet::V4(_) => entry.fixed_ip.map(IpAddr::V4),
            ipnet::IpNet::V6(_) => entry.fixed_ip_v6.map(IpAddr::V6),
        };
        if entry.fixed_ip_v6.is_some() && network.v6().is_none() {
            return Err(Error::invalid(
                "networks.fixed_ip_v6",
                format!("the network {} has no IPv6 subnet", called(network)),
            ));
        }
        let mut fixed_ips = Vec::new();
        for subnet in &network.subnets {
            let ip = free_in(subnet, asked(subnet), &taken)?;
            let subnet = subnet.id;
            fixed_ips.push(FixedIp { subnet, ip });
        }
        let mut port = Port {
            id: PortId(self.ids.uuid()),
            network: network.id,
            project,
            name: String::new(),
            description: String::new(),
            admin_state_up: true,
            mac: String::new(),
            fixed_ips,
            security_groups: BTreeSet::new(),
            groups_chosen: false,
            container: None,
            position: 0,
            preserve: false,
            device_id: String::new(),
            device_owner: String::new(),
            created_at: self.clock.now(),
            updated_at: None,
        };
        port.mac = mac_of(port.v4().unwrap_or(Ipv4Addr::UNSPECIFIED));
        Ok(port)
    }
}

/// The ports in force, and whether a user made each: those that the wish in force names as ports.
async fn held(tx: &Tx, container: &Container) -> Result<Vec<(Port, bool)>> {
    let desired = &container.desired;
    let entries = desired.spec.networks();
    let mut held = Vec::new();
    for port in tx.ports_of(container.id).await? {
        let at = desired.ports.iter().position(|id| *id == port.id);
        let Some(at) = at.or(desired.ports.is_empty().then_some(0)) else {
            continue;
        };
        let users = entries.get(at).is_some_and(|entry| entry.port.is_some());
        held.push((port, users));
    }
    Ok(held)
}

/// How the container is connected by the wish in force.
pub(crate) async fn former_attachments(tx: &Tx, container: &Container) -> Result<Vec<Attachment>> {
    let desired = &container.desired;
    let names = aliases(desired.name.as_str(), desired.hostname.as_str());
    let mut former = Vec::new();
    for (port, _) in held(tx, container).await? {
        let network = tx.network_get(port.network).await?;
        former.push(attachment(&port, &network.runtime_name, &names)?);
    }
    Ok(former)
}

/// The port as this container's, and whether one that it had gets other groups. A user's own port keeps its groups.
fn placed(
    mut port: Port,
    wearer: &Wearer<'_>,
    wiring: &Wiring,
    entry: &NetworkSpec,
    grouping: &Grouping,
    kept: bool,
) -> (Port, bool) {
    port.container = Some(wearer.id);
    port.position = u32::try_from(wiring.ports.len()).unwrap_or(u32::MAX);
    if entry.port.is_some() {
        port.preserve = true;
        return (port, false);
    }
    port.preserve = entry.preserve_on_delete == Some(true);
    let named_before = wearer
        .before
        .is_some_and(|container| !container.desired.security_groups.is_empty());
    // Groups that nobody names are left as they are: they may have been chosen for the port itself.
    let asked = grouping.chosen || named_before || !kept;
    if !asked || (port.security_groups == grouping.ids && port.groups_chosen == grouping.chosen) {
        return (port, false);
    }
    port.security_groups.clone_from(&grouping.ids);
    port.groups_chosen = grouping.chosen;
    (port, kept)
}

/// Refuses a port that this container cannot have.
fn check_bindable(port: &Port, wearer: &Wearer<'_>) -> Result<()> {
    let refuse = |why: String| {
        Err(Error::NetworkNotUsable(format!(
            "cannot use port {}: {why}",
            port.id
        )))
    };
    match port.container {
        Some(holder) if holder == wearer.id => return Ok(()),
        Some(holder) => {
            return refuse(format!(
                "container {holder} has it; take it out there first, or use another port"
            ));
        }
        None => {}
    }
    if port.is_routers() {
        return refuse(
            "it belongs to a router; make a port of its own for the container".to_owned(),
        );
    }
    if port.v4().is_none() {
        return refuse("it has no IPv4 address, without which no engine connects it".to_owned());
    }
    if port.has_own_mac() && wearer.before.is_some() {
        return refuse(format!(
            "its MAC {} is not the one of its address, and an engine takes such a one only for the first port of a new \
             container; create the container with this port first in networks, or leave mac_address of the port out",
            port.mac
        ));
    }
    Ok(())
}

/// The address that was asked for where it is free, else the lowest free one.
pub(crate) fn free_in(
    subnet: &Subnet,
    asked: Option<IpAddr>,
    taken: &BTreeSet<IpAddr>,
) -> Result<IpAddr> {
    let Some(ip) = asked else {
        return subnet.free_address(taken).ok_or_else(|| {
            Error::NetworkNotUsable(format!(
                "every address of the subnet {} is in use; delete a port on it, or widen its allocation_pools",
                subnet.cidr
            ))
        });
    };
    if !subnet.may_hold(ip) {
        return Err(Error::invalid(
            "fixed_ip",
            format!(
                "{ip} cannot be given to a port on the subnet {}; use an address inside of it that is not the network's, the \
                 broadcast or the gateway's ({})",
                subnet.cidr, subnet.gateway
            ),
        ));
    }
    if taken.contains(&ip) {
        return Err(Error::NetworkNotUsable(format!(
            "the address {ip} of the subnet {} is in use; choose another one, or leave it out to have one chosen",
            subnet.cidr
        )));
    }
    Ok(ip)
}
