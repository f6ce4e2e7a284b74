//! Registries on `/v1`: what goes in, what comes out, and a container that gets its image with their credentials.

use serde_json::{Value, json};
use zun_driver::fake::{FakeImage, Script, Verb};

use super::{Reply, TestApp, Who};

const PASSWORD: &str = "correct-horse";

/// A registry of the member's; its uuid.
pub(super) async fn made(app: &TestApp, fields: Value) -> String {
    let body = json!({"registry": fields});
    let reply = app.post(Who::Member, "/v1/registries", body).await;
    let made = reply.expect(201).json();
    made["registry"]["uuid"].as_str().unwrap().to_owned()
}

pub(super) fn ours() -> Value {
    json!({"name": "ours", "domain": "r.example:5000", "username": "puller", "password": PASSWORD})
}

/// The registry wants these credentials and has `team/app:1`.
pub(super) fn stocked(app: &TestApp) {
    let password = zun_domain::registry::Password::try_from(PASSWORD.to_owned());
    app.host.lock_registry(&zun_domain::registry::Credentials {
        domain: "r.example:5000".parse().unwrap(),
        username: "puller".to_owned(),
        password: password.unwrap(),
    });
    let image = "r.example:5000/team/app:1".parse().unwrap();
    app.host
        .push_image(&FakeImage::of(image, Script::default()));
}

async fn create(app: &TestApp, spec: Value) -> Reply {
    app.post(Who::Member, "/zund/v1/containers", json!({"spec": spec}))
        .await
}

#[tokio::test]
async fn a_registry_is_made_shown_changed_and_deleted() {
    let app = TestApp::start().await;
    let body = json!({"registry": ours()});
    let reply = app.post(Who::Member, "/v1/registries", body).await;
    let made = reply.expect(201);
    let shown = &made.json()["registry"];
    let uuid = shown["uuid"].as_str().unwrap();
    let base = "http://zun.test:9517";
    assert_eq!(
        made.header("location"),
        format!("{base}/v1/registries/{uuid}")
    );
    let shop = app.shop.0.simple().to_string();
    assert_eq!(
        *shown,
        json!({
            "uuid": uuid, "name": "ours", "domain": "r.example:5000", "username": "puller", "password": "***",
            "project_id": shop, "user_id": app.member,
            "links": [
                {"href": format!("{base}/v1/registries/{uuid}"), "rel": "self"},
                {"href": format!("{base}/registries/{uuid}"), "rel": "bookmark"},
            ],
        })
    );
    for ident in [uuid, "ours"] {
        let path = format!("/v1/registries/{ident}");
        let again = app.get(Who::Reader, &path).await.expect(200).json();
        assert_eq!(again["registry"], *shown);
    }
    let path = format!("/v1/registries/{uuid}");
    let change = json!({"registry": {"name": null, "username": null, "password": null, "domain": "s.example"}});
    let changed = app.ask(Who::Member, "PATCH", &path, Some(change)).await;
    let changed = changed.expect(200).json();
    assert_eq!(changed["registry"]["name"], Value::Null);
    assert_eq!(changed["registry"]["username"], Value::Null);
    assert_eq!(changed["registry"]["domain"], "s.example");
    assert_eq!(changed["registry"]["password"], "***");
    let deleted = app.ask(Who::Member, "DELETE", &path, None).await;
    assert_eq!(deleted.expect(204).text, "");
    let gone = app.get(Who::Member, &path).await.expect(404);
    assert_eq!(
        gone.json()["errors"][0]["code"],
        "container.registry-not-found"
    );
}

#[tokio::test]
async fn lists_have_filters_and_pages() {
    let app = TestApp::start().await;
    for (name, domain, user) in [
        ("bb", "a.example", Some("me")),
        ("aa", "b.example", None),
        ("cc", "a.example", None),
    ] {
        made(
            &app,
            json!({"name": name, "domain": domain, "username": user}),
        )
        .await;
        app.clock.advance(1);
    }
    let stranger = json!({"registry": {"name": "zz", "domain": "a.example"}});
    let reply = app.post(Who::Stranger, "/v1/registries", stranger).await;
    reply.expect(201);
    let shop = app.shop.0.simple();
    let list = async |who, query: &str| {
        let page = app.get(who, &format!("/v1/registries?{query}")).await;
        let page = page.expect(200).json();
        let names = page["registries"].as_array().unwrap().iter();
        let names: Vec<String> = names
            .map(|one| {
                assert!(one.get("links").is_none());
                one["name"].as_str().unwrap().to_owned()
            })
            .collect();
        (names.join(" "), page["next"].clone())
    };
    for (query, expected) in [
        (String::new(), "bb aa cc"),
        ("sort_key=name".to_owned(), "aa bb cc"),
        ("sort_key=name&sort_dir=desc".to_owned(), "cc bb aa"),
        ("name=aa".to_owned(), "aa"),
        ("domain=a.example".to_owned(), "bb cc"),
        ("username=me".to_owned(), "bb"),
        (format!("project_id={shop}"), "bb aa cc"),
        ("project_id=nobody".to_owned(), ""),
        (format!("user_id={}", app.member), "bb aa cc"),
    ] {
        assert_eq!(list(Who::Reader, &query).await.0, expected, "{query}");
    }
    let (first, next) = list(Who::Member, "limit=2&domain=a.example").await;
    let next = next.as_str().unwrap();
    assert_eq!(first, "bb cc");
    assert!(
        next.contains("domain=a.example") && next.contains("marker="),
        "{next}"
    );
    let query = next.split_once('?').unwrap().1;
    assert_eq!(list(Who::Member, query).await, (String::new(), Value::Null));
    assert_eq!(list(Who::Admin, "").await.0, "");
    assert_eq!(
        list(Who::Admin, "all_projects=1&domain=a.example").await.0,
        "bb cc zz"
    );
    let denied = app
        .get(Who::Member, "/v1/registries?all_projects=true")
        .await;
    let denied = denied.expect(403).detail();
    assert!(denied.contains("registry:get_all_all_projects"), "{denied}");
}

#[tokio::test]
async fn what_cannot_be_is_refused_and_no_password_is_shown() {
    let app = TestApp::start().await;
    for (body, words) in [
        (json!({}), "registry: is required"),
        (json!({"registry": []}), "registry: must be an object"),
        (json!({"registry": {}}), "registry.domain: is required"),
        (
            json!({"registry": {"domain": "https://r.example"}}),
            "without scheme and path",
        ),
        (
            json!({"registry": {"domain": "registry"}}),
            "registry.domain: ",
        ),
        (
            json!({"registry": {"domain": "r.example", "name": "x"}}),
            "2 to 255 characters",
        ),
        (
            json!({"registry": {"domain": "r.example", "username": "a:b"}}),
            "registry.username: ",
        ),
        (
            json!({"registry": {"domain": "r.example", "username": ""}}),
            "1 to 255 characters",
        ),
        (
            json!({"registry": {"domain": "r.example", "password": "hid\nden"}}),
            "registry.password: ",
        ),
        (
            json!({"registry": {"domain": "r.example", "password": 4711}}),
            "must be a string",
        ),
        (
            json!({"registry": {"domain": "r.example", "password": "hidden"}}),
            "goes with a username",
        ),
        (
            json!({"registry": {"domain": "r.example", "port": 1}}),
            "registry.port: no such parameter",
        ),
        (
            json!({"registry": {"domain": "r.example"}, "name": "x"}),
            "name: no such parameter",
        ),
    ] {
        let shown = body.to_string();
        let reply = app
            .post(Who::Member, "/v1/registries", body)
            .await
            .expect(400);
        let detail = reply.detail();
        assert!(detail.contains(words), "{shown}: {detail}");
        assert!(
            !reply.text.contains("hid") && !reply.text.contains("4711"),
            "{detail}"
        );
    }
    for query in ["colour=red", "limit=0", "sort_key=password", "marker=x"] {
        let reply = app
            .get(Who::Member, &format!("/v1/registries?{query}"))
            .await;
        assert!(
            reply.status == 400 || reply.status == 404,
            "{query}: {}",
            reply.text
        );
    }
    made(&app, ours()).await;
    made(&app, ours()).await;
    let reply = app
        .get(Who::Member, "/v1/registries/ours")
        .await
        .expect(409);
    assert_eq!(reply.detail(), "2 registries are named ours; use a uuid");
}

#[tokio::test]
async fn a_container_gets_its_image_with_the_registry_s_credentials() {
    let app = TestApp::start().await;
    stocked(&app);
    let uuid = made(&app, ours()).await;
    let refused = create(&app, json!({"image": "r.example:5000/team/app:1"})).await;
    let detail = refused.expect(400).detail();
    assert!(detail.contains("unauthorized"), "{detail}");
    let spec = json!({"image": "team/app:1", "registry": "ours"});
    let accepted = create(&app, spec).await.expect(202).json();
    let operation = app.ended(Who::Member, &accepted).await;
    assert_eq!(operation["state"], "succeeded", "{operation}");
    assert_eq!(app.host.calls(Verb::Pull), 1);
    let container = accepted["container"]["uuid"].as_str().unwrap();
    let path = format!("/zund/v1/containers/{container}");
    let shown = app.get(Who::Member, &path).await.expect(200).json();
    assert_eq!(shown["spec"]["registry"], "ours");
    assert_eq!(shown["spec"]["image"], "team/app:1");
    let path = format!("/v1/containers/{container}");
    let zuns = app.get(Who::Member, &path).await.expect(200).json();
    assert_eq!(zuns["registry_id"], json!(uuid));
    assert_eq!(zuns["image"], "team/app:1");

    let registry = format!("/v1/registries/{uuid}");
    let kept = app.ask(Who::Member, "DELETE", &registry, None).await;
    let detail = kept.expect(409).detail();
    assert!(
        detail.contains(container) && detail.contains("delete the container"),
        "{detail}"
    );
    let path = format!("/zund/v1/containers/{container}");
    let without = json!({"spec": {"image": "nginx"}});
    let accepted = app
        .put(Who::Member, &path, without)
        .await
        .expect(202)
        .json();
    let operation = app.ended(Who::Member, &accepted).await;
    assert_eq!(operation["state"], "succeeded", "{operation}");
    let deleted = app.ask(Who::Member, "DELETE", &registry, None).await;
    deleted.expect(204);
}

#[tokio::test]
async fn zun_s_create_names_a_registry_too() {
    let app = TestApp::start().await;
    stocked(&app);
    let uuid = made(&app, ours()).await;
    let body = json!({"image": "team/app:1", "registry": uuid, "run": true});
    let reply = app
        .post(Who::Member, "/v1/containers", body)
        .await
        .expect(202);
    assert_eq!(reply.json()["registry_id"], json!(uuid));
    let unknown = json!({"image": "team/app:1", "registry": "nobody's"});
    let reply = app
        .post(Who::Member, "/v1/containers", unknown)
        .await
        .expect(404);
    assert_eq!(
        reply.json()["errors"][0]["code"],
        "container.registry-not-found"
    );
    let short = json!({"image": "team/app:1", "registry": "x"});
    let reply = app
        .post(Who::Member, "/v1/containers", short)
        .await
        .expect(400);
    assert!(reply.detail().contains("2 to 255"), "{}", reply.text);
}

#[tokio::test]
async fn a_registry_that_does_not_fit_is_refused() {
    let app = TestApp::start().await;
    stocked(&app);
    made(&app, ours()).await;
    let other = json!({"registry": {"name": "theirs", "domain": "r.example:5000"}});
    let other = app.post(Who::Stranger, "/v1/registries", other).await;
    let other = other.expect(201).json();
    let theirs = other["registry"]["uuid"].as_str().unwrap();
    for (spec, status, words) in [
        (
            json!({"image": "s.example/app", "registry": "ours"}),
            400,
            "is on s.example",
        ),
        (
            json!({"image": "team/app:1", "registry": "theirs"}),
            404,
            "registry theirs could not be found",
        ),
        (
            json!({"image": "team/app:1", "registry": theirs}),
            404,
            "could not be found",
        ),
        (
            json!({"image": "team/app:1", "registry": ""}),
            400,
            "registry: is empty",
        ),
        (
            json!({"image": "team/app:1", "registry": "ours", "image_driver": "glance"}),
            400,
            "the image service has no registries",
        ),
        (
            json!({"image": "nginx", "image_update": "digest", "image_pull_policy": "never"}),
            400,
            "image_update: \"digest\" asks the registry",
        ),
    ] {
        let shown = spec.to_string();
        let preview = json!({"spec": spec});
        let preview = app.post(Who::Member, "/zund/v1/preview", preview).await;
        let preview = preview.expect(200).json();
        let reply = create(&app, spec).await.expect(status);
        assert!(reply.detail().contains(words), "{shown}: {}", reply.text);
        let problem = preview["problems"][0]["message"]
            .as_str()
            .unwrap_or_default();
        assert!(problem.contains(words), "{shown}: {preview}");
    }
}

#[tokio::test]
async fn another_password_is_used_from_then_on() {
    let app = TestApp::start().await;
    stocked(&app);
    let mut wrong = ours();
    wrong["password"] = json!("another");
    let uuid = made(&app, wrong).await;
    let spec = json!({"image": "team/app:1", "registry": uuid});
    let reply = create(&app, spec.clone()).await.expect(400);
    assert!(reply.detail().contains("unauthorized"), "{}", reply.text);
    assert!(!reply.text.contains("another"), "{}", reply.text);
    let right = json!({"registry": {"password": PASSWORD}});
    let path = format!("/v1/registries/{uuid}");
    let changed = app.ask(Who::Member, "PATCH", &path, Some(right)).await;
    changed.expect(200);
    create(&app, spec).await.expect(202);
}

/// A tag that is followed: what it means now is shown where it differs, and an update takes it.
#[tokio::test]
async fn a_moved_tag_is_shown_and_taken_where_that_is_asked() {
    let app = TestApp::start().await;
    let first = FakeImage::of("s.example/app:1".parse().unwrap(), Script::default());
    app.host.push_image(&first);
    let spec = |update: &str| json!({"image": "s.example/app:1", "image_update": update});
    let mut made = Vec::new();
    for update in ["digest", "never"] {
        let accepted = create(&app, spec(update)).await.expect(202).json();
        app.ended(Who::Member, &accepted).await;
        let uuid = accepted["container"]["uuid"].as_str().unwrap();
        made.push(format!("/zund/v1/containers/{uuid}"));
    }
    let shown = async |path: &String| app.get(Who::Reader, path).await.expect(200).json();
    for path in &made {
        assert_eq!(shown(path).await["seen"]["image_digest"], Value::Null);
    }
    let second = first.clone().rebuilt(2);
    app.host.push_image(&second);
    assert_eq!(
        shown(&made[0]).await["seen"]["image_digest"],
        Value::Null,
        "what was said a moment ago is said again"
    );
    app.clock.advance(60);
    let digest = second.digest.clone().unwrap();
    assert_eq!(shown(&made[0]).await["seen"]["image_digest"], json!(digest));
    assert_eq!(shown(&made[1]).await["seen"]["image_digest"], Value::Null);

    let uuid = made[0].rsplit('/').next().unwrap();
    let preview = json!({"container": uuid, "spec": spec("digest")});
    let preview = app.post(Who::Member, "/zund/v1/preview", preview).await;
    let preview = preview.expect(200).json();
    assert_eq!(preview["effect"], "recreate");
    assert_eq!(preview["image_digest"], json!(digest));
    for (path, update, revision) in [(&made[0], "digest", 2), (&made[1], "never", 1)] {
        let update = json!({"spec": spec(update)});
        let accepted = app.put(Who::Member, path, update).await.expect(202).json();
        if revision == 2 {
            app.ended(Who::Member, &accepted).await;
        }
        assert_eq!(shown(path).await["revision"], revision);
    }
    let now = shown(&made[0]).await;
    assert_eq!(now["image_digest"], json!(digest));
    assert_eq!(now["seen"]["image_digest"], Value::Null);

    app.clock.advance(60);
    app.host.registry_down(Some("connection refused"));
    assert_eq!(shown(&made[0]).await["seen"]["image_digest"], Value::Null);
    let update = json!({"spec": spec("digest")});
    let accepted = app.put(Who::Member, &made[0], update).await.expect(202);
    assert_eq!(
        accepted.json()["operation"],
        Value::Null,
        "no news is no change"
    );
}
