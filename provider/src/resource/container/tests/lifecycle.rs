//! Create, plan, import, edit and destroy: after each apply the plan is empty.

use tfplugin::testing::{Stored, Terraform};
use tfplugin::{Action, ImportBy, Value};

use super::{TYPE, config, edits, web};
use crate::provider::Zun;
use crate::testing::Zund;

/// Applies, then refreshes and plans: nothing may be left to do, and the refresh must find what was stored.
pub(super) async fn settle(
    terraform: &Terraform<Zun>,
    stored: Option<Stored>,
    config: &Value,
) -> Stored {
    let outcome = terraform.apply(TYPE, stored, config).await.unwrap();
    assert_eq!(outcome.errors, [""; 0]);
    let stored = outcome.stored.unwrap();
    let fresh = terraform.refresh(TYPE, &stored).await.unwrap().unwrap();
    assert_eq!(fresh.state, stored.state, "refresh after apply");
    let planned = terraform.plan(TYPE, Some(&fresh), config).await.unwrap();
    assert_eq!(planned.state, fresh.state, "plan after apply");
    fresh
}

#[tokio::test]
async fn every_attribute_is_created_imported_and_edited_without_a_rest() {
    for example in edits::all() {
        let zund = Zund::start().await;
        let terraform = zund.terraform().await;
        let first = web(&[(example.name, example.first.clone())]);
        let stored = settle(&terraform, None, &first).await;

        let imported = terraform
            .import(TYPE, ImportBy::Id("web".into()))
            .await
            .unwrap();
        let imported = terraform.refresh(TYPE, &imported).await.unwrap().unwrap();
        let planned = terraform.plan(TYPE, Some(&imported), &first).await.unwrap();
        if example.name == "environment_wo_version" {
            let outcome = terraform.apply(TYPE, Some(imported), &first).await.unwrap();
            assert_eq!(outcome.action, Some(Action::Update));
            assert_eq!(zund.with(|world| world.count("PUT")), 0, "calls nothing");
        } else {
            assert_eq!(
                planned.state, imported.state,
                "{} after import",
                example.name
            );
        }

        let second = web(&[(example.name, example.second.clone())]);
        let stored = settle(&terraform, Some(stored), &second).await;
        let stored = if example.name == "image" {
            stored
        } else {
            settle(&terraform, Some(stored), &web(&[])).await
        };
        let outcome = terraform
            .apply(TYPE, Some(stored), &Value::Null)
            .await
            .unwrap();
        assert_eq!(outcome.errors, [""; 0]);
        assert!(
            zund.with(|world| world.containers.is_empty()),
            "{}",
            example.name
        );
    }
}

#[tokio::test]
async fn a_create_is_confirmed_and_keeps_its_id_and_identity() {
    let zund = Zund::start().await;
    let terraform = zund.terraform().await;
    let stored = settle(&terraform, None, &config(&[])).await;
    assert!(zund.with(|world| world.only().confirmed));
    let uuid = zund.with(|world| world.only().uuid.clone());
    assert_eq!(
        stored.state.get("id").unwrap().as_str(),
        Some(uuid.as_str())
    );
    let identity = Value::object([("uuid", Value::string(uuid))]);
    let imported = terraform
        .import(TYPE, ImportBy::Identity(identity))
        .await
        .unwrap();
    let imported = terraform.refresh(TYPE, &imported).await.unwrap().unwrap();
    assert_eq!(imported.state, stored.state);
}

#[tokio::test]
async fn states_are_wished_and_drift_is_mended() {
    let zund = Zund::start().await;
    let terraform = zund.terraform().await;
    let mut stored = settle(
        &terraform,
        None,
        &web(&[("state", Value::string("stopped"))]),
    )
    .await;
    assert!(stored.state.get("exit_code").unwrap().is_null());
    for word in ["running", "paused", "stopped"] {
        stored = settle(
            &terraform,
            Some(stored),
            &web(&[("state", Value::string(word))]),
        )
        .await;
    }
    stored = settle(&terraform, Some(stored), &web(&[])).await;
    assert_eq!(stored.state.get("state").unwrap().as_str(), Some("running"));

    let behind =
        |act: fn(&mut zun_api_types::container::Container)| zund.with(|world| act(world.only()));
    behind(|c| "stopped".clone_into(&mut c.state));
    stored = mended(&terraform, stored, "state").await;
    behind(|c| {
        "missing".clone_into(&mut c.state);
        c.seen = None;
    });
    stored = mended(&terraform, stored, "state").await;
    assert_eq!(stored.state.get("revision"), Ok(&Value::number(2)));
    behind(|c| c.seen.as_mut().unwrap().memory = None);
    stored = mended(&terraform, stored, "memory").await;
    behind(|c| {
        c.seen.as_mut().unwrap().restart_policy =
            serde_json::from_str(r#"{"name":"unless-stopped"}"#).unwrap();
    });
    stored = mended(&terraform, stored, "restart_policy").await;
    behind(|c| c.seen.as_mut().unwrap().connected = false);
    mended(&terraform, stored, "addresses").await;
    assert_eq!(
        zund.with(|world| world.only().revision),
        2,
        "all but the missing one live"
    );
}

/// What was changed behind the provider's back shows on one attribute, and the next apply puts it right.
async fn mended(terraform: &Terraform<Zun>, stored: Stored, name: &str) -> Stored {
    let drifted = terraform.refresh(TYPE, &stored).await.unwrap().unwrap();
    assert_ne!(
        drifted.state.get(name),
        stored.state.get(name),
        "{name} drifts"
    );
    settle(terraform, Some(drifted), &web(&[])).await
}

/// A network that was left by hand, and groups that were changed on the port itself, show on their own attribute.
#[tokio::test]
async fn networks_and_groups_that_a_hand_changed_are_mended_live() {
    let zund = Zund::start().await;
    let terraform = zund.terraform().await;
    let null = ("fixed_ip", Value::Null);
    let networks = Value::List(vec![
        edits::on("network", "front", null.clone()),
        edits::on("network", "back", null),
    ]);
    let groups = Value::Set(vec![Value::string("web")]);
    let config = web(&[("networks", networks), ("security_groups", groups)]);
    let stored = settle(&terraform, None, &config).await;
    zund.with(|world| {
        let container = world.only();
        let front = container.spec.networks.as_ref().unwrap()[0].clone();
        let seen = container.seen.as_mut().unwrap();
        seen.connected = false;
        seen.networks = Some(vec![front]);
        seen.security_groups = Some(vec!["0b3c".to_owned()]);
    });
    let drifted = terraform.refresh(TYPE, &stored).await.unwrap().unwrap();
    assert_eq!(
        drifted.state.get("addresses"),
        stored.state.get("addresses")
    );
    let left = drifted
        .state
        .get("networks")
        .unwrap()
        .as_elements()
        .unwrap();
    assert_eq!(left.len(), 1);
    let groups = Value::Set(vec![Value::string("0b3c")]);
    assert_eq!(drifted.state.get("security_groups"), Ok(&groups));
    let planned = terraform.plan(TYPE, Some(&drifted), &config).await.unwrap();
    assert!(planned.state.get("addresses").unwrap().is_unknown());
    assert!(planned.state.get("revision").unwrap().is_known());
    settle(&terraform, Some(drifted), &config).await;
}

#[tokio::test]
async fn what_was_removed_from_the_server_is_made_anew() {
    let zund = Zund::start().await;
    let terraform = zund.terraform().await;
    let stored = settle(&terraform, None, &web(&[])).await;
    zund.with(|world| world.containers.clear());
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
    let hidden = |value: &str, version: i64| {
        web(&[
            (
                "environment_wo",
                Value::map([("KEY", Value::string(value))]),
            ),
            ("environment_wo_version", Value::number(version)),
        ])
    };
    let sent = |zund: &Zund| {
        zund.with(|world| world.changes.last().unwrap()["spec"]["environment_wo"].clone())
    };
    let stored = settle(&terraform, None, &hidden("hunter2", 1)).await;
    assert_eq!(sent(&zund)["KEY"], "hunter2");
    assert!(!format!("{stored:?}").contains("hunter2"));
    let stored = settle(&terraform, Some(stored), &hidden("hunter3", 1)).await;
    assert_eq!(
        zund.with(|world| world.changes.len()),
        1,
        "the version decides"
    );
    let stored = settle(&terraform, Some(stored), &hidden("hunter3", 2)).await;
    assert_eq!(sent(&zund)["KEY"], "hunter3");
    let mut live = hidden("hunter3", 2);
    live.set("memory", Value::number(99));
    let stored = settle(&terraform, Some(stored), &live).await;
    assert!(sent(&zund).is_null(), "null keeps what is there");
    settle(&terraform, Some(stored), &web(&[])).await;
    assert_eq!(sent(&zund), serde_json::json!({}), "taken away");
}

/// However little an apply waits for, the plan that follows it at once finds nothing to do.
#[tokio::test]
async fn an_apply_that_waits_for_nothing_leaves_an_empty_plan() {
    let zund = Zund::start().await;
    let terraform = zund.terraform().await;
    let none = ("wait_for", Value::string("none"));
    let first = web(&[none.clone(), ("user", Value::string("1"))]);
    let second = web(&[none.clone(), ("user", Value::string("2"))]);
    let stopped = ("state", Value::string("stopped"));
    let third = web(&[none, ("user", Value::string("2")), stopped]);
    let mut stored = None;
    for config in [first, second, third] {
        let outcome = terraform.apply(TYPE, stored, &config).await.unwrap();
        assert_eq!(outcome.errors, [""; 0]);
        let fresh = terraform.refresh(TYPE, &outcome.stored.unwrap()).await;
        let fresh = fresh.unwrap().unwrap();
        let planned = terraform.plan(TYPE, Some(&fresh), &config).await.unwrap();
        assert_eq!(planned.state, fresh.state, "plan after apply");
        stored = Some(fresh);
    }
}

/// After an import the version is only noted, whatever else changes: the plan announces no restart.
#[tokio::test]
async fn a_version_first_seen_after_an_import_sends_nothing() {
    let zund = Zund::start().await;
    let terraform = zund.terraform().await;
    settle(&terraform, None, &web(&[])).await;
    let imported = terraform
        .import(TYPE, ImportBy::Id("web".into()))
        .await
        .unwrap();
    let imported = terraform.refresh(TYPE, &imported).await.unwrap().unwrap();
    let config = web(&[
        ("environment_wo", Value::map([("KEY", Value::string("x"))])),
        ("environment_wo_version", Value::number(1)),
        ("memory", Value::number(99)),
    ]);
    settle(&terraform, Some(imported), &config).await;
    let sent = zund.with(|world| world.changes.last().unwrap()["spec"]["environment_wo"].clone());
    assert!(sent.is_null(), "{sent}");
    assert_eq!(zund.with(|world| world.only().revision), 1, "a live edit");
}
