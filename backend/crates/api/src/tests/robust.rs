//! Senders who are wrong, slow or hostile: never a 500, always a sentence.

use std::convert::Infallible;
use std::time::Duration;

use axum::body::{Body, Bytes};
use futures::stream;
use http::Request;

use super::{Reply, TestApp, Who};

const PATHS: [&str; 2] = ["/v1/containers", "/zund/v1/containers"];

async fn post(app: &TestApp, path: &str, kind: &str, body: Body) -> Reply {
    let mut request = Request::post(path).header("x-auth-token", &app.tokens[&Who::Member]);
    if !kind.is_empty() {
        request = request.header("content-type", kind);
    }
    app.send(request.body(body).unwrap()).await
}

#[tokio::test]
async fn a_body_of_a_hundred_megabytes() {
    let app = TestApp::start().await;
    for path in PATHS {
        let declared = Request::post(path)
            .header("x-auth-token", &app.tokens[&Who::Member])
            .header("content-type", "application/json")
            .header("content-length", "104857600")
            .body(Body::empty());
        let reply = app.send(declared.unwrap()).await.expect(413);
        assert!(reply.detail().contains("1048576 bytes"), "{}", reply.text);
        let chunk = Bytes::from(vec![b' '; 64 * 1024]);
        let chunks = stream::iter((0..1600).map(move |_| Ok::<_, Infallible>(chunk.clone())));
        post(&app, path, "application/json", Body::from_stream(chunks))
            .await
            .expect(413);
    }
}

#[tokio::test]
async fn bodies_that_are_no_json() {
    let app = TestApp::start().await;
    let deep = format!("{}{}", "[".repeat(5000), "]".repeat(5000));
    for path in PATHS {
        for (body, words) in [
            ("", ""),
            ("{", "line 1 column 1"),
            ("{\"name\": \"n1\",}", "line 1 column 15"),
            ("{\"image\": \"nginx\"} {}", ""),
            ("[]", ""),
            ("7", ""),
            ("\u{feff}{}", ""),
            (deep.as_str(), "recursion limit"),
        ] {
            let reply = post(&app, path, "application/json", Body::from(body.to_owned()))
                .await
                .expect(400);
            assert!(
                reply.detail().contains(words),
                "{path} {body:.20}: {}",
                reply.text
            );
        }
        post(&app, path, "application/json", Body::from(vec![0xff, 0xfe]))
            .await
            .expect(400);
    }
}

#[tokio::test]
async fn other_media_types() {
    let app = TestApp::start().await;
    for path in PATHS {
        for kind in [
            "",
            "text/plain",
            "application/x-www-form-urlencoded",
            "application/jsonx",
        ] {
            let reply = post(&app, path, kind, Body::from("{\"image\": \"nginx\"}"))
                .await
                .expect(415);
            assert!(
                reply.detail().contains("application/json"),
                "{}",
                reply.text
            );
        }
    }
    let kind = "application/json; charset=utf-8";
    post(&app, PATHS[0], kind, Body::from("{\"image\": \"nginx\"}"))
        .await
        .expect(202);
}

#[tokio::test]
async fn bodies_where_none_is_needed() {
    let app = TestApp::start().await;
    let id = app.running("web").await;
    let ask = async |method: &str, path: String, kind: &str, body: &'static str| {
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header("x-auth-token", &app.tokens[&Who::Member])
            .header("openstack-api-version", "container latest")
            .header("content-type", kind)
            .header("content-length", body.len());
        app.send(request.body(Body::from(body)).unwrap()).await
    };
    ask(
        "GET",
        format!("/v1/containers/{id}"),
        "application/json",
        "null",
    )
    .await
    .expect(200);
    ask(
        "POST",
        format!("/v1/containers/{id}/stop?timeout=1"),
        "application/json",
        "",
    )
    .await
    .expect(202);
    let stop = format!("/v1/containers/{id}?stop=true");
    let stopped = app
        .get(Who::Member, &format!("/zund/v1/containers/{id}"))
        .await
        .json();
    if let Some(operation) = stopped["operation"].as_str() {
        app.get(
            Who::Member,
            &format!("/zund/v1/operations/{operation}?wait=30"),
        )
        .await
        .expect(200);
    }
    ask("DELETE", stop, "application/octet-stream", "")
        .await
        .expect(204);
}

#[tokio::test]
async fn a_sender_who_never_ends() {
    let app = TestApp::start_with(|_, api| api.body_timeout = Duration::from_millis(50)).await;
    for path in PATHS {
        let body = Body::from_stream(stream::pending::<Result<Bytes, Infallible>>());
        let reply = post(&app, path, "application/json", body).await.expect(408);
        assert!(
            reply.detail().contains("did not arrive within 0.05 s"),
            "{}",
            reply.text
        );
    }
}

#[tokio::test]
async fn a_body_that_breaks_off() {
    let app = TestApp::start().await;
    let chunks = stream::iter([Ok(Bytes::from("{")), Err(std::io::Error::other("gone"))]);
    post(
        &app,
        PATHS[1],
        "application/json",
        Body::from_stream(chunks),
    )
    .await
    .expect(400);
}

#[tokio::test]
async fn strange_addresses() {
    let app = TestApp::start().await;
    for path in [
        "/v1/containers/%00",
        "/v1/containers/%ff",
        "/v1/containers/a%2Fb",
        "/v1/containers/..%2f..%2fetc",
        "/v1/containers/x?limit=%ff",
        "/v1/containers?limit=99999999999999999999",
        "/v1/containers?marker=%27%3B--",
        "/v1/quotas/%F0%9F%92%A9",
        "/identity/v3/users/%ff",
        "/zund/v1/operations/%00?wait=-1",
        "/zund/v1/containers/x/events?after=yesterday",
        "/v1//containers",
        "/zund/v2",
    ] {
        for who in [Who::Nobody, Who::Member, Who::Admin] {
            let reply = app.get(who, path).await;
            let status = reply.status.as_u16();
            assert!(
                (400..500).contains(&status),
                "{path}: {status} {}",
                reply.text
            );
            assert!(!reply.text.is_empty());
            reply.json();
        }
    }
    let long = format!("/v1/containers/{}", "x".repeat(20_000));
    app.get(Who::Member, &long).await.expect(404);
}

#[tokio::test]
async fn strange_headers() {
    let app = TestApp::start().await;
    for token in [&b"\xff\xfe"[..], b"", b"   ", &[b'x'; 10_000]] {
        let request = Request::get("/v1/containers")
            .header("x-auth-token", token)
            .header("host", "evil\"<script>");
        let reply = app
            .send(request.body(Body::empty()).unwrap())
            .await
            .expect(401);
        assert!(!reply.header("www-authenticate").contains("script"));
    }
}

#[tokio::test]
async fn a_panic_is_a_500_that_tells_nothing() {
    use crate::frame::panicked;
    let response = panicked(Box::new("the secret of the house"));
    assert_eq!(response.status(), 500);
    let problem = response
        .extensions()
        .get::<crate::error::Problem>()
        .cloned();
    assert!(!format!("{problem:?}").contains("secret"));
}
