//! Which version of the image service this is, for anybody who asks.

use axum::Json;
use http::StatusCode;
use serde_json::{Value, json};

use crate::frame::Context;

fn body(base: &str) -> Json<Value> {
    let version = |id: &str, status: &str| {
        json!({
            "id": id,
            "status": status,
            "links": [{"rel": "self", "href": format!("{base}/image/v2/")}],
        })
    };
    Json(json!({"versions": [version("v2.9", "CURRENT"), version("v2.0", "SUPPORTED")]}))
}

/// `GET /image`: the client has to choose, so 300.
pub(crate) async fn choose(context: Context) -> (StatusCode, Json<Value>) {
    (StatusCode::MULTIPLE_CHOICES, body(&context.base))
}

/// `GET /image/versions` and `GET /image/v2`.
pub(crate) async fn versions(context: Context) -> Json<Value> {
    body(&context.base)
}

/// `GET /image/v2/info/import`: data is uploaded, and in no other way.
pub(crate) async fn import() -> Json<Value> {
    Json(json!({"import-methods": {
        "description": "Import methods available.",
        "type": "array",
        "value": [],
    }}))
}
