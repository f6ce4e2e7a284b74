//! What a plan says of volumes: refused, kept, gone, not known yet.

use tfplugin::{Diagnostics, Severity, Value};

use super::super::mounts::judge;
use super::edits::mount;
use super::{TYPE, config, web};
use crate::testing::{Zund, refused};

fn sized(size: i64) -> Value {
    Value::Set(vec![mount("/data", "size", Value::number(size))])
}

/// What is said of an edit of `mounts`, of a container whose volume at /data is `v1`.
fn said(from: Value, to: Value, replaced: bool) -> Vec<(Severity, String)> {
    let mut prior = config(&[("mounts", from)]);
    prior.set("volumes", Value::map([("/data", Value::string("v1"))]));
    let mut diagnostics = Diagnostics::new();
    judge(
        &prior,
        &config(&[("mounts", to)]),
        replaced,
        &mut diagnostics,
    );
    let told = diagnostics.iter();
    told.map(|d| (d.severity, format!("{}: {}", d.summary, d.detail)))
        .collect()
}

#[test]
fn shrinking_is_refused_and_growing_is_not() {
    let told = said(sized(2), sized(1), false);
    assert_eq!(told.len(), 1);
    assert_eq!(told[0].0, Severity::Error);
    assert!(
        told[0].1.contains("volume v1 has 2. Keep size at 2"),
        "{told:?}"
    );
    assert_eq!(said(sized(2), sized(3), false), []);
}

#[test]
fn a_volume_that_is_no_longer_mounted_is_named() {
    for to in [
        Value::Null,
        Value::Set(vec![mount("/data", "source", Value::string("v2"))]),
    ] {
        let told = said(sized(2), to, false);
        assert_eq!(told.len(), 1);
        assert_eq!(told[0].0, Severity::Warning);
        assert!(
            told[0].1.contains("Volume v1 (2 GiB, at /data)"),
            "{told:?}"
        );
    }
    let by_id = Value::Set(vec![mount("/other", "source", Value::string("v1"))]);
    assert_eq!(said(sized(2), by_id, false), []);
    assert_eq!(said(sized(2), Value::UNKNOWN, false), []);
}

#[test]
fn a_replacement_says_which_data_goes() {
    let told = said(sized(2), sized(1), true);
    assert_eq!(told.len(), 1);
    assert_eq!(told[0].0, Severity::Warning);
    assert!(told[0].1.contains("Volume v1 at /data"), "{told:?}");
    assert!(told[0].1.contains("zun_volume"), "{told:?}");
}

#[tokio::test]
async fn edits_of_mounts_are_planned_as_they_are_done() {
    let zund = Zund::start().await;
    let terraform = zund.terraform().await;
    let of = |mounts: Value| web(&[("mounts", mounts)]);
    let outcome = terraform.apply(TYPE, None, &of(sized(1))).await.unwrap();
    let stored = outcome.stored.unwrap();
    let volumes = Value::map([("/data", Value::string("volume-at/data"))]);
    assert_eq!(stored.state.get("volumes"), Ok(&volumes));

    let planned = terraform.plan(TYPE, Some(&stored), &of(sized(2))).await;
    let planned = planned.unwrap().state;
    assert_eq!(planned.get("volumes"), Ok(&volumes));
    assert!(planned.get("revision").unwrap().is_known(), "live");
    let outcome = terraform.apply(TYPE, Some(stored), &of(sized(2))).await;
    let stored = outcome.unwrap().stored.unwrap();
    assert_eq!(zund.with(|world| world.only().revision), 1);

    let message = refused(terraform.plan(TYPE, Some(&stored), &of(sized(1))).await);
    assert!(
        message.starts_with("mounts: A volume cannot shrink"),
        "{message}"
    );

    let open = Value::Set(vec![mount("/data", "source", Value::UNKNOWN)]);
    let planned = terraform.plan(TYPE, Some(&stored), &of(open)).await;
    let planned = planned.unwrap().state;
    for name in ["volumes", "revision"] {
        assert!(planned.get(name).unwrap().is_unknown(), "{name}");
    }
    let elsewhere = Value::Set(vec![mount("/data", "source", Value::string("data"))]);
    let outcome = terraform.apply(TYPE, Some(stored), &of(elsewhere)).await;
    let volumes = Value::map([("/data", Value::string("data"))]);
    let stored = outcome.unwrap().stored.unwrap();
    assert_eq!(stored.state.get("volumes"), Ok(&volumes));
}

#[tokio::test]
async fn a_source_that_is_not_known_yet_does_not_hide_what_stands_in_the_way() {
    let zund = Zund::start().await;
    let terraform = zund.terraform().await;
    let open = Value::Set(vec![mount("/data", "source", Value::UNKNOWN)]);
    let planned = terraform.plan(TYPE, None, &web(&[("mounts", open)])).await;
    assert!(planned.unwrap().state.get("volumes").unwrap().is_unknown());
    assert_eq!(zund.with(|world| world.count("POST /zund/v1/preview")), 1);
}
