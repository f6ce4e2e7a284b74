//! A capsule as Zun's clients read it, in the words of the version that was asked for.

use std::collections::BTreeMap;

use serde::Serialize;
use uuid::fmt::Simple;
use zun_domain::capsule::{Capsule, Role};
use zun_domain::container::{RestartPolicy, RestartPolicyName};
use zun_domain::id::{CapsuleId, NetworkId};
use zun_domain::name::LabelKey;
use zun_domain::time::Timestamp;

use super::super::view::{self, Address, Link};
use crate::admit::Admitted;
use crate::microversion::Microversion;

/// The first version with the newer words.
const NEWER: Microversion = Microversion(32);

/// The body of one capsule.
#[derive(Debug, Serialize)]
pub(crate) struct Shown {
    uuid: CapsuleId,
    links: [Link; 2],
    user_id: Simple,
    project_id: Simple,
    created_at: String,
    updated_at: Option<String>,
    addresses: BTreeMap<NetworkId, Vec<Address>>,
    status: &'static str,
    status_reason: Option<String>,
    memory: String,
    cpu: f64,
    init_containers: Vec<view::Shown>,
    containers: Vec<view::Shown>,
    #[serde(flatten)]
    words: Words,
    #[serde(skip_serializing_if = "Option::is_none")]
    host: Option<String>,
}

/// What versions call differently.
#[derive(Debug, Serialize)]
#[serde(untagged)]
enum Words {
    Newer {
        name: String,
        labels: BTreeMap<LabelKey, String>,
        annotations: BTreeMap<String, String>,
        restart_policy: view::RestartPolicy,
    },
    Older {
        meta_name: String,
        meta_labels: BTreeMap<LabelKey, String>,
        restart_policy: &'static str,
        // What follows is the same of every capsule, in Zun too.
        volumes_info: BTreeMap<String, String>,
        containers_uuids: [String; 0],
        init_containers_uuids: [String; 0],
        capsule_version: &'static str,
    },
}

/// What this caller is shown of a capsule.
pub(super) fn capsule(capsule: &Capsule, asked: &Admitted, now: Timestamp) -> Shown {
    let words = words(capsule, asked.version);
    let amounts = capsule.desired.spec.amounts();
    let sandbox = capsule.sandbox();
    Shown {
        uuid: capsule.id,
        links: links(capsule.id, &asked.base),
        user_id: capsule.user.0.simple(),
        project_id: capsule.project.0.simple(),
        created_at: view::time(capsule.created_at),
        updated_at: capsule.updated_at.map(view::time),
        addresses: sandbox.map(view::addresses).unwrap_or_default(),
        status: capsule.status().zun(),
        status_reason: capsule.reason(),
        memory: amounts.memory.to_string(),
        cpu: amounts.cpu.cores(),
        init_containers: nested(capsule, Role::Init, asked, now),
        containers: nested(capsule, Role::Member, asked, now),
        words,
        host: asked.is_admin().then(|| capsule.place.name.to_string()),
    }
}

fn nested(capsule: &Capsule, role: Role, asked: &Admitted, now: Timestamp) -> Vec<view::Shown> {
    let of_role = capsule.with_role(role);
    of_role
        .map(|container| view::container(container.clone(), asked, false, now))
        .collect()
}

fn words(capsule: &Capsule, version: Microversion) -> Words {
    let desired = &capsule.desired;
    let labels = desired.spec.labels.clone().unwrap_or_default();
    let policy = desired.spec.restart_policy.unwrap_or(RestartPolicy {
        name: RestartPolicyName::Always,
        maximum_retry_count: None,
    });
    let policy = view::policy(policy);
    if version >= NEWER {
        return Words::Newer {
            name: desired.name.to_string(),
            labels,
            annotations: desired.spec.annotations.clone().unwrap_or_default(),
            restart_policy: policy,
        };
    }
    Words::Older {
        meta_name: desired.name.to_string(),
        meta_labels: labels,
        restart_policy: policy.name,
        volumes_info: BTreeMap::new(),
        containers_uuids: [],
        init_containers_uuids: [],
        capsule_version: "",
    }
}

fn links(id: CapsuleId, base: &str) -> [Link; 2] {
    let at = |path: &str, rel| Link {
        href: format!("{base}{path}/capsules/{id}"),
        rel,
    };
    [at("/v1", "self"), at("", "bookmark")]
}
