//! Data of images that no record names, and commits that nobody saves any more.

use zun_domain::id::{HostId, ImageId};
use zun_domain::image::ImageLife;
use zun_domain::operation::{Operation, OperationKind, Subject};
use zun_planner::image::committed;

use crate::context::Engine;
use crate::error::{Error, Result};
use crate::execute::from_stored;

impl Engine {
    /// Removes what an interrupted upload, or an operation that could not take everything back, has left.
    pub(crate) async fn sweep_images(&self, host: HostId) -> Result<()> {
        let drivers = self.drivers(host)?;
        for id in drivers.image_store.list().await? {
            if !self.is_left_over(id).await? {
                continue;
            }
            let subject = Subject::Image(id);
            let turn = self.turn(subject);
            let held = turn.lock().await;
            // Asked again: an upload may have begun since.
            if self.is_left_over(id).await? {
                drivers.image_store.remove(id).await?;
                tracing::warn!(image = %id, "removed data that no image has");
            }
            drop(held);
            self.let_go(subject).await;
        }
        // Listed before it is asked who is at work: what is found then was accepted before.
        let commits = drivers.images.commits().await?;
        if commits.is_empty() {
            return Ok(());
        }
        let unfinished = self.store.operations_unfinished().await?;
        let awaited = self.awaited(&unfinished).await?;
        for (id, _) in commits {
            if !awaited.contains(&id) {
                drivers.images.drop_commit(id).await?;
                tracing::warn!(image = %id, "removed a commit that nobody saves");
            }
        }
        Ok(())
    }

    /// The images that these operations give their data to.
    async fn awaited(&self, unfinished: &[Operation]) -> Result<Vec<ImageId>> {
        let mut awaited = Vec::new();
        for operation in unfinished {
            match (operation.subject, operation.kind) {
                (Subject::Image(id), _) => awaited.push(id),
                (_, OperationKind::Commit) => awaited.extend(self.committed_by(operation).await?),
                _ => {}
            }
        }
        Ok(awaited)
    }

    async fn is_left_over(&self, id: ImageId) -> Result<bool> {
        let found = self.store.image_find(id).await?;
        Ok(found
            .is_none_or(|image| matches!(image.life, ImageLife::Queued | ImageLife::Failed { .. })))
    }

    /// On start: an upload goes with the process that took it, so the image waits for its data again.
    pub(crate) async fn end_interrupted_uploads(&self, unfinished: &[Operation]) -> Result<()> {
        let awaited = self.awaited(unfinished).await?;
        for mut image in self.store.image_list(None).await? {
            if image.life != ImageLife::Saving || awaited.contains(&image.id) {
                continue;
            }
            image.life = ImageLife::Queued;
            image.updated_at = self.clock.now();
            let mut tx = self.store.begin().await?;
            tx.image_update(&image).await?;
            tx.commit().await?;
            tracing::warn!(image = %image.id, "its upload was interrupted: it is queued again");
        }
        Ok(())
    }

    async fn committed_by(&self, operation: &Operation) -> Result<Option<ImageId>> {
        let work = self.store.operation_work(operation.id).await?;
        let (_, plan) =
            from_stored(&work.plan).map_err(|error| Error::Internal(error.to_string()))?;
        Ok(committed(&plan))
    }
}
