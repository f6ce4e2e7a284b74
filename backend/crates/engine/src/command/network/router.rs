//! Routers: made, changed while packets pass, deleted. Their interfaces are `router_interface`'s.

use std::net::Ipv4Addr;

use zun_domain::id::{NetworkId, ProjectId, RouterId, SubnetId};
use zun_domain::network::{FloatingIp, Gateway, Router};
use zun_store::Tx;

use super::external::external_range;
pub use super::router_interface::{Connected, InterfaceOf};
use crate::call::Call;
use crate::context::{Engine, Inner};
use crate::error::{Error, NetworkRule, Result};

/// A way to the outside that is asked for.
#[derive(Debug, Clone, Copy)]
pub struct AskGateway {
    /// The external network.
    pub network: NetworkId,
    /// What goes out gets the router's address.
    pub enable_snat: bool,
    /// The subnet its address is to be on.
    pub subnet: Option<SubnetId>,
    /// Its address; the one it has, or a free one, where none is given.
    pub address: Option<Ipv4Addr>,
}

/// A router to be made.
#[derive(Debug, Clone)]
pub struct CreateRouter {
    /// Its owner.
    pub project: ProjectId,
    /// Name; not unique, may be empty.
    pub name: String,
    /// Description; may be empty.
    pub description: String,
    /// Nothing passes through it while this is false.
    pub admin_state_up: bool,
    /// Its way to the outside.
    pub gateway: Option<AskGateway>,
}

/// What becomes of a router's way to the outside.
#[derive(Debug, Clone, Copy, Default)]
pub enum GatewayChange {
    /// It stays as it is.
    #[default]
    Keep,
    /// There is none any more.
    Clear,
    /// This one.
    Set(AskGateway),
}

/// What changes about a router. `None` leaves as it is.
#[derive(Debug, Clone, Default)]
pub struct UpdateRouter {
    /// New name.
    pub name: Option<String>,
    /// New description.
    pub description: Option<String>,
    /// Whether anything passes through it.
    pub admin_state_up: Option<bool>,
    /// What becomes of its way to the outside.
    pub gateway: GatewayChange,
}

/// The field that names the gateway's network.
const NETWORK: &str = "external_gateway_info.network_id";
/// The field that names its addresses.
const ADDRESSES: &str = "external_gateway_info.external_fixed_ips";

impl Engine {
    /// Makes a router without interfaces.
    pub async fn router_create(&self, ask: CreateRouter) -> Result<Router> {
        let mut tx = self.store.begin().await?;
        tx.admission_lock().await?;
        let gateway = match ask.gateway {
            None => None,
            Some(asked) => Some(self.decide_gateway(&tx, ask.project, asked, None).await?),
        };
        let router = Router {
            id: RouterId(self.ids.uuid()),
            project: ask.project,
            name: ask.name,
            description: ask.description,
            admin_state_up: ask.admin_state_up,
            gateway,
            interfaces: Vec::new(),
            created_at: self.clock.now(),
            updated_at: None,
        };
        tx.router_insert(&router).await?;
        tx.commit().await?;
        self.guard().await;
        Ok(router)
    }

    /// Changes a router; what passes through it follows at once.
    pub async fn router_update(
        &self,
        call: &Call,
        id: RouterId,
        ask: UpdateRouter,
    ) -> Result<Router> {
        let mut tx = self.store.begin().await?;
        tx.admission_lock().await?;
        let mut router = call.router(&tx, id).await?;
        if let Some(name) = ask.name {
            router.name = name;
        }
        if let Some(description) = ask.description {
            router.description = description;
        }
        if let Some(up) = ask.admin_state_up {
            router.admin_state_up = up;
        }
        router.gateway = match ask.gateway {
            GatewayChange::Keep => router.gateway,
            GatewayChange::Clear => None,
            GatewayChange::Set(asked) => Some(
                self.decide_gateway(&tx, router.project, asked, router.gateway)
                    .await?,
            ),
        };
        if router.gateway.is_none()
            && let Some(floating) = floating_through(&tx, &router).await?.first()
        {
            return Err(
                NetworkRule::RouterExternalGatewayInUseByFloatingIp.because(format!(
                    "external_gateway_info: router {id} needs its gateway for floating IP {} ({}); disassociate that first",
                    floating.address, floating.id
                )),
            );
        }
        router.updated_at = Some(self.clock.now());
        tx.router_update(&router).await?;
        tx.commit().await?;
        self.guard().await;
        Ok(router)
    }

    /// Deletes a router without interfaces; its address of the outside is free again.
    pub async fn router_delete(&self, call: &Call, id: RouterId) -> Result<()> {
        let mut tx = self.store.begin().await?;
        tx.admission_lock().await?;
        let router = call.router(&tx, id).await?;
        if let Some(floating) = floating_through(&tx, &router).await?.first() {
            return Err(NetworkRule::RouterInUse.because(format!(
                "router {id} is in use: floating IP {} ({}) is reached through it; disassociate that first",
                floating.address, floating.id
            )));
        }
        if let Some(interface) = router.interfaces.first() {
            return Err(NetworkRule::RouterInUse.because(format!(
                "router {id} is in use: it has {} interfaces, one of them on subnet {}; remove them first",
                router.interfaces.len(),
                interface.subnet
            )));
        }
        tx.router_delete(id).await?;
        tx.commit().await?;
        self.guard().await;
        Ok(())
    }
}

/// The floating IPs that are reached through a router.
pub(super) async fn floating_through(tx: &Tx, router: &Router) -> Result<Vec<FloatingIp>> {
    let mut all = tx.floating_ip_list(Some(router.project)).await?;
    all.retain(|floating| floating.router == Some(router.id));
    Ok(all)
}

impl Inner {
    /// The gateway that is asked for. An address that it has already is kept.
    async fn decide_gateway(
        &self,
        tx: &Tx,
        project: ProjectId,
        ask: AskGateway,
        before: Option<Gateway>,
    ) -> Result<Gateway> {
        let network = self
            .external_network(tx, project, NETWORK, ask.network)
            .await?;
        let range = external_range(&network, ADDRESSES, ask.subnet)?;
        let before = before
            .filter(|before| before.network == network.id)
            .and_then(|before| before.address);
        let address = match (range, ask.address) {
            (None, Some(wanted)) => {
                return Err(Error::invalid(
                    ADDRESSES,
                    format!(
                        "{wanted} cannot be had: this deployment has no range of external addresses; leave it out and the \
                         router uses the host's own, or set network.external in zund's configuration"
                    ),
                ));
            }
            (None, None) => None,
            (Some(_), wanted) if before.is_some() && (wanted.is_none() || wanted == before) => {
                before
            }
            (Some(range), wanted) => {
                let address = self.external_address(tx, range, ADDRESSES, wanted).await?;
                Some(address)
            }
        };
        Ok(Gateway {
            network: network.id,
            enable_snat: ask.enable_snat,
            address,
        })
    }
}
