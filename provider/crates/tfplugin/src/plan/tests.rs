//! Properties of plans: whatever the schema, the state and the configuration, Terraform accepts.

use proptest::prelude::*;

use super::*;
use crate::schema::{Attribute, Schema};
use crate::state::tidy;
use crate::testing::generate::{config, decide, resource};
use crate::testing::rules::{apply_errors, final_plan_errors, plan_errors};
use crate::types::Type;

const NOTHING: [String; 0] = [];

/// A schema, a configuration to create with, and one to update to.
fn story(unknowns: bool) -> impl Strategy<Value = (Fields, Value, Value)> {
    resource().prop_flat_map(move |fields| {
        let first = config(&fields, false);
        let second = config(&fields, unknowns);
        (Just(fields), first, second)
    })
}

fn apply(fields: &Fields, planned: &Value) -> Value {
    let mut state = decide(planned, &fields.object_type(), &mut 0);
    tidy(fields, &mut state);
    state
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 256,
        max_shrink_iters: 500,
        ..ProptestConfig::default()
    })]

    #[test]
    fn a_create_is_valid((fields, _, config) in story(true)) {
        let plan = plan(&fields, &Value::Null, &config);
        prop_assert_eq!(plan_errors(&fields, &Value::Null, &config, &plan.planned_state), NOTHING);
        prop_assert!(plan.requires_replace.is_empty());
    }

    #[test]
    fn a_second_plan_is_empty((fields, config, _) in story(false)) {
        let created = plan(&fields, &Value::Null, &config).planned_state;
        let state = apply(&fields, &created);
        prop_assert_eq!(apply_errors(&created, &state), NOTHING);
        let again = plan(&fields, &state, &config);
        prop_assert_eq!(again.planned_state, state);
        prop_assert!(again.requires_replace.is_empty());
    }

    #[test]
    fn an_update_is_valid((fields, first, second) in story(true)) {
        let state = apply(&fields, &plan(&fields, &Value::Null, &first).planned_state);
        let update = plan(&fields, &state, &second);
        prop_assert_eq!(plan_errors(&fields, &state, &second, &update.planned_state), NOTHING);
        for path in &update.requires_replace {
            let (before, after) = (state.at(path), update.planned_state.at(path));
            prop_assert!(before.is_some() || after.is_some());
        }
    }

    #[test]
    fn an_applied_update_leaves_nothing_to_do((fields, first, second) in story(false)) {
        let state = apply(&fields, &plan(&fields, &Value::Null, &first).planned_state);
        let update = plan(&fields, &state, &second).planned_state;
        let updated = apply(&fields, &update);
        prop_assert_eq!(apply_errors(&update, &updated), NOTHING);
        prop_assert_eq!(plan(&fields, &updated, &second).planned_state, updated);
    }

    #[test]
    fn knowing_more_contradicts_nothing((fields, first, second) in story(true)) {
        let ty = fields.object_type();
        let state = apply(&fields, &plan(&fields, &Value::Null, &first).planned_state);
        let known = decide(&second, &ty, &mut 1000);
        for prior in [&Value::Null, &state] {
            let agreed = plan(&fields, prior, &second).planned_state;
            let last = plan(&fields, prior, &known).planned_state;
            prop_assert_eq!(plan_errors(&fields, prior, &known, &last), NOTHING);
            prop_assert_eq!(final_plan_errors(&agreed, &last), NOTHING);
        }
    }
}

fn disk() -> Schema {
    Schema::new()
        .attribute("id", Attribute::string().computed().use_state_for_unknown())
        .attribute("name", Attribute::string().required().requires_replace())
        .attribute("size", Attribute::number().default(0.1))
        .attribute("etag", Attribute::string().computed())
        .attribute("labels", Attribute::map(Type::String).optional())
}

fn object(name: &str, size: Value, id: Value, etag: Value) -> Value {
    Value::object([
        ("name", Value::string(name)),
        ("size", size),
        ("id", id),
        ("etag", etag),
        ("labels", Value::Null),
    ])
}

#[test]
fn an_update_keeps_the_id_and_opens_the_rest() {
    let schema = disk();
    let text = Value::string;
    let tenth = || Value::Number("0.1".parse().unwrap());
    let prior = object("a", tenth(), text("1"), text("e"));
    let config = |name: &str, size| object(name, size, Value::Null, Value::Null);

    let same = plan(schema.fields(), &prior, &config("a", Value::Null));
    assert_eq!(
        (same.planned_state, same.requires_replace),
        (prior.clone(), vec![])
    );

    let update = plan(schema.fields(), &prior, &config("a", Value::number(2)));
    let expected = object("a", Value::number(2), text("1"), Value::UNKNOWN);
    assert_eq!(
        (update.planned_state, update.requires_replace),
        (expected, vec![])
    );

    let replace = plan(schema.fields(), &prior, &config("b", Value::Null));
    assert_eq!(replace.requires_replace, [AttributePath::root("name")]);

    let create = plan(schema.fields(), &Value::Null, &config("a", Value::Null));
    let expected = object("a", tenth(), Value::UNKNOWN, Value::UNKNOWN);
    assert_eq!(
        (create.planned_state, create.requires_replace),
        (expected, vec![])
    );
}
