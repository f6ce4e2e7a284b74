//! What a delete does, in which order, and that asking again is fine.

use super::{Belongings, Ending, plan_delete};
use crate::fixture::model::Model;
use crate::fixture::{PHASES, check, id, in_phase, seen, spec};
use zun_domain::container::{Phase, Wish};
use zun_domain::runtime::RuntimeName;

fn leaving(aside: Option<u32>) -> Belongings {
    Belongings {
        aside,
        ..Belongings::default()
    }
}

#[test]
fn it_is_asked_to_stop_unless_it_is_killed() {
    let killed = plan_delete(id(), &leaving(None), Ending::Killed);
    check("killed", &killed, &["remove current"]);
    let stopped = plan_delete(id(), &leaving(None), Ending::Stopped);
    check("stopped", &stopped, &["stop current", "remove current"]);
}

#[test]
fn a_former_one_that_a_recreate_has_left_goes_too() {
    let plan = plan_delete(id(), &leaving(Some(2)), Ending::Stopped);
    let expected = ["stop current", "remove current", "remove aside-2"];
    check("third revision", &plan, &expected);

    let mut model = Model::of(&in_phase(Phase::Running, Wish::Running));
    let former = seen(&spec(), Phase::Exited, 2);
    model.containers.insert(RuntimeName::Aside(id(), 2), former);
    model.run(&plan).unwrap();
    assert!(model.containers.is_empty(), "{model:?}");
}

/// In every phase, from every step that was interrupted: the end is nothing, and no step is taken back.
#[test]
fn it_can_be_done_again_from_any_step() {
    for phase in PHASES {
        for ending in [Ending::Stopped, Ending::Killed] {
            let plan = plan_delete(id(), &leaving(Some(1)), ending);
            assert!(plan.steps.iter().all(|step| step.undo.is_empty()));
            for interrupted in 0..=plan.steps.len() {
                let mut model = Model::of(&in_phase(phase, Wish::Running));
                model.run_failing(&plan, interrupted, true).unwrap();
                model.run(&plan).unwrap();
                assert!(model.containers.is_empty(), "{phase:?}, {ending:?}");
            }
        }
    }
}
