//! Every route of the table against everybody who must not pass.

mod cases;
mod victim;

use std::collections::BTreeMap;

use serde_json::json;
use zun_domain::policy::Action;

use self::cases::{CASES, Stranger};
use self::victim::Victim;
use super::{TestApp, Who};
use crate::{Right, Route, routes};

use Stranger::{Denied, NotFound, OwnOnly, SeesNothing, Welcome};

/// A deployment that has addresses of the outside, so that there is a victim of every noun.
async fn victims_app() -> TestApp {
    TestApp::with_range("192.0.2.0/28").await
}

fn name(route: &Route) -> String {
    format!("{} {}", route.method, route.path)
}

fn version(route: &Route) -> String {
    format!("container {}", route.until)
}

async fn try_as(app: &TestApp, victim: &Victim, who: Who, route: &Route) -> super::Reply {
    let (path, body) = (victim.address(app, route), victim.body(route));
    app.ask_in(&version(route), who, route.method.as_str(), &path, body)
        .await
}

#[test]
fn every_route_has_a_case_and_every_case_a_route() {
    let table: Vec<String> = routes().map(name).collect();
    let cases: Vec<&str> = CASES.iter().map(|(name, _)| *name).collect();
    assert_eq!(
        table, cases,
        "add the route to CASES of this test, in the order of the table"
    );
}

#[tokio::test]
async fn nobody_passes_without_a_token_nor_with_a_bad_one() {
    let mut app = victims_app().await;
    let victim = Victim::make(&app).await;
    let good = app.tokens[&Who::Member].clone();
    let revoked = app.log_in("mel", super::PASSWORD, "shop").await.expect(201);
    let revoked = revoked.header("x-subject-token").to_owned();
    let request = http::Request::delete("/identity/v3/auth/tokens")
        .header("x-auth-token", &good)
        .header("x-subject-token", &revoked)
        .body(axum::body::Body::empty());
    app.send(request.unwrap()).await.expect(204);
    for token in ["", "made-up", revoked.as_str()] {
        app.tokens.insert(Who::Member, token.to_owned());
        for route in routes().filter(|route| route.right != Right::Public) {
            let reply = try_as(&app, &victim, Who::Member, route).await;
            assert_eq!(reply.status, 401, "{} with {token:?}", name(route));
            assert!(
                reply
                    .header("www-authenticate")
                    .starts_with("Keystone uri=")
            );
        }
    }
    app.tokens.insert(Who::Member, good);
    app.clock.advance(100_000);
    for route in routes().filter(|route| route.right != Right::Public) {
        let reply = try_as(&app, &victim, Who::Member, route).await;
        assert_eq!(
            reply.status,
            401,
            "{} after the end of the token",
            name(route)
        );
    }
}

#[tokio::test]
async fn a_stranger_finds_nothing() {
    let app = victims_app().await;
    let victim = Victim::make(&app).await;
    let cases: BTreeMap<&str, Stranger> = CASES.iter().copied().collect();
    for route in routes() {
        let name = name(route);
        let case = cases[name.as_str()];
        let mut reply = try_as(&app, &victim, Who::Stranger, route).await;
        if route.path == "/identity/v3/auth/tokens" && case == NotFound {
            let request = http::Request::builder()
                .method(route.method.clone())
                .uri(route.path)
                .header("x-auth-token", &app.tokens[&Who::Stranger])
                .header("x-subject-token", &app.tokens[&Who::Member])
                .body(axum::body::Body::empty());
            reply = app.send(request.unwrap()).await;
        }
        match case {
            NotFound => assert_eq!(reply.status, 404, "{name}: {}", reply.text),
            Denied => assert_eq!(reply.status, 403, "{name}: {}", reply.text),
            SeesNothing => {
                assert_eq!(reply.status, 200, "{name}: {}", reply.text);
                let theirs = [
                    victim.container.as_str(),
                    &victim.registry,
                    &victim.operation,
                    "shop",
                    "victim",
                ];
                for word in theirs {
                    assert!(
                        !reply.text.contains(word),
                        "{name} shows {word}: {}",
                        reply.text
                    );
                }
            }
            Welcome | OwnOnly => assert!(reply.status.as_u16() < 500, "{name}: {}", reply.text),
        }
    }
    let after = app
        .get(
            Who::Member,
            &format!("/zund/v1/containers/{}", victim.container),
        )
        .await;
    assert_eq!(after.expect(200).json()["state"], "running");
}

/// Block storage has the project in its addresses: the own project there does not open another's objects.
#[tokio::test]
async fn the_own_project_in_the_address_shows_nothing_of_others() {
    let app = victims_app().await;
    let victim = Victim::make(&app).await;
    let own = app.project_of(Who::Stranger).await;
    let shop = app.shop.0.simple().to_string();
    for route in routes().filter(|route| route.path.starts_with("/volume/v3/{project_id}")) {
        let path = victim.address(&app, route).replace(&shop, &own);
        let (name, body) = (name(route), victim.body(route));
        let reply = app
            .ask(Who::Stranger, route.method.as_str(), &path, body)
            .await;
        let theirs = route.path.contains("/volumes/{id}") || route.path.contains("/snapshots/{id}");
        let uses = name == "POST /volume/v3/{project_id}/snapshots";
        if theirs || uses {
            assert_eq!(reply.status, 404, "{name}: {}", reply.text);
        } else {
            assert!(reply.status.is_success(), "{name}: {}", reply.text);
            for word in [&victim.volume, &victim.snapshot, &shop, "victim"] {
                assert!(
                    !reply.text.contains(word),
                    "{name} shows {word}: {}",
                    reply.text
                );
            }
        }
    }
    for (field, id) in [
        ("snapshot_id", &victim.snapshot),
        ("source_volid", &victim.volume),
    ] {
        let body = json!({"volume": {"size": 1, field: id}});
        let path = format!("/volume/v3/{own}/volumes");
        app.post(Who::Stranger, &path, body).await.expect(404);
    }
    let volume = app.volume_shown(&victim.volume).await;
    assert_eq!(volume["size"], 1);
    assert_eq!(volume["metadata"], json!({"k": "v"}));
}

#[tokio::test]
async fn readers_read_and_members_do_not_administer() {
    let app = victims_app().await;
    let victim = Victim::make(&app).await;
    for route in routes() {
        let (write, admin) = match route.right {
            Right::May(Action::Write(_)) => (true, false),
            Right::May(Action::Admin(_)) | Right::Loopback(_) => (false, true),
            _ => (false, false),
        };
        if write || admin {
            let reply = try_as(&app, &victim, Who::Reader, route).await;
            assert_eq!(reply.status, 403, "{}: {}", name(route), reply.text);
        }
        if admin {
            let reply = try_as(&app, &victim, Who::Member, route).await;
            assert_eq!(reply.status, 403, "{}: {}", name(route), reply.text);
        }
        if matches!(route.right, Right::May(Action::Read(_))) {
            let reply = try_as(&app, &victim, Who::Reader, route).await;
            assert!(reply.status.is_success(), "{}: {}", name(route), reply.text);
        }
    }
}
