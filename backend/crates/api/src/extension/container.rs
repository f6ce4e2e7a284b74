//! Containers on `/zund/v1`: the whole specification in, an operation to follow out.

use axum::Json;
use axum::extract::{Path, State};
use http::StatusCode;
use zun_api_types::container::{
    Accepted, Container, ContainerPage, CreateContainer, UpdateContainer,
};
use zun_api_types::operation::EventPage;
use zun_domain::container::change::EFFECTS;
use zun_domain::container::{ContainerSpec, Status};
use zun_domain::id::ContainerId;
use zun_domain::policy::Action;
use zun_engine::command::{self, DeleteContainer, Edit};
use zun_engine::query::ContainerFilter;

use super::view;
use crate::App;
use crate::admit::Admitted;
use crate::error::{Answer, Problem};
use crate::extract::{Args, Json as Body};
use crate::page::MOST;

type Done = (StatusCode, Json<Accepted>);

/// An engine's refusal with the field's whole path in this API's bodies.
fn in_body(error: zun_engine::Error) -> Problem {
    let inside = match &error {
        zun_engine::Error::Invalid { field, .. } => {
            let first = field.split('.').next().unwrap_or_default();
            EFFECTS.iter().any(|(name, _)| *name == first)
        }
        zun_engine::Error::Image { missing, .. } => *missing,
        _ => false,
    };
    let problem = Problem::from(error);
    if inside {
        problem.field_in("spec")
    } else {
        problem
    }
}

/// What only some may ask for. In a preview these are problems, not refusals.
pub(super) fn check_rights(asked: &Admitted, spec: &ContainerSpec, new: bool) -> Answer<()> {
    let adds = spec.cap_add.as_ref().is_some_and(|all| !all.is_empty());
    if spec.privileged == Some(true) || adds {
        let field = if adds {
            "spec.cap_add"
        } else {
            "spec.privileged"
        };
        let right = asked.may(Action::Named("container:create:privileged"));
        right.map_err(|problem| problem.field(field))?;
    }
    if new && spec.host.is_some() {
        let right = asked.may(Action::Admin("container:create:requested_destination"));
        right.map_err(|problem| problem.field("spec.host"))?;
    }
    Ok(())
}

/// What only `/v1` has.
pub(super) fn check_spec(spec: &ContainerSpec) -> Answer<()> {
    if spec.auto_remove == Some(true) {
        return Err(Problem::value(
            "spec.auto_remove",
            "is for /v1 only; use wait_for = \"exited\", which runs a job to its end and keeps its result",
        ));
    }
    Ok(())
}

fn accepted(accepted: &command::Accepted, asked: &Admitted) -> Accepted {
    let operation = accepted.operation.as_ref();
    Accepted {
        container: view::container(
            &accepted.container,
            operation.map(|o| o.id),
            &asked.call.caller,
        ),
        operation: operation.map(view::operation),
    }
}

/// `POST /zund/v1/containers`.
pub(crate) async fn create(
    State(app): State<App>,
    asked: Admitted,
    Body(body): Body<CreateContainer>,
) -> Answer<Done> {
    check_spec(&body.spec)?;
    check_rights(&asked, &body.spec, true)?;
    let create = command::CreateContainer {
        name: body.name,
        spec: body.spec,
        wish: body.state,
        wait_for: body.wait_for.unwrap_or_default(),
        unique: true,
    };
    let done = app
        .engine
        .container_create(&asked.call, create)
        .await
        .map_err(in_body)?;
    Ok((StatusCode::ACCEPTED, Json(accepted(&done, &asked))))
}

/// `PUT /zund/v1/containers/{ident}`.
pub(crate) async fn update(
    State(app): State<App>,
    asked: Admitted,
    Path(ident): Path<String>,
    Body(body): Body<UpdateContainer>,
) -> Answer<Done> {
    check_spec(&body.spec)?;
    check_rights(&asked, &body.spec, false)?;
    let call = asked.sight(&app, &ident).await?;
    let update = command::UpdateContainer {
        expected: body.generation,
        name: body.name,
        edit: Edit::Whole(Box::new(body.spec)),
        wish: body.state,
        wait_for: body.wait_for.unwrap_or_default(),
        unique: true,
    };
    let done = app
        .engine
        .container_update(&call, &ident, update)
        .await
        .map_err(in_body)?;
    Ok((StatusCode::ACCEPTED, Json(accepted(&done, &asked))))
}

/// `DELETE /zund/v1/containers/{ident}`: stops it first where it runs.
pub(crate) async fn delete(
    State(app): State<App>,
    asked: Admitted,
    Path(ident): Path<String>,
) -> Answer<Done> {
    let call = asked.sight(&app, &ident).await?;
    let how = DeleteContainer {
        force: false,
        stop: true,
    };
    let done = app.engine.container_delete(&call, &ident, how).await?;
    Ok((StatusCode::ACCEPTED, Json(accepted(&done, &asked))))
}

/// `POST …/confirm`: the caller has seen the answer of its create.
pub(crate) async fn confirm(
    State(app): State<App>,
    asked: Admitted,
    Path(ident): Path<String>,
) -> Answer<StatusCode> {
    let call = asked.sight(&app, &ident).await?;
    app.engine.container_confirm(&call, &ident).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// `GET /zund/v1/containers/{ident}`.
pub(crate) async fn show(
    State(app): State<App>,
    asked: Admitted,
    Path(ident): Path<String>,
) -> Answer<Json<Container>> {
    let call = asked.sight(&app, &ident).await?;
    let found = app.engine.container_entry(&call, &ident).await?;
    let mut body = view::container(&found.container, found.operation, &asked.call.caller);
    if let Some(seen) = &mut body.seen {
        seen.image_digest = app.engine.container_image_moved(&found.container).await;
    }
    Ok(Json(body))
}

/// `GET /zund/v1/containers`, in the order they were accepted.
pub(crate) async fn list(
    State(app): State<App>,
    asked: Admitted,
    mut args: Args,
) -> Answer<Json<ContainerPage>> {
    let mut call = asked.call.clone();
    if args.ext_bool("all_projects")? == Some(true) {
        asked.may(Action::Admin("container:get_all_all_projects"))?;
        call.all_projects = true;
    }
    let (limit, marker) = paging(&mut args)?;
    let filter = ContainerFilter {
        name: args.text("name")?,
        image: args.text("image")?,
        host: args.text("host")?,
        statuses: state(&mut args)?.into_iter().collect(),
        // One more than asked for tells whether there is a next page.
        limit: limit + 1,
        marker,
        ..ContainerFilter::default()
    };
    args.end()?;
    let mut found = app.engine.container_list(&call, filter).await?;
    let more = found.len() > limit as usize;
    found.truncate(limit as usize);
    let next = found
        .last()
        .filter(|_| more)
        .map(|last| last.container.id.to_string());
    let caller = &asked.call.caller;
    let containers = found
        .iter()
        .map(|entry| view::container(&entry.container, entry.operation, caller));
    Ok(Json(ContainerPage {
        containers: containers.collect(),
        next,
    }))
}

fn paging(args: &mut Args) -> Answer<(u32, Option<ContainerId>)> {
    let limit = args.integer("limit", 1, i64::MAX)?;
    let limit = limit.map_or(MOST, |limit| u32::try_from(limit).unwrap_or(MOST).min(MOST));
    Ok((limit, args.parsed("marker")?))
}

/// Our word for a state, as the engine's list takes it.
fn state(args: &mut Args) -> Answer<Option<Status>> {
    let Some(text) = args.text("state")? else {
        return Ok(None);
    };
    let word = |status: &Status| status.to_string().to_lowercase();
    if let Some(status) = Status::ALL.into_iter().find(|status| word(status) == text) {
        return Ok(Some(status));
    }
    let shown: String = text.chars().take(40).collect();
    let accepted = Status::ALL.iter().map(word).collect::<Vec<_>>().join(", ");
    Err(Problem::value(
        "state",
        format!("{shown:?} is not valid: one of {accepted} is expected"),
    ))
}

/// `GET …/events?after=`.
pub(crate) async fn events(
    State(app): State<App>,
    asked: Admitted,
    Path(ident): Path<String>,
    mut args: Args,
) -> Answer<Json<EventPage>> {
    let after = args.parsed("after")?;
    args.end()?;
    let call = asked.sight(&app, &ident).await?;
    let events = app.engine.container_events(&call, &ident, after).await?;
    Ok(Json(EventPage {
        events: events.iter().map(view::event).collect(),
    }))
}
