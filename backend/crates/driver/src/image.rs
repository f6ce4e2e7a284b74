//! Images of one host.

use async_trait::async_trait;
use tokio::sync::watch;
use zun_domain::container::PullPolicy;
use zun_domain::id::ImageId;
use zun_domain::image::{
    CommitContainer, FoundImage, ImageUse, PullProgress, ResolvedImage, SaveSource,
};
use zun_domain::name::ImageRef;
use zun_domain::registry::Credentials;

use crate::content::Content;
use crate::error::Result;

/// An image as a host has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HostImage {
    /// Its own id, `sha256:…`.
    pub id: String,
    /// Bytes it takes, layers that it shares with others included.
    pub size: u64,
}

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

    /// The image behind a pinned reference, or behind its own id; `None` where the host has it not.
    async fn find(&self, image: &str) -> Result<Option<HostImage>>;

    /// Makes the image of a Docker archive, under no tag; succeeds without reading it where the host has that id.
    /// `Refused` where the archive is another image or none.
    async fn load(&self, docker_id: &str, archive: Content) -> Result<()>;

    /// Removes an image that has no tag and no container; leaves any other as it is, and succeeds.
    async fn forget(&self, docker_id: &str) -> Result<()>;

    /// Takes the name away, and the image where it has no other; succeeds if it is gone. `Conflict` while a
    /// container is made of it.
    async fn remove(&self, image: &ImageRef) -> Result<()>;

    /// Keeps what a container's filesystem is now as an image, until [`ImageDriver::drop_commit`]. A container that runs
    /// is frozen meanwhile. None of our labels is on it.
    async fn commit(&self, commit: &CommitContainer) -> Result<()>;

    /// Removes what was committed for an image; succeeds if it is gone.
    async fn drop_commit(&self, image: ImageId) -> Result<()>;

    /// The images that something was committed for and not dropped, each with the id of that in the engine.
    async fn commits(&self) -> Result<Vec<(ImageId, String)>>;

    /// A Docker archive of an image of the host, for this image of the image service.
    async fn save(&self, image: ImageId, source: &SaveSource) -> Result<Content>;

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
