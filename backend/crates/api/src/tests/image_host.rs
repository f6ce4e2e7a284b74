//! `/v1/images`: what administrators pull to a host.

use serde_json::json;
use zun_driver::fake::fault::{Verb, When};
use zun_driver::{Class, Error};

use super::{FakeImage, Script, TestApp, Who};

async fn with_registry() -> TestApp {
    let app = TestApp::start().await;
    for name in ["r.test/web:1", "r.test/db"] {
        app.host
            .push_image(&FakeImage::of(name.parse().unwrap(), Script::default()));
    }
    app
}

#[tokio::test]
async fn an_image_is_pulled_and_deleted() {
    let app = with_registry().await;
    let body = json!({"repo": "r.test/web:1", "host": "host-1"});
    let made = app
        .post(Who::Admin, "/v1/images", body.clone())
        .await
        .expect(202);
    let shown = made.json();
    let id = shown["uuid"].as_str().unwrap().to_owned();
    assert_eq!(
        made.header("location"),
        format!("http://zun.test:9517/v1/images/{id}")
    );
    assert_eq!(
        (&shown["repo"], &shown["tag"], &shown["host"]),
        (&json!("r.test/web"), &json!("1"), &json!("host-1"))
    );
    assert_eq!(app.newest_ended(Who::Admin).await["state"], "succeeded");
    for ident in [id.as_str(), "r.test%2Fweb:1"] {
        let shown = app
            .get(Who::Admin, &format!("/v1/images/{ident}"))
            .await
            .expect(200)
            .json();
        assert_eq!(shown["uuid"], id.as_str());
        assert_eq!(shown["size"], "2048");
        assert!(shown["image_id"].as_str().unwrap().starts_with("sha256:"));
        assert_eq!(shown.as_object().unwrap().len(), 8);
    }
    let again = app.post(Who::Admin, "/v1/images", body).await.expect(409);
    assert!(
        again.detail().contains("was pulled to host host-1 already"),
        "{}",
        again.detail()
    );
    let body = json!({"repo": "r.test/db", "host": "host-1"});
    app.post(Who::Admin, "/v1/images", body).await.expect(202);
    app.newest_ended(Who::Admin).await;
    let page = app
        .get(Who::Admin, "/v1/images?limit=1&sort_key=repo&sort_dir=desc")
        .await
        .json();
    assert_eq!(page["images"][0]["repo"], "r.test/web");
    assert!(page["next"].as_str().unwrap().contains("/v1/images?"));

    let path = format!("/v1/images/{id}");
    let gone = app.ask(Who::Admin, "DELETE", &path, None).await.expect(200);
    assert_eq!(gone.text, "null");
    assert_eq!(app.newest_ended(Who::Admin).await["state"], "succeeded");
    app.get(Who::Admin, &path).await.expect(404);
}

#[tokio::test]
async fn an_image_in_use_stays() {
    let app = with_registry().await;
    let body = json!({"repo": "r.test/web:1", "host": "host-1"});
    let made = app
        .post(Who::Admin, "/v1/images", body)
        .await
        .expect(202)
        .json();
    app.newest_ended(Who::Admin).await;
    let body = json!({"name": "web", "spec": {"image": "r.test/web:1"}});
    let container = app
        .post(Who::Member, "/zund/v1/containers", body)
        .await
        .expect(202)
        .json();
    app.ended(Who::Member, &container).await;
    let path = format!("/v1/images/{}", made["uuid"].as_str().unwrap());
    let refused = app.ask(Who::Admin, "DELETE", &path, None).await.expect(409);
    assert!(
        refused.detail().contains("container web ("),
        "{}",
        refused.detail()
    );
}

#[tokio::test]
async fn a_pull_that_fails_says_why() {
    let app = with_registry().await;
    app.host.fail(
        Verb::Pull,
        When::Nth(1),
        Error::new(Class::Internal, "the line is cut"),
    );
    let body = json!({"repo": "r.test/web:1", "host": "host-1"});
    app.post(Who::Admin, "/v1/images", body).await.expect(202);
    app.newest_ended(Who::Admin).await;
    let listed = app
        .get(Who::Admin, "/zund/v1/host_images")
        .await
        .expect(200)
        .json();
    let image = &listed["host_images"][0];
    assert_eq!(image["status"], "killed");
    assert!(
        image["status_reason"]
            .as_str()
            .unwrap()
            .contains("the line is cut")
    );
}

#[tokio::test]
async fn what_cannot_be_pulled_is_refused() {
    let app = with_registry().await;
    for (body, status, words) in [
        (
            json!({"host": "host-1"}),
            400,
            "repo: is missing; repo and host are expected",
        ),
        (
            json!({"repo": "nginx"}),
            400,
            "host: is missing; repo and host are expected",
        ),
        (json!({"repo": "UPPER", "host": "host-1"}), 400, "repo:"),
        (
            json!({"repo": "nginx", "host": "moon"}),
            400,
            "host: \"moon\" is none of the hosts",
        ),
        (
            json!({"repo": "r.test/none", "host": "host-1"}),
            400,
            "manifest unknown",
        ),
        (
            json!({"repo": "nginx", "host": "host-1", "color": 1}),
            400,
            "color: no such parameter",
        ),
    ] {
        let refused = app
            .post(Who::Admin, "/v1/images", body.clone())
            .await
            .expect(status);
        assert!(
            refused.detail().contains(words),
            "{body}: {}",
            refused.detail()
        );
    }
    for ident in ["nothing", "10000000-0000-4000-8000-00000000ffff"] {
        let path = format!("/v1/images/{ident}");
        let refused = app.get(Who::Admin, &path).await.expect(404);
        assert_eq!(
            refused.detail(),
            format!("image {ident} could not be found")
        );
        app.ask(Who::Admin, "DELETE", &path, None).await.expect(404);
    }
}
