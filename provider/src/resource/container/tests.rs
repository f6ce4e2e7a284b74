//! The resource through Terraform's eyes.

mod edits;
mod failures;
mod job;
mod lifecycle;
mod messages;
mod mounts;
mod moved;
mod reads;
mod unknown;

use tfplugin::Value;

use super::schema::schema;
use crate::testing::object;

/// A configuration with an image and what is given.
fn config(set: &[(&str, Value)]) -> Value {
    let mut all = object(&schema(), &[("image", Value::string("nginx:1"))]);
    for (name, value) in set {
        all.set(*name, value);
    }
    all
}

/// A named configuration.
fn web(set: &[(&str, Value)]) -> Value {
    let mut all = config(&[("name", Value::string("web"))]);
    for (name, value) in set {
        all.set(*name, value);
    }
    all
}

const TYPE: &str = "zun_container";
