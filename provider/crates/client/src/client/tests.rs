//! The client against canned answers: one login, one more on 401, retries, and every kind of failure.

use std::sync::atomic::{AtomicU32, Ordering};

use super::*;
use crate::testing::{Answer, answer, connection, login, stub};
use zun_api_types::container::{CreateContainer, UpdateContainer};

const FEATURES: &str = r#"{"version":"0.1.0","api":1,"disk":"account","project_id":"p"}"#;

fn host_of(head: &str) -> String {
    let host = head
        .lines()
        .find_map(|line| line.strip_prefix("host: "))
        .unwrap();
    format!("http://{host}")
}

#[tokio::test]
async fn logs_in_once_and_again_when_the_token_is_refused() {
    let logins = AtomicU32::new(0);
    let server = stub(move |request, head| match request {
        "POST /v3/auth/tokens" => {
            let number = logins.fetch_add(1, Ordering::SeqCst);
            login(&host_of(head), &format!("token-{number}"))
        }
        "GET /zund/v1" => answer(200, FEATURES),
        _ if head.contains("x-auth-token: token-0") => answer(401, ""),
        _ => answer(404, ""),
    })
    .await;
    let client = Client::new(connection(&server.address));
    let (a, b) = tokio::join!(client.container_find("a"), client.container_find("b"));
    assert!(a.unwrap().is_none() && b.unwrap().is_none());
    let seen = server.seen.lock().unwrap().clone();
    let count = |request: &str| seen.iter().filter(|one| *one == request).count();
    assert_eq!(count("POST /v3/auth/tokens"), 2, "{seen:?}");
    assert_eq!(count("GET /zund/v1"), 1, "{seen:?}");
}

async fn failing(answers: impl Fn(&str) -> Answer + Send + Sync + 'static) -> Error {
    let server = stub(move |request, head| match request {
        "POST /v3/auth/tokens" => login(&host_of(head), "t"),
        "GET /zund/v1" => answer(200, FEATURES),
        other => answers(other),
    })
    .await;
    let client = Client::new(connection(&server.address));
    client.container_find("web").await.unwrap_err()
}

#[tokio::test]
async fn an_error_body_becomes_a_refusal() {
    let error = failing(|_| {
        answer(
            409,
            r#"{"errors":[{"request_id":"req-7","code":"container.conflict","status":409,"title":"Conflict","detail":"operation 12 is running","existing":"u-1","field":"spec.name"}]}"#,
        )
    })
    .await;
    let refusal = error.refusal().unwrap();
    assert_eq!(refusal.existing.as_deref(), Some("u-1"));
    assert_eq!(refusal.field.as_deref(), Some("spec.name"));
    assert_eq!(
        error.to_string(),
        "cannot read container web: operation 12 is running (HTTP 409, container.conflict, req-7)"
    );
}

#[tokio::test]
async fn an_answer_that_does_not_fit_names_the_field() {
    let error = failing(|_| answer(200, r#"{"uuid": 7}"#)).await;
    assert!(
        error.to_string().contains("at uuid: invalid type"),
        "{error}"
    );
}

#[tokio::test]
async fn busy_servers_are_asked_again_and_as_they_say() {
    let asked = AtomicU32::new(0);
    let error = failing(move |_| match asked.fetch_add(1, Ordering::SeqCst) {
        0 | 1 => Answer {
            headers: "retry-after: 0\r\n".into(),
            ..answer(503, "")
        },
        _ => answer(418, ""),
    })
    .await;
    assert_eq!(error.status(), Some(418));
}

#[tokio::test]
async fn what_is_not_idempotent_is_sent_once() {
    let server = stub(|request, head| match request {
        "POST /v3/auth/tokens" => login(&host_of(head), "t"),
        "GET /zund/v1" => answer(200, FEATURES),
        _ => answer(503, ""),
    })
    .await;
    let client = Client::new(connection(&server.address));
    let body: CreateContainer = serde_json::from_str(r#"{"spec":{"image":"nginx"}}"#).unwrap();
    client.container_create(&body).await.unwrap_err();
    let body: UpdateContainer = serde_json::from_str(r#"{"spec":{"image":"nginx"}}"#).unwrap();
    client.container_update("u", &body).await.unwrap_err();
    let seen = server.seen.lock().unwrap().clone();
    assert_eq!(
        seen[2..],
        ["POST /zund/v1/containers", "PUT /zund/v1/containers/u"],
        "{seen:?}"
    );
}

#[tokio::test]
async fn a_plain_zun_is_too_old_and_says_which_address_answered_what() {
    let server = stub(|request, head| match request {
        "POST /v3/auth/tokens" => login(&host_of(head), "t"),
        _ => answer(404, "no such path"),
    })
    .await;
    let client = Client::new(connection(&server.address));
    let error = client.features().await.unwrap_err();
    assert!(matches!(error.cause(), Cause::TooOld { .. }));
    let text = error.to_string();
    assert!(
        text.contains(&format!("{}/zund/v1", server.address)),
        "{text}"
    );
    assert!(text.contains("HTTP 404: no such path"), "{text}");
    assert!(error.next_step().contains("upstream Zun"));
}

#[tokio::test]
async fn a_refused_login_names_the_service_and_no_secret() {
    let server = stub(|_, _| {
        answer(
            401,
            r#"{"error":{"code":401,"message":"The request you have made requires authentication.","title":"Unauthorized"}}"#,
        )
    })
    .await;
    let client = Client::new(connection(&server.address));
    let error = client.features().await.unwrap_err();
    assert!(matches!(error.cause(), Cause::Login { .. }), "{error}");
    assert!(error.next_step().contains("OS_PASSWORD"));
    let everything = format!("{error} {error:?} {client:?}");
    assert!(!everything.contains("hunter2"), "{everything}");
}

#[tokio::test]
async fn a_dead_address_a_wrong_name_and_a_wrong_scheme_have_their_own_words() {
    let free = {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.local_addr().unwrap()
    };
    let cause_of = async |url: String| {
        let error = Client::new(connection(&url)).features().await.unwrap_err();
        error.cause().clone()
    };
    let refused = cause_of(format!("http://{free}")).await;
    assert!(matches!(refused, Cause::Refused { .. }), "{refused:?}");
    // A label of more than 63 letters is refused by the resolver without asking any network.
    let dns = cause_of(format!("http://{}.invalid", "a".repeat(64))).await;
    assert!(matches!(dns, Cause::Dns { .. }), "{dns:?}");
    let server = stub(|_, _| answer(200, "")).await;
    let tls = cause_of(server.address.replace("http:", "https:")).await;
    assert!(
        matches!(tls, Cause::Tls { .. } | Cause::Connection { .. }),
        "{tls:?}"
    );
}
