//! Taking over objects made elsewhere, and states of other resource types.

use super::answer::Answer;
use super::convert::{decode_identity, encode_identity};
use super::registry::Core;
use crate::codec::encode;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::private::Private;
use crate::proto::tfplugin6 as proto;
use crate::provider::Provider;
use crate::resource::{ImportBy, ImportRequest, ImportResponse, MoveRequest, StateResponse};
use crate::schema::Operation;
use crate::state;
use crate::value::Value;

pub(super) async fn import<P: Provider>(
    core: &Core<P>,
    request: proto::import_resource_state::Request,
) -> Result<proto::import_resource_state::Response, Diagnostics> {
    let entry = core.resource(&request.type_name)?;
    let compiled = entry.compiled();
    let identity = decode_identity(request.identity.as_ref(), entry.identity())?;
    let by = if identity.is_null() {
        ImportBy::Id(request.id)
    } else {
        ImportBy::Identity(identity.clone())
    };
    let mut response = ImportResponse {
        state: state::blank(&compiled.ty),
        identity,
        private: Private::default(),
        diagnostics: Diagnostics::new(),
    };
    let context = core.context(entry.timeout(Operation::Read, &Value::Null));
    let result = entry
        .resource
        .import(&context, ImportRequest { by }, &mut response)
        .await;
    let mut diagnostics = std::mem::take(&mut response.diagnostics);
    diagnostics.keep(result);
    let fields = compiled.schema.fields();
    let state = state::settle(fields, &compiled.ty, &response.state, &mut diagnostics);
    if diagnostics.has_errors() {
        return Err(diagnostics);
    }
    let imported = proto::import_resource_state::ImportedResource {
        type_name: request.type_name,
        state: Some(encode(&state, &compiled.ty)?),
        private: response.private.encode(),
        identity: encode_identity(&response.identity, entry.identity())?,
    };
    Ok(proto::import_resource_state::Response {
        imported_resources: vec![imported],
        ..Default::default()
    }
    .with(diagnostics))
}

pub(super) async fn move_state<P: Provider>(
    core: &Core<P>,
    request: proto::move_resource_state::Request,
) -> Result<proto::move_resource_state::Response, Diagnostics> {
    let entry = core.resource(&request.target_type_name)?;
    let compiled = entry.compiled();
    let raw = request.source_state.unwrap_or_default();
    let source_state = serde_json::from_slice(&raw.json)
        .map_err(|error| Diagnostic::error("The stored state cannot be read", error))?;
    let blank = state::blank(&compiled.ty);
    let mut response = StateResponse::new(blank, false, Value::Null, Private::default());
    let request = MoveRequest {
        source_provider: request.source_provider_address,
        source_type_name: request.source_type_name,
        source_version: request.source_schema_version,
        source_state,
    };
    let result = entry.resource.move_state(request, &mut response).await;
    let mut diagnostics = std::mem::take(&mut response.diagnostics);
    diagnostics.keep(result);
    let target_private = response.private.encode();
    let target_identity = encode_identity(response.identity(), entry.identity())?;
    let returned = response.into_state();
    let fields = compiled.schema.fields();
    let moved = state::settle(fields, &compiled.ty, &returned, &mut diagnostics);
    if diagnostics.has_errors() {
        return Err(diagnostics);
    }
    Ok(proto::move_resource_state::Response {
        target_state: Some(encode(&moved, &compiled.ty)?),
        target_private,
        target_identity,
        ..Default::default()
    }
    .with(diagnostics))
}
