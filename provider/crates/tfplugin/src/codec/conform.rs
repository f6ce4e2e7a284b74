//! Brings a value into the exact shape of a type, as far as that changes nothing about it.

use std::collections::BTreeMap;

use crate::path::Step;
use crate::types::Type;
use crate::value::{Value, ValueError};

/// Turns lists into sets or sets into lists, maps into objects or objects into maps, fills
/// missing attributes of objects with null, and wraps values of dynamic attributes.
///
/// An attribute the type does not have is an error, and so is a value of another kind.
pub fn conform(value: &Value, ty: &Type) -> Result<Value, ValueError> {
    match (value, ty) {
        (Value::Unknown(_) | Value::Null, _)
        | (Value::Bool(_), Type::Bool)
        | (Value::Number(_), Type::Number)
        | (Value::String(_), Type::String) => Ok(value.clone()),
        (Value::Dynamic(inner), Type::Dynamic) => {
            let value = conform(&inner.1, &inner.0)?;
            Ok(Value::Dynamic(Box::new((inner.0.clone(), value))))
        }
        (Value::Dynamic(inner), _) => conform(&inner.1, ty),
        (_, Type::Dynamic) => {
            let ty = infer(value);
            let value = conform(value, &ty)?;
            Ok(Value::Dynamic(Box::new((ty, value))))
        }
        (Value::List(items) | Value::Set(items) | Value::Tuple(items), Type::List(element)) => {
            elements(items, element).map(Value::List)
        }
        (Value::List(items) | Value::Set(items) | Value::Tuple(items), Type::Set(element)) => {
            elements(items, element).map(|items| Value::Set(distinct(items)))
        }
        (Value::List(items) | Value::Tuple(items), Type::Tuple(types))
            if items.len() == types.len() =>
        {
            let items = items.iter().zip(types).enumerate();
            items
                .map(|(index, (item, ty))| {
                    conform(item, ty).map_err(|error| error.inside(step(index)))
                })
                .collect::<Result<_, _>>()
                .map(Value::Tuple)
        }
        (Value::Map(items) | Value::Object(items), Type::Map(element)) => items
            .iter()
            .map(|(key, item)| match conform(item, element) {
                Ok(item) => Ok((key.clone(), item)),
                Err(error) => Err(error.inside(Step::Key(key.clone()))),
            })
            .collect::<Result<_, _>>()
            .map(Value::Map),
        (Value::Map(items) | Value::Object(items), Type::Object(attributes)) => {
            object(items, attributes)
        }
        _ => Err(ValueError::new(format!(
            "a value of type {ty} is needed here, and this is {}",
            value.kind()
        ))),
    }
}

fn object(
    items: &BTreeMap<String, Value>,
    attributes: &BTreeMap<String, Type>,
) -> Result<Value, ValueError> {
    if let Some(name) = items.keys().find(|name| !attributes.contains_key(*name)) {
        let message = format!("there is no attribute {name:?} in the schema");
        return Err(ValueError::new(message));
    }
    attributes
        .iter()
        .map(|(name, ty)| {
            let value = items.get(name).unwrap_or(&Value::Null);
            match conform(value, ty) {
                Ok(value) => Ok((name.clone(), value)),
                Err(error) => Err(error.inside(Step::Attribute(name.clone()))),
            }
        })
        .collect::<Result<_, _>>()
        .map(Value::Object)
}

fn elements(items: &[Value], ty: &Type) -> Result<Vec<Value>, ValueError> {
    let items = items.iter().enumerate();
    items
        .map(|(index, item)| conform(item, ty).map_err(|error| error.inside(step(index))))
        .collect()
}

fn step(index: usize) -> Step {
    Step::Index(i64::try_from(index).unwrap_or(i64::MAX))
}

/// The first of each equal group. Unknown elements may yet differ and are all kept.
fn distinct(items: Vec<Value>) -> Vec<Value> {
    let mut kept: Vec<Value> = Vec::with_capacity(items.len());
    for item in items {
        if !item.is_wholly_known() || !kept.contains(&item) {
            kept.push(item);
        }
    }
    kept
}

/// The type of a value that carries none: sequences become tuples, entries become objects.
fn infer(value: &Value) -> Type {
    match value {
        Value::Unknown(_) | Value::Null => Type::Dynamic,
        Value::Bool(_) => Type::Bool,
        Value::Number(_) => Type::Number,
        Value::String(_) => Type::String,
        Value::Dynamic(inner) => inner.0.clone(),
        Value::List(items) | Value::Set(items) | Value::Tuple(items) => {
            Type::Tuple(items.iter().map(infer).collect())
        }
        Value::Map(items) | Value::Object(items) => Type::Object(
            items
                .iter()
                .map(|(name, item)| (name.clone(), infer(item)))
                .collect(),
        ),
    }
}
