//! Ports that users make: an address on a network, kept until it is deleted. A container is bound to one by naming it
//! (`wiring`).

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr};

use zun_domain::id::{NetworkId, PortId, ProjectId, SecurityGroupId, SubnetId};
use zun_domain::network::{FixedIp, Network, Port, Subnet};
use zun_domain::policy::Denied;
use zun_store::Tx;

use super::mac::{check_mac, derived_mac, parse_mac};
use super::named::called;
use super::shape::refuse_outside;
use crate::call::Call;
use crate::context::{Engine, Inner};
use crate::error::{Error, NetworkRule, Result};
use crate::query::PortView;

/// An address that is asked for: a subnet, an address, or both.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AskFixedIp {
    /// The subnet; the one that the address is in where none is given.
    pub subnet: Option<SubnetId>,
    /// The address; a free one where none is given.
    pub ip: Option<IpAddr>,
}

/// A port to be made.
#[derive(Debug, Clone)]
pub struct CreatePort {
    /// Its owner; that of the network where none is given.
    pub project: Option<ProjectId>,
    /// The network.
    pub network: NetworkId,
    /// Name; not unique, may be empty.
    pub name: String,
    /// Description; may be empty.
    pub description: String,
    /// Nothing passes through it while this is false.
    pub admin_state_up: bool,
    /// Its MAC; derived from its address where none is given.
    pub mac: Option<String>,
    /// Its addresses. Of each subnet of the network that is not among them it gets a free one.
    pub fixed_ips: Vec<AskFixedIp>,
    /// Its groups; the default one where none are given.
    pub security_groups: Option<BTreeSet<SecurityGroupId>>,
    /// What has it, in the user's words.
    pub device_id: String,
    /// What kind of thing that is, in the user's words.
    pub device_owner: String,
}

/// What changes about a port. `None` leaves as it is.
#[derive(Debug, Clone, Default)]
pub struct UpdatePort {
    /// New name.
    pub name: Option<String>,
    /// New description.
    pub description: Option<String>,
    /// Whether anything passes through it.
    pub admin_state_up: Option<bool>,
    /// Other addresses; only while no container has it.
    pub fixed_ips: Option<Vec<AskFixedIp>>,
    /// Other groups, in force at once.
    pub security_groups: Option<BTreeSet<SecurityGroupId>>,
    /// What has it, in the user's words.
    pub device_id: Option<String>,
    /// What kind of thing that is, in the user's words.
    pub device_owner: Option<String>,
}

const ADDRESSES: &str = "fixed_ips";

impl Engine {
    /// Makes a port.
    pub async fn port_create(&self, call: &Call, ask: CreatePort) -> Result<PortView> {
        check_owner("create_port:device_owner", &ask.device_owner)?;
        let mac = ask.mac.as_deref().map(parse_mac).transpose()?;
        let mut tx = self.store.begin().await?;
        tx.admission_lock().await?;
        let network = call.network(&tx, ask.network).await?;
        refuse_outside(&network)?;
        check_project(&network, ask.project)?;
        let fixed_ips = self
            .fixed_ips(&tx, &network, &ask.fixed_ips, &BTreeSet::new())
            .await?;
        let derived = derived_mac(&fixed_ips);
        let mac = mac.unwrap_or_else(|| derived.clone());
        check_mac(&tx, &network, &mac, &derived).await?;
        let groups_chosen = ask.security_groups.is_some();
        let security_groups = self
            .groups_of(&mut tx, network.project, ask.security_groups)
            .await?;
        let port = Port {
            id: PortId(self.ids.uuid()),
            network: network.id,
            project: network.project,
            name: ask.name,
            description: ask.description,
            admin_state_up: ask.admin_state_up,
            mac,
            fixed_ips,
            security_groups,
            groups_chosen,
            container: None,
            position: 0,
            preserve: true,
            device_id: ask.device_id,
            device_owner: ask.device_owner,
            created_at: self.clock.now(),
            updated_at: None,
        };
        tx.port_insert(&port).await?;
        tx.commit().await?;
        self.port_view(port).await
    }

    /// Changes a port; what passes through it follows at once.
    pub async fn port_update(&self, call: &Call, id: PortId, ask: UpdatePort) -> Result<PortView> {
        let mut tx = self.store.begin().await?;
        tx.admission_lock().await?;
        let mut port = call.port(&tx, id).await?;
        refuse_routers(&port, "change")?;
        if let Some(name) = ask.name {
            port.name = name;
        }
        if let Some(description) = ask.description {
            port.description = description;
        }
        if let Some(up) = ask.admin_state_up {
            port.admin_state_up = up;
        }
        redevice(&mut port, ask.device_id, ask.device_owner)?;
        if let Some(asked) = ask.fixed_ips {
            self.readdress(&tx, &mut port, &asked).await?;
        }
        if ask.security_groups.is_some() {
            let groups = ask.security_groups;
            port.security_groups = self.groups_of(&mut tx, port.project, groups).await?;
            port.groups_chosen = true;
        }
        port.updated_at = Some(self.clock.now());
        tx.port_update(&port).await?;
        tx.commit().await?;
        self.guard_soon().await;
        self.port_view(port).await
    }

    /// Deletes a port that nothing has; a floating IP of it stands for nothing then.
    pub async fn port_delete(&self, call: &Call, id: PortId) -> Result<()> {
        let mut tx = self.store.begin().await?;
        tx.admission_lock().await?;
        let port = call.port(&tx, id).await?;
        refuse_routers(&port, "delete")?;
        if let Some(holder) = port.container {
            let name = match tx.container_find(holder).await? {
                Some(container) => container.desired.name.to_string(),
                None => String::new(),
            };
            return Err(NetworkRule::PortInUse.because(format!(
                "cannot delete port {id}: container {name} ({holder}) has it; take it out of that container's networks, or \
                 delete the container, first"
            )));
        }
        tx.port_delete(id).await?;
        tx.commit().await?;
        self.guard_soon().await;
        Ok(())
    }
}

impl Inner {
    /// The groups that are asked for, each one of the project's; the default one where none are.
    async fn groups_of(
        &self,
        tx: &mut Tx,
        project: ProjectId,
        asked: Option<BTreeSet<SecurityGroupId>>,
    ) -> Result<BTreeSet<SecurityGroupId>> {
        let Some(asked) = asked else {
            let default = self.default_group(tx, project).await?;
            return Ok(BTreeSet::from([default.id]));
        };
        for id in &asked {
            let found = tx.security_group_find(*id).await?;
            if found.is_none_or(|group| group.project != project) {
                return Err(Error::not_found("security group", id));
            }
        }
        Ok(asked)
    }

    /// Gives a port that no container has other addresses. A MAC that was derived from one follows.
    async fn readdress(&self, tx: &Tx, port: &mut Port, asked: &[AskFixedIp]) -> Result<()> {
        let network = tx.network_get(port.network).await?;
        let own: BTreeSet<IpAddr> = port.fixed_ips.iter().map(|fixed| fixed.ip).collect();
        // What is not asked for anew stays as it is.
        let kept = network.subnets.iter().filter_map(|subnet| {
            let named = |ask: &AskFixedIp| match (ask.subnet, ask.ip) {
                (Some(id), _) => id == subnet.id,
                (None, Some(ip)) => subnet.cidr.contains(&ip),
                (None, None) => false,
            };
            let fixed = port
                .fixed_ips
                .iter()
                .find(|fixed| fixed.subnet == subnet.id)?;
            (!asked.iter().any(named)).then_some(AskFixedIp {
                subnet: Some(subnet.id),
                ip: Some(fixed.ip),
            })
        });
        let asked: Vec<AskFixedIp> = asked.iter().copied().chain(kept).collect();
        // A subnet without an address keeps the one it has.
        let asked: Vec<AskFixedIp> = asked
            .into_iter()
            .map(|ask| same_where_open(ask, port))
            .collect();
        let fixed_ips = self.fixed_ips(tx, &network, &asked, &own).await?;
        if fixed_ips == port.fixed_ips {
            return Ok(());
        }
        if let Some(holder) = port.container {
            return Err(NetworkRule::PortInUse.because(format!(
                "{ADDRESSES}: container {holder} has port {}, and an engine changes no address of a container; take the port \
                 out of its networks first",
                port.id
            )));
        }
        let floating = tx.floating_ip_list(Some(port.project)).await?;
        let lost = |ip: Ipv4Addr| !fixed_ips.iter().any(|fixed| fixed.ip == IpAddr::V4(ip));
        let stands = floating
            .iter()
            .find(|one| one.port == Some(port.id) && one.fixed_ip.is_some_and(lost));
        if let Some(one) = stands {
            return Err(NetworkRule::PortInUse.because(format!(
                "{ADDRESSES}: floating IP {} ({}) stands for the address that port {} has; disassociate it first",
                one.address, one.id, port.id
            )));
        }
        let derived = derived_mac(&fixed_ips);
        if !port.has_own_mac() {
            check_mac(tx, &network, &derived, &derived).await?;
            port.mac = derived;
        }
        port.fixed_ips = fixed_ips;
        Ok(())
    }

    /// One address of each subnet of the network: those that are asked for, and free ones. `own` are those that the
    /// port has itself.
    async fn fixed_ips(
        &self,
        tx: &Tx,
        network: &Network,
        asked: &[AskFixedIp],
        own: &BTreeSet<IpAddr>,
    ) -> Result<Vec<FixedIp>> {
        if network.v4().is_none() {
            return Err(Error::Conflict(format!(
                "the network {} has no IPv4 subnet yet, and a port has an address of one: add it first",
                called(network)
            )));
        }
        let mut taken = tx.addresses_taken(network.id).await?;
        taken.retain(|ip| !own.contains(ip));
        let mut wanted: Vec<(SubnetId, Option<IpAddr>)> = Vec::new();
        for ask in asked {
            let subnet = subnet_of(network, *ask)?;
            if wanted.iter().any(|(other, _)| *other == subnet.id) {
                return Err(Error::invalid(
                    ADDRESSES,
                    format!(
                        "the subnet {} ({}) is named twice; a port has one address of each subnet",
                        subnet.cidr, subnet.id
                    ),
                ));
            }
            wanted.push((subnet.id, ask.ip));
        }
        let mut fixed_ips = Vec::new();
        for subnet in &network.subnets {
            let asked = wanted.iter().find(|(id, _)| *id == subnet.id);
            let ip = match asked.and_then(|(_, ip)| *ip) {
                Some(ip) => wanted_address(subnet, ip, &taken)?,
                None => free_address(subnet, &taken)?,
            };
            let subnet = subnet.id;
            fixed_ips.push(FixedIp { subnet, ip });
        }
        Ok(fixed_ips)
    }
}

fn same_where_open(ask: AskFixedIp, port: &Port) -> AskFixedIp {
    let held = port
        .fixed_ips
        .iter()
        .find(|fixed| Some(fixed.subnet) == ask.subnet);
    AskFixedIp {
        subnet: ask.subnet,
        ip: ask.ip.or(held.map(|fixed| fixed.ip)),
    }
}

/// The subnet of the network that is meant.
fn subnet_of(network: &Network, ask: AskFixedIp) -> Result<&Subnet> {
    let prefixes = || {
        let all: Vec<String> = network
            .subnets
            .iter()
            .map(|subnet| format!("{} ({})", subnet.cidr, subnet.id))
            .collect();
        all.join(", ")
    };
    let absent = |what: String| {
        Error::invalid(
            ADDRESSES,
            format!(
                "{what} the network {}, which has {}",
                called(network),
                prefixes()
            ),
        )
    };
    match (ask.subnet, ask.ip) {
        (Some(id), ip) => {
            let found = network.subnets.iter().find(|subnet| subnet.id == id);
            let subnet = found.ok_or_else(|| absent(format!("{id} is no subnet of")))?;
            match ip.filter(|ip| !subnet.cidr.contains(ip)) {
                None => Ok(subnet),
                Some(ip) => Err(Error::invalid(
                    ADDRESSES,
                    format!("{ip} is not in the subnet {} ({id})", subnet.cidr),
                )),
            }
        }
        (None, Some(ip)) => network
            .subnet_of(ip)
            .ok_or_else(|| absent(format!("{ip} is in no subnet of"))),
        (None, None) => Err(Error::invalid(
            ADDRESSES,
            "an entry names neither a subnet_id nor an ip_address; give one of them, or both",
        )),
    }
}

fn wanted_address(subnet: &Subnet, ip: IpAddr, taken: &BTreeSet<IpAddr>) -> Result<IpAddr> {
    if !subnet.may_hold(ip) {
        return Err(Error::invalid(
            ADDRESSES,
            format!(
                "{ip} cannot be given to a port on the subnet {}: it is the network's, the broadcast or the gateway's ({}) \
                 address",
                subnet.cidr, subnet.gateway
            ),
        ));
    }
    if taken.contains(&ip) {
        return Err(NetworkRule::IpAddressAlreadyAllocated.because(format!(
            "{ADDRESSES}: another port has the address {ip} of the subnet {} ({}); choose another one, or leave it out to \
             have one chosen",
            subnet.cidr, subnet.id
        )));
    }
    Ok(ip)
}

fn free_address(subnet: &Subnet, taken: &BTreeSet<IpAddr>) -> Result<IpAddr> {
    subnet.free_address(taken).ok_or_else(|| {
        NetworkRule::IpAddressGenerationFailure.because(format!(
            "every address of the subnet {} ({}) is in use; delete a port on it, or widen its allocation_pools",
            subnet.cidr, subnet.id
        ))
    })
}

/// The port belongs to whom the network belongs.
fn check_project(network: &Network, asked: Option<ProjectId>) -> Result<()> {
    match asked.filter(|asked| *asked != network.project) {
        None => Ok(()),
        Some(asked) => Err(Error::invalid(
            "project_id",
            format!(
                "{} is not the owner of the network {}; its ports belong to {}, so leave it out",
                asked.0.simple(),
                called(network),
                network.project.0.simple()
            ),
        )),
    }
}

/// Some owners are not a user's words: what they say is decided here.
fn check_owner(rule: &'static str, owner: &str) -> Result<()> {
    if !owner.starts_with("network:") && !owner.starts_with("compute:") {
        return Ok(());
    }
    Err(Error::Denied(Denied {
        rule,
        takes: "a part of zund, which alone writes owners that begin with network: or compute:",
    }))
}

fn redevice(port: &mut Port, id: Option<String>, owner: Option<String>) -> Result<()> {
    if let Some(owner) = &owner
        && *owner != port.device_owner
    {
        check_owner("update_port:device_owner", owner)?;
    }
    if let Some(holder) = port.container.filter(|_| id.is_some() || owner.is_some()) {
        return Err(NetworkRule::PortInUse.because(format!(
            "device_id: container {holder} has port {}, so what has it is not a user's to say; leave device_id and \
             device_owner out",
            port.id
        )));
    }
    if let Some(id) = id {
        port.device_id = id;
    }
    if let Some(owner) = owner {
        port.device_owner = owner;
    }
    Ok(())
}

fn refuse_routers(port: &Port, verb: &str) -> Result<()> {
    if !port.is_routers() {
        return Ok(());
    }
    Err(NetworkRule::ServicePortInUse.because(format!(
        "cannot {verb} port {}: it is an interface of router {}; remove that interface from the router instead",
        port.id, port.device_id
    )))
}
