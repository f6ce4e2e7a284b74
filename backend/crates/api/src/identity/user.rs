//! `/identity/v3/users`.

use axum::Json;
use axum::extract::{Path, State};
use http::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};
use zun_engine::identity::{EditUser, NewUser, UserFilter};

use super::{domain_of, own_user, parse_domain, parse_user, view};
use crate::App;
use crate::admit::LoggedIn;
use crate::error::{Answer, Problem};
use crate::extract::{Args, Json as Body, SecretText};
use crate::frame::Context;

#[derive(Deserialize)]
pub(crate) struct UserBody {
    user: UserFields,
}

#[derive(Deserialize)]
struct UserFields {
    #[serde(default)]
    name: Option<String>,
    #[serde(default)]
    enabled: Option<bool>,
    #[serde(default)]
    domain_id: Option<String>,
    #[serde(default)]
    password: Option<SecretText>,
}

/// `GET …/users?name=&domain_id=`.
pub(crate) async fn list(
    State(app): State<App>,
    context: Context,
    mut args: Args,
) -> Answer<Json<Value>> {
    let domain = args
        .text("domain_id")?
        .map(|id| parse_domain(&id))
        .transpose()?;
    let filter = UserFilter {
        domain,
        name: args.text("name")?,
    };
    let users = app.engine.identity().user_list(&filter).await?;
    let views = users
        .iter()
        .map(|user| view::user(user, &context.base))
        .collect();
    Ok(Json(view::list("users", views, &context.base, "users")))
}

/// `GET …/users/{id}`: the own one, or any for administrators.
pub(crate) async fn show(
    State(app): State<App>,
    context: Context,
    LoggedIn(asker): LoggedIn,
    Path(user): Path<String>,
) -> Answer<Json<Value>> {
    let user = app
        .engine
        .identity()
        .user_get(own_user(&asker, &user)?)
        .await?;
    Ok(Json(json!({"user": view::user(&user, &context.base)})))
}

/// `POST …/users`.
pub(crate) async fn create(
    State(app): State<App>,
    context: Context,
    LoggedIn(asker): LoggedIn,
    Body(body): Body<UserBody>,
) -> Answer<(StatusCode, Json<Value>)> {
    let fields = body.user;
    let name = fields
        .name
        .ok_or_else(|| Problem::value("user.name", "is required"))?;
    let new = NewUser {
        domain: domain_of(&asker, fields.domain_id.as_deref())?,
        name,
        password: fields.password.map(|password| password.0),
        enabled: fields.enabled.unwrap_or(true),
    };
    let user = app.engine.identity().user_create(new).await?;
    Ok((
        StatusCode::CREATED,
        Json(json!({"user": view::user(&user, &context.base)})),
    ))
}

/// `PATCH …/users/{id}`.
pub(crate) async fn update(
    State(app): State<App>,
    context: Context,
    Path(user): Path<String>,
    Body(body): Body<UserBody>,
) -> Answer<Json<Value>> {
    let fields = body.user;
    let edit = EditUser {
        name: fields.name,
        enabled: fields.enabled,
        password: fields.password.map(|password| password.0),
    };
    let user = app
        .engine
        .identity()
        .user_update(parse_user(&user)?, edit)
        .await?;
    Ok(Json(json!({"user": view::user(&user, &context.base)})))
}

/// `DELETE …/users/{id}`.
pub(crate) async fn delete(State(app): State<App>, Path(user): Path<String>) -> Answer<StatusCode> {
    app.engine
        .identity()
        .user_delete(parse_user(&user)?)
        .await?;
    Ok(StatusCode::NO_CONTENT)
}

#[derive(Deserialize)]
pub(crate) struct PasswordBody {
    user: Passwords,
}

#[derive(Deserialize)]
struct Passwords {
    original_password: SecretText,
    password: SecretText,
}

/// `POST …/users/{id}/password`: the own password only.
pub(crate) async fn password(
    State(app): State<App>,
    LoggedIn(asker): LoggedIn,
    Path(user): Path<String>,
    Body(body): Body<PasswordBody>,
) -> Answer<StatusCode> {
    let user = own_user(&asker, &user)?;
    let Passwords {
        original_password,
        password,
    } = body.user;
    app.engine
        .identity()
        .password_change(user, &original_password.0, password.0)
        .await?;
    Ok(StatusCode::NO_CONTENT)
}
