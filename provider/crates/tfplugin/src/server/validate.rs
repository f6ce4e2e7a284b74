//! Checks of configurations, before anything is planned.

use super::answer::Answer;
use super::registry::Core;
use crate::codec::decode;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::path::AttributePath;
use crate::plan::correlate::{Nest, children};
use crate::proto::tfplugin6 as proto;
use crate::provider::Provider;
use crate::schema::Fields;
use crate::schema::validate::validate;
use crate::value::Value;

pub(super) fn provider<P: Provider>(
    core: &Core<P>,
    request: &proto::validate_provider_config::Request,
) -> Result<proto::validate_provider_config::Response, Diagnostics> {
    let compiled = core.compiled();
    let config = decode(request.config.as_ref(), &compiled.ty)?;
    let mut diagnostics = Diagnostics::new();
    validate(&compiled.schema, &config, &mut diagnostics);
    core.provider.validate(&config, &mut diagnostics);
    Ok(Answer::of(diagnostics))
}

pub(super) fn resource<P: Provider>(
    core: &Core<P>,
    request: &proto::validate_resource_config::Request,
) -> Result<proto::validate_resource_config::Response, Diagnostics> {
    let entry = core.resource(&request.type_name)?;
    let compiled = entry.compiled();
    let mut config = decode(request.config.as_ref(), &compiled.ty)?;
    let mut diagnostics = Diagnostics::new();
    let capable = request
        .client_capabilities
        .is_some_and(|client| client.write_only_attributes_allowed);
    if !capable {
        let fields = compiled.schema.fields();
        refuse_write_only(
            fields,
            &mut config,
            &AttributePath::empty(),
            &mut diagnostics,
        );
    }
    validate(&compiled.schema, &config, &mut diagnostics);
    entry.resource.validate(&config, &mut diagnostics);
    Ok(Answer::of(diagnostics))
}

pub(super) fn data_source<P: Provider>(
    core: &Core<P>,
    request: &proto::validate_data_resource_config::Request,
) -> Result<proto::validate_data_resource_config::Response, Diagnostics> {
    let entry = core.data_source(&request.type_name)?;
    let compiled = entry.compiled();
    let config = decode(request.config.as_ref(), &compiled.ty)?;
    let mut diagnostics = Diagnostics::new();
    validate(&compiled.schema, &config, &mut diagnostics);
    entry.source.validate(&config, &mut diagnostics);
    Ok(Answer::of(diagnostics))
}

/// A client that does not know write-only attributes would store their values.
fn refuse_write_only(
    fields: &Fields,
    config: &mut Value,
    path: &AttributePath,
    diagnostics: &mut Diagnostics,
) {
    let Value::Object(object) = config else {
        return;
    };
    for (name, attribute) in fields.attributes() {
        let Some(value) = object.get_mut(name) else {
            continue;
        };
        let path = path.clone().attribute(name);
        if attribute.is_write_only() && !value.is_null() {
            let detail = "Write-only values need Terraform 1.11 or OpenTofu 1.11, or a later version of them.";
            diagnostics.push(Diagnostic::error("Write-only value not supported", detail).at(path));
        } else if let Some((nesting, fields)) = attribute.nested() {
            nested(Nest::of(nesting), fields, value, &path, diagnostics);
        }
    }
    for (name, block) in fields.blocks() {
        if let Some(value) = object.get_mut(name) {
            let path = path.clone().attribute(name);
            let nest = Nest::of_block(block.nesting());
            nested(nest, block.fields(), value, &path, diagnostics);
        }
    }
}

fn nested(
    nest: Nest,
    fields: &Fields,
    value: &mut Value,
    path: &AttributePath,
    diagnostics: &mut Diagnostics,
) {
    for child in children(nest, fields, &Value::Null, &Value::Null, value) {
        let path = match child.step {
            Some(step) => path.clone().step(step),
            None => path.clone(),
        };
        refuse_write_only(fields, child.planned, &path, diagnostics);
    }
}
