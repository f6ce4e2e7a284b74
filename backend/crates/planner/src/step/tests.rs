//! Plans in words, and plans as they are kept while they are being done.

use super::{Action, OnFailure, Plan, Step};
use crate::create::plan_create;
use crate::fixture::{REVISION, change, environment, id, in_phase, make, spec, spec_with};
use crate::update::plan_update;
use zun_domain::container::{Phase, WaitFor, Wish};
use zun_domain::runtime::RuntimeName;

#[test]
fn a_preview_reads_as_a_list_of_what_happens() {
    let mut first = make(spec(), Wish::Paused, WaitFor::Running, 1);
    first.image.present = false;
    let expected = [
        "pulling web:1",
        "making network default",
        "putting its firewall rules in force",
        "creating container from web:1",
        "starting",
        "waiting until it runs",
        "pausing",
    ];
    assert_eq!(plan_create(&first).words(), expected);

    let current = in_phase(Phase::Running, Wish::Running);
    let edited = spec_with(|spec| spec.environment = Some(environment("blue")));
    let change = change(&current, edited, Wish::Running, WaitFor::Running, false);
    let expected = [
        "making network default",
        "putting its firewall rules in force",
        "keeping the former container aside",
        "creating container from web:1",
        "stopping",
        "starting",
        "waiting until it runs",
        "removing the former container",
    ];
    assert_eq!(plan_update(&current, &change).words(), expected);
}

#[test]
fn an_empty_plan_says_so() {
    assert!(Plan::default().is_empty());
    assert_eq!(Plan::default().words(), Vec::<String>::new());
}

/// Plans lie in the database while they are done. One that an earlier release has written is read by the
/// next: where this fails, the new form needs a default or a migration, not a new text here.
#[test]
fn a_plan_that_was_stored_is_still_read() {
    let stored = r#"{"steps": [
        {"action": {"rename": {"container": "00000000-0000-0000-0000-0000000000c0", "revision": 1,
                               "to": {"aside": ["00000000-0000-0000-0000-0000000000c0", 1]}}},
         "undo": [{"rename": {"container": "00000000-0000-0000-0000-0000000000c0", "revision": 1,
                              "to": {"current": "00000000-0000-0000-0000-0000000000c0"}}}],
         "on_failure": "undo"},
        {"action": {"stop": {"name": {"aside": ["00000000-0000-0000-0000-0000000000c0", 1]}, "timeout": null}},
         "undo": [], "on_failure": "keep"},
        {"action": {"await_started": {"name": {"current": "00000000-0000-0000-0000-0000000000c0"},
                                      "healthy": true}},
         "undo": [], "on_failure": "undo"},
        {"action": {"remove": {"aside": ["00000000-0000-0000-0000-0000000000c0", 1]}},
         "undo": [], "on_failure": "goon"}]}"#;
    let (current, aside) = (
        RuntimeName::Current(id()),
        RuntimeName::Aside(id(), REVISION),
    );
    let rename = |to| Action::Rename {
        container: id(),
        revision: REVISION,
        to,
    };
    let stop = Action::Stop {
        name: aside,
        timeout: None,
    };
    let wait = Action::AwaitStarted {
        name: current,
        healthy: true,
    };
    let expected = vec![
        Step::undone_by(rename(aside), vec![rename(current)]),
        Step::plain(stop).keeping(),
        Step::plain(wait),
        Step::plain(Action::Remove(aside)).dispensable(),
    ];
    let read: Plan = serde_json::from_str(stored).unwrap();
    assert_eq!(read.steps, expected);
    assert_eq!(read.steps[3].on_failure, OnFailure::GoOn);
}
