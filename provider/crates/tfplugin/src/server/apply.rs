//! Making, changing and removing a managed object.
//!
//! Whatever goes wrong here, the object may exist: what is known of it is returned beside the
//! errors, a panic included, and Terraform stores it.

use super::answer::Answer;
use super::convert::{decode_identity, encode_identity};
use super::guard::guard;
use super::registry::{Core, ResourceEntry};
use crate::codec::{decode, encode};
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::private::Private;
use crate::proto::tfplugin6 as proto;
use crate::provider::Provider;
use crate::resource::{Action, CreateRequest, DeleteRequest, StateResponse, UpdateRequest};
use crate::schema::Operation;
use crate::state;
use crate::value::Value;

/// The request with its values read.
struct Work {
    prior: Value,
    planned: Value,
    config: Value,
    private: Private,
}

impl Work {
    fn action(&self) -> Action {
        if self.prior.is_null() {
            Action::Create
        } else if self.planned.is_null() {
            Action::Destroy
        } else {
            Action::Update
        }
    }
}

pub(super) async fn apply<P: Provider>(
    core: &Core<P>,
    request: proto::apply_resource_change::Request,
) -> Result<proto::apply_resource_change::Response, Diagnostics> {
    let entry = core.resource(&request.type_name)?;
    let ty = &entry.compiled().ty;
    let work = Work {
        prior: decode(request.prior_state.as_ref(), ty)?,
        planned: decode(request.planned_state.as_ref(), ty)?,
        config: decode(request.config.as_ref(), ty)?,
        private: Private::decode(&request.planned_private),
    };
    let identity = decode_identity(request.planned_identity.as_ref(), entry.identity())?;
    let action = work.action();
    let start = match action {
        Action::Create => &work.planned,
        Action::Update | Action::Destroy => &work.prior,
    };
    let exists = action != Action::Create;
    let mut response = StateResponse::new(start.clone(), exists, identity, work.private.clone());
    let planned = work.planned.clone();
    let result = guard(act(core, entry, work, &mut response)).await;
    let mut diagnostics = std::mem::take(&mut response.diagnostics);
    if let Some(result) = diagnostics.keep(result) {
        diagnostics.keep(result);
    }
    finish(entry, action, &planned, response, diagnostics)
}

async fn act<P: Provider>(
    core: &Core<P>,
    entry: &ResourceEntry<P::Client>,
    work: Work,
    response: &mut StateResponse,
) -> Result<(), Diagnostics> {
    let action = work.action();
    let resource = &entry.resource;
    let Work {
        prior: prior_state,
        planned: planned_state,
        config,
        private,
    } = work;
    match action {
        Action::Create => {
            let context = core.context(entry.timeout(Operation::Create, &planned_state));
            let request = CreateRequest {
                config,
                planned_state,
                private,
            };
            resource.create(&context, request, response).await
        }
        Action::Update => {
            let context = core.context(entry.timeout(Operation::Update, &planned_state));
            let request = UpdateRequest {
                config,
                prior_state,
                planned_state,
                private,
            };
            resource.update(&context, request, response).await
        }
        Action::Destroy => {
            let context = core.context(entry.timeout(Operation::Delete, &prior_state));
            let request = DeleteRequest {
                prior_state,
                private,
            };
            resource.delete(&context, request, response).await
        }
    }
}

fn finish<C: Send + Sync + 'static>(
    entry: &ResourceEntry<C>,
    action: Action,
    planned: &Value,
    mut response: StateResponse,
    mut diagnostics: Diagnostics,
) -> Result<proto::apply_resource_change::Response, Diagnostics> {
    let compiled = entry.compiled();
    if !diagnostics.has_errors() {
        if action == Action::Destroy {
            response.remove();
        } else if !response.is_set() {
            diagnostics.push(Diagnostic::error(
                "No state after the operation",
                "This is a bug in the provider: it reported success without saying what the object is like.",
            ));
        }
    }
    let private = response.private.encode();
    let new_identity =
        encode_identity(response.identity(), entry.identity()).unwrap_or_else(|problems| {
            diagnostics.append(problems);
            None
        });
    let fields = compiled.schema.fields();
    let returned = response.into_state();
    let mut new_state = state::settle(fields, &compiled.ty, &returned, &mut diagnostics);
    state::keep_equivalent(fields, planned, &mut new_state);
    Ok(proto::apply_resource_change::Response {
        new_state: Some(encode(&new_state, &compiled.ty)?),
        private,
        new_identity,
        ..Default::default()
    }
    .with(diagnostics))
}
