//! Volumes and files around a container: what is there before it is made or started, and what is given back
//! when it has gone. A mount comes before every start, so that nothing ever starts on a bare directory.

use zun_domain::container::{Container, Observed, Phase, RestartPolicyName, Wish};
use zun_domain::id::{ContainerId, SnapshotId, VolumeId};
use zun_domain::runtime::RuntimeName;
use zun_domain::unit::DiskGib;
use zun_domain::volume::{InjectedFile, MakeVolume};

use crate::step::{Action, Plan, Step, VolumeAction};

/// Everything that was decided about the storage of a container.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Storage {
    /// Volumes to be made first.
    pub make: Vec<MakeVolume>,
    /// Volumes to be made larger.
    pub grow: Vec<(VolumeId, DiskGib)>,
    /// Volumes that are mounted for nobody yet: mounted anew, and given back when that is undone.
    pub fresh: Vec<VolumeId>,
    /// Volumes that it, or another container, has already.
    pub held: Vec<VolumeId>,
    /// Volumes that it has now, will not have any more, and that nobody else has.
    pub released: Vec<VolumeId>,
    /// Its files.
    pub files: Vec<InjectedFile>,
    /// The revision that has files from before.
    pub former_files: Option<u32>,
}

fn plain(action: VolumeAction) -> Step {
    Step::plain(Action::Volume(action))
}

fn undone(action: VolumeAction, undo: VolumeAction) -> Step {
    Step::undone_by(Action::Volume(action), vec![Action::Volume(undo)])
}

/// Connects and mounts what has been formatted before.
pub(crate) fn bring_back(volumes: &[VolumeId]) -> Vec<Step> {
    let both = |id: &VolumeId| {
        [
            plain(VolumeAction::Connect(*id)),
            plain(VolumeAction::Mount(*id)),
        ]
    };
    volumes.iter().flat_map(both).collect()
}

/// Unmounts and disconnects what nobody has any more.
pub(crate) fn give_back(volumes: &[VolumeId]) -> Vec<Step> {
    let both = |id: &VolumeId| {
        [
            plain(VolumeAction::Unmount(*id)),
            plain(VolumeAction::Disconnect(*id)),
        ]
    };
    volumes.iter().flat_map(both).collect()
}

impl Storage {
    /// Everything the container will have, in the order in which it is mounted.
    pub(crate) fn volumes(&self) -> Vec<VolumeId> {
        self.held.iter().chain(&self.fresh).copied().collect()
    }

    /// Volumes that are made larger, whatever else is done.
    pub(crate) fn growth(&self) -> Vec<Step> {
        let grow = |(volume, size): &(VolumeId, DiskGib)| {
            plain(VolumeAction::Extend {
                volume: *volume,
                size: *size,
            })
        };
        self.grow.iter().map(grow).collect()
    }

    /// Volumes and files before the container is made. What was made stays when it is undone: only the container's
    /// own delete takes a volume along.
    pub(crate) fn prepare(&self, container: ContainerId, revision: u32) -> Vec<Step> {
        let make = |volume: &MakeVolume| plain(VolumeAction::Make(volume.clone()));
        let mut steps: Vec<Step> = self.make.iter().map(make).collect();
        steps.extend(self.growth());
        for id in &self.held {
            steps.push(plain(VolumeAction::Connect(*id)));
            // Whoever else has it may not have come to that yet.
            steps.push(plain(VolumeAction::Format(*id)));
            steps.push(plain(VolumeAction::Mount(*id)));
        }
        for id in &self.fresh {
            let id = *id;
            steps.push(undone(
                VolumeAction::Connect(id),
                VolumeAction::Disconnect(id),
            ));
            steps.push(plain(VolumeAction::Format(id)));
            steps.push(undone(VolumeAction::Mount(id), VolumeAction::Unmount(id)));
        }
        if !self.files.is_empty() {
            let files = self.files.clone();
            let write = VolumeAction::WriteFiles {
                container,
                revision,
                files,
            };
            let keep = self.former_files;
            steps.push(undone(write, VolumeAction::RemoveFiles { container, keep }));
        }
        steps
    }

    /// After the former container has gone. Without it the work is done all the same, and the sweep tries again.
    pub(crate) fn clear(&self, container: ContainerId, revision: u32) -> Vec<Step> {
        let mut steps = give_back(&self.released);
        if self.former_files.is_some() {
            let keep = Some(revision);
            steps.push(plain(VolumeAction::RemoveFiles { container, keep }));
        }
        steps.into_iter().map(Step::dispensable).collect()
    }
}

/// A volume is made.
pub fn plan_volume_create(make: &MakeVolume) -> Plan {
    one(VolumeAction::Make(make.clone()))
}

/// A volume is made larger, whether a container has it or not.
pub fn plan_volume_extend(volume: VolumeId, size: DiskGib) -> Plan {
    one(VolumeAction::Extend { volume, size })
}

/// A volume that nobody has goes with its data.
pub fn plan_volume_delete(id: VolumeId) -> Plan {
    let mut plan = plan_volume_release(id);
    plan.steps.push(plain(VolumeAction::Delete(id)));
    plan
}

/// A volume that nobody has is unmounted.
pub fn plan_volume_release(id: VolumeId) -> Plan {
    Plan {
        steps: give_back(&[id]),
    }
}

/// A snapshot is taken.
pub fn plan_snapshot_create(volume: VolumeId, snapshot: SnapshotId) -> Plan {
    let undo = VolumeAction::DeleteSnapshot(snapshot);
    Plan {
        steps: vec![undone(VolumeAction::Snapshot { volume, snapshot }, undo)],
    }
}

/// A snapshot goes.
pub fn plan_snapshot_delete(id: SnapshotId) -> Plan {
    one(VolumeAction::DeleteSnapshot(id))
}

fn one(action: VolumeAction) -> Plan {
    Plan {
        steps: vec![plain(action)],
    }
}

/// Mounts what a container has, and starts it where `start`: after a reboot of its host. A failure changes
/// nothing; it is tried again.
pub fn plan_return(container: ContainerId, volumes: &[VolumeId], start: bool) -> Plan {
    let mut steps = bring_back(volumes);
    if start {
        steps.push(Step::plain(Action::Start(RuntimeName::Current(container))));
    }
    Plan {
        steps: steps.into_iter().map(Step::keeping).collect(),
    }
}

/// Whether the engine was to start the container by itself and could not, because its volumes were not there:
/// it ran when it was last looked at, or its last start failed for the lack of a mount.
pub fn starts_on_return(container: &Container, seen: &Observed, sources: &[String]) -> bool {
    let policy = container.desired.spec.restart_policy;
    let restarts = policy.is_some_and(|policy| policy.name != RestartPolicyName::No);
    let stands = matches!(seen.phase, Phase::Exited | Phase::Created | Phase::Dead);
    let ran = container
        .observed
        .as_ref()
        .is_some_and(|before| matches!(before.phase, Phase::Running | Phase::Restarting));
    let lacked = seen
        .error
        .as_ref()
        .is_some_and(|error| sources.iter().any(|source| error.contains(source)));
    container.desired.wish == Wish::Running && restarts && stands && (ran || lacked)
}

#[cfg(test)]
mod tests;
