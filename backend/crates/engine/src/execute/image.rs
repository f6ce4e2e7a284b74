//! Calls that move images between a host, the image service and registries.

use tokio::sync::watch;
use zun_domain::image::{PullProgress, PushCommit};
use zun_driver::{Class, Error, HostDrivers, Result};
use zun_planner::ImageAction;

use crate::context::Engine;

impl Engine {
    /// Does the action.
    pub(super) async fn move_image(
        &self,
        drivers: &HostDrivers,
        action: &ImageAction,
    ) -> Result<()> {
        let (images, store) = (&drivers.images, &drivers.image_store);
        match action {
            ImageAction::Load(load) => {
                let archive = store.loadable(load.image).await?;
                images.load(&load.docker_id, archive).await
            }
            ImageAction::Save(save) => {
                if store.find(save.image).await?.is_some() {
                    return Ok(());
                }
                let archive = images.save(save.image, &save.from).await?;
                store.put(save.image, archive, save.most).await.map(|_| ())
            }
            ImageAction::RemoveData(id) => store.remove(*id).await,
            ImageAction::Forget(docker_id) => images.forget(docker_id).await,
            ImageAction::Commit(commit) => images.commit(commit).await,
            ImageAction::Push(push) => self.push_commit(drivers, push).await,
            ImageAction::DropCommit(id) => images.drop_commit(*id).await,
            ImageAction::Remove(reference) => images.remove(reference).await,
        }
    }

    /// Sends what was committed. The host does not keep it under its new name.
    async fn push_commit(&self, drivers: &HostDrivers, push: &PushCommit) -> Result<()> {
        let images = &drivers.images;
        let commits = images.commits().await?;
        let found = commits.into_iter().find(|(id, _)| *id == push.image);
        let (_, docker_id) = found.ok_or_else(|| {
            let message = format!("what was committed for {} is gone", push.target);
            Error::new(Class::NotFound, message)
        })?;
        let credentials = self.credentials_of(push.registry).await?;
        let progress = watch::Sender::new(PullProgress::default());
        let digest = images
            .push(&docker_id, &push.target, credentials.as_ref(), progress)
            .await?;
        match images.remove_fetched(&push.target, &digest).await {
            // Somebody runs it by that name already.
            Err(error) if error.class == Class::Conflict => Ok(()),
            done => done,
        }
    }
}
