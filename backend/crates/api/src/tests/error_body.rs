//! Bodies of refusals, whole, as clients get them.

use serde_json::{Value, json};

use super::{Reply, TestApp, Who};

/// The body with what differs from run to run blotted out.
fn whole(reply: &Reply) -> String {
    let mut body = reply.json();
    if let Some(error) = body.pointer_mut("/errors/0") {
        assert!(error["request_id"].as_str().unwrap().starts_with("req-"));
        error["request_id"] = json!("req-…");
    }
    let text = serde_json::to_string_pretty(&body).unwrap();
    format!("{}\n{text}", reply.status)
}

#[tokio::test]
async fn of_every_api() {
    let app = TestApp::start().await;
    app.running("web").await;
    let none = "/containers/10000000-0000-4000-8000-00000000ffff";
    let spec = json!({"spec": {"image": "nginx", "memory": 3}});
    let asks: [(&str, &str, Who, &str, String, Option<Value>); 12] = [
        (
            "v1_unauthorized",
            "",
            Who::Nobody,
            "GET",
            "/v1/containers".into(),
            None,
        ),
        (
            "v1_not_found",
            "",
            Who::Member,
            "GET",
            format!("/v1{none}"),
            None,
        ),
        (
            "v1_no_address",
            "",
            Who::Member,
            "GET",
            "/v1/nowhere".into(),
            None,
        ),
        (
            "v1_no_method",
            "",
            Who::Member,
            "PUT",
            "/v1/containers".into(),
            None,
        ),
        (
            "v1_forbidden",
            "",
            Who::Reader,
            "POST",
            "/v1/containers".into(),
            Some(json!({"image": "nginx"})),
        ),
        (
            "v1_invalid",
            "",
            Who::Member,
            "POST",
            "/v1/containers".into(),
            Some(json!({"image": "nginx", "cpu": 99})),
        ),
        (
            "v1_state",
            "",
            Who::Member,
            "POST",
            "/v1/containers/web/unpause".into(),
            None,
        ),
        (
            "v1_version",
            "container 1.99",
            Who::Member,
            "GET",
            "/v1/containers".into(),
            None,
        ),
        (
            "zund_unauthorized",
            "",
            Who::Nobody,
            "GET",
            "/zund/v1".into(),
            None,
        ),
        (
            "zund_invalid",
            "",
            Who::Member,
            "POST",
            "/zund/v1/containers".into(),
            Some(spec),
        ),
        (
            "zund_not_found",
            "",
            Who::Member,
            "GET",
            format!("/zund/v1{none}"),
            None,
        ),
        (
            "identity_forbidden",
            "",
            Who::Member,
            "GET",
            "/identity/v3/users".into(),
            None,
        ),
    ];
    for (name, version, who, method, path, body) in asks {
        let mut reply = app.ask_in(version, who, method, &path, body).await;
        // The uuid in the sentence is the container's, which differs with the order of ids.
        if name == "v1_state" {
            let id = app.get(Who::Member, "/v1/containers/web").await.json()["uuid"].clone();
            reply.text = reply.text.replace(id.as_str().unwrap(), "<uuid>");
        }
        insta::assert_snapshot!(name, whole(&reply));
    }
}

#[test]
fn every_class_of_error_has_its_status() {
    use crate::error::Problem;
    use zun_engine::Error;
    for (error, status) in [
        (Error::Full("no space left".to_owned()), 507),
        (Error::Unavailable("the engine is stopped".to_owned()), 503),
        (Error::Internal("a secret cause".to_owned()), 500),
        (Error::Conflict("taken".to_owned()), 409),
        (Error::Unauthorized("no".to_owned()), 401),
        (Error::not_found("host", "h"), 404),
        (Error::invalid("memory", "too small"), 400),
    ] {
        let sentence = error.to_string();
        let problem = Problem::from(error);
        assert_eq!(problem.status.as_u16(), status, "{sentence}");
        assert_eq!(problem.sentence() == sentence, status != 500, "{sentence}");
    }
}
