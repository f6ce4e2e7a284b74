//! What the stand-in holds, and how it answers each route of `/zund/v1`.

use std::collections::BTreeMap;

use serde_json::{Value as Json, json};
use zun_api_types::container::{Container, CreateContainer, Seen, UpdateContainer};
use zun_domain::container::change::{changes, effect_of};
use zun_domain::container::spec::SpecDefaults;
use zun_domain::container::{ContainerSpec, Effect, RestartPolicy, WaitFor, Wish};
use zun_domain::quota::{LimitSet, Limits};

use super::capsule::Capsules;
use super::http::{Answer, Request, answer};
use super::images::Images;
use super::networking::Networking;
use super::registries::Registries;
use super::storage::Storage;

/// Everything the stand-in holds.
#[derive(Default)]
pub(crate) struct World {
    pub(crate) address: String,
    pub(crate) containers: BTreeMap<String, Container>,
    /// The body of every change that was asked for.
    pub(crate) changes: Vec<Json>,
    /// `METHOD path` of every request.
    pub(crate) seen: Vec<String>,
    /// The failure of the next operation.
    pub(crate) failure: Option<Json>,
    /// What stands in the way, for previews.
    pub(crate) problems: Vec<Json>,
    /// What `disk` means; `enforced` where none is given.
    pub(crate) disk: Option<&'static str>,
    /// Its capsules.
    pub(crate) capsules: Capsules,
    /// Its block storage.
    pub(crate) storage: Storage,
    /// Its networking.
    pub(crate) networking: Networking,
    /// Its image service.
    pub(crate) images: Images,
    /// Its registries.
    pub(crate) registries: Registries,
    limits: BTreeMap<String, LimitSet>,
    operations: BTreeMap<String, Json>,
    /// What a container becomes by an operation, from the moment its end is asked for.
    pending: BTreeMap<String, Container>,
    made: u32,
}

pub(super) fn refused(status: u16, code: &str, detail: &str, existing: Option<&str>) -> Answer {
    answer(
        status,
        json!({"errors": [{"request_id": "req-1", "code": format!("container.{code}"), "status": status,
            "title": code, "detail": detail, "existing": existing}]}),
    )
}

fn as_json(value: &impl serde::Serialize) -> Json {
    serde_json::to_value(value).unwrap()
}

impl World {
    /// Requests whose `METHOD path` begins like this.
    pub(crate) fn count(&self, begin: &str) -> usize {
        self.seen
            .iter()
            .filter(|one| one.starts_with(begin))
            .count()
    }

    /// The only container.
    pub(crate) fn only(&mut self) -> &mut Container {
        assert_eq!(self.containers.len(), 1);
        self.containers.values_mut().next().unwrap()
    }

    /// Answers a request.
    pub(super) fn answer(&mut self, request: &Request) -> Answer {
        let Request { method, path, .. } = request;
        self.seen.push(format!("{method} {path}"));
        let parts: Vec<&str> = path.trim_matches('/').split('/').collect();
        match (method.as_str(), parts.as_slice()) {
            ("POST", ["v3", "auth", "tokens"]) => Answer {
                headers: "x-subject-token: secret-token\r\n",
                ..answer(
                    201,
                    json!({"token": {"catalog": [{"type": "container", "endpoints": [
                    {"interface": "public", "region": "R", "url": format!("{}/v1", self.address)}]}]}}),
                )
            },
            ("GET", ["zund", "v1"]) => answer(
                200,
                json!({"version": "0.1.0", "api": 1,
                "disk": self.disk.unwrap_or("enforced"), "project_id": "p"}),
            ),
            ("POST", ["zund", "v1", "preview"]) => self.preview(),
            ("POST", ["zund", "v1", "preview", "capsule"]) => self.capsule_preview(),
            ("POST", ["zund", "v1", "capsules"]) => self.capsule_create(&request.body),
            (_, ["zund", "v1", "capsules", which, ..]) => self.capsule(which, request),
            ("GET", ["zund", "v1", "operations", id]) if id.starts_with("image-") => {
                self.images.operation(id)
            }
            ("GET", ["zund", "v1", "operations", id]) => {
                if let Some(container) = self.pending.remove(*id) {
                    self.containers.insert(container.uuid.clone(), container);
                }
                self.settle_capsule(id);
                answer(200, self.operations[*id].clone())
            }
            ("POST", ["zund", "v1", "containers"]) => self.create(&request.body),
            ("GET", ["zund", "v1", "containers"]) => {
                let all: Vec<Json> = self.containers.values().map(as_json).collect();
                answer(200, json!({"containers": all, "next": null}))
            }
            (_, ["zund", "v1", "containers", which, ..]) => self.container(which, request),
            (_, ["zund", "v1", kind @ ("quotas" | "quota_classes"), name]) => {
                self.quota(&format!("{kind}/{name}"), request)
            }
            (_, ["volume", "v3", "p", rest @ ..]) => self.storage.answer(request, rest),
            (_, ["network", "v2.0", rest @ ..]) => self.networking.answer(request, rest),
            (_, ["image", "v2", "images", rest @ ..]) => self.images.answer(request, rest),
            (_, ["zund", "v1", "images", rest @ ..]) => self.images.extension(request, rest),
            (_, ["v1", "registries", rest @ ..]) => self.registries.answer(request, rest),
            ("GET", ["v1", "hosts"]) => answer(
                200,
                json!({"hosts": [{"uuid": "h1", "hostname": "alpha",
                "mem_total": 2048, "mem_used": 512, "cpus": 4, "cpu_used": 0.5, "disk_total": 80, "disk_used": 1,
                "labels": {"zone": "a"}}]}),
            ),
            _ => refused(404, "not-found", "no such route", None),
        }
    }

    fn container(&mut self, which: &str, request: &Request) -> Answer {
        let found = self
            .containers
            .values()
            .find(|c| c.uuid == which || c.name == which)
            .map(|c| c.uuid.clone());
        let Some(uuid) = found else {
            return refused(404, "not-found", "no such container", None);
        };
        match request.method.as_str() {
            "GET" => answer(200, as_json(&self.containers[&uuid])),
            "PUT" => self.update(&uuid, &request.body),
            "DELETE" => {
                let container = self.containers[&uuid].clone();
                let accepted = self.accepted(&container, "delete");
                self.containers.remove(&uuid);
                accepted
            }
            _ => {
                self.containers.get_mut(&uuid).unwrap().confirmed = true;
                answer(204, Json::Null)
            }
        }
    }

    /// Accepts an operation that has ended by the time it is asked for.
    fn accepted(&mut self, container: &Container, kind: &str) -> Answer {
        self.accepted_of("container", &container.uuid, &json!(container), kind)
    }

    /// The same of anything.
    pub(super) fn accepted_of(
        &mut self,
        noun: &str,
        uuid: &str,
        body: &Json,
        kind: &str,
    ) -> Answer {
        let id = self.next_operation();
        let failure = self.failure.take();
        let ended = |state: &str, failure: &Json| {
            json!({"id": id, "subject_kind": noun, "subject": uuid, "kind": kind, "state": state, "progress": "", "steps_done": 0,
                "steps": 3, "failure": failure, "created_at": "2026-01-01T00:00:00Z", "finished_at": null})
        };
        let last = match failure {
            Some(failure) => ended("failed", &failure),
            None => ended("succeeded", &Json::Null),
        };
        self.operations.insert(id.clone(), last);
        answer(
            202,
            json!({noun: body, "operation": ended("queued", &Json::Null)}),
        )
    }

    /// The id of the operation that is accepted next.
    pub(super) fn next_operation(&self) -> String {
        format!("op-{}", self.operations.len())
    }

    fn create(&mut self, body: &Json) -> Answer {
        self.changes.push(body.clone());
        let asked: CreateContainer = serde_json::from_value(body.clone()).unwrap();
        let taken = asked.name.as_ref().and_then(|name| {
            self.containers
                .values()
                .find(|c| c.name == name.as_str())
                .map(|c| c.uuid.clone())
        });
        if let Some(uuid) = taken {
            return refused(409, "conflict", "the name is taken", Some(&uuid));
        }
        self.made += 1;
        let container = fresh(self.made, &asked);
        let failing = self.failure.is_some();
        let mut first = container.clone();
        first.state = "creating".into();
        let accepted = self.accepted(&first, "create");
        let mut container = container;
        if failing {
            container.state = "error".into();
            container.status_reason = Some("it did not start".into());
        }
        self.containers.insert(container.uuid.clone(), container);
        accepted
    }

    fn update(&mut self, uuid: &str, body: &Json) -> Answer {
        self.changes.push(body.clone());
        let asked: UpdateContainer = serde_json::from_value(body.clone()).unwrap();
        let mut container = self.containers[uuid].clone();
        if asked.generation.is_some_and(|g| g != container.generation) {
            return refused(409, "conflict", "the container has changed", None);
        }
        if self.failure.is_none() {
            let hidden = asked.spec.environment_wo.is_some();
            let spec = filled(asked.spec);
            let found = effect_of(&changes(&container.spec, &spec));
            let moved = container
                .seen
                .as_ref()
                .is_some_and(|seen| seen.image_digest.is_some());
            let remade = found >= Effect::Recreate
                || hidden
                || container.state == "missing"
                || (moved && spec.follows_tag());
            if remade {
                container.revision += 1;
                container.image_digest = format!("sha256:{}", container.revision);
            }
            if let Some(hostname) = &spec.hostname {
                container.hostname = hostname.to_string();
            }
            container.volumes = volumes_of(&spec);
            container.spec = spec;
            container.generation += 1;
            if let Some(name) = asked.name {
                container.name = name.to_string();
            }
            settle(&mut container, asked.state, asked.wait_for);
        }
        let id = format!("op-{}", self.operations.len());
        let before = self.containers[uuid].clone();
        self.pending.insert(id, container);
        self.accepted(&before, "update")
    }

    fn preview(&mut self) -> Answer {
        answer(
            200,
            json!({"problems": self.problems, "host": "alpha", "rejections": [{"host": "alpha",
            "refusals": [{"filter": "RamFilter", "reason": "asked for 9 MiB, 1 MiB are left"}]}],
            "effect": null, "changes": [], "image_digest": null, "steps": []}),
        )
    }

    fn quota(&mut self, key: &str, request: &Request) -> Answer {
        let set = self.limits.get(key).copied().unwrap_or_default();
        match request.method.as_str() {
            "GET" => answer(200, shown(set)),
            "DELETE" => {
                self.limits.remove(key);
                answer(204, Json::Null)
            }
            _ if request.body["create"] == true && !set.is_empty() => {
                refused(409, "conflict", "limits are set", None)
            }
            _ => {
                let asked: LimitSet =
                    serde_json::from_value(request.body["limits"].clone()).unwrap();
                self.limits.insert(key.to_owned(), asked);
                answer(200, shown(asked))
            }
        }
    }
}

fn shown(set: LimitSet) -> Json {
    let effective = Limits::default().under(LimitSet::default(), set);
    json!({"limits": set, "effective": effective,
        "used": {"containers": 1, "cpu": 0.5, "memory": 64, "disk": 0}})
}

fn filled(spec: ContainerSpec) -> ContainerSpec {
    let mut spec = spec.with_defaults(&SpecDefaults::default());
    spec.environment_wo = None;
    spec
}

/// A container that has just been made as it was asked for.
pub(crate) fn fresh(number: u32, asked: &CreateContainer) -> Container {
    let spec = filled(asked.spec.clone());
    let uuid = format!("00000000-0000-4000-8000-{number:012}");
    let hostname = spec
        .hostname
        .as_ref()
        .map_or("000000000000".into(), ToString::to_string);
    let published = spec.ports.iter().flatten().map(|port| {
        let key = format!("{}/{}", port.internal, port.protocol.unwrap_or_default());
        (key, port.external.map_or(32768, std::num::NonZeroU16::get))
    });
    let zone = spec.availability_zone.clone().unwrap_or("nova".into());
    let json = json!({
        "uuid": uuid, "project_id": "p", "user_id": "u", "generation": 1, "revision": 1, "confirmed": false,
        "name": asked.name.as_ref().map_or_else(|| format!("made-up-{number}"), ToString::to_string),
        "spec": spec, "wish": "running", "state": "running", "seen": null, "status_reason": null, "exit_code": null,
        "oom_killed": false, "host": "alpha", "availability_zone": zone, "image_digest": "sha256:1",
        "hostname": hostname, "published": published.collect::<BTreeMap<_, _>>(), "volumes": volumes_of(&spec),
        "addresses": [{"network": "n", "subnet": "s", "ip": "10.0.0.2", "mac": "02:42:0a:00:00:02", "port": "q"}],
        "effective_command": ["run"], "effective_entrypoint": [], "operation": null,
        "created_at": "2026-01-01T00:00:00Z", "updated_at": null,
    });
    let mut container: Container = serde_json::from_value(json).unwrap();
    settle(&mut container, asked.state, asked.wait_for);
    container
}

/// A volume for each entry that has one, named after its destination.
fn volumes_of(spec: &ContainerSpec) -> BTreeMap<String, String> {
    let mounts = spec.mounts.iter().flatten();
    let volumes = mounts.filter(|mount| mount.content.is_none());
    let named = volumes.map(|mount| {
        let made = format!("volume-at{}", mount.destination);
        let id = mount.source.clone().unwrap_or(made);
        (mount.destination.to_string(), id)
    });
    named.collect()
}

/// What a container is after an operation that succeeded.
fn settle(container: &mut Container, wish: Option<Wish>, wait_for: Option<WaitFor>) {
    container.wish = match (wish, wait_for) {
        (_, Some(WaitFor::Exited)) => Wish::Finished,
        (wish, _) => wish.unwrap_or(container.wish),
    };
    let (state, exit_code) = match container.wish {
        Wish::Running => ("running", None),
        Wish::Paused => ("paused", None),
        Wish::Stopped if container.generation == 1 => ("created", None),
        Wish::Stopped => ("stopped", Some(143)),
        Wish::Finished => ("stopped", Some(0)),
    };
    container.state = state.into();
    container.exit_code = exit_code;
    container.seen = Some(Seen {
        cpu: container.spec.cpu,
        memory: container.spec.memory,
        restart_policy: container.spec.restart_policy.map(RestartPolicy::for_engine),
        connected: true,
        networks: None,
        image_digest: None,
        security_groups: None,
    });
}
