//! A container as Zun's clients read it: the one conversion of the record into the body of `/v1`.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::sync::Arc;

use serde::ser::SerializeMap as _;
use serde::{Serialize, Serializer};
use uuid::fmt::Simple;
use zun_domain::container::spec::{CpuPolicy, Environment, ImageSource};
use zun_domain::container::{
    Container, Healthcheck, Observed, Phase, PullPolicy, RestartPolicyName, Status, TaskState,
};
use zun_domain::id::{ContainerId, NetworkId, PortId, RegistryId, SecurityGroupId, SubnetId};
use zun_domain::name::LabelKey;
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

/// The body of one container: written from the record itself, since lists have a thousand of them.
#[derive(Debug, Clone)]
pub(crate) struct Shown {
    container: Arc<Container>,
    own: bool,
    admin: bool,
    links: Option<Arc<str>>,
    now: Timestamp,
}

/// What this caller is shown of a container. `links` are shown of single ones, not in lists.
pub(super) fn container(
    container: impl Into<Arc<Container>>,
    asked: &Admitted,
    links: bool,
    now: Timestamp,
) -> Shown {
    let container = container.into();
    Shown {
        own: asked.call.caller.project == container.project,
        admin: asked.is_admin(),
        links: links.then(|| Arc::clone(&asked.base)),
        container,
        now,
    }
}

impl Serialize for Shown {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        record(self).serialize(serializer)
    }
}

/// The fields in the words of `/v1`. Links are shown of single ones.
#[derive(Serialize)]
#[expect(clippy::struct_excessive_bools, reason = "the fields are Zun's")]
struct Record<'a> {
    uuid: ContainerId,
    name: &'a str,
    project_id: Simple,
    user_id: Simple,
    image: &'a str,
    image_driver: &'static str,
    cpu: Option<f64>,
    cpu_policy: &'static str,
    memory: Option<String>,
    disk: u64,
    command: &'a [String],
    entrypoint: &'a [String],
    workdir: Option<&'a str>,
    hostname: &'a str,
    labels: OrEmpty<&'a BTreeMap<LabelKey, String>>,
    environment: OrEmpty<&'a Environment>,
    interactive: bool,
    tty: bool,
    auto_remove: bool,
    auto_heal: bool,
    status: &'static str,
    status_reason: Option<&'a str>,
    status_detail: Option<String>,
    task_state: Option<&'static str>,
    ports: Vec<u16>,
    addresses: BTreeMap<NetworkId, Vec<Address>>,
    security_groups: BTreeSet<SecurityGroupId>,
    registry_id: Option<RegistryId>,
    restart_policy: OrEmpty<RestartPolicy>,
    healthcheck: OrEmpty<Check<'a>>,
    created_at: String,
    updated_at: Option<String>,
    #[serde(flatten)]
    admin: Option<ForAdmin<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    links: Option<[Link; 2]>,
}

/// What only administrators see.
#[derive(Serialize)]
struct ForAdmin<'a> {
    host: &'a str,
    runtime: Option<&'a str>,
    privileged: bool,
    image_pull_policy: Option<&'static str>,
}

/// An address of a container's own page.
#[derive(Serialize)]
struct Link {
    href: String,
    rel: &'static str,
}

#[derive(Serialize)]
struct Address {
    addr: IpAddr,
    version: u8,
    port: PortId,
    subnet_id: SubnetId,
    preserve_on_delete: bool,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct RestartPolicy {
    name: &'static str,
    maximum_retry_count: String,
}

/// Zun stores `cmd` under the name `test`.
#[derive(Serialize)]
struct Check<'a> {
    test: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    interval: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    timeout: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    retries: Option<u32>,
}

/// `{}` is how Zun shows what is not there.
struct OrEmpty<T>(Option<T>);

impl<T: Serialize> Serialize for OrEmpty<T> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        match &self.0 {
            Some(value) => value.serialize(to),
            None => to.serialize_map(Some(0))?.end(),
        }
    }
}

fn record(shown: &Shown) -> Record<'_> {
    let container = &*shown.container;
    let desired = &container.desired;
    let spec = &desired.spec;
    let seen = container.observed.as_ref();
    let mut ports: Vec<u16> = desired.published.iter().map(|port| port.internal).collect();
    ports.dedup();
    Record {
        uuid: container.id,
        name: desired.name.as_str(),
        project_id: container.project.0.simple(),
        user_id: container.user.0.simple(),
        image: spec.image.as_str(),
        image_driver: match spec.image_driver.unwrap_or_default() {
            ImageSource::Docker => "docker",
            ImageSource::Glance => "glance",
        },
        cpu: spec.cpu.map(zun_domain::unit::Millicpu::cores),
        cpu_policy: match spec.cpu_policy.unwrap_or_default() {
            CpuPolicy::Shared => "shared",
            CpuPolicy::Dedicated => "dedicated",
        },
        memory: spec.memory.map(|memory| memory.to_string()),
        disk: spec.disk.unwrap_or_default().0,
        command: seen.map_or_else(
            || spec.command.as_deref().unwrap_or_default(),
            |seen| &seen.effective_command,
        ),
        entrypoint: seen.map_or_else(
            || spec.entrypoint.as_deref().unwrap_or_default(),
            |seen| &seen.effective_entrypoint,
        ),
        workdir: spec.workdir.as_deref(),
        hostname: desired.hostname.as_str(),
        labels: OrEmpty(spec.labels.as_ref()),
        environment: OrEmpty(spec.environment.as_ref().filter(|_| shown.own)),
        interactive: spec.interactive.unwrap_or(false),
        tty: spec.tty.unwrap_or(false),
        auto_remove: spec.auto_remove.unwrap_or(false),
        auto_heal: spec.auto_heal.unwrap_or(false),
        status: container.status().zun(),
        status_reason: reason(container),
        status_detail: seen.map(|seen| detail(seen, shown.now)),
        task_state: container.task.map(TaskState::as_str),
        ports,
        addresses: addresses(container),
        security_groups: security_groups(container),
        registry_id: desired.registry,
        restart_policy: OrEmpty(restart_policy(container)),
        healthcheck: OrEmpty(spec.healthcheck.as_ref().map(check)),
        created_at: time(container.created_at),
        updated_at: container.updated_at.map(time),
        admin: shown.admin.then(|| for_admin(container)),
        links: shown.links.as_ref().map(|base| links(container, base)),
    }
}

fn security_groups(container: &Container) -> BTreeSet<SecurityGroupId> {
    let addresses = container.addresses.iter();
    let groups = addresses.flat_map(|address| &address.security_groups);
    groups.copied().collect()
}

fn for_admin(container: &Container) -> ForAdmin<'_> {
    let spec = &container.desired.spec;
    ForAdmin {
        host: container.place.name.as_str(),
        runtime: spec.runtime.as_deref(),
        privileged: spec.privileged.unwrap_or(false),
        image_pull_policy: spec.image_pull_policy.map(pull_policy),
    }
}

fn links(container: &Container, base: &str) -> [Link; 2] {
    let id = container.id;
    [
        Link {
            href: format!("{base}/v1/containers/{id}"),
            rel: "self",
        },
        Link {
            href: format!("{base}/containers/{id}"),
            rel: "bookmark",
        },
    ]
}

fn pull_policy(policy: PullPolicy) -> &'static str {
    match policy {
        PullPolicy::Always => "always",
        PullPolicy::IfNotPresent => "ifnotpresent",
        PullPolicy::Never => "never",
    }
}

fn restart_policy(container: &Container) -> Option<RestartPolicy> {
    let policy = container.desired.spec.restart_policy?;
    Some(RestartPolicy {
        name: match policy.name {
            RestartPolicyName::No => "no",
            RestartPolicyName::Always => "always",
            RestartPolicyName::OnFailure => "on-failure",
            RestartPolicyName::UnlessStopped => "unless-stopped",
        },
        maximum_retry_count: policy.maximum_retry_count.unwrap_or(0).to_string(),
    })
}

fn check(check: &Healthcheck) -> Check<'_> {
    Check {
        test: &check.cmd,
        interval: check.interval,
        timeout: check.timeout,
        retries: check.retries,
    }
}

fn addresses(container: &Container) -> BTreeMap<NetworkId, Vec<Address>> {
    let mut networks: BTreeMap<NetworkId, Vec<Address>> = BTreeMap::new();
    for address in &container.addresses {
        let entry = Address {
            addr: address.ip,
            version: if address.ip.is_ipv4() { 4 } else { 6 },
            port: address.port,
            subnet_id: address.subnet,
            preserve_on_delete: address.preserve,
        };
        networks.entry(address.network).or_default().push(entry);
    }
    networks
}

fn reason(container: &Container) -> Option<&str> {
    let missing = (container.status() == Status::Missing).then_some(
        "the container is gone from its engine, removed by someone else; start makes it anew",
    );
    container.status_reason.as_deref().or(missing)
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
