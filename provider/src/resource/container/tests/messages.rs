//! The message for each kind of bad input, and the attribute it stands on.

use tfplugin::Value;

use super::edits::{self, mount};
use super::{TYPE, config};
use crate::testing::{Zund, refused};

fn text(value: &str) -> Value {
    Value::string(value)
}

fn number(value: &str) -> Value {
    Value::Number(value.parse().unwrap())
}

fn policy(name: &str, count: Value) -> Value {
    Value::object([("name", text(name)), ("maximum_retry_count", count)])
}

fn port(internal: &str, ip: Value) -> Value {
    Value::object([
        ("internal", number(internal)),
        ("external", Value::Null),
        ("protocol", Value::Null),
        ("ip", ip),
    ])
}

fn ulimit(name: &str, soft: &str) -> Value {
    Value::Set(vec![Value::object([
        ("name", text(name)),
        ("soft", number(soft)),
        ("hard", number("5")),
    ])])
}

/// What is set, the attribute the message stands on, a part of the message.
type Case = (Vec<(&'static str, Value)>, &'static str, &'static str);

fn one(name: &'static str, value: Value) -> Vec<(&'static str, Value)> {
    vec![(name, value)]
}

fn map(key: &str, value: Value) -> Value {
    Value::map([(key, value)])
}

fn set(values: &[Value]) -> Value {
    Value::Set(values.to_vec())
}

fn values() -> Vec<Case> {
    vec![
        (
            one("image", text("Nginx web")),
            "image",
            "such as nginx:1.27",
        ),
        (
            one("name", text("-web")),
            "name",
            "the first a letter or digit",
        ),
        (
            one("hostname", text("a_b")),
            "hostname",
            "1 to 63 characters",
        ),
        (
            one("cpu", number("0.0001")),
            "cpu",
            "at most three decimals",
        ),
        (one("cpu", number("-1")), "cpu", "at least 0.001"),
        (one("memory", number("0")), "memory", "at least 1"),
        (one("memory", number("1.5")), "memory", "whole number"),
        (
            one("stop_signal", text("FOO")),
            "stop_signal",
            "such as TERM",
        ),
        (
            one("stop_timeout", number("-1")),
            "stop_timeout",
            "at least 0",
        ),
        (
            one("environment", map("A=B", text("1"))),
            "environment",
            "without '='",
        ),
        (
            one("environment", map("A", Value::Null)),
            "environment",
            "is null; leave it out",
        ),
        (one("labels", map("zun.x", text("1"))), "labels", "reserved"),
        (one("tmpfs", map("run", text(""))), "tmpfs", "absolute path"),
        (
            one("cap_add", set(&[text("CAP_CHOWN")])),
            "cap_add",
            "without CAP_",
        ),
    ]
}

fn collections() -> Vec<Case> {
    vec![
        (one("ulimits", ulimit("files", "1")), "ulimits", "nofile"),
        (
            one("ulimits", ulimit("nofile", "6")),
            "ulimits",
            "soft 6 is above hard 5",
        ),
        (
            one("ports", set(&[port("0", Value::Null)])),
            "ports",
            "at least 1",
        ),
        (
            one("ports", set(&[port("80", text("localhost"))])),
            "ports",
            "IPv4 or IPv6 address",
        ),
        (
            one("ports", set(&[port("80", text("0::1"))])),
            "ports",
            "Write the address as \"::1\"",
        ),
        (
            one(
                "ports",
                set(&[port("80", Value::Null), port("80", text("127.0.0.1"))]),
            ),
            "ports",
            "80/tcp is listed twice",
        ),
    ]
}

fn mounts() -> Vec<Case> {
    let entry = |name, value| set(&[mount("/data", name, value)]);
    let both = |mut first: Value| {
        first.set("size", 1);
        first
    };
    let sourced = || mount("/data", "source", text("data"));
    vec![
        (
            one("mounts", set(&[mount("data", "size", number("1"))])),
            "mounts",
            "absolute path",
        ),
        (
            one("mounts", entry("type", text("tmpfs"))),
            "mounts",
            "\"volume\", \"bind\"",
        ),
        (
            one("mounts", entry("size", number("0"))),
            "mounts",
            "at least 1",
        ),
        (
            one("mounts", entry("content", text("plain text"))),
            "mounts",
            "base64encode(\"text\")",
        ),
        (
            one("mounts", entry("read_only", Value::Bool(true))),
            "mounts",
            "either source",
        ),
        (
            one("mounts", set(&[both(sourced())])),
            "mounts",
            "either source",
        ),
        (
            one(
                "mounts",
                set(&[sourced(), mount("/data/", "size", number("1"))]),
            ),
            "mounts",
            "a destination twice",
        ),
        (
            vec![
                ("mounts", set(&[sourced()])),
                ("tmpfs", map("/data", text(""))),
            ],
            "mounts",
            "in tmpfs too",
        ),
    ]
}

fn combinations() -> Vec<Case> {
    vec![
        (
            one("state", text("missing")),
            "state",
            "\"running\", \"stopped\", \"paused\"",
        ),
        (one("wait_for", text("ready")), "wait_for", "\"exited\""),
        (
            one("wait_for", text("healthy")),
            "wait_for",
            "needs a healthcheck",
        ),
        (
            vec![("wait_for", text("exited")), ("state", text("running"))],
            "state",
            "leave state out",
        ),
        (
            vec![
                ("wait_for", text("exited")),
                ("restart_policy", policy("always", Value::Null)),
            ],
            "restart_policy",
            "never ends",
        ),
        (
            one("restart_policy", policy("always", number("3"))),
            "restart_policy",
            "goes with the name \"on-failure\" only",
        ),
        (
            vec![
                ("environment", map("A", text("1"))),
                ("environment_wo", map("A", text("2"))),
            ],
            "environment_wo",
            "A is set in environment too",
        ),
    ]
}

#[tokio::test]
async fn every_bad_value_has_its_message_on_its_attribute() {
    let zund = Zund::start().await;
    let terraform = zund.terraform().await;
    for (set, path, part) in [values(), collections(), mounts(), combinations()].concat() {
        let message = refused(terraform.plan(TYPE, None, &config(&set)).await);
        assert!(message.contains(part), "{set:?}: {message}");
        assert!(message.starts_with(path), "{path}: {message}");
    }
}

#[tokio::test]
async fn combinations_wait_for_what_is_not_known() {
    let zund = Zund::start().await;
    let terraform = zund.terraform().await;
    for set in [
        vec![
            ("wait_for", text("healthy")),
            ("healthcheck", Value::UNKNOWN),
        ],
        vec![("wait_for", Value::UNKNOWN), ("state", text("running"))],
        vec![("ports", Value::UNKNOWN)],
        vec![("environment", Value::map([("A", Value::UNKNOWN)]))],
    ] {
        let planned = terraform.plan(TYPE, None, &config(&set)).await;
        assert!(planned.is_ok(), "{planned:?}");
    }
    assert_eq!(
        zund.with(|world| world.count("POST /zund/v1/preview")),
        0,
        "unknown never goes out"
    );
}

/// What the same run makes is left out of the preview, and everything else is asked about.
#[tokio::test]
async fn what_the_same_run_makes_is_left_out_of_the_preview() {
    let zund = Zund::start().await;
    let terraform = zund.terraform().await;
    let open = Value::UNKNOWN;
    let on = edits::on("network", "front", ("fixed_ip", Value::Null));
    let mut entry = on.clone();
    entry.set("network", &open);
    let source = mount("/data", "source", open.clone());
    for set in [
        vec![("networks", Value::List(vec![entry]))],
        vec![
            ("networks", Value::List(vec![on])),
            ("security_groups", Value::Set(vec![open])),
        ],
        vec![("mounts", Value::Set(vec![source]))],
    ] {
        let before = zund.with(|world| world.count("POST /zund/v1/preview"));
        let planned = terraform.plan(TYPE, None, &config(&set)).await;
        assert!(planned.is_ok(), "{set:?}: {planned:?}");
        let after = zund.with(|world| world.count("POST /zund/v1/preview"));
        assert_eq!(after, before + 1, "{set:?}");
    }
}

#[tokio::test]
async fn a_server_that_cannot_be_used_is_an_error_of_the_plan() {
    let zund = Zund::start().await;
    let terraform = zund.terraform().await;
    drop(zund);
    let message = refused(terraform.plan(TYPE, None, &config(&[])).await);
    assert!(
        message.contains("connection refused") && message.contains("Check that the service runs"),
        "{message}"
    );
}
