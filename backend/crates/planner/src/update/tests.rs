//! Tests of the plans of updates: which steps lead from which sight to which wish, and what takes each back.

mod properties;

use zun_domain::container::change::Effect;
use zun_domain::container::{
    Container, ContainerSpec, Healthcheck, Phase, RestartPolicyName, WaitFor, Wish,
};
use zun_domain::unit::{DiskGib, MemoryMib, Millicpu};

use super::{effect, plan_update, recreates};
use crate::fixture::{
    PHASES, WISHES, change, check, container, distinct, environment, in_phase, policy, spec,
    spec_with, usual_wait,
};

/// From `current` to this specification and wish.
#[track_caller]
fn update(current: &Container, spec: ContainerSpec, wish: Wish, expected: &[&str]) {
    let what = format!(
        "{:?} to {wish:?}",
        current.observed.as_ref().map(|seen| seen.phase)
    );
    let change = change(current, spec, wish, usual_wait(wish), false);
    check(&what, &plan_update(current, &change), expected);
}

const START: &str = "start current <- stop current";
const AWAIT: &str = "await current running";
const STOP: &str = "stop current <- start current";
const PAUSE: &str = "pause current <- unpause current";
const UNPAUSE: &str = "unpause current <- pause current";

/// Phases, the wish, and the steps. Every pair of a phase and a wish stands here once.
const TRANSITIONS: &[(&[Phase], Wish, &[&str])] = &[
    (
        &[Phase::Created, Phase::Exited, Phase::Dead],
        Wish::Running,
        &[START, AWAIT],
    ),
    (&[Phase::Running, Phase::Restarting], Wish::Running, &[]),
    (&[Phase::Paused], Wish::Running, &[UNPAUSE]),
    (
        &[Phase::Created, Phase::Exited, Phase::Dead],
        Wish::Stopped,
        &[],
    ),
    (&[Phase::Running, Phase::Restarting], Wish::Stopped, &[STOP]),
    (
        &[Phase::Paused],
        Wish::Stopped,
        &["stop current <- start current, pause current"],
    ),
    (
        &[Phase::Created, Phase::Exited, Phase::Dead],
        Wish::Paused,
        &[START, AWAIT, "pause current"],
    ),
    (&[Phase::Running], Wish::Paused, &[PAUSE]),
    (&[Phase::Restarting], Wish::Paused, &[AWAIT, PAUSE]),
    (&[Phase::Paused], Wish::Paused, &[]),
    (
        &[Phase::Created],
        Wish::Finished,
        &[START, "await current ended"],
    ),
    (
        &[
            Phase::Running,
            Phase::Restarting,
            Phase::Exited,
            Phase::Dead,
        ],
        Wish::Finished,
        &[],
    ),
    (&[Phase::Paused], Wish::Finished, &[UNPAUSE]),
];

#[test]
fn every_phase_and_every_wish() {
    for (phases, wish, expected) in TRANSITIONS {
        // A container that is to be a job anew is made anew: the recorded wish is a job's already.
        let before = match wish {
            Wish::Finished => Wish::Finished,
            Wish::Running | Wish::Stopped | Wish::Paused => Wish::Running,
        };
        for phase in *phases {
            update(&in_phase(*phase, before), spec(), *wish, expected);
        }
    }
    let pairs = TRANSITIONS
        .iter()
        .flat_map(|(phases, wish, _)| phases.iter().map(move |phase| (*phase, *wish)));
    assert_eq!(pairs.clone().count(), PHASES.len() * WISHES.len());
    assert_eq!(distinct(pairs), PHASES.len() * WISHES.len());
}

#[test]
fn a_start_is_waited_for_as_far_as_asked() {
    let stopped = in_phase(Phase::Exited, Wish::Stopped);
    let healthcheck = Healthcheck {
        cmd: "true".to_owned(),
        interval: None,
        timeout: None,
        retries: None,
    };
    let checked = spec_with(|spec| spec.healthcheck = Some(healthcheck));
    let mut healthy = stopped.clone();
    healthy.desired.spec = checked.clone();
    let cases: [(&Container, ContainerSpec, WaitFor, &[&str]); 4] = [
        (&stopped, spec(), WaitFor::None, &[START]),
        (&stopped, spec(), WaitFor::Running, &[START, AWAIT]),
        (
            &healthy,
            checked.clone(),
            WaitFor::Running,
            &[START, "await current healthy"],
        ),
        (&healthy, checked, WaitFor::None, &[START]),
    ];
    for (current, spec, wait_for, expected) in cases {
        let change = change(current, spec, Wish::Running, wait_for, false);
        check(
            &format!("{wait_for:?}"),
            &plan_update(current, &change),
            expected,
        );
    }
}

type Edit = fn(&mut ContainerSpec);

#[test]
fn limits_change_while_it_runs_and_go_back_together() {
    let cases: [(Edit, &str); 4] = [
        (
            |spec| spec.memory = Some(MemoryMib(64)),
            "limit current: memory 64 <- limit current: memory 512",
        ),
        (
            |spec| spec.cpu = Some(Millicpu(250)),
            "limit current: cpu 0.25 <- limit current: cpu 1",
        ),
        (
            |spec| spec.restart_policy = Some(policy(RestartPolicyName::OnFailure)),
            "limit current: OnFailure <- limit current: No",
        ),
        (
            |spec| {
                spec.memory = Some(MemoryMib(64));
                spec.restart_policy = Some(policy(RestartPolicyName::Always));
            },
            "limit current: memory 64 UnlessStopped <- limit current: memory 512 No",
        ),
    ];
    for (edit, expected) in cases {
        let running = in_phase(Phase::Running, Wish::Running);
        update(&running, spec_with(edit), Wish::Running, &[expected]);
    }
}

#[test]
fn what_the_engine_does_not_tell_apart_is_no_change() {
    let running = in_phase(Phase::Running, Wish::Running);
    let no = spec_with(|spec| spec.restart_policy = Some(policy(RestartPolicyName::No)));
    update(&running, no, Wish::Running, &[]);

    let mut unless_stopped = running;
    let unless = Some(policy(RestartPolicyName::UnlessStopped));
    unless_stopped.desired.spec.restart_policy = unless;
    if let Some(seen) = &mut unless_stopped.observed {
        seen.restart_policy = unless;
    }
    let always = spec_with(|spec| spec.restart_policy = Some(policy(RestartPolicyName::Always)));
    update(&unless_stopped, always, Wish::Running, &[]);
}

#[test]
fn what_only_the_record_holds_needs_no_step() {
    let running = in_phase(Phase::Running, Wish::Running);
    let healing = spec_with(|spec| spec.auto_heal = Some(true));
    update(&running, healing, Wish::Running, &[]);
    let disk = spec_with(|spec| spec.disk = Some(DiskGib(1)));
    update(&running, disk.clone(), Wish::Running, &[]);

    let enforced = change(&running, disk, Wish::Running, WaitFor::Running, true);
    assert!(recreates(&running, &enforced));
}

#[test]
fn drift_is_mended_with_the_mildest_step() {
    let mut cut = in_phase(Phase::Running, Wish::Running);
    if let Some(seen) = &mut cut.observed {
        seen.networks.clear();
        seen.memory = Some(MemoryMib(32));
    }
    let limit = "limit current: memory 512 <- limit current: memory 32";
    update(
        &cut,
        spec(),
        Wish::Running,
        &[limit, "network default", "connect current at 10.0.0.2"],
    );
}

const ASIDE: &str = "name r1 aside-1 <- name r1 current";
const MAKE: &str = "create r2 <- remove current";
const START_NEW: &str = "start current <- remove current";
const AWAIT_NEW: &str = "await current running <- remove current";
const REMOVE_OLD: &str = "remove aside-1 (go on)";

fn blue() -> ContainerSpec {
    spec_with(|spec| spec.environment = Some(environment("blue")))
}

/// The new one and the old one share address and host ports. So the old one is stopped before the new one
/// starts, and, taken back from the last line up, the new one is removed before the old one starts.
#[test]
fn a_recreate_keeps_the_former_one_until_the_new_one_has_proved_itself() {
    let stop = "stop aside-1 <- start aside-1";
    let running = [
        "network default",
        "guard",
        ASIDE,
        MAKE,
        stop,
        START_NEW,
        AWAIT_NEW,
        REMOVE_OLD,
    ];
    for phase in [Phase::Running, Phase::Restarting] {
        update(
            &in_phase(phase, Wish::Running),
            blue(),
            Wish::Running,
            &running,
        );
    }
    let paused = [
        "network default",
        "guard",
        ASIDE,
        MAKE,
        "stop aside-1 <- start aside-1, pause aside-1",
        START_NEW,
        AWAIT_NEW,
        "pause current <- remove current",
        REMOVE_OLD,
    ];
    update(
        &in_phase(Phase::Paused, Wish::Paused),
        blue(),
        Wish::Paused,
        &paused,
    );
    let stopped = ["network default", "guard", ASIDE, MAKE, REMOVE_OLD];
    for phase in [Phase::Created, Phase::Exited, Phase::Dead] {
        update(
            &in_phase(phase, Wish::Stopped),
            blue(),
            Wish::Stopped,
            &stopped,
        );
    }
}

#[test]
fn one_that_is_missing_is_made_anew_without_an_edit() {
    let missing = container(spec(), Wish::Running, None);
    let expected = [
        "network default",
        "guard",
        MAKE,
        "start current",
        "await current running",
    ];
    update(&missing, spec(), Wish::Running, &expected);
    update(&missing, spec(), Wish::Stopped, &expected[..3]);
}

#[test]
fn an_image_is_fetched_before_the_former_one_is_touched() {
    let stopped = in_phase(Phase::Exited, Wish::Stopped);
    let mut change = change(&stopped, blue(), Wish::Stopped, WaitFor::Running, false);
    change.make.image.present = false;
    let expected = [
        "pull web:1",
        "network default",
        "guard",
        ASIDE,
        MAKE,
        REMOVE_OLD,
    ];
    check("absent image", &plan_update(&stopped, &change), &expected);
}

#[test]
fn what_becomes_a_job_runs_as_one_from_its_start() {
    let expected = [
        "network default",
        "guard",
        ASIDE,
        MAKE,
        "stop aside-1 <- start aside-1",
        START_NEW,
        "await current ended <- remove current",
        REMOVE_OLD,
    ];
    let running = in_phase(Phase::Running, Wish::Running);
    update(&running, spec(), Wish::Finished, &expected);
}

#[test]
fn the_effect_of_an_edit_is_at_least_a_recreate_where_nothing_is_there() {
    let there = in_phase(Phase::Running, Wish::Running);
    let missing = container(spec(), Wish::Running, None);
    let zone = spec_with(|spec| spec.availability_zone = Some("az2".to_owned()));
    let memory = spec_with(|spec| spec.memory = Some(MemoryMib(64)));
    let cases = [
        (spec(), Effect::Nothing, Effect::Recreate),
        (memory, Effect::Live, Effect::Recreate),
        (blue(), Effect::Recreate, Effect::Recreate),
        (zone, Effect::Replace, Effect::Replace),
    ];
    for (edited, of_present, of_missing) in &cases {
        assert_eq!(effect(&there, edited, false), *of_present);
        assert_eq!(effect(&missing, edited, false), *of_missing);
    }
}
