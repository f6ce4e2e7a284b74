//! A container as Zun's clients read it: the one conversion of the record into the body of `/v1`.

use serde_json::{Map, Value, json};
use zun_domain::container::spec::{CpuPolicy, ImageSource};
use zun_domain::container::{Container, Observed, Phase, PullPolicy, RestartPolicyName, Status};
use zun_domain::time::Timestamp;

use crate::admit::Admitted;

/// A time as Zun writes it: UTC, without a zone.
pub(super) fn time(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M:%S%.6f").to_string()
}

/// A time as services and actions have it.
pub(super) fn time_t(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%S%.6f").to_string()
}

/// The body of one container. `links` are shown of single ones, not in lists.
pub(super) fn container(
    container: &Container,
    asked: &Admitted,
    links: bool,
    now: Timestamp,
) -> Value {
    let mut body = record(container, now);
    let spec = &container.desired.spec;
    let own = asked.call.caller.project == container.project;
    let environment = spec.environment.as_ref().filter(|_| own);
    body.insert(
        "environment".to_owned(),
        json!(environment.map(|all| &all.0).cloned().unwrap_or_default()),
    );
    if asked.is_admin() {
        body.insert("host".to_owned(), json!(container.place.name.as_str()));
        body.insert("runtime".to_owned(), json!(spec.runtime));
        body.insert(
            "privileged".to_owned(),
            json!(spec.privileged.unwrap_or(false)),
        );
        body.insert(
            "image_pull_policy".to_owned(),
            json!(spec.image_pull_policy.map(pull_policy)),
        );
    }
    if links {
        body.insert("links".to_owned(), links_of(container, &asked.base));
    }
    Value::Object(body)
}

/// Addresses of a container's own page.
fn links_of(container: &Container, base: &str) -> Value {
    let id = container.id;
    json!([
        {"href": format!("{base}/v1/containers/{id}"), "rel": "self"},
        {"href": format!("{base}/containers/{id}"), "rel": "bookmark"},
    ])
}

/// What everybody in the project sees.
fn record(container: &Container, now: Timestamp) -> Map<String, Value> {
    let desired = &container.desired;
    let spec = &desired.spec;
    let seen = container.observed.as_ref();
    let command = seen.map_or_else(
        || spec.command.clone().unwrap_or_default(),
        |seen| seen.effective_command.clone(),
    );
    let entrypoint = seen.map_or_else(
        || spec.entrypoint.clone().unwrap_or_default(),
        |seen| seen.effective_entrypoint.clone(),
    );
    let mut ports: Vec<u16> = desired.published.iter().map(|port| port.internal).collect();
    ports.dedup();
    let body = json!({
        "uuid": container.id.to_string(),
        "name": desired.name.as_str(),
        "project_id": container.project.0.simple().to_string(),
        "user_id": container.user.0.simple().to_string(),
        "image": spec.image.as_str(),
        "image_driver": match spec.image_driver.unwrap_or_default() {
            ImageSource::Docker => "docker",
            ImageSource::Glance => "glance",
        },
        "cpu": spec.cpu.map(zun_domain::unit::Millicpu::cores),
        "cpu_policy": match spec.cpu_policy.unwrap_or_default() {
            CpuPolicy::Shared => "shared",
            CpuPolicy::Dedicated => "dedicated",
        },
        "memory": spec.memory.map(|memory| memory.to_string()),
        "disk": spec.disk.unwrap_or_default().0,
        "command": command,
        "entrypoint": entrypoint,
        "workdir": spec.workdir,
        "hostname": desired.hostname.as_str(),
        "labels": spec.labels.clone().unwrap_or_default(),
        "interactive": spec.interactive.unwrap_or(false),
        "tty": spec.tty.unwrap_or(false),
        "auto_remove": spec.auto_remove.unwrap_or(false),
        "auto_heal": spec.auto_heal.unwrap_or(false),
        "status": container.status().zun(),
        "status_reason": reason(container),
        "status_detail": seen.map(|seen| detail(seen, now)),
        "task_state": container.task.map(zun_domain::container::TaskState::as_str),
        "ports": ports,
        "addresses": addresses(container),
        "security_groups": [],
        "registry_id": null,
        "created_at": time(container.created_at),
        "updated_at": container.updated_at.map(time),
    });
    let Value::Object(mut body) = body else {
        unreachable!("an object was written above")
    };
    body.insert("restart_policy".to_owned(), restart_policy(container));
    body.insert("healthcheck".to_owned(), healthcheck(container));
    body
}

fn pull_policy(policy: PullPolicy) -> &'static str {
    match policy {
        PullPolicy::Always => "always",
        PullPolicy::IfNotPresent => "ifnotpresent",
        PullPolicy::Never => "never",
    }
}

fn restart_policy(container: &Container) -> Value {
    let Some(policy) = container.desired.spec.restart_policy else {
        return json!({});
    };
    let name = match policy.name {
        RestartPolicyName::No => "no",
        RestartPolicyName::Always => "always",
        RestartPolicyName::OnFailure => "on-failure",
        RestartPolicyName::UnlessStopped => "unless-stopped",
    };
    json!({"Name": name, "MaximumRetryCount": policy.maximum_retry_count.unwrap_or(0).to_string()})
}

/// Zun stores `cmd` under the name `test`.
fn healthcheck(container: &Container) -> Value {
    let Some(check) = &container.desired.spec.healthcheck else {
        return json!({});
    };
    let mut body = json!({"test": check.cmd});
    for (name, value) in [
        ("interval", check.interval),
        ("timeout", check.timeout),
        ("retries", check.retries),
    ] {
        if let Some(value) = value {
            body[name] = json!(value);
        }
    }
    body
}

fn addresses(container: &Container) -> Value {
    let mut networks: Map<String, Value> = Map::new();
    for address in &container.addresses {
        let network = address.network.to_string();
        let entry = json!({
            "addr": address.ip.to_string(),
            "version": if address.ip.is_ipv4() { 4 } else { 6 },
            "port": address.port.to_string(),
            // A default network has one subnet, known by the network's own id.
            "subnet_id": network,
            "preserve_on_delete": false,
        });
        match networks.get_mut(&network).and_then(Value::as_array_mut) {
            Some(list) => list.push(entry),
            None => {
                networks.insert(network, json!([entry]));
            }
        }
    }
    Value::Object(networks)
}

fn reason(container: &Container) -> Option<String> {
    let missing = || {
        (container.status() == Status::Missing).then(|| {
            "the container is gone from its engine, removed by someone else; start makes it anew".to_owned()
        })
    };
    container.status_reason.clone().or_else(missing)
}

/// Docker's own words for how long it has been so.
fn detail(seen: &Observed, now: Timestamp) -> String {
    let since =
        |at: Option<Timestamp>| at.map_or_else(|| "0 seconds".to_owned(), |at| span(now, at));
    match seen.phase {
        Phase::Created => "Created".to_owned(),
        Phase::Running => format!("Up {}", since(seen.started_at)),
        Phase::Paused => format!("Up {} (paused)", since(seen.started_at)),
        Phase::Restarting => "Restarting".to_owned(),
        Phase::Dead => "Dead".to_owned(),
        Phase::Exited => {
            let code = seen.exit_code.unwrap_or(0);
            let error = if seen.error.is_some() { " (error)" } else { "" };
            format!("Exited({code}) {} ago{error}", since(seen.finished_at))
        }
    }
}

fn span(now: Timestamp, at: Timestamp) -> String {
    let seconds = now.duration_since(at).as_secs().max(0);
    match seconds {
        ..60 => format!("{seconds} seconds"),
        60..3600 => format!("{} mins", seconds / 60),
        3600..86_400 => format!("{} hours", seconds / 3600),
        _ => format!("{} days", seconds / 86_400),
    }
}
