//! `/`, `/v1` and `/healthcheck`: what this service is, for anybody who asks.

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use serde_json::{Value, json};

use crate::App;
use crate::frame::Context;
use crate::microversion::Microversion;

/// Collections that `GET /v1` links to, as upstream does.
const COLLECTIONS: [&str; 10] = [
    "services",
    "containers",
    "images",
    "networks",
    "hosts",
    "capsules",
    "availability_zones",
    "quotas",
    "quota_classes",
    "registries",
];

fn version_of(base: &str) -> Value {
    json!({
        "id": "v1",
        "status": "CURRENT",
        "min_version": Microversion::MIN.to_string(),
        "max_version": Microversion::MAX.to_string(),
        "links": [{"href": format!("{base}/v1/"), "rel": "self"}],
    })
}

/// `GET /`.
pub(crate) async fn versions(context: Context) -> Json<Value> {
    let version = version_of(&context.base);
    Json(json!({
        "name": "OpenStack Zun API",
        "description": "Runs and manages containers for OpenStack and Terraform.",
        "versions": [version.clone()],
        "default_version": version,
    }))
}

/// `GET /v1`.
pub(crate) async fn version(context: Context) -> Json<Value> {
    let base = &context.base;
    let mut body = json!({
        "id": "v1",
        "media_types": [{"base": "application/json", "type": "application/vnd.openstack.zun.v1+json"}],
        "links": [
            {"href": format!("{base}/v1/"), "rel": "self"},
            {"href": "https://docs.openstack.org/zun/latest/", "rel": "describedby", "type": "text/html"},
        ],
    });
    for collection in COLLECTIONS {
        body[collection] = json!([
            {"href": format!("{base}/v1/{collection}/"), "rel": "self"},
            {"href": format!("{base}/{collection}/"), "rel": "bookmark"},
        ]);
    }
    Json(body)
}

/// `GET /healthcheck`, for load balancers.
pub(crate) async fn healthcheck(State(app): State<App>) -> Response {
    if app.engine.health().await.store.is_ok() {
        "OK".into_response()
    } else {
        (StatusCode::SERVICE_UNAVAILABLE, "UNAVAILABLE").into_response()
    }
}
