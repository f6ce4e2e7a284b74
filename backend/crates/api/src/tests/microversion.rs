//! Microversions: how one is asked for, and what each row of Zun's table allows.

use serde_json::{Value, json};

use super::{TestApp, Who};

#[tokio::test]
async fn every_answer_says_the_versions() {
    let app = TestApp::start().await;
    for (asked, who, path, chosen) in [
        ("", Who::Nobody, "/v1/", "container 1.1"),
        ("container 1.7", Who::Member, "/containers", "container 1.7"),
        (
            "container latest",
            Who::Member,
            "/v1/containers/none",
            "container 1.40",
        ),
        (
            "container latest",
            Who::Member,
            "/v1/none",
            "container 1.40",
        ),
    ] {
        let reply = app.ask_in(asked, who, "GET", path, None).await;
        assert_eq!(reply.header("openstack-api-version"), chosen, "{path}");
        assert_eq!(
            reply.header("openstack-api-minimum-version"),
            "container 1.1"
        );
        assert_eq!(
            reply.header("openstack-api-maximum-version"),
            "container 1.40"
        );
        assert_eq!(reply.header("vary"), "OpenStack-API-Version");
        assert!(reply.header("x-openstack-request-id").starts_with("req-"));
    }
    let root = app
        .ask_in("nonsense", Who::Nobody, "GET", "/", None)
        .await
        .expect(200);
    assert_eq!(root.header("openstack-api-version"), "");
    assert_eq!(root.json()["versions"][0]["max_version"], "1.40");
    assert_eq!(
        root.json()["versions"][0]["links"][0]["href"],
        "http://zun.test:9517/v1/"
    );
}

#[tokio::test]
async fn a_version_that_is_not_served_is_406() {
    let app = TestApp::start().await;
    for asked in [
        "container",
        "compute 1.1",
        "container one",
        "container 1.1 2",
    ] {
        let reply = app
            .ask_in(asked, Who::Member, "GET", "/v1/containers", None)
            .await
            .expect(406);
        assert_eq!(reply.header("openstack-api-version"), "");
        assert!(reply.detail().contains("container X.Y"), "{}", reply.text);
    }
    for asked in ["container 1.0", "container 1.41", "container 2.1"] {
        let reply = app
            .ask_in(asked, Who::Member, "GET", "/v1/containers", None)
            .await
            .expect(406);
        let error = reply.json()["errors"][0].clone();
        assert_eq!(error["code"], "zun.microversion-unsupported");
        assert_eq!(error["min_version"], "1.1");
        assert_eq!(error["max_version"], "1.40");
        assert_eq!(error["links"][0]["rel"], "help");
    }
    app.ask_in("container 9.9", Who::Nobody, "GET", "/v1/containers", None)
        .await
        .expect(401);
}

/// Parameter, the version it came with, a value.
fn parameters() -> Vec<(&'static str, u16, Value)> {
    vec![
        ("auto_remove", 3, json!(false)),
        ("runtime", 5, json!("runc")),
        ("hostname", 9, json!("web")),
        ("privileged", 21, json!(false)),
        ("healthcheck", 22, json!({"cmd": "true", "interval": 5})),
        ("exposed_ports", 24, json!({"80/tcp": {}})),
        ("host", 39, json!("host-1")),
        ("entrypoint", 40, json!(["sh"])),
    ]
}

#[tokio::test]
async fn each_create_parameter_has_its_first_version() {
    let app = TestApp::start().await;
    for (name, since, value) in parameters() {
        let mut body = json!({"image": "nginx", "cpu": 0.1, "memory": "8"});
        body[name] = value;
        let ask = async |minor: u16| {
            let version = format!("container 1.{minor}");
            app.ask_in(
                &version,
                Who::Admin,
                "POST",
                "/v1/containers",
                Some(body.clone()),
            )
            .await
        };
        let below = ask(since - 1).await.expect(400);
        assert!(below.detail().contains(name), "{}", below.text);
        assert!(
            below.detail().contains(&format!("1.{since}")),
            "{}",
            below.text
        );
        ask(1).await.expect(400);
        ask(since).await.expect(202);
        ask(40).await.expect(202);
    }
    for (name, since) in [("mounts", 11), ("registry", 31)] {
        let mut body = json!({"image": "nginx"});
        body[name] = if name == "mounts" {
            json!([{"destination": "/x"}])
        } else {
            json!("reg")
        };
        let version = format!("container 1.{}", since - 1);
        let below = app
            .ask_in(&version, Who::Member, "POST", "/v1/containers", Some(body))
            .await;
        assert!(below.expect(400).detail().contains(&format!("1.{since}")));
    }
}

#[tokio::test]
async fn each_route_has_its_versions() {
    let app = TestApp::start().await;
    let id = app.running("web").await;
    let rename = format!("/v1/containers/{id}/rename?name=other");
    let resize = format!("/v1/containers/{id}/resize_container");
    for (who, method, path, minor, status) in [
        (Who::Admin, "GET", "/v1/hosts", 3, 406),
        (Who::Admin, "GET", "/v1/hosts", 4, 200),
        (Who::Admin, "GET", "/v1/hosts", 40, 200),
        (Who::Member, "POST", rename.as_str(), 14, 406),
        (Who::Member, "POST", rename.as_str(), 40, 406),
        (Who::Member, "POST", rename.as_str(), 13, 200),
        (Who::Member, "POST", resize.as_str(), 18, 406),
        (Who::Member, "POST", resize.as_str(), 19, 202),
    ] {
        let version = format!("container 1.{minor}");
        let reply = app.ask_in(&version, who, method, path, None).await;
        assert_eq!(reply.status, status, "{path} in 1.{minor}: {}", reply.text);
    }
}

#[tokio::test]
async fn delete_flags_have_their_versions() {
    let app = TestApp::start().await;
    let id = app.running("web").await;
    let ask = async |minor: u16, who: Who, query: &str| {
        let version = format!("container 1.{minor}");
        let path = format!("/v1/containers/{id}?{query}");
        app.ask_in(&version, who, "DELETE", &path, None).await
    };
    ask(6, Who::Admin, "force=true").await.expect(400);
    ask(11, Who::Member, "stop=true").await.expect(400);
    ask(7, Who::Member, "force=true").await.expect(403);
    // Both flags together do not go around the right.
    ask(40, Who::Member, "force=true&stop=true")
        .await
        .expect(403);
    ask(40, Who::Member, "force=False&stop=False&all_projects=False")
        .await
        .expect(409);
    ask(12, Who::Member, "stop=true").await.expect(204);
}

#[tokio::test]
async fn commands_were_one_text_and_terminals_one_flag() {
    let app = TestApp::start().await;
    let create = async |minor: u16, body: Value| {
        let version = format!("container 1.{minor}");
        app.ask_in(&version, Who::Member, "POST", "/v1/containers", Some(body))
            .await
    };
    let text = json!({"image": "nginx", "command": "sh -c 'echo a b'"});
    let list = json!({"image": "nginx", "command": ["sh", "-c", "echo a b"]});
    for (minor, body) in [(19, &text), (20, &list)] {
        let made = create(minor, body.clone()).await.expect(202).json();
        assert_eq!(made["command"], json!(["sh", "-c", "echo a b"]));
    }
    create(20, text).await.expect(400);
    create(19, list).await.expect(400);
    create(19, json!({"image": "nginx", "command": "sh 'open"}))
        .await
        .expect(400);
    for (minor, tty) in [(19, false), (20, true), (35, true), (36, false)] {
        let made = create(minor, json!({"image": "nginx", "interactive": true}))
            .await
            .expect(202);
        assert_eq!(made.json()["tty"], tty, "1.{minor}");
    }
}
