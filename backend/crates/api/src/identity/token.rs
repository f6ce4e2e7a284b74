//! `/identity/v3/auth`: log in, check and end tokens, and the catalog.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, Uri, header};
use serde_json::{Value, json};
use zun_engine::identity::{Secret, TokenInfo};

use super::discovery;
use super::login::LoginBody;
use super::view;
use crate::App;
use crate::admit::LoggedIn;
use crate::error::{Answer, Problem};
use crate::extract::Json as Body;
use crate::frame::Context;

const SUBJECT: HeaderName = HeaderName::from_static("x-subject-token");

type Token = ([(HeaderName, HeaderValue); 2], Json<Value>);

fn answer(
    app: &App,
    context: &Context,
    uri: &Uri,
    secret: &Secret,
    info: &TokenInfo,
) -> Answer<Token> {
    let plain = uri.query().is_some_and(|query| {
        query
            .split('&')
            .any(|part| part == "nocatalog" || part.starts_with("nocatalog="))
    });
    let scoped = info.project.as_ref().filter(|_| !plain);
    let catalog = scoped.map(|scoped| discovery::catalog(app, &context.base, scoped.project.id));
    let mut value =
        HeaderValue::try_from(secret.expose()).map_err(|error| Problem::internal(&error))?;
    value.set_sensitive(true);
    let vary = HeaderValue::from_static("X-Auth-Token");
    Ok((
        [(SUBJECT, value), (header::VARY, vary)],
        Json(view::token(info, catalog)),
    ))
}

/// `POST …/tokens`.
pub(crate) async fn issue(
    State(app): State<App>,
    context: Context,
    uri: Uri,
    Body(body): Body<LoginBody>,
) -> Answer<(StatusCode, Token)> {
    let issued = app.engine.identity().login(body.request()?).await?;
    let token = answer(&app, &context, &uri, &issued.secret, &issued.info)?;
    Ok((StatusCode::CREATED, token))
}

/// The token that is asked about. Who is no administrator may ask about the own user's tokens only.
async fn subject(
    app: &App,
    asker: &TokenInfo,
    headers: &HeaderMap,
) -> Answer<(Secret, Arc<TokenInfo>)> {
    let text = headers.get(&SUBJECT).and_then(|value| value.to_str().ok());
    let Some(text) = text.filter(|text| !text.is_empty()) else {
        return Err(Problem::bad(
            "invalid",
            "this takes the header X-Subject-Token: the token it is about",
        ));
    };
    let secret = Secret::new(text);
    let missing = || {
        Problem::new(
            StatusCode::NOT_FOUND,
            "",
            "the token is unknown, expired or revoked",
        )
    };
    let info = match app.engine.identity().validate(&secret).await {
        Ok(info) => info,
        Err(zun_engine::Error::Unauthorized(_)) => return Err(missing()),
        Err(error) => return Err(error.into()),
    };
    let admin = asker.caller().is_some_and(|caller| caller.is_admin());
    if admin || info.user == asker.user {
        Ok((secret, info))
    } else {
        Err(missing())
    }
}

/// `GET` and `HEAD …/tokens`.
pub(crate) async fn check(
    State(app): State<App>,
    context: Context,
    LoggedIn(asker): LoggedIn,
    uri: Uri,
    headers: HeaderMap,
) -> Answer<Token> {
    let (secret, info) = subject(&app, &asker, &headers).await?;
    answer(&app, &context, &uri, &secret, &info)
}

/// `DELETE …/tokens`.
pub(crate) async fn revoke(
    State(app): State<App>,
    LoggedIn(asker): LoggedIn,
    headers: HeaderMap,
) -> Answer<StatusCode> {
    let (secret, _) = subject(&app, &asker, &headers).await?;
    app.engine.identity().revoke(&secret).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// `GET …/catalog`.
pub(crate) async fn catalog(
    State(app): State<App>,
    context: Context,
    LoggedIn(asker): LoggedIn,
) -> Answer<Json<Value>> {
    let Some(scoped) = &asker.project else {
        return Err(Problem::new(
            StatusCode::FORBIDDEN,
            "",
            "the token is for no project, and the catalog is for a project: log in with a project",
        ));
    };
    let base = &context.base;
    Ok(Json(json!({
        "catalog": discovery::catalog(&app, base, scoped.project.id),
        "links": {"self": format!("{base}/identity/v3/auth/catalog"), "previous": null, "next": null},
    })))
}
