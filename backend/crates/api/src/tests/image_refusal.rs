//! What the image service refuses, and in which words.

use axum::body::Body;
use serde_json::{Value, json};
use zun_driver::fake::root_filesystem;

use super::{Reply, TestApp, Who};

#[track_caller]
fn said(refused: Reply, status: u16, words: &str) {
    let body = refused.expect(status).json();
    let message = body["message"].as_str().unwrap();
    assert!(message.contains(words), "{message}");
}

#[tokio::test]
async fn a_record_that_cannot_be() {
    let app = TestApp::start().await;
    let taken = app.image(json!({})).await;
    let long = "x".repeat(256);
    let many: Vec<String> = (0..129).map(|n| n.to_string()).collect();
    for (body, status, words) in [
        (json!({"id": "x"}), 400, "id: must be a uuid"),
        (
            json!({"id": taken}),
            409,
            "exists already; choose another, or leave it out",
        ),
        (json!({"name": 1}), 400, "name: must be a string"),
        (
            json!({"name": long}),
            400,
            "has 256 characters; at most 255 are accepted",
        ),
        (
            json!({"status": "active"}),
            403,
            "attribute \"status\" is read-only",
        ),
        (
            json!({"visibility": "shared"}),
            400,
            "\"shared\" is not served: private or public is expected",
        ),
        (json!({"visibility": "public"}), 403, "publicize_image"),
        (
            json!({"protected": "yes"}),
            400,
            "protected: must be true or false",
        ),
        (
            json!({"container_format": "box"}),
            400,
            "one of ami, ari, aki, bare",
        ),
        (json!({"disk_format": "box"}), 400, "raw, qcow2"),
        (
            json!({"min_disk": -1}),
            400,
            "min_disk: must be a whole number from 0",
        ),
        (json!({"tags": "a"}), 400, "tags: must be a list of strings"),
        (json!({"tags": many}), 413, "at most 128 tags"),
        (json!({"color": 1}), 400, "color: must be a string"),
        (
            json!({"owner": "someone"}),
            403,
            "the owner of an image is the project of the token",
        ),
    ] {
        let refused = app.post(Who::Member, "/image/v2/images", body).await;
        said(refused, status, words);
    }
}

/// A patch, the status of its refusal and words of it.
fn refused_patches() -> Vec<(Value, u16, &'static str)> {
    let one =
        |op: &str, path: &str, value: Value| json!([{"op": op, "path": path, "value": value}]);
    vec![
        (
            one("copy", "/name", json!("x")),
            400,
            "add, replace or remove is expected",
        ),
        (
            one("add", "name", json!("x")),
            400,
            "a slash and the name of an attribute is expected",
        ),
        (
            one("add", "/tags/-", json!("x")),
            400,
            "a slash and the name of an attribute is expected",
        ),
        (
            one("replace", "/size", json!(1)),
            403,
            "attribute \"size\" is read-only",
        ),
        (
            one("remove", "/name", json!(null)),
            403,
            "attribute \"name\" cannot be removed: replace it",
        ),
        (
            one("replace", "/color", json!("x")),
            409,
            "the image has no property \"color\"",
        ),
        (
            one("remove", "/color", json!(null)),
            409,
            "the image has no property \"color\"",
        ),
        (
            json!([{"op": "add", "path": "/color"}]),
            400,
            "value: is missing of add /color",
        ),
        (json!([{"path": "/color"}]), 400, "op: must be a string"),
        (json!({}), 400, "body"),
    ]
}

#[tokio::test]
async fn a_change_that_cannot_be() {
    let app = TestApp::start().await;
    let id = app.image(json!({"name": "web"})).await;
    for (patch, status, words) in refused_patches() {
        said(app.patch(Who::Member, &id, patch).await, status, words);
    }
    let path = format!("/image/v2/images/{id}");
    let body = Body::from("[]");
    let refused = app
        .raw(Who::Member, "PATCH", &path, "application/json", body)
        .await;
    said(refused, 415, "application/openstack-images-v2.1-json-patch");
    said(
        app.get(Who::Member, "/image/v2/images/x").await,
        404,
        "image x could not be found",
    );
}

#[tokio::test]
async fn data_that_cannot_be() {
    let app = TestApp::start_with(|settings, _| settings.image_max_bytes = 4096).await;
    let id = app.image(json!({"name": "web"})).await;
    let upload = async |data: &[u8]| app.upload(Who::Member, &id, data.to_vec().into()).await;
    said(
        upload(b"hello").await,
        400,
        "the data is no image: it is no tar archive",
    );
    said(upload(&[]).await, 400, "it has no entries");
    said(
        upload(&[0; 5000]).await,
        413,
        "larger than the 4096 bytes that an image may have",
    );
    let path = format!("/image/v2/images/{id}/file");
    let refused = app
        .raw(Who::Member, "PUT", &path, "text/plain", Body::empty())
        .await;
    said(
        refused,
        415,
        "data takes Content-Type: application/octet-stream",
    );
    assert_eq!(app.image_shown(Who::Member, &id).await["status"], "queued");
    upload(&root_filesystem("x")).await.expect(204);
    let again = upload(&root_filesystem("y")).await;
    said(
        again,
        409,
        "is in status active; data can be uploaded to one that is queued, and only once",
    );
}

#[tokio::test]
async fn a_container_of_an_image_that_cannot_be_used() {
    let app = TestApp::start().await;
    let queued = app.image(json!({"name": "queued"})).await;
    for text in ["1", "2"] {
        app.image_of(json!({"name": "twice"}), text).await;
    }
    for (image, policy, status, words) in [
        (
            queued.as_str(),
            None::<&str>,
            400,
            "it is in status queued, and can be used when it is active",
        ),
        ("twice", None, 409, "2 images are named twice; use a uuid"),
        (
            "none",
            None,
            400,
            "the image service has no image of that id or name that this project may use",
        ),
    ] {
        let spec = json!({"image": image, "image_driver": "glance", "image_pull_policy": policy});
        let refused = app
            .post(Who::Member, "/zund/v1/containers", json!({"spec": spec}))
            .await;
        let refused = refused.expect(status);
        assert!(refused.detail().contains(words), "{}", refused.detail());
    }
    app.image_of(json!({"name": "once"}), "once").await;
    let spec = json!({"image": "once", "image_driver": "glance", "image_pull_policy": "never"});
    let refused = app
        .post(Who::Member, "/zund/v1/containers", json!({"spec": spec}))
        .await
        .expect(400);
    assert!(
        refused.detail().contains("the host does not have it"),
        "{}",
        refused.detail()
    );
    let spec = json!({"image": "once", "image_driver": "glance"});
    let refused = app
        .post(Who::Stranger, "/zund/v1/containers", json!({"spec": spec}))
        .await;
    refused.expect(400);
}
