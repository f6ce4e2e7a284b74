//! What every apply answers.

use tfplugin::{ToValue, Value};

/// What an apply answers: the plan where it was decided, what is really there where it was left open. What
/// has changed since the plan is for the next one to show.
pub(super) fn agreeing(planned: &Value, actual: &Value) -> Value {
    let Some(attributes) = planned.as_entries() else {
        return actual.clone();
    };
    Value::object(attributes.iter().map(|(name, planned)| {
        let value = if planned.is_wholly_known() {
            planned.to_value()
        } else {
            actual.get(name).cloned().unwrap_or(Value::Null)
        };
        (name.clone(), value)
    }))
}
