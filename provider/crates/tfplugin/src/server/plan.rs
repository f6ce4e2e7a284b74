//! Planning a change of a managed object.

use super::answer::Answer;
use super::convert::path_to_proto;
use super::registry::{Core, ResourceEntry};
use crate::codec::{conform, decode, encode};
use crate::diagnostic::Diagnostics;
use crate::plan::{plan as make_plan, tidy_paths};
use crate::private::Private;
use crate::proto::tfplugin6 as proto;
use crate::provider::Provider;
use crate::resource::{Action, PlanRequest, PlanResponse};
use crate::schema::Operation;
use crate::value::Value;

pub(super) async fn plan<P: Provider>(
    core: &Core<P>,
    request: proto::plan_resource_change::Request,
) -> Result<proto::plan_resource_change::Response, Diagnostics> {
    let entry = core.resource(&request.type_name)?;
    let ty = &entry.compiled().ty;
    let prior_state = decode(request.prior_state.as_ref(), ty)?;
    let config = decode(request.config.as_ref(), ty)?;
    let prior_private = Private::decode(&request.prior_private);
    let (action, mut response) = begin(entry, &prior_state, &config, prior_private);
    let asked = PlanRequest {
        action,
        config,
        prior_state,
    };
    let context = core.context(entry.timeout(Operation::Read, &asked.config));
    let result = entry
        .resource
        .modify_plan(&context, &asked, &mut response)
        .await;
    let mut diagnostics = std::mem::take(&mut response.diagnostics);
    diagnostics.keep(result);
    let planned = conform(&response.planned_state, ty)?;
    tidy_paths(&mut response.requires_replace, &asked.prior_state, &planned);
    let paths = response.requires_replace.iter().map(path_to_proto);
    Ok(proto::plan_resource_change::Response {
        planned_state: Some(encode(&planned, ty)?),
        requires_replace: paths.collect(),
        planned_private: response.private.encode(),
        planned_identity: request.prior_identity,
        ..Default::default()
    }
    .with(diagnostics))
}

/// What is planned before the author has a word in it.
fn begin<C: Send + Sync + 'static>(
    entry: &ResourceEntry<C>,
    prior: &Value,
    config: &Value,
    private: Private,
) -> (Action, PlanResponse) {
    let (action, planned_state, requires_replace) = if config.is_null() {
        (Action::Destroy, Value::Null, Vec::new())
    } else {
        let plan = make_plan(entry.compiled().schema.fields(), prior, config);
        let action = if prior.is_null() {
            Action::Create
        } else {
            Action::Update
        };
        (action, plan.planned_state, plan.requires_replace)
    };
    let response = PlanResponse {
        planned_state,
        requires_replace,
        private,
        diagnostics: Diagnostics::new(),
    };
    (action, response)
}
