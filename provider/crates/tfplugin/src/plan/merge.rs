//! The first step of a plan: configuration over stored state.

use crate::plan::correlate::{Nest, element, entry, matches};
use crate::schema::{Attribute, BlockNesting, Fields};
use crate::value::Value;

/// Merges an object. `prior` may be null; `config` has to be an object.
pub fn merge(fields: &Fields, prior: &Value, config: &Value) -> Value {
    object(fields, prior, config, false)
}

fn object(fields: &Fields, prior: &Value, config: &Value, in_set: bool) -> Value {
    if !config.is_known() {
        return config.clone();
    }
    let part = |of: &Value, name: &str| of.get(name).cloned().unwrap_or(Value::Null);
    let attributes = fields.attributes().iter().map(|(name, attribute)| {
        let (prior, config) = (part(prior, name), part(config, name));
        (name.clone(), value(attribute, &prior, &config, in_set))
    });
    let blocks = fields.blocks().iter().map(|(name, block)| {
        let (prior, config) = (part(prior, name), part(config, name));
        let nest = Nest::of_block(block.nesting());
        let merged = if config.is_null() {
            absent(block.nesting())
        } else {
            nested(nest, block.fields(), &prior, &config, in_set)
        };
        (name.clone(), merged)
    });
    Value::object(attributes.chain(blocks))
}

/// A repeated block is empty, never null, when it is absent.
fn absent(nesting: BlockNesting) -> Value {
    match nesting {
        BlockNesting::Single | BlockNesting::Group => Value::Null,
        BlockNesting::List => Value::List(Vec::new()),
        BlockNesting::Set => Value::Set(Vec::new()),
        BlockNesting::Map => Value::Map(std::collections::BTreeMap::new()),
    }
}

fn value(attribute: &Attribute, prior: &Value, config: &Value, in_set: bool) -> Value {
    if attribute.is_write_only() {
        return Value::Null;
    }
    if config.is_null() {
        return match attribute.default_value() {
            Some(default) => default.clone(),
            None if attribute.is_computed() => prior.clone(),
            None => Value::Null,
        };
    }
    if let Some((nesting, fields)) = attribute.nested() {
        return nested(Nest::of(nesting), fields, prior, config, in_set);
    }
    // An element of a set is found by its values, so it cannot keep another one.
    let same = attribute.equality().is_some_and(|same| {
        !in_set && prior.is_known() && config.is_wholly_known() && same(prior, config)
    });
    if same { prior.clone() } else { config.clone() }
}

fn nested(nest: Nest, fields: &Fields, prior: &Value, config: &Value, in_set: bool) -> Value {
    match (nest, config) {
        (Nest::Single, _) => object(fields, prior, config, in_set),
        (Nest::List, Value::List(items)) => {
            let items = items.iter().enumerate();
            Value::List(
                items
                    .map(|(index, item)| object(fields, element(prior, index), item, in_set))
                    .collect(),
            )
        }
        (Nest::Set, Value::Set(items)) => {
            let priors = matches(fields, prior, config);
            let items = items.iter().zip(priors);
            Value::Set(
                items
                    .map(|(item, prior)| object(fields, prior, item, true))
                    .collect(),
            )
        }
        (Nest::Map, Value::Map(items)) => Value::map(
            items
                .iter()
                .map(|(key, item)| (key, object(fields, entry(prior, key), item, in_set))),
        ),
        _ => config.clone(),
    }
}
