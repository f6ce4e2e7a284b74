//! Conversions between values and Rust's own types.

use std::collections::BTreeMap;

use super::{Number, Value, ValueError};
use crate::path::Step;

/// Read from a value.
pub trait FromValue: Sized {
    /// Converts, or says why not.
    fn from_value(value: &Value) -> Result<Self, ValueError>;
}

/// Written as a value.
pub trait ToValue {
    /// Converts. Lists and sets are both written from `Vec`, objects and maps from maps: the
    /// schema decides which of them a value becomes.
    fn to_value(&self) -> Value;
}

/// An attribute in the three states it can have.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Attr<T> {
    /// Decided in the apply.
    Unknown,
    /// Not set.
    #[default]
    Null,
    /// Set.
    Known(T),
}

impl<T> Attr<T> {
    /// The value, if it is set and decided.
    pub fn known(self) -> Option<T> {
        match self {
            Self::Known(value) => Some(value),
            Self::Unknown | Self::Null => None,
        }
    }

    /// A reference to the value, if it is set and decided.
    pub fn as_known(&self) -> Option<&T> {
        match self {
            Self::Known(value) => Some(value),
            Self::Unknown | Self::Null => None,
        }
    }

    /// Whether it is not set.
    pub fn is_null(&self) -> bool {
        matches!(self, Self::Null)
    }

    /// Whether it is decided in the apply.
    pub fn is_unknown(&self) -> bool {
        matches!(self, Self::Unknown)
    }

    /// Whether it is set and decided.
    pub fn is_known(&self) -> bool {
        matches!(self, Self::Known(_))
    }

    /// Converts the value inside.
    pub fn map<U>(self, convert: impl FnOnce(T) -> U) -> Attr<U> {
        match self {
            Self::Unknown => Attr::Unknown,
            Self::Null => Attr::Null,
            Self::Known(value) => Attr::Known(convert(value)),
        }
    }
}

impl<T> From<Option<T>> for Attr<T> {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Self::Known)
    }
}

impl<T> From<T> for Attr<T> {
    fn from(value: T) -> Self {
        Self::Known(value)
    }
}

impl From<&str> for Attr<String> {
    fn from(value: &str) -> Self {
        Self::Known(value.to_owned())
    }
}

impl<T: FromValue> FromValue for Attr<T> {
    fn from_value(value: &Value) -> Result<Self, ValueError> {
        if value.is_unknown() {
            Ok(Self::Unknown)
        } else if value.is_null() {
            Ok(Self::Null)
        } else {
            T::from_value(value).map(Self::Known)
        }
    }
}

impl<T: ToValue> ToValue for Attr<T> {
    fn to_value(&self) -> Value {
        match self {
            Self::Unknown => Value::UNKNOWN,
            Self::Null => Value::Null,
            Self::Known(value) => value.to_value(),
        }
    }
}

impl<T: FromValue> FromValue for Option<T> {
    fn from_value(value: &Value) -> Result<Self, ValueError> {
        if value.is_null() {
            Ok(None)
        } else {
            T::from_value(value).map(Some)
        }
    }
}

impl<T: ToValue> ToValue for Option<T> {
    fn to_value(&self) -> Value {
        self.as_ref().map_or(Value::Null, ToValue::to_value)
    }
}

impl FromValue for Value {
    fn from_value(value: &Value) -> Result<Self, ValueError> {
        Ok(value.clone())
    }
}

impl ToValue for Value {
    fn to_value(&self) -> Value {
        self.clone()
    }
}

impl<T: ToValue + ?Sized> ToValue for &T {
    fn to_value(&self) -> Value {
        (**self).to_value()
    }
}

fn refuse<T>(wanted: &str, value: &Value) -> Result<T, ValueError> {
    Err(ValueError::new(format!(
        "{wanted} is needed here, and this is {}",
        value.kind()
    )))
}

impl FromValue for bool {
    fn from_value(value: &Value) -> Result<Self, ValueError> {
        value.as_bool().map_or_else(|| refuse("a bool", value), Ok)
    }
}

impl ToValue for bool {
    fn to_value(&self) -> Value {
        Value::Bool(*self)
    }
}

impl FromValue for String {
    fn from_value(value: &Value) -> Result<Self, ValueError> {
        match value {
            Value::String(text) => Ok(text.clone()),
            _ => refuse("a string", value),
        }
    }
}

impl ToValue for str {
    fn to_value(&self) -> Value {
        Value::String(self.to_owned())
    }
}

impl ToValue for String {
    fn to_value(&self) -> Value {
        Value::String(self.clone())
    }
}

impl FromValue for Number {
    fn from_value(value: &Value) -> Result<Self, ValueError> {
        match value {
            Value::Number(number) => Ok(number.clone()),
            _ => refuse("a number", value),
        }
    }
}

impl ToValue for Number {
    fn to_value(&self) -> Value {
        Value::Number(self.clone())
    }
}

impl FromValue for f64 {
    fn from_value(value: &Value) -> Result<Self, ValueError> {
        Number::from_value(value).map(|number| number.as_f64())
    }
}

impl ToValue for f64 {
    /// The shortest decimal that reads back as the float; null for NaN and the infinities.
    fn to_value(&self) -> Value {
        Number::from_f64(*self).map_or(Value::Null, Value::Number)
    }
}

macro_rules! integers {
    ($($integer:ty),*) => {$(
        impl FromValue for $integer {
            fn from_value(value: &Value) -> Result<Self, ValueError> {
                let number = Number::from_value(value)?;
                let signed = number.as_i64().and_then(|n| Self::try_from(n).ok());
                signed
                    .or_else(|| number.as_u64().and_then(|n| Self::try_from(n).ok()))
                    .ok_or_else(|| ValueError::new(format!(
                        "a whole number from {} to {} is needed here, and this is {number}",
                        Self::MIN,
                        Self::MAX,
                    )))
            }
        }

        impl ToValue for $integer {
            fn to_value(&self) -> Value {
                Value::Number(Number::from(*self))
            }
        }
    )*};
}
integers!(i8, i16, i32, i64, u8, u16, u32, u64);

impl<T: FromValue> FromValue for Vec<T> {
    fn from_value(value: &Value) -> Result<Self, ValueError> {
        let Some(elements) = value.as_elements() else {
            return refuse("a list", value);
        };
        elements
            .iter()
            .enumerate()
            .map(|(index, element)| {
                let step = Step::Index(i64::try_from(index).unwrap_or(i64::MAX));
                T::from_value(element).map_err(|error| error.inside(step))
            })
            .collect()
    }
}

impl<T: ToValue> ToValue for Vec<T> {
    fn to_value(&self) -> Value {
        Value::List(self.iter().map(ToValue::to_value).collect())
    }
}

impl<T: ToValue> ToValue for [T] {
    fn to_value(&self) -> Value {
        Value::List(self.iter().map(ToValue::to_value).collect())
    }
}

impl<T: FromValue> FromValue for BTreeMap<String, T> {
    fn from_value(value: &Value) -> Result<Self, ValueError> {
        let Some(entries) = value.as_entries() else {
            return refuse("a map", value);
        };
        entries
            .iter()
            .map(|(key, element)| match T::from_value(element) {
                Ok(element) => Ok((key.clone(), element)),
                Err(error) => Err(error.inside(Step::Key(key.clone()))),
            })
            .collect()
    }
}

impl<T: ToValue> ToValue for BTreeMap<String, T> {
    fn to_value(&self) -> Value {
        Value::map(self.iter().map(|(key, item)| (key, item.to_value())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_states() {
        assert_eq!(Value::Null.to::<Attr<bool>>(), Ok(Attr::Null));
        assert_eq!(Value::UNKNOWN.to::<Attr<bool>>(), Ok(Attr::Unknown));
        assert_eq!(Value::Bool(true).to::<Attr<bool>>(), Ok(Attr::Known(true)));
        assert!(Value::UNKNOWN.to::<Option<bool>>().is_err());
        assert_eq!(Attr::<bool>::Unknown.to_value(), Value::UNKNOWN);
    }

    #[test]
    fn integers_know_their_range() {
        assert_eq!(Value::number(65_535).to::<u16>(), Ok(65_535));
        assert!(Value::number(65_536).to::<u16>().is_err());
        assert!(Value::number(-1).to::<u64>().is_err());
        assert_eq!(Value::number(u64::MAX).to::<u64>(), Ok(u64::MAX));
        assert!(0.5.to_value().to::<i64>().is_err());
    }

    #[test]
    fn errors_know_the_way() {
        let value = Value::List(vec![Value::string("a"), Value::number(1)]);
        let error = value.to::<Vec<String>>().unwrap_err();
        assert_eq!(error.path.to_string(), "[1]");
    }
}
