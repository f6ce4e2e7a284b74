//! What `zun_quota` and `zun_quota_class` have in common: four limits, each set or inherited, and what is in force.

use tfplugin::schema::{Rule, validator};
use tfplugin::{Attribute, Diagnostic, Fields, Schema, Value};
use zun_client::Error;
use zun_domain::quota::{LimitSet, Limits, Resource};

use crate::json::{parse, to_json, value_of};
use crate::report::{failed, sentence};

/// Adds the limits, of which at least one has to be set, and `effective`.
pub(super) fn attributes(schema: Schema) -> Schema {
    let schema = Resource::ALL.iter().fold(schema, |schema, resource| {
        let text = format!(
            "Limit of {}; -1 is unlimited. Left out, it is inherited.",
            words(*resource)
        );
        let limit = Attribute::int()
            .optional()
            .validator(validator::between(-1.0..))
            .description(text);
        schema.attribute(resource.name(), limit)
    });
    schema
        .attribute(
            "effective",
            Attribute::single_nested(figures())
                .computed()
                .description("The limits in force, inherited ones included."),
        )
        .rule(Rule::at_least_one_of(Resource::ALL.map(Resource::name)))
}

/// The four figures as computed attributes.
pub(crate) fn figures() -> Fields {
    Resource::ALL
        .iter()
        .fold(Fields::new(), |fields, resource| {
            let text = format!("{}.", sentence(words(*resource)));
            fields.attribute(
                resource.name(),
                Attribute::number().computed().description(text),
            )
        })
}

fn words(resource: Resource) -> &'static str {
    match resource {
        Resource::Containers => "the number of containers",
        Resource::Cpu => "cores",
        Resource::Memory => "memory, in MiB",
        Resource::Disk => "disk, in GiB",
    }
}

/// The limits a plan describes.
pub(super) fn limits_of(planned: &Value) -> Result<LimitSet, Diagnostic> {
    let json = Resource::ALL
        .iter()
        .filter_map(|r| Some((r.name().to_owned(), to_json(planned.get(r.name()).ok()?))))
        .collect();
    parse(serde_json::Value::Object(json))
}

/// Sets limits and `effective` in a state.
pub(super) fn show(limits: &LimitSet, effective: &Limits, state: &mut Value) {
    for resource in Resource::ALL {
        state.set(resource.name(), limits.get(resource));
    }
    state.set("effective", value_of(effective));
}

/// A refused create: limits that are set already come with the way to take them over.
pub(super) fn refused_create(error: &Error, kind: &str, id: &str) -> Diagnostic {
    if !error.is_conflict() {
        return failed(error);
    }
    Diagnostic::error(
        format!("Limits of {id} are set already"),
        format!(
            "{}.\n\nTo manage them, import them, with the address of this resource in place of {kind}.example:\n\n  \
             terraform import {kind}.example {id}",
            sentence(&error.cause().to_string())
        ),
    )
}
