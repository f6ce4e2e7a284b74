//! `/identity/v3/domains`.

use axum::Json;
use axum::extract::{Path, State};
use http::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{parse_domain, view};
use crate::App;
use crate::error::{Answer, Problem};
use crate::extract::{Args, Json as Body};
use crate::frame::Context;

#[derive(Deserialize)]
pub(crate) struct DomainBody {
    domain: DomainFields,
}

#[derive(Deserialize)]
struct DomainFields {
    #[serde(default)]
    name: Option<String>,
}

/// `GET …/domains?name=`.
pub(crate) async fn list(
    State(app): State<App>,
    context: Context,
    mut args: Args,
) -> Answer<Json<Value>> {
    let name = args.text("name")?;
    let domains = app.engine.identity().domain_list(name.as_deref()).await?;
    let views = domains
        .iter()
        .map(|domain| view::domain(domain, &context.base))
        .collect();
    Ok(Json(view::list("domains", views, &context.base, "domains")))
}

/// `GET …/domains/{id}`.
pub(crate) async fn show(
    State(app): State<App>,
    context: Context,
    Path(domain): Path<String>,
) -> Answer<Json<Value>> {
    let domain = app
        .engine
        .identity()
        .domain_get(parse_domain(&domain)?)
        .await?;
    Ok(Json(
        json!({"domain": view::domain(&domain, &context.base)}),
    ))
}

/// `POST …/domains`.
pub(crate) async fn create(
    State(app): State<App>,
    context: Context,
    Body(body): Body<DomainBody>,
) -> Answer<(StatusCode, Json<Value>)> {
    let name = body
        .domain
        .name
        .ok_or_else(|| Problem::value("domain.name", "is required"))?;
    let domain = app.engine.identity().domain_create(name).await?;
    Ok((
        StatusCode::CREATED,
        Json(json!({"domain": view::domain(&domain, &context.base)})),
    ))
}

/// `PATCH …/domains/{id}`: its name is all that can change.
pub(crate) async fn update(
    State(app): State<App>,
    context: Context,
    Path(domain): Path<String>,
    Body(body): Body<DomainBody>,
) -> Answer<Json<Value>> {
    let (id, identity) = (parse_domain(&domain)?, app.engine.identity());
    let domain = match body.domain.name {
        Some(name) => identity.domain_rename(id, name).await?,
        None => identity.domain_get(id).await?,
    };
    Ok(Json(
        json!({"domain": view::domain(&domain, &context.base)}),
    ))
}

/// `DELETE …/domains/{id}`.
pub(crate) async fn delete(
    State(app): State<App>,
    Path(domain): Path<String>,
) -> Answer<StatusCode> {
    app.engine
        .identity()
        .domain_delete(parse_domain(&domain)?)
        .await?;
    Ok(StatusCode::NO_CONTENT)
}
