//! Commit: an image of the image service from what a container is now.

use std::collections::{BTreeMap, BTreeSet};

use zun_domain::container::Verb;
use zun_domain::id::ImageId;
use zun_domain::image::{CommitContainer as Commit, Image, ImageLife, Visibility};
use zun_domain::operation::{Operation, OperationKind};
use zun_domain::runtime::RuntimeName;
use zun_planner::image::plan_commit;

use super::update_container::check_verb;
use crate::call::Call;
use crate::context::Engine;
use crate::error::Result;

impl Engine {
    /// Accepts a commit. The image is the container's project's, and named and tagged as is asked; it has its data when the
    /// operation has ended.
    pub async fn container_commit(
        &self,
        call: &Call,
        ident: &str,
        name: String,
        tag: String,
    ) -> Result<(Image, Operation)> {
        let seen = self.container_get(call, ident).await?;
        check_verb(&seen, Verb::Commit)?;
        let mut tx = self.store.begin().await?;
        let mut container = tx.container_get(seen.id).await?;
        self.check_idle(&tx, container.id).await?;
        check_verb(&container, Verb::Commit)?;
        let now = self.clock.now();
        let image = Image {
            id: ImageId(self.ids.uuid()),
            project: container.project,
            user: call.caller.user,
            name,
            visibility: Visibility::Private,
            protected: false,
            hidden: false,
            container_format: Some("docker".to_owned()),
            disk_format: Some("raw".to_owned()),
            min_disk: 0,
            min_ram: 0,
            tags: BTreeSet::from([tag]),
            properties: BTreeMap::new(),
            source: None,
            facts: None,
            life: ImageLife::Saving,
            created_at: now,
            updated_at: now,
        };
        tx.image_insert(&image).await?;
        let commit = Commit {
            name: RuntimeName::Current(container.id),
            image: image.id,
        };
        let plan = plan_commit(commit, self.settings.image_max_bytes);
        container.generation += 1;
        container.updated_at = Some(now);
        tx.container_update(&container, container.generation - 1)
            .await?;
        let operation = self
            .accept(
                &mut tx,
                call,
                &container,
                OperationKind::Commit,
                &plan,
                None,
            )
            .await?;
        tx.commit().await?;
        self.nudge(&operation);
        Ok((image, operation))
    }
}
