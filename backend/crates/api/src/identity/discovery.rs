//! Versions and the catalog: where everything is.

use axum::Json;
use http::StatusCode;
use serde_json::{Value, json};

use crate::App;
use crate::frame::Context;

fn version_of(base: &str) -> Value {
    json!({
        "id": "v3.14",
        "status": "stable",
        "updated": "2020-04-07T00:00:00Z",
        "links": [{"rel": "self", "href": format!("{base}/identity/v3/")}],
        "media-types": [
            {"base": "application/json", "type": "application/vnd.openstack.identity-v3+json"},
        ],
    })
}

/// `GET /identity`: the client has to choose, so 300.
pub(crate) async fn versions(context: Context) -> (StatusCode, Json<Value>) {
    let version = version_of(&context.base);
    (
        StatusCode::MULTIPLE_CHOICES,
        Json(json!({"versions": {"values": [version]}})),
    )
}

/// `GET /identity/v3`.
pub(crate) async fn version(context: Context) -> Json<Value> {
    Json(json!({"version": version_of(&context.base)}))
}

/// Type, name and path of every service here.
const SERVICES: [(&str, &str, &str); 2] = [
    ("container", "zun", "/v1"),
    ("identity", "keystone", "/identity/v3"),
];

/// The catalog of this deployment.
pub(super) fn catalog(app: &App, base: &str) -> Value {
    let region = &app.settings.region;
    let services = SERVICES.iter().map(|(kind, name, path)| {
        let endpoints = ["public", "internal", "admin"].map(|interface| {
            json!({
                "id": format!("{kind}-{interface}"),
                "interface": interface,
                "region": region,
                "region_id": region,
                "url": format!("{base}{path}"),
            })
        });
        json!({"id": kind, "type": kind, "name": name, "endpoints": endpoints})
    });
    Value::Array(services.collect())
}
