//! The resource and its data source through Terraform's eyes.

mod data;

use std::path::PathBuf;

use serde_json::{Value as Json, json};
use tempfile::TempDir;
use tfplugin::testing::{Stored, Terraform};
use tfplugin::{ImportBy, Value};

use super::schema;
use crate::provider::Zun;
use crate::testing::{Zund, object, refused};

const TYPE: &str = "zun_image";

fn string(text: &str) -> Value {
    Value::string(text)
}

/// A folder with the files that images are made of.
struct Files(TempDir);

impl Files {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// Writes one; its path as a value.
    fn write(&self, name: &str, text: &str) -> Value {
        // As what is packed with gzip begins.
        let bytes = [b"\x1f\x8b", text.as_bytes()].concat();
        std::fs::write(self.path(name), bytes).unwrap();
        string(self.path(name).to_str().unwrap())
    }
}

/// A configuration with what is given.
fn config(set: &[(&str, Value)]) -> Value {
    let mut all = object(&schema(), &[("name", string("app"))]);
    for (name, value) in set {
        all.set(*name, value);
    }
    all
}

/// Applies, then refreshes and plans: nothing may be left to do, and the refresh must find what was stored.
async fn settle(terraform: &Terraform<Zun>, stored: Option<Stored>, config: &Value) -> Stored {
    let outcome = terraform.apply(TYPE, stored, config).await.unwrap();
    assert_eq!(outcome.errors, [""; 0], "{config:?}");
    let stored = outcome.stored.unwrap();
    let fresh = terraform.refresh(TYPE, &stored).await.unwrap().unwrap();
    assert_eq!(fresh, stored, "refresh after apply of {config:?}");
    let planned = terraform.plan(TYPE, Some(&fresh), config).await.unwrap();
    assert_eq!(planned.state, fresh.state, "plan after {config:?}");
    fresh
}

fn id_of(stored: &Stored) -> String {
    stored.state.get("id").unwrap().as_str().unwrap().to_owned()
}

fn words(all: &[&str]) -> Value {
    Value::Set(all.iter().map(|word| string(word)).collect())
}

/// Each attribute with two values, and whether the edit replaces.
fn edits() -> Vec<(&'static str, Value, Value, bool)> {
    let tier = |value: &str| Value::map([("tier", string(value)), (value, string("x"))]);
    vec![
        ("name", string("one"), string("two"), false),
        ("tags", words(&["a", "b"]), words(&["b", "c"]), false),
        ("properties", tier("web"), tier("db"), false),
        ("visibility", string("public"), string("private"), false),
        ("protected", Value::Bool(true), Value::Bool(false), false),
        ("hidden", Value::Bool(false), Value::Bool(true), false),
        ("min_disk_gb", Value::number(1), Value::number(2), false),
        ("min_ram_mb", Value::number(64), Value::number(0), false),
        ("container_format", string("bare"), string("docker"), true),
        ("disk_format", string("raw"), string("qcow2"), true),
    ]
}

#[tokio::test]
async fn every_attribute_is_created_imported_and_edited_without_a_rest() {
    let files = Files::new();
    let file = files.write("image.tar", "bytes");
    for (name, first, second, replaces) in edits() {
        let zund = Zund::start().await;
        let terraform = zund.terraform().await;
        let of = |value: Option<&Value>| {
            let mut all = config(&[("local_file_path", file.clone())]);
            if let Some(value) = value {
                all.set(name, value);
            }
            all
        };
        let stored = settle(&terraform, None, &of(Some(&first))).await;
        let uploads = || zund.with(|world| world.images.uploads);
        assert_eq!(uploads(), 1);
        let by = ImportBy::Id(id_of(&stored));
        let imported = terraform.import(TYPE, by).await.unwrap();
        let imported = terraform.refresh(TYPE, &imported).await.unwrap().unwrap();
        let mut held = stored.state.clone();
        held.set("local_file_path", Value::Null);
        assert_eq!(imported.state, held, "{name} after import");
        let stored = settle(&terraform, Some(imported), &of(Some(&first))).await;
        assert_eq!(uploads(), 1, "nothing is sent after an import");

        let planned = terraform
            .plan(TYPE, Some(&stored), &of(Some(&second)))
            .await;
        assert_eq!(
            !planned.unwrap().requires_replace.is_empty(),
            replaces,
            "{name}"
        );
        let stored = settle(&terraform, Some(stored), &of(Some(&second))).await;
        assert_eq!(uploads(), if replaces { 2 } else { 1 }, "{name}");
        let stored = settle(&terraform, Some(stored), &of(None)).await;
        let outcome = terraform.apply(TYPE, Some(stored), &Value::Null).await;
        assert_eq!(outcome.unwrap().errors, [""; 0], "{name}");
        assert!(zund.with(|world| world.images.held.is_empty()), "{name}");
    }
}

#[tokio::test]
async fn the_bytes_decide_and_not_the_name_of_the_file() {
    let files = Files::new();
    let zund = Zund::start().await;
    let terraform = zund.terraform().await;
    let first = config(&[("local_file_path", files.write("a.tar", "one"))]);
    let stored = settle(&terraform, None, &first).await;
    let id = id_of(&stored);
    let elsewhere = config(&[("local_file_path", files.write("b.tar", "one"))]);
    let stored = settle(&terraform, Some(stored), &elsewhere).await;
    assert_eq!(
        (id_of(&stored), zund.with(|world| world.images.uploads)),
        (id.clone(), 1)
    );

    files.write("b.tar", "two");
    let planned = terraform
        .plan(TYPE, Some(&stored), &elsewhere)
        .await
        .unwrap();
    assert_eq!(planned.requires_replace.len(), 1);
    assert_eq!(planned.requires_replace[0].to_string(), "checksum");
    assert!(planned.state.get("checksum").unwrap().is_unknown());
    let stored = settle(&terraform, Some(stored), &elsewhere).await;
    assert_ne!(id_of(&stored), id);
    assert_eq!(zund.with(|world| world.images.uploads), 2);

    // Nothing is given up for what the server would not take.
    std::fs::write(files.path("b.tar"), "no archive").unwrap();
    let planned = terraform.plan(TYPE, Some(&stored), &elsewhere).await;
    let refusal = planned.err().map(|refusal| format!("{refusal:?}"));
    assert!(
        refusal
            .unwrap()
            .contains("local_file_path: The file is no image")
    );

    // What is not there any more says nothing about what was made of it.
    std::fs::remove_file(files.path("b.tar")).unwrap();
    let planned = terraform
        .plan(TYPE, Some(&stored), &elsewhere)
        .await
        .unwrap();
    assert_eq!(planned.state, stored.state);
    let mut open = elsewhere.clone();
    open.set("local_file_path", Value::UNKNOWN);
    let planned = terraform.plan(TYPE, Some(&stored), &open).await.unwrap();
    assert!(!planned.requires_replace.is_empty(), "it may be anything");
}

#[tokio::test]
async fn what_a_registry_has_is_fetched_by_the_server() {
    let zund = Zund::start().await;
    let terraform = zund.terraform().await;
    let of = |image: &str, registry: &str| {
        config(&[
            ("registry_image", string(image)),
            ("registry", string(registry)),
            ("tags", words(&["a"])),
            ("min_disk_gb", Value::number(3)),
        ])
    };
    let stored = settle(&terraform, None, &of("r.example/app:1", "shop")).await;
    let pulled = zund.with(|world| world.images.pulled.clone().unwrap());
    let asked = json!({"name": "app", "reference": "r.example/app:1", "registry": "shop", "tags": ["a"],
        "visibility": "private"});
    assert_eq!(pulled, asked);
    assert_eq!(stored.state.get("container_format"), Ok(&Value::Null));
    assert_eq!(
        zund.with(|world| world.images.only()["min_disk"].clone()),
        3
    );

    let imported = terraform
        .import(TYPE, ImportBy::Id("app".into()))
        .await
        .unwrap();
    let imported = terraform.refresh(TYPE, &imported).await.unwrap().unwrap();
    let again = settle(&terraform, Some(imported), &of("r.example/app:1", "shop")).await;
    assert_eq!(
        again.state, stored.state,
        "after an import nothing is fetched"
    );
    let stored = settle(&terraform, Some(again), &of("r.example/app:1", "other")).await;
    assert_eq!(zund.with(|world| world.count("POST /zund/v1/images")), 1);
    let another = of("r.example/app:2", "other");
    let planned = terraform.plan(TYPE, Some(&stored), &another).await.unwrap();
    assert_eq!(planned.requires_replace[0].to_string(), "registry_image");
    settle(&terraform, Some(stored), &another).await;
}

#[tokio::test]
async fn what_could_not_be_made_leaves_nothing_behind() {
    let files = Files::new();
    let zund = Zund::start().await;
    let terraform = zund.terraform().await;
    let local = config(&[
        ("local_file_path", files.write("bad.tar", "no archive")),
        ("protected", Value::Bool(true)),
    ]);
    let reason =
        "it is neither an archive of docker save, nor an OCI layout, nor a root filesystem";
    zund.with(|world| world.images.refusal = Some((400, reason.into())));
    let outcome = terraform.apply(TYPE, None, &local).await.unwrap();
    let text = outcome.errors.join("\n");
    assert!(text.starts_with("local_file_path: Cannot upload"), "{text}");
    assert!(
        text.contains(&reason[3..]) && !text.contains("<br"),
        "{text}"
    );
    assert!(outcome.stored.is_none());

    let remote = config(&[("registry_image", string("r.example/app:1"))]);
    let reason = "registry r.example refused the login of ann";
    zund.with(|world| world.images.failure = Some(reason.into()));
    let outcome = terraform.apply(TYPE, None, &remote).await.unwrap();
    let text = outcome.errors.join("\n");
    assert!(
        text.starts_with("registry_image: Image app could not be made of r.example/app:1"),
        "{text}"
    );
    assert!(
        text.contains("Registry r.example refused the login of ann"),
        "{text}"
    );
    assert!(outcome.stored.is_none());
    assert!(zund.with(|world| world.images.held.is_empty()));
}

#[tokio::test]
async fn what_a_hand_changed_is_mended_and_what_has_no_data_is_made_anew() {
    let files = Files::new();
    let zund = Zund::start().await;
    let terraform = zund.terraform().await;
    let wished = config(&[
        ("local_file_path", files.write("a.tar", "one")),
        ("tags", words(&["a"])),
    ]);
    let stored = settle(&terraform, None, &wished).await;
    zund.with(|world| {
        let image = world.images.only();
        image["name"] = json!("other");
        image["tags"] = json!([]);
        image["by_hand"] = json!("yes");
    });
    let fresh = terraform.refresh(TYPE, &stored).await.unwrap().unwrap();
    let stored = settle(&terraform, Some(fresh), &wished).await;
    let id = id_of(&stored);
    zund.with(|world| {
        let image = world.images.only();
        assert_eq!(image["by_hand"], Json::Null);
        image["status"] = json!("killed");
    });
    let fresh = terraform.refresh(TYPE, &stored).await.unwrap().unwrap();
    let stored = settle(&terraform, Some(fresh), &wished).await;
    assert_ne!(id_of(&stored), id);
    zund.with(|world| world.images.held.clear());
    assert!(terraform.refresh(TYPE, &stored).await.unwrap().is_none());
    let outcome = terraform.apply(TYPE, Some(stored), &Value::Null).await;
    assert_eq!(outcome.unwrap().errors, [""; 0], "gone is deleted");
}

#[tokio::test]
async fn one_that_is_used_or_protected_stays_with_the_reason() {
    let files = Files::new();
    let zund = Zund::start().await;
    let terraform = zund.terraform().await;
    let file = ("local_file_path", files.write("a.tar", "one"));
    let stored = settle(&terraform, None, &config(std::slice::from_ref(&file))).await;
    zund.with(|world| world.images.refusal = Some((409, "it is used by container web".into())));
    let outcome = terraform.apply(TYPE, Some(stored), &Value::Null).await;
    let outcome = outcome.unwrap();
    let text = outcome.errors.join("\n");
    assert!(text.contains("It is used by container web"), "{text}");
    assert!(text.contains("create_before_destroy = true"), "{text}");
    let safe = config(&[file, ("protected", Value::Bool(true))]);
    let stored = settle(&terraform, outcome.stored, &safe).await;
    let outcome = terraform.apply(TYPE, Some(stored), &Value::Null).await;
    let outcome = outcome.unwrap();
    let text = outcome.errors.join("\n");
    assert!(
        text.contains("is protected") && text.contains("protected = false"),
        "{text}"
    );
    assert!(outcome.stored.is_some());
}

#[tokio::test]
async fn what_cannot_be_is_refused_in_the_plan() {
    let files = Files::new();
    let zund = Zund::start().await;
    let terraform = zund.terraform().await;
    let file = || ("local_file_path", files.write("a.tar", "one"));
    let remote = || ("registry_image", string("r.example/app:1"));
    for (given, message) in [
        (vec![], "Nothing to make an image of"),
        (vec![file(), remote()], "It cannot be set together with"),
        (
            vec![file(), ("registry", string("shop"))],
            "It needs \"registry_image\" to be set",
        ),
        (
            vec![remote(), ("disk_format", string("raw"))],
            "It cannot be set together with \"registry_image\"",
        ),
        (
            vec![file(), ("visibility", string("shared"))],
            "one of \"private\", \"public\"",
        ),
        (
            vec![("registry_image", string("No Such"))],
            "registry_image: ",
        ),
    ] {
        let text = refused(terraform.plan(TYPE, None, &config(&given)).await);
        assert!(text.contains(message), "{given:?}: {text}");
    }
    let absent = config(&[("local_file_path", string("no/such.tar"))]);
    terraform.plan(TYPE, None, &absent).await.unwrap();
    let outcome = terraform.apply(TYPE, None, &absent).await.unwrap();
    let text = outcome.errors.join("\n");
    assert!(text.contains("no/such.tar: No such file"), "{text}");
    assert!(
        outcome
            .warnings
            .iter()
            .any(|one| one.contains("is not there"))
            || outcome.stored.is_none()
    );
}
