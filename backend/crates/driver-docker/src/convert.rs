//! Our words into Docker's for a create call, and Docker's into ours for what an inspect shows.

use std::collections::HashMap;

use bollard::models::{
    ContainerCreateBody, ContainerInspectResponse, ContainerState, ContainerStateStatusEnum,
    EndpointIpamConfig, EndpointSettings, HealthConfig, HealthStatusEnum, HostConfig,
    HostConfigLogConfig, Mount, MountBindOptions, MountBindOptionsPropagationEnum, MountType,
    NetworkingConfig, PortBinding, ResourcesUlimits, RestartPolicy as DockerPolicy,
    RestartPolicyNameEnum,
};
use zun_domain::container::{
    ContainerSpec, Health, Healthcheck, Observed, Phase, Published, RestartPolicy,
    RestartPolicyName, RuntimeId,
};
use zun_domain::network::mac_of;
use zun_domain::time::Timestamp;
use zun_domain::unit::{MemoryMib, Millicpu};
use zun_domain::volume::HostMount;
use zun_driver::runtime::{Attachment, CreateContainer};

use crate::error::clean;
use crate::label;

/// Processes and threads a container may have, so that one that forks without end does not take the host with it.
const PIDS_LIMIT: i64 = 4096;
/// A log file is replaced at this size.
const LOG_FILE_SIZE: &str = "10m";
/// So many of them are kept.
const LOG_FILES: &str = "3";
const NANOS_PER_MILLICPU: u64 = 1_000_000;
const NANOS_PER_SECOND: i64 = 1_000_000_000;
const BYTES_PER_MIB: i64 = 1024 * 1024;

/// The body of a create call. `image` is what the engine knows it by; `sized` where it enforces disk sizes.
pub(crate) fn create_body(
    deployment: &str,
    request: &CreateContainer,
    image: String,
    sized: bool,
) -> ContainerCreateBody {
    let spec = &request.spec;
    let environment = spec.full_environment();
    ContainerCreateBody {
        // Who joins another one has that one's hostname: the engine refuses one of its own.
        hostname: request
            .joins
            .is_none()
            .then(|| request.hostname.to_string()),
        user: spec.user.clone(),
        tty: spec.tty,
        open_stdin: spec.interactive,
        env: Some(
            environment
                .iter()
                .map(|(name, value)| format!("{name}={value}"))
                .collect(),
        ),
        cmd: spec.command.clone(),
        entrypoint: spec.entrypoint.clone(),
        image: Some(image),
        working_dir: spec.workdir.clone(),
        labels: Some(label::of_container(deployment, request)),
        stop_signal: spec.stop_signal.as_ref().map(ToString::to_string),
        stop_timeout: spec.stop_timeout.map(i64::from),
        healthcheck: spec.healthcheck.as_ref().map(health_config),
        exposed_ports: Some(request.published.iter().map(inside).collect()),
        host_config: Some(host_config(request, sized)),
        networking_config: Some(NetworkingConfig {
            endpoints_config: request
                .attachments
                .first()
                .map(|first| HashMap::from([(first.network.clone(), endpoint(first))])),
        }),
        ..ContainerCreateBody::default()
    }
}

fn host_config(request: &CreateContainer, sized: bool) -> HostConfig {
    let spec = &request.spec;
    let memory = spec.memory.map(|memory| signed(memory.bytes()));
    let disk = spec.disk.filter(|disk| sized && disk.0 > 0);
    HostConfig {
        nano_cpus: spec.cpu.map(nano_cpus),
        memory,
        memory_swap: memory,
        pids_limit: Some(PIDS_LIMIT),
        ulimits: ulimits(spec),
        init: spec.init,
        log_config: Some(log_config()),
        network_mode: namespaces(request).or_else(|| {
            let first = request.attachments.first();
            first.map(|first| first.network.clone())
        }),
        ipc_mode: namespaces(request).or_else(|| request.shareable.then(|| "shareable".to_owned())),
        dns: Some(texts(&request.dns)).filter(|servers| !servers.is_empty()),
        port_bindings: Some(request.published.iter().map(binding).collect()),
        restart_policy: spec.restart_policy.map(restart_policy),
        auto_remove: Some(false),
        cap_add: spec.cap_add.as_ref().map(texts),
        cap_drop: spec.cap_drop.as_ref().map(texts),
        privileged: spec.privileged,
        publish_all_ports: Some(false),
        readonly_rootfs: spec.read_only,
        // The default seccomp profile is in force because no other is named.
        security_opt: Some(vec!["no-new-privileges".to_owned()]),
        storage_opt: disk.map(|disk| HashMap::from([("size".to_owned(), format!("{disk}G"))])),
        tmpfs: spec.tmpfs.as_ref().map(|mounts| {
            mounts
                .iter()
                .map(|(path, options)| (path.to_string(), options.clone()))
                .collect()
        }),
        shm_size: spec.shm_size.map(|size| signed(size.bytes())),
        runtime: spec.runtime.clone(),
        mounts: Some(request.mounts.iter().map(mount).collect()),
        ..HostConfig::default()
    }
}

/// Whose network and IPC it is in. The engine puts the id in the place of the name when it makes the container
/// (`adaptSharedNamespaceContainer` of moby), so that it stays with that very one.
fn namespaces(request: &CreateContainer) -> Option<String> {
    let joined = request.joins?;
    Some(format!("container:{joined}"))
}

/// Never one of `Binds`: with those the engine makes a source that is missing, and the container would write
/// beside its volume.
fn mount(mount: &HostMount) -> Mount {
    Mount {
        typ: Some(MountType::BIND),
        source: Some(mount.source.clone()),
        target: Some(mount.destination.to_string()),
        read_only: Some(mount.read_only),
        bind_options: Some(MountBindOptions {
            propagation: Some(MountBindOptionsPropagationEnum::RPRIVATE),
            ..MountBindOptions::default()
        }),
        ..Mount::default()
    }
}

fn texts<'a, T: ToString + 'a>(all: impl IntoIterator<Item = &'a T>) -> Vec<String> {
    all.into_iter().map(ToString::to_string).collect()
}

fn ulimits(spec: &ContainerSpec) -> Option<Vec<ResourcesUlimits>> {
    let limits = spec.ulimits.as_ref()?;
    let limits = limits.iter().map(|limit| ResourcesUlimits {
        name: Some(limit.name.to_string()),
        soft: Some(limit.soft),
        hard: Some(limit.hard),
    });
    Some(limits.collect())
}

fn log_config() -> HostConfigLogConfig {
    HostConfigLogConfig {
        typ: Some("json-file".to_owned()),
        config: Some(HashMap::from([
            ("max-size".to_owned(), LOG_FILE_SIZE.to_owned()),
            ("max-file".to_owned(), LOG_FILES.to_owned()),
        ])),
    }
}

fn inside(port: &Published) -> String {
    format!("{}/{}", port.internal, port.protocol)
}

fn binding(port: &Published) -> (String, Option<Vec<PortBinding>>) {
    let binding = PortBinding {
        host_ip: port.ip.map(|ip| ip.to_string()),
        host_port: Some(port.external.to_string()),
    };
    (inside(port), Some(vec![binding]))
}

/// The endpoint of a container on its network. Engine 20.10 derives this very MAC from the address; later
/// ones pick one by chance unless told.
pub(crate) fn endpoint(attachment: &Attachment) -> EndpointSettings {
    EndpointSettings {
        ipam_config: Some(EndpointIpamConfig {
            ipv4_address: Some(attachment.ip.to_string()),
            ipv6_address: attachment.ipv6.map(|ip| ip.to_string()),
            ..EndpointIpamConfig::default()
        }),
        mac_address: Some(attachment.mac.clone()),
        aliases: Some(attachment.aliases.clone()).filter(|aliases| !aliases.is_empty()),
        ..EndpointSettings::default()
    }
}

/// The MAC on the first network, where it is not the one that Engine 20.10 derives by itself. On the others it gives no
/// other one.
pub(crate) fn own_mac(request: &CreateContainer) -> Option<&str> {
    let first = request.attachments.first()?;
    (first.mac != mac_of(first.ip)).then_some(first.mac.as_str())
}

fn health_config(check: &Healthcheck) -> HealthConfig {
    let nanos = |seconds: u32| i64::from(seconds).saturating_mul(NANOS_PER_SECOND);
    HealthConfig {
        test: Some(vec!["CMD-SHELL".to_owned(), check.cmd.clone()]),
        interval: check.interval.map(nanos),
        timeout: check.timeout.map(nanos),
        retries: check.retries.map(i64::from),
        ..HealthConfig::default()
    }
}

/// A number of bytes as Docker takes it.
pub(crate) fn signed(bytes: u64) -> i64 {
    i64::try_from(bytes).unwrap_or(i64::MAX)
}

/// A hard limit of processing time as Docker takes it.
pub(crate) fn nano_cpus(cpu: Millicpu) -> i64 {
    signed(cpu.0.saturating_mul(NANOS_PER_MILLICPU))
}

/// A restart policy as Docker takes it.
pub(crate) fn restart_policy(policy: RestartPolicy) -> DockerPolicy {
    let policy = policy.for_engine();
    DockerPolicy {
        name: Some(match policy.name {
            RestartPolicyName::No => RestartPolicyNameEnum::NO,
            RestartPolicyName::Always => RestartPolicyNameEnum::ALWAYS,
            RestartPolicyName::OnFailure => RestartPolicyNameEnum::ON_FAILURE,
            RestartPolicyName::UnlessStopped => RestartPolicyNameEnum::UNLESS_STOPPED,
        }),
        maximum_retry_count: policy.maximum_retry_count.map(i64::from),
    }
}

/// What an inspect shows, in our words. `None` where the answer has no id, which no engine gives.
pub(crate) fn observed(seen: &ContainerInspectResponse) -> Option<Observed> {
    let state = seen.state.clone().unwrap_or_default();
    let host = seen.host_config.clone().unwrap_or_default();
    let config = seen.config.clone().unwrap_or_default();
    let networks = seen
        .network_settings
        .as_ref()
        .and_then(|settings| settings.networks.as_ref());
    let mut networks: Vec<String> = networks
        .into_iter()
        .flatten()
        .map(|(name, _)| name.clone())
        .collect();
    networks.sort();
    let phase = phase(&state);
    let ended = matches!(phase, Phase::Exited | Phase::Restarting | Phase::Dead);
    Some(Observed {
        runtime: RuntimeId(seen.id.clone()?),
        revision: config
            .labels
            .as_ref()
            .map(label::revision)
            .unwrap_or_default(),
        phase,
        exit_code: state.exit_code.filter(|_| ended),
        oom_killed: state.oom_killed.unwrap_or_default(),
        error: state
            .error
            .as_deref()
            .filter(|text| !text.is_empty())
            .map(clean),
        started_at: moment(state.started_at.as_deref()),
        finished_at: moment(state.finished_at.as_deref()),
        health: health(&state),
        cpu: cpu(&host),
        memory: memory(&host),
        restart_policy: host.restart_policy.as_ref().and_then(policy),
        networks,
        image_id: seen.image.clone().unwrap_or_default(),
        effective_command: config.cmd.unwrap_or_default(),
        effective_entrypoint: config.entrypoint.unwrap_or_default(),
    })
}

fn phase(state: &ContainerState) -> Phase {
    use ContainerStateStatusEnum as Status;
    match state.status.unwrap_or(Status::EMPTY) {
        Status::CREATED | Status::EMPTY => Phase::Created,
        Status::RUNNING | Status::STOPPING => Phase::Running,
        Status::PAUSED => Phase::Paused,
        Status::RESTARTING => Phase::Restarting,
        Status::EXITED => Phase::Exited,
        Status::REMOVING | Status::DEAD => Phase::Dead,
    }
}

fn health(state: &ContainerState) -> Option<Health> {
    match state.health.as_ref()?.status? {
        HealthStatusEnum::STARTING => Some(Health::Starting),
        HealthStatusEnum::HEALTHY => Some(Health::Healthy),
        HealthStatusEnum::UNHEALTHY => Some(Health::Unhealthy),
        HealthStatusEnum::NONE | HealthStatusEnum::EMPTY => None,
    }
}

/// A moment as Docker writes it; the year 1 is its word for never.
fn moment(text: Option<&str>) -> Option<Timestamp> {
    text.filter(|text| !text.starts_with("0001-"))?.parse().ok()
}

/// `--cpus`, or quota over period where a hand set those.
fn cpu(host: &HostConfig) -> Option<Millicpu> {
    let positive = |number: Option<i64>| {
        number
            .and_then(|n| u64::try_from(n).ok())
            .filter(|n| *n > 0)
    };
    if let Some(nanos) = positive(host.nano_cpus) {
        return Some(Millicpu(nanos / NANOS_PER_MILLICPU));
    }
    let period = positive(host.cpu_period).unwrap_or(100_000);
    positive(host.cpu_quota).map(|quota| Millicpu(quota.saturating_mul(1000) / period))
}

fn memory(host: &HostConfig) -> Option<MemoryMib> {
    let bytes = host.memory.filter(|bytes| *bytes > 0)?;
    u64::try_from(bytes / BYTES_PER_MIB).ok().map(MemoryMib)
}

fn policy(policy: &DockerPolicy) -> Option<RestartPolicy> {
    let name = match policy.name? {
        RestartPolicyNameEnum::EMPTY | RestartPolicyNameEnum::NO => return None,
        RestartPolicyNameEnum::ALWAYS => RestartPolicyName::Always,
        RestartPolicyNameEnum::UNLESS_STOPPED => RestartPolicyName::UnlessStopped,
        RestartPolicyNameEnum::ON_FAILURE => RestartPolicyName::OnFailure,
    };
    let count = policy
        .maximum_retry_count
        .and_then(|count| u32::try_from(count).ok());
    Some(RestartPolicy {
        name,
        maximum_retry_count: count.filter(|count| *count > 0),
    })
}

#[cfg(test)]
mod tests {
    use zun_domain::id::{ContainerId, ProjectId};
    use zun_domain::unit::DiskGib;

    use super::*;

    fn attachment(network: &str, last: u8) -> Attachment {
        Attachment {
            network: network.to_owned(),
            ip: std::net::Ipv4Addr::new(10, 0, 0, last),
            ipv6: None,
            mac: format!("02:42:0a:00:00:{last:02x}"),
            aliases: Vec::new(),
        }
    }

    fn request(spec: ContainerSpec) -> CreateContainer {
        CreateContainer {
            container: ContainerId(uuid::Uuid::nil()),
            project: ProjectId(uuid::Uuid::nil()),
            revision: 1,
            spec,
            image: "nginx".to_owned(),
            hostname: "web".parse().unwrap(),
            joins: None,
            shareable: false,
            attachments: vec![attachment("zun-1", 2), attachment("zun-2", 3)],
            dns: Vec::new(),
            published: Vec::new(),
            mounts: Vec::new(),
        }
    }

    #[test]
    fn a_container_is_made_on_its_first_network() {
        let mut request = request(ContainerSpec::of("nginx".parse().unwrap()));
        request.attachments[0].ipv6 = Some("fd00::2".parse().unwrap());
        request.attachments[0].aliases = vec!["web".to_owned()];
        request.dns = vec![
            "192.0.2.53".parse().unwrap(),
            "2001:db8::53".parse().unwrap(),
        ];
        let body = create_body("here", &request, "nginx".to_owned(), false);
        let endpoints = body.networking_config.unwrap().endpoints_config.unwrap();
        assert_eq!(endpoints.keys().collect::<Vec<_>>(), ["zun-1"]);
        let ipam = endpoints["zun-1"].ipam_config.clone().unwrap();
        assert_eq!(ipam.ipv4_address.as_deref(), Some("10.0.0.2"));
        assert_eq!(ipam.ipv6_address.as_deref(), Some("fd00::2"));
        assert_eq!(endpoints["zun-1"].aliases, Some(vec!["web".to_owned()]));
        let host = body.host_config.unwrap();
        assert_eq!(host.network_mode.as_deref(), Some("zun-1"));
        let servers = ["192.0.2.53", "2001:db8::53"].map(str::to_owned);
        assert_eq!(host.dns, Some(servers.to_vec()));
    }

    #[test]
    fn what_is_not_given_is_not_told() {
        let request = request(ContainerSpec::of("nginx".parse().unwrap()));
        let body = create_body("here", &request, "nginx".to_owned(), false);
        assert_eq!(body.host_config.unwrap().dns, None);
        let endpoint = endpoint(&request.attachments[1]);
        assert_eq!(endpoint.aliases, None);
        assert_eq!(endpoint.ipam_config.unwrap().ipv6_address, None);
    }

    #[test]
    fn only_a_mac_of_its_own_is_the_container_s() {
        let mut request = request(ContainerSpec::of("nginx".parse().unwrap()));
        request.attachments[1].mac = "02:42:aa:bb:cc:dd".to_owned();
        assert_eq!(own_mac(&request), None);
        request.attachments[0].mac = "02:42:aa:bb:cc:dd".to_owned();
        assert_eq!(own_mac(&request), Some("02:42:aa:bb:cc:dd"));
    }

    /// With `Binds` the engine would make a source that is missing.
    #[test]
    fn mounts_are_never_binds() {
        let mut request = request(ContainerSpec::of("nginx".parse().unwrap()));
        request.mounts = vec![HostMount {
            source: "/volumes/data".to_owned(),
            destination: "/data".parse().unwrap(),
            read_only: true,
        }];
        let body = create_body("here", &request, "nginx".to_owned(), false);
        let host = body.host_config.unwrap();
        assert_eq!(host.binds, None);
        let [mount] = <[Mount; 1]>::try_from(host.mounts.unwrap()).unwrap();
        assert_eq!(mount.typ, Some(MountType::BIND));
        assert_eq!(
            (mount.source.as_deref(), mount.target.as_deref()),
            (Some("/volumes/data"), Some("/data"))
        );
        assert_eq!(mount.read_only, Some(true));
        let propagation = mount.bind_options.unwrap().propagation;
        assert_eq!(propagation, Some(MountBindOptionsPropagationEnum::RPRIVATE));
    }

    #[test]
    fn a_size_goes_to_an_engine_that_enforces_it() {
        let mut spec = ContainerSpec::of("nginx".parse().unwrap());
        spec.disk = Some(DiskGib(5));
        let request = request(spec);
        let size = |sized| {
            let body = create_body("here", &request, "nginx".to_owned(), sized);
            body.host_config.unwrap().storage_opt
        };
        let five = HashMap::from([("size".to_owned(), "5G".to_owned())]);
        assert_eq!(size(true), Some(five));
        assert_eq!(size(false), None);
    }
}
