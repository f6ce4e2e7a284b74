//! Looking something up.

use super::answer::Answer;
use super::registry::Core;
use crate::codec::{decode, encode};
use crate::data_source::DataResponse;
use crate::diagnostic::Diagnostics;
use crate::plan::merge::merge;
use crate::proto::tfplugin6 as proto;
use crate::provider::Provider;
use crate::schema::Operation;
use crate::schema::timeouts::DEFAULT_TIMEOUT;
use crate::state;
use crate::value::Value;

pub(super) async fn read<P: Provider>(
    core: &Core<P>,
    request: proto::read_data_source::Request,
) -> Result<proto::read_data_source::Response, Diagnostics> {
    let entry = core.data_source(&request.type_name)?;
    let compiled = entry.compiled();
    let config = decode(request.config.as_ref(), &compiled.ty)?;
    let fields = compiled.schema.fields();
    let mut response = DataResponse {
        state: merge(fields, &Value::Null, &config),
        diagnostics: Diagnostics::new(),
    };
    let timeouts = compiled.schema.default_timeouts();
    let timeout = timeouts.map_or(DEFAULT_TIMEOUT, |timeouts| {
        timeouts.resolve(Operation::Read, &config)
    });
    let context = core.context(timeout);
    let result = entry.source.read(&context, config, &mut response).await;
    let mut diagnostics = std::mem::take(&mut response.diagnostics);
    diagnostics.keep(result);
    let found = state::settle(fields, &compiled.ty, &response.state, &mut diagnostics);
    if diagnostics.has_errors() {
        return Err(diagnostics);
    }
    Ok(proto::read_data_source::Response {
        state: Some(encode(&found, &compiled.ty)?),
        ..Default::default()
    }
    .with(diagnostics))
}
