//! Commit: an image from what a container is now, for the image service or a registry.

use std::collections::BTreeSet;

use uuid::Uuid;
use zun_domain::container::Verb;
use zun_domain::id::{ImageId, ProjectId, RegistryId};
use zun_domain::image::{CommitContainer as Commit, Image, ImageLife};
use zun_domain::name::ImageRef;
use zun_domain::operation::{Operation, OperationKind};
use zun_domain::registry::RegistryDomain;
use zun_domain::runtime::RuntimeName;
use zun_planner::image::{plan_commit, plan_commit_push};

use super::update_container::check_verb;
use crate::call::Call;
use crate::context::Engine;
use crate::error::Result;

/// A commit that was accepted.
#[derive(Debug, Clone)]
pub struct Committing {
    /// The image of the image service; `None` where a registry gets it.
    pub image: Option<ImageId>,
    /// What to follow.
    pub operation: Operation,
}

impl Committing {
    /// What `/v1` answers: the image, or where there is none the operation.
    pub fn uuid(&self) -> Uuid {
        self.image.map_or(self.operation.id.0, |image| image.0)
    }
}

impl Engine {
    /// Accepts a commit. Where the repository begins with the domain of one of the project's registries it is pushed
    /// there. Else it becomes an image of the container's project, named and tagged as is asked, that has its data
    /// when the operation has ended.
    pub async fn container_commit(
        &self,
        call: &Call,
        ident: &str,
        repository: String,
        tag: String,
    ) -> Result<Committing> {
        let seen = self.container_get(call, ident).await?;
        check_verb(&seen, Verb::Commit)?;
        let push = self.push_target(seen.project, &repository, &tag).await?;
        let mut tx = self.store.begin().await?;
        let mut container = tx.container_get(seen.id).await?;
        self.check_idle(&tx, container.id).await?;
        check_verb(&container, Verb::Commit)?;
        let now = self.clock.now();
        let commit = Commit {
            name: RuntimeName::Current(container.id),
            image: ImageId(self.ids.uuid()),
        };
        let (image, plan) = if let Some((target, registry)) = push {
            (None, plan_commit_push(commit, target, registry))
        } else {
            let image = Image {
                project: container.project,
                name: repository,
                tags: BTreeSet::from([tag]),
                container_format: Some("docker".to_owned()),
                disk_format: Some("raw".to_owned()),
                life: ImageLife::Saving,
                ..self.new_image(call, Some(commit.image))
            };
            tx.image_insert(&image).await?;
            let plan = plan_commit(commit, self.settings.image_max_bytes);
            (Some(image.id), plan)
        };
        container.generation += 1;
        container.updated_at = Some(now);
        tx.container_update(&container, container.generation - 1)
            .await?;
        let kind = OperationKind::Commit;
        let operation = self
            .accept(&mut tx, call, &container, kind, &plan, None)
            .await?;
        tx.commit().await?;
        self.nudge(&operation);
        Ok(Committing { image, operation })
    }

    /// The registry of the project whose domain is in front of the repository, and what the image is called there.
    async fn push_target(
        &self,
        project: ProjectId,
        repository: &str,
        tag: &str,
    ) -> Result<Option<(ImageRef, RegistryId)>> {
        let Ok(target) = format!("{repository}:{tag}").parse::<ImageRef>() else {
            return Ok(None);
        };
        let domain = RegistryDomain::of(&target);
        if !repository.starts_with(&format!("{}/", domain.as_str())) {
            return Ok(None);
        }
        let registries = self.store.registry_list(Some(project)).await?;
        let named = registries
            .into_iter()
            .find(|registry| registry.domain == domain);
        Ok(named.map(|registry| (target, registry.id)))
    }
}
