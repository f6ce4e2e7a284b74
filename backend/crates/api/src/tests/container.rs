//! `/v1/containers` as Zun's clients use it.

use serde_json::{Value, json};

use super::{TestApp, Who};

/// Follows a container until it has this status and no task.
async fn settled(app: &TestApp, uuid: &str, status: &str) -> Value {
    let path = format!("/zund/v1/containers/{uuid}");
    let now = app.get(Who::Member, &path).await.expect(200).json();
    if let Some(operation) = now["operation"].as_str() {
        let wait = format!("/zund/v1/operations/{operation}?wait=30");
        let operation = app.get(Who::Member, &wait).await.expect(200).json();
        assert_eq!(operation["state"], "succeeded", "{operation}");
    }
    let shown = app
        .get(Who::Member, &format!("/v1/containers/{uuid}"))
        .await
        .expect(200)
        .json();
    assert_eq!(shown["status"], status, "{shown}");
    assert_eq!(shown["task_state"], Value::Null);
    shown
}

async fn create(app: &TestApp, query: &str, body: Value) -> Value {
    app.post(Who::Member, &format!("/v1/containers{query}"), body)
        .await
        .expect(202)
        .json()
}

fn uuid(container: &Value) -> &str {
    container["uuid"].as_str().unwrap()
}

#[tokio::test]
async fn a_member_sees_what_upstream_shows() {
    let app = TestApp::start().await;
    let reply = app
        .post(
            Who::Member,
            "/v1/containers",
            json!({"name": "c1", "image": "nginx"}),
        )
        .await;
    let reply = reply.expect(202);
    let made = reply.json();
    let link = format!("http://zun.test:9517/v1/containers/{}", uuid(&made));
    assert_eq!(reply.header("location"), link);
    assert_eq!(made["links"][0], json!({"href": link, "rel": "self"}));
    assert_eq!(made["status"], "Creating");
    let shown = settled(&app, uuid(&made), "Created").await;
    let mut keys: Vec<&str> = shown
        .as_object()
        .unwrap()
        .keys()
        .map(String::as_str)
        .collect();
    keys.sort_unstable();
    let mut upstream: Vec<&str> = "uuid links name project_id user_id image cpu cpu_policy memory command status \
        status_reason task_state environment workdir auto_remove ports hostname labels addresses restart_policy \
        status_detail interactive tty image_driver security_groups disk auto_heal healthcheck registry_id entrypoint \
        created_at updated_at"
        .split_whitespace()
        .collect();
    upstream.sort_unstable();
    assert_eq!(
        keys, upstream,
        "no field that upstream does not have, and none missing"
    );
    assert_eq!(shown["memory"], "512");
    assert_eq!(shown["cpu"], json!(1.0));
    assert_eq!(shown["created_at"], "2026-11-21 07:05:34.731300");
    let admin = app
        .get(Who::Admin, &format!("/v1/containers/{}", uuid(&made)))
        .await
        .expect(200)
        .json();
    for field in ["host", "runtime", "privileged", "image_pull_policy"] {
        assert!(admin.get(field).is_some(), "administrators see {field}");
    }
    assert_eq!(admin["host"], "host-1");
}

#[tokio::test]
async fn what_was_sent_is_read_back() {
    let app = TestApp::start().await;
    let body = json!({
        "name": "full", "image": "nginx:2", "command": ["nginx", "-g"], "entrypoint": ["sh"], "cpu": "0.5",
        "cpu_policy": "shared", "memory": "64", "workdir": "/srv", "environment": {"A": "1"},
        "labels": {"tier": 3}, "hints": {}, "interactive": true, "tty": "True", "auto_remove": false,
        "auto_heal": true, "image_driver": "docker", "restart_policy": {"Name": "on-failure", "MaximumRetryCount": "3"},
        "security_groups": [], "nets": [], "mounts": [], "registry": null, "hostname": "web-1",
        "healthcheck": {"cmd": "true", "interval": 5, "retries": 2, "timeout": "3"}, "exposed_ports": {"80": {}},
    });
    let made = create(&app, "?run=true", body).await;
    let shown = settled(&app, uuid(&made), "Running").await;
    let expected = json!({
        "name": "full", "image": "nginx:2", "command": ["nginx", "-g"], "entrypoint": ["sh"], "cpu": 0.5,
        "memory": "64", "workdir": "/srv", "environment": {"A": "1"}, "labels": {"tier": "3"}, "interactive": true,
        "tty": true, "auto_heal": true, "restart_policy": {"Name": "on-failure", "MaximumRetryCount": "3"},
        "hostname": "web-1", "healthcheck": {"test": "true", "interval": 5, "retries": 2, "timeout": 3},
    });
    for (field, value) in expected.as_object().unwrap() {
        assert_eq!(&shown[field], value, "{field}");
    }
    let detail = shown["status_detail"].as_str().unwrap();
    assert!(detail.starts_with("Up "), "{detail}");
}

#[tokio::test]
async fn every_verb_and_its_wrong_state() {
    let app = TestApp::start().await;
    let made = create(&app, "", json!({"name": "c1", "image": "nginx"})).await;
    let id = uuid(&made).to_owned();
    settled(&app, &id, "Created").await;
    let verb = async |verb: &str| {
        let path = format!("/v1/containers/c1/{verb}");
        app.ask(Who::Member, "POST", &path, None).await
    };
    let wrong = verb("pause").await.expect(409);
    assert_eq!(
        wrong.json()["errors"][0]["code"],
        "container.invalid-state-exception"
    );
    assert!(wrong.detail().contains("cannot pause"), "{}", wrong.text);
    for (path, status) in [
        ("start", "Running"),
        ("pause", "Paused"),
        ("unpause", "Running"),
        ("reboot?timeout=1", "Running"),
        ("stop?timeout=1", "Stopped"),
        ("start", "Running"),
        ("kill?signal=None", "Stopped"),
    ] {
        assert_eq!(verb(path).await.expect(202).json(), Value::Null);
        settled(&app, &id, status).await;
    }
    for path in [
        "stop?timeout=-1",
        "stop?timeout=x",
        "stop?seconds=1",
        "kill?signal=FOO",
        "reboot?force=1",
    ] {
        verb(path).await.expect(400);
    }
    verb("unpause").await.expect(409);
    let gone = app
        .ask(Who::Member, "DELETE", "/v1/containers/c1", None)
        .await
        .expect(204);
    assert_eq!(gone.text, "");
}

#[tokio::test]
async fn patch_waits_and_shows_the_new_values() {
    let app = TestApp::start().await;
    let id = app.running("web").await;
    let path = format!("/v1/containers/{id}");
    let body = json!({"cpu": 0.5, "memory": "128", "name": "renamed", "auto_heal": true});
    let shown = app
        .ask(Who::Member, "PATCH", &path, Some(body))
        .await
        .expect(200)
        .json();
    assert_eq!(shown["memory"], "128");
    assert_eq!(shown["cpu"], json!(0.5));
    assert_eq!(shown["name"], "renamed");
    assert_eq!(shown["task_state"], Value::Null);
    app.ask(Who::Member, "PATCH", &path, Some(json!({})))
        .await
        .expect(200);
    let refused = app
        .ask(Who::Member, "PATCH", &path, Some(json!({"image": "x"})))
        .await
        .expect(400);
    assert!(refused.detail().contains("image"));
    let refused = app
        .ask(Who::Member, "PATCH", &path, Some(json!({"memory": 9000})))
        .await
        .expect(400);
    assert!(
        refused.detail().contains("memory: 9000 is not valid"),
        "{}",
        refused.text
    );
}

#[tokio::test]
async fn names_stand_for_one() {
    let app = TestApp::start().await;
    for _ in 0..2 {
        create(&app, "", json!({"name": "twin", "image": "nginx"})).await;
    }
    let twin = app
        .get(Who::Member, "/v1/containers/twin")
        .await
        .expect(409);
    assert_eq!(twin.json()["errors"][0]["code"], "container.conflict");
    let other = app
        .post(
            Who::Stranger,
            "/v1/containers",
            json!({"name": "solo", "image": "nginx"}),
        )
        .await;
    let other = other.expect(202).json();
    app.get(Who::Member, "/v1/containers/solo")
        .await
        .expect(404);
    let seen = app
        .get(Who::Admin, "/v1/containers/solo")
        .await
        .expect(200)
        .json();
    assert_eq!(seen["uuid"], other["uuid"]);
    // A name of the own project comes before the same name elsewhere.
    let own = app
        .post(
            Who::Admin,
            "/v1/containers",
            json!({"name": "solo", "image": "nginx"}),
        )
        .await;
    let seen = app
        .get(Who::Admin, "/v1/containers/solo")
        .await
        .expect(200)
        .json();
    assert_eq!(seen["uuid"], own.expect(202).json()["uuid"]);
    app.get(Who::Member, "/v1/containers/twin?all_projects=true")
        .await
        .expect(403);
}

#[tokio::test]
async fn what_it_prints_and_does() {
    let app = TestApp::start().await;
    let id = app.running("web").await;
    let get = async |rest: &str| {
        app.get(Who::Reader, &format!("/v1/containers/{id}/{rest}"))
            .await
    };
    for query in [
        "",
        "?stdout=True&stderr=True&timestamps=False&tail=all",
        "?tail=3&since=",
        "?since=1700000000",
        "?since=2026-01-31%2023:59:59,000",
    ] {
        assert!(
            get(&format!("logs{query}"))
                .await
                .expect(200)
                .json()
                .is_string(),
            "{query}"
        );
    }
    for query in ["?since=None", "?tail=x", "?stdout=maybe", "?follow=1"] {
        get(&format!("logs{query}")).await.expect(400);
    }
    let top = get("top?ps_args=None").await.expect(200).json();
    assert!(top["Titles"].is_array() && top["Processes"].is_array());
    let stats = get("stats").await.expect(200).json();
    assert_eq!(stats["CONTAINER"], "web");
    for key in [
        "CPU %",
        "MEM USAGE(MiB)",
        "MEM LIMIT(MiB)",
        "MEM %",
        "BLOCK I/O(B)",
        "NET I/O(B)",
    ] {
        assert!(stats.get(key).is_some(), "{key}");
    }
    let later = get("attach").await.expect(404);
    assert!(
        later.detail().contains("attach is not served"),
        "{}",
        later.text
    );
    let path = format!("/v1/containers/{id}/resize?h=0&w=80");
    app.ask(Who::Member, "POST", &path, None).await.expect(400);
}

#[tokio::test]
async fn environment_is_for_its_own_project() {
    let app = TestApp::start().await;
    let body = json!({"name": "env", "image": "nginx", "environment": {"KEY": "hush"}});
    let made = create(&app, "", body).await;
    for path in ["/v1/containers", "/zund/v1/containers"] {
        let path = format!("{path}/{}", uuid(&made));
        let own = app.get(Who::Reader, &path).await.expect(200);
        assert!(own.text.contains("hush"));
        let admin = app.get(Who::Admin, &path).await.expect(200);
        assert!(!admin.text.contains("hush"), "{}", admin.text);
    }
}

#[tokio::test]
async fn every_spelling_of_an_address() {
    let app = TestApp::start().await;
    for path in [
        "/v1/containers",
        "/v1/containers/",
        "/containers",
        "/containers/",
        "/v1/containers.json",
    ] {
        let list = app.get(Who::Member, path).await.expect(200).json();
        assert_eq!(list, json!({"containers": [], "next": null}), "{path}");
    }
    for path in ["/v1", "/v1/", "/v1.json"] {
        let version = app.get(Who::Nobody, path).await.expect(200).json();
        assert_eq!(
            version["containers"][1]["href"],
            "http://zun.test:9517/containers/"
        );
    }
    app.get(Who::Nobody, "/v1/none").await.expect(401);
    let none = app.get(Who::Member, "/v1/none").await.expect(404).json();
    assert_eq!(none["errors"][0]["title"], "Not Found");
    let method = app
        .ask(Who::Member, "PUT", "/v1/containers/x", None)
        .await
        .expect(405);
    for allowed in ["GET", "PATCH", "DELETE"] {
        assert!(
            method.header("allow").contains(allowed),
            "{}",
            method.header("allow")
        );
    }
    assert_eq!(
        app.get(Who::Nobody, "/healthcheck").await.expect(200).text,
        "OK"
    );
}
