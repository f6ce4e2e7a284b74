//! The steps of a create, and what stays of it when one fails.

use uuid::Uuid;
use zun_domain::container::{Healthcheck, WaitFor, Wish};
use zun_domain::id::ImageId;
use zun_domain::image::LoadImage;

use super::{Make, plan_create};
use crate::fixture::model::Model;
use crate::fixture::{WISHES, check, container, current, make, seen, spec, spec_with, usual_wait};
use crate::step::OnFailure;
use zun_domain::container::Phase;

const MADE: [&str; 3] = ["network default", "guard", "create r1 <- remove current"];

fn steps(wish: Wish, wait_for: WaitFor, more: &[&str]) {
    let plan = plan_create(&make(spec(), wish, wait_for, 1));
    let expected: Vec<&str> = MADE.iter().chain(more).copied().collect();
    check(&format!("{wish:?}, {wait_for:?}"), &plan, &expected);
}

#[test]
fn wish_and_wait_decide_how_it_ends() {
    let start = "start current";
    let running = "await current running (keep)";
    let ended = "await current ended (keep)";
    steps(Wish::Running, WaitFor::Running, &[start, running]);
    steps(Wish::Running, WaitFor::None, &[start]);
    steps(Wish::Stopped, WaitFor::Running, &[]);
    let paused = "pause current (keep)";
    steps(Wish::Paused, WaitFor::Running, &[start, running, paused]);
    steps(Wish::Paused, WaitFor::None, &[start, paused]);
    steps(Wish::Finished, WaitFor::Exited, &[start, ended]);
    // A job is waited for to its end, whatever else is said.
    steps(Wish::Finished, WaitFor::None, &[start, ended]);
}

#[test]
fn an_image_of_the_image_service_is_loaded_and_never_pulled() {
    let mut make = make(spec(), Wish::Stopped, WaitFor::None, 1);
    make.image.present = false;
    make.load = Some(LoadImage {
        image: ImageId(Uuid::from_u128(5)),
        name: "app".to_owned(),
        docker_id: "sha256:1".to_owned(),
    });
    let expected = [&["image: loading image app"], &MADE[..]].concat();
    check("glance", &plan_create(&make), &expected);
}

fn with_healthcheck(wait_for: WaitFor) -> Make {
    let spec = spec_with(|spec| {
        spec.healthcheck = Some(Healthcheck {
            cmd: "true".to_owned(),
            interval: None,
            timeout: None,
            retries: None,
        });
    });
    make(spec, Wish::Running, wait_for, 1)
}

#[test]
fn a_health_check_is_waited_for_where_anything_is() {
    let cases = [
        (WaitFor::Running, Some("await current healthy (keep)")),
        (WaitFor::Healthy, Some("await current healthy (keep)")),
        (WaitFor::None, None),
    ];
    for (wait_for, last) in cases {
        let plan = plan_create(&with_healthcheck(wait_for));
        let expected: Vec<&str> = MADE
            .into_iter()
            .chain(["start current"])
            .chain(last)
            .collect();
        check(&format!("{wait_for:?}"), &plan, &expected);
    }
}

#[test]
fn an_image_that_is_not_there_is_fetched_before_anything_is_made() {
    let mut absent = make(spec(), Wish::Stopped, WaitFor::Running, 1);
    absent.image.present = false;
    let expected = ["pull web:1", MADE[0], MADE[1], MADE[2]];
    check("absent image", &plan_create(&absent), &expected);
}

/// Fails each step, with and without its effect: what could not be started is gone, what was started and
/// did not do what was wished is kept, with its exit code and its log.
#[test]
fn a_failure_up_to_the_start_leaves_nothing_and_a_later_one_the_container() {
    for wish in WISHES {
        let plan = plan_create(&make(spec(), wish, usual_wait(wish), 1));
        for (index, step) in plan.steps.iter().enumerate() {
            for lost in [false, true] {
                let mut model = Model::default();
                let undone = model.run_failing(&plan, index, lost).unwrap();
                let what = format!("{wish:?}, step {index}, effect {lost}");
                assert_eq!(undone, step.on_failure == OnFailure::Undo, "{what}");
                assert_eq!(model.containers.is_empty(), undone, "{what}");
            }
        }
    }
}

#[test]
fn the_plan_leads_to_what_is_wished() {
    let reached = |wish| match wish {
        Wish::Running => Phase::Running,
        Wish::Stopped => Phase::Created,
        Wish::Paused => Phase::Paused,
        Wish::Finished => Phase::Exited,
    };
    for wish in WISHES {
        let mut model = Model::of(&container(spec(), wish, None));
        model
            .run(&plan_create(&make(spec(), wish, usual_wait(wish), 1)))
            .unwrap();
        let expected = seen(&spec(), reached(wish), 1);
        assert_eq!(model.containers, [(current(), expected)].into(), "{wish:?}");
    }
}
