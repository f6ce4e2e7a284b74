//! Create, confirm, import, write-only values, failures.

use serde_json::json;
use tfplugin::{Action, DataSource, ImportBy, Value};

use super::{TYPE, settle, shop};
use crate::data_source::capsule::CapsuleData;
use crate::testing::{Zund, object, refused};

#[tokio::test]
async fn a_create_is_confirmed_and_keeps_its_id_and_identity() {
    let zund = Zund::start().await;
    let terraform = zund.terraform().await;
    let stored = settle(&terraform, None, &shop(|_| ())).await;
    let uuid = zund.with(|world| {
        assert!(world.only_capsule().confirmed);
        world.only_capsule().uuid.clone()
    });
    assert_eq!(
        stored.state.get("id").unwrap().as_str(),
        Some(uuid.as_str())
    );
    let ids = stored
        .state
        .get("container_ids")
        .unwrap()
        .as_entries()
        .unwrap();
    assert_eq!(ids.keys().collect::<Vec<_>>(), ["log", "prepare", "web"]);
    let identity = Value::object([("uuid", Value::string(uuid))]);
    let imported = terraform
        .import(TYPE, ImportBy::Identity(identity))
        .await
        .unwrap();
    let imported = terraform.refresh(TYPE, &imported).await.unwrap().unwrap();
    assert_eq!(imported.state, stored.state);
}

#[tokio::test]
async fn a_data_source_tells_what_is_there() {
    let zund = Zund::start().await;
    let terraform = zund.terraform().await;
    let stored = settle(&terraform, None, &shop(|_| ())).await;
    let data = CapsuleData.schema();
    let config = object(&data, &[("name", Value::string("shop"))]);
    let found = terraform.look_up(TYPE, &config).await.unwrap();
    for name in ["id", "container_ids", "published", "addresses", "state"] {
        assert_eq!(found.get(name), stored.state.get(name), "{name}");
    }
    let members = found.get("containers").unwrap().as_elements().unwrap();
    assert_eq!(members[1].get("image").unwrap().as_str(), Some("busybox:1"));
    let config = object(&data, &[("name", Value::string("nobody"))]);
    let message = refused(terraform.look_up(TYPE, &config).await);
    assert!(
        message.contains("no capsule with the name \"nobody\""),
        "{message}"
    );
}

#[tokio::test]
async fn what_was_removed_from_the_server_is_made_anew() {
    let zund = Zund::start().await;
    let terraform = zund.terraform().await;
    let stored = settle(&terraform, None, &shop(|_| ())).await;
    zund.with(|world| world.capsules.all.clear());
    assert!(terraform.refresh(TYPE, &stored).await.unwrap().is_none());
    let outcome = terraform
        .apply(TYPE, Some(stored), &Value::Null)
        .await
        .unwrap();
    assert_eq!(outcome.errors, [""; 0], "destroying what is gone succeeds");
}

#[tokio::test]
async fn the_write_only_environment_goes_out_when_its_version_changes() {
    let zund = Zund::start().await;
    let terraform = zund.terraform().await;
    let hidden = |value: &str, version: i64, memory: i64| {
        shop(|all| {
            all["containers"][0]["environment_wo"] = json!({"KEY": value});
            all["containers"][0]["environment_wo_version"] = json!(version);
            all["containers"][1]["memory"] = json!(memory);
        })
    };
    let sent = |place: usize| {
        zund.with(|world| {
            let spec = &world.changes.last().unwrap()["spec"];
            spec["containers"][place]["spec"]["environment_wo"].clone()
        })
    };
    let stored = settle(&terraform, None, &hidden("hunter2", 1, 64)).await;
    assert_eq!(sent(0)["KEY"], "hunter2");
    assert!(!format!("{stored:?}").contains("hunter2"));
    let stored = settle(&terraform, Some(stored), &hidden("hunter3", 1, 64)).await;
    assert_eq!(
        zund.with(|world| world.changes.len()),
        1,
        "the version decides"
    );
    let stored = settle(&terraform, Some(stored), &hidden("hunter3", 2, 64)).await;
    assert_eq!(sent(0)["KEY"], "hunter3");
    assert!(sent(1).is_null(), "of nobody else");
    let stored = settle(&terraform, Some(stored), &hidden("hunter3", 2, 99)).await;
    assert!(sent(0).is_null(), "null keeps what is there");
    let bare = shop(|all| all["containers"][1]["memory"] = json!(99));
    settle(&terraform, Some(stored), &bare).await;
    assert_eq!(sent(0), json!({}), "taken away");
}

#[tokio::test]
async fn a_version_first_seen_after_an_import_sends_nothing() {
    let zund = Zund::start().await;
    let terraform = zund.terraform().await;
    settle(&terraform, None, &shop(|_| ())).await;
    let imported = terraform
        .import(TYPE, ImportBy::Id("shop".into()))
        .await
        .unwrap();
    let imported = terraform.refresh(TYPE, &imported).await.unwrap().unwrap();
    let config = shop(|all| {
        all["containers"][0]["environment_wo"] = json!({"KEY": "x"});
        all["containers"][0]["environment_wo_version"] = json!(1);
    });
    let outcome = terraform
        .apply(TYPE, Some(imported), &config)
        .await
        .unwrap();
    assert_eq!(outcome.errors, [""; 0]);
    assert_eq!(outcome.action, Some(Action::Update));
    assert_eq!(zund.with(|world| world.count("PUT")), 0, "calls nothing");
}

#[tokio::test]
async fn an_apply_that_waits_for_nothing_leaves_an_empty_plan() {
    let zund = Zund::start().await;
    let terraform = zund.terraform().await;
    let with = |user: &str| {
        shop(|all| {
            all["wait_for"] = json!("none");
            all["containers"][0]["user"] = json!(user);
        })
    };
    let mut stored = None;
    for config in [with("1"), with("2")] {
        let outcome = terraform.apply(TYPE, stored, &config).await.unwrap();
        assert_eq!(outcome.errors, [""; 0]);
        let fresh = terraform.refresh(TYPE, &outcome.stored.unwrap()).await;
        let fresh = fresh.unwrap().unwrap();
        let planned = terraform.plan(TYPE, Some(&fresh), &config).await.unwrap();
        assert_eq!(planned.state, fresh.state, "plan after apply");
        stored = Some(fresh);
    }
}

#[tokio::test]
async fn a_failure_says_why_and_what_next() {
    let zund = Zund::start().await;
    let terraform = zund.terraform().await;
    let failure = json!({"code": "exited", "message": "container web ended with exit code 3", "exit_code": 3,
        "oom_killed": false, "last_log": ["no such table"], "step": null});
    zund.with(|world| world.failure = Some(failure.clone()));
    let outcome = terraform.apply(TYPE, None, &shop(|_| ())).await.unwrap();
    let text = outcome.errors.concat();
    for words in [
        "Capsule shop could not be created",
        "exit code 3",
        "no such table",
        "openstack capsule show",
    ] {
        assert!(text.contains(words), "{words}: {text}");
    }
    let tainted = outcome.stored.unwrap();
    assert!(tainted.tainted);
    let outcome = terraform
        .apply(TYPE, Some(tainted), &shop(|_| ()))
        .await
        .unwrap();
    assert_eq!(outcome.errors, [""; 0], "made anew");
    zund.with(|world| world.failure = Some(failure));
    let changed = shop(|all| all["containers"][0]["user"] = json!("1"));
    let outcome = terraform
        .apply(TYPE, outcome.stored, &changed)
        .await
        .unwrap();
    let text = outcome.errors.concat();
    assert!(text.contains("The capsule is as it was before"), "{text}");
    let state = outcome.stored.unwrap().state;
    let members = state.get("containers").unwrap().as_elements().unwrap();
    assert!(members[0].get("user").unwrap().is_null(), "the old state");
}

#[tokio::test]
async fn a_name_that_is_taken_comes_with_the_import() {
    let zund = Zund::start().await;
    let terraform = zund.terraform().await;
    settle(&terraform, None, &shop(|_| ())).await;
    let outcome = terraform.apply(TYPE, None, &shop(|_| ())).await.unwrap();
    let text = outcome.errors.concat();
    assert!(text.contains("Capsule shop exists already"), "{text}");
    assert!(
        text.contains("terraform import zun_capsule.example 0000"),
        "{text}"
    );
}
