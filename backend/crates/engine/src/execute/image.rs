//! Calls that move images between a host and the image service.

use zun_driver::HostDrivers;
use zun_planner::ImageAction;

/// Does the action.
pub(super) async fn call(drivers: &HostDrivers, action: &ImageAction) -> zun_driver::Result<()> {
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
        ImageAction::DropCommit(id) => images.drop_commit(*id).await,
        ImageAction::Remove(reference) => images.remove(reference).await,
    }
}
