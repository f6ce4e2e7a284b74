//! Images from their record to their end, and what containers make of them.

use axum::body::{Body, Bytes};

use futures::{StreamExt as _, stream};
use http::Request;
use serde_json::{Value, json};
use zun_driver::fake::root_filesystem;

use super::{Reply, TestApp, Who};

const IMAGES: &str = "/image/v2/images";

impl TestApp {
    /// An image of the member's without data; its id.
    pub(super) async fn image(&self, body: Value) -> String {
        let made = self
            .post(Who::Member, IMAGES, body)
            .await
            .expect(201)
            .json();
        made["id"].as_str().unwrap().to_owned()
    }

    /// The same with data.
    pub(super) async fn image_of(&self, body: Value, text: &str) -> String {
        let id = self.image(body).await;
        let data = root_filesystem(text);
        self.upload(Who::Member, &id, data.into()).await.expect(204);
        id
    }

    pub(super) async fn upload(&self, who: Who, id: &str, body: Body) -> Reply {
        let media = "application/octet-stream";
        let path = format!("{IMAGES}/{id}/file");
        self.raw(who, "PUT", &path, media, body).await
    }

    pub(super) async fn patch(&self, who: Who, id: &str, body: Value) -> Reply {
        let media = "application/openstack-images-v2.1-json-patch";
        let path = format!("{IMAGES}/{id}");
        self.raw(who, "PATCH", &path, media, body.to_string().into())
            .await
    }

    pub(super) async fn raw(
        &self,
        who: Who,
        method: &str,
        path: &str,
        media: &str,
        body: Body,
    ) -> Reply {
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header("host", "zun.test:9517")
            .header("content-type", media)
            .header("x-auth-token", &self.tokens[&who]);
        self.send(request.body(body).unwrap()).await
    }

    pub(super) async fn image_shown(&self, who: Who, id: &str) -> Value {
        let path = format!("{IMAGES}/{id}");
        self.get(who, &path).await.expect(200).json()
    }

    /// Waits until the operation of an image has ended: the newest of the member's.
    pub(super) async fn newest_ended(&self, who: Who) -> Value {
        let listed = self.get(who, "/zund/v1/operations?limit=1").await;
        let listed = listed.expect(200).json();
        let id = listed["operations"][0]["id"].as_str().unwrap().to_owned();
        let path = format!("/zund/v1/operations/{id}?wait=30");
        self.get(who, &path).await.expect(200).json()
    }
}

#[tokio::test]
async fn an_image_lives() {
    let app = TestApp::start().await;
    let body = json!({
        "name": "web", "container_format": "docker", "disk_format": "raw", "min_disk": 1, "min_ram": 64,
        "tags": ["b", "a"], "os_distro": "debian",
    });
    let made = app.post(Who::Member, IMAGES, body).await.expect(201);
    let shown = made.json();
    let id = shown["id"].as_str().unwrap().to_owned();
    let location = format!("http://zun.test:9517{IMAGES}/{id}");
    assert_eq!(made.header("location"), location);
    let expected = json!({
        "id": id, "name": "web", "status": "queued", "visibility": "private", "protected": false,
        "os_hidden": false, "container_format": "docker", "disk_format": "raw", "min_disk": 1, "min_ram": 64,
        "size": null, "virtual_size": null, "checksum": null, "os_hash_algo": null, "os_hash_value": null,
        "owner": app.shop.0.simple().to_string(), "tags": ["a", "b"], "os_distro": "debian",
        "created_at": "2026-11-21T07:05:34Z", "updated_at": "2026-11-21T07:05:34Z",
        "self": format!("/v2/images/{id}"), "file": format!("/v2/images/{id}/file"), "schema": "/v2/schemas/image",
    });
    assert_eq!(shown, expected);
    let file = format!("{IMAGES}/{id}/file");
    app.get(Who::Member, &file).await.expect(204);

    let data = root_filesystem("web");
    app.upload(Who::Member, &id, data.clone().into())
        .await
        .expect(204);
    let active = app.image_shown(Who::Reader, &id).await;
    assert_eq!(active["status"], "active");
    assert_eq!(active["size"], data.len());
    assert_eq!(active["os_hash_algo"], "sha512");
    let back = app.get(Who::Reader, &file).await.expect(200);
    assert_eq!(back.text.as_bytes(), data);
    assert_eq!(back.header("content-type"), "application/octet-stream");
    assert_eq!(back.header("content-length"), data.len().to_string());
    assert_eq!(back.header("content-md5"), active["checksum"]);

    let ours = app.get(Who::Member, &format!("/zund/v1/images/{id}")).await;
    let ours = ours.expect(200).json();
    assert_eq!(ours["kind"], "rootfs");
    assert!(
        ours["docker_image_id"]
            .as_str()
            .unwrap()
            .starts_with("sha256:")
    );

    let path = format!("{IMAGES}/{id}");
    app.ask(Who::Member, "DELETE", &path, None)
        .await
        .expect(204);
    app.get(Who::Member, &path).await.expect(404);
    assert_eq!(app.newest_ended(Who::Member).await["state"], "succeeded");
    assert!(app.host.image_data().is_empty());
    let none = app.get(Who::Member, IMAGES).await.expect(200).json();
    assert_eq!(none["images"], json!([]));
}

#[tokio::test]
async fn an_image_is_described_live() {
    let app = TestApp::start().await;
    let id = app
        .image(json!({"name": "web", "color": "red", "shape": "round"}))
        .await;
    let patch = json!([
        {"op": "replace", "path": "/name", "value": "shop"},
        {"op": "add", "path": "/tags", "value": ["x"]},
        {"op": "replace", "path": "/min_ram", "value": 7},
        {"op": "replace", "path": "/protected", "value": true},
        {"op": "add", "path": "/owner_specified.sha~1256", "value": "1"},
        {"op": "replace", "path": "/color", "value": "blue"},
        {"op": "remove", "path": "/shape"},
    ]);
    app.patch(Who::Member, &id, patch).await.expect(200);
    let tag = |name: &str| format!("{IMAGES}/{id}/tags/{name}");
    app.ask(Who::Member, "PUT", &tag("y"), None)
        .await
        .expect(204);
    app.ask(Who::Member, "DELETE", &tag("x"), None)
        .await
        .expect(204);
    app.ask(Who::Member, "DELETE", &tag("x"), None)
        .await
        .expect(404);
    let shown = app.image_shown(Who::Member, &id).await;
    for (name, expected) in [
        ("name", json!("shop")),
        ("tags", json!(["y"])),
        ("min_ram", json!(7)),
        ("protected", json!(true)),
        ("owner_specified.sha/256", json!("1")),
        ("color", json!("blue")),
        ("shape", Value::Null),
    ] {
        assert_eq!(shown[name], expected, "{name}");
    }
    let path = format!("{IMAGES}/{id}");
    let refused = app
        .ask(Who::Member, "DELETE", &path, None)
        .await
        .expect(403);
    let message = refused.json()["message"].as_str().unwrap().to_owned();
    assert!(message.contains("is protected"), "{message}");
}

#[tokio::test]
async fn a_container_runs_an_image_of_the_service() {
    let app = TestApp::start().await;
    let id = app.image_of(json!({"name": "web"}), "web").await;
    for image in [id.as_str(), "web"] {
        let spec = json!({"image": image, "image_driver": "glance"});
        let preview = json!({"spec": spec});
        let preview = app.post(Who::Member, "/zund/v1/preview", preview).await;
        let preview = preview.expect(200).json();
        assert_eq!(preview["problems"], json!([]));
        let body = json!({"name": "shop", "spec": spec});
        let made = app.post(Who::Member, "/zund/v1/containers", body).await;
        let made = made.expect(202).json();
        assert_eq!(app.ended(Who::Member, &made).await["state"], "succeeded");
        let ours = app.get(Who::Member, &format!("/zund/v1/images/{id}")).await;
        let docker_id = ours.json()["docker_image_id"].clone();
        assert_eq!(made["container"]["image_digest"], docker_id);
        assert!(app.host.has_image(docker_id.as_str().unwrap()));

        let path = format!("{IMAGES}/{id}");
        let refused = app
            .ask(Who::Member, "DELETE", &path, None)
            .await
            .expect(409);
        let message = refused.json()["message"].as_str().unwrap().to_owned();
        let uuid = made["container"]["uuid"].as_str().unwrap();
        let words = format!("container shop ({uuid}) is made of it; delete the container first");
        assert!(message.ends_with(&words), "{message}");
        let gone = format!("/zund/v1/containers/{uuid}");
        let gone = app
            .ask(Who::Member, "DELETE", &gone, None)
            .await
            .expect(202);
        app.ended(Who::Member, &gone.json()).await;
    }
    let gone = format!("/zund/v1/images/{id}");
    let gone = app
        .ask(Who::Member, "DELETE", &gone, None)
        .await
        .expect(202)
        .json();
    assert_eq!(gone["image"]["status"], "pending_delete");
    let ended = app.ended(Who::Member, &gone).await;
    assert_eq!(
        (&ended["state"], &ended["subject_kind"]),
        (&json!("succeeded"), &json!("image"))
    );
    let docker_id = gone["image"]["docker_image_id"].as_str().unwrap();
    assert!(!app.host.has_image(docker_id), "the host still has it");
}

#[tokio::test]
async fn a_sender_who_goes_away_leaves_nothing() {
    let app = TestApp::start().await;
    let id = app.image(json!({"name": "web"})).await;
    let begun = stream::iter([Ok(Bytes::from_static(b"half"))]);
    let cut = stream::iter([Err(std::io::Error::other("the line is cut"))]);
    let body = Body::from_stream(begun.chain(cut));
    let refused = app.upload(Who::Member, &id, body).await.expect(400);
    assert!(refused.text.contains("the line is cut"), "{}", refused.text);
    assert_eq!(app.image_shown(Who::Member, &id).await["status"], "queued");
    assert!(app.host.image_data().is_empty());
    let data = root_filesystem("web");
    app.upload(Who::Member, &id, data.into()).await.expect(204);
    assert_eq!(app.image_shown(Who::Member, &id).await["status"], "active");
}

#[tokio::test]
async fn a_public_image_is_used_by_others_and_changed_by_none() {
    let app = TestApp::start().await;
    let id = app.image_of(json!({"name": "base"}), "base").await;
    let publish = json!([{"op": "replace", "path": "/visibility", "value": "public"}]);
    app.patch(Who::Member, &id, publish.clone())
        .await
        .expect(403);
    app.patch(Who::Admin, &id, publish).await.expect(200);
    assert_eq!(
        app.image_shown(Who::Stranger, &id).await["visibility"],
        "public"
    );
    let body = json!({"name": "theirs", "spec": {"image": "base", "image_driver": "glance"}});
    let made = app
        .post(Who::Stranger, "/zund/v1/containers", body)
        .await
        .expect(202);
    let made = made.json();
    assert_eq!(app.ended(Who::Stranger, &made).await["state"], "succeeded");
    let path = format!("{IMAGES}/{id}");
    let rename = json!([{"op": "replace", "path": "/name", "value": "mine"}]);
    for refused in [
        app.patch(Who::Stranger, &id, rename).await,
        app.ask(Who::Stranger, "DELETE", &path, None).await,
        app.upload(Who::Stranger, &id, Body::empty()).await,
    ] {
        let refused = refused.expect(403);
        assert!(
            refused.text.contains("belongs to another project"),
            "{}",
            refused.text
        );
    }
    let hide = json!([{"op": "replace", "path": "/visibility", "value": "private"}]);
    let refused = app.patch(Who::Member, &id, hide).await.expect(409);
    assert!(
        refused.text.contains("of another project is made of it"),
        "{}",
        refused.text
    );
    app.ask(Who::Member, "DELETE", &path, None)
        .await
        .expect(409);
}

#[tokio::test]
async fn an_image_comes_from_a_registry() {
    let app = TestApp::start().await;
    let image = super::FakeImage::of("r.test/web:1".parse().unwrap(), super::Script::default());
    app.host.push_image(&image);
    let body = json!({"name": "web", "reference": "r.test/web:1", "tags": ["a"]});
    let made = app
        .post(Who::Member, "/zund/v1/images", body)
        .await
        .expect(202)
        .json();
    assert_eq!(made["image"]["status"], "saving");
    let ended = app.ended(Who::Member, &made).await;
    assert_eq!(ended["state"], "succeeded", "{ended}");
    let id = made["image"]["id"].as_str().unwrap();
    let shown = app
        .get(Who::Member, &format!("/zund/v1/images/{id}"))
        .await
        .json();
    assert_eq!(
        (&shown["status"], &shown["kind"]),
        (&json!("active"), &json!("docker"))
    );
    assert_eq!(shown["reference"], "r.test/web:1");
    assert_eq!(app.image_shown(Who::Member, id).await["tags"], json!(["a"]));
}

#[tokio::test]
async fn an_image_comes_from_a_registry_that_wants_to_know_who_asks() {
    let app = TestApp::start().await;
    super::registry::stocked(&app);
    super::registry::made(&app, super::registry::ours()).await;
    let body = json!({"name": "app", "reference": "team/app:1", "registry": "ours"});
    let made = app
        .post(Who::Member, "/zund/v1/images", body.clone())
        .await
        .expect(202)
        .json();
    let ended = app.ended(Who::Member, &made).await;
    assert_eq!(ended["state"], "succeeded", "{ended}");
    assert_eq!(made["image"]["reference"], "r.example:5000/team/app:1");
    let refused = app
        .post(Who::Stranger, "/zund/v1/images", body)
        .await
        .expect(404);
    assert!(
        refused.detail().contains("registry ours"),
        "{}",
        refused.detail()
    );
    let body = json!({"name": "app", "reference": "r.example:5000/team/app:1"});
    let refused = app
        .post(Who::Member, "/zund/v1/images", body)
        .await
        .expect(400);
    assert!(
        refused
            .detail()
            .contains("image r.example:5000/team/app:1:"),
        "{}",
        refused.detail()
    );
}
