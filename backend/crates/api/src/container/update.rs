//! Changing and removing on `/v1`: PATCH, rename, `resize_container`, DELETE.

use axum::Json;
use axum::extract::{Path, State};
use http::StatusCode;
use zun_domain::container::WaitFor;
use zun_domain::name::ContainerName;
use zun_domain::policy::Action;
use zun_domain::unit::{MemoryMib, Millicpu};
use zun_engine::command::{Accepted, DeleteContainer, Edit, UpdateContainer};

use super::create::{cpu, memory};
use super::view::{self, Shown};
use crate::App;
use crate::admit::Admitted;
use crate::error::{Answer, Problem};
use crate::extract::Args;
use crate::microversion::{Microversion, too_old};

async fn change(app: &App, asked: &Admitted, ident: &str, mut args: Args) -> Answer<Accepted> {
    let name: Option<ContainerName> = args.parsed("name")?;
    let (cpu, memory): (Option<Millicpu>, Option<MemoryMib>) =
        (cpu(&mut args)?, memory(&mut args)?);
    let auto_heal = args.bool("auto_heal")?;
    args.end()?;
    let call = asked.sight(app, ident).await?;
    let edit = UpdateContainer {
        expected: None,
        name,
        edit: Edit::Parts {
            cpu,
            memory,
            auto_heal,
        },
        wish: None,
        wait_for: WaitFor::None,
        unique: false,
    };
    Ok(app.engine.container_update(&call, ident, edit).await?)
}

/// `PATCH …`: the answer is the container as it is after the change.
pub(crate) async fn patch(
    State(app): State<App>,
    asked: Admitted,
    Path(ident): Path<String>,
    args: Args,
) -> Answer<Json<Shown>> {
    let accepted = change(&app, &asked, &ident, args).await?;
    let call = asked
        .sight(&app, &accepted.container.id.to_string())
        .await?;
    if let Some(operation) = &accepted.operation {
        let bound = app.settings.verb_timeout;
        app.engine
            .wait_for_operation(&call, operation.id, bound)
            .await?;
    }
    let id = accepted.container.id.to_string();
    let container = app.engine.container_get(&call, &id).await?;
    let now = app.settings.clock.now();
    Ok(Json(view::container(container, &asked, true, now)))
}

/// `POST …/resize_container`: as PATCH, but the answer does not wait for the change.
pub(crate) async fn resize_container(
    State(app): State<App>,
    asked: Admitted,
    Path(ident): Path<String>,
    args: Args,
) -> Answer<(StatusCode, Json<Shown>)> {
    let accepted = change(&app, &asked, &ident, args).await?;
    let now = app.settings.clock.now();
    let body = view::container(accepted.container, &asked, true, now);
    Ok((StatusCode::ACCEPTED, Json(body)))
}

/// `POST …/rename?name=`.
pub(crate) async fn rename(
    State(app): State<App>,
    asked: Admitted,
    Path(ident): Path<String>,
    mut args: Args,
) -> Answer<Json<Shown>> {
    let name: Option<ContainerName> = args.parsed("name")?;
    args.end()?;
    let name = name.ok_or_else(|| Problem::value("name", "is required: the new name"))?;
    let call = asked.sight(&app, &ident).await?;
    let before = app.engine.container_get(&call, &ident).await?;
    if before.desired.name == name {
        return Err(Problem::new(
            StatusCode::CONFLICT,
            "conflict",
            format!("container {} has the name {name} already", before.id),
        ));
    }
    let id = before.id.to_string();
    let container = app.engine.container_rename(&call, &id, name, false).await?;
    let now = app.settings.clock.now();
    Ok(Json(view::container(container, &asked, true, now)))
}

/// `DELETE …?force=&stop=&all_projects=`.
pub(crate) async fn delete(
    State(app): State<App>,
    asked: Admitted,
    Path(ident): Path<String>,
    mut args: Args,
) -> Answer<StatusCode> {
    let force = args.ext_bool("force")?.unwrap_or(false);
    let stop = args.ext_bool("stop")?.unwrap_or(false);
    let all_projects = args.ext_bool("all_projects")?.unwrap_or(false);
    args.end()?;
    if force && asked.version < Microversion(7) {
        return Err(too_old("force", Microversion(7), asked.version));
    }
    if stop && asked.version < Microversion(12) {
        return Err(too_old("stop", Microversion(12), asked.version));
    }
    if force {
        asked.may(Action::Admin("container:delete_force"))?;
    }
    if all_projects {
        asked.may(Action::Admin("container:delete_all_projects"))?;
    }
    let call = asked.sight(&app, &ident).await?;
    app.engine
        .container_delete(&call, &ident, DeleteContainer { force, stop })
        .await?;
    Ok(StatusCode::NO_CONTENT)
}
