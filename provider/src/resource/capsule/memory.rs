//! What is kept beside the state, out of sight of users.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use tfplugin::{Private, Value};
use zun_api_types::capsule::Capsule;
use zun_domain::capsule::CapsuleSpec;
use zun_domain::name::Hostname;
use zun_domain::unit::{MemoryMib, Millicpu};

use super::spec::{member_of, name_of};
use crate::json::value_of;

/// Fields of the specification as the server holds them, where the state shows what is in force instead: see that of
/// `zun_container`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Wished {
    hostname: Option<Hostname>,
    availability_zone: Option<String>,
    host: Option<String>,
    /// Limits by the names of the containers.
    limits: BTreeMap<String, (Option<Millicpu>, Option<MemoryMib>)>,
}

impl Wished {
    fn of(capsule: &Capsule) -> Self {
        let spec = &capsule.spec;
        let inits = spec.init_containers.iter().flatten();
        let all = spec.containers.iter().chain(inits);
        Self {
            hostname: spec.hostname.clone(),
            availability_zone: spec.availability_zone.clone(),
            host: spec.host.clone(),
            limits: all
                .map(|one| (one.name.to_string(), (one.spec.cpu, one.spec.memory)))
                .collect(),
        }
    }

    /// Puts back what a specification made from a plan says too much of: what is in force and was never asked for.
    pub(super) fn complete(&self, config: &Value, template: bool, spec: &mut CapsuleSpec) {
        let open = |name: &str| config.get(name).is_ok_and(Value::is_null);
        if open("hostname") {
            spec.hostname.clone_from(&self.hostname);
        }
        if open("availability_zone") && !template {
            spec.availability_zone.clone_from(&self.availability_zone);
        }
        if open("host") {
            spec.host.clone_from(&self.host);
        }
    }
}

/// What one call remembers for a later one.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Memory {
    /// The generation that was seen: an update of another one is refused.
    pub(super) generation: Option<i64>,
    /// What the state does not tell of the specification that is held.
    pub(super) wished: Option<Wished>,
    /// Imported, and not applied since: what no server holds is not there yet, and that is no change.
    pub(super) imported: bool,
    /// This plan is the second half of a replacement of that capsule.
    pub(super) replaces: Option<String>,
}

impl Memory {
    /// Of a capsule that was just seen.
    pub(super) fn of(capsule: &Capsule) -> Self {
        Self {
            generation: Some(capsule.generation),
            wished: Some(Wished::of(capsule)),
            ..Self::default()
        }
    }

    /// Of a capsule that is being imported.
    pub(super) fn imported() -> Self {
        Self {
            imported: true,
            ..Self::default()
        }
    }

    /// With the marks that a read must not lose.
    pub(super) fn keeping(mut self, private: &Private) -> Self {
        self.imported = Self::load(private).imported;
        self
    }

    /// Whether an update sends the write-only environment of a container: its version changed, and was not first seen
    /// after an import, which says nothing of what the server has.
    pub(super) fn resends(&self, prior: &Value, planned: &Value, name: &str) -> bool {
        let version = |value: &Value| {
            let member = member_of(value, name);
            let version = member.and_then(|member| member.get("environment_wo_version").ok());
            version.cloned().unwrap_or(Value::Null)
        };
        let (before, after) = (version(prior), version(planned));
        before != after && !(self.imported && before.is_null())
    }

    /// The server's wish for a limit the engine may show differently, where it is known and not null.
    pub(super) fn wish(&self, member: &Value, limit: &str) -> Option<Value> {
        let (cpu, memory) = self.limits(name_of(member)?)?;
        let value = match limit {
            "cpu" => value_of(&cpu),
            "memory" => value_of(&memory),
            _ => Value::Null,
        };
        (!value.is_null()).then_some(value)
    }

    /// The limits that the server holds of a container, where that is known.
    pub(super) fn limits(&self, name: &str) -> Option<(Option<Millicpu>, Option<MemoryMib>)> {
        self.wished.as_ref()?.limits.get(name).copied()
    }

    /// What was stored.
    pub(super) fn load(private: &Private) -> Self {
        let text = |name: &str| private.get(name).and_then(Json::as_str).map(str::to_owned);
        let wished = private.get("wished").cloned();
        Self {
            generation: private.get("generation").and_then(Json::as_i64),
            wished: wished.and_then(|json| serde_json::from_value(json).ok()),
            imported: private.get("imported").and_then(Json::as_bool) == Some(true),
            replaces: text("replaces"),
        }
    }

    /// Stores all of it.
    pub(super) fn store(&self, private: &mut Private) {
        let wished = self.wished.as_ref();
        let entries = [
            ("generation", self.generation.map(Json::from)),
            ("wished", wished.and_then(|w| serde_json::to_value(w).ok())),
            ("imported", self.imported.then_some(Json::Bool(true))),
            ("replaces", self.replaces.clone().map(Json::String)),
        ];
        for (name, value) in entries {
            match value {
                Some(value) => private.set(name, value),
                None => {
                    private.remove(name);
                }
            }
        }
    }
}
