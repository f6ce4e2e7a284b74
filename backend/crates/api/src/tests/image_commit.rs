//! Commit and rebuild on `/v1`.

use serde_json::json;
use zun_driver::fake::fault::{Verb, When};
use zun_driver::{Class, Error};

use super::registry::{made, ours, stocked};
use super::{TestApp, Who};

#[tokio::test]
async fn a_container_is_committed() {
    let app = TestApp::start().await;
    let uuid = app.running("web").await;
    let path = format!("/v1/containers/{uuid}/commit?repository=shop&tag=v1");
    let made = app
        .ask(Who::Member, "POST", &path, None)
        .await
        .expect(202)
        .json();
    assert_eq!(made.as_object().unwrap().len(), 1);
    let id = made["uuid"].as_str().unwrap().to_owned();
    let ended = app.newest_ended(Who::Member).await;
    assert_eq!(
        (&ended["kind"], &ended["state"]),
        (&json!("commit"), &json!("succeeded"))
    );
    let image = app.image_shown(Who::Member, &id).await;
    assert_eq!(image["status"], "active");
    assert_eq!(
        (&image["name"], &image["tags"]),
        (&json!("shop"), &json!(["v1"]))
    );
    assert_eq!(image["container_format"], "docker");
    assert!(app.host.committed().is_empty());
    let after = app
        .get(Who::Member, &format!("/zund/v1/containers/{uuid}"))
        .await
        .json();
    assert_eq!(
        (&after["state"], &after["status_reason"]),
        (&json!("running"), &json!(null))
    );

    let body = json!({"name": "again", "spec": {"image": "shop:v1", "image_driver": "glance"}});
    let again = app
        .post(Who::Member, "/zund/v1/containers", body)
        .await
        .expect(202)
        .json();
    assert_eq!(app.ended(Who::Member, &again).await["state"], "succeeded");
}

#[tokio::test]
async fn a_commit_without_a_tag_is_the_latest() {
    let app = TestApp::start().await;
    app.running("web").await;
    let path = "/v1/containers/web/commit?repository=shop";
    let made = app
        .ask(Who::Member, "POST", path, None)
        .await
        .expect(202)
        .json();
    let image = app
        .image_shown(Who::Member, made["uuid"].as_str().unwrap())
        .await;
    assert_eq!(image["tags"], json!(["latest"]));
}

#[tokio::test]
async fn a_commit_that_fails_says_why_on_its_image() {
    let app = TestApp::start().await;
    let uuid = app.running("web").await;
    app.host.fail(
        Verb::Save,
        When::Every,
        Error::new(Class::Internal, "the disk is on fire"),
    );
    let path = format!("/v1/containers/{uuid}/commit?repository=shop");
    let made = app
        .ask(Who::Member, "POST", &path, None)
        .await
        .expect(202)
        .json();
    let id = made["uuid"].as_str().unwrap().to_owned();
    assert_eq!(app.newest_ended(Who::Member).await["state"], "failed");
    assert_eq!(app.image_shown(Who::Member, &id).await["status"], "killed");
    let ours = app
        .get(Who::Member, &format!("/zund/v1/images/{id}"))
        .await
        .json();
    let reason = ours["status_reason"].as_str().unwrap();
    assert!(reason.contains("the disk is on fire"), "{reason}");
    assert!(app.host.committed().is_empty() && app.host.image_data().is_empty());
}

/// What is asked of a container that runs, the status of its refusal and words of it.
const REFUSED: [(&str, u16, &str); 6] = [
    (
        "/commit",
        400,
        "repository: is missing; give the name of the image",
    ),
    (
        "/commit?repository=a&color=red",
        400,
        "color: no such parameter is known here",
    ),
    (
        "/rebuild?image_driver=floppy",
        400,
        "image_driver: \"floppy\" is not valid: docker or glance is expected",
    ),
    ("/rebuild?image=UPPER", 400, "image:"),
    ("/rebuild?image=nowhere", 400, "image nowhere:"),
    (
        "/rebuild?image=web&image_driver=glance",
        400,
        "image web: the image service has no image of that id or name that this project may use",
    ),
];

#[tokio::test]
async fn what_cannot_be_committed_or_rebuilt_is_refused() {
    let app = TestApp::start().await;
    let uuid = app.running("web").await;
    let post = async |path: &str| {
        app.ask(
            Who::Member,
            "POST",
            &format!("/v1/containers/{uuid}{path}"),
            None,
        )
        .await
    };
    for (path, status, words) in REFUSED {
        let refused = post(path).await.expect(status);
        let detail = refused.detail();
        assert!(detail.contains(words), "{path}: {detail}");
    }
    let body = json!({"name": "rest", "spec": {"image": "nginx"}, "state": "stopped"});
    let made = app
        .post(Who::Member, "/zund/v1/containers", body)
        .await
        .expect(202)
        .json();
    app.ended(Who::Member, &made).await;
    let path = "/v1/containers/rest/commit?repository=shop";
    let refused = app.ask(Who::Member, "POST", path, None).await.expect(409);
    assert!(
        refused.detail().contains("cannot commit container"),
        "{}",
        refused.detail()
    );
    let pause = format!("/v1/containers/{uuid}/pause");
    app.ask(Who::Member, "POST", &pause, None).await.expect(202);
    app.newest_ended(Who::Member).await;
    let refused = post("/rebuild").await.expect(409);
    assert!(
        refused.detail().contains("cannot rebuild container"),
        "{}",
        refused.detail()
    );
}

#[tokio::test]
async fn a_rebuild_makes_it_anew_from_the_new_image() {
    let app = TestApp::start().await;
    let uuid = app.running("web").await;
    let shown = async || {
        app.get(Who::Member, &format!("/zund/v1/containers/{uuid}"))
            .await
            .json()
    };
    let before = shown().await;
    for (query, image) in [
        ("", "nginx"),
        ("?image=nginx:2&image_driver=docker", "nginx:2"),
    ] {
        let path = format!("/v1/containers/{uuid}/rebuild{query}");
        let done = app.ask(Who::Member, "POST", &path, None).await.expect(202);
        assert_eq!(done.text, "null");
        assert_eq!(app.newest_ended(Who::Member).await["state"], "succeeded");
        let after = shown().await;
        assert_eq!(after["spec"]["image"], image);
        assert_eq!(
            (&after["state"], &after["addresses"]),
            (&json!("running"), &before["addresses"])
        );
    }
    let after = shown().await;
    assert_eq!(after["revision"], 3);
    let stop = format!("/v1/containers/{uuid}/stop");
    app.ask(Who::Member, "POST", &stop, None).await.expect(202);
    app.newest_ended(Who::Member).await;
    let path = format!("/v1/containers/{uuid}/rebuild");
    app.ask(Who::Member, "POST", &path, None).await.expect(202);
    app.newest_ended(Who::Member).await;
    assert_eq!(shown().await["state"], "created");
}

#[tokio::test]
async fn a_commit_goes_to_a_registry_of_the_project() {
    let app = TestApp::start().await;
    stocked(&app);
    let uuid = app.running("web").await;
    let path = format!("/v1/containers/{uuid}/commit?repository=r.example:5000/team/shop&tag=v1");
    // Without a registry of that domain it is a name as any other.
    let kept = app
        .ask(Who::Member, "POST", &path, None)
        .await
        .expect(202)
        .json();
    app.newest_ended(Who::Member).await;
    let image = app
        .image_shown(Who::Member, kept["uuid"].as_str().unwrap())
        .await;
    assert_eq!(image["name"], "r.example:5000/team/shop");

    made(&app, ours()).await;
    let pushed = app
        .ask(Who::Member, "POST", &path, None)
        .await
        .expect(202)
        .json();
    let operation = format!(
        "/zund/v1/operations/{}?wait=30",
        pushed["uuid"].as_str().unwrap()
    );
    let ended = app.get(Who::Member, &operation).await.expect(200).json();
    assert_eq!(
        (&ended["kind"], &ended["state"]),
        (&json!("commit"), &json!("succeeded"))
    );
    assert!(app.host.committed().is_empty());
    let spec = json!({"image": "r.example:5000/team/shop:v1", "image_pull_policy": "never"});
    app.post(Who::Member, "/zund/v1/containers", json!({"spec": spec}))
        .await
        .expect(400);
    let spec = json!({"image": "r.example:5000/team/shop:v1", "registry": "ours"});
    let made = app
        .post(Who::Member, "/zund/v1/containers", json!({"spec": spec}))
        .await;
    let made = made.expect(202).json();
    assert_eq!(app.ended(Who::Member, &made).await["state"], "succeeded");
}
