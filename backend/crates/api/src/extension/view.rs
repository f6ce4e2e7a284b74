//! Records as `/zund/v1` shows them: the one conversion per noun.

use zun_api_types::container::{Address, Container, Seen};
use zun_api_types::operation::{Event, Operation};
use zun_api_types::quota::Used;
use zun_domain::container as domain;
use zun_domain::id::OperationId;
use zun_domain::policy::Caller;
use zun_domain::quota::Usage;

/// A container. Environment values are for its own project only.
pub(super) fn container(
    container: &domain::Container,
    operation: Option<OperationId>,
    caller: &Caller,
) -> Container {
    let desired = &container.desired;
    let mut spec = desired.spec.clone();
    spec.environment_wo = None;
    if caller.project != container.project {
        spec.environment = None;
    }
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
        effective_command: observed.map(|observed| observed.effective_command.clone()),
        effective_entrypoint: observed.map(|observed| observed.effective_entrypoint.clone()),
        operation: operation.map(|operation| operation.to_string()),
        created_at: container.created_at,
        updated_at: container.updated_at,
    }
}

fn address(address: &domain::Address) -> Address {
    Address {
        network: address.network.to_string(),
        ip: address.ip.to_string(),
        mac: address.mac.clone(),
        port: address.port.to_string(),
    }
}

fn seen(container: &domain::Container, observed: &domain::Observed) -> Seen {
    let connected = container.addresses.iter().all(|address| {
        observed
            .networks
            .contains(&format!("zun-{}", address.network))
    });
    Seen {
        cpu: observed.cpu,
        memory: observed.memory,
        restart_policy: observed.restart_policy,
        connected,
    }
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
