//! The resources through Terraform's eyes: what holds for all of them is here, what is peculiar to one in its file.

mod floating_ip;
mod plan;
mod router;
mod security_group;
mod table;

use serde_json::json;
use tfplugin::testing::{Stored, Terraform};
use tfplugin::{ImportBy, Provider, Resource, Schema, Value};

use crate::provider::Zun;
use crate::session::Session;
use crate::testing::{Zund, object, refused};
use table::{Case, cases, prepare};

fn schema(name: &str) -> Schema {
    let mut all = Zun.resources().into_iter();
    let found = all.find(|one| Resource::<Session>::type_name(&**one) == name);
    found.unwrap().schema()
}

fn string(text: &str) -> Value {
    Value::string(text)
}

/// An id of the right form, of which nothing is known.
fn id(number: u32) -> Value {
    string(&format!("00000000-0000-4000-8000-{number:012}"))
}

/// A configuration of a resource with what is given.
fn config(name: &str, set: &[(&str, Value)]) -> Value {
    object(&schema(name), set)
}

/// Applies, then refreshes and plans: nothing may be left to do, and the refresh must find what was stored.
async fn settle(
    terraform: &Terraform<Zun>,
    name: &str,
    stored: Option<Stored>,
    config: &Value,
) -> Stored {
    let outcome = terraform.apply(name, stored, config).await.unwrap();
    assert_eq!(outcome.errors, [""; 0], "{name}: {config:?}");
    let stored = outcome.stored.unwrap();
    let fresh = terraform.refresh(name, &stored).await.unwrap().unwrap();
    assert_eq!(fresh, stored, "{name}: refresh after apply of {config:?}");
    let planned = terraform.plan(name, Some(&fresh), config).await.unwrap();
    assert_eq!(planned.state, fresh.state, "{name}: plan after {config:?}");
    fresh
}

async fn import(terraform: &Terraform<Zun>, name: &str, stored: &Stored) -> Stored {
    let id = stored.state.get("id").unwrap().as_str().unwrap().to_owned();
    let imported = terraform.import(name, ImportBy::Id(id)).await.unwrap();
    terraform.refresh(name, &imported).await.unwrap().unwrap()
}

fn unknown(planned: &Value) -> Vec<&str> {
    let entries = planned.as_entries().unwrap().iter();
    entries
        .filter(|(_, value)| value.is_unknown())
        .map(|(name, _)| name.as_str())
        .collect()
}

#[tokio::test]
async fn every_attribute_is_created_imported_and_edited_without_a_rest() {
    for case in cases() {
        let zund = Zund::start().await;
        let terraform = zund.terraform().await;
        let Case { name, path, .. } = case;
        zund.with(|world| prepare(&mut world.networking));
        let before = zund.with(|world| world.networking.count(path));
        let first = case.config(Some(&case.first));
        let stored = settle(&terraform, name, None, &first).await;
        let imported = import(&terraform, name, &stored).await;
        assert_eq!(imported.state, stored.state, "{case:?} after import");

        let second = case.config(Some(&case.second));
        let planned = terraform.plan(name, Some(&stored), &second).await.unwrap();
        assert_eq!(
            !planned.requires_replace.is_empty(),
            case.replaces,
            "{case:?}"
        );
        if !case.replaces {
            assert_eq!(unknown(&planned.state), case.open, "{case:?}");
        }
        let stored = settle(&terraform, name, Some(stored), &second).await;
        let without = case.config(None);
        let stored = settle(&terraform, name, Some(stored), &without).await;
        let outcome = terraform.apply(name, Some(stored), &Value::Null).await;
        assert_eq!(outcome.unwrap().errors, [""; 0], "{case:?}");
        let after = zund.with(|world| world.networking.count(path));
        assert_eq!(after, before, "{case:?}");
    }
}

#[test]
fn no_attribute_is_left_out() {
    let cases = cases();
    for name in [
        "zun_network",
        "zun_subnet",
        "zun_port",
        "zun_security_group",
        "zun_security_group_rule",
        "zun_router",
        "zun_floating_ip",
    ] {
        for (attribute, kind) in schema(name).fields().attributes() {
            let tried = cases
                .iter()
                .any(|case| case.name == name && case.attribute == attribute);
            // Of groups alone, which have a test of their own for it.
            let elsewhere = attribute == "delete_default_rules";
            let configurable = kind.presence().is_configurable();
            assert_eq!(tried || elsewhere, configurable, "{name}.{attribute}");
        }
    }
}

#[tokio::test]
async fn what_a_hand_changed_is_mended_and_what_is_gone_is_made_anew() {
    let zund = Zund::start().await;
    let terraform = zund.terraform().await;
    let front = config("zun_network", &[("name", string("front"))]);
    let stored = settle(&terraform, "zun_network", None, &front).await;
    zund.with(|world| world.networking.only("networks")["name"] = json!("other"));
    let fresh = terraform.refresh("zun_network", &stored).await.unwrap();
    let fresh = fresh.unwrap();
    assert_eq!(fresh.state.get("name").unwrap().as_str(), Some("other"));
    let stored = settle(&terraform, "zun_network", Some(fresh), &front).await;
    zund.with(|world| {
        assert_eq!(world.networking.only("networks")["name"], "front");
        world.networking.held.clear();
    });
    let gone = terraform.refresh("zun_network", &stored).await.unwrap();
    assert!(gone.is_none());
    let outcome = terraform.apply("zun_network", Some(stored), &Value::Null);
    assert_eq!(outcome.await.unwrap().errors, [""; 0], "gone is deleted");
}

#[tokio::test]
async fn only_one_of_a_name_can_be_imported_by_it() {
    const TYPE: &str = "zun_security_group";
    let zund = Zund::start().await;
    let terraform = zund.terraform().await;
    let by = |name: &str| ImportBy::Id(name.to_owned());
    let message = refused(terraform.import(TYPE, by("web")).await);
    for part in [
        "No such security group",
        "the id or the name \"web\"",
        "openstack security group list",
    ] {
        assert!(message.contains(part), "{part}: {message}");
    }
    let web = config(TYPE, &[("name", string("web"))]);
    let first = settle(&terraform, TYPE, None, &web).await;
    let imported = terraform.import(TYPE, by("web")).await.unwrap();
    let imported = terraform.refresh(TYPE, &imported).await.unwrap().unwrap();
    assert_eq!(imported.state, first.state);
    assert_eq!(imported.identity, first.identity);
    terraform.apply(TYPE, None, &web).await.unwrap();
    let message = refused(terraform.import(TYPE, by("web")).await);
    let id = first.state.get("id").unwrap().as_str().unwrap();
    assert!(
        message.contains("2 security groups have the id or the name \"web\"")
            && message.contains(id),
        "{message}"
    );
    let message = refused(terraform.import("zun_security_group_rule", by("web")).await);
    assert!(message.contains("with the id \"web\""), "{message}");
}

#[tokio::test]
async fn a_refusal_is_shown_on_its_attribute_with_what_to_do() {
    let zund = Zund::start().await;
    let terraform = zund.terraform().await;
    let refuse = |status, kind, message: &str| {
        let message = message.to_owned();
        zund.with(|world| world.networking.refusal = Some((status, kind, message)));
    };
    let set = [("network_id", id(1)), ("cidr", string("10.9.0.0/24"))];
    let subnet = config("zun_subnet", &set);
    refuse(409, "Conflict", "cidr: 10.9.0.0/24 overlaps 10.0.0.0/8");
    let outcome = terraform.apply("zun_subnet", None, &subnet).await.unwrap();
    assert!(outcome.stored.is_none());
    let text = outcome.errors.join("\n");
    assert!(
        text.starts_with("cidr: Cannot create subnet 10.9.0.0/24"),
        "{text}"
    );
    assert!(text.contains("overlaps 10.0.0.0/8"), "{text}");

    let stored = settle(&terraform, "zun_subnet", None, &subnet).await;
    refuse(409, "SubnetInUse", "subnet s is in use by port p");
    let outcome = terraform.apply("zun_subnet", Some(stored), &Value::Null);
    let outcome = outcome.await.unwrap();
    let text = outcome.errors.join("\n");
    assert!(text.contains("is in use by port p"), "{text}");
    assert!(text.contains("Take it away where it is used"), "{text}");
    assert!(outcome.stored.is_some());
}
