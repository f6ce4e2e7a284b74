//! Plans for a capsule: one sandbox that holds the namespaces, init containers that run one after the other, members
//! that run side by side. Each is a container; what is added here is their order.
//!
//! A container joins the very sandbox that has the name when it is made, and starts only while that one runs; one whose
//! sandbox was started again is cut off until it is started again itself ([`cut_off`]). So the sandbox comes first
//! and goes last, in what is done and in what is taken back.

mod back;
mod update;

use zun_domain::container::{Observed, Phase, Wish};
use zun_domain::id::{ContainerId, VolumeId};
use zun_domain::runtime::RuntimeName;

use crate::create::{Make, Wished, bring_up};
use crate::delete::Ending;
use crate::step::{Action, Plan, Step, VolumeAction};
use crate::storage::{bring_back, give_back};

pub use back::plan_capsule_back;
pub use update::{
    CapsuleChange, Kept, Part, Removed, part_recreates, plan_capsule_update, whole_recreates,
};

/// Everything that was decided about a capsule to be made. All volumes are in the storage of the sandbox, which has
/// them; that of the others holds files only.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MakeCapsule {
    /// Its sandbox. What is wished of it is wished of the whole.
    pub sandbox: Make,
    /// Its init containers, in the order in which they run.
    pub inits: Vec<Make>,
    /// Its members, in the order in which they start.
    pub members: Vec<Make>,
}

/// A container of a capsule that is deleted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Leaving {
    /// Which.
    pub id: ContainerId,
    /// The revision that a recreate, cancelled by this delete, may have kept aside.
    pub aside: Option<u32>,
    /// It has files.
    pub files: bool,
}

/// Images, network, rules, volumes, files; the sandbox; each init container to its end; the members. Whatever fails, a
/// wait included, takes everything back: the executor reads exit code and log before that.
pub fn plan_capsule_create(make: &MakeCapsule) -> Plan {
    let MakeCapsule {
        sandbox,
        inits,
        members,
    } = make;
    let mut steps = prepare(sandbox, &inits.iter().chain(members).collect::<Vec<_>>());
    let up = sandbox.wish != Wish::Stopped;
    let (start, mut awaits) = halves(bring_up(sandbox.current(), &Wished::from(sandbox)));
    steps.push(sandbox.make());
    steps.extend(start);
    for init in inits {
        steps.push(init.make());
        if up {
            steps.extend(run(init));
        }
    }
    steps.extend(members.iter().map(Make::make));
    for member in members.iter().filter(|_| up) {
        let (start, later) = halves(bring_up(member.current(), &Wished::from(member)));
        steps.extend(start);
        awaits.extend(later);
    }
    steps.extend(awaits);
    Plan { steps }
}

/// Stops and removes the containers, the last one first, so that nobody outlives the sandbox; then gives back the
/// volumes that nobody else has, and deletes those that are the capsule's own. `containers` begins with the sandbox.
pub fn plan_capsule_delete(
    containers: &[Leaving],
    released: &[VolumeId],
    owned: &[VolumeId],
    ending: Ending,
) -> Plan {
    let mut steps = Vec::new();
    for leaving in containers.iter().rev() {
        let name = RuntimeName::Current(leaving.id);
        if ending == Ending::Stopped {
            let timeout = None;
            steps.push(Step::plain(Action::Stop { name, timeout }));
        }
        steps.push(Step::plain(Action::Remove(name)));
    }
    // All that may stand aside is of a recreate of the whole: it goes in the same order.
    for leaving in containers.iter().rev() {
        if let Some(revision) = leaving.aside {
            let aside = RuntimeName::Aside(leaving.id, revision);
            steps.push(Step::plain(Action::Remove(aside)));
        }
    }
    steps.extend(give_back(released));
    let with_files = containers.iter().filter(|leaving| leaving.files);
    steps.extend(with_files.map(|leaving| remove_files(leaving.id)));
    let delete = |id: &VolumeId| Step::plain(Action::Volume(VolumeAction::Delete(*id)));
    steps.extend(owned.iter().map(delete));
    Plan { steps }
}

/// Stops the members, the last one first, and the sandbox; mounts the volumes; starts sandbox and members in their
/// order. Nothing is taken back: what fails shows why, and can be tried again.
pub fn plan_capsule_reboot(
    sandbox: ContainerId,
    members: &[ContainerId],
    volumes: &[VolumeId],
    timeout: Option<u32>,
) -> Plan {
    let name = RuntimeName::Current;
    let stop = |id: &ContainerId| {
        let name = name(*id);
        Step::plain(Action::Stop { name, timeout }).keeping()
    };
    let mut steps: Vec<Step> = members.iter().rev().map(stop).collect();
    steps.push(stop(&sandbox));
    steps.extend(plan_capsule_return(sandbox, members, volumes).steps);
    Plan { steps }
}

/// Mounts what the capsule has and starts its sandbox and `members`, in this order: after a reboot of its host, or when
/// a member is started whose sandbox does not run. A failure changes nothing; it is tried again.
pub fn plan_capsule_return(
    sandbox: ContainerId,
    members: &[ContainerId],
    volumes: &[VolumeId],
) -> Plan {
    let mut steps = bring_back(volumes);
    let all = std::iter::once(&sandbox).chain(members);
    steps.extend(all.map(|id| Step::plain(Action::Start(RuntimeName::Current(*id)))));
    Plan {
        steps: steps.into_iter().map(Step::keeping).collect(),
    }
}

/// Whether a container runs in namespaces that are no longer its sandbox's: that one does not run, or was started after
/// it. It has no network until it is started again.
pub fn cut_off(sandbox: Option<&Observed>, container: &Observed) -> bool {
    let restarted = |sandbox: &Observed| match (sandbox.started_at, container.started_at) {
        (Some(sandbox), Some(container)) => sandbox > container,
        (_, None) | (None, _) => false,
    };
    alive(container) && sandbox.is_none_or(|sandbox| !alive(sandbox) || restarted(sandbox))
}

/// Whether it has processes, or is about to get them.
fn alive(seen: &Observed) -> bool {
    matches!(
        seen.phase,
        Phase::Running | Phase::Paused | Phase::Restarting
    )
}

/// What can fail without any container having been touched, each image once.
fn prepare(sandbox: &Make, others: &[&Make]) -> Vec<Step> {
    let mut steps = pulls(std::iter::once(sandbox).chain(others.iter().copied()));
    let ensure = |network| Step::plain(Action::EnsureNetwork(network));
    steps.extend(sandbox.networks.iter().cloned().map(ensure));
    steps.push(Step::plain(Action::Guard));
    steps.extend(stored(sandbox));
    steps.extend(others.iter().flat_map(|make| stored(make)));
    steps
}

fn pulls<'a>(all: impl Iterator<Item = &'a Make>) -> Vec<Step> {
    let mut steps = Vec::new();
    for step in all.filter_map(Make::fetch) {
        if !steps.contains(&step) {
            steps.push(step);
        }
    }
    steps
}

/// Its volumes and files.
fn stored(make: &Make) -> Vec<Step> {
    let request = &make.request;
    make.storage.prepare(request.container, request.revision)
}

/// From a made init container to its end, whatever else is waited for.
fn run(init: &Make) -> Vec<Step> {
    let wished = Wished {
        wish: Wish::Finished,
        ..Wished::from(init)
    };
    bring_up(init.current(), &wished)
}

/// What starts, and what has to wait until all of them have been started: one may need another to become healthy.
fn halves(steps: Vec<Step>) -> (Vec<Step>, Vec<Step>) {
    steps.into_iter().partition(|step| !waits(step))
}

fn waits(step: &Step) -> bool {
    matches!(step.action, Action::AwaitStarted { .. } | Action::Pause(_))
}

fn remove_files(container: ContainerId) -> Step {
    let keep = None;
    Step::plain(Action::Volume(VolumeAction::RemoveFiles {
        container,
        keep,
    }))
}

#[cfg(test)]
mod tests;
