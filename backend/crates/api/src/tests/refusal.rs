//! What a user reads when something cannot be: every refusal that the server words.

use serde_json::{Value, json};
use zun_driver::fake::{FakeImage, Script};

use super::{Reply, TestApp, Who};

async fn create(app: &TestApp, spec: Value) -> Reply {
    app.post(Who::Member, "/zund/v1/containers", json!({"spec": spec}))
        .await
}

/// A specification, the field that is named, and words of the message.
const WRONG: &[(&str, &str, &str)] = &[
    (
        r#"{"image": "nginx", "colour": "red"}"#,
        "spec.colour",
        "unknown field `colour`, expected one of `image`",
    ),
    (
        r#"{"image": "nginx", "memory": "much"}"#,
        "spec.memory",
        "invalid type: string \"much\"",
    ),
    (r#"{"image": "nginx", "memory": -1}"#, "spec.memory", "-1"),
    (
        r#"{"image": "nginx", "memory": 3}"#,
        "spec.memory",
        "below the engine's minimum of 6 MiB",
    ),
    (
        r#"{"image": "nginx", "cpu": 0.0001}"#,
        "spec.cpu",
        "at most three decimals",
    ),
    (
        r#"{"image": "no such image"}"#,
        "spec.image",
        "without spaces",
    ),
    ("{}", "spec", "missing field `image`"),
    (r#"{"image": "missing"}"#, "spec.image", "missing"),
    (
        r#"{"image": "nginx", "hostname": "-web"}"#,
        "spec.hostname",
        "neither first nor last",
    ),
    (
        r#"{"image": "nginx", "workdir": "srv"}"#,
        "spec.workdir",
        "\"srv\" is not an absolute path",
    ),
    (
        r#"{"image": "nginx", "labels": {"a": "\u0000"}}"#,
        "spec.labels.a",
        "a NUL (\\u0000) stands in it",
    ),
    (
        r#"{"image": "nginx", "command": ["run", "\u0000"]}"#,
        "spec.command[1]",
        "a NUL",
    ),
    (
        r#"{"image": "nginx", "labels": {"zun.x": "1"}}"#,
        "spec.labels",
        "reserved",
    ),
    (
        r#"{"image": "nginx", "ports": [{"internal": 0}]}"#,
        "spec.ports[0].internal",
        "nonzero",
    ),
    (
        r#"{"image": "nginx", "restart_policy": {"name": "sometimes"}}"#,
        "spec.restart_policy.name",
        "unless-stopped",
    ),
    (
        r#"{"image": "nginx", "disk": 5}"#,
        "spec.disk",
        "does not enforce a size",
    ),
    (
        r#"{"image": "nginx", "auto_remove": true}"#,
        "spec.auto_remove",
        "exited",
    ),
    (
        r#"{"image": "nginx", "environment": {"A": 31337}}"#,
        "spec.environment.A",
        "not of the form",
    ),
];

#[tokio::test]
async fn fields_that_cannot_be() {
    let app = TestApp::start().await;
    for (spec, field, words) in WRONG {
        let reply = create(&app, serde_json::from_str(spec).unwrap()).await;
        let reply = reply.expect(400);
        assert!(reply.field().starts_with(*field), "{spec}: {}", reply.text);
        assert!(reply.detail().contains(words), "{spec}: {}", reply.text);
        assert!(!reply.text.contains("31337"), "{}", reply.text);
    }
    let name = app
        .post(
            Who::Member,
            "/zund/v1/containers",
            json!({"name": "-x", "spec": {"image": "nginx"}}),
        )
        .await;
    let name = name.expect(400);
    assert_eq!(name.field(), "name");
    assert!(
        name.detail().contains("2 to 255 characters"),
        "{}",
        name.text
    );
    let extra = app
        .post(
            Who::Member,
            "/zund/v1/containers",
            json!({"spec": {"image": "nginx"}, "when": 1}),
        )
        .await;
    assert_eq!(extra.expect(400).field(), "when");
}

/// A body of Zun's, and words of the message.
const WRONG_ON_V1: &[(&str, &str)] = &[
    ("{}", "image: is required"),
    (r#"{"image": 5}"#, "image: must be a string"),
    (r#"{"image": "nginx", "colour": "red"}"#, "colour"),
    (
        r#"{"image": "nginx", "name": "a b"}"#,
        "name: container name \"a b\" is not valid",
    ),
    (
        r#"{"image": "nginx", "cpu": 0.05}"#,
        "cpu: 0.05 is not valid: a number from 0.1 to 16",
    ),
    (
        r#"{"image": "nginx", "memory": "lots"}"#,
        "memory: \"lots\" is not valid",
    ),
    (
        r#"{"image": "nginx", "memory": 3}"#,
        "a whole number from 4 to 8192",
    ),
    (
        r#"{"image": "nginx", "run": "maybe"}"#,
        "run: must be a boolean",
    ),
    (
        r#"{"image": "nginx", "command": "sh"}"#,
        "command: must be a list of strings",
    ),
    (
        r#"{"image": "nginx", "environment": {"A": 1}}"#,
        "environment.A: must be a string",
    ),
    (
        r#"{"image": "nginx", "auto_remove": "true"}"#,
        "auto_remove: must be true or false",
    ),
    (
        r#"{"image": "nginx", "restart_policy": {}}"#,
        "restart_policy.Name: is required",
    ),
    (
        r#"{"image": "nginx", "restart_policy": {"Name": "always", "MaximumRetryCount": 2}}"#,
        "on-failure",
    ),
    (
        r#"{"image": "nginx", "restart_policy": {"Name": "x"}}"#,
        "restart_policy.Name: \"x\" is not valid",
    ),
    (
        r#"{"image": "nginx", "healthcheck": {"interval": 1}}"#,
        "healthcheck.cmd: is required",
    ),
    (
        r#"{"image": "nginx", "exposed_ports": {"eighty": {}}}"#,
        "exposed_ports: \"eighty\" is not valid",
    ),
    (
        r#"{"image": "nginx", "exposed_ports": {"80": {}}, "security_groups": ["a"]}"#,
        "together with security_groups",
    ),
    (
        r#"{"image": "nginx", "nets": [{"network": "n"}]}"#,
        "no network \"n\" in this project",
    ),
    (
        r#"{"image": "nginx", "mounts": {}}"#,
        "mounts: must be a list",
    ),
    (
        r#"{"image": "nginx", "mounts": ["/data"]}"#,
        "mounts[0]: must be an object",
    ),
    (
        r#"{"image": "nginx", "mounts": [{"size": 1}]}"#,
        "mounts[0].destination: is required",
    ),
    (
        r#"{"image": "nginx", "mounts": [{"size": 1, "destination": "data"}]}"#,
        "mounts[0].destination: ",
    ),
    (
        r#"{"image": "nginx", "mounts": [{"destination": "/data"}]}"#,
        "mounts: /data: give either source (the id or name of a volume) or size",
    ),
    (
        r#"{"image": "nginx", "mounts": [{"destination": "/data", "size": 0}]}"#,
        "mounts[0].size: 0 is not valid: a whole number from 1",
    ),
    (
        r#"{"image": "nginx", "mounts": [{"destination": "/data", "size": "big"}]}"#,
        "mounts[0].size: \"big\" is not valid",
    ),
    (
        r#"{"image": "nginx", "mounts": [{"destination": "/d", "size": 1, "type": "tmpfs"}]}"#,
        "mounts[0].type: \"tmpfs\" is not valid: one of volume, bind",
    ),
    (
        r#"{"image": "nginx", "mounts": [{"destination": "/d", "size": 1, "colour": "red"}]}"#,
        "mounts[0].colour: no such parameter is known",
    ),
    (
        r#"{"image": "nginx", "mounts": [{"destination": "/d", "type": "bind", "size": 1}]}"#,
        "mounts[0].source: is required: the content",
    ),
    (
        r#"{"image": "nginx", "mounts": [{"destination": "/d", "type": "bind", "source": "%31337"}]}"#,
        "mounts[0].source: must be base64",
    ),
    (
        r#"{"image": "nginx", "mounts": [{"destination": "/d", "source": "lost"}]}"#,
        "mounts: there is no volume lost in this project",
    ),
    (
        r#"{"image": "nginx", "mounts": [{"destination": "/d", "size": 1}, {"destination": "/d/", "size": 2}]}"#,
        "mounts: /d is a destination twice",
    ),
    (
        r#"{"image": "nginx", "image_driver": "rkt"}"#,
        "image_driver: \"rkt\" is not valid",
    ),
    (
        r#"{"image": "nginx", "cpu_policy": "most"}"#,
        "one of shared, dedicated is expected",
    ),
    (
        r#"{"image": "nginx", "tty": "yes"}"#,
        "tty: must be true or false",
    ),
    (
        r#"{"image": "nginx", "labels": "a=b"}"#,
        "labels: must be an object",
    ),
];

#[tokio::test]
async fn fields_that_cannot_be_on_v1() {
    let app = TestApp::start().await;
    for (body, words) in WRONG_ON_V1 {
        let sent = serde_json::from_str(body).unwrap();
        let reply = app.post(Who::Member, "/v1/containers", sent).await;
        let reply = reply.expect(400);
        assert!(reply.detail().contains(words), "{body}: {}", reply.text);
        assert!(
            reply.json()["errors"][0].get("field").is_none(),
            "no key that upstream does not send"
        );
    }
    let listed = app.get(Who::Member, "/v1/containers").await.expect(200);
    assert_eq!(
        listed.json()["containers"],
        json!([]),
        "what was refused leaves nothing behind"
    );
}

#[tokio::test]
async fn fields_that_take_a_right_on_v1() {
    let app = TestApp::start().await;
    for (body, rule) in [
        (
            json!({"image": "nginx", "runtime": "runc"}),
            "container:create:runtime",
        ),
        (
            json!({"image": "nginx", "image_pull_policy": "always"}),
            "container:create:image_pull_policy",
        ),
        (
            json!({"image": "nginx", "host": "host-1"}),
            "container:create:requested_destination",
        ),
        (
            json!({"image": "nginx", "privileged": true}),
            "container:create:privileged",
        ),
    ] {
        let reply = app
            .post(Who::Member, "/v1/containers", body)
            .await
            .expect(403);
        assert!(reply.detail().contains(rule), "{}", reply.text);
    }
}

#[tokio::test]
async fn nulls_are_nothing() {
    let app = TestApp::start().await;
    let body = json!({"image": "nginx", "cpu": null, "memory": null, "nets": null, "mounts": null, "name": null});
    app.post(Who::Member, "/v1/containers", body)
        .await
        .expect(202);
}

#[tokio::test]
async fn rights_by_name_of_the_project() {
    let app = TestApp::start().await;
    for spec in [
        json!({"image": "nginx", "privileged": true}),
        json!({"image": "nginx", "cap_add": ["SYS_ADMIN"]}),
    ] {
        let refused = create(&app, spec).await.expect(403);
        assert!(
            refused.detail().contains("policy.privileged_projects"),
            "{}",
            refused.text
        );
        assert!(refused.field().starts_with("spec."));
    }
    create(&app, json!({"image": "nginx", "host": "host-1"}))
        .await
        .expect(403);
    create(
        &app,
        json!({"image": "nginx", "image_pull_policy": "ifnotpresent", "runtime": "runc"}),
    )
    .await
    .expect(202);
}

#[tokio::test]
async fn no_room() {
    let app = TestApp::start().await;
    let path = format!("/zund/v1/quotas/{}", app.shop.0.simple());
    app.put(
        Who::Admin,
        &path,
        json!({"limits": {"memory": 600, "cpu": -1}}),
    )
    .await
    .expect(200);
    app.running("web").await;
    let over = create(&app, json!({"image": "nginx"})).await.expect(403);
    assert_eq!(over.json()["errors"][0]["code"], "container.over-quota");
    assert!(
        over.detail()
            .contains("memory: limit 600 MiB, in use 512 MiB, asked for 512 MiB more"),
        "{}",
        over.text
    );
    app.put(
        Who::Admin,
        &path,
        json!({"limits": {"memory": -1, "cpu": -1}}),
    )
    .await
    .expect(200);
    let nowhere = create(
        &app,
        json!({"image": "nginx", "memory": 90_000, "availability_zone": "mars"}),
    )
    .await;
    let nowhere = nowhere.expect(409);
    assert_eq!(
        nowhere.json()["errors"][0]["code"],
        "container.no-valid-host"
    );
    for reason in ["host-1", "RamFilter", "AvailabilityZoneFilter"] {
        assert!(nowhere.detail().contains(reason), "{}", nowhere.text);
    }
}

#[tokio::test]
async fn a_port_that_is_taken() {
    let app = TestApp::start().await;
    let spec = json!({"image": "nginx", "ports": [{"internal": 80, "external": 8080}]});
    create(&app, spec.clone()).await.expect(202);
    let taken = create(&app, spec).await.expect(409);
    assert!(taken.detail().contains("8080"), "{}", taken.text);
}

#[tokio::test]
async fn a_command_that_ends_at_once() {
    let app = TestApp::start().await;
    let script = Script::exits(3).prints(&["cannot find the answer"]);
    app.host
        .add_image(&FakeImage::of("broken".parse().unwrap(), script));
    let accepted = create(&app, json!({"image": "broken"}))
        .await
        .expect(202)
        .json();
    let operation = app.ended(Who::Member, &accepted).await;
    assert_eq!(operation["state"], "failed");
    assert_eq!(operation["failure"]["exit_code"], 3);
    assert!(
        operation["failure"]["last_log"]
            .to_string()
            .contains("cannot find the answer"),
        "{operation}"
    );
}

#[tokio::test]
async fn a_registry_that_is_silent_and_an_engine_that_is_stopped() {
    let app = TestApp::start().await;
    app.host.registry_down(Some("connection refused"));
    let silent = create(
        &app,
        json!({"image": "nginx", "image_pull_policy": "always"}),
    )
    .await
    .expect(503);
    assert!(silent.detail().contains("nginx"), "{}", silent.text);
    app.host.registry_down(None);
    app.host.engine_down("cannot reach the engine");
    let stopped = create(&app, json!({"image": "nginx"})).await.expect(503);
    assert!(
        stopped.detail().contains("cannot reach the engine"),
        "{}",
        stopped.text
    );
    assert_eq!(stopped.header("retry-after"), "5");
}

#[tokio::test]
async fn a_verb_while_another_is_at_work() {
    use zun_driver::fake::Verb;
    use zun_driver::fake::fault::When;
    let app = TestApp::start().await;
    let id = app.running("web").await;
    let gate = app.host.hold(Verb::Stop, When::Nth(1));
    let path = format!("/v1/containers/{id}");
    app.ask(Who::Member, "POST", &format!("{path}/stop"), None)
        .await
        .expect(202);
    gate.reached().await;
    let busy = app
        .ask(Who::Member, "POST", &format!("{path}/pause"), None)
        .await
        .expect(409);
    assert!(
        busy.detail().contains("is busy: operation"),
        "{}",
        busy.text
    );
    gate.release();
}
