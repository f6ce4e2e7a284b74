//! What an edit of a capsule costs, container by container.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{ContainerEdit, capsule_changes, effect};
use crate::capsule::CapsuleSpec;
use crate::container::change::Effect;

fn base() -> Value {
    json!({
        "volumes": [{"name": "data", "size": 1}],
        "init_containers": [{"name": "seed", "spec": {"image": "seed:1"}}],
        "containers": [
            {"name": "web", "spec": {"image": "web:1", "ports": [{"internal": 80}],
             "mounts": [{"destination": "/data", "source": "data"}]}},
            {"name": "log", "spec": {"image": "log:1"}}],
    })
}

fn read(value: Value) -> CapsuleSpec {
    serde_json::from_value(value).unwrap()
}

/// Fails unless the edit does this to the whole and to each container.
#[track_caller]
fn check(edit: impl Fn(&mut Value), whole: Effect, containers: &[(&str, ContainerEdit)]) {
    let mut new = base();
    edit(&mut new);
    let (old, new) = (read(base()), read(new));
    let found = effect(&old, &new, true);
    let expected: BTreeMap<_, _> = containers
        .iter()
        .map(|(name, edit)| (name.parse().unwrap(), *edit))
        .collect();
    assert_eq!((found.whole, found.containers), (whole, expected));
}

const REMADE: ContainerEdit = ContainerEdit::Changed(Effect::Recreate);

const ALL: [(&str, ContainerEdit); 3] = [("seed", REMADE), ("web", REMADE), ("log", REMADE)];

#[test]
fn an_edit_of_one_container_is_its_own() {
    check(|_| {}, Effect::Nothing, &[]);
    let live = ContainerEdit::Changed(Effect::Live);
    check(
        |new| new["containers"][1]["spec"]["memory"] = json!(64),
        Effect::Nothing,
        &[("log", live)],
    );
    check(
        |new| new["containers"][1]["spec"]["image"] = json!("log:2"),
        Effect::Nothing,
        &[("log", REMADE)],
    );
    check(
        |new| new["init_containers"][0]["spec"]["command"] = json!(["true"]),
        Effect::Nothing,
        &[("seed", REMADE)],
    );
    check(
        |new| new["containers"][0]["spec"]["image_pull_policy"] = json!("always"),
        Effect::Nothing,
        &[("web", ContainerEdit::Changed(Effect::Nothing))],
    );
}

#[test]
fn containers_come_go_and_change_places() {
    check(
        |new| new["containers"][1]["name"] = json!("tail"),
        Effect::Nothing,
        &[
            ("log", ContainerEdit::Removed),
            ("tail", ContainerEdit::Added),
        ],
    );
    check(
        |new| {
            let list = new["containers"].as_array_mut().unwrap();
            list.reverse();
        },
        Effect::Nothing,
        &[],
    );
    check(
        |new| {
            let log = new["containers"].as_array_mut().unwrap().pop().unwrap();
            new["init_containers"].as_array_mut().unwrap().push(log);
        },
        Effect::Nothing,
        &[("log", ContainerEdit::Changed(Effect::Replace))],
    );
}

#[test]
fn what_all_of_it_shares_is_changed_for_all() {
    check(
        |new| new["containers"][1]["spec"]["ports"] = json!([{"internal": 81}]),
        Effect::Recreate,
        &ALL,
    );
    check(
        |new| new["hostname"] = json!("shop"),
        Effect::Recreate,
        &ALL,
    );
    check(
        |new| new["containers"][0]["spec"]["shm_size"] = json!(128),
        Effect::Recreate,
        &ALL,
    );
    check(
        |new| new["networks"] = json!([{"network": "front"}]),
        Effect::Live,
        &[],
    );
    check(|new| new["networks"] = json!([]), Effect::Nothing, &[]);
    check(
        |new| new["security_groups"] = json!(["web"]),
        Effect::Live,
        &[],
    );
    for field in ["availability_zone", "host"] {
        check(|new| new[field] = json!("b"), Effect::Replace, &[]);
    }
    check(|new| new["hints"] = json!({"a": "b"}), Effect::Replace, &[]);
    for field in ["labels", "annotations"] {
        check(|new| new[field] = json!({"a": "b"}), Effect::Nothing, &[]);
    }
}

#[test]
fn a_port_that_moves_to_another_member_leaves_the_address_alone() {
    check(
        |new| {
            new["containers"][0]["spec"]["ports"] = Value::Null;
            new["containers"][1]["spec"]["ports"] = json!([{"internal": 80}]);
        },
        Effect::Nothing,
        &[],
    );
}

#[test]
fn a_restart_policy_is_changed_live_on_each_member() {
    let live = ContainerEdit::Changed(Effect::Live);
    check(
        |new| new["restart_policy"] = json!({"name": "on-failure"}),
        Effect::Nothing,
        &[("web", live), ("log", live)],
    );
    check(
        |new| new["restart_policy"] = json!({"name": "no"}),
        Effect::Nothing,
        &[("seed", live), ("web", live), ("log", live)],
    );
}

#[test]
fn a_mount_costs_what_its_volume_costs() {
    check(
        |new| new["volumes"][0]["size"] = json!(2),
        Effect::Live,
        &[],
    );
    check(
        |new| new["volumes"][0]["auto_remove"] = json!(false),
        Effect::Nothing,
        &[],
    );
    check(
        |new| new["volumes"][0] = json!({"name": "data", "volume": "shop"}),
        Effect::Nothing,
        &[("web", REMADE)],
    );
    let mut old = base();
    old["volumes"][0] = json!({"name": "data", "volume": "shop"});
    let mut new = old.clone();
    new["volumes"][0]["name"] = json!("stock");
    new["containers"][0]["spec"]["mounts"][0]["source"] = json!("stock");
    assert!(
        effect(&read(old), &read(new), true).containers.is_empty(),
        "another word for the same volume"
    );
}

#[test]
fn disk_costs_a_container_only_where_it_is_enforced() {
    let mut new = base();
    new["containers"][1]["spec"]["disk"] = json!(2);
    let (old, new) = (read(base()), read(new));
    let log = "log".parse().unwrap();
    for (enforced, expected) in [(true, Effect::Recreate), (false, Effect::Nothing)] {
        let found = effect(&old, &new, enforced);
        assert_eq!(found.containers[&log], ContainerEdit::Changed(expected));
        assert_eq!(found.makes(&log), enforced);
    }
}

#[test]
fn each_edit_has_the_name_of_its_field() {
    type Edit = fn(&mut Value);
    let cases: &[(Edit, &[(&str, Effect)])] = &[
        (
            |new| new["containers"][1]["spec"]["memory"] = json!(64),
            &[("containers", Effect::Live)],
        ),
        (
            |new| new["containers"][1]["spec"]["ports"] = json!([{"internal": 81}]),
            &[("containers", Effect::Recreate)],
        ),
        (
            |new| new["init_containers"] = Value::Null,
            &[("init_containers", Effect::Live)],
        ),
        (
            |new| new["volumes"][0]["size"] = json!(2),
            &[("volumes", Effect::Live)],
        ),
        (
            |new| new["restart_policy"] = json!({"name": "no"}),
            &[("restart_policy", Effect::Live)],
        ),
        (
            |new| {
                new["hostname"] = json!("shop");
                new["labels"] = json!({"a": "b"});
            },
            &[("hostname", Effect::Recreate), ("labels", Effect::Nothing)],
        ),
        (|new| new["host"] = json!("b"), &[("host", Effect::Replace)]),
    ];
    for (edit, expected) in cases {
        let mut new = base();
        edit(&mut new);
        let found = capsule_changes(&read(base()), &read(new));
        let found: Vec<_> = found
            .iter()
            .map(|change| (change.field, change.effect))
            .collect();
        assert_eq!(found, *expected);
    }
}

#[test]
fn the_whole_is_touched_by_what_happens_to_its_containers() {
    let mut new = base();
    new["containers"][1]["spec"]["image"] = json!("log:2");
    let found = effect(&read(base()), &read(new), true);
    assert_eq!(found.effect(), Effect::Live);
    let mut new = base();
    new["labels"] = json!({"a": "b"});
    assert_eq!(
        effect(&read(base()), &read(new), true).effect(),
        Effect::Nothing
    );
}
