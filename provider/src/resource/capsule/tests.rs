//! The resource through Terraform's eyes.

mod drift;
mod edits;
mod lifecycle;
mod messages;
mod templates;

use serde_json::{Value as Json, json};
use tfplugin::schema::Nesting;
use tfplugin::testing::{Stored, Terraform};
use tfplugin::{Attribute, Type, Value};

use super::schema::schema;
use crate::json::from_json;
use crate::provider::Zun;
use crate::testing::object;

const TYPE: &str = "zun_capsule";

/// A configuration of these attributes.
fn config(set: &Json) -> Value {
    let mut all = object(&schema(), &[]);
    let known = schema();
    for (name, value) in set.as_object().unwrap() {
        all.set(name, typed(&known.fields().attributes()[name], value));
    }
    all
}

/// JSON as the attribute's value, with everything null that is not given.
fn typed(attribute: &Attribute, json: &Json) -> Value {
    let items = || json.as_array().unwrap().iter();
    let Some((nesting, fields)) = attribute.nested() else {
        return match (attribute.value_type(), json) {
            (Type::Set(_), Json::Array(items)) => Value::Set(items.iter().map(from_json).collect()),
            (Type::Map(_), Json::Object(entries)) => {
                Value::map(entries.iter().map(|(key, value)| (key, from_json(value))))
            }
            _ => from_json(json),
        };
    };
    let one = |json: &Json| {
        let known = fields.attributes();
        for name in json.as_object().unwrap().keys() {
            assert!(known.contains_key(name), "there is no {name}");
        }
        let values = known
            .iter()
            .map(|(name, field)| (name.clone(), typed_or_null(field, json.get(name))));
        Value::object(values)
    };
    match nesting {
        _ if json.is_null() => Value::Null,
        Nesting::Single => one(json),
        Nesting::List => Value::List(items().map(one).collect()),
        Nesting::Set => Value::Set(items().map(one).collect()),
        Nesting::Map => panic!("no attribute is one"),
    }
}

fn typed_or_null(attribute: &Attribute, json: Option<&Json>) -> Value {
    match json {
        None | Some(Json::Null) => Value::Null,
        Some(json) => typed(attribute, json),
    }
}

/// Two members, an init container and a volume, with changes.
fn shop(change: impl FnOnce(&mut Json)) -> Value {
    let mut all = json!({
        "name": "shop",
        "containers": [
            {"name": "web", "image": "nginx:1", "mounts": [
                {"destination": "/data", "source": "data"}]},
            {"name": "log", "image": "busybox:1"},
        ],
        "init_containers": [{"name": "prepare", "image": "busybox:1"}],
        "volumes": [{"name": "data", "size": 1}],
    });
    change(&mut all);
    config(&all)
}

/// Applies, then refreshes and plans: nothing may be left to do, and the refresh must find what was stored.
async fn settle(terraform: &Terraform<Zun>, stored: Option<Stored>, config: &Value) -> Stored {
    let outcome = terraform.apply(TYPE, stored, config).await.unwrap();
    assert_eq!(outcome.errors, [""; 0]);
    let stored = outcome.stored.unwrap();
    let fresh = terraform.refresh(TYPE, &stored).await.unwrap().unwrap();
    same(&fresh.state, &stored.state, "refresh after apply");
    let planned = terraform.plan(TYPE, Some(&fresh), config).await.unwrap();
    same(&planned.state, &fresh.state, "plan after apply");
    fresh
}

/// Fails with the first attribute that differs.
fn same(one: &Value, other: &Value, when: &str) {
    for (name, value) in one.as_entries().unwrap() {
        assert_eq!(Ok(value), other.get(name), "{name}, {when}");
    }
}
