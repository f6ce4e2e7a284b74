//! The attribute `timeouts` and durations as Terraform users write them.

use std::collections::BTreeMap;
use std::time::Duration;

use super::{Attribute, Fields, validator};
use crate::value::Value;

/// What takes time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Operation {
    /// Making an object.
    Create,
    /// Looking at an object.
    Read,
    /// Changing an object.
    Update,
    /// Removing an object.
    Delete,
}

impl Operation {
    /// The name of its attribute.
    pub fn name(self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::Read => "read",
            Self::Update => "update",
            Self::Delete => "delete",
        }
    }
}

/// Applies where neither the schema nor the configuration says anything.
pub const DEFAULT_TIMEOUT: Duration = Duration::from_mins(20);

/// The operations a resource lets users limit, with the time each has by default.
#[derive(Debug, Clone, Default)]
pub struct Timeouts {
    defaults: BTreeMap<Operation, Duration>,
}

impl Timeouts {
    /// No operation yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds an operation and the time it has when the configuration says nothing.
    #[must_use]
    pub fn of(mut self, operation: Operation, default: Duration) -> Self {
        self.defaults.insert(operation, default);
        self
    }

    /// The attribute that carries them.
    pub(super) fn attribute(&self) -> Attribute {
        let fields = self
            .defaults
            .iter()
            .fold(Fields::new(), |fields, (operation, default)| {
                let text = format!(
                    "How long to wait, as in `30s` or `2h45m`. Default `{}`.",
                    format_duration(*default)
                );
                fields.attribute(
                    operation.name(),
                    Attribute::string()
                        .optional()
                        .description(text)
                        .validator(validator::duration()),
                )
            });
        Attribute::single_nested(fields)
            .optional()
            .description("How long operations may take.")
    }

    /// The time an operation has, given a configuration, plan or state.
    pub fn resolve(&self, operation: Operation, object: &Value) -> Duration {
        object
            .get("timeouts")
            .and_then(|timeouts| timeouts.get(operation.name()))
            .ok()
            .and_then(Value::as_str)
            .and_then(parse_duration)
            .or_else(|| self.defaults.get(&operation).copied())
            .unwrap_or(DEFAULT_TIMEOUT)
    }
}

/// Reads a duration as Go writes it: decimal numbers with the units `ns`, `us`, `ms`, `s`, `m`,
/// `h`, without a sign. None if it is not one, or longer than a century.
pub fn parse_duration(text: &str) -> Option<Duration> {
    if text == "0" {
        return Some(Duration::ZERO);
    }
    let mut rest = text;
    let mut total = 0.0_f64;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let (number, after) = rest.split_at(digits);
        let end = after
            .find(|c: char| c.is_ascii_digit() || c == '.')
            .unwrap_or(after.len());
        let (unit, remaining) = after.split_at(end);
        let seconds = match unit {
            "ns" => 1e-9,
            "us" | "µs" => 1e-6,
            "ms" => 1e-3,
            "s" => 1.0,
            "m" => 60.0,
            "h" => 3600.0,
            _ => return None,
        };
        total += number.parse::<f64>().ok()? * seconds;
        rest = remaining;
    }
    let century = 100.0 * 365.0 * 24.0 * 3600.0;
    (!text.is_empty() && total <= century).then(|| Duration::from_secs_f64(total))
}

/// Writes a duration in whole seconds, as `1h30m` or `45s`.
fn format_duration(duration: Duration) -> String {
    let seconds = duration.as_secs();
    let parts = [
        (seconds / 3600, "h"),
        (seconds / 60 % 60, "m"),
        (seconds % 60, "s"),
    ];
    let parts: Vec<String> = parts
        .iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, unit)| format!("{count}{unit}"))
        .collect();
    let text = parts.concat();
    if text.is_empty() { "0s".into() } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_as_in_go() {
        let check = |text, seconds| {
            assert_eq!(
                parse_duration(text).map(|d| d.as_secs_f64()),
                seconds,
                "{text}"
            );
        };
        check("30m", Some(1800.0));
        check("2h45m", Some(9900.0));
        check("1.5h", Some(5400.0));
        check("250ms", Some(0.25));
        check("0", Some(0.0));
        check("", None);
        check("30", None);
        check("-1s", None);
        check("1d", None);
        check("9999999999h", None);
        assert_eq!(format_duration(Duration::from_secs(5445)), "1h30m45s");
    }

    #[test]
    fn configuration_wins_over_default() {
        let timeouts = Timeouts::new().of(Operation::Create, Duration::from_mins(1));
        let object = |text| Value::object([("timeouts", Value::object([("create", text)]))]);
        let create = |value: &Value| timeouts.resolve(Operation::Create, value).as_secs();
        assert_eq!(create(&object(Value::string("5s"))), 5);
        assert_eq!(create(&object(Value::Null)), 60);
        assert_eq!(create(&Value::object([("timeouts", Value::Null)])), 60);
        assert_eq!(
            timeouts.resolve(Operation::Delete, &Value::Null),
            DEFAULT_TIMEOUT
        );
    }
}
