//! Capsules of the stand-in: they do at once what they are told, container by container.

use std::collections::BTreeMap;

use serde_json::{Value as Json, json};
use zun_api_types::capsule::{Capsule, CapsuleMember, CreateCapsule, UpdateCapsule};
use zun_domain::capsule::{CapsuleSpec, ContainerEdit, Role, effect};
use zun_domain::container::spec::SpecDefaults;
use zun_domain::container::{Effect, Wish};

use super::http::{Answer, Request, answer};
use super::world::{World, refused};

/// What the stand-in holds of capsules.
#[derive(Default)]
pub(crate) struct Capsules {
    pub(crate) all: BTreeMap<String, Capsule>,
    /// What a capsule becomes by an operation, from the moment its end is asked for.
    pending: BTreeMap<String, Capsule>,
    made: u32,
}

impl World {
    /// The only capsule.
    pub(crate) fn only_capsule(&mut self) -> &mut Capsule {
        assert_eq!(self.capsules.all.len(), 1);
        self.capsules.all.values_mut().next().unwrap()
    }

    /// The end of an operation was asked for.
    pub(super) fn settle_capsule(&mut self, operation: &str) {
        if let Some(capsule) = self.capsules.pending.remove(operation) {
            self.capsules.all.insert(capsule.uuid.clone(), capsule);
        }
    }

    pub(super) fn capsule_create(&mut self, body: &Json) -> Answer {
        self.changes.push(body.clone());
        let asked: CreateCapsule = serde_json::from_value(body.clone()).unwrap();
        let name = asked.name.as_ref().map(ToString::to_string);
        let mut all = self.capsules.all.values();
        if let Some(taken) = all.find(|one| Some(&one.name) == name.as_ref()) {
            return refused(409, "conflict", "the name is taken", Some(&taken.uuid));
        }
        self.capsules.made += 1;
        let number = self.capsules.made;
        let mut capsule = fresh(number, name, asked.spec);
        settle(&mut capsule, asked.state);
        let mut first = capsule.clone();
        first.state = "creating".into();
        if self.failure.is_some() {
            capsule.state = "error".into();
            capsule.status_reason = Some("its container web ended".into());
        }
        self.capsules.all.insert(capsule.uuid.clone(), capsule);
        self.accepted_of("capsule", &first.uuid.clone(), &json!(first), "create")
    }

    pub(super) fn capsule(&mut self, which: &str, request: &Request) -> Answer {
        let mut all = self.capsules.all.values();
        let found = all.find(|one| one.uuid == which || one.name == which);
        let Some(uuid) = found.map(|one| one.uuid.clone()) else {
            return refused(404, "not-found", "no such capsule", None);
        };
        match request.method.as_str() {
            "GET" => answer(200, json!(self.capsules.all[&uuid])),
            "PUT" => self.capsule_update(&uuid, &request.body),
            "DELETE" => {
                let capsule = self.capsules.all.remove(&uuid);
                self.accepted_of("capsule", &uuid, &json!(capsule), "delete")
            }
            _ => {
                self.capsules.all.get_mut(&uuid).unwrap().confirmed = true;
                answer(204, Json::Null)
            }
        }
    }

    fn capsule_update(&mut self, uuid: &str, body: &Json) -> Answer {
        self.changes.push(body.clone());
        let asked: UpdateCapsule = serde_json::from_value(body.clone()).unwrap();
        let before = self.capsules.all[uuid].clone();
        if asked
            .generation
            .is_some_and(|seen| seen != before.generation)
        {
            return refused(409, "conflict", "the capsule has changed", None);
        }
        if self.failure.is_none() {
            let mut capsule = before.clone();
            self.capsules.made += 1;
            change(&mut capsule, asked, self.capsules.made);
            let id = self.next_operation();
            self.capsules.pending.insert(id, capsule);
        }
        self.accepted_of("capsule", uuid, &json!(before), "update")
    }

    pub(super) fn capsule_preview(&self) -> Answer {
        answer(
            200,
            json!({"problems": self.problems, "host": "alpha", "rejections": [], "image_digests": {}, "steps": []}),
        )
    }
}

fn filled(spec: CapsuleSpec) -> CapsuleSpec {
    spec.with_defaults(&SpecDefaults::default())
}

fn without_secrets(mut spec: CapsuleSpec) -> CapsuleSpec {
    let inits = spec.init_containers.iter_mut().flatten();
    for one in spec.containers.iter_mut().chain(inits) {
        one.spec.environment_wo = None;
    }
    spec
}

fn fresh(number: u32, name: Option<String>, spec: CapsuleSpec) -> Capsule {
    let uuid = format!("00000000-0000-4000-9000-{number:012}");
    let mut capsule: Capsule = serde_json::from_value(json!({
        "uuid": uuid, "project_id": "p", "user_id": "u", "generation": 1, "confirmed": false,
        "name": name.unwrap_or_else(|| format!("made-up-{number}")),
        "spec": {"containers": []}, "wish": "running", "state": "running", "status_reason": null, "host": "alpha",
        "availability_zone": "nova", "hostname": "000000000000", "containers": [], "published": {}, "volumes": {},
        "addresses": [{"network": "n", "subnet": "s", "ip": "10.0.0.2", "mac": "02:42:0a:00:00:02", "port": "q"}],
        "created_at": "2026-01-01T00:00:00Z", "updated_at": null,
    }))
    .unwrap();
    take(&mut capsule, spec, number);
    capsule
}

/// The containers and what follows from a specification; those that are there already stay what they are.
fn take(capsule: &mut Capsule, spec: CapsuleSpec, number: u32) {
    let spec = without_secrets(filled(spec));
    let former = std::mem::take(&mut capsule.containers);
    let parts = spec.parts().enumerate();
    capsule.containers = parts
        .map(|(place, (role, one))| {
            let name = one.name.to_string();
            let kept = former
                .iter()
                .find(|other| other.name == name && other.role == role);
            kept.cloned().unwrap_or_else(|| CapsuleMember {
                uuid: format!("00000000-0000-4000-a000-{number:06}{place:06}"),
                name,
                role,
                state: "running".into(),
                status_reason: None,
                exit_code: None,
                oom_killed: false,
                image_digest: "sha256:1".into(),
                revision: 1,
                seen: None,
            })
        })
        .collect();
    if let Some(hostname) = &spec.hostname {
        capsule.hostname = hostname.to_string();
    }
    if let Some(zone) = &spec.availability_zone {
        capsule.availability_zone.clone_from(zone);
    }
    if let Some(host) = &spec.host {
        capsule.host.clone_from(host);
    }
    let ports = spec.ports().into_iter().map(|port| {
        let key = format!("{}/{}", port.internal, port.protocol.unwrap_or_default());
        (key, port.external.map_or(32768, std::num::NonZeroU16::get))
    });
    capsule.published = ports.collect();
    let volumes = spec.volumes().iter().map(|volume| {
        let made = format!("volume-{}", volume.name);
        (volume.name.clone(), volume.volume.clone().unwrap_or(made))
    });
    capsule.volumes = volumes.collect();
    capsule.spec = spec;
}

fn change(capsule: &mut Capsule, asked: UpdateCapsule, number: u32) {
    let hidden: Vec<String> = asked
        .spec
        .parts()
        .filter(|(_, one)| one.spec.environment_wo.is_some())
        .map(|(_, one)| one.name.to_string())
        .collect();
    let spec = filled(without_secrets(asked.spec));
    let found = effect::effect(&capsule.spec, &spec, true);
    let remade = |one: &CapsuleMember| {
        let edit = found
            .containers
            .iter()
            .find(|(name, _)| name.as_str() == one.name);
        found.whole == Effect::Recreate
            || hidden.contains(&one.name)
            || one.state == "missing"
            || matches!(edit, Some((_, ContainerEdit::Changed(effect))) if *effect >= Effect::Recreate)
    };
    for one in &mut capsule.containers {
        if remade(one) {
            one.revision += 1;
            one.image_digest = format!("sha256:{}", one.revision);
        }
    }
    take(capsule, spec, number);
    capsule.generation += 1;
    if let Some(name) = asked.name {
        capsule.name = name.to_string();
    }
    settle(capsule, asked.state);
}

/// What a capsule is after an operation that succeeded.
fn settle(capsule: &mut Capsule, wish: Option<Wish>) {
    capsule.wish = wish.unwrap_or(capsule.wish);
    let state = match capsule.wish {
        Wish::Stopped => "stopped",
        _ => "running",
    };
    capsule.state = state.into();
    let spec = capsule.spec.clone();
    for one in &mut capsule.containers {
        one.state = if one.role == Role::Init {
            "stopped"
        } else {
            state
        }
        .into();
        let limits = spec
            .parts()
            .find(|(_, other)| other.name.as_str() == one.name);
        let limits = limits.map(|(_, other)| (other.spec.cpu, other.spec.memory));
        let (cpu, memory) = limits.unwrap_or_default();
        let policy = spec.restart_policy;
        let policy = policy.unwrap_or(zun_domain::container::RestartPolicy {
            name: zun_domain::container::RestartPolicyName::Always,
            maximum_retry_count: None,
        });
        one.seen = Some(zun_api_types::container::Seen {
            cpu,
            memory,
            restart_policy: Some(policy.for_engine()),
            connected: true,
            networks: None,
            security_groups: None,
            image_digest: None,
        });
    }
}
