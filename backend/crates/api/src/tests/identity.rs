//! `/identity/v3` as Keystone's clients use it.

use axum::body::Body;
use http::Request;
use serde_json::{Value, json};

use super::{PASSWORD, TestApp, Who};

#[tokio::test]
async fn discovery_and_catalog() {
    let app = TestApp::start().await;
    let choices = app.get(Who::Nobody, "/identity").await.expect(300).json();
    assert_eq!(choices["versions"]["values"][0]["id"], "v3.14");
    let version = app
        .get(Who::Nobody, "/identity/v3/")
        .await
        .expect(200)
        .json();
    assert_eq!(version["version"]["status"], "stable");
    assert_eq!(
        version["version"]["links"][0]["href"],
        "http://zun.test:9517/identity/v3/"
    );
    let catalog = app
        .get(Who::Reader, "/identity/v3/auth/catalog")
        .await
        .expect(200)
        .json();
    let container = &catalog["catalog"][0];
    assert_eq!(container["type"], "container");
    assert_eq!(container["endpoints"][0]["url"], "http://zun.test:9517/v1");
    assert_eq!(container["endpoints"][0]["interface"], "public");
    assert_eq!(container["endpoints"][0]["region"], "RegionOne");
}

#[tokio::test]
async fn the_configured_address_is_the_one_that_is_told() {
    let app =
        TestApp::start_with(|_, api| api.public_url = Some("https://zun.example/".to_owned()))
            .await;
    let version = app.get(Who::Nobody, "/v1").await.expect(200).json();
    assert_eq!(version["links"][0]["href"], "https://zun.example/v1/");
}

#[tokio::test]
async fn a_token_says_who_and_where() {
    let app = TestApp::start().await;
    let reply = app.log_in("mel", PASSWORD, "shop").await.expect(201);
    let token = reply.json()["token"].clone();
    assert_eq!(token["methods"], json!(["password"]));
    assert_eq!(token["user"]["name"], "mel");
    assert_eq!(
        token["user"]["domain"],
        json!({"id": "default", "name": "Default"})
    );
    assert_eq!(token["project"]["id"], app.shop.0.simple().to_string());
    let roles: Vec<&str> = token["roles"]
        .as_array()
        .unwrap()
        .iter()
        .map(|role| role["name"].as_str().unwrap())
        .collect();
    assert_eq!(roles, ["reader", "member"]);
    assert_eq!(token["issued_at"], "2026-11-21T07:05:34.731300Z");
    assert!(token["catalog"].is_array());
    let secret = reply.header("x-subject-token").to_owned();
    let ask = async |method: &str, asker: Who| {
        let request = Request::builder()
            .method(method)
            .uri("/identity/v3/auth/tokens?nocatalog")
            .header("x-auth-token", &app.tokens[&asker])
            .header("x-subject-token", &secret)
            .body(Body::empty());
        app.send(request.unwrap()).await
    };
    let checked = ask("GET", Who::Admin).await.expect(200);
    assert_eq!(checked.json()["token"]["user"], token["user"]);
    assert!(checked.json()["token"].get("catalog").is_none());
    assert_eq!(ask("HEAD", Who::Member).await.expect(200).text, "");
    ask("GET", Who::Stranger).await.expect(404);
    ask("DELETE", Who::Member).await.expect(204);
    ask("GET", Who::Admin).await.expect(404);
}

async fn log_in(app: &TestApp, identity: Value, scope: Value) -> super::Reply {
    let body = json!({"auth": {"identity": identity, "scope": scope}});
    app.post(Who::Nobody, "/identity/v3/auth/tokens", body)
        .await
}

#[tokio::test]
async fn other_proofs() {
    let app = TestApp::start().await;
    let token = json!({"methods": ["token"], "token": {"id": app.tokens[&Who::Member]}});
    let project = json!({"project": {"id": app.shop.0.to_string()}});
    let again = log_in(&app, token.clone(), project).await.expect(201);
    assert_eq!(
        again.json()["token"]["methods"],
        json!(["password", "token"])
    );
    let unscoped = log_in(&app, token, json!("unscoped")).await.expect(201);
    assert!(unscoped.json()["token"].get("project").is_none());

    let path = format!("/identity/v3/users/{}/application_credentials", app.member);
    let body = json!({"application_credential": {"name": "ci", "roles": [{"name": "reader"}]}});
    let made =
        app.post(Who::Member, &path, body).await.expect(201).json()["application_credential"]
            .clone();
    let proof = json!({"methods": ["application_credential"],
        "application_credential": {"id": made["id"], "secret": made["secret"]}});
    let issued = log_in(&app, proof, Value::Null).await.expect(201).json();
    assert_eq!(
        issued["token"]["roles"],
        json!([{"id": "reader", "name": "reader"}])
    );
    let list = app.get(Who::Member, &path).await.expect(200);
    assert!(
        !list.text.contains(made["secret"].as_str().unwrap()),
        "a secret is shown once"
    );
    let one = format!("{path}/{}", made["id"].as_str().unwrap());
    app.ask(Who::Member, "DELETE", &one, None).await.expect(204);
    app.get(Who::Member, &one).await.expect(404);
}

#[tokio::test]
async fn a_token_for_no_project_reaches_no_containers() {
    let mut app = TestApp::start().await;
    let token = json!({"methods": ["token"], "token": {"id": app.tokens[&Who::Member]}});
    let unscoped = log_in(&app, token, json!({"unscoped": {}}))
        .await
        .expect(201);
    app.tokens
        .insert(Who::Member, unscoped.header("x-subject-token").to_owned());
    let projects = app
        .get(Who::Member, "/identity/v3/auth/projects")
        .await
        .expect(200)
        .json();
    assert_eq!(projects["projects"][0]["name"], "shop");
    for path in ["/v1/containers", "/zund/v1/containers"] {
        let refused = app.get(Who::Member, path).await.expect(403);
        assert!(
            refused.detail().contains("log in with a project"),
            "{}",
            refused.text
        );
    }
}

#[tokio::test]
async fn bad_logins_say_what_is_wrong_and_no_secret() {
    let app = TestApp::start().await;
    let wrong = app.log_in("mel", "hunter2", "shop").await.expect(401);
    assert!(
        wrong.detail().contains("password is wrong"),
        "{}",
        wrong.text
    );
    let nobody = app.log_in("nobody", PASSWORD, "shop").await.expect(401);
    assert_eq!(
        wrong.detail(),
        nobody.detail(),
        "the answer does not tell which users exist"
    );
    app.log_in("mel", PASSWORD, "street").await.expect(401);
    let user = |password: Value| json!({"methods": ["password"], "password": {"user": {"id": "x", "password": password}}});
    for identity in [
        json!({"methods": ["totp"]}),
        json!({"methods": []}),
        json!({"methods": ["password"]}),
        json!({"methods": ["password"], "password": {"user": {"name": "mel", "password": "hunter2"}}}),
        user(json!(31_337)),
        user(json!({"x": "hunter2"})),
    ] {
        let reply = log_in(&app, identity.clone(), Value::Null).await;
        assert!(
            matches!(reply.status.as_u16(), 400 | 401),
            "{identity}: {}",
            reply.text
        );
        assert!(
            !reply.text.contains("hunter2") && !reply.text.contains("31337"),
            "{}",
            reply.text
        );
        assert!(reply.json()["error"]["code"].is_number());
    }
    let system = json!({"system": {"all": true}});
    let token = json!({"methods": ["token"], "token": {"id": app.tokens[&Who::Member]}});
    assert!(
        log_in(&app, token, system)
            .await
            .expect(400)
            .detail()
            .contains("auth.scope")
    );
}

/// A new project and a new user without a role in it; their ids.
async fn lab_and_lia(app: &TestApp) -> (String, String) {
    let lab = json!({"project": {"name": "lab"}});
    let made = app.post(Who::Admin, "/identity/v3/projects", lab).await;
    let project = made.expect(201).json()["project"].clone();
    assert_eq!(project["domain_id"], "default");
    let body = json!({"user": {"name": "lia", "password": "long enough", "email": "x"}});
    let reply = app.post(Who::Admin, "/identity/v3/users", body).await;
    let reply = reply.expect(201);
    assert!(!reply.text.contains("long enough"));
    let id = |value: &Value| value["id"].as_str().unwrap().to_owned();
    (id(&project), id(&reply.json()["user"]))
}

#[tokio::test]
async fn administrators_grant_roles() {
    let app = TestApp::start().await;
    let (project, user) = lab_and_lia(&app).await;
    let grant = format!("/identity/v3/projects/{project}/users/{user}/roles/member");
    app.ask(Who::Admin, "HEAD", &grant, None).await.expect(404);
    app.ask(Who::Admin, "PUT", &grant, None).await.expect(204);
    app.ask(Who::Admin, "HEAD", &grant, None).await.expect(204);
    app.log_in("lia", "long enough", "lab").await.expect(201);
    let query = format!("/identity/v3/role_assignments?user.id={user}&include_names=true");
    let assignments = app.get(Who::Admin, &query).await.expect(200).json();
    let first = &assignments["role_assignments"][0];
    assert_eq!(first["user"]["name"], "lia");
    assert_eq!(first["scope"]["project"]["name"], "lab");
    let revoked = app.ask(Who::Admin, "DELETE", &grant, None).await;
    revoked.expect(204);
    app.log_in("lia", "long enough", "lab").await.expect(401);
    let roles = app.get(Who::Admin, "/identity/v3/roles?name=member").await;
    assert_eq!(roles.expect(200).json()["roles"][0]["id"], "member");
}

#[tokio::test]
async fn projects_and_users_come_and_go() {
    let app = TestApp::start().await;
    let (project, user) = lab_and_lia(&app).await;
    let query = "/identity/v3/projects?name=lab&domain_id=default";
    let named = app.get(Who::Admin, query).await.expect(200).json();
    assert_eq!(named["projects"].as_array().unwrap().len(), 1);
    let lab = json!({"project": {"name": "lab"}});
    let twice = app.post(Who::Admin, "/identity/v3/projects", lab).await;
    assert!(twice.expect(409).detail().contains("exists already"));
    let path = format!("/identity/v3/users/{user}");
    let off = json!({"user": {"enabled": false}});
    let edited = app.ask(Who::Admin, "PATCH", &path, Some(off)).await;
    assert_eq!(edited.expect(200).json()["user"]["enabled"], false);
    app.ask(Who::Admin, "DELETE", &path, None).await.expect(204);
    app.get(Who::Admin, &path).await.expect(404);
    let path = format!("/identity/v3/projects/{project}");
    app.ask(Who::Admin, "DELETE", &path, None).await.expect(204);
    app.get(Who::Admin, &path).await.expect(404);
}

#[tokio::test]
async fn domains_come_and_go() {
    let app = TestApp::start().await;
    let made = app
        .post(
            Who::Admin,
            "/identity/v3/domains",
            json!({"domain": {"name": "labs"}}),
        )
        .await;
    let id = made.expect(201).json()["domain"]["id"]
        .as_str()
        .unwrap()
        .to_owned();
    let path = format!("/identity/v3/domains/{id}");
    let renamed = app
        .ask(
            Who::Admin,
            "PATCH",
            &path,
            Some(json!({"domain": {"name": "lab"}})),
        )
        .await;
    assert_eq!(renamed.expect(200).json()["domain"]["name"], "lab");
    assert_eq!(
        app.get(Who::Admin, "/identity/v3/domains/default")
            .await
            .expect(200)
            .json()["domain"]["name"],
        "Default"
    );
    app.ask(Who::Admin, "DELETE", "/identity/v3/domains/default", None)
        .await
        .expect(409);
    app.ask(Who::Admin, "DELETE", &path, None).await.expect(204);
    app.get(Who::Admin, &path).await.expect(404);
}

#[tokio::test]
async fn a_user_changes_its_own_password() {
    let app = TestApp::start().await;
    let path = format!("/identity/v3/users/{}/password", app.member);
    let body = |original: &str| json!({"user": {"original_password": original, "password": "something new"}});
    app.post(Who::Member, &path, body("wrong"))
        .await
        .expect(401);
    app.post(Who::Member, &path, body(PASSWORD))
        .await
        .expect(204);
    app.get(Who::Member, "/v1/containers").await.expect(401);
    app.log_in("mel", "something new", "shop").await.expect(201);
}
