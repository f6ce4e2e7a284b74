//! `/identity/v3/users/{id}/application_credentials`.

use axum::Json;
use axum::extract::{Path, State};
use http::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};
use uuid::Uuid;
use zun_domain::project::Role;
use zun_domain::time::Timestamp;
use zun_engine::identity::NewApplicationCredential;

use super::{own_user, view};
use crate::App;
use crate::admit::LoggedIn;
use crate::error::{Answer, Problem};
use crate::extract::{Args, Json as Body, SecretText};
use crate::frame::Context;

#[derive(Deserialize)]
pub(crate) struct CredentialBody {
    application_credential: CredentialFields,
}

#[derive(Deserialize)]
struct CredentialFields {
    name: String,
    #[serde(default)]
    description: Option<String>,
    #[serde(default)]
    secret: Option<SecretText>,
    #[serde(default)]
    expires_at: Option<String>,
    #[serde(default)]
    roles: Option<Vec<RoleBody>>,
}

#[derive(Deserialize)]
struct RoleBody {
    #[serde(default)]
    id: Option<String>,
    #[serde(default)]
    name: Option<String>,
}

impl CredentialFields {
    fn into_new(self) -> Answer<NewApplicationCredential> {
        let roles = self.roles.filter(|roles| !roles.is_empty()).map(|roles| {
            let named = roles.into_iter().map(|role| {
                let name = role.name.or(role.id).unwrap_or_default();
                Role::named(&name).ok_or_else(|| {
                    Problem::value(
                        "application_credential.roles",
                        format!("there is no role {name:?}"),
                    )
                })
            });
            named.collect::<Answer<Vec<Role>>>()
        });
        let expires_at = self.expires_at.map(|text| time(&text));
        Ok(NewApplicationCredential {
            name: self.name,
            description: self.description.unwrap_or_default(),
            roles: roles.transpose()?,
            expires_at: expires_at.transpose()?,
            secret: self.secret.map(|secret| secret.0),
        })
    }
}

/// A time; UTC where it has no zone, as clients leave it out.
fn time(text: &str) -> Answer<Timestamp> {
    let parsed = text
        .parse::<Timestamp>()
        .or_else(|_| format!("{text}Z").parse());
    parsed.map_err(|_| {
        Problem::value(
            "application_credential.expires_at",
            "must be a time such as 2026-12-31T23:59:59Z",
        )
    })
}

fn parse(id: &str) -> Answer<Uuid> {
    let shown = || id.chars().take(80).collect::<String>();
    Uuid::parse_str(id).map_err(|_| Problem::not_found("application credential", shown()))
}

/// `GET …?name=`.
pub(crate) async fn list(
    State(app): State<App>,
    context: Context,
    LoggedIn(asker): LoggedIn,
    Path(user): Path<String>,
    mut args: Args,
) -> Answer<Json<Value>> {
    let user = own_user(&asker, &user)?;
    let name = args.text("name")?;
    let found = app
        .engine
        .identity()
        .application_credential_list(user, name.as_deref())
        .await?;
    let views = found
        .iter()
        .map(|one| view::application_credential(one, &context.base))
        .collect();
    let path = format!("users/{}/application_credentials", view::user_id(user));
    Ok(Json(view::list(
        "application_credentials",
        views,
        &context.base,
        &path,
    )))
}

/// `POST …`: for the own user and the project of the token. The secret is shown this once.
pub(crate) async fn create(
    State(app): State<App>,
    context: Context,
    LoggedIn(asker): LoggedIn,
    Path(user): Path<String>,
    Body(body): Body<CredentialBody>,
) -> Answer<(StatusCode, Json<Value>)> {
    if own_user(&asker, &user)? != asker.user {
        return Err(Problem::new(
            StatusCode::FORBIDDEN,
            "",
            "an application credential is made by the user it is for",
        ));
    }
    let new = body.application_credential.into_new()?;
    let (credential, secret) = app
        .engine
        .identity()
        .application_credential_create(&asker, new)
        .await?;
    let mut view = view::application_credential(&credential, &context.base);
    view["secret"] = json!(secret.expose());
    Ok((
        StatusCode::CREATED,
        Json(json!({"application_credential": view})),
    ))
}

/// `GET …/{credential}`.
pub(crate) async fn show(
    State(app): State<App>,
    context: Context,
    LoggedIn(asker): LoggedIn,
    Path((user, credential)): Path<(String, String)>,
) -> Answer<Json<Value>> {
    let (user, id) = (own_user(&asker, &user)?, parse(&credential)?);
    let found = app
        .engine
        .identity()
        .application_credential_get(user, id)
        .await?;
    Ok(Json(
        json!({"application_credential": view::application_credential(&found, &context.base)}),
    ))
}

/// `DELETE …/{credential}`. A program cannot take away the credential of another.
pub(crate) async fn delete(
    State(app): State<App>,
    LoggedIn(asker): LoggedIn,
    Path((user, credential)): Path<(String, String)>,
) -> Answer<StatusCode> {
    if asker.application_credential.is_some() {
        return Err(Problem::new(
            StatusCode::FORBIDDEN,
            "",
            "this takes a login with a password: a program may not change credentials",
        ));
    }
    let (user, id) = (own_user(&asker, &user)?, parse(&credential)?);
    app.engine
        .identity()
        .application_credential_delete(user, id)
        .await?;
    Ok(StatusCode::NO_CONTENT)
}
