//! Which version of Block Storage this is, for anybody who asks.

use axum::Json;
use http::StatusCode;
use serde_json::{Value, json};

use super::version::Version;
use crate::frame::Context;

fn body(base: &str) -> Json<Value> {
    Json(json!({"versions": [{
        "id": "v3.0",
        "status": "CURRENT",
        "version": Version::MAX.to_string(),
        "min_version": Version::MIN.to_string(),
        "updated": "2023-08-31T00:00:00Z",
        "links": [
            {"rel": "describedby", "type": "text/html", "href": "https://docs.openstack.org/"},
            {"rel": "self", "href": format!("{base}/volume/v3/")},
        ],
        "media-types": [
            {"base": "application/json", "type": "application/vnd.openstack.volume+json;version=3"},
        ],
    }]}))
}

/// `GET /volume`: the client has to choose, so 300.
pub(crate) async fn versions(context: Context) -> (StatusCode, Json<Value>) {
    (StatusCode::MULTIPLE_CHOICES, body(&context.base))
}

/// `GET /volume/v3`.
pub(crate) async fn version(context: Context) -> Json<Value> {
    body(&context.base)
}
