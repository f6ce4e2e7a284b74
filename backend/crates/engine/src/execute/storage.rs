//! Calls of the volume driver.

use zun_driver::VolumeDriver;
use zun_planner::VolumeAction;

/// Does the action.
pub(super) async fn call(
    driver: &dyn VolumeDriver,
    action: &VolumeAction,
) -> zun_driver::Result<()> {
    match action {
        VolumeAction::Make(make) => driver.create(make).await,
        VolumeAction::Connect(id) => driver.connect(*id).await,
        VolumeAction::Format(id) => driver.format(*id).await,
        VolumeAction::Mount(id) => driver.mount(*id).await,
        VolumeAction::Unmount(id) => driver.unmount(*id).await,
        VolumeAction::Disconnect(id) => driver.disconnect(*id).await,
        VolumeAction::Extend { volume, size } => driver.extend(*volume, *size).await,
        VolumeAction::Delete(id) => driver.delete(*id).await,
        VolumeAction::Snapshot { volume, snapshot } => driver.snapshot(*volume, *snapshot).await,
        VolumeAction::DeleteSnapshot(id) => driver.delete_snapshot(*id).await,
        VolumeAction::WriteFiles {
            container,
            revision,
            files,
        } => driver.write_files(*container, *revision, files).await,
        VolumeAction::RemoveFiles { container, keep } => {
            driver.remove_files(*container, *keep).await
        }
    }
}
