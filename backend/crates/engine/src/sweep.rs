//! Leftovers: containers with our label that no row owns, made by a call whose answer was lost, and
//! former ones that a recreate kept aside. Nothing without our label is ever touched.

use std::collections::HashSet;

use zun_domain::container::Container;
use zun_domain::id::{ContainerId, HostId};
use zun_domain::runtime::RuntimeName;
use zun_driver::runtime::Found;

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
                Some(owner) => item.observed.revision != owner.desired.revision,
            };
            if !leftover || busy.contains(&id) || !busy_now(self, id, &mut busy).await? {
                continue;
            }
            let name = if item.name == Container::runtime_name(id) {
                RuntimeName::Current(id)
            } else {
                RuntimeName::Aside(id, item.observed.revision)
            };
            let runtime = &self.drivers(host)?.runtime;
            runtime.rename(id, item.observed.revision, name).await?;
            runtime.remove(name).await?;
            tracing::warn!(container = %id, host = %host, "removed leftover {}", item.name);
        }
        Ok(())
    }
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
