//! Data. Numbers stand for ids, so that a failing case reads well and no chance is involved.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, Ipv4Addr};

use ipnet::IpNet;
use uuid::Uuid;
use zun_domain::container::spec::Environment;
use zun_domain::container::{
    Address, Container, ContainerSpec, Desired, Health, Life, Observed, Phase, Protocol, Published,
    RestartPolicy, RestartPolicyName, RuntimeId, TaskState, Wish,
};
use zun_domain::host::{Host, HostFacts, HostPlace, Reachability};
use zun_domain::id::{
    ContainerId, HostId, NetworkId, OperationId, PortId, ProjectId, SecurityGroupId,
    SecurityGroupRuleId, SubnetId, UserId,
};
use zun_domain::network::security_group::Allows;
use zun_domain::network::{
    DEFAULT_MTU, FixedIp, Network, NetworkKind, Port, SecurityGroup, SecurityGroupRule, Subnet,
    default_pools, first_address, mac_of,
};
use zun_domain::operation::{Operation, OperationKind, OperationState};
use zun_domain::time::Timestamp;
use zun_domain::unit::{Amounts, DiskGib, MemoryMib, Millicpu};

use crate::Store;

/// A secret that must be nowhere in the database.
pub(super) const SECRET: &str = "correct-horse-battery-staple";

pub(super) fn project(number: u128) -> ProjectId {
    ProjectId(Uuid::from_u128(0x0a00 + number))
}

pub(super) fn user(number: u128) -> UserId {
    UserId(Uuid::from_u128(0x0b00 + number))
}

pub(super) fn container_id(number: u128) -> ContainerId {
    ContainerId(Uuid::from_u128(0x0c00_0000 + number))
}

pub(super) fn host_id(number: u128) -> HostId {
    HostId(Uuid::from_u128(0x0d00 + number))
}

pub(super) fn network_id(number: u128) -> NetworkId {
    NetworkId(Uuid::from_u128(0x0e00 + number))
}

pub(super) fn operation_id(number: u128) -> OperationId {
    OperationId(Uuid::from_u128(0x0f00 + number))
}

/// Some seconds, and some nanoseconds, after a moment in 2026.
pub(super) fn at(seconds: i64) -> Timestamp {
    Timestamp::new(1_790_000_000 + seconds, 123_456_789).unwrap()
}

pub(super) fn place(number: u128) -> HostPlace {
    HostPlace {
        id: host_id(number),
        name: format!("host-{number}").parse().unwrap(),
        zone: "nova".to_owned(),
    }
}

pub(super) fn host(number: u128) -> Host {
    Host {
        place: place(number),
        facts: HostFacts {
            cpus: Millicpu(4000),
            memory: MemoryMib(8192),
            disk_gib: 100,
            disk_quota: false,
            runtimes: BTreeSet::from(["runc".to_owned()]),
            architecture: "x86_64".to_owned(),
            os: "Debian".to_owned(),
            kernel: "6.1".to_owned(),
            engine_version: "20.10".to_owned(),
            labels: BTreeMap::from([("disk".to_owned(), "ssd".to_owned())]),
            minimum_memory: MemoryMib(6),
        },
        reachability: Reachability::Up,
        disabled: None,
        forced_down: false,
        seen_at: at(0),
        created_at: at(0),
    }
}

pub(super) fn amounts(cpu: u64, memory: u64, disk: u64) -> Amounts {
    Amounts {
        cpu: Millicpu(cpu),
        memory: MemoryMib(memory),
        disk: DiskGib(disk),
    }
}

pub(super) fn published(external: u16, ip: Option<&str>) -> Published {
    Published {
        internal: 80,
        external,
        protocol: Protocol::Tcp,
        ip: ip.map(|ip| ip.parse().unwrap()),
    }
}

pub(super) fn observed(phase: Phase) -> Observed {
    Observed {
        runtime: RuntimeId("f00d".to_owned()),
        revision: 1,
        phase,
        exit_code: Some(137),
        oom_killed: true,
        error: None,
        started_at: Some(at(5)),
        finished_at: None,
        health: Some(Health::Healthy),
        cpu: Some(Millicpu(500)),
        memory: Some(MemoryMib(512)),
        restart_policy: Some(RestartPolicy {
            name: RestartPolicyName::OnFailure,
            maximum_retry_count: Some(3),
        }),
        networks: vec!["zun-net".to_owned()],
        image_id: "sha256:00".to_owned(),
        effective_command: vec!["nginx".to_owned()],
        effective_entrypoint: Vec::new(),
    }
}

/// A live container of project 0 on host 0, without addresses.
pub(super) fn container(number: u128) -> Container {
    let id = container_id(number);
    let mut spec = ContainerSpec::of("nginx:1.27".parse().unwrap());
    spec.cpu = Some(Millicpu(500));
    spec.memory = Some(MemoryMib(512));
    spec.environment = Some(Environment(BTreeMap::from([(
        "PASSWORD".parse().unwrap(),
        SECRET.to_owned(),
    )])));
    Container {
        id,
        membership: None,
        project: project(0),
        user: user(0),
        place: place(0),
        generation: 1,
        desired: Desired {
            name: format!("web-{number}").parse().unwrap(),
            spec,
            wish: Wish::Running,
            revision: 1,
            image_digest: "sha256:11".to_owned(),
            hostname: Container::default_hostname(id),
            published: vec![published(8080, None)],
            mounts: Vec::new(),
            ports: Vec::new(),
            security_groups: Vec::new(),
            registry: None,
        },
        addresses: Vec::new(),
        life: Life::Live,
        observed: Some(observed(Phase::Running)),
        status_reason: Some("waits".to_owned()),
        task: Some(TaskState::ContainerStarting),
        confirmed: false,
        created_at: at(1),
        updated_at: Some(at(2)),
    }
}

pub(super) fn subnet_id(number: u128) -> SubnetId {
    SubnetId(Uuid::from_u128(0x1100 + number))
}

pub(super) fn group_id(number: u128) -> SecurityGroupId {
    SecurityGroupId(Uuid::from_u128(0x1200 + number))
}

pub(super) fn port_id(number: u128) -> PortId {
    PortId(Uuid::from_u128(0x1000 + number))
}

/// The default network of the project of this number, `10.0.<number>.0/24`.
pub(super) fn network(number: u128) -> Network {
    let id = network_id(number);
    let cidr = format!("10.0.{number}.0/24").parse().unwrap();
    Network {
        id,
        project: project(number),
        name: "default".to_owned(),
        description: String::new(),
        kind: NetworkKind::Default,
        admin_state_up: true,
        mtu: DEFAULT_MTU,
        subnets: vec![subnet(number, id, project(number), cidr)],
        runtime_name: Network::own_runtime_name(id),
        created_at: at(0),
        updated_at: None,
    }
}

pub(super) fn subnet(number: u128, network: NetworkId, project: ProjectId, cidr: IpNet) -> Subnet {
    let gateway = first_address(cidr);
    Subnet {
        id: subnet_id(number),
        network,
        project,
        name: String::new(),
        description: String::new(),
        cidr,
        gateway,
        allocation_pools: default_pools(cidr, gateway),
        dns_nameservers: Vec::new(),
        pool: None,
        created_at: at(0),
        updated_at: None,
    }
}

/// The address that ends with `last`, on network 0.
pub(super) fn address(port: u128, last: u8) -> Address {
    let ip = Ipv4Addr::new(10, 0, 0, last);
    Address {
        network: network_id(0),
        subnet: subnet_id(0),
        ip: IpAddr::V4(ip),
        mac: mac_of(ip),
        port: port_id(port),
        preserve: false,
        runtime_network: Network::own_runtime_name(network_id(0)),
        security_groups: BTreeSet::new(),
    }
}

/// The port that an address is of, bound to a container of project 0.
pub(super) fn port(address: &Address, container: ContainerId) -> Port {
    Port {
        id: address.port,
        network: address.network,
        project: project(0),
        name: String::new(),
        description: String::new(),
        admin_state_up: true,
        mac: address.mac.clone(),
        fixed_ips: vec![FixedIp {
            subnet: address.subnet,
            ip: address.ip,
        }],
        security_groups: address.security_groups.clone(),
        groups_chosen: false,
        container: Some(container),
        position: 0,
        preserve: address.preserve,
        device_id: String::new(),
        device_owner: String::new(),
        created_at: at(0),
        updated_at: None,
    }
}

/// A group of project 0 that allows what a new one does.
pub(super) fn group(number: u128, name: &str) -> SecurityGroup {
    let id = group_id(number);
    let rules = Allows::of_new_group().into_iter().zip(0_u128..);
    SecurityGroup {
        id,
        project: project(0),
        name: name.to_owned(),
        description: "of a test".to_owned(),
        rules: rules
            .map(|(allows, place)| rule(number * 10 + place, id, allows))
            .collect(),
        created_at: at(0),
        updated_at: None,
    }
}

pub(super) fn rule(number: u128, group: SecurityGroupId, allows: Allows) -> SecurityGroupRule {
    SecurityGroupRule {
        id: SecurityGroupRuleId(Uuid::from_u128(0x1300 + number)),
        group,
        project: project(0),
        description: String::new(),
        allows,
        created_at: at(0),
    }
}

pub(super) fn operation(number: u128, container: ContainerId) -> Operation {
    Operation {
        id: operation_id(number),
        subject: container.into(),
        project: project(0),
        user: user(0),
        kind: OperationKind::Create,
        state: OperationState::Queued,
        request_id: format!("req-{number}"),
        progress: "accepted".to_owned(),
        steps_done: 0,
        steps: 4,
        failure: None,
        created_at: at(3),
        finished_at: None,
    }
}

/// Hosts 0 to 2, networks 0 and 1, and the containers with these numbers.
pub(super) async fn fill(store: &Store, containers: impl IntoIterator<Item = u128>) {
    let mut tx = store.begin().await.unwrap();
    for number in 0..3 {
        tx.host_upsert(&host(number)).await.unwrap();
    }
    for number in 0..2 {
        tx.network_insert(&network(number)).await.unwrap();
    }
    for number in containers {
        tx.container_insert(&container(number)).await.unwrap();
    }
    tx.commit().await.unwrap();
}
