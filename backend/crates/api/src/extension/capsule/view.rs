//! A capsule as `/zund/v1` shows it.

use std::collections::BTreeMap;

use zun_api_types::capsule::{Capsule, CapsuleMember};
use zun_domain::capsule as domain;
use zun_domain::capsule::{CapsuleContainer, CapsuleSpec, Role};
use zun_domain::container::Container;
use zun_domain::policy::Caller;

use super::super::view;

/// A capsule. Environment values and contents of files are for its own project only.
pub(super) fn capsule(capsule: &domain::Capsule, caller: &Caller) -> Capsule {
    let desired = &capsule.desired;
    let own = caller.project == capsule.project;
    let sandbox = capsule.sandbox();
    let volumes = desired.volumes.iter();
    Capsule {
        uuid: capsule.id.to_string(),
        project_id: capsule.project.0.simple().to_string(),
        user_id: capsule.user.0.simple().to_string(),
        name: desired.name.to_string(),
        generation: capsule.generation,
        confirmed: capsule.confirmed,
        spec: spec(&desired.spec, own),
        wish: desired.wish,
        state: capsule.status().to_string().to_lowercase(),
        status_reason: capsule.reason(),
        host: capsule.place.name.to_string(),
        availability_zone: capsule.place.zone.clone(),
        hostname: sandbox.map_or_else(String::new, |one| one.desired.hostname.to_string()),
        containers: capsule.containers.iter().map(member).collect(),
        addresses: sandbox
            .map(|one| one.addresses.iter().map(view::address).collect())
            .unwrap_or_default(),
        published: sandbox.map_or_else(BTreeMap::new, Container::published_map),
        volumes: volumes
            .map(|(name, id)| (name.clone(), id.to_string()))
            .collect(),
        created_at: capsule.created_at,
        updated_at: capsule.updated_at,
    }
}

fn spec(spec: &CapsuleSpec, own: bool) -> CapsuleSpec {
    let shown = |all: &[CapsuleContainer]| {
        let all = all.iter().map(|one| CapsuleContainer {
            name: one.name.clone(),
            spec: view::spec(&one.spec, own),
        });
        all.collect::<Vec<_>>()
    };
    CapsuleSpec {
        containers: shown(&spec.containers),
        init_containers: spec.init_containers.as_deref().map(shown),
        ..spec.clone()
    }
}

fn member(container: &Container) -> CapsuleMember {
    let observed = container.observed.as_ref();
    let role = container.membership.map(|membership| membership.role);
    CapsuleMember {
        name: container.desired.name.to_string(),
        role: role.unwrap_or(Role::Member),
        uuid: container.id.to_string(),
        state: container.status().to_string().to_lowercase(),
        status_reason: container.status_reason.clone(),
        exit_code: observed.and_then(|observed| observed.exit_code),
        oom_killed: observed.is_some_and(|observed| observed.oom_killed),
        image_digest: container.desired.image_digest.clone(),
        revision: container.desired.revision,
        seen: observed.map(|observed| view::seen(container, observed)),
    }
}
