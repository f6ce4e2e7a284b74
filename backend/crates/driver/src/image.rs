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

    /// Fetches it and tells how far it is. Succeeds at once where the host has that digest already. A tag
    /// that the host has is never moved; one that it has not is made.
    async fn pull(
        &self,
        image: &ResolvedImage,
        progress: watch::Sender<PullProgress>,
    ) -> Result<()>;

    /// The image of our own sandbox, brought along: the host has it when this is answered.
    async fn ensure_sandbox(&self) -> Result<ResolvedImage>;
}

/// The reference without tag and digest: `registry:5000/team/app` of `registry:5000/team/app:3@sha256:…`.
pub fn repository(reference: &str) -> &str {
    let name = reference
        .split_once('@')
        .map_or(reference, |(name, _)| name);
    match name.rsplit_once(':') {
        Some((repository, tag)) if !tag.contains('/') => repository,
        Some(_) | None => name,
    }
}

/// What [`crate::runtime::CreateContainer::image`] is for a reference that was resolved: `repository@digest`.
/// Every driver also takes an image's own id behind the `@`, which is the digest of images that never
/// were in a registry.
pub fn pinned(reference: &ImageRef, digest: &str) -> String {
    format!("{}@{digest}", repository(reference.as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pinned_reference_has_no_tag() {
        for (reference, repository) in [
            ("nginx", "nginx"),
            ("nginx:1.27", "nginx"),
            ("h:5000/a/b", "h:5000/a/b"),
            ("h:5000/a/b:3", "h:5000/a/b"),
            ("a:1@sha256:0123456789abcdef0123456789abcdef", "a"),
        ] {
            let reference: ImageRef = reference.parse().unwrap();
            assert_eq!(
                pinned(&reference, "sha256:1"),
                format!("{repository}@sha256:1")
            );
        }
    }
}
