//! Images of one host.

use async_trait::async_trait;
use tokio::sync::watch;
use zun_domain::container::PullPolicy;
use zun_domain::image::{FoundImage, ImageUse, PullProgress, ResolvedImage};
use zun_domain::name::ImageRef;
use zun_domain::registry::Credentials;

use crate::error::Result;

/// The images of one host and the registries behind it.
///
/// Credentials are told to the registry that they are for and to no other. A registry is asked by TLS; without it only
/// where the configuration names it, else the call is `Refused`.
#[async_trait]
pub trait ImageDriver: Send + Sync {
    /// What the reference means now, without fetching it: the host's own copy under `IfNotPresent` and
    /// `Never`, the registry's answer under `Always` or where the host has none. `NotFound` names the
    /// reference, `Refused` carries a registry's refusal, `Unavailable` its silence.
    async fn resolve(
        &self,
        image: &ImageRef,
        policy: PullPolicy,
        credentials: Option<&Credentials>,
    ) -> Result<ResolvedImage>;

    /// Fetches it and tells how far it is. Succeeds at once where the host has that digest already. A tag
    /// that the host has is never moved; one that it has not is made.
    async fn pull(
        &self,
        image: &ResolvedImage,
        credentials: Option<&Credentials>,
        progress: watch::Sender<PullProgress>,
    ) -> Result<()>;

    /// Sends an image of the host, by reference or id, to the registry of `target` and tells how far it is; answers its
    /// digest there. The host has it as `target` too from then on, unless it has another image of that name.
    async fn push(
        &self,
        image: &str,
        target: &ImageRef,
        credentials: Option<&Credentials>,
        progress: watch::Sender<PullProgress>,
    ) -> Result<String>;

    /// What is found by a term, best first, at most `limit` of them: on Docker Hub, or on the registry that is in front
    /// of the term.
    async fn search(&self, term: &str, limit: u32) -> Result<Vec<FoundImage>>;

    /// Whether the host has the image of that digest in that reference's repository, and whether it is used.
    async fn usage(&self, image: &ImageRef, digest: &str) -> Result<ImageUse>;

    /// Takes away what a pull has made: the tag, where it still names that digest, and the digest's own name. With its
    /// last name the image goes; names that others gave it stay, and so does it then. `Conflict` while any container of
    /// the host, ours or not, was made from it.
    async fn remove_fetched(&self, image: &ImageRef, digest: &str) -> Result<()>;
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
