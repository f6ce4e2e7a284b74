//! What `/volume/v3` refuses: each with its status, its shape and its sentence.

use serde_json::json;

use super::{TestApp, Who};

/// What is nowhere.
const NONE: &str = "10000000-0000-4000-8000-00000000ffff";

/// A body of a create, and words of the refusal.
const WRONG: &[(&str, &str)] = &[
    ("{}", "volume: is required"),
    (r#"{"volume": 5}"#, "volume: must be an object"),
    (r#"{"volume": {}}"#, "size: is missing"),
    (
        r#"{"volume": {"size": 0}}"#,
        "size: 0 is not valid: a whole number from 1 to",
    ),
    (
        r#"{"volume": {"size": "big"}}"#,
        "size: \"big\" is not valid",
    ),
    (r#"{"volume": {"size": 1.5}}"#, "size: 1.5 is not valid"),
    (
        r#"{"volume": {"size": 1, "name": 5}}"#,
        "name: must be a string",
    ),
    (
        r#"{"volume": {"size": 1, "name": "LONG"}}"#,
        "name: has 256 characters: at most 255",
    ),
    (
        r#"{"volume": {"size": 1, "description": "LONG"}}"#,
        "description: has 256 characters",
    ),
    (
        r#"{"volume": {"size": 1, "metadata": "a=b"}}"#,
        "metadata: must be an object of strings",
    ),
    (
        r#"{"volume": {"size": 1, "metadata": {"a": 1}}}"#,
        "metadata.a: must be a string",
    ),
    (
        r#"{"volume": {"size": 1, "metadata": {"": "x"}}}"#,
        "metadata: a key is empty",
    ),
    (
        r#"{"volume": {"size": 1, "metadata": {"a": "LONG"}}}"#,
        "metadata.a: has 256 characters",
    ),
    (
        r#"{"volume": {"size": 1, "metadata": {"LONG": "a"}}}"#,
        "a key of metadata: has 256 characters",
    ),
    (
        r#"{"volume": {"size": 1, "snapshot_id": "x"}}"#,
        "snapshot_id: must be a uuid",
    ),
    (
        r#"{"volume": {"size": 1, "source_volid": "x"}}"#,
        "source_volid: must be a uuid",
    ),
    (
        r#"{"volume": {"size": 1, "source_volid": "x", "snapshot_id": "y"}}"#,
        "made from one of them",
    ),
    (
        r#"{"volume": {"size": 1, "imageRef": "x"}}"#,
        "imageRef: volumes are not made from images here",
    ),
    (
        r#"{"volume": {"size": 1, "backup_id": "x"}}"#,
        "backup_id: there are no backups",
    ),
    (
        r#"{"volume": {"size": 1, "consistencygroup_id": "x"}}"#,
        "consistencygroup_id: there are no groups",
    ),
    (
        r#"{"volume": {"size": 1, "multiattach": "perhaps"}}"#,
        "multiattach: must be a boolean",
    ),
    (
        r#"{"volume": {"size": 1, "multiattach": true, "volume_type": "single"}}"#,
        "goes without volume_type",
    ),
    (
        r#"{"volume": {"size": 1, "availability_zone": "mars"}}"#,
        "availability_zone: \"mars\" has no host",
    ),
];

#[tokio::test]
async fn volumes_that_cannot_be() {
    let app = TestApp::start().await;
    let create = async |body: &str| {
        let body = serde_json::from_str(&body.replace("LONG", &"x".repeat(256))).unwrap();
        app.post(Who::Member, &app.block("volumes"), body).await
    };
    for (body, words) in WRONG {
        let refused = create(body).await.expect(400);
        assert!(refused.detail().contains(words), "{body}: {}", refused.text);
        assert_eq!(refused.json()["badRequest"]["code"], 400);
    }
    for (field, words) in [
        ("snapshot_id", "snapshot"),
        ("source_volid", "volume"),
        ("volume_type", "volume type"),
    ] {
        let refused = create(&format!(
            r#"{{"volume": {{"size": 1, "{field}": "{NONE}"}}}}"#
        ))
        .await
        .expect(404);
        assert!(
            refused
                .detail()
                .starts_with(&format!("{words} {NONE} could not be found")),
            "{}",
            refused.text
        );
    }
    let full = create(r#"{"volume": {"size": 2000000000}}"#)
        .await
        .expect(409);
    assert!(
        full.detail().contains("raise volume_overcommit"),
        "{}",
        full.text
    );
    let source = app.volume(json!({"size": 3})).await;
    let small = create(&format!(
        r#"{{"volume": {{"size": 2, "source_volid": "{source}"}}}}"#
    ))
    .await
    .expect(400);
    assert!(
        small.detail().contains("size: 2 is below the 3 GiB"),
        "{}",
        small.text
    );
    let listed = app
        .get(Who::Member, &app.block("volumes"))
        .await
        .expect(200)
        .json();
    assert_eq!(
        listed["volumes"].as_array().unwrap().len(),
        1,
        "what was refused leaves nothing behind"
    );
}

/// Method, address, body, status, and words of the refusal.
type Wrong = (&'static str, &'static str, &'static str, u16, &'static str);

const WRONG_ELSEWHERE: &[Wrong] = &[
    (
        "POST",
        "snapshots",
        r#"{"snapshot": {}}"#,
        400,
        "volume_id: is required",
    ),
    (
        "POST",
        "snapshots",
        r#"{"snapshot": {"volume_id": "data"}}"#,
        400,
        "volume_id: must be a uuid",
    ),
    (
        "POST",
        "snapshots",
        r#"{"snapshot": {"volume_id": "NONE"}}"#,
        404,
        "could not be found",
    ),
    (
        "POST",
        "snapshots",
        r#"{"snapshot": {"volume_id": "VOLUME", "force": "x"}}"#,
        400,
        "force: must be a boolean",
    ),
    (
        "POST",
        "snapshots",
        r#"{"volume_id": "VOLUME"}"#,
        400,
        "snapshot: is required",
    ),
    (
        "PUT",
        "volumes/VOLUME",
        r#"{"name": "x"}"#,
        400,
        "volume: is required",
    ),
    (
        "PUT",
        "volumes/VOLUME/metadata",
        "{}",
        400,
        "metadata: is required",
    ),
    (
        "POST",
        "volumes/VOLUME/metadata",
        r#"{"metadata": []}"#,
        400,
        "metadata: must be an object",
    ),
    (
        "PUT",
        "volumes/VOLUME/metadata/a",
        r#"{"meta": {"b": "c"}}"#,
        400,
        "meta: must hold \"a\"",
    ),
    (
        "PUT",
        "volumes/VOLUME/metadata/a",
        r#"{"meta": {"a": "b", "b": "c"}}"#,
        400,
        "and nothing else",
    ),
    (
        "GET",
        "volumes/data",
        "",
        404,
        "volume data could not be found",
    ),
    (
        "GET",
        "snapshots/data",
        "",
        404,
        "snapshot data could not be found",
    ),
    ("DELETE", "snapshots/NONE", "", 404, "snapshot 1000"),
    ("GET", "backups", "", 404, "there is nothing at /volume/v3/"),
    ("PATCH", "volumes", "", 405, "does not take PATCH"),
    (
        "DELETE",
        "volumes/VOLUME?cascade=x",
        "",
        400,
        "cascade: must be a boolean",
    ),
    (
        "GET",
        "types?is_public=x",
        "",
        400,
        "is_public: must be a boolean",
    ),
];

#[tokio::test]
async fn snapshots_and_words_that_cannot_be() {
    let app = TestApp::start().await;
    let volume = app.volume(json!({"size": 1})).await;
    for (method, rest, body, status, words) in WRONG_ELSEWHERE {
        let fill = |text: &str| text.replace("VOLUME", &volume).replace("NONE", NONE);
        let (path, body) = (
            app.block(&fill(rest)),
            serde_json::from_str(&fill(body)).ok(),
        );
        let refused = app
            .ask(Who::Member, method, &path, body)
            .await
            .expect(*status);
        assert!(
            refused.detail().contains(words),
            "{method} {rest}: {}",
            refused.text
        );
    }
}

#[tokio::test]
async fn the_address_holds_the_project_of_the_token() {
    let app = TestApp::start().await;
    let volume = app.volume(json!({"name": "data", "size": 1})).await;
    for project in ["nonsense", NONE] {
        let reply = app
            .get(Who::Member, &format!("/volume/v3/{project}/volumes"))
            .await
            .expect(404);
        assert!(
            reply.detail().contains(&app.shop.0.simple().to_string()),
            "{}",
            reply.text
        );
    }
    // An administrator's address is its own project's too; from there it sees every volume.
    app.get(Who::Admin, &app.block("volumes")).await.expect(404);
    let own = app.project_of(Who::Admin).await;
    let path = format!("/volume/v3/{own}/volumes");
    let shown = app
        .get(Who::Admin, &format!("{path}/{volume}"))
        .await
        .expect(200)
        .json();
    assert_eq!(
        shown["volume"]["os-vol-tenant-attr:tenant_id"],
        app.shop.0.simple().to_string()
    );
    app.get(Who::Admin, &format!("{path}/data"))
        .await
        .expect(404);
}

#[tokio::test]
async fn bodies_of_refusals() {
    let app = TestApp::start().await;
    let post = async |who: Who, kind: &str, body: String| {
        let request = http::Request::post(app.block("volumes"))
            .header(
                "x-auth-token",
                app.tokens.get(&who).map_or("", String::as_str),
            )
            .header("content-type", kind)
            .body(axum::body::Body::from(body));
        app.send(request.unwrap()).await
    };
    let (good, long) = (r#"{"volume": {"size": 1}}"#, " ".repeat(1_100_000));
    let json = "application/json";
    for (who, kind, body, status, name) in [
        (Who::Reader, json, good, 403, "forbidden"),
        (Who::Member, "text/plain", good, 415, "badMediaType"),
        (Who::Member, json, "{", 400, "badRequest"),
        (Who::Member, json, "[]", 400, "badRequest"),
        (Who::Member, json, &long, 413, "overLimit"),
        (Who::Nobody, json, good, 401, "error"),
    ] {
        let reply = post(who, kind, body.to_owned()).await.expect(status);
        let body = reply.json();
        assert_eq!(body[name]["code"], status, "{body}");
        assert!(!reply.detail().is_empty(), "{body}");
    }
}
