//! Looking at a managed object.

use super::answer::Answer;
use super::convert::{decode_identity, encode_identity};
use super::registry::Core;
use crate::codec::{decode, encode};
use crate::diagnostic::Diagnostics;
use crate::private::Private;
use crate::proto::tfplugin6 as proto;
use crate::provider::Provider;
use crate::resource::{ReadRequest, StateResponse};
use crate::schema::Operation;
use crate::state;

pub(super) async fn read<P: Provider>(
    core: &Core<P>,
    request: proto::read_resource::Request,
) -> Result<proto::read_resource::Response, Diagnostics> {
    let entry = core.resource(&request.type_name)?;
    let compiled = entry.compiled();
    let current = decode(request.current_state.as_ref(), &compiled.ty)?;
    let identity = decode_identity(request.current_identity.as_ref(), entry.identity())?;
    let mut response = StateResponse::new(
        current.clone(),
        !current.is_null(),
        identity.clone(),
        Private::decode(&request.private),
    );
    let context = core.context(entry.timeout(Operation::Read, &current));
    let request = ReadRequest {
        current_state: current.clone(),
        current_identity: identity,
    };
    let result = entry.resource.read(&context, request, &mut response).await;
    let mut diagnostics = std::mem::take(&mut response.diagnostics);
    diagnostics.keep(result);
    // What is stored stays as it is if the object could not be looked at.
    if diagnostics.has_errors() {
        return Err(diagnostics);
    }
    let private = response.private.encode();
    let new_identity = encode_identity(response.identity(), entry.identity())?;
    let fields = compiled.schema.fields();
    let returned = response.into_state();
    let mut new_state = state::settle(fields, &compiled.ty, &returned, &mut diagnostics);
    state::keep_equivalent(fields, &current, &mut new_state);
    Ok(proto::read_resource::Response {
        new_state: Some(encode(&new_state, &compiled.ty)?),
        private,
        new_identity,
        ..Default::default()
    }
    .with(diagnostics))
}
