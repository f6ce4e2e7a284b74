//! A value and another one for every attribute a user can set: what the other tests walk through.

use tfplugin::Value;

/// One attribute and two values of it.
pub(super) struct Example {
    pub(super) name: &'static str,
    pub(super) first: Value,
    pub(super) second: Value,
}

fn text(name: &'static str, first: &str, second: &str) -> Example {
    Example {
        name,
        first: Value::string(first),
        second: Value::string(second),
    }
}

fn number(name: &'static str, first: &str, second: &str) -> Example {
    let of = |text: &str| Value::Number(text.parse().unwrap());
    Example {
        name,
        first: of(first),
        second: of(second),
    }
}

fn flag(name: &'static str) -> Example {
    Example {
        name,
        first: Value::Bool(true),
        second: Value::Bool(false),
    }
}

fn list(words: &[&str]) -> Value {
    Value::List(words.iter().map(|word| Value::string(*word)).collect())
}

fn map(key: &str, value: &str) -> Value {
    Value::map([(key, Value::string(value))])
}

fn port(internal: u16, external: Option<u16>) -> Value {
    Value::object([
        ("internal", Value::number(internal)),
        ("external", external.map_or(Value::Null, Value::number)),
        ("protocol", Value::Null),
        ("ip", Value::Null),
    ])
}

/// An entry of `mounts` with one more attribute.
pub(super) fn mount(destination: &str, name: &str, value: Value) -> Value {
    let names = ["type", "source", "size", "content", "read_only"];
    let mut entry = Value::object(names.map(|name| (name, Value::Null)));
    entry.set("destination", destination);
    if name == "content" {
        entry.set("type", "bind");
    }
    entry.set(name, value);
    entry
}

/// An entry of `networks` with two attributes.
pub(super) fn on(name: &str, value: &str, more: (&str, Value)) -> Value {
    let names = [
        "network",
        "port",
        "fixed_ip",
        "fixed_ip_v6",
        "preserve_on_delete",
    ];
    let mut entry = Value::object(names.map(|name| (name, Value::Null)));
    entry.set(name, value);
    entry.set(more.0, more.1);
    entry
}

fn ulimit(soft: i64) -> Value {
    Value::Set(vec![Value::object([
        ("name", Value::string("nofile")),
        ("soft", Value::number(soft)),
        ("hard", Value::number(4096)),
    ])])
}

fn policy(name: &str, count: Option<u32>) -> Value {
    Value::object([
        ("name", Value::string(name)),
        (
            "maximum_retry_count",
            count.map_or(Value::Null, Value::number),
        ),
    ])
}

fn check(retries: u32) -> Value {
    Value::object([
        ("cmd", Value::string("true")),
        ("interval", Value::Null),
        ("timeout", Value::number(3)),
        ("retries", Value::number(retries)),
    ])
}

fn pair(name: &'static str, first: Value, second: Value) -> Example {
    Example {
        name,
        first,
        second,
    }
}

fn networks() -> Example {
    pair(
        "networks",
        Value::List(vec![
            on("network", "front", ("fixed_ip", Value::string("10.0.0.5"))),
            on("network", "back", ("preserve_on_delete", Value::Bool(true))),
        ]),
        Value::List(vec![
            on("port", "web", ("network", Value::Null)),
            on(
                "network",
                "front",
                ("fixed_ip_v6", Value::string("fd00::5")),
            ),
        ]),
    )
}

/// Every attribute that is a field of the specification, and the version of the one that is write-only.
pub(super) fn all() -> Vec<Example> {
    let mut all = images();
    all.extend(vec![
        pair("command", list(&["a"]), list(&[])),
        pair("entrypoint", list(&["/a"]), list(&["/b"])),
        pair("environment", map("A", "1"), map("A", "2")),
        number("environment_wo_version", "1", "2"),
        pair("labels", map("a", "1"), map("b", "1")),
        pair("hints", map("a", "1"), map("a", "2")),
        text("workdir", "/a", "/b"),
        text("hostname", "a", "b"),
        text("user", "1", "2"),
        flag("tty"),
        flag("interactive"),
        number("cpu", "0.1", "2.125"),
        number("memory", "64", "128"),
        number("disk", "1", "2"),
        text("cpu_policy", "shared", "dedicated"),
        pair(
            "restart_policy",
            policy("always", None),
            policy("on-failure", Some(3)),
        ),
        pair("healthcheck", check(1), check(2)),
        pair(
            "ports",
            Value::Set(vec![port(80, None), port(53, Some(5353))]),
            Value::Set(vec![port(81, None)]),
        ),
        pair(
            "mounts",
            Value::Set(vec![mount("/data", "source", Value::string("data"))]),
            Value::Set(vec![
                mount("/data", "size", Value::number(1)),
                mount("/etc/web.conf", "content", Value::string("YQ==")),
            ]),
        ),
        networks(),
        pair(
            "security_groups",
            Value::Set(vec![Value::string("web"), Value::string("app")]),
            Value::Set(vec![Value::string("app")]),
        ),
        text("runtime", "runc", "kata"),
        flag("privileged"),
        flag("auto_heal"),
        text("stop_signal", "TERM", "SIGINT"),
        number("stop_timeout", "1", "0"),
        flag("init"),
        flag("read_only"),
        pair("cap_add", list(&["NET_ADMIN"]), list(&[])),
        pair("cap_drop", list(&["ALL"]), list(&["CHOWN"])),
        pair("tmpfs", map("/run", "size=1m"), map("/run", "")),
        number("shm_size", "64", "65"),
        pair("ulimits", ulimit(-1 + 1025), ulimit(2048)),
        text("availability_zone", "nova", "other"),
    ]);
    all
}

fn images() -> Vec<Example> {
    vec![
        text("image", "nginx:1", "nginx:2"),
        text("image_driver", "docker", "glance"),
        text("image_pull_policy", "always", "never"),
        text("image_update", "digest", "never"),
        text("registry", "shop", "other"),
    ]
}
