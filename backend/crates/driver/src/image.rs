//! Images of one host.

use async_trait::async_trait;
use tokio::sync::watch;
use zun_domain::container::PullPolicy;
use zun_domain::image::{PullProgress, ResolvedImage};
use zun_domain::name::ImageRef;

use crate::error::Result;

/// The images of one host and the registries behind it.
#[async_trait]
pub trait ImageDriver: Send + Sync {
    /// What the reference means now, without fetching it: the host's own copy under `IfNotPresent` and
    /// `Never`, the registry's answer under `Always` or where the host has none. `NotFound` names the
    /// reference, `Refused` carries a registry's refusal, `Unavailable` its silence.
    async fn resolve(&self, image: &ImageRef, policy: PullPolicy) -> Result<ResolvedImage>;

    /// Fetches it and tells how far it is. Succeeds at once where the host has that digest already.
    async fn pull(
        &self,
        image: &ResolvedImage,
        progress: watch::Sender<PullProgress>,
    ) -> Result<()>;
}
