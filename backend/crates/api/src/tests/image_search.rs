//! The search for images, by names with slashes, too.

use serde_json::{Value, json};
use zun_driver::fake::{FakeImage, Script};

use super::{TestApp, Who};

async fn app() -> TestApp {
    let app = TestApp::start().await;
    for name in [
        "nginx",
        "team/nginx-extra",
        "library/nginx",
        "r.example:5000/a/b",
    ] {
        let image = FakeImage::of(name.parse().unwrap(), Script::default());
        app.host.push_image(&image);
    }
    app
}

fn names(found: &Value) -> Vec<&str> {
    let rows = found.as_array().unwrap().iter();
    rows.map(|row| row["name"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn rows_are_docker_s() {
    let app = app().await;
    let reply = app.get(Who::Reader, "/v1/images/nginx/search?exact_match=true");
    let found = reply.await.expect(200).json();
    let row = json!({
        "name": "nginx", "description": "what nginx is", "metadata": {"is_official": true, "star_count": 0},
    });
    assert_eq!(found[1], row);
}

#[tokio::test]
async fn a_name_is_everything_up_to_the_search() {
    let app = app().await;
    for (address, found) in [
        (
            "/v1/images/nginx/search",
            "library/nginx nginx team/nginx-extra",
        ),
        (
            "/v1/images/nginx:1.27/search?exact_match=1",
            "library/nginx nginx",
        ),
        ("/v1/images/team/nginx-extra/search", "team/nginx-extra"),
        (
            "/v1/images/team%2Fnginx-extra/search?image_driver=docker",
            "team/nginx-extra",
        ),
        (
            "/images/r.example:5000/a/b/search?exact_match=True",
            "r.example:5000/a/b",
        ),
        ("/v1/images/search?image=team/nginx", "team/nginx-extra"),
        (
            "/v1/images/search?image=nginx&exact_match=yes&image_driver=None",
            "library/nginx nginx",
        ),
        ("/v1/images/nobody/search", ""),
    ] {
        let reply = app.get(Who::Member, address).await.expect(200).json();
        assert_eq!(names(&reply).join(" "), found, "{address}");
    }
}

#[tokio::test]
async fn refusals_say_why() {
    let app = app().await;
    for (address, status, words) in [
        ("/v1/images/search", 400, "image: is required"),
        ("/v1/images/search?image=a%20b", 400, "without spaces"),
        (
            "/v1/images/nginx/search?image_driver=podman",
            400,
            "docker, glance",
        ),
        (
            "/v1/images/nginx/search?colour=red",
            400,
            "colour: no such parameter",
        ),
        (
            "/v1/images/nginx/search?exact_match=maybe",
            400,
            "must be a boolean",
        ),
        (
            "/v1/images/search?image=..%2f..%2fx",
            400,
            "is no name of an image",
        ),
    ] {
        let reply = app.get(Who::Member, address).await.expect(status);
        assert!(reply.detail().contains(words), "{address}: {}", reply.text);
    }
    app.host.registry_down(Some("no such host"));
    let reply = app
        .get(Who::Member, "/v1/images/nginx/search")
        .await
        .expect(503);
    assert!(reply.detail().contains("no such host"), "{}", reply.text);
}
