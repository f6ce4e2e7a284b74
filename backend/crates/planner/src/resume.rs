//! Going on after an interruption. The host may have gone down with us: what its memory held is lost, whatever
//! the log says was done. It is done again before the next step; each of these may be done twice.

use zun_domain::id::VolumeId;
use zun_domain::runtime::RuntimeName;

use crate::step::{Action, Plan, Step, VolumeAction};

/// What has to be done again before the step `next`, in order: devices, mounts, and the start of what is to be
/// waited for, or what others of its capsule are to join or run beside. Never the start of a job: that runs once.
pub fn to_redo(plan: &Plan, next: usize) -> Vec<Action> {
    let (done, rest) = plan.steps.split_at(next.min(plan.steps.len()));
    let mut again: Vec<Action> = Vec::new();
    for (index, step) in done.iter().enumerate() {
        let later = &done[index + 1..];
        let mount =
            mounted(&step.action).is_some_and(|id| !later.iter().any(|step| gives_back(step, id)));
        let start = matches!(step.action, Action::Start(name)
            if awaited(later, rest) || (beside_others(name, rest) && stays(name, later, plan)));
        if mount || start {
            again.push(step.action.clone());
        }
    }
    again
}

/// The volume that gets a device or a mount by this.
fn mounted(action: &Action) -> Option<VolumeId> {
    if let Action::Volume(VolumeAction::Connect(id) | VolumeAction::Mount(id)) = action {
        return Some(*id);
    }
    None
}

fn gives_back(step: &Step, volume: VolumeId) -> bool {
    matches!(&step.action, Action::Volume(VolumeAction::Unmount(id) | VolumeAction::Disconnect(id)) if *id == volume)
}

/// The start is the last thing done, but for waits, and what comes needs its process.
fn awaited(later: &[Step], rest: &[Step]) -> bool {
    let waits = |step: &Step| matches!(step.action, Action::AwaitStarted { .. });
    let needs = |step: &Step| matches!(step.action, Action::AwaitStarted { .. } | Action::Pause(_));
    later.iter().all(waits) && rest.first().is_some_and(needs)
}

/// Another container of the same plan is still to be started or waited for.
fn beside_others(name: RuntimeName, rest: &[Step]) -> bool {
    rest.iter().any(|step| {
        let other = match &step.action {
            Action::Start(other)
            | Action::Pause(other)
            | Action::AwaitStarted { name: other, .. }
            | Action::AwaitExited { name: other } => other,
            Action::Pull(_)
            | Action::Image(_)
            | Action::EnsureNetwork(_)
            | Action::Guard
            | Action::Volume(_)
            | Action::Create(_)
            | Action::Stop { .. }
            | Action::Kill { .. }
            | Action::Unpause(_)
            | Action::Update { .. }
            | Action::Rename { .. }
            | Action::Remove(_)
            | Action::Connect { .. }
            | Action::Disconnect { .. } => return false,
        };
        other.container() != name.container()
    })
}

/// What was started is meant to run from then on: it is no job, and nobody has ended it since.
fn stays(name: RuntimeName, later: &[Step], plan: &Plan) -> bool {
    let ended = |step: &Step| match &step.action {
        Action::Stop { name: other, .. }
        | Action::Kill { name: other, .. }
        | Action::Remove(other) => *other == name,
        Action::Rename { container, .. } => *container == name.container(),
        Action::Pull(_)
        | Action::Image(_)
        | Action::EnsureNetwork(_)
        | Action::Guard
        | Action::Volume(_)
        | Action::Create(_)
        | Action::Start(_)
        | Action::Pause(_)
        | Action::Unpause(_)
        | Action::Update { .. }
        | Action::Connect { .. }
        | Action::Disconnect { .. }
        | Action::AwaitStarted { .. }
        | Action::AwaitExited { .. } => false,
    };
    let job =
        |step: &Step| matches!(&step.action, Action::AwaitExited { name: other } if *other == name);
    !later.iter().any(ended) && !plan.steps.iter().any(job)
}

/// Whether a step that was begun before the interruption is done when it is refused now: a signal that has ended
/// its process.
pub fn done_when_refused(action: &Action) -> bool {
    matches!(action, Action::Kill { .. })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::capsule::plan_capsule_create;
    use crate::create::plan_create;
    use crate::delete::{Belongings, Ending, plan_delete};
    use crate::fixture::capsule::make_capsule;
    use crate::fixture::{id, lines, make, spec};
    use crate::storage::Storage;
    use uuid::Uuid;
    use zun_domain::container::{WaitFor, Wish};

    fn redone(plan: &Plan, next: usize) -> Vec<String> {
        let steps = to_redo(plan, next).into_iter().map(Step::plain).collect();
        lines(&Plan { steps })
    }

    fn volume() -> VolumeId {
        VolumeId(Uuid::from_u128(1))
    }

    fn plan(wish: Wish, wait_for: WaitFor) -> Plan {
        let mut make = make(spec(), wish, wait_for, 1);
        make.storage = Storage {
            fresh: vec![volume()],
            ..Storage::default()
        };
        plan_create(&make)
    }

    #[test]
    fn mounts_and_an_awaited_start_are_done_again() {
        // network, guard, connect, format, mount, create, start, await, pause
        let paused = plan(Wish::Paused, WaitFor::Running);
        assert_eq!(redone(&paused, 0), Vec::<String>::new());
        assert_eq!(redone(&paused, 3), ["connect v1"]);
        assert_eq!(redone(&paused, 6), ["connect v1", "mount v1"]);
        for next in [7, 8] {
            assert_eq!(
                redone(&paused, next),
                ["connect v1", "mount v1", "start current"]
            );
        }
        assert_eq!(redone(&paused, 9), ["connect v1", "mount v1"]);
        assert_eq!(redone(&paused, 99), ["connect v1", "mount v1"]);
    }

    #[test]
    fn a_job_is_not_started_twice() {
        let job = plan(Wish::Finished, WaitFor::Exited);
        assert_eq!(redone(&job, 7), ["connect v1", "mount v1"]);
    }

    #[test]
    fn what_was_given_back_stays_so() {
        let belongings = Belongings {
            released: vec![volume()],
            ..Belongings::default()
        };
        let plan = plan_delete(id(), &belongings, Ending::Stopped);
        for next in 0..=plan.steps.len() {
            assert_eq!(redone(&plan, next), Vec::<String>::new());
        }
    }

    #[test]
    fn a_capsule_gets_its_sandbox_back_before_it_goes_on() {
        // network, guard, then: create sandbox, start it, create i0, start i0, await i0, create m0, create m1,
        // start m0, start m1, await all three
        let plan = plan_capsule_create(&make_capsule(1, 2, Wish::Running));
        for (next, expected) in [
            (3, &[][..]),
            (4, &["start sandbox"]),
            (6, &["start sandbox"]),
            (9, &["start sandbox"]),
            (10, &["start sandbox", "start m0"]),
            (11, &["start sandbox", "start m0", "start m1"]),
            (13, &["start sandbox", "start m0", "start m1"]),
        ] {
            assert_eq!(redone(&plan, next), expected, "before step {next}");
        }
    }
}
