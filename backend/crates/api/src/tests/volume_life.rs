//! A volume's life on `/volume/v3`: described, made larger, deleted.

use serde_json::{Value, json};
use zun_driver::fake::Verb;
use zun_driver::fake::fault::When;
use zun_driver::{Class, Error};

use super::{Reply, TestApp, Who};

/// A volume and a snapshot, each with the metadata `k = v`: their noun and address.
async fn both(app: &TestApp) -> [(&'static str, String); 2] {
    let words = json!({"name": "a", "description": "b", "size": 1, "metadata": {"k": "v"}});
    let volume = app.volume(words.clone()).await;
    let mut words = words;
    words["volume_id"] = json!(volume);
    let snapshot = app.snapshot(words).await;
    [
        ("volume", app.block(&format!("volumes/{volume}"))),
        ("snapshot", app.block(&format!("snapshots/{snapshot}"))),
    ]
}

#[tokio::test]
async fn words_about_it_change() {
    let app = TestApp::start().await;
    for (noun, path) in both(&app).await {
        let put = async |body: Value| {
            let mut whole = json!({});
            whole[noun] = body;
            let reply = app.put(Who::Member, &path, whole).await;
            reply.expect(200).json()[noun].clone()
        };
        let changed = put(json!({"display_name": "c", "colour": "red"})).await;
        assert_eq!(changed["name"], "c");
        assert_eq!(changed["description"], "b", "what is not given stays");
        let changed = put(json!({"description": null, "metadata": {"x": "y"}})).await;
        assert_eq!(changed["description"], Value::Null);
        assert_eq!(changed["metadata"], json!({"x": "y"}));
        assert!(changed["updated_at"].is_string());
        assert_eq!(put(json!({})).await["name"], "c");
    }
}

#[tokio::test]
async fn metadata_whole_and_key_by_key() {
    let app = TestApp::start().await;
    for (_, path) in both(&app).await {
        let (all, one) = (format!("{path}/metadata"), format!("{path}/metadata/b"));
        let is = |reply: Reply, expected: Value| assert_eq!(reply.expect(200).json(), expected);
        let merged = app
            .post(Who::Member, &all, json!({"metadata": {"a": "1"}}))
            .await;
        is(merged, json!({"metadata": {"a": "1", "k": "v"}}));
        let replaced = app
            .put(Who::Member, &all, json!({"metadata": {"a": "2"}}))
            .await;
        is(replaced, json!({"metadata": {"a": "2"}}));
        let set = app
            .put(Who::Member, &one, json!({"meta": {"b": "3"}}))
            .await;
        is(set, json!({"meta": {"b": "3"}}));
        is(
            app.get(Who::Reader, &one).await,
            json!({"meta": {"b": "3"}}),
        );
        is(
            app.get(Who::Reader, &all).await,
            json!({"metadata": {"a": "2", "b": "3"}}),
        );
        app.ask(Who::Member, "DELETE", &one, None).await.expect(200);
        for method in ["GET", "DELETE"] {
            let gone = app.ask(Who::Member, method, &one, None).await.expect(404);
            let words = "metadata key b could not be found";
            assert!(gone.detail().contains(words), "{}", gone.text);
        }
        is(
            app.get(Who::Reader, &all).await,
            json!({"metadata": {"a": "2"}}),
        );
    }
}

#[tokio::test]
async fn larger_while_in_use_and_never_smaller() {
    let app = TestApp::start().await;
    let volume = app.volume(json!({"size": 2})).await;
    app.holder("db", &volume).await;
    let path = app.block(&format!("volumes/{volume}/action"));
    let act = async |body: &str| {
        let body = serde_json::from_str(body).unwrap();
        app.post(Who::Member, &path, body).await
    };
    act(r#"{"os-extend": {"new_size": 5}}"#).await.expect(202);
    assert_eq!(app.settled(&volume).await["state"], "succeeded");
    let shown = app.volume_shown(&volume).await;
    assert_eq!(
        [&shown["size"], &shown["status"]],
        [&json!(5), &json!("in-use")]
    );
    for (body, words) in WRONG_ACTIONS {
        let refused = act(body).await.expect(400);
        assert!(refused.detail().contains(words), "{body}: {}", refused.text);
        assert_eq!(refused.json()["badRequest"]["code"], 400);
    }
    assert_eq!(app.volume_shown(&volume).await["size"], 5);
    let room = act(r#"{"os-extend": {"new_size": 2000000000}}"#)
        .await
        .expect(409);
    assert!(
        room.detail().contains("raise volume_overcommit"),
        "{}",
        room.text
    );
    assert_eq!(room.json()["conflictingRequest"]["code"], 409);
}

/// A body of an action on a volume of 5 GiB, and words of the refusal.
const WRONG_ACTIONS: &[(&str, &str)] = &[
    (r#"{"os-extend": {"new_size": 5}}"#, "cannot shrink"),
    (
        r#"{"os-extend": {"new_size": 1}}"#,
        "new_size: 1 is not above the 5 GiB",
    ),
    (
        r#"{"os-extend": {"new_size": 0}}"#,
        "new_size: 0 is not valid: a whole number from 1",
    ),
    (
        r#"{"os-extend": {"new_size": "x"}}"#,
        "new_size: \"x\" is not valid",
    ),
    (r#"{"os-extend": {}}"#, "new_size: is required"),
    (r#"{"os-extend": null}"#, "os-extend: must be an object"),
    (
        r#"{"os-reserve": null}"#,
        "there is no such action: \"os-reserve\"",
    ),
    ("{}", "there is no such action"),
    (
        r#"{"os-extend": {"new_size": 9}, "x": 1}"#,
        "\"os-extend, x\" is not valid",
    ),
];

#[tokio::test]
async fn a_delete_says_who_has_it() {
    let app = TestApp::start().await;
    let volume = app.volume(json!({"name": "data", "size": 1})).await;
    let snapshot = app.snapshot(json!({"volume_id": volume})).await;
    let container = app.holder("db", &volume).await;
    let path = app.block(&format!("volumes/{volume}"));
    for query in ["", "?cascade=True", "?force=True"] {
        let refused = app
            .ask(Who::Member, "DELETE", &format!("{path}{query}"), None)
            .await
            .expect(400);
        let words = format!("attached to container db ({container}) at /data");
        assert!(refused.detail().contains(&words), "{}", refused.text);
    }
    app.get(Who::Member, &app.block(&format!("snapshots/{snapshot}")))
        .await
        .expect(200);
    let gone = app
        .ask(
            Who::Member,
            "DELETE",
            &format!("/zund/v1/containers/{container}"),
            None,
        )
        .await;
    app.ended(Who::Member, &gone.expect(202).json()).await;
    app.ask(Who::Member, "DELETE", &format!("{path}?cascade=True"), None)
        .await
        .expect(202);
    for subject in [&volume, &snapshot] {
        assert_eq!(app.settled(subject).await["state"], "succeeded");
    }
    let absent = app.get(Who::Member, &path).await.expect(404);
    assert_eq!(
        absent.json()["itemNotFound"]["message"],
        format!("volume {volume} could not be found")
    );
    app.ask(Who::Member, "DELETE", &path, None)
        .await
        .expect(404);
    assert_eq!(
        app.get(Who::Member, &app.block("snapshots"))
            .await
            .expect(200)
            .json(),
        json!({"snapshots": []})
    );
}

#[tokio::test]
async fn what_is_busy_is_not_touched() {
    let app = TestApp::start().await;
    let gate = app.host.hold(Verb::CreateVolume, When::Nth(1));
    let made = app
        .post(
            Who::Member,
            &app.block("volumes"),
            json!({"volume": {"size": 1}}),
        )
        .await;
    let id = made.expect(202).json()["volume"]["id"]
        .as_str()
        .unwrap()
        .to_owned();
    gate.reached().await;
    let path = app.block(&format!("volumes/{id}"));
    let busy = app
        .post(
            Who::Member,
            &format!("{path}/action"),
            json!({"os-extend": {"new_size": 2}}),
        )
        .await;
    assert!(busy.expect(409).detail().contains("is busy: operation"));
    let busy = app
        .ask(Who::Member, "DELETE", &path, None)
        .await
        .expect(400);
    assert!(
        busy.detail().contains("is busy: operation"),
        "{}",
        busy.text
    );
    let body = json!({"snapshot": {"volume_id": id}});
    let early = app
        .post(Who::Member, &app.block("snapshots"), body)
        .await
        .expect(409);
    assert!(
        early.detail().contains("in status creating"),
        "{}",
        early.text
    );
    gate.release();
    assert_eq!(app.settled(&id).await["state"], "succeeded");
}

#[tokio::test]
async fn a_volume_that_could_not_be_made_says_why() {
    let app = TestApp::start().await;
    let cause = Error::new(Class::Exhausted, "no space left on the disk");
    app.host.fail(Verb::CreateVolume, When::Every, cause);
    let made = app
        .post(
            Who::Member,
            &app.block("volumes"),
            json!({"volume": {"size": 1}}),
        )
        .await;
    let id = made.expect(202).json()["volume"]["id"]
        .as_str()
        .unwrap()
        .to_owned();
    assert_eq!(app.settled(&id).await["state"], "failed");
    let shown = app.volume_shown(&id).await;
    assert_eq!(shown["status"], "error");
    let reason = shown["zun-vol-attr:status_reason"].as_str().unwrap();
    assert!(reason.contains("no space left on the disk"), "{reason}");
    app.host.clear_faults();
    app.ask(
        Who::Member,
        "DELETE",
        &app.block(&format!("volumes/{id}")),
        None,
    )
    .await
    .expect(202);
    assert_eq!(app.settled(&id).await["state"], "succeeded");
}
