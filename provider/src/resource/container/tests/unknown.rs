//! The table of what each kind of change leaves open, held attribute by attribute.

use std::collections::BTreeSet;

use tfplugin::Value;
use zun_api_types::features::DiskMeaning;
use zun_domain::container::Effect;
use zun_domain::container::change::EFFECTS;

use super::super::memory::Memory;
use super::super::plan::{Kind, OPEN, REMADE, attribute_of, shape_update};
use super::super::schema::schema;
use super::edits::mount;
use super::{config, edits};

/// A stored state: the configuration, with something in every attribute the server sets.
fn stored(config: &Value, state: &Value) -> Value {
    let mut all = config.clone();
    for (name, attribute) in schema().fields().attributes() {
        if attribute.is_computed() && all.get(name).unwrap().is_null() {
            all.set(name, Value::string(format!("stored {name}")));
        }
    }
    all.set("state", state);
    all
}

fn unknown(planned: &Value) -> BTreeSet<String> {
    let entries = planned.as_entries().unwrap().iter();
    entries
        .filter(|(_, value)| value.is_unknown())
        .map(|(name, _)| name.clone())
        .collect()
}

fn open(kinds: &[Kind]) -> BTreeSet<String> {
    let of = OPEN.iter().filter(|(kind, _)| kinds.contains(kind));
    of.flat_map(|(_, names)| *names)
        .map(ToString::to_string)
        .collect()
}

/// Plans a change of one attribute, from a state whose other attributes are stored.
fn change(
    name: &str,
    from: &Value,
    to: &Value,
    state: &str,
    disk: DiskMeaning,
) -> (Vec<Kind>, BTreeSet<String>) {
    let prior = stored(&config(&[(name, from.clone())]), &Value::string(state));
    let config = config(&[(name, to.clone())]);
    let mut planned = config.clone();
    let shape = shape_update(&config, &prior, &Memory::default(), disk, &mut planned);
    (shape.kinds, unknown(&planned))
}

#[test]
fn every_field_of_the_table_leaves_open_what_its_kind_does() {
    let examples = edits::all();
    for (field, effect) in EFFECTS {
        let Some(name) = attribute_of(field) else {
            continue;
        };
        let example = examples
            .iter()
            .find(|e| e.name == name)
            .unwrap_or_else(|| panic!("no example of {name}"));
        let kind = match effect {
            Effect::Nothing | Effect::Live => Kind::Live,
            Effect::Recreate => Kind::Recreate,
            Effect::Replace => Kind::Replace,
        };
        let (kinds, unknown) = change(
            name,
            &example.first,
            &example.second,
            "running",
            DiskMeaning::Enforced,
        );
        let expected = match name {
            "mounts" => vec![Kind::Mounts, kind],
            "networks" => vec![kind, Kind::Network],
            _ => vec![kind],
        };
        assert_eq!(kinds, expected, "{name}");
        assert_eq!(unknown, open(&expected), "{name}");
    }
}

#[test]
fn disk_is_live_where_it_is_only_counted() {
    let (one, two) = (Value::number(1), Value::number(2));
    let (kinds, _) = change("disk", &one, &two, "running", DiskMeaning::Account);
    assert_eq!(kinds, [Kind::Live]);
}

#[test]
fn states_from_outside_and_from_the_configuration() {
    let plan = |from: &str, to: &str| {
        let to = Value::string(to);
        change("state", &Value::Null, &to, from, DiskMeaning::Enforced).0
    };
    assert_eq!(plan("running", "running"), []);
    assert_eq!(plan("running", "stopped"), [Kind::State]);
    assert_eq!(plan("stopped", "paused"), [Kind::State]);
    assert_eq!(plan("missing", "running"), [Kind::Recreate]);
    assert_eq!(plan("missing", "stopped"), [Kind::Recreate]);
    assert_eq!(plan("dead", "running"), [Kind::Recreate]);
    assert_eq!(plan("error", "running"), [Kind::Replace]);
}

#[test]
fn what_only_the_provider_keeps_leaves_nothing_open() {
    let (kinds, unknown) = change(
        "wait_for",
        &Value::Null,
        &Value::string("none"),
        "running",
        DiskMeaning::Enforced,
    );
    assert_eq!(kinds, [Kind::Local]);
    assert!(unknown.is_empty());
}

#[test]
fn a_container_cut_from_its_network_is_connected_again() {
    let config = config(&[]);
    let mut prior = stored(&config, &Value::string("running"));
    prior.set("addresses", Value::List(Vec::new()));
    let mut planned = config.clone();
    let shape = shape_update(
        &config,
        &prior,
        &Memory::default(),
        DiskMeaning::Enforced,
        &mut planned,
    );
    assert_eq!(shape.kinds, [Kind::Network]);
    assert_eq!(unknown(&planned), open(&[Kind::Network]));
}

#[test]
fn a_value_that_is_not_known_yet_is_read_as_the_dearer_change() {
    let prior = stored(&config(&[]), &Value::string("running"));
    let open_command = config(&[("command", Value::UNKNOWN)]);
    let mut planned = open_command.clone();
    let shape = shape_update(
        &open_command,
        &prior,
        &Memory::default(),
        DiskMeaning::Enforced,
        &mut planned,
    );
    assert_eq!(shape.kinds, [Kind::Recreate]);
    // When it is known it may be the same: what was unknown may become known, never the other way round.
    let mut again = config(&[]);
    let shape = shape_update(
        &config(&[]),
        &prior,
        &Memory::default(),
        DiskMeaning::Enforced,
        &mut again,
    );
    assert_eq!(shape.kinds, []);
    for name in REMADE {
        assert!(again.get(name).unwrap().is_known(), "{name}");
    }
}

#[test]
fn unset_amounts_return_to_what_the_server_wishes() {
    let config = config(&[]);
    let mut prior = stored(&config, &Value::string("running"));
    prior.set("memory", Value::number(32));
    let mut private = tfplugin::Private::default();
    private.set("wished", serde_json::json!({"memory": 512}));
    let mut planned = config.clone();
    let memory = Memory::load(&private);
    let shape = shape_update(
        &config,
        &prior,
        &memory,
        DiskMeaning::Enforced,
        &mut planned,
    );
    assert_eq!(shape.kinds, [Kind::Live]);
    assert_eq!(planned.get("memory"), Ok(&Value::number(512)));
}

#[test]
fn only_larger_volumes_are_live() {
    let at = |path: &str, size: i64| Value::Set(vec![mount(path, "size", Value::number(size))]);
    let plan =
        |from: &Value, to: &Value| change("mounts", from, to, "running", DiskMeaning::Enforced).0;
    assert_eq!(plan(&at("/data", 1), &at("/data", 2)), [Kind::Live]);
    let remade = [Kind::Mounts, Kind::Recreate];
    assert_eq!(plan(&at("/data", 1), &at("/other", 1)), remade);
    assert_eq!(plan(&at("/data", 1), &Value::Null), remade);
    let open = Value::Set(vec![mount("/data", "source", Value::UNKNOWN)]);
    assert_eq!(plan(&at("/data", 1), &open), remade);
}
