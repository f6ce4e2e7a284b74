//! What this server can do, whether it works, and what it counts.

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::{StatusCode, header};
use zun_api_types::features::{API_VERSION, DiskMeaning, Features, Health};
use zun_engine::settings::DiskMode;

use crate::App;
use crate::admit::Admitted;
use crate::error::{Answer, Problem};
use crate::metrics::MEDIA_TYPE;

/// `GET /zund/v1`.
pub(crate) async fn show(State(app): State<App>, asked: Admitted) -> Json<Features> {
    let features = app.engine.features();
    Json(Features {
        version: features.version.to_owned(),
        api: API_VERSION,
        disk: match (features.disk_enforced, features.disk) {
            (true, _) => DiskMeaning::Enforced,
            (false, DiskMode::Refuse) => DiskMeaning::Refused,
            (false, DiskMode::Account) => DiskMeaning::Account,
        },
        project_id: asked.call.caller.project.0.simple().to_string(),
    })
}

/// `GET /zund/v1/health`, for anybody: the cause of a failure names no secret.
pub(crate) async fn health(State(app): State<App>) -> (StatusCode, Json<Health>) {
    let health = app.engine.health().await;
    let healthy = health.store.is_ok();
    let status = if healthy {
        StatusCode::OK
    } else {
        StatusCode::SERVICE_UNAVAILABLE
    };
    let body = Health {
        healthy,
        store: health.store.err().unwrap_or_else(|| "ok".to_owned()),
        hosts_down: health.hosts_down,
    };
    (status, Json(body))
}

/// `GET /zund/v1/metrics`.
pub(crate) async fn metrics(State(app): State<App>) -> Answer<Response> {
    app.metrics.see(&app.engine.gauges().await?);
    let text = app
        .metrics
        .text()
        .map_err(|error| Problem::internal(&error))?;
    Ok(([(header::CONTENT_TYPE, MEDIA_TYPE)], text).into_response())
}
