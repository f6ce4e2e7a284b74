//! The resource and its data source through Terraform's eyes.

use serde_json::json;
use tfplugin::testing::{Stored, Terraform};
use tfplugin::{ImportBy, Value};

use super::schema;
use crate::provider::Zun;
use crate::testing::{Zund, object, refused};

const TYPE: &str = "zun_volume_snapshot";

/// A volume of 3 GiB, its id.
async fn volume(terraform: &Terraform<Zun>) -> String {
    let set = [("size", Value::number(3))];
    let config = object(&crate::resource::volume::schema(), &set);
    let outcome = terraform.apply("zun_volume", None, &config).await.unwrap();
    let state = outcome.stored.unwrap().state;
    state.get("id").unwrap().as_str().unwrap().to_owned()
}

fn config(volume: &str, set: &[(&str, Value)]) -> Value {
    let mut all = object(
        &schema(),
        &[
            ("volume_id", Value::string(volume)),
            ("name", Value::string("before")),
        ],
    );
    for (name, value) in set {
        all.set(*name, value);
    }
    all
}

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

#[tokio::test]
async fn from_create_to_destroy() {
    let zund = Zund::start().await;
    let terraform = zund.terraform().await;
    let (first, second) = (volume(&terraform).await, volume(&terraform).await);
    let stored = settle(&terraform, None, &config(&first, &[])).await;
    assert_eq!(stored.state.get("size"), Ok(&Value::number(3)));
    assert_eq!(
        stored.state.get("status").unwrap().as_str(),
        Some("available")
    );
    let imported = terraform
        .import(TYPE, ImportBy::Id("before".into()))
        .await
        .unwrap();
    let imported = terraform.refresh(TYPE, &imported).await.unwrap().unwrap();
    assert_eq!(imported.state, stored.state);

    let words = [
        ("name", Value::string("later")),
        ("description", Value::string("of the night")),
        ("metadata", Value::map([("a", Value::string("1"))])),
    ];
    let planned = terraform
        .plan(TYPE, Some(&stored), &config(&first, &words))
        .await
        .unwrap();
    assert!(planned.state.is_wholly_known() && planned.requires_replace.is_empty());
    let stored = settle(&terraform, Some(stored), &config(&first, &words)).await;
    let asked = object(&schema(), &[("name", Value::string("later"))]);
    let asked = Value::object(
        asked
            .as_entries()
            .unwrap()
            .iter()
            .filter(|(name, _)| *name != "timeouts")
            .map(|(name, value)| (name.clone(), value.clone())),
    );
    let found = terraform.look_up(TYPE, &asked).await.unwrap();
    assert_eq!(found.get("id"), stored.state.get("id"));

    let planned = terraform
        .plan(TYPE, Some(&stored), &config(&second, &words))
        .await
        .unwrap();
    assert_eq!(planned.requires_replace.len(), 1);
    let stored = settle(&terraform, Some(stored), &config(&first, &[])).await;
    zund.with(|world| {
        let snapshot = world.storage.snapshots.values_mut().next().unwrap();
        snapshot["name"] = json!("other");
    });
    let fresh = terraform.refresh(TYPE, &stored).await.unwrap().unwrap();
    assert_eq!(fresh.state.get("name").unwrap().as_str(), Some("other"));
    let stored = settle(&terraform, Some(fresh), &config(&first, &[])).await;
    let outcome = terraform
        .apply(TYPE, Some(stored), &Value::Null)
        .await
        .unwrap();
    assert_eq!(outcome.errors, [""; 0]);
    assert!(zund.with(|world| world.storage.snapshots.is_empty()));
}

#[tokio::test]
async fn what_is_left_out_and_what_is_empty_are_the_same_after_an_import() {
    let zund = Zund::start().await;
    let terraform = zund.terraform().await;
    let volume = volume(&terraform).await;
    let empty = [
        ("metadata", Value::map::<&str>([])),
        ("description", Value::string("")),
    ];
    let (left_out, empty) = (config(&volume, &[]), config(&volume, &empty));
    settle(&terraform, None, &empty).await;
    let imported = terraform.import(TYPE, ImportBy::Id("before".into())).await;
    let imported = terraform.refresh(TYPE, &imported.unwrap()).await;
    let held = imported.unwrap().unwrap();
    for config in [&left_out, &empty] {
        let planned = terraform.plan(TYPE, Some(&held), config).await.unwrap();
        assert_eq!(planned.state, held.state, "{config:?}");
    }
}

#[tokio::test]
async fn what_could_not_be_taken_says_why() {
    let zund = Zund::start().await;
    let terraform = zund.terraform().await;
    let volume = volume(&terraform).await;
    zund.with(|world| world.storage.failure = Some("no space is left on the host".into()));
    let outcome = terraform
        .apply(TYPE, None, &config(&volume, &[]))
        .await
        .unwrap();
    let text = outcome.errors.join("\n");
    assert!(
        text.contains("Snapshot before (") && text.contains("No space is left"),
        "{text}"
    );
    assert!(outcome.stored.unwrap().tainted);

    let message = refused(terraform.import(TYPE, ImportBy::Id("none".into())).await);
    assert!(
        message.contains("openstack volume snapshot list"),
        "{message}"
    );
}
