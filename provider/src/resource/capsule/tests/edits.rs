//! One edit of every attribute: what the plan leaves open, and that nothing is left to do after it.

use std::collections::BTreeSet;

use serde_json::{Value as Json, json};
use tfplugin::schema::Presence;
use tfplugin::{ImportBy, Value};

use super::{TYPE, schema, settle, shop};
use crate::testing::Zund;

/// What happens to whom.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Cost {
    /// Nothing of it becomes open.
    Live,
    /// The container `web` is made anew, alone.
    Web,
    /// All of it is made anew in place.
    Whole,
    /// Another capsule.
    New,
}

use Cost::{Live, New, Web, Whole};

/// An attribute of a container, two values of it.
fn of_a_container() -> Vec<(&'static str, Json, Json, Cost)> {
    let port = |external: u16| json!([{"internal": 80, "external": external, "protocol": "tcp", "ip": "127.0.0.1"}]);
    let check = |cmd: &str| json!({"cmd": cmd, "interval": 3, "timeout": 2, "retries": 1});
    let limit = |soft: i64| json!([{"name": "nofile", "soft": soft, "hard": 4096}]);
    let mount = |path: &str| json!([{"destination": path, "source": "data", "read_only": true}]);
    vec![
        ("image", json!("nginx:1"), json!("nginx:2"), Web),
        ("image_driver", json!("docker"), json!("glance"), Web),
        ("registry", json!("a"), json!("b"), Web),
        ("image_pull_policy", json!("never"), json!("always"), Live),
        ("command", json!(["a"]), json!(["b"]), Web),
        ("entrypoint", json!(["a"]), json!(["b"]), Web),
        ("environment", json!({"A": "1"}), json!({"A": "2"}), Web),
        ("environment_wo_version", json!(1), json!(2), Web),
        ("labels", json!({"a": "1"}), json!({"a": "2"}), Web),
        ("workdir", json!("/a"), json!("/b"), Web),
        ("user", json!("1"), json!("2"), Web),
        ("tty", json!(true), json!(false), Web),
        ("interactive", json!(true), json!(false), Web),
        ("cpu", json!(0.5), json!(0.25), Live),
        ("memory", json!(64), json!(96), Live),
        ("disk", json!(1), json!(2), Web),
        ("cpu_policy", json!("shared"), json!("dedicated"), Web),
        ("healthcheck", check("a"), check("b"), Web),
        ("ports", port(8080), port(8081), Whole),
        ("runtime", json!("runc"), json!("other"), Web),
        ("privileged", json!(true), json!(false), Web),
        ("stop_signal", json!("TERM"), json!("INT"), Web),
        ("stop_timeout", json!(1), json!(2), Web),
        ("init", json!(true), json!(false), Web),
        ("read_only", json!(true), json!(false), Web),
        ("cap_add", json!(["NET_ADMIN"]), json!(["SYS_TIME"]), Web),
        ("cap_drop", json!(["CHOWN"]), json!(["KILL"]), Web),
        (
            "tmpfs",
            json!({"/run": ""}),
            json!({"/run": "size=1m"}),
            Web,
        ),
        ("shm_size", json!(64), json!(128), Whole),
        ("ulimits", limit(1), limit(2), Web),
        ("mounts", mount("/a"), mount("/b"), Web),
    ]
}

/// The same of the capsule.
fn of_the_whole() -> Vec<(&'static str, Json, Json, Cost)> {
    let policy = |name: &str| json!({"name": name});
    let net = |name: &str| json!([{"network": name, "fixed_ip": "10.0.0.9"}]);
    vec![
        ("name", json!("shop"), json!("store"), Live),
        ("labels", json!({"a": "1"}), json!({"a": "2"}), Live),
        ("annotations", json!({"a": "1"}), json!({"a": "2"}), Live),
        ("restart_policy", policy("no"), policy("on-failure"), Live),
        ("hostname", json!("a"), json!("b"), Whole),
        ("networks", net("front"), net("back"), Live),
        ("security_groups", json!(["a"]), json!(["b"]), Live),
        ("availability_zone", json!("a"), json!("b"), New),
        ("host", json!("alpha"), json!("beta"), New),
        ("hints", json!({"a": "1"}), json!({"a": "2"}), New),
        ("state", json!("stopped"), json!("running"), Live),
        ("wait_for", json!("running"), json!("none"), Live),
    ]
}

fn names(schema: &tfplugin::Fields) -> BTreeSet<String> {
    let all = schema.attributes().iter();
    let all = all.filter(|(_, attribute)| attribute.presence() != Presence::Computed);
    all.map(|(name, _)| name.clone()).collect()
}

#[test]
fn every_attribute_is_edited() {
    let known = schema();
    let mut of_whole = names(known.fields());
    for (name, ..) in of_the_whole() {
        assert!(of_whole.remove(name), "{name}");
    }
    let elsewhere = [
        "containers",
        "init_containers",
        "template",
        "timeouts",
        "volumes",
    ];
    assert_eq!(of_whole, elsewhere.map(str::to_owned).into());
    let (_, fields) = known.fields().attributes()["containers"].nested().unwrap();
    let mut of_container = names(fields);
    for (name, ..) in of_a_container() {
        assert!(of_container.remove(name), "{name}");
    }
    assert_eq!(
        of_container,
        ["environment_wo", "name"].map(str::to_owned).into()
    );
}

/// What a plan leaves open, by the names of attributes and of containers.
fn opened(planned: &Value) -> BTreeSet<String> {
    let mut open = BTreeSet::new();
    for (name, value) in planned.as_entries().unwrap() {
        match value {
            Value::Unknown(_) => {
                open.insert(name.clone());
            }
            Value::Map(entries) => {
                let entries = entries.iter().filter(|(_, value)| value.is_unknown());
                open.extend(entries.map(|(key, _)| format!("{name}.{key}")));
            }
            _ => {}
        }
    }
    open
}

async fn edited(name: &str, first: Value, second: Value, cost: Cost) {
    let zund = Zund::start().await;
    let terraform = zund.terraform().await;
    let stored = settle(&terraform, None, &first).await;
    let imported = terraform.import(TYPE, ImportBy::Id("shop".into())).await;
    let imported = terraform
        .refresh(TYPE, &imported.unwrap())
        .await
        .unwrap()
        .unwrap();
    let planned = terraform.plan(TYPE, Some(&imported), &first).await.unwrap();
    if !matches!(name, "environment_wo_version" | "wait_for") {
        assert_eq!(planned.state, imported.state, "{name} after import");
    }
    let planned = terraform.plan(TYPE, Some(&stored), &second).await.unwrap();
    let open = opened(&planned.state);
    let has = |name: &str| open.contains(name);
    assert_eq!(
        !planned.requires_replace.is_empty(),
        cost == New,
        "{name}: {open:?}"
    );
    match cost {
        Live if name == "networks" => assert!(has("addresses"), "{name}: {open:?}"),
        Live if name == "state" => assert!(has("statuses") && has("status"), "{name}: {open:?}"),
        Live => assert!(open.is_empty(), "{name}: {open:?}"),
        Web => {
            let expected = [
                "image_digests.web",
                "revisions.web",
                "status",
                "statuses.web",
            ];
            assert_eq!(open, expected.map(str::to_owned).into(), "{name}");
        }
        Whole => assert!(
            has("revisions") && has("published") && !has("id"),
            "{name}: {open:?}"
        ),
        New => {}
    }
    let stored = settle(&terraform, Some(stored), &second).await;
    if cost == Web {
        let revisions = stored.state.get("revisions").unwrap();
        let of = |name: &str| revisions.get(name).unwrap().as_i64();
        assert_eq!((of("web"), of("log")), (Some(2), Some(1)), "{name}");
    }
    let outcome = terraform
        .apply(TYPE, Some(stored), &Value::Null)
        .await
        .unwrap();
    assert_eq!(outcome.errors, [""; 0]);
    assert!(zund.with(|world| world.capsules.all.is_empty()), "{name}");
}

#[tokio::test]
async fn every_attribute_of_a_container_is_created_imported_and_edited_without_a_rest() {
    for (name, first, second, cost) in of_a_container() {
        let with = |value: Json| shop(|all| all["containers"][0][name] = value);
        edited(name, with(first), with(second), cost).await;
    }
}

#[tokio::test]
async fn every_attribute_of_the_whole_is_created_imported_and_edited_without_a_rest() {
    for (name, first, second, cost) in of_the_whole() {
        let with = |value: Json| shop(|all| all[name] = value);
        edited(name, with(first), with(second), cost).await;
    }
}

/// A container that comes, goes, moves or is called otherwise touches nobody else.
#[tokio::test]
async fn containers_come_and_go_alone() {
    let zund = Zund::start().await;
    let terraform = zund.terraform().await;
    let stored = settle(&terraform, None, &shop(|_| ())).await;
    let more = shop(|all| {
        let new = json!({"name": "new", "image": "busybox:1"});
        all["containers"].as_array_mut().unwrap().insert(0, new);
    });
    let planned = terraform.plan(TYPE, Some(&stored), &more).await.unwrap();
    let expected = [
        "container_ids.new",
        "image_digests.new",
        "revisions.new",
        "status",
        "statuses.new",
    ];
    assert_eq!(opened(&planned.state), expected.map(str::to_owned).into());
    let limit = |place: usize| {
        let members = planned
            .state
            .get("containers")
            .unwrap()
            .as_elements()
            .unwrap();
        members[place].get("cpu").unwrap().clone()
    };
    assert!(limit(0).is_unknown(), "of the new one");
    assert_eq!(
        limit(1),
        Value::number(1),
        "found by its name, not by its place"
    );
    let stored = settle(&terraform, Some(stored), &more).await;

    let fewer = shop(|all| {
        all["containers"].as_array_mut().unwrap().remove(1);
    });
    let planned = terraform.plan(TYPE, Some(&stored), &fewer).await.unwrap();
    assert_eq!(opened(&planned.state), ["status".to_owned()].into());
    for map in ["container_ids", "image_digests", "revisions", "statuses"] {
        let left = planned.state.get(map).unwrap().as_entries().unwrap();
        assert_eq!(left.keys().collect::<Vec<_>>(), ["prepare", "web"], "{map}");
    }
    let stored = settle(&terraform, Some(stored), &fewer).await;
    let stored = settle(&terraform, Some(stored), &shop(|_| ())).await;

    let turned = shop(|all| all["containers"].as_array_mut().unwrap().reverse());
    let planned = terraform.plan(TYPE, Some(&stored), &turned).await.unwrap();
    assert_eq!(
        opened(&planned.state),
        BTreeSet::new(),
        "order means nothing"
    );
    settle(&terraform, Some(stored), &turned).await;
}

#[tokio::test]
async fn volumes_come_grow_and_go() {
    let zund = Zund::start().await;
    let terraform = zund.terraform().await;
    let stored = settle(&terraform, None, &shop(|_| ())).await;
    let larger = shop(|all| all["volumes"][0]["size"] = json!(2));
    let planned = terraform.plan(TYPE, Some(&stored), &larger).await.unwrap();
    assert_eq!(opened(&planned.state), BTreeSet::new());
    let stored = settle(&terraform, Some(stored), &larger).await;

    let more = shop(|all| {
        all["volumes"] =
            json!([{"name": "data", "size": 2}, {"name": "more", "volume_id": "mine"}]);
        all["containers"][1]["mounts"] = json!([{"destination": "/more", "source": "more"}]);
    });
    let planned = terraform.plan(TYPE, Some(&stored), &more).await.unwrap();
    let expected = [
        "image_digests.log",
        "revisions.log",
        "status",
        "statuses.log",
        "volume_ids.more",
    ];
    assert_eq!(opened(&planned.state), expected.map(str::to_owned).into());
    let stored = settle(&terraform, Some(stored), &more).await;

    let none = shop(|all| {
        all.as_object_mut().unwrap().remove("volumes");
        all["containers"][0]
            .as_object_mut()
            .unwrap()
            .remove("mounts");
    });
    let planned = terraform.plan(TYPE, Some(&stored), &none).await.unwrap();
    let left = planned
        .state
        .get("volume_ids")
        .unwrap()
        .as_entries()
        .unwrap();
    assert!(left.keys().all(|name| name == "more"), "{left:?}");
}

/// What is not known yet reads as the dearer edit, and comes out the same once it is known.
#[tokio::test]
async fn what_is_not_known_yet_is_left_open() {
    let zund = Zund::start().await;
    let terraform = zund.terraform().await;
    let stored = settle(&terraform, None, &shop(|_| ())).await;
    let mut config = shop(|_| ());
    let mut members = config
        .get("containers")
        .unwrap()
        .as_elements()
        .unwrap()
        .to_vec();
    members[0].set("environment", Value::map([("A", Value::UNKNOWN)]));
    config.set("containers", Value::List(members));
    let planned = terraform.plan(TYPE, Some(&stored), &config).await.unwrap();
    assert!(opened(&planned.state).contains("revisions.web"));
    assert!(!opened(&planned.state).contains("revisions.log"));
    config.set("containers", Value::UNKNOWN);
    let planned = terraform.plan(TYPE, Some(&stored), &config).await.unwrap();
    let open = opened(&planned.state);
    assert!(
        open.contains("container_ids") && !open.contains("id"),
        "{open:?}"
    );
}
