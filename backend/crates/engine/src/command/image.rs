//! Images of the image service: created, described, given their data, deleted; and what a container's `image` means
//! where it comes from there.

mod edit;
mod transfer;

use std::collections::{BTreeMap, BTreeSet};

use zun_domain::container::spec::ImageSource;
use zun_domain::container::{Container, ContainerSpec, PullPolicy};
use zun_domain::id::{ImageId, ProjectId};
use zun_domain::image::{Image, ImageLife, LoadImage, ResolvedImage, Visibility};
use zun_domain::name::ImageRef;
use zun_domain::operation::{Operation, OperationKind};
use zun_planner::image::{loads, plan_image_delete, plan_image_pull};
use zun_store::{ContainerQuery, Tx};

use crate::call::Call;
use crate::context::Engine;
use crate::error::{Error, Result};
use crate::execute::from_stored;

pub use edit::ImageEdit;
pub use transfer::Download;

/// An image to be created, without its data.
#[derive(Debug, Clone, Default)]
pub struct CreateImage {
    /// Its identity, where the user chose one.
    pub id: Option<ImageId>,
    /// What is said about it.
    pub edits: Vec<ImageEdit>,
}

impl Engine {
    /// Creates the record; its data is uploaded later.
    pub async fn image_create(&self, call: &Call, ask: CreateImage) -> Result<Image> {
        let mut image = self.new_image(call, ask.id);
        for edit in ask.edits {
            edit.apply(&mut image)?;
        }
        let mut tx = self.store.begin().await?;
        tx.admission_lock().await?;
        if tx.image_find(image.id).await?.is_some() {
            return Err(Error::Conflict(format!(
                "an image with the id {} exists already; choose another, or leave it out",
                image.id
            )));
        }
        tx.image_insert(&image).await?;
        tx.commit().await?;
        Ok(image)
    }

    /// Accepts an image whose data comes from a registry: pulled to the host, saved from there.
    pub async fn image_pull(
        &self,
        call: &Call,
        reference: ImageRef,
        registry: Option<String>,
        edits: Vec<ImageEdit>,
    ) -> Result<(Image, Operation)> {
        let mut image = self.new_image(call, None);
        for edit in edits {
            edit.apply(&mut image)?;
        }
        let project = call.caller.project;
        let resolved = self.resolve_fresh(project, &reference, registry).await?;
        image.source = Some(resolved.reference.clone());
        image.life = ImageLife::Saving;
        let mut tx = self.store.begin().await?;
        tx.image_insert(&image).await?;
        let plan = plan_image_pull(image.id, resolved, self.settings.image_max_bytes);
        let subject = (image.id.into(), image.project);
        let operation = self
            .accept_work(&mut tx, call, subject, OperationKind::Create, &plan, None)
            .await?;
        tx.commit().await?;
        self.nudge(&operation);
        Ok((image, operation))
    }

    /// What a registry means by this now.
    pub(super) async fn resolve_fresh(
        &self,
        project: ProjectId,
        reference: &ImageRef,
        registry: Option<String>,
    ) -> Result<ResolvedImage> {
        let spec = ContainerSpec {
            registry,
            image_pull_policy: Some(PullPolicy::Always),
            ..ContainerSpec::of(reference.clone())
        };
        self.image_now(project, &spec).await
    }

    pub(super) fn new_image(&self, call: &Call, id: Option<ImageId>) -> Image {
        let now = self.clock.now();
        Image {
            id: id.unwrap_or_else(|| ImageId(self.ids.uuid())),
            project: call.caller.project,
            user: call.caller.user,
            name: String::new(),
            visibility: Visibility::Private,
            protected: false,
            hidden: false,
            container_format: None,
            disk_format: None,
            min_disk: 0,
            min_ram: 0,
            tags: BTreeSet::new(),
            properties: BTreeMap::new(),
            source: None,
            facts: None,
            life: ImageLife::Queued,
            created_at: now,
            updated_at: now,
        }
    }

    /// Changes what is said about it: all of it or nothing.
    pub async fn image_describe(
        &self,
        call: &Call,
        ident: &str,
        edits: Vec<ImageEdit>,
    ) -> Result<Image> {
        let seen = self.image_own(call, ident).await?;
        let mut tx = self.store.begin().await?;
        tx.admission_lock().await?;
        let mut image = tx.image_get(seen.id).await?;
        let before = image.visibility;
        for edit in edits {
            edit.apply(&mut image)?;
        }
        if (before, image.visibility) == (Visibility::Public, Visibility::Private) {
            let users = self.users_of(&tx, &image).await?;
            if let Some(other) = users.iter().find(|user| user.project != image.project) {
                return Err(Error::Conflict(format!(
                    "cannot make image {} private: container {} of another project is made of it",
                    image.id, other.id
                )));
            }
        }
        image.updated_at = self.clock.now();
        tx.image_describe(&image).await?;
        tx.commit().await?;
        Ok(image)
    }

    /// Accepts the end of an image and its data. Refused, with whose it is, while a container is made of it.
    pub async fn image_delete(&self, call: &Call, ident: &str) -> Result<Operation> {
        let seen = self.image_own(call, ident).await?;
        let mut tx = self.store.begin().await?;
        tx.admission_lock().await?;
        let mut image = tx.image_get(seen.id).await?;
        self.check_idle(&tx, image.id).await?;
        if image.protected {
            return Err(Error::Forbidden(format!(
                "image {} is protected and cannot be deleted: set protected to false first",
                image.id
            )));
        }
        if let Some(user) = self.users_of(&tx, &image).await?.first() {
            return Err(Error::Conflict(format!(
                "cannot delete image {}: container {} ({}) is made of it; delete the container first",
                image.id, user.desired.name, user.id
            )));
        }
        self.check_not_wanted(&tx, &image).await?;
        image.life = ImageLife::Deleting;
        image.updated_at = self.clock.now();
        tx.image_update(&image).await?;
        let docker_id = image.facts.as_ref().map(|facts| facts.docker_id.as_str());
        let plan = plan_image_delete(image.id, docker_id);
        let subject = (image.id.into(), image.project);
        let operation = self
            .accept_work(&mut tx, call, subject, OperationKind::Delete, &plan, None)
            .await?;
        tx.commit().await?;
        self.nudge(&operation);
        Ok(operation)
    }

    /// An image that the caller may change.
    pub(crate) async fn image_own(&self, call: &Call, ident: &str) -> Result<Image> {
        let image = self.image_get(call, ident).await?;
        if call.sees(image.project) {
            return Ok(image);
        }
        Err(Error::Forbidden(format!(
            "image {} belongs to another project: it can be used, but not changed",
            image.id
        )))
    }

    /// The containers that are made of this image and would find no other one of that data by the same words.
    async fn users_of(&self, tx: &Tx, image: &Image) -> Result<Vec<Container>> {
        let Some(facts) = &image.facts else {
            return Ok(Vec::new());
        };
        let all = ContainerQuery {
            limit: u32::MAX,
            ..ContainerQuery::default()
        };
        let mut users = tx.container_list(&all).await?;
        users.retain(|container| {
            let desired = &container.desired;
            desired.spec.image_driver == Some(ImageSource::Glance)
                && desired.image_digest == facts.docker_id
        });
        if users.is_empty() {
            return Ok(users);
        }
        let mut others = tx.image_list(None).await?;
        others.retain(|other| {
            other.id != image.id
                && other
                    .facts
                    .as_ref()
                    .is_some_and(|f| f.docker_id == facts.docker_id)
        });
        users.retain(|container| {
            let text = container.desired.spec.image.as_str();
            let replaces =
                |other: &Image| is_called(other, text) && other.is_visible_to(container.project);
            !others.iter().any(replaces)
        });
        Ok(users)
    }

    /// Refuses while an operation is going to load it.
    async fn check_not_wanted(&self, tx: &Tx, image: &Image) -> Result<()> {
        for operation in tx.operations_unfinished().await? {
            let work = tx.operation_work(operation.id).await?;
            let (_, plan) =
                from_stored(&work.plan).map_err(|error| Error::Internal(error.to_string()))?;
            if loads(&plan, image.id) {
                return Err(Error::Conflict(format!(
                    "cannot delete image {}: operation {} on {} is about to use it",
                    image.id, operation.id, operation.subject
                )));
            }
        }
        Ok(())
    }

    /// What `image` means in the image service: the id of an image that the project may use, or a name, its own before
    /// those of others.
    pub(crate) async fn resolve_stored(
        &self,
        project: ProjectId,
        spec: &ContainerSpec,
    ) -> Result<(ResolvedImage, LoadImage)> {
        let text = spec.image.as_str();
        let missing = |message: String| Error::Image {
            image: text.to_owned(),
            message,
            missing: true,
        };
        let image = self.stored_called(project, text).await?;
        let (ImageLife::Active, Some(facts)) = (&image.life, &image.facts) else {
            return Err(missing(format!(
                "it is in status {}, and can be used when it is active",
                image.life.glance()
            )));
        };
        if spec.image_pull_policy == Some(PullPolicy::Never) {
            let images = &self.drivers(self.local)?.images;
            if images.find(&facts.docker_id).await?.is_none() {
                return Err(missing(
                    "the host does not have it, and the pull policy is never".to_owned(),
                ));
            }
        }
        let load = LoadImage {
            image: image.id,
            name: text.to_owned(),
            docker_id: facts.docker_id.clone(),
        };
        let resolved = ResolvedImage {
            reference: spec.image.clone(),
            digest: facts.docker_id.clone(),
            present: true,
            registry: None,
        };
        Ok((resolved, load))
    }

    async fn stored_called(&self, project: ProjectId, text: &str) -> Result<Image> {
        let mut named = self.store.image_list(Some(project)).await?;
        named.retain(|image| is_called(image, text) && image.life != ImageLife::Deleting);
        if named.iter().any(|image| image.project == project) {
            named.retain(|image| image.project == project);
        }
        if named.iter().any(|image| image.life == ImageLife::Active) {
            named.retain(|image| image.life == ImageLife::Active);
        }
        if named.is_empty() {
            return Err(Error::Image {
                image: text.to_owned(),
                message:
                    "the image service has no image of that id or name that this project may use"
                        .to_owned(),
                missing: true,
            });
        }
        crate::query::one_of(named, "image", text)
    }
}

/// By its id, its name, or its name and a tag, as `commit` gives both.
fn is_called(image: &Image, text: &str) -> bool {
    let tagged = || {
        text.rsplit_once(':')
            .is_some_and(|(name, tag)| image.name == name && image.tags.contains(tag))
    };
    image.name == text || tagged() || text.parse::<ImageId>().is_ok_and(|id| id == image.id)
}

/// The image is still there, now that nobody can delete it any more.
pub(crate) async fn check_stored(tx: &Tx, load: Option<&LoadImage>) -> Result<()> {
    let Some(load) = load else {
        return Ok(());
    };
    match tx.image_find(load.image).await? {
        Some(image) if image.life == ImageLife::Active => Ok(()),
        _ => Err(Error::Image {
            image: load.name.clone(),
            message: "it was deleted meanwhile".to_owned(),
            missing: true,
        }),
    }
}
