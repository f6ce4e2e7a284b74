//! Pure functions over states that authors return: what may not be in them, and what has to be
//! kept of them although something else is wrong.

use crate::codec::conform;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::path::{AttributePath, Step};
use crate::plan::correlate::{Nest, children};
use crate::schema::{BlockNesting, Fields};
use crate::types::Type;
use crate::value::Value;

/// An object with every attribute null.
pub(crate) fn blank(ty: &Type) -> Value {
    match ty {
        Type::Object(attributes) => {
            Value::object(attributes.keys().map(|name| (name, Value::Null)))
        }
        _ => Value::Null,
    }
}

/// Drops write-only values and makes absent repeated blocks empty.
pub(crate) fn tidy(fields: &Fields, state: &mut Value) {
    let Value::Object(object) = state else {
        return;
    };
    for (name, attribute) in fields.attributes() {
        let Some(value) = object.get_mut(name) else {
            continue;
        };
        if attribute.is_write_only() {
            *value = Value::Null;
        } else if let Some((nesting, fields)) = attribute.nested() {
            tidy_nested(Nest::of(nesting), fields, value);
        }
    }
    for (name, block) in fields.blocks() {
        let Some(value) = object.get_mut(name) else {
            continue;
        };
        if value.is_null() {
            *value = match block.nesting() {
                BlockNesting::Single => Value::Null,
                BlockNesting::Group => blank(&block.fields().object_type()),
                BlockNesting::List => Value::List(Vec::new()),
                BlockNesting::Set => Value::Set(Vec::new()),
                BlockNesting::Map => Value::Map(std::collections::BTreeMap::new()),
            };
        }
        tidy_nested(Nest::of_block(block.nesting()), block.fields(), value);
    }
}

fn tidy_nested(nest: Nest, fields: &Fields, value: &mut Value) {
    for child in children(nest, fields, &Value::Null, &Value::Null, value) {
        tidy(fields, child.planned);
    }
}

/// Replaces values that mean the same as those in `reference` by them, so that a mere difference
/// in writing is none for Terraform. Does not reach into sets, whose elements have no names.
pub(crate) fn keep_equivalent(fields: &Fields, reference: &Value, state: &mut Value) {
    let Value::Object(object) = state else {
        return;
    };
    for (name, attribute) in fields.attributes() {
        let (Some(value), Ok(reference)) = (object.get_mut(name), reference.get(name)) else {
            continue;
        };
        if let Some((nesting, fields)) = attribute.nested() {
            keep_nested(Nest::of(nesting), fields, reference, value);
        } else if let Some(same) = attribute.equality() {
            let both = reference.is_wholly_known() && reference.is_known() && value.is_known();
            if both && same(reference, value) {
                *value = reference.clone();
            }
        }
    }
    for (name, block) in fields.blocks() {
        let (Some(value), Ok(reference)) = (object.get_mut(name), reference.get(name)) else {
            continue;
        };
        let nest = Nest::of_block(block.nesting());
        keep_nested(nest, block.fields(), reference, value);
    }
}

fn keep_nested(nest: Nest, fields: &Fields, reference: &Value, value: &mut Value) {
    if nest != Nest::Set {
        for child in children(nest, fields, reference, &Value::Null, value) {
            keep_equivalent(fields, child.prior, child.planned);
        }
    }
}

/// Where a value is still unknown.
pub(crate) fn unknown_paths(value: &Value) -> Vec<AttributePath> {
    let mut found = Vec::new();
    collect_unknown(value, &AttributePath::empty(), &mut found);
    found
}

fn collect_unknown(value: &Value, path: &AttributePath, found: &mut Vec<AttributePath>) {
    match value {
        Value::Unknown(_) => found.push(path.clone()),
        Value::Object(items) => {
            for (name, item) in items {
                collect_unknown(item, &path.clone().attribute(name), found);
            }
        }
        Value::Map(items) => {
            for (key, item) in items {
                collect_unknown(item, &path.clone().key(key), found);
            }
        }
        Value::List(items) | Value::Tuple(items) => {
            for (index, item) in items.iter().enumerate() {
                let step = Step::Index(i64::try_from(index).unwrap_or(i64::MAX));
                collect_unknown(item, &path.clone().step(step), found);
            }
        }
        Value::Set(items) if items.iter().any(|item| !item.is_wholly_known()) => {
            found.push(path.clone());
        }
        Value::Set(_) | Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        Value::Dynamic(inner) => collect_unknown(&inner.1, path, found),
    }
}

/// Brings what an author returned into a state that can be stored. Problems are reported, and
/// everything else of the state is kept: losing it would lose the remote object.
pub(crate) fn settle(
    fields: &Fields,
    ty: &Type,
    state: &Value,
    diagnostics: &mut Diagnostics,
) -> Value {
    if state.is_null() {
        return Value::Null;
    }
    let mut settled = match conform(state, ty) {
        Ok(state) => state,
        Err(error) => {
            diagnostics.push(Diagnostic::error(
                "Provider returned an invalid state",
                format!("This is a bug in the provider. {error}"),
            ));
            salvage(ty, state)
        }
    };
    tidy(fields, &mut settled);
    if !diagnostics.has_errors() {
        for path in unknown_paths(&settled) {
            let detail =
                "This is a bug in the provider: after the operation the value is still unknown.";
            diagnostics.push(Diagnostic::error("Value left unknown", detail).at(path));
        }
    }
    settled.without_unknowns()
}

/// Every attribute that is as it should be; the others are null.
fn salvage(ty: &Type, state: &Value) -> Value {
    let (Type::Object(types), Some(values)) = (ty, state.as_entries()) else {
        return blank(ty);
    };
    Value::object(types.iter().map(|(name, ty)| {
        let value = values.get(name).and_then(|value| conform(value, ty).ok());
        (name, value.unwrap_or(Value::Null))
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::{Attribute, Block, Schema};

    fn schema() -> Schema {
        Schema::new()
            .attribute("id", Attribute::string().computed())
            .attribute("secret", Attribute::string().optional().write_only())
            .attribute(
                "zone",
                Attribute::string().optional().same_when(|a, b| {
                    a.as_str().map(str::to_lowercase) == b.as_str().map(str::to_lowercase)
                }),
            )
            .block("rule", Block::list(Fields::new()))
    }

    #[test]
    fn a_broken_state_keeps_its_id() {
        let schema = schema();
        let mut diagnostics = Diagnostics::new();
        let state = Value::object([
            ("id", Value::string("42")),
            ("zone", Value::number(1)),
            ("typo", Value::Null),
        ]);
        let settled = settle(
            schema.fields(),
            &schema.object_type(),
            &state,
            &mut diagnostics,
        );
        assert!(diagnostics.has_errors());
        assert_eq!(settled.read::<String>("id"), Ok("42".into()));
        assert_eq!(settled.get("rule"), Ok(&Value::List(Vec::new())));
    }

    #[test]
    fn write_only_values_and_unknowns_do_not_stay() {
        let schema = schema();
        let mut diagnostics = Diagnostics::new();
        let state = Value::object([("id", Value::UNKNOWN), ("secret", Value::string("s"))]);
        let settled = settle(
            schema.fields(),
            &schema.object_type(),
            &state,
            &mut diagnostics,
        );
        assert!(settled.get("secret").unwrap().is_null() && settled.is_wholly_known());
        let paths: Vec<_> = diagnostics.iter().filter_map(|d| d.path.clone()).collect();
        assert_eq!(paths, [AttributePath::root("id")]);
    }

    #[test]
    fn another_writing_is_no_difference() {
        let schema = schema();
        let reference = Value::object([("zone", Value::string("A"))]);
        let mut state = Value::object([("zone", Value::string("a"))]);
        keep_equivalent(schema.fields(), &reference, &mut state);
        assert_eq!(state, reference);
    }
}
