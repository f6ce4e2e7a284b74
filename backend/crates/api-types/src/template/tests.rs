//! Templates of capsules as users write them, and what is refused with which path.

use std::fmt::Write as _;

use super::*;
use serde_json::json;
use zun_domain::container::{Protocol, PullPolicy};
use zun_domain::unit::{DiskGib, MemoryMib, Millicpu};

/// The example of Zun's own documentation, with the keys that it leaves out.
const YAML: &str = r#"
capsuleVersion: beta
kind: capsule
metadata:
  name: template
  labels:
    app: web
    tier: 1
  annotations: {note: "a: b"}
restartPolicy: OnFailure
availabilityZone: nova
spec:
  containers:
  - image: ubuntu
    command: ["/bin/bash", -c]
    args: ["sleep 1000"]
    imagePullPolicy: ifnotpresent
    workDir: /root
    labels: {app: web1}
    ports:
      - {name: nginx-port, containerPort: 80, hostPort: 8080, protocol: TCP}
      - {containerPort: 53, protocol: UDP}
    resources:
      requests: {cpu: 0.5, memory: 256}
      limits: {cpu: 1, memory: 512}
    env:
      ENV1: /usr/local/bin
      PORT: 80
    volumeMounts:
    - {name: volume1, mountPath: /data1, readOnly: True}
  - image: centos
    name: side
    stdin: true
    tty: false
  initContainers:
  - image: busybox
    command: ["true"]
    volumeMounts:
    - {name: volume2, mountPath: /data2}
  volumes:
  - name: volume1
    cinder: {size: "3", autoRemove: True}
  - name: volume2
    cinder: {volumeID: 5d5a9e1c-7c0a-4a4f-8c57-3f4e0b6f2f11}
nets:
- {network: front, v4-fixed-ip: 10.0.0.9}
security_groups: [web]
"#;

#[test]
fn everything_is_read() {
    let found = Template::parse(YAML).unwrap();
    assert_eq!(found.name.as_ref().unwrap().as_str(), "template");
    assert_eq!(found.ignored, [""; 0]);
    let spec = found.spec;
    let policy = spec.restart_policy.unwrap();
    assert_eq!(policy.name, RestartPolicyName::OnFailure);
    assert_eq!(spec.availability_zone.as_deref(), Some("nova"));
    assert_eq!(spec.labels.unwrap()[&"tier".parse().unwrap()], "1");
    assert_eq!(spec.annotations.unwrap()["note"], "a: b");
    let net = &spec.networks.unwrap()[0];
    assert_eq!(net.network.as_deref(), Some("front"));
    assert_eq!(net.fixed_ip.unwrap().to_string(), "10.0.0.9");
    assert_eq!(spec.security_groups.unwrap(), ["web".to_owned()].into());
    let volumes = spec.volumes.unwrap();
    assert_eq!(volumes[0].size, Some(DiskGib(3)));
    assert_eq!(volumes[0].auto_remove, Some(true));
    assert!(volumes[1].volume.as_deref().unwrap().starts_with("5d5a"));
    assert_eq!(volumes[1].auto_remove, None);

    let [first, side] = &spec.containers[..] else {
        panic!("two")
    };
    assert_eq!(first.name.as_str(), "container-1");
    let first = &first.spec;
    let command = first.command.as_deref().unwrap();
    assert_eq!(command, ["/bin/bash", "-c", "sleep 1000"]);
    assert_eq!(first.image_pull_policy, Some(PullPolicy::IfNotPresent));
    assert_eq!(first.cpu, Some(Millicpu(1000)), "the limit");
    assert_eq!(first.memory, Some(MemoryMib(512)));
    let ports: Vec<_> = first.ports.iter().flatten().collect();
    assert_eq!(ports[0].internal.get(), 53);
    assert_eq!(ports[0].protocol, Some(Protocol::Udp));
    assert_eq!(ports[1].external.unwrap().get(), 8080);
    let env = first.environment.as_ref().unwrap();
    assert_eq!(env.0[&"PORT".parse().unwrap()], "80");
    assert_eq!(first.labels.as_ref().unwrap().len(), 1);
    let mount = first.mounts.as_ref().unwrap().first().unwrap();
    assert_eq!(mount.source.as_deref(), Some("volume1"));
    assert_eq!(mount.read_only, Some(true));
    assert_eq!(side.name.as_str(), "side");
    assert_eq!(side.spec.interactive, Some(true));
    let init = &spec.init_containers.unwrap()[0];
    assert_eq!(init.name.as_str(), "init-1");
}

/// What clients send: an object, the same as JSON text, the same as YAML text.
#[test]
fn the_forms_mean_the_same() {
    let object = json!({
        "kind": "Capsule", "metadata": {"name": "c1"},
        "spec": {"containers": [{"image": "nginx", "args": ["-v"]}], "restartPolicy": "Never"},
    });
    let of_object = Template::of(object.clone()).unwrap();
    let of_json = Template::of(Value::String(object.to_string())).unwrap();
    let yaml = "kind: Capsule\nmetadata: {name: c1}\nspec:\n  restartPolicy: Never\n  containers:\n  - image: nginx\n    args: [-v]\n";
    assert_eq!(of_object, of_json);
    assert_eq!(of_object, Template::parse(yaml).unwrap());
    assert_eq!(
        of_object.spec.containers[0].spec.command.as_deref(),
        Some(&["-v".to_owned()][..])
    );
}

#[test]
fn auto_remove_is_false_where_nothing_is_said() {
    let found = Template::parse(&YAML.replace(", autoRemove: True", "")).unwrap();
    assert_eq!(found.spec.volumes.unwrap()[0].auto_remove, Some(false));
}

#[test]
fn what_zun_accepts_and_nobody_heeds_is_noted() {
    let text = YAML.replace("spec:\n", "spec:\n  dnsPolicy: Default\n");
    assert_eq!(Template::parse(&text).unwrap().ignored, ["spec.dnsPolicy"]);
}

/// One change of the example, and the refusal.
fn refused(from: &str, to: &str) -> String {
    assert!(YAML.contains(from), "{from}");
    let text = YAML.replacen(from, to, 1);
    Template::parse(&text).unwrap_err().to_string()
}

const WRONG: &[(&str, &str, &str)] = &[
    (
        "kind: capsule",
        "kind: pod",
        "kind: \"pod\" is not valid: one of capsule, Capsule",
    ),
    ("kind: capsule", "", "kind: is required"),
    ("beta", "v1", "capsuleVersion: \"v1\" is not valid"),
    (
        "restartPolicy: OnFailure",
        "restartPolicy: always",
        "restartPolicy: \"always\" is not valid: one of Always, OnFailure, Never",
    ),
    (
        "restartPolicy: OnFailure",
        "surplus: 1",
        "surplus: no such key",
    ),
    (
        "spec:\n",
        "spec:\n  restartPolicy: Never\n",
        "spec.restartPolicy: another one stands at the top",
    ),
    (
        "spec:\n",
        "spec:\n  nets: []\n",
        "spec.nets: nets says it already",
    ),
    (
        "  name: template",
        "  name: t",
        "metadata.name: container name \"t\" is not valid",
    ),
    (
        "    app: web\n",
        "    zun.app: web\n",
        "metadata.labels: label key \"zun.app\"",
    ),
    (
        "image: ubuntu",
        "image: ubuntu\n    workdir: /",
        "spec.containers[0].workdir: no such key is known",
    ),
    (
        "- image: ubuntu",
        "- name: web",
        "spec.containers[0].image: is required",
    ),
    (
        "cpu: 0.5",
        "cpu: \"0.5\"",
        "spec.containers[0].resources.requests.cpu: must be a number of cores",
    ),
    (
        "cpu: 0.5",
        "cpu: 0.00001",
        "spec.containers[0].resources.requests.cpu: cpu is 0.00001",
    ),
    (
        "memory: 256",
        "memory: 1Gi",
        "spec.containers[0].resources.requests.memory: must be a whole number of MiB",
    ),
    (
        "memory: 256",
        "memory: 600",
        "spec.containers[0].resources.limits.memory: is below what requests",
    ),
    (
        "memory: 256",
        "memory: 1.5",
        "requests.memory: 1.5 is not valid: a whole number from 4",
    ),
    (
        "cpu: 0.5",
        "gpu: 1, cpu: 0.5",
        "spec.containers[0].resources.requests.gpu: no such key",
    ),
    (
        "containerPort: 80,",
        "",
        "spec.containers[0].ports[0].containerPort: is required",
    ),
    (
        "containerPort: 80",
        "containerPort: 70000",
        "spec.containers[0].ports[0].containerPort: 70000 is not valid",
    ),
    (
        "protocol: TCP",
        "protocol: SCTP",
        "spec.containers[0].ports[0].protocol: \"SCTP\" is not valid",
    ),
    (
        "ENV1: /usr/local/bin",
        "ENV1: [a]",
        "spec.containers[0].env.ENV1: must be a string",
    ),
    (
        "name: volume1, mountPath",
        "name: other, mountPath",
        "spec.containers[0].volumeMounts[0].name: \"other\" is not the name",
    ),
    (
        "mountPath: /data1",
        "mountPath: data1",
        "spec.containers[0].volumeMounts[0].mountPath: path \"data1\"",
    ),
    (
        "name: side",
        "name: init-1\n  - image: x1\n    name: init-1",
        "spec.containers[2].name: init-1 is the name of another",
    ),
    (
        "  - image: busybox",
        "  - imaje: busybox",
        "spec.initContainers[0].image: is required",
    ),
    (
        "command: [\"true\"]",
        "command: \"true\"",
        "spec.initContainers[0].command: must be a list",
    ),
    (
        "size: \"3\"",
        "size: 0",
        "spec.volumes[0].cinder.size: 0 is not valid",
    ),
    (
        "size: \"3\", ",
        "",
        "spec.volumes[0].cinder: give either volumeID",
    ),
    (
        "size: \"3\"",
        "size: 3, volumeID: a",
        "spec.volumes[0].cinder: give either volumeID",
    ),
    (
        "{volumeID:",
        "{autoRemove: true, volumeID:",
        "spec.volumes[1].cinder.autoRemove: goes with size",
    ),
    (
        "name: volume2\n    cinder",
        "name: volume1\n    cinder",
        "spec.volumes[1].name: \"volume1\" is the name of another",
    ),
    (
        "  - name: volume2\n",
        "  - name: volume3\n    cinder: {size: 1}\n  - name: volume2\n",
        "spec.volumes[1]: no container mounts \"volume3\"",
    ),
    (
        "network: front, ",
        "",
        "nets[0]: exactly one of network and port",
    ),
    ("10.0.0.9", "10.0.0", "nets[0].v4-fixed-ip: "),
    ("[web]", "[\"\"]", "security_groups[0]: has 0 characters"),
];

#[test]
fn a_refusal_names_the_place() {
    let wrong = WRONG.iter().filter_map(|(from, to, expected)| {
        let message = refused(from, to);
        let fits = message.contains(expected) && !message.starts_with("template");
        (!fits).then(|| format!("{to}: {message}"))
    });
    assert_eq!(wrong.collect::<Vec<_>>(), [""; 0]);
}

#[test]
fn a_text_that_is_no_template_is_refused() {
    for (text, expected) in [
        ("", "template: it is empty"),
        ("{\"kind\": ", "template: it is neither JSON nor YAML: EOF"),
        ("a: [", "template: it is neither JSON nor YAML: "),
        ("a: 1\na: 2", "duplicate entry"),
        ("[]", "template: must be an object"),
        ("just words", "template: must be an object"),
        (
            "kind: capsule\nmetadata: {}\nspec: {containers: []}",
            "spec.containers: is empty",
        ),
        (
            "kind: capsule\nmetadata: {}\nspec: {}",
            "spec.containers: is required",
        ),
        ("kind: capsule\nmetadata: {}", "spec: is required"),
        ("kind: capsule\nspec: {}", "metadata: is required"),
        (
            r#"{"kind": "capsule", "metadata": {}, "spec": {"containers": [{"image": "a1", "workDir": "\u0000"}]}}"#,
            "spec.containers[0].workDir: a NUL",
        ),
    ] {
        let message = Template::parse(text).unwrap_err().to_string();
        assert!(message.contains(expected), "{text}: {message}");
    }
    let long = "#".repeat(MOST_TEXT + 1);
    assert!(
        Template::parse(&long)
            .unwrap_err()
            .message
            .contains("at most")
    );
}

/// A text of a few lines must not become gigabytes.
#[test]
fn aliases_do_not_multiply_without_end() {
    let mut text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
    for level in 1..12 {
        let inner = vec![format!("*a{}", level - 1); 10].join(", ");
        let _ = writeln!(text, "a{level}: &a{level} [{inner}]");
    }
    assert!(Template::parse(&text).is_err());
}
