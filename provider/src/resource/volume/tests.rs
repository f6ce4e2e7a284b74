//! The resource and its data source through Terraform's eyes.

use serde_json::json;
use tfplugin::testing::{Stored, Terraform};
use tfplugin::{Action, ImportBy, Value};

use super::schema;
use crate::provider::Zun;
use crate::testing::{Zund, object, refused};

const TYPE: &str = "zun_volume";

fn number(value: i64) -> Value {
    Value::number(value)
}

/// A configuration of 1 GiB with what is given.
fn config(set: &[(&str, Value)]) -> Value {
    let mut all = object(
        &schema(),
        &[("size", number(1)), ("name", Value::string("data"))],
    );
    for (name, value) in set {
        all.set(*name, value);
    }
    all
}

/// Applies, then refreshes and plans: nothing may be left to do, and the refresh must find what was stored.
async fn settle(terraform: &Terraform<Zun>, stored: Option<Stored>, config: &Value) -> Stored {
    let outcome = terraform.apply(TYPE, stored, config).await.unwrap();
    assert_eq!(outcome.errors, [""; 0]);
    let stored = outcome.stored.unwrap();
    let fresh = terraform.refresh(TYPE, &stored).await.unwrap().unwrap();
    assert_eq!(fresh, stored, "refresh after apply");
    let planned = terraform.plan(TYPE, Some(&fresh), config).await.unwrap();
    assert_eq!(planned.state, fresh.state, "plan after apply");
    fresh
}

fn map(value: &str) -> Value {
    Value::map([("tier", Value::string(value))])
}

const UUID: &str = "00000000-0000-4000-8000-0000000000";

/// Each attribute with two values, and whether the edit replaces.
fn edits() -> Vec<(&'static str, Value, Value, bool)> {
    let uuid = |end: &str| Value::string(format!("{UUID}{end}"));
    vec![
        ("name", Value::string("one"), Value::string("two"), false),
        (
            "description",
            Value::string("one"),
            Value::string("two"),
            false,
        ),
        (
            "description",
            Value::string(""),
            Value::string("two"),
            false,
        ),
        (
            "description",
            Value::string("one"),
            Value::string(""),
            false,
        ),
        ("metadata", map("a"), map("b"), false),
        ("metadata", Value::map::<&str>([]), map("b"), false),
        ("size", number(1), number(2), false),
        (
            "volume_type",
            Value::string("multiattach"),
            Value::string("single"),
            true,
        ),
        ("snapshot_id", uuid("01"), uuid("02"), true),
        ("source_vol_id", uuid("01"), uuid("02"), true),
    ]
}

#[tokio::test]
async fn every_attribute_is_created_imported_and_edited_without_a_rest() {
    for (name, first, second, replaces) in edits() {
        let zund = Zund::start().await;
        let terraform = zund.terraform().await;
        let before = config(&[(name, first.clone())]);
        let stored = settle(&terraform, None, &before).await;

        let called = before.get("name").unwrap().as_str().unwrap().to_owned();
        let imported = terraform.import(TYPE, ImportBy::Id(called)).await.unwrap();
        let imported = terraform.refresh(TYPE, &imported).await.unwrap().unwrap();
        assert_eq!(imported.state, stored.state, "{name} after import");

        let after = config(&[(name, second)]);
        let planned = terraform.plan(TYPE, Some(&stored), &after).await.unwrap();
        assert_eq!(!planned.requires_replace.is_empty(), replaces, "{name}");
        for kept in ["id", "host", "status"] {
            let known = planned.state.get(kept).unwrap().is_known();
            assert!(known || replaces, "{name}: {kept}");
        }
        let stored = settle(&terraform, Some(stored), &after).await;
        let stored = settle(&terraform, Some(stored), &config(&[("size", number(2))])).await;
        let outcome = terraform.apply(TYPE, Some(stored), &Value::Null).await;
        assert_eq!(outcome.unwrap().errors, [""; 0]);
        assert!(
            zund.with(|world| world.storage.volumes.is_empty()),
            "{name}"
        );
    }
}

#[tokio::test]
async fn what_is_left_out_and_what_is_empty_are_the_same() {
    let empty = [
        ("metadata", Value::map::<&str>([])),
        ("description", Value::string("")),
    ];
    let (left_out, empty) = (config(&[]), config(&empty));
    for (made_with, other) in [(&left_out, &empty), (&empty, &left_out)] {
        let zund = Zund::start().await;
        let terraform = zund.terraform().await;
        let stored = settle(&terraform, None, made_with).await;
        let imported = terraform.import(TYPE, ImportBy::Id("data".into())).await;
        let imported = terraform.refresh(TYPE, &imported.unwrap()).await;
        for held in [stored, imported.unwrap().unwrap()] {
            for config in [made_with, other] {
                let planned = terraform.plan(TYPE, Some(&held), config).await.unwrap();
                assert_eq!(planned.state, held.state, "{made_with:?}, then {config:?}");
            }
        }
    }
}

#[tokio::test]
async fn a_container_that_attaches_it_is_no_drift_and_the_data_source_tells_of_it() {
    let zund = Zund::start().await;
    let terraform = zund.terraform().await;
    let stored = settle(&terraform, None, &config(&[])).await;
    zund.with(|world| world.storage.attach());
    let fresh = terraform.refresh(TYPE, &stored).await.unwrap().unwrap();
    assert_eq!(fresh, stored);

    let asked = object(&schema(), &[("name", Value::string("data"))]);
    let asked = Value::object(
        asked
            .as_entries()
            .unwrap()
            .iter()
            .filter(|(name, _)| *name != "timeouts")
            .map(|(name, value)| (name.clone(), value.clone())),
    );
    let found = terraform.look_up(TYPE, &asked).await.unwrap();
    assert_eq!(found.get("status").unwrap().as_str(), Some("in-use"));
    let holders = found.get("attachment").unwrap().as_elements().unwrap();
    assert_eq!(
        holders[0].get("container").unwrap().as_str(),
        Some("web-uuid")
    );
    assert_eq!(
        holders[0].get("destination").unwrap().as_str(),
        Some("/data")
    );

    // It is looked up when the volume itself changes, and when it is imported.
    let larger = config(&[("size", number(3))]);
    let planned = terraform.plan(TYPE, Some(&stored), &larger).await.unwrap();
    assert!(planned.state.get("attachment").unwrap().is_unknown());
    let stored = settle(&terraform, Some(stored), &larger).await;
    assert_eq!(
        stored.state.get("attachment").unwrap(),
        found.get("attachment").unwrap()
    );
    assert_eq!(
        stored.state.get("status").unwrap().as_str(),
        Some("available")
    );
    let imported = terraform
        .import(TYPE, ImportBy::Id("data".into()))
        .await
        .unwrap();
    let imported = terraform.refresh(TYPE, &imported).await.unwrap().unwrap();
    assert_eq!(imported.state, stored.state);
}

#[tokio::test]
async fn destroy_while_attached_says_by_whom() {
    let zund = Zund::start().await;
    let terraform = zund.terraform().await;
    let stored = settle(&terraform, None, &config(&[])).await;
    zund.with(|world| world.storage.attach());
    let outcome = terraform
        .apply(TYPE, Some(stored), &Value::Null)
        .await
        .unwrap();
    let text = outcome.errors.join("\n");
    assert!(
        text.contains("attached to container web (web-uuid) at /data"),
        "{text}"
    );
    assert!(outcome.stored.is_some());
}

#[tokio::test]
async fn shrinking_is_refused_in_the_plan_also_when_it_grew_behind_our_back() {
    let zund = Zund::start().await;
    let terraform = zund.terraform().await;
    let stored = settle(&terraform, None, &config(&[("size", number(2))])).await;
    let message = refused(terraform.plan(TYPE, Some(&stored), &config(&[])).await);
    assert!(
        message.starts_with("size: A volume cannot shrink"),
        "{message}"
    );
    assert!(message.contains("Set size to 2 or more"), "{message}");

    zund.with(|world| world.storage.only()["size"] = json!(5));
    let fresh = terraform.refresh(TYPE, &stored).await.unwrap().unwrap();
    assert_eq!(fresh.state.get("size"), Ok(&number(5)));
    let same = config(&[("size", number(2))]);
    let message = refused(terraform.plan(TYPE, Some(&fresh), &same).await);
    assert!(message.contains("has 5. Set size to 5"), "{message}");
    settle(
        &terraform,
        Some(fresh.clone()),
        &config(&[("size", number(5))]),
    )
    .await;

    let another = config(&[("volume_type", Value::string("multiattach"))]);
    let planned = terraform.plan(TYPE, Some(&fresh), &another).await.unwrap();
    assert_eq!(
        planned.requires_replace.len(),
        1,
        "another volume may be smaller"
    );
}

#[tokio::test]
async fn what_a_hand_changed_is_mended() {
    let zund = Zund::start().await;
    let terraform = zund.terraform().await;
    let stored = settle(&terraform, None, &config(&[("metadata", map("a"))])).await;
    zund.with(|world| {
        let volume = world.storage.only();
        volume["name"] = json!("other");
        volume["metadata"] = json!({});
    });
    let fresh = terraform.refresh(TYPE, &stored).await.unwrap().unwrap();
    assert_eq!(fresh.state.get("name").unwrap().as_str(), Some("other"));
    assert_eq!(
        fresh.state.get("metadata"),
        Ok(&Value::map::<&str>([])),
        "taken out by hand"
    );
    let stored = settle(&terraform, Some(fresh), &config(&[("metadata", map("a"))])).await;
    assert_eq!(
        zund.with(|world| world.storage.only()["name"].clone()),
        json!("data")
    );

    zund.with(|world| world.storage.volumes.clear());
    assert!(terraform.refresh(TYPE, &stored).await.unwrap().is_none());
}

#[tokio::test]
async fn failures_say_why_and_the_state_stays_true() {
    let zund = Zund::start().await;
    let terraform = zund.terraform().await;
    zund.with(|world| {
        world.storage.slow = 2;
        world.storage.failure = Some("no space is left on the host".into());
    });
    let outcome = terraform.apply(TYPE, None, &config(&[])).await.unwrap();
    let text = outcome.errors.join("\n");
    for part in [
        "Volume data (",
        "could not be created",
        "No space is left on the host.",
        "apply again",
    ] {
        assert!(text.contains(part), "{part} is missing in: {text}");
    }
    let stored = outcome.stored.unwrap();
    assert!(stored.tainted);
    let stored = settle(&terraform, Some(stored), &config(&[])).await;

    zund.with(|world| world.storage.failure = Some("the filesystem is damaged".into()));
    let larger = config(&[("size", number(2))]);
    let outcome = terraform.apply(TYPE, Some(stored), &larger).await.unwrap();
    let text = outcome.errors.join("\n");
    for part in [
        "could not be extended",
        "The filesystem is damaged.",
        "as large as before",
    ] {
        assert!(text.contains(part), "{part} is missing in: {text}");
    }
    let stored = outcome.stored.unwrap();
    assert_eq!(stored.state.get("size"), Ok(&number(1)));

    zund.with(|world| world.storage.failure = Some("the image is in use".into()));
    let outcome = terraform
        .apply(TYPE, Some(stored), &Value::Null)
        .await
        .unwrap();
    let text = outcome.errors.join("\n");
    assert!(
        text.contains("could not be deleted") && text.contains("The image is in use."),
        "{text}"
    );
}

#[tokio::test]
async fn a_wait_ends_with_its_time_and_says_how_far_it_is() {
    let zund = Zund::start().await;
    let terraform = zund.terraform().await;
    zund.with(|world| world.storage.slow = u32::MAX);
    let timeouts = Value::object([
        ("create", Value::string("1s")),
        ("update", Value::Null),
        ("delete", Value::Null),
    ]);
    let hasty = config(&[("timeouts", timeouts)]);
    let outcome = terraform.apply(TYPE, None, &hasty).await.unwrap();
    let text = outcome.errors.join("\n");
    for part in [
        "not created yet",
        "(it is creating)",
        "longer than 1 seconds",
        "create = \"1h\"",
    ] {
        assert!(text.contains(part), "{part} is missing in: {text}");
    }
    assert!(outcome.stored.unwrap().tainted);
}

#[tokio::test]
async fn only_one_of_a_name_can_be_imported_by_it() {
    let zund = Zund::start().await;
    let terraform = zund.terraform().await;
    let import = |name: &str| ImportBy::Id(name.to_owned());
    let message = refused(terraform.import(TYPE, import("data")).await);
    assert!(message.contains("openstack volume list"), "{message}");
    let first = settle(&terraform, None, &config(&[])).await;
    let outcome = terraform.apply(TYPE, None, &config(&[])).await.unwrap();
    assert_eq!(outcome.action, Some(Action::Create));
    let message = refused(terraform.import(TYPE, import("data")).await);
    let id = first.state.get("id").unwrap().as_str().unwrap();
    assert!(
        message.contains("2 volumes are named") && message.contains(id),
        "{message}"
    );
    let identity = Value::object([("uuid", Value::string(id))]);
    let imported = terraform
        .import(TYPE, ImportBy::Identity(identity))
        .await
        .unwrap();
    let imported = terraform.refresh(TYPE, &imported).await.unwrap().unwrap();
    assert_eq!(imported.state, first.state);
}

#[tokio::test]
async fn bad_values_have_their_messages() {
    let zund = Zund::start().await;
    let terraform = zund.terraform().await;
    let text = |text: &str| Value::string(text);
    for (set, path, part) in [
        (vec![("size", number(0))], "size", "at least 1"),
        (vec![("name", text(""))], "name", "1"),
        (
            vec![("volume_type", text("fast"))],
            "volume_type",
            "\"single\", \"multiattach\"",
        ),
        (
            vec![("snapshot_id", text("data"))],
            "snapshot_id",
            "The value has to be an id",
        ),
        (
            vec![("metadata", Value::map([("a", Value::Null)]))],
            "metadata",
            "is null; leave it out",
        ),
        (
            vec![
                ("snapshot_id", text(&format!("{UUID}01"))),
                ("source_vol_id", text(&format!("{UUID}01"))),
            ],
            "snapshot_id",
            "source_vol_id",
        ),
    ] {
        let message = refused(terraform.plan(TYPE, None, &config(&set)).await);
        assert!(message.contains(part), "{set:?}: {message}");
        assert!(message.starts_with(path), "{path}: {message}");
    }
}
