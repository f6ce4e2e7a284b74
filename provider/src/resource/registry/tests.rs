//! The resource and its data source through Terraform's eyes.

use serde_json::json;
use tfplugin::testing::{Stored, Terraform};
use tfplugin::{DataSource, ImportBy, Provider, Value};

use super::{VERSION, schema};
use crate::provider::Zun;
use crate::session::Session;
use crate::testing::{Zund, object, refused};

const TYPE: &str = "zun_registry";

fn string(text: &str) -> Value {
    Value::string(text)
}

/// A configuration of a registry with what is given.
fn config(set: &[(&str, Value)]) -> Value {
    let mut all = object(&schema(), &[("domain", string("registry.example:5000"))]);
    for (name, value) in set {
        all.set(*name, value);
    }
    all
}

/// What looks for one with these.
fn question(set: &[(&str, Value)]) -> Value {
    let mut all = Zun.data_sources().into_iter();
    let source = all.find(|one| DataSource::<Session>::type_name(&**one) == TYPE);
    object(&source.unwrap().schema(), set)
}

/// With a login that is kept in the state.
fn kept(password: &str) -> [(&'static str, Value); 2] {
    [("username", string("ann")), ("password", string(password))]
}

/// With a login that is not.
fn hidden(password: &str, version: i64) -> [(&'static str, Value); 3] {
    [
        ("username", string("ann")),
        ("password_wo", string(password)),
        (VERSION, Value::number(version)),
    ]
}

/// Applies, then refreshes and plans: nothing may be left to do, and the refresh must find what was stored.
async fn settle(terraform: &Terraform<Zun>, stored: Option<Stored>, config: &Value) -> Stored {
    let outcome = terraform.apply(TYPE, stored, config).await.unwrap();
    assert_eq!(outcome.errors, [""; 0], "{config:?}");
    assert!(!outcome.replaced, "{config:?}");
    let stored = outcome.stored.unwrap();
    let fresh = terraform.refresh(TYPE, &stored).await.unwrap().unwrap();
    assert_eq!(fresh, stored, "refresh after apply of {config:?}");
    let planned = terraform.plan(TYPE, Some(&fresh), config).await.unwrap();
    assert_eq!(planned.state, fresh.state, "plan after {config:?}");
    fresh
}

#[tokio::test]
async fn every_attribute_is_created_imported_and_edited_without_a_rest() {
    let edits = [
        ("name", string("one"), string("two")),
        ("domain", string("a.example"), string("localhost:5000")),
        ("name", Value::Null, string("two")),
    ];
    for (name, first, second) in edits {
        let zund = Zund::start().await;
        let terraform = zund.terraform().await;
        let stored = settle(&terraform, None, &config(&[(name, first)])).await;
        let id = stored.state.get("id").unwrap().as_str().unwrap().to_owned();
        let imported = terraform.import(TYPE, ImportBy::Id(id)).await.unwrap();
        let imported = terraform.refresh(TYPE, &imported).await.unwrap().unwrap();
        assert_eq!(imported.state, stored.state, "{name} after import");
        let stored = settle(&terraform, Some(stored), &config(&[(name, second)])).await;
        let stored = settle(&terraform, Some(stored), &config(&[])).await;
        let outcome = terraform.apply(TYPE, Some(stored), &Value::Null).await;
        assert_eq!(outcome.unwrap().errors, [""; 0]);
        assert!(zund.with(|world| world.registries.held.is_empty()));
    }
}

#[tokio::test]
async fn a_password_goes_one_way_and_only_when_it_changes() {
    let zund = Zund::start().await;
    let terraform = zund.terraform().await;
    let password = || zund.with(|world| world.registries.password().clone());
    let changes = || zund.with(|world| world.count("PATCH /v1/registries"));
    let stored = settle(&terraform, None, &config(&kept("one"))).await;
    assert_eq!(password(), "one");
    let stored = settle(&terraform, Some(stored), &config(&kept("two"))).await;
    assert_eq!((password(), changes()), (json!("two"), 1));

    let stored = settle(&terraform, Some(stored), &config(&hidden("three", 1))).await;
    assert_eq!((password(), changes()), (json!("three"), 2));
    assert!(!format!("{:?}", stored.state).contains("three"));
    let stored = settle(&terraform, Some(stored), &config(&hidden("four", 1))).await;
    assert_eq!((password(), changes()), (json!("three"), 2));
    let stored = settle(&terraform, Some(stored), &config(&hidden("four", 2))).await;
    assert_eq!((password(), changes()), (json!("four"), 3));

    let mut renamed = config(&hidden("four", 2));
    renamed.set("name", "shop");
    let stored = settle(&terraform, Some(stored), &renamed).await;
    assert_eq!(password(), "four");
    settle(&terraform, Some(stored), &config(&[])).await;
    assert_eq!(password(), json!(null), "nobody logs in any more");
}

#[tokio::test]
async fn what_is_imported_gets_its_password_with_the_first_apply() {
    for login in [kept("one").to_vec(), hidden("one", 1).to_vec()] {
        let zund = Zund::start().await;
        let terraform = zund.terraform().await;
        let mut named = config(&login);
        named.set("name", "shop");
        settle(&terraform, None, &named).await;
        zund.with(|world| world.registries.passwords.clear());
        let imported = terraform.import(TYPE, ImportBy::Id("shop".into())).await;
        let imported = terraform.refresh(TYPE, &imported.unwrap()).await;
        let imported = imported.unwrap().unwrap();
        for open in ["password", "password_wo", VERSION] {
            assert_eq!(imported.state.get(open), Ok(&Value::Null));
        }
        settle(&terraform, Some(imported), &named).await;
        assert_eq!(
            zund.with(|world| world.registries.password().clone()),
            "one"
        );
    }
}

#[tokio::test]
async fn what_a_hand_changed_is_mended_and_what_is_gone_is_made_anew() {
    let zund = Zund::start().await;
    let terraform = zund.terraform().await;
    let wished = config(&kept("one"));
    let stored = settle(&terraform, None, &wished).await;
    zund.with(|world| {
        let registry = world.registries.only();
        registry["domain"] = json!("other.example");
        registry["username"] = json!("eve");
    });
    let fresh = terraform.refresh(TYPE, &stored).await.unwrap().unwrap();
    let stored = settle(&terraform, Some(fresh), &wished).await;
    zund.with(|world| {
        assert_eq!(world.registries.only()["username"], "ann");
        world.registries.held.clear();
    });
    assert!(terraform.refresh(TYPE, &stored).await.unwrap().is_none());
    let outcome = terraform.apply(TYPE, Some(stored), &Value::Null).await;
    assert_eq!(outcome.unwrap().errors, [""; 0], "gone is deleted");
}

#[tokio::test]
async fn one_that_is_used_stays_and_the_user_is_named() {
    let zund = Zund::start().await;
    let terraform = zund.terraform().await;
    let stored = settle(&terraform, None, &config(&[])).await;
    zund.with(|world| world.registries.user = Some("web"));
    let outcome = terraform.apply(TYPE, Some(stored), &Value::Null).await;
    let outcome = outcome.unwrap();
    let text = outcome.errors.join("\n");
    assert!(text.contains("is used by container web"), "{text}");
    assert!(outcome.stored.is_some());
}

#[tokio::test]
async fn what_does_not_go_together_is_refused_in_the_plan() {
    let zund = Zund::start().await;
    let terraform = zund.terraform().await;
    let ann = || ("username", string("ann"));
    let secret = |name| (name, string("x"));
    let version = || (VERSION, Value::number(1));
    for (given, message) in [
        (vec![ann()], "Whoever logs in needs a password"),
        (vec![secret("password")], "It needs \"username\" to be set"),
        (
            vec![secret("password_wo"), version()],
            "It needs \"username\" to be set",
        ),
        (
            vec![ann(), secret("password"), secret("password_wo"), version()],
            "It cannot be set together with \"password_wo\"",
        ),
        (
            vec![ann(), secret("password_wo")],
            "Set password_wo_version as well",
        ),
        (
            vec![("domain", string("https://registry.example"))],
            "registry.example",
        ),
        (vec![("domain", string("library"))], "library"),
        (vec![("domain", string("a.example/x"))], "a.example/x"),
    ] {
        let text = refused(terraform.plan(TYPE, None, &config(&given)).await);
        assert!(text.contains(message), "{given:?}: {text}");
    }
}

#[tokio::test]
async fn one_is_looked_up_and_only_one_of_a_name_is_imported_by_it() {
    let zund = Zund::start().await;
    let terraform = zund.terraform().await;
    let by = |name: &str| ImportBy::Id(name.to_owned());
    let text = refused(terraform.import(TYPE, by("shop")).await);
    assert!(text.contains("No such registry"), "{text}");
    let named = config(&[("name", string("shop"))]);
    let first = settle(&terraform, None, &named).await;
    let asked = question(&[("name", string("shop"))]);
    let found = terraform.look_up(TYPE, &asked).await.unwrap();
    for name in ["id", "domain", "username", "project_id"] {
        assert_eq!(found.get(name), first.state.get(name), "{name}");
    }
    let id = first.state.get("id").unwrap();
    let same = terraform
        .look_up(TYPE, &question(&[("id", id.clone())]))
        .await;
    assert_eq!(same.unwrap(), found);
    terraform.apply(TYPE, None, &named).await.unwrap();
    let text = refused(terraform.import(TYPE, by("shop")).await);
    let several = "2 registries are named \"shop\"";
    assert!(
        text.contains(several) && text.contains(id.as_str().unwrap()),
        "{text}"
    );
    let text = refused(terraform.look_up(TYPE, &asked).await);
    assert!(
        text.starts_with("name: ") && text.contains(several),
        "{text}"
    );
}
