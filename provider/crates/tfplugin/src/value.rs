//! Terraform values as a tree, and typed access to them.

pub mod convert;
pub mod model;
pub mod number;

use std::collections::BTreeMap;

use crate::path::{AttributePath, Step};
use crate::types::Type;
pub use convert::{Attr, FromValue, ToValue};
pub use number::Number;

/// A value: known, null, or unknown until the apply.
///
/// Two values are equal if Terraform would call them equal: numbers by value, sets without order,
/// unknowns whatever is known about them.
#[derive(Debug, Clone)]
pub enum Value {
    /// Not yet decided, with what is known about it.
    Unknown(Refinement),
    /// Absent.
    Null,
    /// True or false.
    Bool(bool),
    /// An exact number.
    Number(Number),
    /// Text.
    String(String),
    /// Elements in order.
    List(Vec<Value>),
    /// Different elements without order.
    Set(Vec<Value>),
    /// Elements with types of their own; only inside dynamic values.
    Tuple(Vec<Value>),
    /// Elements by key.
    Map(BTreeMap<String, Value>),
    /// Attributes by name.
    Object(BTreeMap<String, Value>),
    /// The value of an attribute whose type each value decides.
    Dynamic(Box<(Type, Value)>),
}

/// What is known about an unknown value.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Refinement(Option<Box<Bounds>>);

/// The limits within which an unknown value will be.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Bounds {
    /// It will not be null.
    pub not_null: bool,
    /// Text will begin like this.
    pub prefix: Option<String>,
    /// A number will be at least this; true includes the bound itself.
    pub least: Option<(Number, bool)>,
    /// A number will be at most this; true includes the bound itself.
    pub most: Option<(Number, bool)>,
    /// A collection will have at least so many elements.
    pub shortest: Option<i64>,
    /// A collection will have at most so many elements.
    pub longest: Option<i64>,
}

impl Refinement {
    /// Nothing is known.
    pub const NONE: Self = Self(None);

    /// These limits are known. A provider that promises limits has to keep them in the apply.
    pub fn new(bounds: Bounds) -> Self {
        if bounds == Bounds::default() {
            Self::NONE
        } else {
            Self(Some(Box::new(bounds)))
        }
    }

    /// The limits, if any are known.
    pub fn bounds(&self) -> Option<&Bounds> {
        self.0.as_deref()
    }
}

/// A value that is not what was asked for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{path}: {message}")]
pub struct ValueError {
    /// Where it is.
    pub path: AttributePath,
    /// What is wrong with it.
    pub message: String,
}

impl ValueError {
    /// A problem with the value at hand; the callers add the way to it.
    pub fn new(message: impl Into<String>) -> Self {
        Self {
            path: AttributePath::empty(),
            message: message.into(),
        }
    }

    /// The same problem, seen from the value that contains it.
    #[must_use]
    pub fn inside(mut self, step: Step) -> Self {
        self.path = self.path.within(&AttributePath::empty().step(step));
        self
    }
}

impl Value {
    /// An unknown value about which nothing is known.
    pub const UNKNOWN: Self = Self::Unknown(Refinement::NONE);

    /// Text.
    pub fn string(text: impl Into<String>) -> Self {
        Self::String(text.into())
    }

    /// A number from anything that is one exactly.
    pub fn number(number: impl Into<Number>) -> Self {
        Self::Number(number.into())
    }

    /// An object with these attributes.
    pub fn object<N: Into<String>>(attributes: impl IntoIterator<Item = (N, Value)>) -> Self {
        Self::Object(
            attributes
                .into_iter()
                .map(|(name, value)| (name.into(), value))
                .collect(),
        )
    }

    /// A map with these elements.
    pub fn map<N: Into<String>>(elements: impl IntoIterator<Item = (N, Value)>) -> Self {
        Self::Map(
            elements
                .into_iter()
                .map(|(name, value)| (name.into(), value))
                .collect(),
        )
    }

    /// Whether it is absent.
    pub fn is_null(&self) -> bool {
        match self {
            Self::Null => true,
            Self::Dynamic(inner) => inner.1.is_null(),
            _ => false,
        }
    }

    /// Whether the value itself is undecided. Something inside it may still be: see
    /// [`Value::is_wholly_known`].
    pub fn is_unknown(&self) -> bool {
        match self {
            Self::Unknown(_) => true,
            Self::Dynamic(inner) => inner.1.is_unknown(),
            _ => false,
        }
    }

    /// Whether it is neither null nor unknown.
    pub fn is_known(&self) -> bool {
        !self.is_null() && !self.is_unknown()
    }

    /// Whether nothing in it is undecided.
    pub fn is_wholly_known(&self) -> bool {
        match self {
            Self::Unknown(_) => false,
            Self::Null | Self::Bool(_) | Self::Number(_) | Self::String(_) => true,
            Self::List(elements) | Self::Set(elements) | Self::Tuple(elements) => {
                elements.iter().all(Self::is_wholly_known)
            }
            Self::Map(elements) | Self::Object(elements) => {
                elements.values().all(Self::is_wholly_known)
            }
            Self::Dynamic(inner) => inner.1.is_wholly_known(),
        }
    }

    /// An attribute of an object or element of a map. Asking a null value gives null and asking
    /// an unknown value gives unknown, so optional nested objects need no special case.
    pub fn get(&self, name: &str) -> Result<&Value, ValueError> {
        match self {
            Self::Null | Self::Unknown(_) => Ok(self),
            Self::Object(inner) | Self::Map(inner) => inner
                .get(name)
                .ok_or_else(|| ValueError::new(format!("there is no attribute {name:?}"))),
            Self::Dynamic(inner) => inner.1.get(name),
            _ => Err(ValueError::new(format!(
                "{} has no attributes",
                self.kind()
            ))),
        }
    }

    /// The value at a path, if there is one.
    pub fn at(&self, path: &AttributePath) -> Option<&Value> {
        path.steps()
            .iter()
            .try_fold(self, |value, step| match (value, step) {
                (Self::Object(inner), Step::Attribute(name))
                | (Self::Map(inner), Step::Key(name) | Step::Attribute(name)) => inner.get(name),
                (Self::List(inner) | Self::Tuple(inner), Step::Index(index)) => {
                    inner.get(usize::try_from(*index).ok()?)
                }
                _ => None,
            })
    }

    /// The place of the value at a path, if there is one.
    pub fn at_mut(&mut self, path: &AttributePath) -> Option<&mut Value> {
        path.steps()
            .iter()
            .try_fold(self, |value, step| match (value, step) {
                (Self::Object(inner), Step::Attribute(name))
                | (Self::Map(inner), Step::Key(name) | Step::Attribute(name)) => {
                    inner.get_mut(name)
                }
                (Self::List(inner) | Self::Tuple(inner), Step::Index(index)) => {
                    inner.get_mut(usize::try_from(*index).ok()?)
                }
                _ => None,
            })
    }

    /// Sets an attribute; a value that is no object becomes one.
    pub fn set(&mut self, name: impl Into<String>, value: impl ToValue) {
        let value = value.to_value();
        if let Self::Object(inner) | Self::Map(inner) = self {
            inner.insert(name.into(), value);
        } else {
            *self = Self::object([(name.into(), value)]);
        }
    }

    /// An attribute, converted: `Option<T>` for null, [`Attr`] for null or unknown, `T` for a
    /// value that must be there.
    ///
    /// ```
    /// # use tfplugin::Value;
    /// let value = Value::object([("cpu", Value::number(2)), ("name", Value::Null)]);
    /// assert_eq!(value.read::<f64>("cpu"), Ok(2.0));
    /// assert_eq!(value.read::<Option<String>>("name"), Ok(None));
    /// ```
    pub fn read<T: FromValue>(&self, name: &str) -> Result<T, ValueError> {
        self.get(name)
            .and_then(T::from_value)
            .map_err(|error| error.inside(Step::Attribute(name.to_owned())))
    }

    /// The whole value, converted.
    pub fn to<T: FromValue>(&self) -> Result<T, ValueError> {
        T::from_value(self)
    }

    /// The text, if it is known text.
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Self::String(text) => Some(text),
            _ => None,
        }
    }

    /// The truth value, if it is a known one.
    pub fn as_bool(&self) -> Option<bool> {
        match self {
            Self::Bool(value) => Some(*value),
            _ => None,
        }
    }

    /// The number, if it is a known one.
    pub fn as_number(&self) -> Option<&Number> {
        match self {
            Self::Number(number) => Some(number),
            _ => None,
        }
    }

    /// The integer, if it is a known one within range.
    pub fn as_i64(&self) -> Option<i64> {
        self.as_number().and_then(Number::as_i64)
    }

    /// The nearest float, if it is a known number.
    pub fn as_f64(&self) -> Option<f64> {
        self.as_number().map(Number::as_f64)
    }

    /// The elements of a known list, set or tuple.
    pub fn as_elements(&self) -> Option<&[Value]> {
        match self {
            Self::List(elements) | Self::Set(elements) | Self::Tuple(elements) => Some(elements),
            _ => None,
        }
    }

    /// The elements of a known map, or the attributes of a known object.
    pub fn as_entries(&self) -> Option<&BTreeMap<String, Value>> {
        match self {
            Self::Map(entries) | Self::Object(entries) => Some(entries),
            _ => None,
        }
    }

    /// Turns everything unknown into null: the state after a failure may hold no unknowns.
    #[must_use]
    pub fn without_unknowns(self) -> Self {
        let all = |items: Vec<Self>| items.into_iter().map(Self::without_unknowns).collect();
        let each = |items: BTreeMap<String, Self>| {
            items
                .into_iter()
                .map(|(name, item)| (name, item.without_unknowns()))
                .collect()
        };
        match self {
            Self::Unknown(_) => Self::Null,
            Self::List(items) => Self::List(all(items)),
            Self::Set(items) => Self::Set(all(items)),
            Self::Tuple(items) => Self::Tuple(all(items)),
            Self::Map(items) => Self::Map(each(items)),
            Self::Object(items) => Self::Object(each(items)),
            Self::Dynamic(inner) => Self::Dynamic(Box::new((inner.0, inner.1.without_unknowns()))),
            known @ (Self::Null | Self::Bool(_) | Self::Number(_) | Self::String(_)) => known,
        }
    }

    /// What it is, for messages; never its content.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Unknown(_) => "an unknown value",
            Self::Null => "null",
            Self::Bool(_) => "a bool",
            Self::Number(_) => "a number",
            Self::String(_) => "a string",
            Self::List(_) => "a list",
            Self::Set(_) => "a set",
            Self::Tuple(_) => "a tuple",
            Self::Map(_) => "a map",
            Self::Object(_) => "an object",
            Self::Dynamic(inner) => inner.1.kind(),
        }
    }
}

impl PartialEq for Value {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Unknown(_), Self::Unknown(_)) | (Self::Null, Self::Null) => true,
            (Self::Bool(a), Self::Bool(b)) => a == b,
            (Self::Number(a), Self::Number(b)) => a == b,
            (Self::String(a), Self::String(b)) => a == b,
            (Self::List(a), Self::List(b)) | (Self::Tuple(a), Self::Tuple(b)) => a == b,
            (Self::Set(a), Self::Set(b)) => same_elements(a, b),
            (Self::Map(a), Self::Map(b)) | (Self::Object(a), Self::Object(b)) => a == b,
            (Self::Dynamic(a), Self::Dynamic(b)) => a == b,
            _ => false,
        }
    }
}

/// Whether two sets hold the same elements. Equal order is the usual case and costs one pass.
fn same_elements(a: &[Value], b: &[Value]) -> bool {
    if a.len() != b.len() {
        return false;
    }
    let mut rest: Vec<&Value> = b.iter().collect();
    a.iter().all(|item| {
        let found = rest.iter().position(|other| *other == item);
        found.map(|index| rest.remove(index)).is_some()
    })
}

#[cfg(test)]
#[path = "value/tests.rs"]
mod tests;
