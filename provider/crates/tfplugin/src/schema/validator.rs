//! Checks of configured values, and rules about several of them.
//!
//! A validator sees known, non-null values only: what is unknown is checked once it is known.

use std::fmt::{self, Display};
use std::ops::{Bound, RangeBounds};
use std::str::FromStr;
use std::sync::Arc;

use super::timeouts::parse_duration;
use crate::path::AttributePath;
use crate::value::Value;

/// A value to be checked, and its surroundings.
#[derive(Debug)]
pub struct Check<'a> {
    /// The value; never null, never unknown as a whole.
    pub value: &'a Value,
    /// Where it is.
    pub path: &'a AttributePath,
    /// The whole configuration.
    pub config: &'a Value,
}

type Judge = Arc<dyn Fn(&Check<'_>) -> Result<(), String> + Send + Sync>;

/// A check of one attribute.
#[derive(Clone)]
pub struct Validator {
    judge: Judge,
}

impl fmt::Debug for Validator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Validator").finish_non_exhaustive()
    }
}

impl Validator {
    /// A check that sees the value only; the error is a sentence for the user.
    pub fn new(judge: impl Fn(&Value) -> Result<(), String> + Send + Sync + 'static) -> Self {
        Self::with(move |check| judge(check.value))
    }

    /// A check that sees the whole configuration.
    pub fn with(judge: impl Fn(&Check<'_>) -> Result<(), String> + Send + Sync + 'static) -> Self {
        Self {
            judge: Arc::new(judge),
        }
    }

    /// Checks a value.
    pub fn check(&self, check: &Check<'_>) -> Result<(), String> {
        (self.judge)(check)
    }
}

/// Text out of a fixed choice.
pub fn one_of<S: Into<String>>(choice: impl IntoIterator<Item = S>) -> Validator {
    let choice: Vec<String> = choice.into_iter().map(Into::into).collect();
    Validator::new(move |value| match value.as_str() {
        Some(text) if !choice.iter().any(|one| one == text) => Err(format!(
            "The value has to be one of {}; it is {text:?}.",
            quoted(&choice)
        )),
        _ => Ok(()),
    })
}

/// Text a type's own parser accepts; its error is the message.
pub fn parses<T>() -> Validator
where
    T: FromStr,
    T::Err: Display,
{
    Validator::new(|value| match value.as_str() {
        Some(text) => text.parse::<T>().map(|_| ()).map_err(|e| e.to_string()),
        None => Ok(()),
    })
}

/// Text of a length, in characters.
pub fn length(range: impl RangeBounds<usize> + Send + Sync + 'static) -> Validator {
    Validator::new(move |value| match value.as_str() {
        Some(text) => within(&range, &text.chars().count(), "The number of characters"),
        None => Ok(()),
    })
}

/// Text with a unit Go knows: `90s`, `1h30m`.
pub fn duration() -> Validator {
    Validator::new(|value| match value.as_str() {
        Some(text) if parse_duration(text).is_none() => Err(format!(
            "The value has to be a duration such as \"30s\" or \"1h30m\"; it is {text:?}."
        )),
        _ => Ok(()),
    })
}

/// A number in a range.
pub fn between(range: impl RangeBounds<f64> + Send + Sync + 'static) -> Validator {
    Validator::new(move |value| match value.as_f64() {
        Some(number) => within(&range, &number, "The value"),
        None => Ok(()),
    })
}

/// A number without a fraction, within 64 bits.
pub fn whole() -> Validator {
    Validator::new(|value| match value.as_number() {
        Some(number) if number.as_i64().is_none() => Err(format!(
            "The value has to be a whole number; it is {number}."
        )),
        _ => Ok(()),
    })
}

/// A collection with a number of elements.
pub fn elements(range: impl RangeBounds<usize> + Send + Sync + 'static) -> Validator {
    Validator::new(move |value| {
        let count = value
            .as_elements()
            .map(<[Value]>::len)
            .or_else(|| value.as_entries().map(std::collections::BTreeMap::len));
        match count {
            Some(count) => within(&range, &count, "The number of elements"),
            None => Ok(()),
        }
    })
}

/// A collection each known element of which passes.
pub fn each(validator: Validator) -> Validator {
    Validator::with(move |check| {
        let listed = check.value.as_elements().into_iter().flatten();
        let keyed = check
            .value
            .as_entries()
            .into_iter()
            .flat_map(|e| e.values());
        listed
            .chain(keyed)
            .filter(|value| value.is_known())
            .try_for_each(|value| validator.check(&Check { value, ..*check }))
    })
}

/// A map each key of which passes.
pub fn keys(validator: Validator) -> Validator {
    Validator::with(move |check| {
        let entries = check.value.as_entries().into_iter().flatten();
        entries
            .map(|(key, _)| Value::string(key))
            .try_for_each(|key| {
                validator.check(&Check {
                    value: &key,
                    ..*check
                })
            })
    })
}

/// Top-level attributes that may not be set beside this one.
pub fn conflicts_with<S: Into<String>>(others: impl IntoIterator<Item = S>) -> Validator {
    let others: Vec<String> = others.into_iter().map(Into::into).collect();
    Validator::with(move |check| {
        match others
            .iter()
            .find(|name| is_set(check.config, name) == Some(true))
        {
            Some(name) => Err(format!("It cannot be set together with {name:?}.")),
            None => Ok(()),
        }
    })
}

/// Top-level attributes that must be set beside this one.
pub fn also_requires<S: Into<String>>(others: impl IntoIterator<Item = S>) -> Validator {
    let others: Vec<String> = others.into_iter().map(Into::into).collect();
    Validator::with(move |check| {
        match others
            .iter()
            .find(|name| is_set(check.config, name) == Some(false))
        {
            Some(name) => Err(format!("It needs {name:?} to be set as well.")),
            None => Ok(()),
        }
    })
}

/// A rule about several top-level attributes.
#[derive(Debug, Clone)]
pub struct Rule {
    names: Vec<String>,
    most: usize,
}

impl Rule {
    /// One of them has to be set, and only one.
    pub fn exactly_one_of<S: Into<String>>(names: impl IntoIterator<Item = S>) -> Self {
        Self {
            names: names.into_iter().map(Into::into).collect(),
            most: 1,
        }
    }

    /// One of them has to be set, or more.
    pub fn at_least_one_of<S: Into<String>>(names: impl IntoIterator<Item = S>) -> Self {
        Self {
            most: usize::MAX,
            ..Self::exactly_one_of(names)
        }
    }

    /// Checks a whole configuration.
    pub fn check(&self, config: &Value) -> Result<(), String> {
        let states: Vec<_> = self.names.iter().map(|name| is_set(config, name)).collect();
        let set = states.iter().filter(|state| **state == Some(true)).count();
        let open = states.iter().any(Option::is_none);
        let choice = quoted(&self.names);
        if set > self.most {
            Err(format!("Only one of {choice} can be set; {set} are."))
        } else if set == 0 && !open {
            Err(format!("One of {choice} has to be set."))
        } else {
            Ok(())
        }
    }
}

/// Whether an attribute is set; None while it is unknown. An empty list counts as not set, since
/// that is how absent blocks arrive.
fn is_set(config: &Value, name: &str) -> Option<bool> {
    match config.get(name) {
        Ok(Value::Unknown(_)) => None,
        Ok(value) => Some(!value.is_null() && value.as_elements() != Some(&[])),
        Err(_) => Some(false),
    }
}

fn quoted(names: &[String]) -> String {
    let names: Vec<String> = names.iter().map(|name| format!("{name:?}")).collect();
    names.join(", ")
}

fn within<T: PartialOrd + Display>(
    range: &impl RangeBounds<T>,
    value: &T,
    what: &str,
) -> Result<(), String> {
    if range.contains(value) {
        return Ok(());
    }
    let least = match range.start_bound() {
        Bound::Included(bound) => Some(format!("at least {bound}")),
        Bound::Excluded(bound) => Some(format!("more than {bound}")),
        Bound::Unbounded => None,
    };
    let most = match range.end_bound() {
        Bound::Included(bound) => Some(format!("at most {bound}")),
        Bound::Excluded(bound) => Some(format!("less than {bound}")),
        Bound::Unbounded => None,
    };
    let limits: Vec<String> = least.into_iter().chain(most).collect();
    Err(format!(
        "{what} has to be {}; it is {value}.",
        limits.join(" and ")
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(validator: &Validator, value: &Value, config: &Value) -> Result<(), String> {
        validator.check(&Check {
            value,
            path: &AttributePath::root("it"),
            config,
        })
    }

    fn accepts(validator: &Validator, value: impl crate::ToValue) -> bool {
        check(validator, &value.to_value(), &Value::Null).is_ok()
    }

    #[test]
    fn single_values() {
        assert!(accepts(&one_of(["a", "b"]), "a") && !accepts(&one_of(["a", "b"]), "c"));
        assert!(accepts(&length(1..=2), "äö") && !accepts(&length(1..=2), ""));
        assert!(accepts(&between(0.5..), 0.5) && !accepts(&between(0.5..), 0.4));
        assert!(accepts(&whole(), 3) && !accepts(&whole(), 3.5));
        assert!(accepts(&parses::<u8>(), "255") && !accepts(&parses::<u8>(), "256"));
        assert!(accepts(&duration(), "1h") && !accepts(&duration(), "soon"));
        let many = each(one_of(["a"]));
        assert!(accepts(&many, vec!["a"]) && !accepts(&many, vec!["a", "b"]));
        assert!(!accepts(&elements(1..), Vec::<String>::new()));
        let map = Value::map([("a", Value::Null)]);
        assert!(accepts(&keys(one_of(["a"])), &map) && !accepts(&keys(one_of(["b"])), &map));
    }

    #[test]
    fn several_values() {
        let config = |a: Value, b: Value| Value::object([("a", a), ("b", b)]);
        let text = || Value::string("x");
        let both = config(text(), text());
        let open = config(text(), Value::UNKNOWN);
        let neither = config(Value::Null, Value::Null);
        assert!(check(&conflicts_with(["b"]), &text(), &both).is_err());
        assert!(check(&conflicts_with(["b"]), &text(), &open).is_ok());
        assert!(check(&also_requires(["b"]), &text(), &neither).is_err());
        let rule = Rule::exactly_one_of(["a", "b"]);
        assert!(rule.check(&both).is_err() && rule.check(&neither).is_err());
        assert!(rule.check(&open).is_ok());
        assert!(Rule::at_least_one_of(["a", "b"]).check(&both).is_ok());
    }
}
