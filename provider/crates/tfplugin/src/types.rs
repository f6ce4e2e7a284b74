//! Terraform's types and their JSON notation on the wire.

use std::collections::BTreeMap;
use std::fmt;

use serde_json::Value as Json;

/// The type of a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Type {
    /// Text.
    String,
    /// A number of any size and precision.
    Number,
    /// True or false.
    Bool,
    /// Any type, decided by each value.
    Dynamic,
    /// Elements of one type in an order.
    List(Box<Type>),
    /// Different elements of one type in no order.
    Set(Box<Type>),
    /// Elements of one type by key.
    Map(Box<Type>),
    /// A fixed number of elements, each with its own type. Occurs only inside dynamic values.
    Tuple(Vec<Type>),
    /// Attributes by name, each with its own type.
    Object(BTreeMap<String, Type>),
}

/// A type in a notation this crate cannot read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not a type: {0}")]
pub struct TypeError(String);

impl Type {
    /// A list of elements of this type.
    pub fn list(element: Type) -> Self {
        Self::List(Box::new(element))
    }

    /// A set of elements of this type.
    pub fn set(element: Type) -> Self {
        Self::Set(Box::new(element))
    }

    /// A map to elements of this type.
    pub fn map(element: Type) -> Self {
        Self::Map(Box::new(element))
    }

    /// An object with these attributes.
    pub fn object<N: Into<String>>(attributes: impl IntoIterator<Item = (N, Type)>) -> Self {
        Self::Object(
            attributes
                .into_iter()
                .map(|(name, ty)| (name.into(), ty))
                .collect(),
        )
    }

    /// Whether the type, or one inside it, is decided by the value.
    pub fn has_dynamic(&self) -> bool {
        match self {
            Self::String | Self::Number | Self::Bool => false,
            Self::Dynamic => true,
            Self::List(element) | Self::Set(element) | Self::Map(element) => element.has_dynamic(),
            Self::Tuple(elements) => elements.iter().any(Self::has_dynamic),
            Self::Object(attributes) => attributes.values().any(Self::has_dynamic),
        }
    }

    /// The notation of the protocol's `type` fields: `"string"`, `["list","string"]`,
    /// `["object",{"name":"string"}]`.
    pub fn to_json(&self) -> Json {
        match self {
            Self::String => "string".into(),
            Self::Number => "number".into(),
            Self::Bool => "bool".into(),
            Self::Dynamic => "dynamic".into(),
            Self::List(element) => Json::Array(vec!["list".into(), element.to_json()]),
            Self::Set(element) => Json::Array(vec!["set".into(), element.to_json()]),
            Self::Map(element) => Json::Array(vec!["map".into(), element.to_json()]),
            Self::Tuple(elements) => {
                let elements = elements.iter().map(Self::to_json).collect();
                Json::Array(vec!["tuple".into(), Json::Array(elements)])
            }
            Self::Object(attributes) => {
                let attributes = attributes
                    .iter()
                    .map(|(name, ty)| (name.clone(), ty.to_json()))
                    .collect();
                Json::Array(vec!["object".into(), Json::Object(attributes)])
            }
        }
    }

    /// Reads the notation of [`Type::to_json`]; a third element of an object (names of optional
    /// attributes) is accepted and ignored.
    pub fn from_json(json: &Json) -> Result<Self, TypeError> {
        let refuse = || TypeError(json.to_string());
        match json {
            Json::String(name) => match name.as_str() {
                "string" => Ok(Self::String),
                "number" => Ok(Self::Number),
                "bool" => Ok(Self::Bool),
                "dynamic" => Ok(Self::Dynamic),
                _ => Err(refuse()),
            },
            Json::Array(parts) => {
                let (Some(Json::String(kind)), Some(inner)) = (parts.first(), parts.get(1)) else {
                    return Err(refuse());
                };
                match (kind.as_str(), inner) {
                    ("list", _) => Ok(Self::list(Self::from_json(inner)?)),
                    ("set", _) => Ok(Self::set(Self::from_json(inner)?)),
                    ("map", _) => Ok(Self::map(Self::from_json(inner)?)),
                    ("tuple", Json::Array(elements)) => elements
                        .iter()
                        .map(Self::from_json)
                        .collect::<Result<_, _>>()
                        .map(Self::Tuple),
                    ("object", Json::Object(attributes)) => attributes
                        .iter()
                        .map(|(name, ty)| Ok((name.clone(), Self::from_json(ty)?)))
                        .collect::<Result<_, _>>()
                        .map(Self::Object),
                    _ => Err(refuse()),
                }
            }
            _ => Err(refuse()),
        }
    }
}

impl fmt::Display for Type {
    /// As Terraform's own language writes a type.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::String => f.write_str("string"),
            Self::Number => f.write_str("number"),
            Self::Bool => f.write_str("bool"),
            Self::Dynamic => f.write_str("any"),
            Self::List(element) => write!(f, "list({element})"),
            Self::Set(element) => write!(f, "set({element})"),
            Self::Map(element) => write!(f, "map({element})"),
            Self::Tuple(_) => f.write_str("tuple"),
            Self::Object(_) => f.write_str("object"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn notation_round_trips() {
        let ty = Type::object([
            ("name", Type::String),
            ("ports", Type::list(Type::Number)),
            ("tags", Type::map(Type::set(Type::Bool))),
            ("any", Type::Dynamic),
            ("pair", Type::Tuple(vec![Type::String, Type::Number])),
        ]);
        assert_eq!(Type::from_json(&ty.to_json()), Ok(ty.clone()));
        assert!(ty.has_dynamic());
        assert_eq!(
            Type::list(Type::String).to_json().to_string(),
            r#"["list","string"]"#
        );
        assert!(Type::from_json(&serde_json::json!(["list"])).is_err());
        assert!(Type::from_json(&serde_json::json!("text")).is_err());
    }
}
