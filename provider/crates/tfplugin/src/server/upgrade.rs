//! Stored states and identities, read into the present schema.
//!
//! Terraform asks for every stored object in every run, also when the version is the present one.

use serde_json::Value as Json;

use super::answer::Answer;
use super::registry::Core;
use crate::codec::{encode, json};
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::proto::tfplugin6 as proto;
use crate::provider::Provider;
use crate::state::settle;

pub(super) fn state<P: Provider>(
    core: &Core<P>,
    request: proto::upgrade_resource_state::Request,
) -> Result<proto::upgrade_resource_state::Response, Diagnostics> {
    let entry = core.resource(&request.type_name)?;
    let compiled = entry.compiled();
    let mut stored = parse(request.raw_state)?;
    let present = compiled.schema.stored_version();
    if request.version < present {
        let upgraders = entry.resource.upgraders();
        let upgrader = upgraders
            .iter()
            .find(|upgrader| upgrader.from() == request.version)
            .ok_or_else(|| {
                Diagnostic::error(
                    "No way to upgrade the stored state",
                    format!(
                        "It was stored with version {} of the schema, and the provider can only read version {present} and those it has an upgrader for.",
                        request.version
                    ),
                )
            })?;
        stored = upgrader.convert(stored)?;
    }
    let mut diagnostics = Diagnostics::new();
    let value = json::from_json(&stored, &compiled.ty)?;
    let value = settle(
        compiled.schema.fields(),
        &compiled.ty,
        &value,
        &mut diagnostics,
    );
    Ok(proto::upgrade_resource_state::Response {
        upgraded_state: Some(encode(&value, &compiled.ty)?),
        ..Default::default()
    }
    .with(diagnostics))
}

pub(super) fn identity<P: Provider>(
    core: &Core<P>,
    request: proto::upgrade_resource_identity::Request,
) -> Result<proto::upgrade_resource_identity::Response, Diagnostics> {
    let entry = core.resource(&request.type_name)?;
    let Some((_, ty)) = entry.identity() else {
        return Err(Diagnostic::error(
            "No identity",
            format!("The resource {:?} has no identity.", request.type_name),
        )
        .into());
    };
    let value = json::from_json(&parse(request.raw_identity)?, ty)?;
    Ok(proto::upgrade_resource_identity::Response {
        upgraded_identity: Some(proto::ResourceIdentityData {
            identity_data: Some(encode(&value, ty)?),
        }),
        ..Default::default()
    })
}

fn parse(raw: Option<proto::RawState>) -> Result<Json, Diagnostics> {
    let raw = raw.unwrap_or_default();
    if raw.json.is_empty() && !raw.flatmap.is_empty() {
        return Err(Diagnostic::error(
            "The stored state is too old",
            "It was stored by Terraform before 0.12. Upgrade it with a provider of that time first.",
        )
        .into());
    }
    serde_json::from_slice(&raw.json)
        .map_err(|error| Diagnostic::error("The stored state cannot be read", error).into())
}
