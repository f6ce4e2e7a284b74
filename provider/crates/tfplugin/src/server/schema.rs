//! What the provider is made of.

use super::answer::Answer;
use super::convert::{identity_to_proto, schema_to_proto};
use super::registry::Core;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::proto::tfplugin6 as proto;
use crate::provider::Provider;
use crate::schema::check::{Role, check, check_identity};

const CAPABILITIES: proto::ServerCapabilities = proto::ServerCapabilities {
    plan_destroy: true,
    get_provider_schema_optional: true,
    move_resource_state: true,
    generate_resource_config: false,
};

pub(super) fn metadata<P: Provider>(core: &Core<P>) -> proto::get_metadata::Response {
    use proto::get_metadata::response::{DataSourceMetadata, ResourceMetadata};
    let resources = core.resources().keys().cloned();
    let data_sources = core.data_sources().keys().cloned();
    proto::get_metadata::Response {
        server_capabilities: Some(CAPABILITIES),
        resources: resources
            .map(|type_name| ResourceMetadata { type_name })
            .collect(),
        data_sources: data_sources
            .map(|type_name| DataSourceMetadata { type_name })
            .collect(),
        ..Default::default()
    }
}

pub(super) fn provider_schema<P: Provider>(core: &Core<P>) -> proto::get_provider_schema::Response {
    let mut mistakes = check("provider", &core.compiled().schema, Role::Provider);
    let mut answer = proto::get_provider_schema::Response {
        provider: Some(schema_to_proto(&core.compiled().schema)),
        server_capabilities: Some(CAPABILITIES),
        ..Default::default()
    };
    for (name, entry) in core.resources() {
        let schema = &entry.compiled().schema;
        mistakes.extend(check(name, schema, Role::Resource));
        answer
            .resource_schemas
            .insert(name.clone(), schema_to_proto(schema));
    }
    for (name, entry) in core.data_sources() {
        let schema = &entry.compiled().schema;
        mistakes.extend(check(name, schema, Role::DataSource));
        answer
            .data_source_schemas
            .insert(name.clone(), schema_to_proto(schema));
    }
    answer.with(bugs(mistakes))
}

pub(super) fn identity_schemas<P: Provider>(
    core: &Core<P>,
) -> proto::get_resource_identity_schemas::Response {
    let mut answer = proto::get_resource_identity_schemas::Response::default();
    let mut mistakes = Vec::new();
    for (name, entry) in core.resources() {
        if let Some((identity, _)) = entry.identity() {
            mistakes.extend(check_identity(name, identity));
            answer
                .identity_schemas
                .insert(name.clone(), identity_to_proto(identity));
        }
    }
    answer.with(bugs(mistakes))
}

fn bugs(mistakes: Vec<String>) -> Diagnostics {
    let mut diagnostics = Diagnostics::new();
    diagnostics.extend(
        mistakes
            .into_iter()
            .map(|mistake| Diagnostic::error("The provider's schema has a mistake", mistake)),
    );
    diagnostics
}
