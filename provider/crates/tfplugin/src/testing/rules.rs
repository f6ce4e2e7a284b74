//! What Terraform enforces on plans and on the results of an apply.
//!
//! Written from Terraform's rules, not from this crate's planning: each is the other's test.

use crate::path::AttributePath;
use crate::plan::correlate::{Nest, element, entry};
use crate::schema::{Attribute, Fields};
use crate::value::Value;

/// What is wrong with a plan for an object, each item with the path to it.
pub fn plan_errors(fields: &Fields, prior: &Value, config: &Value, planned: &Value) -> Vec<String> {
    let mut judge = Judge::default();
    if config.is_null() != planned.is_null() {
        judge.say(
            &AttributePath::empty(),
            "exists in plan or configuration only",
        );
    } else if !config.is_null() {
        judge.object(fields, prior, config, planned, &AttributePath::empty());
    }
    judge.errors
}

/// What in the result of an apply contradicts the plan.
pub fn apply_errors(planned: &Value, actual: &Value) -> Vec<String> {
    let mut judge = Judge::default();
    judge.result(planned, actual, &AttributePath::empty());
    if !actual.is_wholly_known() {
        judge.say(&AttributePath::empty(), "something is still unknown");
    }
    judge.errors
}

/// What in the plan made during an apply contradicts the plan the user agreed to.
pub fn final_plan_errors(agreed: &Value, last: &Value) -> Vec<String> {
    let mut judge = Judge::default();
    judge.result(agreed, last, &AttributePath::empty());
    judge.errors
}

#[derive(Default)]
struct Judge {
    errors: Vec<String>,
}

fn part<'a>(of: &'a Value, name: &str) -> &'a Value {
    of.get(name).unwrap_or(&Value::Null)
}

impl Judge {
    fn say(&mut self, path: &AttributePath, what: &str) {
        self.errors.push(format!("{path}: {what}"));
    }

    fn object(
        &mut self,
        fields: &Fields,
        prior: &Value,
        config: &Value,
        planned: &Value,
        path: &AttributePath,
    ) {
        let Value::Object(planned) = planned else {
            self.say(
                path,
                "the plan has no object where the configuration has one",
            );
            return;
        };
        for (name, attribute) in fields.attributes() {
            let path = path.clone().attribute(name);
            let planned = planned.get(name).unwrap_or(&Value::Null);
            self.attribute(
                attribute,
                part(prior, name),
                part(config, name),
                planned,
                &path,
            );
        }
        for (name, block) in fields.blocks() {
            let path = path.clone().attribute(name);
            let planned = planned.get(name).unwrap_or(&Value::Null);
            let (prior, config) = (part(prior, name), part(config, name));
            if config.is_null() != planned.is_null() {
                self.say(&path, "the block is in plan or configuration only");
            } else if config.is_unknown() {
                if !planned.is_unknown() {
                    self.say(&path, "an unknown block has to stay unknown");
                }
            } else if !config.is_null() {
                let nest = Nest::of_block(block.nesting());
                self.nested(nest, block.fields(), prior, config, planned, &path);
            }
        }
    }

    fn attribute(
        &mut self,
        attribute: &Attribute,
        prior: &Value,
        config: &Value,
        planned: &Value,
        path: &AttributePath,
    ) {
        let kept = planned == prior && !prior.is_null() && !config.is_null();
        if attribute.is_write_only() {
            if !planned.is_null() {
                self.say(path, "a write-only value is in the plan");
            }
        } else if planned == config && attribute.nested().is_none() || kept {
            // As configured, or as stored where that means the same.
        } else if config.is_null() {
            if !attribute.is_computed() && !planned.is_null() {
                self.say(path, "planned although neither configured nor computed");
            }
        } else if config.is_unknown() {
            if !planned.is_unknown() {
                self.say(path, "planned although the configuration is unknown");
            }
        } else if let Some((nesting, fields)) = attribute.nested() {
            self.nested(Nest::of(nesting), fields, prior, config, planned, path);
        } else {
            self.say(path, "planned value differs from the configured one");
        }
    }

    fn nested(
        &mut self,
        nest: Nest,
        fields: &Fields,
        prior: &Value,
        config: &Value,
        planned: &Value,
        path: &AttributePath,
    ) {
        if nest == Nest::Single {
            return self.object(fields, prior, config, planned, path);
        }
        if let (Some(config), Value::Map(planned)) = (config.as_entries(), planned) {
            if !config.keys().eq(planned.keys()) {
                return self.say(path, "other keys than configured");
            }
            for (key, config) in config {
                let path = path.clone().key(key);
                self.member(fields, entry(prior, key), config, &planned[key], &path);
            }
            return;
        }
        let (Some(configured), Some(items)) = (config.as_elements(), planned.as_elements()) else {
            return self.say(
                path,
                "the plan has no collection where the configuration has one",
            );
        };
        if configured.len() != items.len() {
            return self.say(path, "another number of elements than configured");
        }
        if nest == Nest::List {
            for (index, item) in items.iter().enumerate() {
                let path = path.clone().index(index);
                self.member(
                    fields,
                    element(prior, index),
                    &configured[index],
                    item,
                    &path,
                );
            }
        } else {
            for item in items {
                let fits = configured.iter().any(|config| {
                    let mut judge = Self::default();
                    judge.member(fields, &Value::Null, config, item, path);
                    judge.errors.is_empty()
                });
                if !fits {
                    self.say(path, "an element that no configured one could become");
                }
            }
        }
    }

    /// An element of a collection, which may itself be null or unknown.
    fn member(
        &mut self,
        fields: &Fields,
        prior: &Value,
        config: &Value,
        planned: &Value,
        path: &AttributePath,
    ) {
        if config.is_known() {
            self.object(fields, prior, config, planned, path);
        } else if config != planned {
            self.say(path, "planned element differs from the configured one");
        }
    }

    fn result(&mut self, planned: &Value, actual: &Value, path: &AttributePath) {
        match (planned, actual) {
            (Value::Unknown(_), _) => {}
            (Value::Object(planned), Value::Object(actual)) => {
                for (name, planned) in planned {
                    let actual = actual.get(name).unwrap_or(&Value::Null);
                    self.result(planned, actual, &path.clone().attribute(name));
                }
            }
            (Value::Map(planned), Value::Map(actual)) => {
                if !planned.keys().eq(actual.keys()) {
                    return self.say(path, "elements vanished or appeared");
                }
                for (key, planned) in planned {
                    self.result(planned, &actual[key], &path.clone().key(key));
                }
            }
            (Value::List(planned), Value::List(actual)) => {
                if planned.len() != actual.len() {
                    return self.say(path, "elements vanished or appeared");
                }
                for (index, (planned, actual)) in planned.iter().zip(actual).enumerate() {
                    self.result(planned, actual, &path.clone().index(index));
                }
            }
            (Value::Set(planned), Value::Set(actual)) => {
                let fits = |one: &Value, other: &Value| {
                    let mut judge = Self::default();
                    judge.result(one, other, path);
                    judge.errors.is_empty()
                };
                let all = actual.iter().all(|a| planned.iter().any(|p| fits(p, a)))
                    && planned.iter().all(|p| actual.iter().any(|a| fits(p, a)));
                if actual.len() > planned.len() || !all {
                    self.say(path, "the set holds other elements than planned");
                }
            }
            _ if planned == actual => {}
            _ => self.say(path, "the result differs from the plan"),
        }
    }
}
