//! Networks joined and left while the container runs.

use zun_domain::container::{Phase, WaitFor, Wish};
use zun_domain::runtime::Attachment;

use crate::fixture::model::Model;
use crate::fixture::{another_network, attachment, change, check, in_phase, network, spec};
use crate::update::{Change, plan_update};

/// An edit from the networks `former` to `wanted`.
fn edit(former: Vec<Attachment>, wanted: Vec<Attachment>) -> Change {
    let current = in_phase(Phase::Running, Wish::Running);
    let mut change = change(&current, spec(), Wish::Running, WaitFor::Running, false);
    change.make.networks = vec![
        network(),
        another_network(1, "app"),
        another_network(2, "db"),
    ];
    change.make.request.attachments = wanted;
    change.former = former;
    change
}

fn plan(change: &Change, on: &[&Attachment], expected: &[&str]) {
    let mut current = in_phase(Phase::Running, Wish::Running);
    if let Some(seen) = &mut current.observed {
        seen.networks = on.iter().map(|on| on.network.clone()).collect();
        seen.networks.sort();
    }
    let plan = plan_update(&current, change);
    check("connections", &plan, expected);
    let before = Model::of(&current);
    let mut model = before.clone();
    model.run(&plan).unwrap();
    let shown = model.shown().unwrap();
    let mut wished: Vec<String> = change
        .make
        .request
        .attachments
        .iter()
        .map(|a| a.network.clone())
        .collect();
    wished.sort();
    assert_eq!(shown.networks, wished, "where it leads");
}

#[test]
fn what_a_hand_has_joined_is_left() {
    let (home, app) = (
        attachment(&network(), 2),
        attachment(&another_network(1, "app"), 9),
    );
    plan(
        &edit(vec![home.clone()], vec![home.clone()]),
        &[&home, &app],
        &["disconnect current from e1"],
    );
}

#[test]
fn joined_before_left() {
    let (home, app) = (
        attachment(&network(), 2),
        attachment(&another_network(1, "app"), 9),
    );
    plan(
        &edit(vec![home.clone()], vec![app]),
        &[&home],
        &[
            "network app",
            "guard",
            "connect current at 10.0.1.9 <- disconnect current from e1",
            "disconnect current from e0 <- connect current at 10.0.0.2",
        ],
    );
}

#[test]
fn one_more_and_one_less() {
    let home = attachment(&network(), 2);
    let (app, db) = (
        attachment(&another_network(1, "app"), 9),
        attachment(&another_network(2, "db"), 9),
    );
    plan(
        &edit(
            vec![home.clone()],
            vec![home.clone(), app.clone(), db.clone()],
        ),
        &[&home],
        &[
            "network app",
            "network db",
            "guard",
            "connect current at 10.0.1.9 <- disconnect current from e1",
            "connect current at 10.0.2.9 <- disconnect current from e2",
        ],
    );
    plan(
        &edit(vec![home.clone(), app.clone()], vec![home.clone()]),
        &[&home, &app],
        &["disconnect current from e1 <- connect current at 10.0.1.9"],
    );
    plan(
        &edit(vec![home.clone(), app.clone()], vec![home.clone()]),
        &[&home],
        &[],
    );
}

#[test]
fn another_address_on_the_same_network() {
    let (home, moved) = (attachment(&network(), 2), attachment(&network(), 7));
    plan(
        &edit(vec![home.clone()], vec![moved]),
        &[&home],
        &[
            "guard",
            "disconnect current from e0 <- connect current at 10.0.0.2",
            "connect current at 10.0.0.7 <- disconnect current from e0",
        ],
    );
}

#[test]
fn what_a_hand_has_cut_comes_back() {
    let home = attachment(&network(), 2);
    let change = edit(vec![home.clone()], vec![home]);
    let expected = ["network default", "connect current at 10.0.0.2"];
    plan(&change, &[], &expected);
}

#[test]
fn other_groups_are_a_matter_of_rules() {
    let home = attachment(&network(), 2);
    let mut change = edit(vec![home.clone()], vec![home.clone()]);
    change.regrouped = true;
    plan(&change, &[&home], &["guard"]);
}
