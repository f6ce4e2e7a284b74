//! Versions and the catalog: where everything is.

use axum::Json;
use http::StatusCode;
use serde_json::{Value, json};
use zun_domain::id::ProjectId;

use super::view;
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

/// Where the address takes the project.
const PROJECT: &str = "{project_id}";

/// Type, name and path of every service here; block storage under both types that clients look for, networking and
/// images without their version, which clients add.
const SERVICES: [(&str, &str, &str); 6] = [
    ("container", "zun", "/v1"),
    ("identity", "keystone", "/identity/v3"),
    ("block-storage", "cinder", "/volume/v3/{project_id}"),
    ("volumev3", "cinder", "/volume/v3/{project_id}"),
    ("network", "neutron", "/network"),
    ("image", "glance", "/image"),
];

/// The catalog of this deployment for a project.
pub(super) fn catalog(app: &App, base: &str, project: ProjectId) -> Value {
    let region = &app.settings.region;
    let project = view::project_id(project);
    let services = SERVICES.iter().map(|(kind, name, path)| {
        let path = path.replace(PROJECT, &project);
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
