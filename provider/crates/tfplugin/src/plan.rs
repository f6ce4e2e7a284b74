//! Planning: from a schema, the stored state and the configuration to the planned state.
//!
//! Pure: no author's code but the functions in the schema, no input or output. What Terraform
//! proposes is not used. Its versions differ in how they merge state and configuration; doing
//! the merge here makes all of them behave alike, and Terraform judges a plan by configuration
//! and stored state alone.
//!
//! The steps, in this order:
//!
//! 1. [`merge`]: configured values as they are; for the rest what is stored, if the provider may
//!    set it, else null. Defaults are filled in, write-only values are dropped, and a value that
//!    means the same as the stored one is replaced by that.
//! 2. If that differs from the stored state, every computed value the configuration leaves open
//!    becomes unknown: a change of one attribute may change any other.
//! 3. [`modify`]: the modifiers of the attributes take back what is known to stay, and say what
//!    replaces the object.

pub mod correlate;
pub mod merge;
pub mod modify;

use crate::path::AttributePath;
use crate::schema::{Attribute, Fields};
use crate::value::Value;
use correlate::{Nest, children};

/// What is going to happen.
#[derive(Debug, Clone, PartialEq)]
pub struct Plan {
    /// The state after the apply, with unknowns for what is decided then.
    pub planned_state: Value,
    /// The changes that cannot be made to an existing object, sorted and without duplicates.
    pub requires_replace: Vec<AttributePath>,
}

/// Plans a create (`prior` is null) or an update. `config` has to be an object.
pub fn plan(fields: &Fields, prior: &Value, config: &Value) -> Plan {
    let mut planned_state = merge::merge(fields, prior, config);
    if planned_state != *prior {
        open(fields, config, &mut planned_state);
    }
    let mut requires_replace = Vec::new();
    modify::modify(
        fields,
        prior,
        config,
        &mut planned_state,
        &mut requires_replace,
    );
    if prior.is_null() {
        requires_replace.clear();
    }
    tidy_paths(&mut requires_replace, prior, &planned_state);
    Plan {
        planned_state,
        requires_replace,
    }
}

/// Sorts paths and drops duplicates and those that lead nowhere, which Terraform would refuse.
pub fn tidy_paths(paths: &mut Vec<AttributePath>, prior: &Value, planned: &Value) {
    paths.retain(|path| prior.at(path).is_some() || planned.at(path).is_some());
    paths.sort();
    paths.dedup();
}

/// Makes every computed value unknown that the configuration leaves open and no default fills.
fn open(fields: &Fields, config: &Value, planned: &mut Value) {
    for (name, attribute) in fields.attributes() {
        let (Ok(config), Value::Object(object)) = (config.get(name), &mut *planned) else {
            continue;
        };
        let Some(planned) = object.get_mut(name) else {
            continue;
        };
        if is_open(attribute, config) {
            *planned = Value::UNKNOWN;
        } else if let (Some((nesting, fields)), true) = (attribute.nested(), config.is_known()) {
            open_children(Nest::of(nesting), fields, config, planned);
        }
    }
    for (name, block) in fields.blocks() {
        let (Ok(config), Value::Object(object)) = (config.get(name), &mut *planned) else {
            continue;
        };
        if let (Some(planned), true) = (object.get_mut(name), config.is_known()) {
            open_children(
                Nest::of_block(block.nesting()),
                block.fields(),
                config,
                planned,
            );
        }
    }
}

fn open_children(nest: Nest, fields: &Fields, config: &Value, planned: &mut Value) {
    for child in children(nest, fields, &Value::Null, config, planned) {
        open(fields, child.config, child.planned);
    }
}

fn is_open(attribute: &Attribute, config: &Value) -> bool {
    attribute.is_computed() && config.is_null() && attribute.default_value().is_none()
}

#[cfg(test)]
#[path = "plan/tests.rs"]
mod tests;
