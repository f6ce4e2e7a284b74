//! Records as `/zund/v1` shows them: the one conversion per noun.

use std::collections::{BTreeMap, BTreeSet};

use zun_api_types::container::{Address, Container, Seen};
use zun_api_types::operation::{Event, Operation};
use zun_api_types::quota::Used;
use zun_domain::container as domain;
use zun_domain::id::OperationId;
use zun_domain::policy::Caller;
use zun_domain::quota::Usage;

/// A container. Environment values and contents of files are for its own project only.
pub(super) fn container(
    container: &domain::Container,
    operation: Option<OperationId>,
    caller: &Caller,
) -> Container {
    let desired = &container.desired;
    let spec = spec(&desired.spec, caller.project == container.project);
    let observed = container.observed.as_ref();
    Container {
        uuid: container.id.to_string(),
        project_id: container.project.0.simple().to_string(),
        user_id: container.user.0.simple().to_string(),
        name: desired.name.to_string(),
        generation: container.generation,
        revision: desired.revision,
        confirmed: container.confirmed,
        spec,
        wish: desired.wish,
        state: container.status().to_string().to_lowercase(),
        seen: observed.map(|observed| seen(container, observed)),
        status_reason: container.status_reason.clone(),
        exit_code: observed.and_then(|observed| observed.exit_code),
        oom_killed: observed.is_some_and(|observed| observed.oom_killed),
        host: container.place.name.to_string(),
        availability_zone: container.place.zone.clone(),
        image_digest: desired.image_digest.clone(),
        hostname: desired.hostname.to_string(),
        addresses: container.addresses.iter().map(address).collect(),
        published: container.published_map(),
        volumes: volumes(&desired.mounts),
        effective_command: observed.map(|observed| observed.effective_command.clone()),
        effective_entrypoint: observed.map(|observed| observed.effective_entrypoint.clone()),
        operation: operation.map(|operation| operation.to_string()),
        created_at: container.created_at,
        updated_at: container.updated_at,
    }
}

/// A specification, with values and contents where the caller is of its own project.
pub(super) fn spec(held: &domain::ContainerSpec, own: bool) -> domain::ContainerSpec {
    let mut spec = held.clone();
    spec.environment_wo = None;
    if !own {
        spec.environment = None;
        spec.mounts = spec.mounts.map(without_contents);
    }
    spec
}

fn without_contents(mounts: BTreeSet<domain::MountSpec>) -> BTreeSet<domain::MountSpec> {
    let bare = mounts.into_iter().map(|mount| domain::MountSpec {
        content: None,
        ..mount
    });
    bare.collect()
}

fn volumes(mounts: &[domain::Mount]) -> BTreeMap<String, String> {
    let volumes = mounts.iter().filter_map(|mount| {
        let volume = mount.volume()?;
        Some((mount.destination.to_string(), volume.to_string()))
    });
    volumes.collect()
}

/// An address.
pub(super) fn address(address: &domain::Address) -> Address {
    Address {
        network: address.network.to_string(),
        ip: address.ip.to_string(),
        mac: address.mac.clone(),
        port: address.port.to_string(),
        subnet: address.subnet.to_string(),
    }
}

/// What is seen of a container where a hand may have changed it.
pub(super) fn seen(container: &domain::Container, observed: &domain::Observed) -> Seen {
    let mut strange = strangers(container, observed);
    let all = container.addresses.iter().all(|own| is_on(observed, own));
    let connected = all && strange.next().is_none();
    Seen {
        cpu: observed.cpu,
        memory: observed.memory,
        restart_policy: observed.restart_policy,
        connected,
        networks: (!connected)
            .then(|| networks(container, observed))
            .flatten(),
        security_groups: groups(container),
        image_digest: None,
    }
}

fn is_on(observed: &domain::Observed, address: &domain::Address) -> bool {
    observed.networks.contains(&address.runtime_network)
}

/// Networks of the engine that a hand has connected it to.
fn strangers<'a>(
    container: &'a domain::Container,
    observed: &'a domain::Observed,
) -> impl Iterator<Item = &'a String> {
    let own = |name: &str| {
        let mut addresses = container.addresses.iter();
        addresses.any(|address| address.runtime_network == name)
    };
    // Nothing is known of what it ought to be on before it has an address.
    let known = !container.addresses.is_empty();
    let networks = observed.networks.iter();
    networks.filter(move |name| known && !own(name))
}

/// The entries of the specification that it is connected to, and what a hand has added to them.
fn networks(
    container: &domain::Container,
    observed: &domain::Observed,
) -> Option<Vec<domain::NetworkSpec>> {
    let desired = &container.desired;
    let entries = desired.spec.networks.as_ref()?;
    let connected = |port: &zun_domain::id::PortId| {
        let mut addresses = container.addresses.iter();
        addresses.any(|address| address.port == *port && is_on(observed, address))
    };
    let pairs = entries.iter().zip(&desired.ports);
    let there = pairs.filter(|(_, port)| connected(port));
    let strange = strangers(container, observed).map(|name| domain::NetworkSpec {
        network: Some(name.clone()),
        ..domain::NetworkSpec::default()
    });
    let there = there.map(|(entry, _)| entry.clone());
    Some(there.chain(strange).collect())
}

/// The groups in force on the ports that were made with it, where the specification names others.
fn groups(container: &domain::Container) -> Option<Vec<String>> {
    let desired = &container.desired;
    let wished: BTreeSet<_> = desired.security_groups.iter().copied().collect();
    if wished.is_empty() {
        return None;
    }
    let entries = desired.spec.networks();
    let made = |port: &zun_domain::id::PortId| {
        let at = desired.ports.iter().position(|id| id == port);
        at.is_some_and(|at| entries.get(at).is_none_or(|entry| entry.port.is_none()))
    };
    let others =
        |address: &&domain::Address| made(&address.port) && address.security_groups != wished;
    let other = container.addresses.iter().find(others)?;
    Some(
        other
            .security_groups
            .iter()
            .map(ToString::to_string)
            .collect(),
    )
}

/// An operation.
pub(super) fn operation(operation: &zun_domain::operation::Operation) -> Operation {
    Operation {
        id: operation.id.to_string(),
        subject_kind: operation.subject.kind().to_owned(),
        subject: operation.subject.id().to_string(),
        kind: operation.kind,
        state: operation.state,
        progress: operation.progress.clone(),
        steps_done: operation.steps_done,
        steps: operation.steps,
        failure: operation.failure.clone(),
        created_at: operation.created_at,
        finished_at: operation.finished_at,
    }
}

/// An event.
pub(super) fn event(event: &zun_domain::operation::Event) -> Event {
    Event {
        at: event.at,
        kind: event.kind.clone(),
        message: event.message.clone(),
        operation: event.operation.map(|operation| operation.to_string()),
    }
}

/// Use, in the units of the limits.
pub(super) fn used(usage: &Usage) -> Used {
    Used {
        containers: usage.containers,
        cpu: usage.amounts.cpu.cores(),
        memory: usage.amounts.memory.0,
        disk: usage.amounts.disk.0,
    }
}
