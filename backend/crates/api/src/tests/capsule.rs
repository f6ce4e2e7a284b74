//! Capsules by both APIs: made, shown, changed, deleted, on a fake host.

use serde_json::{Value, json};

use super::{TestApp, Who};

impl TestApp {
    /// A capsule of the member's, by our own API, when its create has ended; its uuid.
    pub(super) async fn capsule(&self, body: Value) -> String {
        let accepted = self.post(Who::Member, "/zund/v1/capsules", body).await;
        let accepted = accepted.expect(202).json();
        let operation = self.ended(Who::Member, &accepted).await;
        assert_eq!(operation["state"], "succeeded", "{operation}");
        accepted["capsule"]["uuid"].as_str().unwrap().to_owned()
    }

    async fn capsule_shown(&self, uuid: &str) -> Value {
        let path = format!("/zund/v1/capsules/{uuid}");
        self.get(Who::Member, &path).await.expect(200).json()
    }

    /// A capsule by a template, when it runs.
    async fn by_template(&self, template: Value) -> Value {
        let body = json!({"template": template});
        let reply = self
            .post(Who::Member, "/v1/capsules", body)
            .await
            .expect(202);
        let capsule = reply.json();
        let uuid = capsule["uuid"].as_str().unwrap();
        let expected = format!("http://zun.test:9517/v1/capsules/{uuid}");
        assert_eq!(reply.header("location"), expected);
        self.settled(uuid).await;
        let path = format!("/v1/capsules/{uuid}");
        self.get(Who::Member, &path).await.expect(200).json()
    }
}

fn spec() -> Value {
    json!({
        "containers": [
            {"name": "web", "spec": {"image": "nginx", "cpu": 0.5, "memory": 64,
                "ports": [{"internal": 80, "external": 8080}],
                "environment": {"SECRET": "s"}, "mounts": [{"destination": "/data", "source": "data"}]}},
            {"name": "log", "spec": {"image": "busybox", "memory": 32,
                "mounts": [{"destination": "/logs", "source": "data", "read_only": true}]}},
        ],
        "init_containers": [{"name": "prepare", "spec": {"image": "once"}}],
        "volumes": [{"name": "data", "size": 1}],
        "labels": {"app": "shop"}, "annotations": {"note": "n"}, "hostname": "shop",
    })
}

fn names(capsule: &Value, key: &str) -> Vec<String> {
    let all = capsule[key].as_array().unwrap().iter();
    all.map(|one| one["name"].as_str().unwrap().to_owned())
        .collect()
}

/// One container of it, to Zun's verbs.
async fn is_a_container_to_zun(app: &TestApp, shown: &Value) {
    let log = shown["containers"][3]["uuid"].as_str().unwrap();
    let path = format!("/v1/containers/{log}");
    assert_eq!(
        app.get(Who::Member, &path).await.expect(200).json()["name"],
        "log"
    );
    app.get(Who::Member, &format!("{path}/logs"))
        .await
        .expect(200);
    let listed = app
        .get(Who::Member, "/v1/containers")
        .await
        .expect(200)
        .json();
    assert_eq!(listed["containers"], json!([]), "its parts are not listed");
}

/// The others are not touched, and who saw the former one is refused.
async fn one_is_changed_alone(app: &TestApp, shown: &Value) {
    let mut changed = spec();
    changed["containers"][1]["spec"]["image"] = json!("nginx:2");
    let body = json!({"generation": shown["generation"], "spec": changed});
    let uuid = shown["uuid"].as_str().unwrap();
    let path = format!("/zund/v1/capsules/{uuid}");
    let accepted = app
        .put(Who::Member, &path, body.clone())
        .await
        .expect(202)
        .json();
    assert_eq!(
        app.ended(Who::Member, &accepted).await["state"],
        "succeeded"
    );
    let after = app.capsule_shown(uuid).await;
    let revisions = |shown: &Value, place: usize| shown["containers"][place]["revision"].clone();
    assert_eq!(revisions(&after, 2), revisions(shown, 2), "web is the same");
    assert_ne!(revisions(&after, 3), revisions(shown, 3), "log is new");
    assert_eq!(after["addresses"], shown["addresses"]);
    let stale = app.put(Who::Member, &path, body).await.expect(409);
    assert!(
        stale.detail().contains("is at generation"),
        "{}",
        stale.detail()
    );
}

#[tokio::test]
async fn a_capsule_lives_and_dies_on_our_own_api() {
    let app = TestApp::start().await;
    let uuid = app.capsule(json!({"name": "shop", "spec": spec()})).await;
    let shown = app.capsule_shown("shop").await;
    assert_eq!(shown["uuid"], uuid.as_str());
    assert_eq!(shown["state"], "running", "{shown}");
    assert_eq!(shown["hostname"], "shop");
    assert_eq!(shown["published"], json!({"80/tcp": 8080}));
    assert_eq!(shown["addresses"].as_array().unwrap().len(), 1);
    assert_eq!(shown["volumes"].as_object().unwrap().len(), 1);
    assert_eq!(
        shown["spec"]["containers"][0]["spec"]["environment"]["SECRET"],
        "s"
    );
    assert_eq!(
        shown["spec"]["containers"][1]["spec"]["cpu"], 1.0,
        "the default"
    );
    let roles = shown["containers"].as_array().unwrap().iter();
    let roles: Vec<_> = roles
        .map(|one| (one["name"].as_str().unwrap(), one["role"].as_str().unwrap()))
        .collect();
    assert_eq!(
        roles[1..],
        [("prepare", "init"), ("web", "member"), ("log", "member")]
    );
    assert_eq!(shown["containers"][1]["exit_code"], 0);
    app.post(
        Who::Member,
        &format!("/zund/v1/capsules/{uuid}/confirm"),
        json!({}),
    )
    .await
    .expect(204);

    is_a_container_to_zun(&app, &shown).await;
    one_is_changed_alone(&app, &shown).await;
    let path = format!("/zund/v1/capsules/{uuid}");
    let reply = app
        .ask(Who::Member, "DELETE", &path, None)
        .await
        .expect(202);
    assert_eq!(
        app.ended(Who::Member, &reply.json()).await["state"],
        "succeeded"
    );
    app.get(Who::Member, &path).await.expect(404);
}

/// Two members and an init container, with what a capsule says of itself.
fn two_and_one() -> Value {
    json!({
        "kind": "capsule", "capsuleVersion": "beta",
        "metadata": {"name": "template", "labels": {"app": "web"}, "annotations": {"a": "b"}},
        "restartPolicy": "OnFailure",
        "spec": {
            "containers": [
                {"image": "nginx", "name": "web", "resources": {"requests": {"cpu": 1, "memory": 512}}},
                {"image": "busybox", "resources": {"requests": {"cpu": 0.5, "memory": 64}}},
            ],
            "initContainers": [{"image": "once"}],
        },
    })
}

#[tokio::test]
async fn both_views_of_zun() {
    let app = TestApp::start().await;
    let shown = app.by_template(two_and_one()).await;
    assert_eq!(shown["status"], "Running", "{shown}");
    assert_eq!(shown["name"], "template");
    assert_eq!(shown["labels"], json!({"app": "web"}));
    assert_eq!(shown["annotations"], json!({"a": "b"}));
    assert_eq!(
        shown["restart_policy"],
        json!({"Name": "on-failure", "MaximumRetryCount": "0"})
    );
    assert_eq!(shown["cpu"], 1.5);
    assert_eq!(shown["memory"], "576");
    assert_eq!(shown["addresses"].as_object().unwrap().len(), 1);
    assert_eq!(names(&shown, "containers"), ["web", "container-2"]);
    assert_eq!(names(&shown, "init_containers"), ["init-1"]);
    let uuid = shown["uuid"].as_str().unwrap();
    assert_eq!(
        shown["links"][0]["href"],
        format!("http://zun.test:9517/v1/capsules/{uuid}")
    );
    assert_eq!(
        shown["links"][1]["href"],
        format!("http://zun.test:9517/capsules/{uuid}")
    );
    for absent in ["host", "meta_name", "volumes_info"] {
        assert!(shown.get(absent).is_none(), "{absent}");
    }
    assert!(shown["containers"][0].get("links").is_none());

    let path = format!("/v1/capsules/{uuid}");
    for version in ["", "container 1.31"] {
        let older = app.ask_in(version, Who::Member, "GET", &path, None).await;
        let older = older.expect(200).json();
        assert_eq!(older["meta_name"], "template");
        assert_eq!(older["meta_labels"], json!({"app": "web"}));
        assert_eq!(older["restart_policy"], "on-failure");
        assert_eq!(older["volumes_info"], json!({}));
        assert_eq!(older["containers_uuids"], json!([]));
        assert_eq!(older["init_containers_uuids"], json!([]));
        assert_eq!(older["capsule_version"], "");
        assert!(older.get("name").is_none());
    }
    let admins = app.get(Who::Admin, &path).await.expect(200).json();
    assert_eq!(admins["host"], "host-1");

    app.ask(Who::Member, "DELETE", &path, None)
        .await
        .expect(204);
}

#[tokio::test]
async fn a_template_is_taken_as_json_text_and_as_yaml() {
    let app = TestApp::start().await;
    let yaml = "kind: capsule\nmetadata:\n  name: one\nspec:\n  containers:\n  - image: nginx\n";
    let json = r#"{"kind": "capsule", "metadata": {"name": "one"}, "spec": {"containers": [{"image": "nginx"}]}}"#;
    for text in [yaml, json] {
        let shown = app.by_template(json!(text)).await;
        assert_eq!(shown["status"], "Running", "{shown}");
        assert_eq!(shown["name"], "one", "names may be used twice on /v1");
    }
}

#[tokio::test]
async fn lists_have_pages() {
    let app = TestApp::start().await;
    for name in ["cc", "aa", "bb"] {
        app.capsule(json!({"name": name, "spec": {"containers": [{"name": "web", "spec": {"image": "nginx"}}]}}))
            .await;
    }
    let list = async |query: &str| {
        let path = format!("/v1/capsules{query}");
        app.get(Who::Member, &path).await.expect(200).json()
    };
    let all = list("?nobody=knows").await;
    assert_eq!(names(&all, "capsules"), ["cc", "aa", "bb"]);
    assert_eq!(all["next"], Value::Null);
    assert!(all["capsules"][0]["links"].is_array());
    assert_eq!(
        names(&list("?sort_key=name").await, "capsules"),
        ["aa", "bb", "cc"]
    );
    let first = list("?limit=2").await;
    assert_eq!(names(&first, "capsules"), ["cc", "aa"]);
    let next = first["next"].as_str().unwrap();
    let second = app
        .get(Who::Member, next.trim_start_matches("http://zun.test:9517"))
        .await;
    assert_eq!(names(&second.expect(200).json(), "capsules"), ["bb"]);
    let own = app
        .get(Who::Member, "/zund/v1/capsules?limit=2")
        .await
        .expect(200)
        .json();
    assert_eq!(names(&own, "capsules"), ["cc", "aa"]);
    let marker = own["next"].as_str().unwrap();
    let rest = app
        .get(Who::Member, &format!("/zund/v1/capsules?marker={marker}"))
        .await;
    assert_eq!(names(&rest.expect(200).json(), "capsules"), ["bb"]);

    let everybodys = app.get(Who::Admin, "/v1/capsules?all_projects=1").await;
    assert_eq!(names(&everybodys.expect(200).json(), "capsules").len(), 3);
    let own = app.get(Who::Admin, "/v1/capsules").await.expect(200).json();
    assert_eq!(names(&own, "capsules"), [""; 0]);
    app.get(Who::Member, "/v1/capsules?all_projects=1")
        .await
        .expect(403);
}

#[tokio::test]
async fn a_preview_says_what_stands_in_the_way() {
    let app = TestApp::start().await;
    let body = json!({"name": "shop", "spec": spec()});
    let preview = app
        .post(Who::Reader, "/zund/v1/preview/capsule", body.clone())
        .await;
    let preview = preview.expect(200).json();
    assert_eq!(
        preview["problems"][0]["kind"], "policy",
        "readers may ask: {preview}"
    );
    let preview = app
        .post(Who::Member, "/zund/v1/preview/capsule", body)
        .await;
    let preview = preview.expect(200).json();
    assert_eq!(preview["problems"], json!([]), "{preview}");
    assert_eq!(preview["host"], "host-1");
    assert!(preview["image_digests"]["web"].is_string(), "{preview}");
    assert!(!preview["steps"].as_array().unwrap().is_empty());

    app.capsule(json!({"name": "shop", "spec": spec()})).await;
    let mut changed = spec();
    changed["containers"][1]["spec"]["image"] = json!("nginx:2");
    let body = json!({"capsule": "shop", "spec": changed});
    let preview = app
        .post(Who::Member, "/zund/v1/preview/capsule", body)
        .await;
    let preview = preview.expect(200).json();
    assert_eq!(preview["problems"], json!([]), "{preview}");
    assert_eq!(
        preview["containers"],
        json!({"log": {"changed": "recreate"}}),
        "{preview}"
    );
    assert_eq!(preview["changes"][0]["field"], "containers", "{preview}");
}

#[tokio::test]
async fn a_command_is_run_in_a_container_of_it() {
    let app = TestApp::start().await;
    app.capsule(json!({"name": "shop", "spec": spec()})).await;
    let shown = app.capsule_shown("shop").await;
    let web = shown["containers"][2]["uuid"].as_str().unwrap();
    let path = format!("/v1/containers/{web}/execute?command=%22echo%22+%22a+b%22");
    let done = app
        .post(Who::Member, &path, Value::Null)
        .await
        .expect(200)
        .json();
    assert_eq!(done["exit_code"], 0, "{done}");
    assert!(done["output"].is_string());
    assert_eq!(done["exec_id"], Value::Null);
    assert_eq!(done["proxy_url"], Value::Null);
}
