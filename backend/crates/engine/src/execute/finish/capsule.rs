//! The end of an operation on a capsule or on one of its containers: all of their records, and what the sandbox has
//! for the whole: claim, host ports, addresses, volumes.

use std::collections::{BTreeMap, BTreeSet};

use zun_domain::capsule::{Capsule, Role};
use zun_domain::container::{Container, Life, MountSpec, Observed, mount};
use zun_domain::id::{CapsuleId, ContainerId, VolumeId};
use zun_domain::operation::{Event, Failure, OperationKind};
use zun_store::Tx;

use super::End;
use super::container::settle_volumes;
use super::port::settle_ports;
use crate::command::capsule::volume_entries;
use crate::context::Engine;
use crate::execute::capsule::{CapsuleTarget, Seen};
use crate::execute::follow::Followed;
use crate::execute::{Target, Work};

/// So many of the last lines are told with a reason.
const LINES: usize = 5;

impl Engine {
    /// What the engine shows of each container of a capsule; `Err` where the process stops meanwhile.
    pub(super) async fn look_at_parts(
        &self,
        work: &Work,
        id: CapsuleId,
        followed: &Followed,
    ) -> Result<Seen, ()> {
        let mut parts = BTreeMap::new();
        let Ok(Some(capsule)) = self.store.capsule_find(id).await else {
            return Ok(Seen::Parts(parts));
        };
        for container in capsule.containers {
            if let Some(seen) = self.look(work, container.id, followed).await? {
                parts.insert(container.id, seen);
            }
        }
        Ok(Seen::Parts(parts))
    }

    pub(super) async fn finish_capsule(
        &self,
        tx: &mut Tx,
        id: CapsuleId,
        work: &Work,
        end: &End,
    ) -> zun_store::Result<()> {
        let mut capsule = tx.capsule_get(id).await?;
        if work.operation.kind == OperationKind::Delete && end.failure.is_none() {
            return delete(tx, &capsule).await;
        }
        let target = match &work.target {
            Some(Target::Capsule(target)) => Some(target.as_ref()),
            _ => None,
        };
        let whole = is_of_the_whole(&capsule, work, target);
        settle(&mut capsule, work, end, target);
        capsule.updated_at = Some(end.at);
        tx.capsule_update(&capsule, capsule.generation).await?;
        let told = told_of(&capsule, target);
        for mut container in std::mem::take(&mut capsule.containers) {
            let added = container.life == Life::Creating;
            if leaves(&container, work, end, target) {
                tx.container_delete(container.id).await?;
                continue;
            }
            let had = mount::volumes(&container.desired.mounts);
            settle_part(&mut container, work, end, target);
            container.updated_at = Some(end.at);
            tx.container_update(&container, container.generation)
                .await?;
            if let (None, Some(part)) = (
                &end.failure,
                target.and_then(|target| target.parts.get(&container.id)),
            ) {
                tx.container_place_in(container.id, part.membership).await?;
            }
            if target.is_some() {
                let registries: Vec<_> = container.desired.registry.into_iter().collect();
                tx.container_registries_set(container.id, &registries)
                    .await?;
            }
            let sandbox = container.membership.map(|of| of.role) == Some(Role::Sandbox);
            if sandbox && (whole || added) {
                let entries = volume_entries(&capsule.desired.spec);
                let had = (had.as_slice(), &entries);
                settle_sandbox(tx, (&capsule, &container), had, work, end).await?;
            }
            if Some(container.id) == told {
                tell(tx, &container, work, end).await?;
            }
        }
        Ok(())
    }
}

/// Whether the operation is about the capsule, not about some of its containers.
fn is_of_the_whole(capsule: &Capsule, work: &Work, target: Option<&CapsuleTarget>) -> bool {
    capsule.life != Life::Live
        || target.is_some_and(|target| target.whole.is_some())
        || work.operation.kind == OperationKind::Delete
}

/// The record and those of its containers, and the volumes that it asked for by size. One that was to be kept is
/// nobody's from now on.
async fn delete(tx: &mut Tx, capsule: &Capsule) -> zun_store::Result<()> {
    let sandbox = capsule.sandbox().map(|sandbox| sandbox.id);
    let volumes = match sandbox {
        Some(sandbox) => tx.volumes_of(sandbox).await?,
        None => Vec::new(),
    };
    let kept = kept_volumes(capsule);
    tx.capsule_delete(capsule.id).await?;
    for mut volume in volumes {
        if sandbox.is_none() || volume.owner != sandbox {
            continue;
        }
        if kept.contains(&volume.id) {
            volume.owner = None;
            tx.volume_update(&volume).await?;
        } else {
            tx.volume_delete(volume.id).await?;
        }
    }
    Ok(())
}

/// Volumes by size that outlive the capsule, as its wish says.
pub(crate) fn kept_volumes(capsule: &Capsule) -> Vec<VolumeId> {
    let desired = &capsule.desired;
    let volumes = desired.spec.volumes.iter().flatten();
    let stay = volumes.filter(|volume| volume.auto_remove == Some(false));
    stay.filter_map(|volume| desired.volumes.get(&volume.name))
        .copied()
        .collect()
}

/// One that the new wish does not have any more, or that a wish which was not reached would have added.
fn leaves(container: &Container, work: &Work, end: &End, target: Option<&CapsuleTarget>) -> bool {
    let Some(target) = target.filter(|target| target.whole.is_some()) else {
        return false;
    };
    match end.failure {
        None => !target.parts.contains_key(&container.id),
        Some(_) => container.life == Life::Creating && work.operation.kind != OperationKind::Create,
    }
}

/// What the end makes of the capsule's record.
fn settle(capsule: &mut Capsule, work: &Work, end: &End, target: Option<&CapsuleTarget>) {
    capsule.task = None;
    capsule.status_reason = end.failure.as_ref().map(told);
    capsule.life = life(work, end);
    if let (
        None,
        Some(CapsuleTarget {
            whole: Some(wish), ..
        }),
    ) = (&end.failure, target)
    {
        capsule.desired = wish.clone();
    }
}

/// One that could not be made is of no use, and nothing of it stays: what could not be taken back is swept.
fn life(work: &Work, end: &End) -> Life {
    match (&end.failure, work.operation.kind) {
        (Some(failure), OperationKind::Create) => Life::Failed {
            reason: told(failure),
        },
        _ => Life::Live,
    }
}

/// The reason with the last lines that the container printed: nothing stays of a capsule that could not be made, its logs
/// neither.
fn told(failure: &Failure) -> String {
    let first = failure.last_log.len().saturating_sub(LINES);
    match &failure.last_log[first..] {
        [] => failure.message.clone(),
        lines => format!(
            "{}; the last it printed: {}",
            failure.message,
            lines.join(" | ")
        ),
    }
}

/// What the end makes of the record of one of its containers.
fn settle_part(container: &mut Container, work: &Work, end: &End, target: Option<&CapsuleTarget>) {
    container.task = None;
    container.life = life(work, end);
    let seen = end.seen.of(container.id);
    let seen = seen.filter(|_| container.life == Life::Live);
    let phase = |seen: Option<&Observed>| seen.map(|seen| seen.phase);
    if phase(seen) != phase(container.observed.as_ref()) {
        container.status_reason = None;
    }
    container.observed = seen.cloned();
    let part = target.and_then(|target| target.parts.get(&container.id));
    if let (None, Some(part)) = (&end.failure, part) {
        container.desired = part.desired.clone();
    }
}

/// What the sandbox has for the whole, by the wish that is in force now.
async fn settle_sandbox(
    tx: &mut Tx,
    (capsule, sandbox): (&Capsule, &Container),
    had: (&[VolumeId], &BTreeSet<MountSpec>),
    work: &Work,
    end: &End,
) -> zun_store::Result<()> {
    if work.target.is_some() {
        let (place, amounts) = (sandbox.place.id, capsule.desired.spec.amounts());
        tx.claim_set(sandbox.id, sandbox.project, place, amounts)
            .await?;
        tx.host_ports_set(sandbox.id, place, &sandbox.desired.published)
            .await?;
    }
    settle_volumes(tx, sandbox, had, end).await?;
    settle_ports(tx, sandbox, work, end).await
}

/// The container whose story the operation is: the only one it changes, or the sandbox.
fn told_of(capsule: &Capsule, target: Option<&CapsuleTarget>) -> Option<ContainerId> {
    let only = target
        .filter(|target| target.whole.is_none() && target.parts.len() == 1)
        .and_then(|target| target.parts.keys().next().copied());
    only.or_else(|| capsule.sandbox().map(|sandbox| sandbox.id))
}

async fn tell(tx: &mut Tx, container: &Container, work: &Work, end: &End) -> zun_store::Result<()> {
    let kind = work.operation.kind.as_str();
    let (word, message) = match &end.failure {
        None => ("done", format!("{kind} done")),
        Some(failure) => ("failed", format!("{kind} failed: {}", failure.message)),
    };
    tx.event_insert(&Event {
        at: end.at,
        container: container.id,
        operation: Some(work.operation.id),
        kind: word.to_owned(),
        message,
    })
    .await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_ends_with_the_last_lines() {
        let mut failure = Failure {
            message: "no room".to_owned(),
            exit_code: Some(3),
            oom_killed: false,
            conflict: false,
            last_log: Vec::new(),
        };
        assert_eq!(told(&failure), "no room");
        failure.last_log = (1..=6).map(|line| format!("line {line}")).collect();
        let expected = "no room; the last it printed: line 2 | line 3 | line 4 | line 5 | line 6";
        assert_eq!(told(&failure), expected);
    }
}
