//! Leftovers: containers with our label that no row owns, made by a call whose answer was lost, former ones
//! that a recreate kept aside, mounts that no container has any more, networks without a record, and images that we
//! fetched and nobody uses. Nothing without our label, or our note, is ever touched.

pub(crate) mod fetched;
mod images;
mod networks;

use std::collections::HashSet;

use zun_domain::container::{Container, Life};
use zun_domain::id::{ContainerId, HostId, VolumeId};
use zun_domain::operation::OperationKind;
use zun_domain::runtime::RuntimeName;
use zun_driver::runtime::Found;
use zun_planner::storage::plan_volume_release;

use crate::command::volume::subject_of;
use crate::context::Engine;
use crate::error::Result;

impl Engine {
    /// Removes what nobody owns and no operation is at work on.
    pub(crate) async fn sweep(&self, host: HostId, found: &[Found]) -> Result<()> {
        let mut busy: HashSet<ContainerId> = self
            .store
            .operations_unfinished()
            .await?
            .into_iter()
            .filter_map(|operation| operation.subject.container())
            .collect();
        for item in found {
            let id = item.container;
            let owner = self.store.container_find(id).await?;
            let leftover = match &owner {
                None => true,
                Some(owner) => {
                    item.observed.revision != owner.desired.revision || is_of_failed_capsule(owner)
                }
            };
            if !leftover || busy.contains(&id) || !busy_now(self, id, &mut busy).await? {
                continue;
            }
            // Set aside first, by its revision: since the list was made, its name may have become another one's.
            let name = RuntimeName::Aside(id, item.observed.revision);
            let runtime = &self.drivers(host)?.runtime;
            runtime.rename(id, item.observed.revision, name).await?;
            runtime.remove(name).await?;
            tracing::warn!(container = %id, host = %host, "removed leftover {}", item.name);
        }
        Ok(())
    }

    /// Unmounts and disconnects what no container has. Data is never touched: a volume goes by its own delete.
    pub(crate) async fn sweep_volumes(&self, host: HostId) -> Result<()> {
        let driver = &self.drivers(host)?.volumes;
        for item in driver.list().await? {
            if !item.mounted && !item.connected {
                continue;
            }
            match self.store.volume_find(item.id).await? {
                Some(volume) if volume.attachments.is_empty() => self.give_back(volume.id).await?,
                Some(_) => {}
                None => {
                    driver.unmount(item.id).await?;
                    driver.disconnect(item.id).await?;
                    tracing::warn!(volume = %item.id, host = %host, "unmounted: it is in no record");
                }
            }
        }
        Ok(())
    }

    /// An operation of its own, so that no container takes the volume meanwhile.
    async fn give_back(&self, id: VolumeId) -> Result<()> {
        let mut tx = self.store.begin().await?;
        tx.admission_lock().await?;
        let volume = tx.volume_get(id).await?;
        if !volume.attachments.is_empty() || tx.operation_running_of(id).await?.is_some() {
            return Ok(());
        }
        let call = self.own_call(volume.project);
        let (kind, plan) = (OperationKind::Repair, plan_volume_release(id));
        let operation = self
            .accept_work(&mut tx, &call, subject_of(&volume), kind, &plan, None)
            .await?;
        tx.commit().await?;
        self.nudge(&operation);
        tracing::info!(volume = %id, "unmounting it: no container has it");
        Ok(())
    }
}

/// A capsule that could not be made leaves nothing behind.
fn is_of_failed_capsule(owner: &Container) -> bool {
    owner.membership.is_some() && matches!(owner.life, Life::Failed { .. })
}

/// Asks again, just before removing: an operation may have been accepted since the list was made.
async fn busy_now(
    engine: &Engine,
    id: ContainerId,
    busy: &mut HashSet<ContainerId>,
) -> Result<bool> {
    if engine.store.operation_running_of(id).await?.is_some() {
        busy.insert(id);
        return Ok(false);
    }
    Ok(true)
}
