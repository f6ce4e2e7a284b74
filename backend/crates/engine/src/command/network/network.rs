//! Networks: made, described, deleted. Their subnets are `subnet`'s.

use zun_domain::id::{NetworkId, ProjectId};
use zun_domain::network::{DEFAULT_MTU, Network, NetworkKind};

use super::named::called;
use super::shape::{Engines, check_unused, listed, refuse_outside};
use crate::call::Call;
use crate::context::Engine;
use crate::error::{Error, NetworkRule, Result};

/// A network to be made.
#[derive(Debug, Clone)]
pub struct CreateNetwork {
    /// Its owner.
    pub project: ProjectId,
    /// Name; not unique, may be empty.
    pub name: String,
    /// Description; may be empty.
    pub description: String,
    /// Nothing passes on it while this is false.
    pub admin_state_up: bool,
    /// Bytes of its packets; [`DEFAULT_MTU`] where none is given.
    pub mtu: Option<u16>,
}

/// What changes about a network. `None` leaves as it is.
#[derive(Debug, Clone, Default)]
pub struct UpdateNetwork {
    /// New name.
    pub name: Option<String>,
    /// New description.
    pub description: Option<String>,
    /// Whether anything passes on it.
    pub admin_state_up: Option<bool>,
    /// New size of its packets; only while no port is on it.
    pub mtu: Option<u16>,
}

/// Bytes of a packet, at least (RFC 791), and where there is IPv6 (RFC 8200).
const LEAST_MTU: u16 = 68;
pub(super) const LEAST_MTU_V6: u16 = 1280;

impl Engine {
    /// Makes a network without subnets. The engine gets it with the first container on it.
    pub async fn network_create(&self, ask: CreateNetwork) -> Result<Network> {
        let mtu = ask.mtu.unwrap_or(DEFAULT_MTU);
        check_mtu(mtu, false)?;
        let mut network = self.new_network(ask.project, &ask.name, NetworkKind::Own);
        network.description = ask.description;
        network.admin_state_up = ask.admin_state_up;
        network.mtu = mtu;
        let mut tx = self.store.begin().await?;
        tx.network_insert(&network).await?;
        tx.commit().await?;
        Ok(network)
    }

    /// Changes a network; what passes on it follows at once.
    pub async fn network_update(
        &self,
        call: &Call,
        id: NetworkId,
        ask: UpdateNetwork,
    ) -> Result<Network> {
        let engines = match ask.mtu {
            Some(_) => self.engines().await,
            None => Engines::default(),
        };
        let mut tx = self.store.begin().await?;
        tx.admission_lock().await?;
        let mut network = call.network(&tx, id).await?;
        refuse_outside(&network)?;
        if let Some(name) = ask.name {
            network.name = name;
        }
        if let Some(description) = ask.description {
            network.description = description;
        }
        let was_up = network.admin_state_up;
        if let Some(up) = ask.admin_state_up {
            network.admin_state_up = up;
        }
        let mut left = Vec::new();
        if let Some(mtu) = ask.mtu.filter(|mtu| *mtu != network.mtu) {
            check_mtu(mtu, network.v6().is_some())?;
            check_unused(&tx, &network, "mtu").await?;
            left = self.retire(&mut tx, &mut network, &engines).await?;
            network.mtu = mtu;
            self.take_over(&mut tx, &mut network).await?;
        }
        network.updated_at = Some(self.clock.now());
        tx.network_update(&network).await?;
        tx.commit().await?;
        self.give_up(left).await;
        if network.admin_state_up != was_up {
            self.guard_soon().await;
        }
        Ok(network)
    }

    /// Deletes a network without ports, its subnets with it. The engine may keep it for a while; the caller need not
    /// care.
    pub async fn network_delete(&self, call: &Call, id: NetworkId) -> Result<()> {
        let engines = self.engines().await;
        let mut tx = self.store.begin().await?;
        tx.admission_lock().await?;
        let mut network = call.network(&tx, id).await?;
        refuse_outside(&network)?;
        if network.kind == NetworkKind::Default {
            return Err(Error::Conflict(format!(
                "the network {} is the default one of its project, which each project has: it cannot be deleted",
                called(&network)
            )));
        }
        let ports = tx.ports_on(id).await?;
        if !ports.is_empty() {
            return Err(NetworkRule::NetworkInUse.because(format!(
                "network {id} is in use: {} ports are on it ({}); delete them, or the containers and interfaces of \
                 routers that have them, first",
                ports.len(),
                listed(&ports)
            )));
        }
        let left = self.retire(&mut tx, &mut network, &engines).await?;
        tx.network_delete(id).await?;
        tx.commit().await?;
        self.give_up(left).await;
        self.guard_soon().await;
        Ok(())
    }
}

pub(super) fn check_mtu(mtu: u16, has_v6: bool) -> Result<()> {
    let (least, why) = if has_v6 {
        (LEAST_MTU_V6, " where there is an IPv6 subnet")
    } else {
        (LEAST_MTU, "")
    };
    if mtu >= least {
        return Ok(());
    }
    Err(Error::invalid(
        "mtu",
        format!("{mtu} is below the least, {least}{why}; up to 65535 are accepted"),
    ))
}
