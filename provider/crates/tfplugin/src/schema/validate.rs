//! Runs a schema's validators over a configuration.

use super::{BlockNesting, Check, Fields, Nesting, Schema};
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::path::AttributePath;
use crate::value::Value;

/// Collects every objection of every validator and rule.
pub fn validate(schema: &Schema, config: &Value, diagnostics: &mut Diagnostics) {
    let mut walk = Walk {
        config,
        diagnostics,
    };
    walk.fields(schema.fields(), config, &AttributePath::empty());
    for rule in schema.rules() {
        if let Err(detail) = rule.check(config) {
            walk.diagnostics
                .push(Diagnostic::error("Invalid configuration", detail));
        }
    }
}

struct Walk<'a> {
    config: &'a Value,
    diagnostics: &'a mut Diagnostics,
}

impl Walk<'_> {
    fn fields(&mut self, fields: &Fields, object: &Value, path: &AttributePath) {
        for (name, attribute) in fields.attributes() {
            let Ok(value) = object.get(name) else {
                continue;
            };
            let path = path.clone().attribute(name);
            if !value.is_known() {
                continue;
            }
            for validator in attribute.validators() {
                let check = Check {
                    value,
                    path: &path,
                    config: self.config,
                };
                if let Err(detail) = validator.check(&check) {
                    // The path stands in the text too: a host that cannot follow it into a nested
                    // attribute shows the line of another one.
                    let summary = format!("Invalid value of {path}");
                    self.diagnostics
                        .push(Diagnostic::error(summary, detail).at(&path));
                }
            }
            if let Some((nesting, fields)) = attribute.nested() {
                let one = nesting == Nesting::Single;
                self.nested(fields, one, value, &path);
            }
        }
        for (name, block) in fields.blocks() {
            let Ok(value) = object.get(name) else {
                continue;
            };
            let one = matches!(block.nesting(), BlockNesting::Single | BlockNesting::Group);
            let path = path.clone().attribute(name);
            self.nested(block.fields(), one, value, &path);
        }
    }

    fn nested(&mut self, fields: &Fields, one: bool, value: &Value, path: &AttributePath) {
        match value {
            _ if one => self.fields(fields, value, path),
            Value::List(elements) => {
                for (index, element) in elements.iter().enumerate() {
                    self.fields(fields, element, &path.clone().index(index));
                }
            }
            Value::Set(elements) => {
                for element in elements {
                    self.fields(fields, element, path);
                }
            }
            Value::Map(elements) => {
                for (key, element) in elements {
                    self.fields(fields, element, &path.clone().key(key));
                }
            }
            _ => {}
        }
    }
}
