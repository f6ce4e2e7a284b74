//! One capsule: what the engine shows now of all of its containers, written where it differs from the records, and its
//! members brought back where their sandbox was started without them.

use std::collections::BTreeMap;

use tokio::sync::MutexGuard;
use zun_domain::capsule::{Capsule, Role};
use zun_domain::container::{Container, Life, Observed, mount};
use zun_domain::id::{CapsuleId, ContainerId, HostId};
use zun_domain::operation::{Operation, OperationKind, Subject};
use zun_domain::runtime::RuntimeName;
use zun_planner::Plan;
use zun_planner::capsule::{cut_off, plan_capsule_back};
use zun_store::Tx;

use crate::call::Call;
use crate::context::{Engine, lock};
use crate::error::Result;

/// A member that runs without the network of its sandbox, if there is one.
pub(super) fn cut_off_member(parts: &[Container]) -> Option<ContainerId> {
    let role = |one: &Container| one.membership.map(|of| of.role);
    let mut all = parts.iter();
    let sandbox = all.find(|one| role(one) == Some(Role::Sandbox))?;
    let sandbox = sandbox.observed.as_ref()?;
    let mut members = parts.iter().filter(|one| role(one) == Some(Role::Member));
    let lost = members.find(|one| {
        let seen = one.observed.as_ref();
        seen.is_some_and(|seen| cut_off(Some(sandbox), seen))
    })?;
    Some(lost.id)
}

impl Engine {
    /// Records what the engine shows of a capsule. All at once, since what has become of one is told by what the others
    /// were doing before.
    pub(super) async fn look_at_capsule(
        &self,
        id: CapsuleId,
        held: MutexGuard<'_, ()>,
    ) -> Result<()> {
        let Some(capsule) = self.store.capsule_find(id).await? else {
            return Ok(());
        };
        if capsule.life != Life::Live {
            return Ok(());
        }
        let mut seen = BTreeMap::new();
        for container in &capsule.containers {
            if let Some(shown) = self.seen_by_its_name(container).await? {
                seen.insert(container.id, shown);
            }
        }
        let changed: Vec<&Container> = (capsule.containers.iter())
            .filter(|one| one.observed.as_ref() != seen.get(&one.id))
            .collect();
        let plan = plan_capsule_back(&capsule, &seen, &self.sources(&capsule)?, false);
        if changed.is_empty() && plan.is_none() {
            return Ok(());
        }
        let mut tx = self.store.begin().await?;
        if tx.operation_running_of(id).await?.is_some() {
            lock(&self.unseen).insert(Subject::Capsule(id));
            return Ok(());
        }
        for container in changed {
            self.record_sight(&mut tx, container, seen.get(&container.id))
                .await?;
        }
        let call = self.own_call(capsule.project);
        let operation = match plan {
            Some(plan) => Some(self.repair(&mut tx, &call, &capsule, &plan).await?),
            None => None,
        };
        tx.commit().await?;
        drop(held);
        if let Some(operation) = operation {
            tracing::info!(capsule = %id, "bringing back containers that were cut off from their sandbox");
            self.nudge(&operation);
        }
        Ok(())
    }

    async fn repair(
        &self,
        tx: &mut Tx,
        call: &Call,
        capsule: &Capsule,
        plan: &Plan,
    ) -> Result<Operation> {
        let kind = OperationKind::Repair;
        self.accept_capsule(tx, call, capsule, kind, (plan, None))
            .await
    }

    /// Mounts what a capsule has and the host lost, and starts what the engine was to start; false where an operation
    /// is at work, which mounts them itself, or this one failed.
    pub(super) async fn bring_capsule_back(&self, host: HostId, id: CapsuleId) -> Result<bool> {
        let capsule = self.store.capsule_get(id).await?;
        if capsule.life != Life::Live || capsule.place.id != host {
            return Ok(true);
        }
        let seen = self.seen_of(&capsule).await?;
        let sources = self.sources(&capsule)?;
        let Some(plan) = plan_capsule_back(&capsule, &seen, &sources, true) else {
            // Its sandbox is gone from the engine: what makes it anew mounts first.
            return Ok(true);
        };
        let call = self.own_call(capsule.project);
        let mut tx = self.store.begin().await?;
        let unchanged = tx.capsule_get(id).await?.desired == capsule.desired;
        if !unchanged || tx.operation_running_of(id).await?.is_some() {
            return Ok(false);
        }
        let operation = self.repair(&mut tx, &call, &capsule, &plan).await?;
        tx.commit().await?;
        self.nudge(&operation);
        self.is_back(&call, &operation).await
    }

    /// What the names show. An operation at work may have one of its containers aside: nothing is renamed.
    async fn seen_of(&self, capsule: &Capsule) -> Result<BTreeMap<ContainerId, Observed>> {
        let runtime = &self.drivers(capsule.place.id)?.runtime;
        let mut seen = BTreeMap::new();
        for container in &capsule.containers {
            if let Some(shown) = runtime.find(RuntimeName::Current(container.id)).await? {
                seen.insert(container.id, shown);
            }
        }
        Ok(seen)
    }

    /// Where the volumes of a capsule are on its host.
    fn sources(&self, capsule: &Capsule) -> Result<Vec<String>> {
        let volumes = &self.drivers(capsule.place.id)?.volumes;
        let kept = capsule.sandbox().map(|one| one.desired.mounts.clone());
        let ids = mount::volumes(&kept.unwrap_or_default());
        Ok(ids.into_iter().map(|id| volumes.source(id)).collect())
    }
}
