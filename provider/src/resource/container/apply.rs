//! Create, update and delete: ask, follow, read again, and keep the state true whatever happens.

use tfplugin::{
    Context, CreateRequest, DeleteRequest, Diagnostic, Diagnostics, StateResponse, UpdateRequest,
    Value,
};
use zun_api_types::container::{Accepted, Container, CreateContainer, UpdateContainer};
use zun_api_types::operation::Operation;
use zun_domain::container::WaitFor;
use zun_domain::name::ContainerName;
use zun_domain::operation::OperationState;

use super::failure::{Deed, of_operation, of_refused_create, of_unfinished};
use super::memory::Memory;
use super::spec::{environment_wo, fields, spec_of, wait_for_of, wish_of};
use super::state::state_of;
use crate::json::{parse, to_json};
use crate::report::{detail, failed};
use crate::resource::agreeing::agreeing;
use crate::resource::identity::identity_of;
use crate::session::Session;
use crate::wait::Patience;

/// Makes a container.
pub(super) async fn create(
    context: &Context<Session>,
    request: CreateRequest,
    response: &mut StateResponse,
) -> Result<(), Diagnostics> {
    let session = context.client()?;
    let patience = Patience::new(context.timeout, &context.cancel);
    let planned = &request.planned_state;
    let mut spec = spec_of(planned)?;
    spec.environment_wo = environment_wo(&request.config)?;
    let body = CreateContainer {
        name: name_of(planned)?,
        spec,
        state: wish_of(planned),
        wait_for: wait_for_of(planned),
    };
    session.reads.end();
    let accepted = session.client.container_create(&body).await;
    let accepted = accepted.map_err(|error| of_refused_create(&error, planned))?;
    let uuid = accepted.container.uuid.clone();
    store(response, planned, &accepted.container);
    let outcome = finish(session, &patience, Deed::Create, accepted, body.wait_for).await;
    let result = match outcome {
        Ok(container) => {
            store(response, planned, &container);
            Ok(())
        }
        Err(problem) => {
            // Tainted from here on; the state says what is there all the same.
            if let Ok(Some(container)) = session.client.container_find(&uuid).await {
                response.set_state(state_of(&container, planned));
            }
            Err(problem.into())
        }
    };
    // The answer to Terraform follows at once: from now on this container is known to somebody.
    if let Err(error) = session.client.container_confirm(&uuid).await
        && !error.is_not_found()
    {
        response
            .diagnostics
            .warn("The create could not be confirmed", detail(&error));
    }
    session.reads.end();
    result
}

/// The state of a container where the plan leaves it open, and what is remembered beside it.
fn store(response: &mut StateResponse, planned: &Value, container: &Container) {
    response.set_state(agreeing(planned, &state_of(container, planned)));
    response.set_identity(identity_of(&container.uuid));
    Memory::of(container).store(&mut response.private);
}

/// Follows what was accepted to its end and reads the container again. With `wait_for = "none"` a create
/// is not followed: what is held is what was asked for from the first moment. A change is, since until its
/// end the server shows what was before, and the next plan would ask for it once more.
async fn finish(
    session: &Session,
    patience: &Patience,
    deed: Deed,
    accepted: Accepted,
    wait_for: Option<WaitFor>,
) -> Result<Container, Diagnostic> {
    let Some(operation) = accepted
        .operation
        .filter(|_| deed != Deed::Create || wait_for != Some(WaitFor::None))
    else {
        return Ok(accepted.container);
    };
    let ended = follow(session, patience, deed, &accepted.container.name, operation).await?;
    let uuid = &accepted.container.uuid;
    let found = session.client.container_find(uuid).await;
    let now = found.map_err(|error| failed(&error))?;
    match now {
        Some(container) if ended.state == OperationState::Succeeded => Ok(container),
        now => Err(of_operation(deed, &ended, now.as_ref())),
    }
}

async fn follow(
    session: &Session,
    patience: &Patience,
    deed: Deed,
    name: &str,
    operation: Operation,
) -> Result<Operation, Diagnostic> {
    let followed = patience.follow(&session.client, operation).await;
    followed.map_err(|unfinished| of_unfinished(deed, name, &unfinished))
}

/// Changes a container.
pub(super) async fn update(
    context: &Context<Session>,
    request: UpdateRequest,
    response: &mut StateResponse,
) -> Result<(), Diagnostics> {
    if !asks_the_server(&request, &response.private) {
        response.set_state(request.planned_state);
        let mut memory = Memory::load(&response.private);
        memory.imported = false;
        memory.store(&mut response.private);
        return Ok(());
    }
    let session = context.client()?;
    let patience = Patience::new(context.timeout, &context.cancel);
    let uuid: String = request.prior_state.read("id")?;
    let body = update_body(session, &request, &uuid, &response.private).await?;
    let planned = &request.planned_state;
    session.reads.end();
    let accepted = session.client.container_update(&uuid, &body).await;
    let accepted = accepted.map_err(|error| failed(&error))?;
    let outcome = finish(session, &patience, Deed::Update, accepted, body.wait_for).await;
    session.reads.end();
    match outcome {
        Ok(container) => {
            store(response, planned, &container);
            Ok(())
        }
        Err(problem) => {
            // What is there is what the state says, and that is the old one where the change was undone.
            if let Ok(Some(container)) = session.client.container_find(&uuid).await {
                response.set_state(state_of(&container, &request.prior_state));
                Memory::of(&container)
                    .keeping(&response.private)
                    .store(&mut response.private);
            }
            Err(problem.into())
        }
    }
}

/// Whether more changes than what the provider keeps for itself.
fn asks_the_server(request: &UpdateRequest, private: &tfplugin::Private) -> bool {
    let (prior, planned) = (&request.prior_state, &request.planned_state);
    fields()
        .chain(["name", "addresses", "revision", "status"])
        .any(|name| request.changes(name))
        || Memory::load(private).resends(prior, planned)
}

async fn update_body(
    session: &Session,
    request: &UpdateRequest,
    uuid: &str,
    private: &tfplugin::Private,
) -> Result<UpdateContainer, Diagnostics> {
    let planned = &request.planned_state;
    let mut memory = Memory::load(private);
    let resends = memory.resends(&request.prior_state, planned);
    if memory.wished.is_none() {
        let found = session.client.container_find(uuid).await;
        let container = found.map_err(|error| failed(&error))?.ok_or_else(|| {
            Diagnostic::error(
                "The container is gone",
                format!("{uuid} does not exist any more. Plan again: it is then made anew."),
            )
        })?;
        memory = Memory::of(&container);
    }
    let mut spec = spec_of(planned)?;
    if let Some(wished) = &memory.wished {
        wished.complete(&request.config, &mut spec);
    }
    if resends {
        // None would keep what is there.
        spec.environment_wo = Some(environment_wo(&request.config)?.unwrap_or_default());
    }
    let name = if request.changes("name") {
        name_of(planned)?
    } else {
        None
    };
    Ok(UpdateContainer {
        generation: memory.generation,
        name,
        spec,
        state: wish_of(planned),
        wait_for: wait_for_of(planned),
    })
}

fn name_of(planned: &Value) -> Result<Option<ContainerName>, Diagnostic> {
    let name = planned.get("name").map(to_json).unwrap_or_default();
    parse(name).map_err(|problem| problem.at("name"))
}

/// Removes a container, and waits until it is gone.
pub(super) async fn delete(
    context: &Context<Session>,
    request: DeleteRequest,
    _: &mut StateResponse,
) -> Result<(), Diagnostics> {
    let session = context.client()?;
    let patience = Patience::new(context.timeout, &context.cancel);
    let uuid: String = request.prior_state.read("id")?;
    session.reads.end();
    let accepted = session.client.container_delete(&uuid).await;
    let accepted = accepted.map_err(|error| failed(&error))?;
    let Some(accepted) = accepted else {
        return Ok(());
    };
    let Some(operation) = accepted.operation else {
        return Ok(());
    };
    let name = accepted.container.name;
    let followed = follow(session, &patience, Deed::Delete, &name, operation.clone()).await;
    session.reads.end();
    match followed {
        Ok(ended) if ended.state == OperationState::Succeeded => Ok(()),
        // The record of an operation may go with its container; what counts is whether that is there.
        other => match session.client.container_find(&uuid).await {
            Ok(None) => Ok(()),
            Ok(Some(container)) => Err(match other {
                Ok(ended) => of_operation(Deed::Delete, &ended, Some(&container)).into(),
                Err(problem) => problem.into(),
            }),
            Err(error) => Err(failed(&error).into()),
        },
    }
}
