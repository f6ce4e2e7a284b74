//! Create, update and delete: ask, follow, read again, and keep the state true whatever happens.

use tfplugin::{
    Context, CreateRequest, DeleteRequest, Diagnostic, Diagnostics, Private, StateResponse,
    UpdateRequest, Value,
};
use zun_api_types::capsule::{AcceptedCapsule, Capsule, CreateCapsule, UpdateCapsule};
use zun_api_types::operation::Operation;
use zun_domain::container::WaitFor;
use zun_domain::name::ContainerName;
use zun_domain::operation::OperationState;

use super::edit::filled;
use super::failure::{of_operation, of_refused_create, of_unfinished};
use super::memory::Memory;
use super::spec;
use super::spec::{
    BESIDE, LISTS, WHOLE, all_of, environment_wo, member_of, members_of, spec_of, template_of,
    wait_for_of, wish_of,
};
use super::state::state_of;
use crate::json::{parse, to_json};
use crate::report::{detail, failed};
use crate::resource::agreeing::agreeing;
use crate::resource::container::failure::Deed;
use crate::resource::identity::identity_of;
use crate::session::Session;
use crate::wait::Patience;

/// Makes a capsule.
pub(super) async fn create(
    context: &Context<Session>,
    request: CreateRequest,
    response: &mut StateResponse,
) -> Result<(), Diagnostics> {
    let session = context.client()?;
    let patience = Patience::new(context.timeout, &context.cancel);
    let planned = &request.planned_state;
    let mut spec = spec_of(planned)?;
    for one in all_of(&mut spec) {
        one.spec.environment_wo = environment_wo(&request.config, &one.name)?;
    }
    let body = CreateCapsule {
        name: name_of(planned)?,
        spec,
        state: wish_of(planned),
        wait_for: wait_for_of(planned),
    };
    let accepted = session.client.capsule_create(&body).await;
    let accepted = accepted.map_err(|error| of_refused_create(&error, planned))?;
    let uuid = accepted.capsule.uuid.clone();
    store(response, planned, &accepted.capsule);
    let outcome = finish(session, &patience, Deed::Create, accepted, body.wait_for).await;
    let result = match outcome {
        Ok(capsule) => {
            store(response, planned, &capsule);
            Ok(())
        }
        Err(problem) => {
            // Tainted from here on; the state says what is there all the same.
            if let Ok(Some(capsule)) = session.client.capsule_find(&uuid).await {
                response.set_state(state_of(&capsule, planned));
            }
            Err(problem.into())
        }
    };
    // The answer to Terraform follows at once: from now on this capsule is known to somebody.
    if let Err(error) = session.client.capsule_confirm(&uuid).await
        && !error.is_not_found()
    {
        response
            .diagnostics
            .warn("The create could not be confirmed", detail(&error));
    }
    result
}

/// The state of a capsule where the plan leaves it open, and what is remembered beside it.
fn store(response: &mut StateResponse, planned: &Value, capsule: &Capsule) {
    let actual = state_of(capsule, planned);
    response.set_state(by_parts(planned, &actual));
    response.set_identity(identity_of(&capsule.uuid));
    Memory::of(capsule).store(&mut response.private);
}

/// What every apply answers, inside lists of containers and maps by name too: one that is open in one place is
/// decided in all others.
fn by_parts(planned: &Value, actual: &Value) -> Value {
    let mut answer = agreeing(planned, actual);
    let names = answer.as_entries().map(|all| all.keys().cloned().collect());
    let names: Vec<String> = names.unwrap_or_default();
    for name in names {
        let (Ok(wanted), Ok(there)) = (planned.get(&name), actual.get(&name)) else {
            continue;
        };
        let value = match (wanted, there) {
            (Value::Map(wanted), Value::Map(there)) => {
                Value::map(wanted.iter().map(|(key, value)| {
                    let open = !value.is_wholly_known();
                    let there = there.get(key).cloned().unwrap_or(Value::Null);
                    (key.clone(), if open { there } else { value.clone() })
                }))
            }
            (Value::List(wanted), Value::List(there)) if LISTS.contains(&name.as_str()) => {
                let pairs = wanted.iter().zip(there);
                Value::List(
                    pairs
                        .map(|(wanted, there)| agreeing(wanted, there))
                        .collect(),
                )
            }
            _ => continue,
        };
        answer.set(name, value);
    }
    answer
}

/// Follows what was accepted to its end and reads the capsule again; a create with `wait_for = "none"` is not
/// followed.
async fn finish(
    session: &Session,
    patience: &Patience,
    deed: Deed,
    accepted: AcceptedCapsule,
    wait_for: Option<WaitFor>,
) -> Result<Capsule, Diagnostic> {
    let Some(operation) = accepted
        .operation
        .filter(|_| deed != Deed::Create || wait_for != Some(WaitFor::None))
    else {
        return Ok(accepted.capsule);
    };
    let ended = follow(session, patience, deed, &accepted.capsule.name, operation).await?;
    let found = session.client.capsule_find(&accepted.capsule.uuid).await;
    let now = found.map_err(|error| failed(&error))?;
    match now {
        Some(capsule) if ended.state == OperationState::Succeeded => Ok(capsule),
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

/// Changes a capsule.
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
    let accepted = session.client.capsule_update(&uuid, &body).await;
    let accepted = accepted.map_err(|error| failed(&error))?;
    let outcome = finish(session, &patience, Deed::Update, accepted, body.wait_for).await;
    match outcome {
        Ok(capsule) => {
            store(response, planned, &capsule);
            Ok(())
        }
        Err(problem) => {
            // What is there is what the state says, and that is the old one where the change was undone.
            if let Ok(Some(capsule)) = session.client.capsule_find(&uuid).await {
                response.set_state(state_of(&capsule, &request.prior_state));
                Memory::of(&capsule)
                    .keeping(&response.private)
                    .store(&mut response.private);
            }
            Err(problem.into())
        }
    }
}

/// Whether more changes than what the provider keeps for itself.
fn asks_the_server(request: &UpdateRequest, private: &Private) -> bool {
    let (prior, planned) = (&request.prior_state, &request.planned_state);
    let own = ["name", "state", "addresses", "status"];
    if BESIDE.iter().chain(&own).any(|name| request.changes(name)) {
        return true;
    }
    let memory = Memory::load(private);
    let mut names = members_of(planned).filter_map(spec::name_of);
    if names.any(|name| memory.resends(prior, planned, name)) {
        return true;
    }
    if request.changes("template") {
        // It may be another form of the same, such as a template in the place of attributes.
        return match (spec_of(prior), spec_of(planned)) {
            (Ok(before), Ok(after)) => filled(&before, after, &memory) != before,
            _ => true,
        };
    }
    let lists = LISTS
        .iter()
        .any(|list| match (prior.get(list), planned.get(list)) {
            (Ok(before), Ok(after)) => without_versions(before) != without_versions(after),
            _ => true,
        });
    lists
        || WHOLE
            .iter()
            .chain(&["volumes"])
            .any(|name| request.changes(name))
}

fn without_versions(list: &Value) -> Value {
    let Some(members) = list.as_elements() else {
        return list.clone();
    };
    let plain = members.iter().map(|member| {
        let mut member = member.clone();
        if member.is_known() {
            member.set("environment_wo_version", Value::Null);
        }
        member
    });
    Value::List(plain.collect())
}

async fn update_body(
    session: &Session,
    request: &UpdateRequest,
    uuid: &str,
    private: &Private,
) -> Result<UpdateCapsule, Diagnostics> {
    let (config, planned) = (&request.config, &request.planned_state);
    let mut memory = Memory::load(private);
    if memory.wished.is_none() {
        let found = session.client.capsule_find(uuid).await;
        let capsule = found.map_err(|error| failed(&error))?.ok_or_else(|| {
            Diagnostic::error(
                "The capsule is gone",
                format!("{uuid} does not exist any more. Plan again: it is then made anew."),
            )
        })?;
        let imported = memory.imported;
        memory = Memory::of(&capsule);
        memory.imported = imported;
    }
    let mut spec = spec_of(planned)?;
    if let Some(wished) = &memory.wished {
        wished.complete(config, template_of(config)?.is_some(), &mut spec);
    }
    for one in all_of(&mut spec) {
        let name = one.name.as_str();
        let new = member_of(&request.prior_state, name).is_none();
        if new || memory.resends(&request.prior_state, planned, name) {
            // None would keep what is there.
            let hidden = environment_wo(config, &one.name)?;
            one.spec.environment_wo =
                Some(hidden.unwrap_or_default()).filter(|all| !new || !all.0.is_empty());
        }
    }
    let name = if request.changes("name") {
        name_of(planned)?
    } else {
        None
    };
    Ok(UpdateCapsule {
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

/// Removes a capsule, and waits until it is gone.
pub(super) async fn delete(
    context: &Context<Session>,
    request: DeleteRequest,
    _: &mut StateResponse,
) -> Result<(), Diagnostics> {
    let session = context.client()?;
    let patience = Patience::new(context.timeout, &context.cancel);
    let uuid: String = request.prior_state.read("id")?;
    let accepted = session.client.capsule_delete(&uuid).await;
    let accepted = accepted.map_err(|error| failed(&error))?;
    let Some((capsule, operation)) = accepted.and_then(|one| Some((one.capsule, one.operation?)))
    else {
        return Ok(());
    };
    let followed = follow(session, &patience, Deed::Delete, &capsule.name, operation).await;
    match followed {
        Ok(ended) if ended.state == OperationState::Succeeded => Ok(()),
        // The record of an operation may go with its capsule; what counts is whether that is there.
        other => match session.client.capsule_find(&uuid).await {
            Ok(None) => Ok(()),
            Ok(Some(capsule)) => Err(match other {
                Ok(ended) => of_operation(Deed::Delete, &ended, Some(&capsule)).into(),
                Err(problem) => problem.into(),
            }),
            Err(error) => Err(failed(&error).into()),
        },
    }
}
