//! The schemas that some clients ask for before they show anything.

use axum::Json;
use serde_json::{Value, json};

use super::words::READ_ONLY;

/// Name and JSON type of every attribute of ours.
const ATTRIBUTES: [(&str, &str); 22] = [
    ("id", "string"),
    ("name", "string"),
    ("status", "string"),
    ("visibility", "string"),
    ("protected", "boolean"),
    ("os_hidden", "boolean"),
    ("container_format", "string"),
    ("disk_format", "string"),
    ("min_disk", "integer"),
    ("min_ram", "integer"),
    ("size", "integer"),
    ("virtual_size", "integer"),
    ("checksum", "string"),
    ("os_hash_algo", "string"),
    ("os_hash_value", "string"),
    ("owner", "string"),
    ("tags", "array"),
    ("created_at", "string"),
    ("updated_at", "string"),
    ("self", "string"),
    ("file", "string"),
    ("schema", "string"),
];

fn of_image() -> Value {
    let mut properties = json!({});
    for (name, kind) in ATTRIBUTES {
        properties[name] = json!({"type": ["null", kind]});
        if READ_ONLY.contains(&name) {
            properties[name]["readOnly"] = json!(true);
        }
    }
    json!({
        "name": "image",
        "properties": properties,
        "additionalProperties": {"type": "string"},
        "links": [
            {"rel": "self", "href": "{self}"},
            {"rel": "enclosure", "href": "{file}"},
            {"rel": "describedby", "href": "{schema}"},
        ],
    })
}

/// `GET /image/v2/schemas/image`.
pub(crate) async fn image() -> Json<Value> {
    Json(of_image())
}

/// `GET /image/v2/schemas/images`.
pub(crate) async fn images() -> Json<Value> {
    let text = json!({"type": "string"});
    Json(json!({
        "name": "images",
        "properties": {
            "images": {"type": "array", "items": of_image()},
            "first": text, "next": text, "schema": text,
        },
        "links": [
            {"rel": "first", "href": "{first}"},
            {"rel": "next", "href": "{next}"},
            {"rel": "describedby", "href": "{schema}"},
        ],
    }))
}
