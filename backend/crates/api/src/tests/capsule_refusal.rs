//! What a user reads when a capsule cannot be.

use serde_json::{Value, json};

use super::{TestApp, Who};

/// The least template, with `container` in the place of its container's fields.
#[expect(clippy::needless_pass_by_value, reason = "what json! makes")]
fn template(container: Value) -> Value {
    json!({"kind": "capsule", "metadata": {}, "spec": {"containers": [container]}})
}

/// What upstream answers with 500, and what it ignores: 400 with the place in the template.
#[tokio::test]
async fn a_template_is_refused_with_the_place_in_it() {
    let app = TestApp::start().await;
    let requests = json!({"requests": {"cpu": "1"}});
    let of = |name: &str, volumes: Value| {
        let mut template = template(json!({"image": "nginx"}));
        template["spec"][name] = volumes;
        template
    };
    for (template, expected) in [
        (Value::Null, "template: is required"),
        (json!(7), "template: must be an object"),
        (json!("{"), "template: it is neither JSON nor YAML"),
        (
            json!({"kind": "capsule", "metadata": {}, "spec": {"containers": []}}),
            "spec.containers: is empty",
        ),
        (
            template(json!({"image": "nginx", "resources": requests})),
            "spec.containers[0].resources.requests.cpu: must be a number",
        ),
        (
            template(json!({"image": "nginx", "colour": "red"})),
            "spec.containers[0].colour: no such key",
        ),
        (
            template(json!({"name": "web"})),
            "spec.containers[0].image: is required",
        ),
        (
            of("volumes", json!([{"name": "v", "cinder": {}}])),
            "spec.volumes[0].cinder: give either volumeID",
        ),
        (
            of("initContainers", json!([{"image": "a b"}])),
            "spec.initContainers[0].image: image \"a b\"",
        ),
        (
            template(json!({"image": "nginx", "workDir": "srv"})),
            "spec.containers[0].workDir: \"srv\" is not an absolute path",
        ),
    ] {
        let body = json!({"template": template});
        let reply = app.post(Who::Member, "/v1/capsules", body).await;
        assert_eq!(reply.status, 400, "{expected}: {}", reply.text);
        assert!(
            reply.detail().starts_with(expected),
            "{expected}: {}",
            reply.detail()
        );
    }
    let listed = app.get(Who::Admin, "/v1/capsules?all_projects=1").await;
    assert_eq!(
        listed.expect(200).json()["capsules"],
        json!([]),
        "nothing stays behind"
    );
}

/// A specification, the field that is refused and words of the reason.
fn refused_specifications() -> Vec<(Value, &'static str, &'static str)> {
    let one = json!({"name": "web", "spec": {"image": "nginx"}});
    vec![
        (json!({}), "spec", "missing field `containers`"),
        (
            json!({"containers": []}),
            "spec.containers",
            "at least one container",
        ),
        (
            json!({"containers": [one, one]}),
            "spec.containers[1].name",
            "is the name of",
        ),
        (
            json!({"containers": [{"name": "web", "spec": {"image": "nginx", "hostname": "a"}}]}),
            "spec.containers[0].spec.hostname",
            "set hostname of the capsule",
        ),
        (
            json!({"containers": [{"name": "web", "spec": {"image": "nginx", "auto_remove": true}}]}),
            "spec.containers[0].spec.auto_remove",
            "is for /v1 only",
        ),
        (
            json!({"containers": [{"name": "web", "spec": {"image": "nginx", "privileged": true}}]}),
            "spec.containers[0].spec.privileged",
            "privileged",
        ),
        (
            json!({"containers": [one], "host": "host-1"}),
            "spec.host",
            "requested_destination",
        ),
        (
            json!({"containers": [one], "colour": "red"}),
            "spec.colour",
            "unknown field `colour`",
        ),
        (
            json!({"containers": [one], "volumes": [{"name": "v", "size": 1}]}),
            "spec.volumes[0]",
            "nobody mounts",
        ),
    ]
}

#[tokio::test]
async fn a_specification_is_refused_with_the_field() {
    let app = TestApp::start().await;
    for (spec, field, expected) in refused_specifications() {
        let body = json!({"spec": spec});
        let reply = app.post(Who::Member, "/zund/v1/capsules", body).await;
        assert!(
            matches!(reply.status.as_u16(), 400 | 403),
            "{field}: {}",
            reply.text
        );
        assert_eq!(reply.field(), field, "{}", reply.text);
        assert!(
            reply.detail().contains(expected),
            "{expected}: {}",
            reply.detail()
        );
    }
}

#[tokio::test]
async fn a_name_that_is_taken_names_who_has_it() {
    let app = TestApp::start().await;
    let body = json!({"name": "shop", "spec": {"containers": [{"name": "web", "spec": {"image": "nginx"}}]}});
    let uuid = app.capsule(body.clone()).await;
    let path = format!("/zund/v1/capsules/{uuid}/confirm");
    app.post(Who::Member, &path, json!({})).await.expect(204);
    let reply = app
        .post(Who::Member, "/zund/v1/capsules", body)
        .await
        .expect(409);
    assert_eq!(reply.json()["errors"][0]["existing"], uuid.as_str());
    assert!(
        reply
            .detail()
            .contains("a capsule named shop exists already"),
        "{}",
        reply.detail()
    );
}

#[tokio::test]
async fn a_session_is_refused_with_what_is_accepted() {
    let app = TestApp::start().await;
    let uuid = app.running("web").await;
    for (query, expected) in [
        (
            "?command=ls&interactive=True&run=False",
            "interactive: sessions are not served",
        ),
        ("?command=ls&run=false", "run: sessions are not served"),
        ("", "command: is required"),
        ("?command=%22ls", "command: has a quote that is not closed"),
        ("?command=ls&run=1", "run: must be true or false"),
        ("?command=ls&colour=red", "colour: no such parameter"),
    ] {
        let path = format!("/v1/containers/{uuid}/execute{query}");
        let reply = app.post(Who::Member, &path, Value::Null).await.expect(400);
        assert!(reply.detail().starts_with(expected), "{}", reply.detail());
    }
}

#[tokio::test]
async fn a_capsule_that_is_not_there_is_not_found() {
    let app = TestApp::start().await;
    for path in ["/v1/capsules/nobody", "/zund/v1/capsules/nobody"] {
        let reply = app.get(Who::Member, path).await.expect(404);
        assert!(reply.detail().contains("capsule"), "{}", reply.detail());
        assert!(
            reply.text.contains("container.container-not-found"),
            "{}",
            reply.text
        );
    }
}
