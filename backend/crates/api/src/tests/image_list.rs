//! Lists of images: filters, order, pages, and what clients ask before them.

use serde_json::{Value, json};

use super::{TestApp, Who};

async fn stocked() -> TestApp {
    let app = TestApp::start().await;
    for (name, format, tags, color) in [
        ("a", "raw", json!(["x"]), "red"),
        ("b", "qcow2", json!(["x", "y"]), "blue"),
        ("c, d", "raw", json!([]), "red"),
    ] {
        let body = json!({"name": name, "disk_format": format, "tags": tags, "color": color});
        app.image(body).await;
        app.clock.advance(60);
    }
    app.image_of(json!({"name": "full", "protected": true}), "full")
        .await;
    app.image(json!({"name": "hidden", "os_hidden": true}))
        .await;
    app
}

fn names(listed: &Value) -> Vec<&str> {
    let images = listed["images"].as_array().unwrap();
    images
        .iter()
        .map(|image| image["name"].as_str().unwrap())
        .collect()
}

#[tokio::test]
async fn filters_and_orders() {
    let app = stocked().await;
    for (query, expected) in [
        ("", vec!["full", "c, d", "b", "a"]),
        ("sort=name:asc", vec!["a", "b", "c, d", "full"]),
        (
            "sort_key=name&sort_dir=desc",
            vec!["full", "c, d", "b", "a"],
        ),
        (
            "sort_key=disk_format&sort_key=name&sort_dir=asc",
            vec!["full", "b", "a", "c, d"],
        ),
        ("name=a", vec!["a"]),
        ("name=in:a,%22c,%20d%22", vec!["c, d", "a"]),
        ("status=active", vec!["full"]),
        ("status=in:active,queued&disk_format=raw", vec!["c, d", "a"]),
        ("tag=x&tag=y", vec!["b"]),
        ("color=red", vec!["c, d", "a"]),
        ("protected=true", vec!["full"]),
        ("os_hidden=true", vec!["hidden"]),
        ("visibility=public", vec![]),
        ("visibility=all&size_min=1", vec!["full"]),
        ("size_max=0", vec!["c, d", "b", "a"]),
        (
            "created_at=gt:2026-11-21T07:06:34Z",
            vec!["full", "c, d", "b"],
        ),
        ("created_at=lte:2026-11-21T07:05:35", vec!["a"]),
        ("member_status=all&name=b", vec!["b"]),
    ] {
        let listed = app
            .get(Who::Reader, &format!("/image/v2/images?{query}"))
            .await;
        let listed = listed.expect(200).json();
        assert_eq!(names(&listed), expected, "{query}");
        assert!(listed.get("next").is_none(), "{query}");
        assert_eq!(listed["schema"], "/v2/schemas/images");
    }
}

#[tokio::test]
async fn pages_lead_to_the_next() {
    let app = stocked().await;
    let mut at = "/v2/images?limit=3&sort=name:asc".to_owned();
    let mut pages = Vec::new();
    loop {
        let listed = app
            .get(Who::Member, &format!("/image{at}"))
            .await
            .expect(200)
            .json();
        assert_eq!(listed["first"], "/v2/images?limit=3&sort=name%3Aasc");
        pages.push(names(&listed).join("|"));
        match listed["next"].as_str() {
            Some(next) => next.clone_into(&mut at),
            None => break,
        }
    }
    assert_eq!(pages, ["a|b|c, d", "full"]);
}

#[tokio::test]
async fn what_is_no_filter_is_refused() {
    let app = stocked().await;
    for (query, words) in [
        ("limit=x", "limit: \"x\" is not valid: a whole number"),
        ("marker=x", "marker: \"x\" is not valid: the id of an image"),
        (
            "marker=10000000-0000-4000-8000-00000000ffff",
            "is none of these",
        ),
        ("sort_key=color", "one of id, name, status"),
        ("sort=name:up", "asc or desc is expected"),
        ("visibility=shared", "private, public or all is expected"),
        ("protected=maybe", "true or false is expected"),
        ("created_at=soon", "a time such as 2026-01-01T00:00:00Z"),
        ("owner=me", "the id of a project is expected"),
        ("id=1", "the id of an image is expected"),
    ] {
        let refused = app
            .get(Who::Member, &format!("/image/v2/images?{query}"))
            .await
            .expect(400);
        let body = refused.json();
        assert_eq!(
            (&body["code"], &body["title"]),
            (&json!("400 Bad Request"), &json!("Bad Request"))
        );
        let message = body["message"].as_str().unwrap();
        assert!(message.contains(words), "{query}: {message}");
    }
}

#[tokio::test]
async fn clients_find_their_way() {
    let app = TestApp::start().await;
    let versions = app.get(Who::Nobody, "/image").await.expect(300).json();
    let link = &versions["versions"][0]["links"][0]["href"];
    assert_eq!(link, "http://zun.test:9517/image/v2/");
    app.get(Who::Nobody, "/image/versions").await.expect(200);
    app.get(Who::Nobody, "/image/v2/").await.expect(200);
    let schema = app
        .get(Who::Reader, "/image/v2/schemas/image")
        .await
        .expect(200)
        .json();
    assert_eq!(schema["properties"]["size"]["readOnly"], true);
    assert_eq!(schema["properties"]["name"].get("readOnly"), None);
    app.get(Who::Reader, "/image/v2/schemas/images")
        .await
        .expect(200);
    let import = app
        .get(Who::Reader, "/image/v2/info/import")
        .await
        .expect(200)
        .json();
    assert_eq!(import["import-methods"]["value"], json!([]));
    let catalog = app
        .get(Who::Member, "/identity/v3/auth/catalog")
        .await
        .expect(200)
        .text;
    assert!(
        catalog.contains("http://zun.test:9517/image\""),
        "{catalog}"
    );
}
