//! Every route of the table against everybody who must not pass.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use zun_domain::policy::Action;

use super::{TestApp, Who};
use crate::{Right, Route, routes};

/// What a stranger's good token gets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stranger {
    /// It is for everybody.
    Welcome,
    /// A list: an answer in which nothing of the victim's is to be found.
    SeesNothing,
    /// It acts on what is the stranger's own, so there is nothing to refuse.
    OwnOnly,
    /// 404: the object in the address is another project's.
    NotFound,
    /// 403: administrators only.
    Denied,
}

use Stranger::{Denied, NotFound, OwnOnly, SeesNothing, Welcome};

/// One case for every entry of the table.
const CASES: &[(&str, Stranger)] = &[
    ("GET /", Welcome),
    ("GET /healthcheck", Welcome),
    ("GET /v1", Welcome),
    ("GET /v1/containers", SeesNothing),
    ("POST /v1/containers", OwnOnly),
    ("GET /v1/containers/{ident}", NotFound),
    ("PATCH /v1/containers/{ident}", NotFound),
    ("DELETE /v1/containers/{ident}", NotFound),
    ("POST /v1/containers/{ident}/start", NotFound),
    ("POST /v1/containers/{ident}/stop", NotFound),
    ("POST /v1/containers/{ident}/reboot", NotFound),
    ("POST /v1/containers/{ident}/pause", NotFound),
    ("POST /v1/containers/{ident}/unpause", NotFound),
    ("POST /v1/containers/{ident}/kill", NotFound),
    ("POST /v1/containers/{ident}/rename", NotFound),
    ("POST /v1/containers/{ident}/resize_container", NotFound),
    ("POST /v1/containers/{ident}/resize", NotFound),
    ("GET /v1/containers/{ident}/logs", NotFound),
    ("GET /v1/containers/{ident}/top", NotFound),
    ("GET /v1/containers/{ident}/stats", NotFound),
    ("POST /v1/containers/{ident}/network_attach", NotFound),
    ("POST /v1/containers/{ident}/network_detach", NotFound),
    ("GET /v1/containers/{ident}/network_list", NotFound),
    ("POST /v1/containers/{ident}/add_security_group", NotFound),
    ("POST /v1/containers/{ident}/remove_security_group", NotFound),
    ("GET /v1/hosts", Denied),
    ("GET /v1/hosts/{ident}", Denied),
    ("GET /v1/services", Denied),
    ("DELETE /v1/services", Denied),
    ("PUT /v1/services/enable", Denied),
    ("PUT /v1/services/disable", Denied),
    ("PUT /v1/services/force_down", Denied),
    ("GET /v1/availability_zones", Welcome),
    ("GET /v1/quotas/{project_id}", NotFound),
    ("PUT /v1/quotas/{project_id}", Denied),
    ("DELETE /v1/quotas/{project_id}", Denied),
    ("GET /v1/quotas/{project_id}/defaults", NotFound),
    ("GET /v1/quota_classes/{name}", Denied),
    ("PUT /v1/quota_classes/{name}", Denied),
    ("GET /identity", Welcome),
    ("GET /identity/v3", Welcome),
    ("POST /identity/v3/auth/tokens", Welcome),
    ("GET /identity/v3/auth/tokens", NotFound),
    ("DELETE /identity/v3/auth/tokens", NotFound),
    ("GET /identity/v3/auth/catalog", Welcome),
    ("GET /identity/v3/auth/projects", SeesNothing),
    ("GET /identity/v3/projects", Denied),
    ("POST /identity/v3/projects", Denied),
    ("GET /identity/v3/projects/{id}", NotFound),
    ("PATCH /identity/v3/projects/{id}", Denied),
    ("DELETE /identity/v3/projects/{id}", Denied),
    ("GET /identity/v3/users", Denied),
    ("POST /identity/v3/users", Denied),
    ("GET /identity/v3/users/{id}", NotFound),
    ("PATCH /identity/v3/users/{id}", Denied),
    ("DELETE /identity/v3/users/{id}", Denied),
    ("POST /identity/v3/users/{id}/password", NotFound),
    ("GET /identity/v3/users/{id}/projects", NotFound),
    ("GET /identity/v3/domains", Denied),
    ("POST /identity/v3/domains", Denied),
    ("GET /identity/v3/domains/{id}", Denied),
    ("PATCH /identity/v3/domains/{id}", Denied),
    ("DELETE /identity/v3/domains/{id}", Denied),
    ("GET /identity/v3/roles", Denied),
    ("GET /identity/v3/roles/{id}", Denied),
    ("GET /identity/v3/role_assignments", Denied),
    (
        "GET /identity/v3/projects/{project}/users/{user}/roles",
        Denied,
    ),
    (
        "GET /identity/v3/projects/{project}/users/{user}/roles/{role}",
        Denied,
    ),
    (
        "PUT /identity/v3/projects/{project}/users/{user}/roles/{role}",
        Denied,
    ),
    (
        "DELETE /identity/v3/projects/{project}/users/{user}/roles/{role}",
        Denied,
    ),
    (
        "GET /identity/v3/users/{id}/application_credentials",
        NotFound,
    ),
    (
        "POST /identity/v3/users/{id}/application_credentials",
        NotFound,
    ),
    (
        "GET /identity/v3/users/{id}/application_credentials/{credential}",
        NotFound,
    ),
    (
        "DELETE /identity/v3/users/{id}/application_credentials/{credential}",
        NotFound,
    ),
    ("GET /volume", Welcome),
    ("GET /volume/v3", Welcome),
    ("GET /volume/v3/{project_id}/volumes", NotFound),
    ("POST /volume/v3/{project_id}/volumes", NotFound),
    ("GET /volume/v3/{project_id}/volumes/detail", NotFound),
    ("GET /volume/v3/{project_id}/volumes/{id}", NotFound),
    ("PUT /volume/v3/{project_id}/volumes/{id}", NotFound),
    ("DELETE /volume/v3/{project_id}/volumes/{id}", NotFound),
    ("POST /volume/v3/{project_id}/volumes/{id}/action", NotFound),
    (
        "GET /volume/v3/{project_id}/volumes/{id}/metadata",
        NotFound,
    ),
    (
        "POST /volume/v3/{project_id}/volumes/{id}/metadata",
        NotFound,
    ),
    (
        "PUT /volume/v3/{project_id}/volumes/{id}/metadata",
        NotFound,
    ),
    (
        "GET /volume/v3/{project_id}/volumes/{id}/metadata/{key}",
        NotFound,
    ),
    (
        "PUT /volume/v3/{project_id}/volumes/{id}/metadata/{key}",
        NotFound,
    ),
    (
        "DELETE /volume/v3/{project_id}/volumes/{id}/metadata/{key}",
        NotFound,
    ),
    ("GET /volume/v3/{project_id}/snapshots", NotFound),
    ("POST /volume/v3/{project_id}/snapshots", NotFound),
    ("GET /volume/v3/{project_id}/snapshots/detail", NotFound),
    ("GET /volume/v3/{project_id}/snapshots/{id}", NotFound),
    ("PUT /volume/v3/{project_id}/snapshots/{id}", NotFound),
    ("DELETE /volume/v3/{project_id}/snapshots/{id}", NotFound),
    (
        "GET /volume/v3/{project_id}/snapshots/{id}/metadata",
        NotFound,
    ),
    (
        "POST /volume/v3/{project_id}/snapshots/{id}/metadata",
        NotFound,
    ),
    (
        "PUT /volume/v3/{project_id}/snapshots/{id}/metadata",
        NotFound,
    ),
    (
        "GET /volume/v3/{project_id}/snapshots/{id}/metadata/{key}",
        NotFound,
    ),
    (
        "PUT /volume/v3/{project_id}/snapshots/{id}/metadata/{key}",
        NotFound,
    ),
    (
        "DELETE /volume/v3/{project_id}/snapshots/{id}/metadata/{key}",
        NotFound,
    ),
    ("GET /volume/v3/{project_id}/types", NotFound),
    ("GET /volume/v3/{project_id}/types/{id}", NotFound),
    ("GET /volume/v3/{project_id}/limits", NotFound),
    ("GET /volume/v3/{project_id}/os-availability-zone", NotFound),
    ("GET /zund/v1", Welcome),
    ("GET /zund/v1/health", Welcome),
    ("GET /zund/v1/metrics", Denied),
    ("GET /zund/v1/containers", SeesNothing),
    ("POST /zund/v1/containers", OwnOnly),
    ("GET /zund/v1/containers/{ident}", NotFound),
    ("PUT /zund/v1/containers/{ident}", NotFound),
    ("DELETE /zund/v1/containers/{ident}", NotFound),
    ("POST /zund/v1/containers/{ident}/confirm", NotFound),
    ("GET /zund/v1/containers/{ident}/events", NotFound),
    ("POST /zund/v1/preview", NotFound),
    ("GET /zund/v1/operations", SeesNothing),
    ("GET /zund/v1/operations/{id}", NotFound),
    ("GET /zund/v1/operations/{id}/events", NotFound),
    ("GET /zund/v1/quotas/{project}", NotFound),
    ("PUT /zund/v1/quotas/{project}", Denied),
    ("DELETE /zund/v1/quotas/{project}", Denied),
    ("GET /zund/v1/quota_classes/{name}", Denied),
    ("PUT /zund/v1/quota_classes/{name}", Denied),
    ("DELETE /zund/v1/quota_classes/{name}", Denied),
];

/// What belongs to the victim.
struct Victim {
    container: String,
    operation: String,
    credential: String,
    volume: String,
    snapshot: String,
}

impl Victim {
    async fn make(app: &TestApp) -> Self {
        let body = json!({"name": "victim", "spec": {"image": "nginx"}});
        let accepted = app
            .post(Who::Member, "/zund/v1/containers", body)
            .await
            .expect(202)
            .json();
        app.ended(Who::Member, &accepted).await;
        let path = format!("/identity/v3/users/{}/application_credentials", app.member);
        let body = json!({"application_credential": {"name": "ci"}});
        let credential = app.post(Who::Member, &path, body).await.expect(201).json();
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let volume = app
            .volume(json!({"name": "victim", "size": 1, "metadata": {"k": "v"}}))
            .await;
        let snapshot = json!({"name": "victim", "volume_id": volume, "metadata": {"k": "v"}});
        let snapshot = app.snapshot(snapshot).await;
        Self {
            volume,
            snapshot,
            container: text(&accepted["container"]["uuid"]),
            operation: text(&accepted["operation"]["id"]),
            credential: text(&credential["application_credential"]["id"]),
        }
    }

    /// The address of a route, with what is the victim's in place of its parameters.
    fn address(&self, app: &TestApp, route: &Route) -> String {
        let id = match route.path {
            path if path.contains("/operations/") => &self.operation,
            path if path.contains("/volumes/") => &self.volume,
            path if path.contains("/snapshots/") => &self.snapshot,
            path if path.contains("/types/") => "single",
            path if path.contains("/users/") => &app.member,
            path if path.contains("/projects/") => &app.shop.0.simple().to_string(),
            path if path.contains("/domains/") => "default",
            _ => "member",
        };
        let project = app.shop.0.simple().to_string();
        let ident = if route.path.contains("/hosts/") {
            "host-1"
        } else {
            &self.container
        };
        route
            .path
            .replace("{ident}", ident)
            .replace("{id}", id)
            .replace("{project_id}", &project)
            .replace("{project}", &project)
            .replace("{user}", &app.member)
            .replace("{role}", "member")
            .replace("{credential}", &self.credential)
            .replace("{name}", "default")
            .replace("{key}", "k")
            + if route.path.ends_with("/resize") {
                "?h=24&w=80"
            } else {
                ""
            }
            + if route.path.ends_with("/rename") {
                "?name=other"
            } else {
                ""
            }
    }

    /// A body that would be accepted.
    fn body(&self, route: &Route) -> Option<Value> {
        let spec = json!({"image": "nginx"});
        let body = match (route.method.as_str(), route.path) {
            ("GET" | "DELETE", _) => return None,
            ("POST", "/v1/containers") => spec,
            ("POST", "/zund/v1/preview") => json!({"container": self.container, "spec": spec}),
            (_, path) if path.starts_with("/zund/v1/containers") => json!({"spec": spec}),
            (_, path) if path.starts_with("/zund/v1/quota") => json!({"limits": {"cpu": 1}}),
            ("POST", path) if path.ends_with("/volumes") => json!({"volume": {"size": 1}}),
            ("POST", path) if path.ends_with("/snapshots") => {
                json!({"snapshot": {"volume_id": self.volume}})
            }
            ("PUT", path) if path.ends_with("/volumes/{id}") => json!({"volume": {"name": "x"}}),
            ("PUT", path) if path.ends_with("/snapshots/{id}") => {
                json!({"snapshot": {"name": "x"}})
            }
            (_, path) if path.ends_with("/action") => json!({"os-extend": {"new_size": 2}}),
            (_, path) if path.ends_with("/metadata") => json!({"metadata": {"k": "w"}}),
            (_, path) if path.ends_with("/metadata/{key}") => json!({"meta": {"k": "w"}}),
            (_, path) if path.ends_with("/password") => {
                json!({"user": {"original_password": "a", "password": "b"}})
            }
            (_, path) if path.ends_with("/application_credentials") => {
                json!({"application_credential": {"name": "x"}})
            }
            (_, path) if path.contains("/services/") => {
                json!({"host": "host-1", "binary": "zun-compute"})
            }
            _ => json!({}),
        };
        Some(body)
    }
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
    let mut app = TestApp::start().await;
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
    let app = TestApp::start().await;
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
    let app = TestApp::start().await;
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
    let app = TestApp::start().await;
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
