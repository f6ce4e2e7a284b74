//! `/identity/v3/projects`, and the projects that somebody can log in to.

use axum::Json;
use axum::extract::{Path, State};
use http::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};
use zun_domain::id::{ProjectId, UserId};
use zun_engine::identity::{EditProject, NewProject, ProjectFilter};

use super::{domain_of, own_user, parse_domain, view};
use crate::App;
use crate::admit::{Admitted, LoggedIn};
use crate::error::{Answer, Problem};
use crate::extract::{Args, Json as Body};
use crate::frame::Context;

#[derive(Deserialize)]
pub(crate) struct ProjectBody {
    project: ProjectFields,
}

#[derive(Deserialize)]
struct ProjectFields {
    #[serde(default)]
    name: Option<String>,
    #[serde(default)]
    description: Option<String>,
    #[serde(default)]
    enabled: Option<bool>,
    #[serde(default)]
    domain_id: Option<String>,
}

fn parse(id: &str) -> Answer<ProjectId> {
    let shown = || id.chars().take(80).collect::<String>();
    id.parse()
        .map_err(|_| Problem::not_found("project", shown()))
}

/// `GET …/projects?name=&domain_id=`.
pub(crate) async fn list(
    State(app): State<App>,
    context: Context,
    mut args: Args,
) -> Answer<Json<Value>> {
    let domain = args
        .text("domain_id")?
        .map(|id| parse_domain(&id))
        .transpose()?;
    let filter = ProjectFilter {
        domain,
        name: args.text("name")?,
    };
    let enabled = args.ext_bool("enabled")?;
    let mut projects = app.engine.identity().project_list(&filter).await?;
    projects.retain(|project| enabled.is_none_or(|enabled| enabled == project.enabled));
    let views = projects
        .iter()
        .map(|project| view::project(project, &context.base))
        .collect();
    Ok(Json(view::list(
        "projects",
        views,
        &context.base,
        "projects",
    )))
}

/// `GET /identity/v3/auth/projects`.
pub(crate) async fn own(
    State(app): State<App>,
    context: Context,
    LoggedIn(asker): LoggedIn,
) -> Answer<Json<Value>> {
    projects_of(&app, &context, asker.user, "auth/projects").await
}

/// `GET /identity/v3/users/{id}/projects`.
pub(crate) async fn of_user(
    State(app): State<App>,
    context: Context,
    LoggedIn(asker): LoggedIn,
    Path(user): Path<String>,
) -> Answer<Json<Value>> {
    let user = own_user(&asker, &user)?;
    let path = format!("users/{}/projects", view::user_id(user));
    projects_of(&app, &context, user, &path).await
}

async fn projects_of(
    app: &App,
    context: &Context,
    user: UserId,
    path: &str,
) -> Answer<Json<Value>> {
    let projects = app.engine.identity().projects_of(user).await?;
    let views = projects
        .iter()
        .map(|project| view::project(project, &context.base))
        .collect();
    Ok(Json(view::list("projects", views, &context.base, path)))
}

/// `GET …/projects/{id}`: the own one, or any for administrators.
pub(crate) async fn show(
    State(app): State<App>,
    asked: Admitted,
    Path(project): Path<String>,
) -> Answer<Json<Value>> {
    let id = parse(&project)?;
    if !asked.is_admin() && id != asked.call.caller.project {
        return Err(Problem::not_found("project", project));
    }
    let project = app.engine.identity().project_get(id).await?;
    Ok(Json(
        json!({"project": view::project(&project, &asked.base)}),
    ))
}

/// `POST …/projects`.
pub(crate) async fn create(
    State(app): State<App>,
    context: Context,
    LoggedIn(asker): LoggedIn,
    Body(body): Body<ProjectBody>,
) -> Answer<(StatusCode, Json<Value>)> {
    let fields = body.project;
    let name = fields
        .name
        .ok_or_else(|| Problem::value("project.name", "is required"))?;
    let new = NewProject {
        domain: domain_of(&asker, fields.domain_id.as_deref())?,
        name,
        description: fields.description.unwrap_or_default(),
        enabled: fields.enabled.unwrap_or(true),
    };
    let project = app.engine.identity().project_create(new).await?;
    Ok((
        StatusCode::CREATED,
        Json(json!({"project": view::project(&project, &context.base)})),
    ))
}

/// `PATCH …/projects/{id}`.
pub(crate) async fn update(
    State(app): State<App>,
    context: Context,
    Path(project): Path<String>,
    Body(body): Body<ProjectBody>,
) -> Answer<Json<Value>> {
    let fields = body.project;
    let edit = EditProject {
        name: fields.name,
        description: fields.description,
        enabled: fields.enabled,
    };
    let project = app
        .engine
        .identity()
        .project_update(parse(&project)?, edit)
        .await?;
    Ok(Json(
        json!({"project": view::project(&project, &context.base)}),
    ))
}

/// `DELETE …/projects/{id}`.
pub(crate) async fn delete(
    State(app): State<App>,
    Path(project): Path<String>,
) -> Answer<StatusCode> {
    app.engine
        .identity()
        .project_delete(parse(&project)?)
        .await?;
    Ok(StatusCode::NO_CONTENT)
}
