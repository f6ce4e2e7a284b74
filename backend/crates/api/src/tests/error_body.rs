//! Bodies of refusals, whole, as clients get them.

use serde_json::json;

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

/// A container that is nowhere.
const NONE: &str = "10000000-0000-4000-8000-00000000ffff";

/// Name of the snapshot, version, who asks, method, address, body.
type Ask = (
    &'static str,
    &'static str,
    Who,
    &'static str,
    &'static str,
    &'static str,
);

const ASKS: &[Ask] = &[
    (
        "v1_unauthorized",
        "",
        Who::Nobody,
        "GET",
        "/v1/containers",
        "",
    ),
    (
        "v1_not_found",
        "",
        Who::Member,
        "GET",
        "/v1/containers/NONE",
        "",
    ),
    ("v1_no_address", "", Who::Member, "GET", "/v1/nowhere", ""),
    ("v1_no_method", "", Who::Member, "PUT", "/v1/containers", ""),
    (
        "v1_forbidden",
        "",
        Who::Reader,
        "POST",
        "/v1/containers",
        r#"{"image": "nginx"}"#,
    ),
    (
        "v1_invalid",
        "",
        Who::Member,
        "POST",
        "/v1/containers",
        r#"{"image": "nginx", "cpu": 99}"#,
    ),
    (
        "v1_state",
        "",
        Who::Member,
        "POST",
        "/v1/containers/web/unpause",
        "",
    ),
    (
        "v1_version",
        "container 1.99",
        Who::Member,
        "GET",
        "/v1/containers",
        "",
    ),
    ("zund_unauthorized", "", Who::Nobody, "GET", "/zund/v1", ""),
    (
        "zund_invalid",
        "",
        Who::Member,
        "POST",
        "/zund/v1/containers",
        r#"{"spec": {"image": "nginx", "memory": 3}}"#,
    ),
    (
        "zund_not_found",
        "",
        Who::Member,
        "GET",
        "/zund/v1/containers/NONE",
        "",
    ),
    (
        "identity_forbidden",
        "",
        Who::Member,
        "GET",
        "/identity/v3/users",
        "",
    ),
];

#[tokio::test]
async fn of_every_api() {
    let app = TestApp::start().await;
    let id = app.running("web").await;
    for (name, version, who, method, path, body) in ASKS {
        let path = path.replace("NONE", NONE);
        let body = serde_json::from_str(body).ok();
        let mut reply = app.ask_in(version, *who, method, &path, body).await;
        // The uuid in a sentence differs with the order of ids.
        reply.text = reply.text.replace(&id, "<uuid>");
        insta::assert_snapshot!(*name, whole(&reply));
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
