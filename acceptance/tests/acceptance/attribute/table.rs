//! Every attribute of `zun_container`, each with an edit.

use serde_json::json;

use super::check::Effect::{Live, Local, Recreate, Replace, State};
use super::check::{Check, check};

/// The attributes that no line of the table can be about: those the server computes.
pub(crate) const COMPUTED: [&str; 13] = [
    "addresses",
    "created_at",
    "effective_command",
    "effective_entrypoint",
    "exit_code",
    "host",
    "id",
    "image_digest",
    "project_id",
    "published",
    "revision",
    "status",
    "volumes",
];

/// The whole table.
pub(crate) fn table() -> Vec<Check> {
    [identity(), process(), flags(), limits(), engine(), timing()].concat()
}

fn identity() -> Vec<Check> {
    vec![
        check("name", "\"attribute.one\"", "\"attribute.two\"", Live),
        check("image", "\"zun/test:1\"", "\"zun/quickstart:1\"", Recreate),
        check("image_driver", "", "\"docker\"", Recreate),
        check("image_pull_policy", "\"ifnotpresent\"", "\"never\"", Live),
        // Registries, and tags that move in them, are in registry.rs.
        check("image_update", "", "\"never\"", Live),
        check(
            "labels",
            "{ tier = \"web\" }",
            "{ tier = \"db\", \"dots.and/slashes\" = \"ü \\\"quoted\\\"\" }",
            Recreate,
        )
        .shown("/Config/Labels/tier", json!("db")),
        check("hints", "{ team = \"a\" }", "{ team = \"b\" }", Replace),
        check("availability_zone", "\"nova\"", "\"elsewhere\"", Replace).only_planned(),
        check("hostname", "\"one\"", "\"two\"", Recreate).shown("/Config/Hostname", json!("two")),
    ]
}

fn process() -> Vec<Check> {
    vec![
        check(
            "command",
            "[\"run\", \"sleep\", \"1000\"]",
            "[\"run\", \"sleep\", \"2000\"]",
            Recreate,
        )
        .shown("/Config/Cmd", json!(["run", "sleep", "2000"])),
        check("entrypoint", "[\"run\"]", "[\"run\", \"run\"]", Recreate)
            .shown("/Config/Entrypoint", json!(["run", "run"])),
        check(
            "environment",
            "{ A = \"1\" }",
            "{ A = \"2\", EMPTY = \"\" }",
            Recreate,
        ),
        check("workdir", "\"/tmp\"", "\"/root\"", Recreate)
            .shown("/Config/WorkingDir", json!("/root")),
        check("user", "\"root\"", "\"nobody\"", Recreate).shown("/Config/User", json!("nobody")),
        check("stop_signal", "\"TERM\"", "\"INT\"", Recreate),
        check("stop_timeout", "2", "1", Recreate).shown("/Config/StopTimeout", json!(1)),
        check(
            "healthcheck",
            "{ cmd = \"true\", interval = 1 }",
            "{ cmd = \"test -d /bin\", interval = 1, timeout = 5, retries = 4 }",
            Recreate,
        )
        .shown("/Config/Healthcheck/Retries", json!(4)),
        check(
            "restart_policy",
            "{ name = \"always\" }",
            "{ name = \"on-failure\", maximum_retry_count = 3 }",
            Live,
        )
        .shown("/HostConfig/RestartPolicy/MaximumRetryCount", json!(3)),
    ]
}

fn flags() -> Vec<Check> {
    vec![
        check("tty", "true", "false", Recreate).shown("/Config/Tty", json!(false)),
        check("interactive", "false", "true", Recreate).shown("/Config/OpenStdin", json!(true)),
        check("init", "false", "true", Recreate).shown("/HostConfig/Init", json!(true)),
        check("read_only", "false", "true", Recreate)
            .shown("/HostConfig/ReadonlyRootfs", json!(true)),
        // An engine inside a container cannot give what it does not have.
        check("privileged", "false", "true", Recreate).only_planned(),
        check("auto_heal", "true", "false", Live),
    ]
}

fn limits() -> Vec<Check> {
    vec![
        check("cpu", "0.1", "0.25", Live),
        check("memory", "16", "24", Live).shown("/HostConfig/Memory", json!(24 << 20)),
        check("disk", "1", "2", Live),
        check("cpu_policy", "", "\"shared\"", Recreate),
        check("shm_size", "16", "32", Recreate).shown("/HostConfig/ShmSize", json!(32 << 20)),
        check(
            "ulimits",
            "[{ name = \"nofile\", soft = 100, hard = 200 }]",
            "[{ name = \"nofile\", soft = 150, hard = 200 }, { name = \"core\", soft = 0, hard = -1 }]",
            Recreate,
        ),
    ]
}

fn engine() -> Vec<Check> {
    vec![
        check(
            "ports",
            "[{ internal = 80 }]",
            "[{ internal = 53, protocol = \"udp\", ip = \"127.0.0.1\" }, { internal = 80 }]",
            Recreate,
        ),
        check("runtime", "\"runc\"", "\"io.containerd.runc.v2\"", Recreate)
            .shown("/HostConfig/Runtime", json!("io.containerd.runc.v2")),
        check(
            "cap_add",
            "[\"NET_ADMIN\"]",
            "[\"SYS_TIME\", \"NET_ADMIN\"]",
            Recreate,
        ),
        // Volumes are in volume.rs.
        check(
            "mounts",
            "[{ type = \"bind\", destination = \"/etc/motd\", content = base64encode(\"one\") }]",
            "[{ type = \"bind\", destination = \"/etc/motd\", content = base64encode(\"two\"), read_only = true }]",
            Recreate,
        )
        .shown("/Mounts/0/RW", json!(false)),
        check("cap_drop", "[\"CHOWN\"]", "[\"ALL\"]", Recreate),
        check(
            "tmpfs",
            "{ \"/run\" = \"size=1m\" }",
            "{ \"/run\" = \"size=2m\" }",
            Recreate,
        )
        .shown("/HostConfig/Tmpfs/~1run", json!("size=2m")),
    ]
}

fn timing() -> Vec<Check> {
    vec![
        check("state", "\"running\"", "\"stopped\"", State).shown("/State/Status", json!("exited")),
        check("state", "\"running\"", "\"paused\"", State)
            .called("_paused")
            .shown("/State/Status", json!("paused")),
        check("state", "\"stopped\"", "\"running\"", State)
            .called("_stopped")
            .ends_as_default()
            .shown("/State/Status", json!("running")),
        check("wait_for", "\"running\"", "\"none\"", Local),
        check(
            "timeouts",
            "{ create = \"5m\" }",
            "{ create = \"6m\", delete = \"90s\" }",
            Local,
        ),
    ]
}

/// What only a command line with write-only attributes takes.
pub(crate) fn write_only() -> Vec<Check> {
    vec![check("environment_wo_version", "1", "2", Recreate).moving(
        "environment_wo",
        "{ HIDDEN = \"planted\" }",
        "{ HIDDEN = \"planted-anew\" }",
    )]
}
