//! Capsules on `/zund/v1`: the whole specification in, an operation to follow out.

mod preview;
mod view;

use axum::Json;
use axum::extract::{Path, State};
use http::StatusCode;
use zun_api_types::capsule::{AcceptedCapsule, Capsule, CapsulePage, CreateCapsule, UpdateCapsule};
use zun_domain::capsule::{CapsuleSpec, Role};
use zun_domain::container::ContainerSpec;
use zun_domain::policy::Action;
use zun_engine::command::{DeleteContainer, capsule as command};
use zun_engine::query::CapsuleFilter;

pub(crate) use preview::preview;

use super::container::{check_rights as rights_of_container, check_spec as spec_of_container};
use crate::App;
use crate::admit::Admitted;
use crate::container::capsule::sight;
use crate::error::{Answer, Problem};
use crate::extract::{Args, Json as Body};
use crate::page::MOST;

type Done = (StatusCode, Json<AcceptedCapsule>);

/// An engine's refusal with the field's whole path in this API's bodies.
fn in_body(error: zun_engine::Error) -> Problem {
    let problem = Problem::from(error);
    if problem.names_field("name") || problem.names_field("state") {
        problem
    } else {
        problem.field_in("spec")
    }
}

/// The path of a field of one of its containers, from what is wrong with that alone.
fn of_container(problem: Problem, role: Role, index: usize) -> Problem {
    let list = if role == Role::Init {
        "init_containers"
    } else {
        "containers"
    };
    problem.field_in(&format!("spec.{list}[{index}]"))
}

/// Each container with its role and its place.
fn containers(spec: &CapsuleSpec) -> impl Iterator<Item = (Role, usize, &ContainerSpec)> {
    let inits = spec.inits().iter().enumerate();
    let inits = inits.map(|(index, one)| (Role::Init, index, &one.spec));
    let members = spec.containers.iter().enumerate();
    inits.chain(members.map(|(index, one)| (Role::Member, index, &one.spec)))
}

/// What only some may ask for. In a preview these are problems, not refusals.
fn check_rights(asked: &Admitted, spec: &CapsuleSpec, new: bool) -> Answer<()> {
    for (role, index, one) in containers(spec) {
        let right = rights_of_container(asked, one, false);
        right.map_err(|problem| of_container(problem, role, index))?;
    }
    if new && spec.host.is_some() {
        let right = asked.may(Action::Admin("container:create:requested_destination"));
        right.map_err(|problem| problem.field("spec.host"))?;
    }
    Ok(())
}

/// What only `/v1` has.
fn check_spec(spec: &CapsuleSpec) -> Answer<()> {
    for (role, index, one) in containers(spec) {
        spec_of_container(one).map_err(|problem| of_container(problem, role, index))?;
    }
    Ok(())
}

fn accepted(accepted: &command::AcceptedCapsule, asked: &Admitted) -> AcceptedCapsule {
    AcceptedCapsule {
        capsule: view::capsule(&accepted.capsule, &asked.call.caller),
        operation: accepted.operation.as_ref().map(super::view::operation),
    }
}

/// `POST /zund/v1/capsules`.
pub(crate) async fn create(
    State(app): State<App>,
    asked: Admitted,
    Body(body): Body<CreateCapsule>,
) -> Answer<Done> {
    check_spec(&body.spec)?;
    check_rights(&asked, &body.spec, true)?;
    let create = command::CreateCapsule {
        name: body.name,
        spec: body.spec,
        wish: body.state,
        wait_for: body.wait_for.unwrap_or_default(),
        unique: true,
    };
    let creating = app.engine.capsule_create(&asked.call, create);
    // On the heap: what it holds is large.
    let done = Box::pin(creating).await.map_err(in_body)?;
    Ok((StatusCode::ACCEPTED, Json(accepted(&done, &asked))))
}

/// `PUT /zund/v1/capsules/{ident}`.
pub(crate) async fn update(
    State(app): State<App>,
    asked: Admitted,
    Path(ident): Path<String>,
    Body(body): Body<UpdateCapsule>,
) -> Answer<Done> {
    check_spec(&body.spec)?;
    check_rights(&asked, &body.spec, false)?;
    let call = sight(&app, &asked, &ident).await?;
    let update = command::UpdateCapsule {
        generation: body.generation,
        name: body.name,
        spec: body.spec,
        wish: body.state,
        wait_for: body.wait_for.unwrap_or_default(),
    };
    let updating = app.engine.capsule_update(&call, &ident, update);
    let done = Box::pin(updating).await.map_err(in_body)?;
    Ok((StatusCode::ACCEPTED, Json(accepted(&done, &asked))))
}

/// `DELETE /zund/v1/capsules/{ident}`: stops it first where it runs.
pub(crate) async fn delete(
    State(app): State<App>,
    asked: Admitted,
    Path(ident): Path<String>,
) -> Answer<Done> {
    let call = sight(&app, &asked, &ident).await?;
    let how = DeleteContainer {
        force: false,
        stop: true,
    };
    let done = app.engine.capsule_delete(&call, &ident, how).await?;
    Ok((StatusCode::ACCEPTED, Json(accepted(&done, &asked))))
}

/// `POST …/confirm`: the caller has seen the answer of its create.
pub(crate) async fn confirm(
    State(app): State<App>,
    asked: Admitted,
    Path(ident): Path<String>,
) -> Answer<StatusCode> {
    let call = sight(&app, &asked, &ident).await?;
    app.engine.capsule_confirm(&call, &ident).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// `GET /zund/v1/capsules/{ident}`.
pub(crate) async fn show(
    State(app): State<App>,
    asked: Admitted,
    Path(ident): Path<String>,
) -> Answer<Json<Capsule>> {
    let call = sight(&app, &asked, &ident).await?;
    let found = app.engine.capsule_get(&call, &ident).await?;
    Ok(Json(view::capsule(&found, &asked.call.caller)))
}

/// `GET /zund/v1/capsules?limit=&marker=&name=`, in the order they were accepted.
pub(crate) async fn list(
    State(app): State<App>,
    asked: Admitted,
    mut args: Args,
) -> Answer<Json<CapsulePage>> {
    let mut call = asked.call.clone();
    if args.ext_bool("all_projects")? == Some(true) {
        asked.may(Action::Admin("capsule:get_all_all_projects"))?;
        call.all_projects = true;
    }
    let limit = args.integer("limit", 1, i64::MAX)?;
    let limit = limit.map_or(MOST, |limit| u32::try_from(limit).unwrap_or(MOST).min(MOST));
    let filter = CapsuleFilter {
        name: args.text("name")?,
        // One more than asked for tells whether there is a next page.
        limit: limit + 1,
        marker: args.parsed("marker")?,
        ..CapsuleFilter::default()
    };
    args.end()?;
    let mut found = app.engine.capsule_list(&call, filter).await?;
    let more = found.len() > limit as usize;
    found.truncate(limit as usize);
    let last = found.last().filter(|_| more);
    let next = last.map(|last| last.id.to_string());
    let caller = &asked.call.caller;
    let capsules = found.iter().map(|capsule| view::capsule(capsule, caller));
    Ok(Json(CapsulePage {
        capsules: capsules.collect(),
        next,
    }))
}
