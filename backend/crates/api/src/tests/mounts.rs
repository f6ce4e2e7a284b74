//! Volumes and files of a container: Zun's `mounts` on `/v1`, and what `/zund/v1` shows of them.

use serde_json::{Value, json};

use super::{Reply, TestApp, Who};

async fn create(app: &TestApp, version: &str, mounts: Value) -> Reply {
    let body = json!({"name": "db", "image": "nginx", "mounts": mounts});
    app.ask_in(version, Who::Member, "POST", "/v1/containers", Some(body))
        .await
}

/// The container as our own API shows it, once it is made.
async fn made(app: &TestApp, accepted: Reply) -> Value {
    let id = accepted.expect(202).json()["uuid"]
        .as_str()
        .unwrap()
        .to_owned();
    assert_eq!(app.settled(&id).await["state"], "succeeded");
    let shown = app
        .get(Who::Member, &format!("/zund/v1/containers/{id}"))
        .await;
    shown.expect(200).json()
}

#[tokio::test]
async fn each_kind() {
    let app = TestApp::start().await;
    let named = app.volume(json!({"name": "data", "size": 2})).await;
    let other = app.volume(json!({"name": "logs", "size": 1})).await;
    let mounts = json!([
        {"destination": "/data", "source": "data", "size": 9},
        {"destination": "/logs", "source": other, "type": "volume", "size": null},
        {"destination": "/new", "source": "", "size": "3", "type": null},
        {"destination": "/etc/answer", "source": "NDI=", "type": "bind"},
    ]);
    let shown = made(&app, create(&app, "container latest", mounts).await).await;
    let volumes = shown["volumes"].as_object().unwrap();
    assert_eq!(volumes.len(), 3, "{volumes:?}");
    assert_eq!(
        [&volumes["/data"], &volumes["/logs"]],
        [&json!(named), &json!(other)]
    );
    assert_eq!(
        app.volume_shown(&named).await["size"],
        2,
        "an existing volume is meant where both are given"
    );
    let new = app.volume_shown(volumes["/new"].as_str().unwrap()).await;
    assert_eq!(
        [&new["size"], &new["status"]],
        [&json!(3), &json!("in-use")]
    );
    assert_eq!(new["zun-vol-attr:owner"], shown["uuid"]);
    assert_eq!(new["attachments"][0]["device"], "/new");
    let files = app.host.files();
    let [file] = files.iter().collect::<Vec<_>>()[..] else {
        panic!("{files:?}")
    };
    assert_eq!(app.host.file_content(file).unwrap(), b"42");
    let zun = app
        .get(Who::Member, "/v1/containers/db")
        .await
        .expect(200)
        .json();
    for ours in ["mounts", "volumes"] {
        assert!(zun.get(ours).is_none(), "upstream does not show {ours}");
    }
}

#[tokio::test]
async fn from_1_11_on() {
    let app = TestApp::start().await;
    let mounts = json!([{"destination": "/data", "size": 1}]);
    let early = create(&app, "container 1.10", mounts.clone())
        .await
        .expect(400);
    assert!(
        early.detail().contains("mounts takes API version 1.11"),
        "{}",
        early.text
    );
    for nothing in [json!([]), Value::Null] {
        create(&app, "container 1.10", nothing).await.expect(202);
    }
    made(&app, create(&app, "container 1.11", mounts).await).await;
    // Upstream takes the key before 1.23, too.
    let typed = json!([{"destination": "/data", "size": 1, "type": "volume"}]);
    made(&app, create(&app, "container 1.11", typed).await).await;
}

#[tokio::test]
async fn a_volume_that_is_not_free_is_400_and_leaves_nothing() {
    let app = TestApp::start().await;
    let volume = app.volume(json!({"name": "data", "size": 1})).await;
    let holder = app.holder("first", &volume).await;
    let mounts =
        json!([{"destination": "/data", "source": "data"}, {"destination": "/new", "size": 1}]);
    let taken = create(&app, "container latest", mounts.clone())
        .await
        .expect(400);
    assert!(
        taken
            .detail()
            .contains(&format!("is attached to container {holder}")),
        "{}",
        taken.text
    );
    assert_eq!(
        taken.json()["errors"][0]["code"],
        "container.volume-not-usable"
    );
    let ours = json!({"name": "db", "spec": {"image": "nginx", "mounts": [{"destination": "/data", "source": "data"}]}});
    app.post(Who::Member, "/zund/v1/containers", ours)
        .await
        .expect(409);
    let listed = app
        .get(Who::Member, "/v1/containers")
        .await
        .expect(200)
        .json();
    assert_eq!(listed["containers"].as_array().unwrap().len(), 1);
    let volumes = app
        .get(Who::Member, &app.block("volumes"))
        .await
        .expect(200)
        .json();
    assert_eq!(volumes["volumes"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn a_name_that_means_several_and_an_id_of_another_project_are_400() {
    let app = TestApp::start().await;
    for _ in 0..2 {
        app.volume(json!({"name": "data", "size": 1})).await;
    }
    let mounts = json!([{"destination": "/data", "source": "data"}]);
    let twice = create(&app, "container latest", mounts).await.expect(400);
    assert!(
        twice
            .detail()
            .contains("2 volumes are named data; use a uuid"),
        "{}",
        twice.text
    );
    let other = app.project_of(Who::Stranger).await;
    let made = app
        .post(
            Who::Stranger,
            &format!("/volume/v3/{other}/volumes"),
            json!({"volume": {"size": 1}}),
        )
        .await;
    let foreign = made.expect(202).json()["volume"]["id"].clone();
    let mounts = json!([{"destination": "/data", "source": foreign}]);
    let foreign = create(&app, "container latest", mounts).await.expect(400);
    assert!(
        foreign.detail().contains("there is no volume"),
        "{}",
        foreign.text
    );
}

#[tokio::test]
async fn several_have_a_volume_of_the_type_for_it() {
    let app = TestApp::start().await;
    let volume = app
        .volume(json!({"name": "shared", "size": 1, "volume_type": "multiattach"}))
        .await;
    let first = app.holder("first", &volume).await;
    let mounts = json!([{"destination": "/shared", "source": "shared"}]);
    let second = made(&app, create(&app, "container latest", mounts).await).await;
    let shown = app.volume_shown(&volume).await;
    let all = shown["attachments"].as_array().unwrap();
    let servers: Vec<&Value> = all.iter().map(|one| &one["server_id"]).collect();
    assert_eq!(servers, [&json!(first), &second["uuid"]]);
    assert_ne!(all[0]["attachment_id"], all[1]["attachment_id"]);
}

#[tokio::test]
async fn contents_are_for_the_own_project() {
    let app = TestApp::start().await;
    let mounts = json!([{"destination": "/etc/answer", "source": "NDI=", "type": "bind"}]);
    let shown = made(&app, create(&app, "container latest", mounts).await).await;
    assert_eq!(shown["spec"]["mounts"][0]["content"], "NDI=");
    let path = format!("/zund/v1/containers/{}", shown["uuid"].as_str().unwrap());
    let seen = app.get(Who::Admin, &path).await.expect(200);
    assert_eq!(seen.json()["spec"]["mounts"][0]["content"], Value::Null);
    assert!(!seen.text.contains("NDI="), "{}", seen.text);
}

#[tokio::test]
async fn room_for_volumes_is_a_setting() {
    let app = TestApp::start_with(|settings, _| settings.volume_overcommit = 0.1).await;
    let capacity = app.host.drivers().volumes.facts().await.unwrap().capacity.0;
    let size = capacity / 10;
    let body = json!({"volume": {"size": size + 1}});
    let refused = app
        .post(Who::Member, &app.block("volumes"), body)
        .await
        .expect(409);
    let words = format!(
        "{} GiB asked for volumes, but 0 of the {size} GiB",
        size + 1
    );
    assert!(refused.detail().contains(&words), "{}", refused.text);
    app.volume(json!({"size": size})).await;
}
