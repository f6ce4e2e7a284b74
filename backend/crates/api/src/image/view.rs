//! Images as Glance shows them: its own attributes, and the user's properties beside them.

use serde_json::{Value, json};
use zun_domain::image::Image;
use zun_domain::time::Timestamp;

fn time(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// One image.
pub(super) fn image(image: &Image) -> Value {
    let facts = image.facts.as_ref();
    let mut body = json!(image.properties);
    let own = json!({
        "id": image.id.to_string(),
        "name": (!image.name.is_empty()).then_some(&image.name),
        "status": image.life.glance(),
        "visibility": image.visibility.as_str(),
        "protected": image.protected,
        "os_hidden": image.hidden,
        "container_format": image.container_format,
        "disk_format": image.disk_format,
        "min_disk": image.min_disk,
        "min_ram": image.min_ram,
        "size": facts.map(|facts| facts.size),
        "virtual_size": null,
        "checksum": facts.map(|facts| &facts.md5),
        "os_hash_algo": facts.map(|_| "sha512"),
        "os_hash_value": facts.map(|facts| &facts.sha512),
        "owner": image.project.0.simple().to_string(),
        "tags": image.tags,
        "created_at": time(image.created_at),
        "updated_at": time(image.updated_at),
        "self": format!("/v2/images/{}", image.id),
        "file": format!("/v2/images/{}/file", image.id),
        "schema": "/v2/schemas/image",
    });
    if let (Some(body), Value::Object(own)) = (body.as_object_mut(), own) {
        body.extend(own);
    }
    body
}
