//! Containers, wishes and changes for tests, made from what differs, and steps in a short notation.

pub(crate) mod model;
pub(crate) mod shelf;

use std::collections::BTreeSet;
use std::net::Ipv4Addr;

use uuid::Uuid;
use zun_domain::container::spec::{Environment, SpecDefaults};
use zun_domain::container::{
    Container, ContainerSpec, Desired, Life, Observed, Phase, RestartPolicy, RestartPolicyName,
    RuntimeId, WaitFor, Wish,
};
use zun_domain::host::HostPlace;
use zun_domain::id::{ContainerId, HostId, NetworkId, ProjectId, SnapshotId, UserId, VolumeId};
use zun_domain::image::ResolvedImage;
use zun_domain::network::mac_of;
use zun_domain::runtime::{Attachment, CreateContainer, MakeNetwork, RuntimeName};
use zun_domain::time::Timestamp;

use crate::create::Make;
use crate::step::{Action, OnFailure, Plan, Step, VolumeAction};
use crate::storage::Storage;
use crate::update::{Change, recreates};

/// The revision that containers of these tests have before anything is done to them.
pub(crate) const REVISION: u32 = 1;

const DIGEST: &str = "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

/// Every phase.
pub(crate) const PHASES: [Phase; 6] = [
    Phase::Created,
    Phase::Running,
    Phase::Restarting,
    Phase::Paused,
    Phase::Exited,
    Phase::Dead,
];

/// Every wish.
pub(crate) const WISHES: [Wish; 4] = [Wish::Running, Wish::Stopped, Wish::Paused, Wish::Finished];

/// The one container of these tests.
pub(crate) fn id() -> ContainerId {
    ContainerId(Uuid::from_u128(0xC0))
}

/// Its name in the engine.
pub(crate) fn current() -> RuntimeName {
    RuntimeName::Current(id())
}

/// The least that can be asked, defaults filled in.
pub(crate) fn spec() -> ContainerSpec {
    ContainerSpec::of("web:1".parse().unwrap()).with_defaults(&SpecDefaults::default())
}

/// The same, changed.
pub(crate) fn spec_with(change: impl FnOnce(&mut ContainerSpec)) -> ContainerSpec {
    let mut spec = spec();
    change(&mut spec);
    spec
}

/// An edit that needs a new container.
pub(crate) fn environment(color: &str) -> Environment {
    let entry = ("COLOR".parse().unwrap(), color.to_owned());
    Environment([entry].into_iter().collect())
}

/// A restart policy without a bound.
pub(crate) fn policy(name: RestartPolicyName) -> RestartPolicy {
    RestartPolicy {
        name,
        maximum_retry_count: None,
    }
}

/// The policy as an engine shows it: `no` and none are the same to it.
pub(crate) fn in_force(policy: Option<RestartPolicy>) -> Option<RestartPolicy> {
    policy
        .map(RestartPolicy::for_engine)
        .filter(|policy| policy.name != RestartPolicyName::No)
}

/// The project's network.
pub(crate) fn network() -> MakeNetwork {
    another_network(0, "default")
}

/// The n-th further network of the project.
pub(crate) fn another_network(n: u8, name: &str) -> MakeNetwork {
    MakeNetwork {
        id: NetworkId(Uuid::from_u128(0xE0 + u128::from(n))),
        project: ProjectId(Uuid::from_u128(0xB0)),
        name: name.to_owned(),
        subnet: format!("10.0.{n}.0/24").parse().unwrap(),
        gateway: None,
        v6: None,
        mtu: None,
        runtime_name: None,
        routed: n > 0,
    }
}

/// The address there that ends so.
pub(crate) fn attachment(network: &MakeNetwork, last: u8) -> Attachment {
    let [a, b, c, _] = network.subnet.network().octets();
    let ip = Ipv4Addr::new(a, b, c, last);
    Attachment {
        network: network.runtime_name(),
        ip,
        ipv6: None,
        mac: mac_of(ip),
        aliases: Vec::new(),
    }
}

/// What is needed to make the container, its image present.
pub(crate) fn make(spec: ContainerSpec, wish: Wish, wait_for: WaitFor, revision: u32) -> Make {
    let image = spec.image.clone();
    Make {
        request: CreateContainer {
            container: id(),
            project: network().project,
            revision,
            image: image.with_tag(),
            spec,
            hostname: Container::default_hostname(id()),
            joins: None,
            attachments: vec![attachment(&network(), 2)],
            dns: Vec::new(),
            published: Vec::new(),
            mounts: Vec::new(),
        },
        image: ResolvedImage {
            reference: image,
            digest: DIGEST.to_owned(),
            present: true,
            registry: None,
        },
        load: None,
        networks: vec![network()],
        storage: Storage::default(),
        wish,
        wait_for,
    }
}

/// What an engine shows of a container made from this specification.
pub(crate) fn seen(spec: &ContainerSpec, phase: Phase, revision: u32) -> Observed {
    Observed {
        runtime: RuntimeId(format!("r{revision}")),
        revision,
        phase,
        exit_code: matches!(phase, Phase::Exited | Phase::Dead).then_some(0),
        oom_killed: false,
        error: None,
        started_at: None,
        finished_at: None,
        health: None,
        cpu: spec.cpu,
        memory: spec.memory,
        restart_policy: in_force(spec.restart_policy),
        networks: vec![network().runtime_name()],
        image_id: DIGEST.to_owned(),
        effective_command: Vec::new(),
        effective_entrypoint: Vec::new(),
    }
}

/// The record of a container of which this was wished and that is seen.
pub(crate) fn container(spec: ContainerSpec, wish: Wish, seen: Option<Observed>) -> Container {
    Container {
        id: id(),
        membership: None,
        project: network().project,
        user: UserId(Uuid::nil()),
        place: HostPlace {
            id: HostId(Uuid::nil()),
            name: "host-1".parse().unwrap(),
            zone: "az1".to_owned(),
        },
        generation: 1,
        desired: Desired {
            name: "web".parse().unwrap(),
            spec,
            wish,
            revision: REVISION,
            image_digest: DIGEST.to_owned(),
            hostname: Container::default_hostname(id()),
            published: Vec::new(),
            mounts: Vec::new(),
            ports: Vec::new(),
            security_groups: Vec::new(),
            registry: None,
        },
        addresses: Vec::new(),
        life: Life::Live,
        observed: seen,
        status_reason: None,
        task: None,
        confirmed: true,
        created_at: Timestamp::UNIX_EPOCH,
        updated_at: None,
    }
}

/// The record of a container as it was wished, in this phase.
pub(crate) fn in_phase(phase: Phase, wish: Wish) -> Container {
    let spec = spec();
    let seen = seen(&spec, phase, REVISION);
    container(spec, wish, Some(seen))
}

/// An edit as an update decides it: the next revision only where a new container is needed.
pub(crate) fn change(
    current: &Container,
    spec: ContainerSpec,
    wish: Wish,
    wait_for: WaitFor,
    disk_enforced: bool,
) -> Change {
    let mut target = current.desired.clone();
    target.spec = spec.clone();
    target.wish = wish;
    let mut change = Change {
        make: make(spec, wish, wait_for, target.revision),
        target,
        wait_for,
        disk_enforced,
        former: vec![attachment(&network(), 2)],
        regrouped: false,
    };
    if recreates(current, &change) {
        change.target.revision += 1;
        change.make.request.revision += 1;
    }
    change
}

/// How long to wait for a wish, where nothing else is said.
pub(crate) fn usual_wait(wish: Wish) -> WaitFor {
    match wish {
        Wish::Finished => WaitFor::Exited,
        Wish::Running | Wish::Stopped | Wish::Paused => WaitFor::Running,
    }
}

fn name(name: RuntimeName) -> String {
    match name {
        RuntimeName::Current(_) => "current".to_owned(),
        RuntimeName::Aside(_, revision) => format!("aside-{revision}"),
    }
}

fn short(action: &Action) -> String {
    match action {
        Action::Pull(image) => format!("pull {}", image.reference),
        Action::Image(action) => format!("image: {}", Action::Image(action.clone()).progress()),
        Action::EnsureNetwork(network) => format!("network {}", network.name),
        Action::Volume(action) => short_volume(action),
        Action::Create(request) => format!("create r{}", request.revision),
        Action::Start(n) => format!("start {}", name(*n)),
        Action::Stop { name: n, timeout } => match timeout {
            Some(seconds) => format!("stop {} within {seconds} s", name(*n)),
            None => format!("stop {}", name(*n)),
        },
        Action::Kill { name: n, signal } => match signal {
            Some(signal) => format!("kill {} with {signal}", name(*n)),
            None => format!("kill {}", name(*n)),
        },
        Action::Pause(n) => format!("pause {}", name(*n)),
        Action::Unpause(n) => format!("unpause {}", name(*n)),
        Action::Update { name: n, limits } => {
            let cpu = limits.cpu.map(|cpu| format!(" cpu {cpu}"));
            let memory = limits.memory.map(|memory| format!(" memory {memory}"));
            let policy = limits.restart_policy.map(|p| format!(" {:?}", p.name));
            let parts: String = [cpu, memory, policy].into_iter().flatten().collect();
            format!("limit {}:{parts}", name(*n))
        }
        Action::Rename { revision, to, .. } => format!("name r{revision} {}", name(*to)),
        Action::Remove(n) => format!("remove {}", name(*n)),
        Action::Guard => "guard".to_owned(),
        Action::Connect {
            name: n,
            attachment,
        } => {
            format!("connect {} at {}", name(*n), attachment.ip)
        }
        Action::Disconnect { name: n, network } => {
            format!(
                "disconnect {} from {}",
                name(*n),
                &network[network.len() - 2..]
            )
        }
        Action::AwaitStarted { name: n, healthy } => {
            let what = if *healthy { "healthy" } else { "running" };
            format!("await {} {what}", name(*n))
        }
        Action::AwaitExited { name: n } => format!("await {} ended", name(*n)),
    }
}

fn short_volume(action: &VolumeAction) -> String {
    let v = |id: &VolumeId| format!("v{:x}", id.0.as_u128());
    let s = |id: &SnapshotId| format!("{:x}", id.0.as_u128());
    match action {
        VolumeAction::Make(make) => format!("make {}", v(&make.id)),
        VolumeAction::Connect(id) => format!("connect {}", v(id)),
        VolumeAction::Format(id) => format!("format {}", v(id)),
        VolumeAction::Mount(id) => format!("mount {}", v(id)),
        VolumeAction::Unmount(id) => format!("unmount {}", v(id)),
        VolumeAction::Disconnect(id) => format!("disconnect {}", v(id)),
        VolumeAction::Extend { volume, size } => format!("extend {} to {size}", v(volume)),
        VolumeAction::Delete(id) => format!("delete {}", v(id)),
        VolumeAction::Snapshot { volume, snapshot } => {
            format!("snapshot {} as {}", v(volume), s(snapshot))
        }
        VolumeAction::DeleteSnapshot(id) => format!("delete snapshot {}", s(id)),
        VolumeAction::WriteFiles { revision, .. } => format!("write files r{revision}"),
        VolumeAction::RemoveFiles { keep: None, .. } => "remove files".to_owned(),
        VolumeAction::RemoveFiles {
            keep: Some(kept), ..
        } => format!("remove files but r{kept}"),
    }
}

fn line(step: &Step) -> String {
    let mut line = short(&step.action);
    if !step.undo.is_empty() {
        let undo: Vec<String> = step.undo.iter().map(short).collect();
        line = format!("{line} <- {}", undo.join(", "));
    }
    match step.on_failure {
        OnFailure::Undo => line,
        OnFailure::Keep => format!("{line} (keep)"),
        OnFailure::GoOn => format!("{line} (go on)"),
    }
}

/// A plan, a line per step: `action <- what takes it back (what else a failure means)`.
pub(crate) fn lines(plan: &Plan) -> Vec<String> {
    plan.steps.iter().map(line).collect()
}

/// Fails unless the plan has these lines.
#[track_caller]
pub(crate) fn check(what: &str, plan: &Plan, expected: &[&str]) {
    assert_eq!(lines(plan), expected, "{what}");
}

/// The distinct values, to see that a table leaves none out.
pub(crate) fn distinct<T: std::fmt::Debug>(values: impl IntoIterator<Item = T>) -> usize {
    let words = values.into_iter().map(|value| format!("{value:?}"));
    words.collect::<BTreeSet<String>>().len()
}
