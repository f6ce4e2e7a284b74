//! Between Terraform's values and the JSON of the API, whose field names are the attributes' names.

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value as Json;
use tfplugin::{AttributePath, Diagnostic, Number, Value};

/// A value as JSON, every digit kept. What is unknown does not go out: it becomes null, as if not given.
pub(crate) fn to_json(value: &Value) -> Json {
    match value {
        Value::Unknown(_) | Value::Null => Json::Null,
        Value::Bool(truth) => Json::Bool(*truth),
        Value::Number(number) => number
            .to_string()
            .parse::<serde_json::Number>()
            .map_or(Json::Null, Json::Number),
        Value::String(text) => Json::String(text.clone()),
        Value::List(items) | Value::Set(items) | Value::Tuple(items) => {
            Json::Array(items.iter().map(to_json).collect())
        }
        Value::Map(entries) | Value::Object(entries) => Json::Object(
            entries
                .iter()
                .map(|(name, entry)| (name.clone(), to_json(entry)))
                .collect(),
        ),
        Value::Dynamic(inner) => to_json(&inner.1),
    }
}

/// JSON as a value; the schema decides later what is a set and what a map.
pub(crate) fn from_json(json: &Json) -> Value {
    match json {
        Json::Null => Value::Null,
        Json::Bool(truth) => Value::Bool(*truth),
        Json::Number(number) => number
            .to_string()
            .parse::<Number>()
            .map_or(Value::Null, Value::Number),
        Json::String(text) => Value::String(text.clone()),
        Json::Array(items) => Value::List(items.iter().map(from_json).collect()),
        Json::Object(entries) => Value::Object(
            entries
                .iter()
                .map(|(name, entry)| (name.clone(), from_json(entry)))
                .collect(),
        ),
    }
}

/// A value of the API as a value of Terraform's.
pub(crate) fn value_of(wire: &impl Serialize) -> Value {
    serde_json::to_value(wire).map_or(Value::Null, |json| from_json(&json))
}

/// Reads a value of the API; an error points at the attribute.
pub(crate) fn parse<T: DeserializeOwned>(json: Json) -> Result<T, Diagnostic> {
    serde_path_to_error::deserialize(json).map_err(|error| {
        let first = error.path().iter().next().map(ToString::to_string);
        let summary = format!("Invalid value of {}", error.path());
        let diagnostic = Diagnostic::error(summary, error.inner());
        match first {
            Some(name) if name != "?" => diagnostic.at(AttributePath::root(name)),
            _ => diagnostic,
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_and_nulls_survive() {
        let value = Value::object([
            ("cpu", Value::Number("0.1".parse().unwrap())),
            ("ports", Value::Set(Vec::new())),
            ("name", Value::Null),
        ]);
        let json = to_json(&value);
        assert_eq!(json.to_string(), r#"{"cpu":0.1,"name":null,"ports":[]}"#);
        let back = from_json(&json);
        assert_eq!(back.get("cpu"), value.get("cpu"));
        assert_eq!(to_json(&Value::UNKNOWN), Json::Null);
    }
}
