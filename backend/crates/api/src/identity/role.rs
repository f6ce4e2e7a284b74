//! Roles, and who has which in which project. There are three, and the id of each is its name.

use axum::Json;
use axum::extract::{Path, State};
use http::StatusCode;
use serde_json::{Value, json};
use zun_domain::id::{ProjectId, UserId};
use zun_domain::project::Role;
use zun_engine::identity::{AssignmentFilter, RoleAssignment};

use super::{parse_user, view};
use crate::App;
use crate::error::{Answer, Problem};
use crate::extract::Args;
use crate::frame::Context;

fn parse(id: &str) -> Answer<Role> {
    let shown = || id.chars().take(80).collect::<String>();
    Role::named(id).ok_or_else(|| Problem::not_found("role", shown()))
}

/// `GET …/roles?name=`.
pub(crate) async fn list(context: Context, mut args: Args) -> Answer<Json<Value>> {
    let name = args.text("name")?;
    let roles = Role::ALL
        .into_iter()
        .filter(|role| name.as_ref().is_none_or(|name| name == role.name()));
    let views = roles.map(|role| view::role(role, &context.base)).collect();
    Ok(Json(view::list("roles", views, &context.base, "roles")))
}

/// `GET …/roles/{id}`.
pub(crate) async fn show(context: Context, Path(role): Path<String>) -> Answer<Json<Value>> {
    Ok(Json(
        json!({"role": view::role(parse(&role)?, &context.base)}),
    ))
}

/// `GET …/role_assignments?user.id=&scope.project.id=&role.id=&include_names=`.
pub(crate) async fn assignments(
    State(app): State<App>,
    context: Context,
    mut args: Args,
) -> Answer<Json<Value>> {
    let filter = AssignmentFilter {
        user: args.parsed("user.id")?,
        project: args.parsed("scope.project.id")?,
    };
    let role = args.text("role.id")?;
    let named = args.query.iter().any(|(name, value)| {
        name == "include_names"
            && !matches!(
                value.to_ascii_lowercase().as_str(),
                "0" | "false" | "no" | "off"
            )
    });
    let mut assignments = app.engine.identity().assignment_list(filter).await?;
    assignments.retain(|assignment| {
        role.as_ref()
            .is_none_or(|role| role == assignment.role.name())
    });
    let mut views = Vec::new();
    for assignment in &assignments {
        views.push(view_of(&app, &context, assignment, named).await?);
    }
    Ok(Json(view::list(
        "role_assignments",
        views,
        &context.base,
        "role_assignments",
    )))
}

async fn view_of(
    app: &App,
    context: &Context,
    assignment: &RoleAssignment,
    named: bool,
) -> Answer<Value> {
    let (user, project) = (
        view::user_id(assignment.user),
        view::project_id(assignment.project),
    );
    let role = assignment.role.name();
    let mut body = json!({
        "role": {"id": role},
        "user": {"id": user},
        "scope": {"project": {"id": project}},
        "links": {"assignment": format!(
            "{}/identity/v3/projects/{project}/users/{user}/roles/{role}", context.base
        )},
    });
    if named {
        let identity = app.engine.identity();
        let user = identity.user_get(assignment.user).await?;
        let project = identity.project_get(assignment.project).await?;
        let user_domain = identity.domain_get(user.domain).await?;
        let project_domain = identity.domain_get(project.domain).await?;
        let domain = |domain: &zun_domain::project::Domain| json!({"id": view::domain_id(domain.id), "name": domain.name});
        body["role"]["name"] = json!(role);
        body["user"]["name"] = json!(user.name);
        body["user"]["domain"] = domain(&user_domain);
        body["scope"]["project"]["name"] = json!(project.name);
        body["scope"]["project"]["domain"] = domain(&project_domain);
    }
    Ok(body)
}

fn place(project: &str, user: &str) -> Answer<(ProjectId, UserId)> {
    let shown = || project.chars().take(80).collect::<String>();
    let project = project
        .parse()
        .map_err(|_| Problem::not_found("project", shown()))?;
    Ok((project, parse_user(user)?))
}

/// `GET …/projects/{project}/users/{user}/roles`.
pub(crate) async fn of(
    State(app): State<App>,
    context: Context,
    Path((project, user)): Path<(String, String)>,
) -> Answer<Json<Value>> {
    let (project, user) = place(&project, &user)?;
    let filter = AssignmentFilter {
        user: Some(user),
        project: Some(project),
    };
    let assignments = app.engine.identity().assignment_list(filter).await?;
    let views = assignments
        .iter()
        .map(|assignment| view::role(assignment.role, &context.base))
        .collect();
    let path = format!(
        "projects/{}/users/{}/roles",
        view::project_id(project),
        view::user_id(user)
    );
    Ok(Json(view::list("roles", views, &context.base, &path)))
}

type Grant = Path<(String, String, String)>;

fn assignment(grant: &(String, String, String)) -> Answer<RoleAssignment> {
    let (project, user, role) = grant;
    let (project, user) = place(project, user)?;
    Ok(RoleAssignment {
        user,
        project,
        role: parse(role)?,
    })
}

/// `GET` and `HEAD …/roles/{role}`: 204 where the user has it.
pub(crate) async fn check(State(app): State<App>, Path(grant): Grant) -> Answer<StatusCode> {
    let asked = assignment(&grant)?;
    let filter = AssignmentFilter {
        user: Some(asked.user),
        project: Some(asked.project),
    };
    let held = app.engine.identity().assignment_list(filter).await?;
    if held.iter().any(|held| held.role == asked.role) {
        return Ok(StatusCode::NO_CONTENT);
    }
    Err(Problem::not_found("role assignment", asked.role.name()))
}

/// `PUT …/roles/{role}`.
pub(crate) async fn grant(State(app): State<App>, Path(grant): Grant) -> Answer<StatusCode> {
    app.engine.identity().assign(assignment(&grant)?).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// `DELETE …/roles/{role}`.
pub(crate) async fn revoke(State(app): State<App>, Path(grant): Grant) -> Answer<StatusCode> {
    app.engine.identity().unassign(assignment(&grant)?).await?;
    Ok(StatusCode::NO_CONTENT)
}
