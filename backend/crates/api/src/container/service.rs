//! `/v1/services`: each host's service, for administrators.

use axum::Json;
use axum::extract::State;
use serde_json::{Value, json};
use zun_domain::host::Reachability;
use zun_engine::query::HostView;

use super::view::time_t;
use crate::App;
use crate::error::{Answer, Problem};
use crate::extract::Args;

/// The one kind of service that registers.
const BINARY: &str = "zun-compute";

/// `GET /v1/services`.
pub(crate) async fn list(State(app): State<App>) -> Answer<Json<Value>> {
    let mut hosts = app.engine.hosts().await?;
    hosts.sort_by_key(|view| (view.host.created_at, view.host.place.id));
    let views: Vec<Value> = hosts
        .iter()
        .zip(1_u64..)
        .map(|(view, id)| service(view, id))
        .collect();
    Ok(Json(json!({"services": views})))
}

fn service(view: &HostView, id: u64) -> Value {
    let host = &view.host;
    let up = !host.forced_down && host.reachability == Reachability::Up;
    json!({
        "id": id,
        "host": host.place.name.as_str(),
        "binary": BINARY,
        "state": if up { "up" } else { "down" },
        "disabled": host.disabled.is_some(),
        "disabled_reason": reason(view),
        "forced_down": host.forced_down,
        "last_seen_up": time_t(host.seen_at),
        "report_count": 0,
        "availability_zone": host.place.zone,
        "created_at": time_t(host.created_at),
        "updated_at": time_t(host.seen_at),
    })
}

/// A disabled host without a reason has an empty one.
fn reason(view: &HostView) -> Option<&str> {
    view.host
        .disabled
        .as_deref()
        .filter(|reason| !reason.is_empty())
}

/// Takes `host` and `binary`, both of which have to be given.
fn service_of(args: &mut Args) -> Answer<String> {
    let mut given = |name: &str| -> Answer<String> {
        let text = args.text(name)?.filter(|text| !text.is_empty());
        text.ok_or_else(|| Problem::value(name, "is required"))
    };
    let (host, binary) = (given("host")?, given("binary")?);
    if binary == BINARY {
        return Ok(host);
    }
    let shown: String = binary.chars().take(80).collect();
    Err(Problem::not_found(
        "service",
        format!("{shown} on host {host}"),
    ))
}

/// The host's service; a host that is none is a service that is not found.
fn no_service(error: zun_engine::Error) -> Problem {
    match error {
        zun_engine::Error::NotFound { ident, .. } => {
            Problem::not_found("service", format!("{BINARY} on host {ident}"))
        }
        other => other.into(),
    }
}

/// `PUT /v1/services/enable`.
pub(crate) async fn enable(State(app): State<App>, mut args: Args) -> Answer<Json<Value>> {
    let host = service_of(&mut args)?;
    args.end()?;
    let view = app
        .engine
        .service_set_disabled(&host, None)
        .await
        .map_err(no_service)?;
    Ok(Json(able(&view)))
}

/// `PUT /v1/services/disable`.
pub(crate) async fn disable(State(app): State<App>, mut args: Args) -> Answer<Json<Value>> {
    let host = service_of(&mut args)?;
    let reason = args.text("disabled_reason")?;
    args.end()?;
    if reason
        .as_ref()
        .is_some_and(|reason| !(1..=255).contains(&reason.chars().count()))
    {
        return Err(Problem::value("disabled_reason", "has 1 to 255 characters"));
    }
    let reason = Some(reason.unwrap_or_default());
    let view = app
        .engine
        .service_set_disabled(&host, reason)
        .await
        .map_err(no_service)?;
    Ok(Json(able(&view)))
}

fn able(view: &HostView) -> Value {
    let host = &view.host;
    json!({"service": {
        "host": host.place.name.as_str(),
        "binary": BINARY,
        "disabled": host.disabled.is_some(),
        "disabled_reason": reason(view),
    }})
}

/// `PUT /v1/services/force_down`.
pub(crate) async fn force_down(State(app): State<App>, mut args: Args) -> Answer<Json<Value>> {
    let host = service_of(&mut args)?;
    let down = args.ext_bool("forced_down")?.unwrap_or(true);
    args.end()?;
    let view = app
        .engine
        .service_force_down(&host, down)
        .await
        .map_err(no_service)?;
    Ok(Json(json!({"service": {
        "host": view.host.place.name.as_str(),
        "binary": BINARY,
        "forced_down": view.host.forced_down,
    }})))
}

/// `DELETE /v1/services`.
pub(crate) async fn delete(State(app): State<App>, mut args: Args) -> Answer<Json<Value>> {
    let host = service_of(&mut args)?;
    args.end()?;
    app.engine.service_delete(&host).await.map_err(no_service)?;
    Ok(Json(Value::Null))
}
