//! Images of a Docker Engine and the registries behind it.

mod archive;
mod layers;
mod registry;
mod removal;

use async_trait::async_trait;
use bollard::models::ImageInspect;
use bollard::query_parameters::{CreateImageOptionsBuilder, TagImageOptionsBuilder};
use futures::StreamExt;
use tokio::sync::watch;
use zun_domain::container::PullPolicy;
use zun_domain::id::ImageId;
use zun_domain::image::{
    CommitContainer, FoundImage, ImageUse, PullProgress, ResolvedImage, SaveSource,
};
use zun_domain::name::ImageRef;
use zun_domain::registry::Credentials;
use zun_driver::image::{HostImage, pinned, repository};
use zun_driver::{Class, Content, Error, ImageDriver, Result};

use self::layers::Layers;
use self::registry::told_to;
use crate::{Docker, error};

#[async_trait]
impl ImageDriver for Docker {
    async fn resolve(
        &self,
        image: &ImageRef,
        policy: PullPolicy,
        credentials: Option<&Credentials>,
    ) -> Result<ResolvedImage> {
        let name = asked_name(image);
        let resolved = |digest, present| ResolvedImage {
            reference: image.clone(),
            digest,
            present,
            registry: None,
        };
        if policy != PullPolicy::Always
            && let Some(local) = self.local_image(&name).await?
        {
            return Ok(resolved(self.local_digest(image, local), true));
        }
        if policy == PullPolicy::Never {
            return Err(Error::new(
                Class::NotFound,
                format!("the host has no image {image}, and the pull policy is never"),
            ));
        }
        let digest = self.registry_digest(image, &name, credentials).await?;
        let present = self.local_image(&pinned(image, &digest)).await?.is_some();
        Ok(resolved(digest, present))
    }

    async fn pull(
        &self,
        image: &ResolvedImage,
        credentials: Option<&Credentials>,
        progress: watch::Sender<PullProgress>,
    ) -> Result<()> {
        if self
            .runnable(&pinned(&image.reference, &image.digest))
            .await?
            .is_some()
        {
            return Ok(());
        }
        self.check_transport(&image.reference).await?;
        self.fetch(image, credentials, &progress).await?;
        self.tag_if_new(image).await
    }

    async fn find(&self, image: &str) -> Result<Option<HostImage>> {
        self.find_image(image).await
    }

    async fn load(&self, docker_id: &str, archive: Content) -> Result<()> {
        self.load_archive(docker_id, archive).await
    }

    async fn forget(&self, docker_id: &str) -> Result<()> {
        self.forget_image(docker_id).await
    }

    async fn remove(&self, image: &ImageRef) -> Result<()> {
        self.remove_image_named(image).await
    }

    async fn commit(&self, commit: &CommitContainer) -> Result<()> {
        self.commit_container(commit).await
    }

    async fn drop_commit(&self, image: ImageId) -> Result<()> {
        self.remove_commit(image).await
    }

    async fn commits(&self) -> Result<Vec<(ImageId, String)>> {
        self.list_commits().await
    }

    async fn save(&self, image: ImageId, source: &SaveSource) -> Result<Content> {
        self.save_image(image, source).await
    }

    async fn push(
        &self,
        image: &str,
        target: &ImageRef,
        credentials: Option<&Credentials>,
        progress: watch::Sender<PullProgress>,
    ) -> Result<String> {
        self.check_transport(target).await?;
        let before = self.name_it(image, target).await?;
        let sent = self.send(target, credentials, &progress).await;
        let digest = match sent {
            Ok(()) => self.digest_of(&target.with_tag(), target).await,
            Err(error) => Err(error),
        };
        if let Some(before) = before {
            self.name_it(&before, target).await?;
        }
        digest
    }

    async fn search(&self, term: &str, limit: u32) -> Result<Vec<FoundImage>> {
        // What cannot be an image's name has no registry in front of it either.
        if let Ok(image) = term.parse() {
            self.check_transport(&image).await?;
        }
        self.search_for(term, limit).await
    }

    async fn usage(&self, image: &ImageRef, digest: &str) -> Result<ImageUse> {
        self.use_of(image, digest).await
    }

    async fn remove_fetched(&self, image: &ImageRef, digest: &str) -> Result<()> {
        self.take_away(image, digest).await
    }
}

impl Docker {
    async fn local_image(&self, name: &str) -> Result<Option<ImageInspect>> {
        match self.client().await?.inspect_image(name).await {
            Ok(image) => Ok(Some(image)),
            Err(error) if error::is_absent(&error) => Ok(None),
            Err(error) => Err(self.told(&format!("look at the image {name}"), error)),
        }
    }

    /// The digest a local image has in the repository it was asked from, else its id.
    fn local_digest(&self, asked: &ImageRef, image: ImageInspect) -> String {
        let mine = familiar(repository(asked.as_str()));
        let wanted = asked.as_str().split_once('@').map(|(_, digest)| digest);
        let digests: Vec<&str> = image
            .repo_digests
            .iter()
            .flatten()
            .filter_map(|entry| entry.split_once('@'))
            .filter(|(repository, _)| familiar(repository) == mine)
            .map(|(_, digest)| digest)
            .collect();
        let exact = digests.iter().find(|digest| Some(**digest) == wanted);
        if let Some(digest) = exact.or(digests.first()) {
            return (*digest).to_owned();
        }
        let id = image.id.unwrap_or_default();
        self.memory().image_ids.insert(id.clone());
        id
    }

    async fn registry_digest(
        &self,
        image: &ImageRef,
        name: &str,
        credentials: Option<&Credentials>,
    ) -> Result<String> {
        self.check_transport(image).await?;
        let told = told_to(image, credentials);
        let answer = self
            .client()
            .await?
            .inspect_registry_image(name, told)
            .await;
        let answer = answer
            .map_err(|error| error::told_by_registry(&self.inner.socket, image.as_str(), error))?;
        answer.descriptor.digest.ok_or_else(|| {
            Error::new(
                Class::Internal,
                format!("the registry of the image {image} answers without a digest"),
            )
        })
    }

    /// What the engine calls the image of a pinned reference; `None` where it has none. What stands behind
    /// the `@` is a registry's digest or, for images that never were in one, the image's own id.
    pub(crate) async fn runnable(&self, image: &str) -> Result<Option<String>> {
        let digest = image.split_once('@').map(|(_, digest)| digest);
        if let Some(digest) = digest
            && self.memory().image_ids.contains(digest)
        {
            if self.local_image(digest).await?.is_some() {
                return Ok(Some(digest.to_owned()));
            }
            self.memory().image_ids.remove(digest);
        }
        if self.local_image(image).await?.is_some() {
            return Ok(Some(image.to_owned()));
        }
        let Some(digest) = digest else {
            return Ok(None);
        };
        let by_id = self.local_image(digest).await?.and_then(|found| found.id);
        if by_id.as_deref() != Some(digest) {
            return Ok(None);
        }
        self.memory().image_ids.insert(digest.to_owned());
        Ok(by_id)
    }

    async fn fetch(
        &self,
        image: &ResolvedImage,
        credentials: Option<&Credentials>,
        progress: &watch::Sender<PullProgress>,
    ) -> Result<()> {
        let told = told_to(&image.reference, credentials);
        let options = CreateImageOptionsBuilder::new()
            .from_image(repository(image.reference.as_str()))
            .tag(&image.digest)
            .build();
        let client = self.client().await?;
        let mut messages = std::pin::pin!(client.create_image(Some(options), None, told));
        let mut layers = Layers::default();
        while let Some(message) = messages.next().await {
            let message = message.map_err(|error| {
                error::told_by_registry(&self.inner.socket, image.reference.as_str(), error)
            })?;
            if layers.hear(message) {
                progress.send_replace(layers.sum());
            }
        }
        Ok(())
    }

    /// Gives the fetched image its tag where that is free, so that the host's own copy is found by it later.
    async fn tag_if_new(&self, image: &ResolvedImage) -> Result<()> {
        let reference = image.reference.with_tag();
        if reference.contains('@') || self.local_image(&reference).await?.is_some() {
            return Ok(());
        }
        let name = repository(&reference);
        let tag = reference.get(name.len() + 1..).unwrap_or("latest");
        let options = TagImageOptionsBuilder::new().repo(name).tag(tag).build();
        let fetched = pinned(&image.reference, &image.digest);
        let tagged = self
            .client()
            .await?
            .tag_image(&fetched, Some(options))
            .await;
        tagged.map_err(|error| self.told(&format!("tag the image {reference}"), error))
    }
}

/// The name to ask by: with its digest alone where it has one, else with its tag.
fn asked_name(image: &ImageRef) -> String {
    match image.as_str().split_once('@') {
        Some((_, digest)) => pinned(image, digest),
        None => image.with_tag(),
    }
}

/// A repository as Docker writes it in its lists: without the registry that is the default one.
fn familiar(repository: &str) -> &str {
    let name = ["docker.io/", "index.docker.io/"]
        .iter()
        .find_map(|registry| repository.strip_prefix(registry))
        .unwrap_or(repository);
    name.strip_prefix("library/").unwrap_or(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_registry_has_three_spellings() {
        for name in [
            "nginx",
            "library/nginx",
            "docker.io/library/nginx",
            "index.docker.io/library/nginx",
        ] {
            assert_eq!(familiar(name), "nginx");
        }
        assert_eq!(
            familiar("r.example/library/nginx"),
            "r.example/library/nginx"
        );
    }
}
