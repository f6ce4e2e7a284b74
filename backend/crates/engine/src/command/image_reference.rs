//! What the image of a specification means: in which registry, under which digest, and whether its tag has moved.

use std::collections::HashMap;
use std::sync::Mutex;
use std::time::Duration;

use zun_domain::container::{Container, ContainerSpec, PullPolicy};
use zun_domain::id::{ProjectId, RegistryId};
use zun_domain::image::ResolvedImage;
use zun_domain::name::ImageRef;
use zun_domain::registry::{Credentials, Registry};
use zun_domain::time::Timestamp;
use zun_driver::Class;

use crate::context::{Engine, lock};
use crate::error::{Error, Result};

/// How long what a registry said of a tag is shown again, in seconds: forty containers in one plan are one question, and
/// the plan after a push is another one.
const REMEMBERED_SECONDS: i64 = 5;

/// How long somebody who only looks waits for a registry.
const LOOK_PATIENCE: Duration = Duration::from_secs(5);

/// What registries said of tags of late: when, and which digest, `None` where there was no answer.
pub(crate) type Tags = Mutex<HashMap<(ImageRef, Option<RegistryId>), (Timestamp, Option<String>)>>;

/// An image as it is asked for: its registry in front, and who asks.
struct Asked {
    reference: ImageRef,
    registry: Option<Registry>,
}

impl Asked {
    fn credentials(&self) -> Option<Credentials> {
        self.registry.as_ref().and_then(Registry::credentials)
    }

    fn registry_id(&self) -> Option<RegistryId> {
        self.registry.as_ref().map(|registry| registry.id)
    }
}

impl Engine {
    async fn asked(&self, project: ProjectId, spec: &ContainerSpec) -> Result<Asked> {
        let Some(ident) = &spec.registry else {
            return Ok(Asked {
                reference: spec.image.clone(),
                registry: None,
            });
        };
        let registry = self.registry_of(project, ident).await?;
        let reference = registry
            .qualify(&spec.image)
            .map_err(|message| Error::invalid("image", message))?;
        Ok(Asked {
            reference,
            registry: Some(registry),
        })
    }

    /// What the image means now. One whose tag is followed is asked of its registry; where that has no answer, what the
    /// host has will do.
    pub(crate) async fn image_now(
        &self,
        project: ProjectId,
        spec: &ContainerSpec,
    ) -> Result<ResolvedImage> {
        let asked = self.asked(project, spec).await?;
        let credentials = asked.credentials();
        let images = &self.drivers(self.local)?.images;
        let _kept = self.collecting.gate.read().await;
        let policy = spec.image_pull_policy.unwrap_or_default();
        let ask = |policy| images.resolve(&asked.reference, policy, credentials.as_ref());
        let followed = if spec.follows_tag() {
            ask(PullPolicy::Always).await.ok()
        } else {
            None
        };
        let found = match followed {
            Some(image) => Ok(image),
            None => ask(policy).await,
        };
        match found {
            Ok(image) => {
                self.about_to_use(self.local, &image.digest);
                let registry = asked.registry_id();
                Ok(ResolvedImage { registry, ..image })
            }
            Err(error) => Err(self.image_error(&asked.reference, &error).await),
        }
    }

    /// An image that cannot be had, told apart from an engine that does not answer.
    async fn image_error(&self, image: &ImageRef, error: &zun_driver::Error) -> Error {
        if error.class == Class::Unavailable && self.engine_is_gone(self.local).await {
            return Error::Unavailable(error.to_string());
        }
        Error::Image {
            image: image.to_string(),
            message: error.to_string(),
            missing: matches!(error.class, Class::NotFound | Class::Refused),
        }
    }

    /// The digest that the tag of this container's image names by now, where that is followed and another one than the
    /// container was made from. A registry that does not answer is no news.
    pub async fn container_image_moved(&self, container: &Container) -> Option<String> {
        self.moved(container, &container.desired.spec, false).await
    }

    /// The same for a new specification. `fresh` asks the registry whatever it has said of late.
    pub(crate) async fn moved(
        &self,
        container: &Container,
        spec: &ContainerSpec,
        fresh: bool,
    ) -> Option<String> {
        if !spec.follows_tag() {
            return None;
        }
        let asked = self.asked(container.project, spec).await.ok()?;
        let key = (asked.reference.clone(), asked.registry_id());
        let now = self.clock.now();
        let young =
            |(at, _): &(Timestamp, _)| now.duration_since(*at).as_secs() < REMEMBERED_SECONDS;
        let remembered = lock(&self.tags).get(&key).cloned().filter(young);
        let digest = match remembered {
            Some((_, digest)) if !fresh => digest,
            Some(_) | None => {
                let digest = self.digest_of_tag(&asked).await;
                let mut tags = lock(&self.tags);
                tags.retain(|_, said| young(said));
                tags.insert(key, (now, digest.clone()));
                digest
            }
        };
        digest.filter(|digest| *digest != container.desired.image_digest)
    }

    async fn digest_of_tag(&self, asked: &Asked) -> Option<String> {
        let images = &self.drivers(self.local).ok()?.images;
        let credentials = asked.credentials();
        let asking = images.resolve(&asked.reference, PullPolicy::Always, credentials.as_ref());
        match tokio::time::timeout(LOOK_PATIENCE, asking).await {
            Ok(Ok(image)) => Some(image.digest),
            Ok(Err(error)) => {
                tracing::debug!("cannot tell what {} means now: {error}", asked.reference);
                None
            }
            Err(_) => None,
        }
    }
}
