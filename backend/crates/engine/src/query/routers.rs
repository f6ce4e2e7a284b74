//! Routers and floating IPs that a caller can see.

use zun_domain::id::{FloatingIpId, RouterId};
use zun_domain::network::{FloatingIp, Router};
use zun_store::Reader;

use crate::call::Call;
use crate::context::Engine;
use crate::error::{Error, Result};

impl Call {
    /// A router that can be seen.
    pub(crate) async fn router(&self, reader: &Reader, id: RouterId) -> Result<Router> {
        let found = reader.router_find(id).await?;
        found
            .filter(|router| self.sees(router.project))
            .ok_or_else(|| Error::not_found("router", id))
    }

    /// A floating IP that can be seen.
    pub(crate) async fn floating_ip(
        &self,
        reader: &Reader,
        id: FloatingIpId,
    ) -> Result<FloatingIp> {
        let found = reader.floating_ip_find(id).await?;
        found
            .filter(|floating| self.sees(floating.project))
            .ok_or_else(|| Error::not_found("floating IP", id))
    }
}

impl Engine {
    /// A router that the caller can see.
    pub async fn router_get(&self, call: &Call, id: RouterId) -> Result<Router> {
        call.router(&self.store, id).await
    }

    /// Routers that the caller can see.
    pub async fn router_list(&self, call: &Call) -> Result<Vec<Router>> {
        Ok(self.store.router_list(call.visible()).await?)
    }

    /// A floating IP that the caller can see.
    pub async fn floating_ip_get(&self, call: &Call, id: FloatingIpId) -> Result<FloatingIp> {
        call.floating_ip(&self.store, id).await
    }

    /// Floating IPs that the caller can see.
    pub async fn floating_ip_list(&self, call: &Call) -> Result<Vec<FloatingIp>> {
        Ok(self.store.floating_ip_list(call.visible()).await?)
    }
}
