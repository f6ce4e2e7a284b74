//! One step per verb, none of which is taken back: what a person asked for by name stays as far as it came.

use super::{plan_kill, plan_pause, plan_reboot, plan_start, plan_stop, plan_unpause};
use crate::fixture::model::Model;
use crate::fixture::{check, id, in_phase};
use crate::step::Plan;
use zun_domain::container::{Phase, Wish};

#[test]
fn each_verb_is_its_step() {
    let usr1 = Some("USR1".parse().unwrap());
    let cases: [(Plan, &[&str]); 9] = [
        (plan_start(id(), &[]), &["start current (keep)"]),
        (plan_stop(id(), None), &["stop current (keep)"]),
        (
            plan_stop(id(), Some(3)),
            &["stop current within 3 s (keep)"],
        ),
        (
            plan_reboot(id(), &[], None),
            &["stop current (keep)", "start current (keep)"],
        ),
        (
            plan_reboot(id(), &[], Some(3)),
            &["stop current within 3 s (keep)", "start current (keep)"],
        ),
        (plan_pause(id()), &["pause current (keep)"]),
        (plan_unpause(id()), &["unpause current (keep)"]),
        (plan_kill(id(), None), &["kill current (keep)"]),
        (plan_kill(id(), usr1), &["kill current with USR1 (keep)"]),
    ];
    for (plan, expected) in &cases {
        check("verb", plan, expected);
    }
}

#[test]
fn each_verb_leads_where_its_name_says() {
    let cases = [
        (Phase::Exited, plan_start(id(), &[]), Phase::Running),
        (Phase::Running, plan_stop(id(), None), Phase::Exited),
        (Phase::Paused, plan_stop(id(), None), Phase::Exited),
        (Phase::Running, plan_reboot(id(), &[], None), Phase::Running),
        (Phase::Exited, plan_reboot(id(), &[], None), Phase::Running),
        (Phase::Running, plan_pause(id()), Phase::Paused),
        (Phase::Paused, plan_unpause(id()), Phase::Running),
        (Phase::Running, plan_kill(id(), None), Phase::Exited),
    ];
    for (from, plan, to) in &cases {
        let mut model = Model::of(&in_phase(*from, Wish::Running));
        model.run(plan).unwrap();
        let reached = model.shown().map(|seen| seen.phase);
        assert_eq!(reached, Some(*to), "{from:?}: {:?}", plan.words());
    }
}
