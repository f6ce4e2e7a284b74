//! JSON, as states are stored in it.
//!
//! Reading is lenient towards the shape, because states outlive schemas: attributes that are no
//! longer known are dropped and missing ones are null.

use std::collections::BTreeMap;

use serde_json::Value as Json;

use crate::path::Step;
use crate::types::Type;
use crate::value::{Number, Value, ValueError};

/// Reads a value from JSON text.
pub fn from_bytes(bytes: &[u8], ty: &Type) -> Result<Value, ValueError> {
    let json = serde_json::from_slice(bytes)
        .map_err(|error| ValueError::new(format!("this is not JSON: {error}")))?;
    from_json(&json, ty)
}

/// Reads a value from parsed JSON.
pub fn from_json(json: &Json, ty: &Type) -> Result<Value, ValueError> {
    match (ty, json) {
        (_, Json::Null) => Ok(Value::Null),
        (Type::Bool, Json::Bool(value)) => Ok(Value::Bool(*value)),
        (Type::Bool, Json::String(text)) if text == "true" || text == "false" => {
            Ok(Value::Bool(text == "true"))
        }
        (Type::Number, Json::Number(number)) => number_from(&number.to_string()),
        (Type::Number, Json::String(text)) => number_from(text),
        (Type::String, Json::String(text)) => Ok(Value::String(text.clone())),
        (Type::String, Json::Number(number)) => Ok(Value::String(number.to_string())),
        (Type::String, Json::Bool(value)) => Ok(Value::String(value.to_string())),
        (Type::List(element), Json::Array(items)) => elements(items, element).map(Value::List),
        (Type::Set(element), Json::Array(items)) => elements(items, element).map(Value::Set),
        (Type::Tuple(types), Json::Array(items)) if types.len() == items.len() => {
            let items = items.iter().zip(types);
            items
                .map(|(item, ty)| from_json(item, ty))
                .collect::<Result<_, _>>()
                .map(Value::Tuple)
        }
        (Type::Map(element), Json::Object(items)) => items
            .iter()
            .map(|(key, item)| match from_json(item, element) {
                Ok(value) => Ok((key.clone(), value)),
                Err(error) => Err(error.inside(Step::Key(key.clone()))),
            })
            .collect::<Result<_, _>>()
            .map(Value::Map),
        (Type::Object(attributes), Json::Object(items)) => attributes
            .iter()
            .map(|(name, ty)| {
                let value = from_json(items.get(name).unwrap_or(&Json::Null), ty);
                let value = value.map_err(|e| e.inside(Step::Attribute(name.clone())))?;
                Ok((name.clone(), value))
            })
            .collect::<Result<_, _>>()
            .map(Value::Object),
        (Type::Dynamic, Json::Object(pair)) => dynamic(pair),
        _ => Err(ValueError::new(format!(
            "the stored value is not of type {ty}"
        ))),
    }
}

fn number_from(text: &str) -> Result<Value, ValueError> {
    text.parse::<Number>()
        .map(Value::Number)
        .map_err(|error| ValueError::new(error.to_string()))
}

fn elements(items: &[Json], ty: &Type) -> Result<Vec<Value>, ValueError> {
    let items = items.iter().enumerate();
    items
        .map(|(index, item)| {
            let step = Step::Index(i64::try_from(index).unwrap_or(i64::MAX));
            from_json(item, ty).map_err(|error| error.inside(step))
        })
        .collect()
}

fn dynamic(pair: &serde_json::Map<String, Json>) -> Result<Value, ValueError> {
    let (Some(ty), Some(value)) = (pair.get("type"), pair.get("value")) else {
        return Err(ValueError::new("a dynamic value has a type and a value"));
    };
    let ty = Type::from_json(ty).map_err(|error| ValueError::new(error.to_string()))?;
    let value = from_json(value, &ty)?;
    Ok(Value::Dynamic(Box::new((ty, value))))
}

/// Writes a value as JSON. What is unknown becomes null: JSON has nothing for it.
pub fn to_json(value: &Value) -> Json {
    let all = |items: &[Value]| Json::Array(items.iter().map(to_json).collect());
    let each = |items: &BTreeMap<String, Value>| {
        let entries = items.iter().map(|(key, item)| (key.clone(), to_json(item)));
        Json::Object(entries.collect())
    };
    match value {
        Value::Unknown(_) | Value::Null => Json::Null,
        Value::Bool(value) => Json::Bool(*value),
        Value::Number(value) => {
            serde_json::from_str(&value.to_string()).map_or(Json::Null, Json::Number)
        }
        Value::String(value) => Json::String(value.clone()),
        Value::List(items) | Value::Set(items) | Value::Tuple(items) => all(items),
        Value::Map(items) | Value::Object(items) => each(items),
        Value::Dynamic(inner) => {
            let pair = [
                ("type".to_owned(), inner.0.to_json()),
                ("value".to_owned(), to_json(&inner.1)),
            ];
            Json::Object(pair.into_iter().collect())
        }
    }
}
