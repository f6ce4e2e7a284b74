//! What cannot be in a capsule, with the path of the field.

use crate::capsule::sample::capsule;

/// The container `web`, with more in its specification.
fn web(more: &str) -> String {
    format!(r#"{{"name": "web", "spec": {{"image": "web:1"{more}}}}}"#)
}

/// Fails unless exactly this is told.
#[track_caller]
fn check(text: &str, expected: &[(&str, &str)]) {
    let found = capsule(text).contradictions();
    let told: Vec<(&str, &str)> = found
        .iter()
        .map(|(field, message)| (field.as_str(), message.as_str()))
        .collect();
    assert_eq!(told, expected, "{text}");
}

#[test]
fn what_works_is_not_told() {
    let text = r#"{"restart_policy": {"name": "on-failure", "maximum_retry_count": 3},
        "networks": [{"network": "front"}], "labels": {"a": "b"}, "annotations": {"c": "d"},
        "volumes": [{"name": "data", "size": 1, "auto_remove": false}, {"name": "old", "volume": "shop-data"}],
        "init_containers": [{"name": "seed", "spec": {"image": "seed:1",
            "mounts": [{"destination": "/data", "source": "data"}]}}],
        "containers": [
            {"name": "web", "spec": {"image": "web:1", "ports": [{"internal": 80}],
             "mounts": [{"destination": "/data", "source": "data", "read_only": true},
                        {"destination": "/etc/web", "type": "bind", "content": "YQ=="}]}},
            {"name": "log", "spec": {"image": "log:1", "ports": [{"internal": 80, "protocol": "udp"}],
             "mounts": [{"destination": "/old", "source": "old"}]}}]}"#;
    check(text, &[]);
}

#[test]
fn containers_are_told_apart_by_their_names() {
    check(
        r#"{"containers": []}"#,
        &[("containers", "a capsule needs at least one container")],
    );
    let text = format!(
        r#"{{"init_containers": [{0}], "containers": [{0}, {0}]}}"#,
        web("")
    );
    let message = "web is the name of init_containers[0] too; an edit is told by the name";
    check(
        &text,
        &[
            ("containers[0].name", message),
            ("containers[1].name", message),
        ],
    );
}

#[test]
fn what_is_the_capsules_is_not_a_members() {
    let shared = [
        (r#""networks": []"#, "networks"),
        (r#""security_groups": ["web"]"#, "security_groups"),
        (r#""hostname": "web""#, "hostname"),
        (r#""availability_zone": "a""#, "availability_zone"),
        (r#""host": "h""#, "host"),
        (r#""hints": {"a": "b"}"#, "hints"),
        (r#""restart_policy": {"name": "no"}"#, "restart_policy"),
    ];
    for (more, field) in shared {
        let text = format!(r#"{{"containers": [{}]}}"#, web(&format!(", {more}")));
        let path = format!("containers[0].spec.{field}");
        let message = format!("all containers of a capsule share it; set {field} of the capsule");
        check(&text, &[(&path, &message)]);
    }
    for field in ["auto_remove", "auto_heal"] {
        let text = format!(
            r#"{{"containers": [{}]}}"#,
            web(&format!(r#", "{field}": true"#))
        );
        let message = "is not for a container of a capsule, which comes and goes with the whole";
        check(&text, &[(&format!("containers[0].spec.{field}"), message)]);
    }
    let text = format!(
        r#"{{"containers": [{}]}}"#,
        web(r#", "image_update": "digest""#)
    );
    let message = "is not for a container of a capsule, which follows no tag; change its image";
    check(&text, &[("containers[0].spec.image_update", message)]);
}

#[test]
fn what_a_container_alone_is_told_has_its_path() {
    let text = format!(
        r#"{{"init_containers": [{{"name": "seed", "spec": {{"image": "seed:1", "workdir": "srv"}}}}],
            "networks": [{{"network": "a", "port": "b"}}],
            "restart_policy": {{"name": "always", "maximum_retry_count": 2}}, "containers": [{}]}}"#,
        web("")
    );
    check(
        &text,
        &[
            (
                "restart_policy",
                "maximum_retry_count goes with the name \"on-failure\" only",
            ),
            ("networks", "each entry has either network or port"),
            (
                "init_containers[0].spec.workdir",
                "\"srv\" is not an absolute path, such as \"/srv\"",
            ),
        ],
    );
}

#[test]
fn volumes_are_made_or_named_and_mounted() {
    let mount = r#", "mounts": [{"destination": "/d", "source": "data"}]"#;
    let cases = [
        (
            r#"{"name": "data"}"#,
            r#""data": give either volume (the id or name of one) or size (in GiB, of a new one)"#,
        ),
        (
            r#"{"name": "data", "size": 1, "volume": "x"}"#,
            r#""data": give either volume (the id or name of one) or size (in GiB, of a new one)"#,
        ),
        (
            r#"{"name": "data", "size": 0}"#,
            r#""data": size must be at least 1 GiB"#,
        ),
        (
            r#"{"name": "data", "volume": "x", "auto_remove": true}"#,
            r#""data": auto_remove goes with size: a volume that was there before stays"#,
        ),
    ];
    for (volume, message) in cases {
        let text = format!(
            r#"{{"volumes": [{volume}], "containers": [{}]}}"#,
            web(mount)
        );
        check(&text, &[("volumes[0]", message)]);
    }
    let text = format!(
        r#"{{"volumes": [{{"name": "data", "size": 1}}, {{"name": "data", "size": 2}}, {{"name": "tmp", "size": 1}}],
            "containers": [{}]}}"#,
        web(mount)
    );
    check(
        &text,
        &[
            (
                "volumes[1].name",
                "\"data\" is the name of another volume of this capsule",
            ),
            (
                "volumes[2]",
                "nobody mounts \"tmp\"; name it as the source of a mount, or leave it out",
            ),
        ],
    );
}

#[test]
fn mounts_name_volumes_of_the_capsule() {
    let mount = r#", "mounts": [{"destination": "/d", "source": "data"}]"#;
    check(
        &format!(r#"{{"containers": [{}]}}"#, web(mount)),
        &[(
            "containers[0].spec.mounts",
            "source \"data\" is not a volume of this capsule: it has none",
        )],
    );
    let own = r#", "mounts": [{"destination": "/d", "size": 1}]"#;
    check(
        &format!(r#"{{"containers": [{}]}}"#, web(own)),
        &[(
            "containers[0].spec.mounts",
            "/d: size is the capsule's to say: list a volume of this size in volumes, and name it as source",
        )],
    );
}

#[test]
fn one_address_has_each_port_once() {
    let text = r#"{"containers": [
        {"name": "web", "spec": {"image": "web:1", "ports": [{"internal": 80}]}},
        {"name": "api", "spec": {"image": "web:1", "ports": [{"internal": 80, "external": 8080, "protocol": "tcp"}]}}]}"#;
    check(
        text,
        &[(
            "containers[1].spec.ports",
            "80/tcp is a port of container web too; they share one address, so each port is one container's",
        )],
    );
    let text = format!(
        r#"{{"init_containers": [{{"name": "seed", "spec": {{"image": "seed:1", "ports": [{{"internal": 81}}]}}}}],
            "containers": [{}]}}"#,
        web("")
    );
    check(
        &text,
        &[(
            "init_containers[0].spec.ports",
            "an init container has ended before anybody connects; publish ports of containers",
        )],
    );
}
