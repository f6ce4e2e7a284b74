//! All containers of a capsule anew, in place: the former ones stand aside until the new ones have proved themselves.

use zun_domain::container::Observed;

use super::{CapsuleChange, Part, Removed, cleared, giving_way, gone, set_aside, stop};
use crate::capsule::{alive, halves, prepare, remove_files, run};
use crate::create::{Make, Wished, bring_up};
use crate::step::{Plan, Step};

/// Prepare; give up the names; make all; stop the former ones, sandbox last; start sandbox, init containers, members;
/// and only when all are as wished remove the former ones. Taken back, the former sandbox is started first.
pub(super) fn plan(change: &CapsuleChange, seen: Option<&Observed>) -> Plan {
    let sandbox = &change.sandbox;
    let parts: Vec<&Part> = change.inits.iter().chain(&change.members).collect();
    let makes: Vec<&Make> = parts.iter().map(|part| part.make()).collect();
    let mut steps = prepare(&sandbox.change.make, &makes);
    let kept = || parts.iter().filter_map(|part| part.kept());

    steps.extend(kept().rev().filter_map(set_aside));
    steps.extend(set_aside(sandbox));
    steps.push(sandbox.change.make.make());
    steps.extend(makes.iter().map(|make| make.make()));

    // Without its sandbox none of the former ones could be started again.
    let joinable = seen.is_some_and(alive);
    let former = |kept: &super::Kept| {
        let seen = kept.current.observed.as_ref()?;
        stop(kept.aside()?, seen, joinable)
    };
    steps.extend(
        change
            .removed
            .iter()
            .rev()
            .filter_map(|one| one.stop(joinable)),
    );
    steps.extend(kept().rev().filter_map(former));
    steps.extend(former(sandbox));
    if change.runs() {
        steps.extend(started(change));
    }

    steps.extend(kept().rev().filter_map(|kept| kept.aside().map(gone)));
    steps.extend(change.removed.iter().rev().map(Removed::gone));
    steps.extend(sandbox.aside().map(gone));
    let files = change.removed.iter().filter(|one| one.files);
    steps.extend(files.map(|one| remove_files(one.current.id).dispensable()));
    steps.extend(makes.iter().flat_map(|make| cleared(make)));
    steps.extend(cleared(&sandbox.change.make));
    Plan { steps }
}

/// From made to as wished.
fn started(change: &CapsuleChange) -> Vec<Step> {
    let up = |make: &Make| {
        let (start, later) = halves(bring_up(make.current(), &Wished::from(make)));
        (giving_way(start, make.current()), later)
    };
    let (mut steps, mut awaits) = up(&change.sandbox.change.make);
    for init in &change.inits {
        let make = init.make();
        steps.extend(giving_way(run(make), make.current()));
    }
    for member in &change.members {
        let (start, later) = up(member.make());
        steps.extend(start);
        awaits.extend(later);
    }
    steps.extend(awaits);
    steps
}
