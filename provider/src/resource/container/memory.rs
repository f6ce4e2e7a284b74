//! What is kept beside the state, out of sight of users.

use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use tfplugin::{Private, Value};
use zun_api_types::container::Container;
use zun_domain::name::Hostname;
use zun_domain::unit::{MemoryMib, Millicpu};

use super::spec::Spec;
use crate::json::value_of;

/// Fields of the specification as the server holds them.
///
/// The state shows what the engine has of `cpu` and `memory`, the name in force where no `hostname` was
/// given and the host's zone where no `availability_zone` was; the last two have no attribute. An update
/// says the whole specification and must not change these by the way.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Wished {
    cpu: Option<Millicpu>,
    memory: Option<MemoryMib>,
    hostname: Option<Hostname>,
    availability_zone: Option<String>,
    auto_remove: Option<bool>,
    host: Option<String>,
}

impl Wished {
    /// Puts back what a specification made from a plan does not say.
    pub(super) fn complete(&self, config: &Value, spec: &mut Spec) {
        let open = |name: &str| config.get(name).is_ok_and(Value::is_null);
        if open("hostname") {
            spec.hostname.clone_from(&self.hostname);
        }
        if open("availability_zone") {
            spec.availability_zone.clone_from(&self.availability_zone);
        }
        spec.auto_remove = self.auto_remove;
        spec.host.clone_from(&self.host);
    }
}

/// What one call remembers for a later one.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Memory {
    /// The generation that was seen: an update of another one is refused.
    pub(super) generation: Option<i64>,
    /// Of the specification that is held, what the state does not tell: see [`Wished`].
    pub(super) wished: Option<Wished>,
    /// The digest that the tag of its image means by now, where it is another one and that was asked for.
    pub(super) moved: Option<String>,
    /// Imported, and not applied since: what no server holds is not there yet, and that is no change.
    pub(super) imported: bool,
    /// This plan is the second half of a replacement of that container.
    pub(super) replaces: Option<String>,
}

impl Memory {
    /// Of a container that was just seen.
    pub(super) fn of(container: &Container) -> Self {
        Self {
            generation: Some(container.generation),
            moved: container
                .seen
                .as_ref()
                .and_then(|seen| seen.image_digest.clone()),
            wished: Some(Wished {
                cpu: container.spec.cpu,
                memory: container.spec.memory,
                hostname: container.spec.hostname.clone(),
                availability_zone: container.spec.availability_zone.clone(),
                auto_remove: container.spec.auto_remove,
                host: container.spec.host.clone(),
            }),
            ..Self::default()
        }
    }

    /// Of a container that is being imported.
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

    /// Whether an update sends the write-only environment: its version changed, and was not first seen
    /// after an import, which says nothing of what the server has.
    pub(super) fn resends(&self, prior: &Value, planned: &Value) -> bool {
        const VERSION: &str = "environment_wo_version";
        let first_seen = self.imported && prior.get(VERSION).is_ok_and(Value::is_null);
        prior.get(VERSION) != planned.get(VERSION) && !first_seen
    }

    /// What was stored.
    pub(super) fn load(private: &Private) -> Self {
        let text_of = |name: &str| {
            let text = private.get(name).and_then(Json::as_str);
            text.map(str::to_owned)
        };
        Self {
            generation: private.get("generation").and_then(Json::as_i64),
            wished: private
                .get("wished")
                .and_then(|json| serde_json::from_value(json.clone()).ok()),
            moved: text_of("moved"),
            imported: private.get("imported").and_then(Json::as_bool) == Some(true),
            replaces: text_of("replaces"),
        }
    }

    /// Stores all of it.
    pub(super) fn store(&self, private: &mut Private) {
        let entries = [
            ("generation", self.generation.map(Json::from)),
            (
                "wished",
                self.wished
                    .as_ref()
                    .and_then(|w| serde_json::to_value(w).ok()),
            ),
            ("imported", self.imported.then_some(Json::Bool(true))),
            ("moved", self.moved.clone().map(Json::String)),
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

    /// The server's wish for an attribute the engine may show differently, where it is known and not null.
    pub(super) fn wish(&self, name: &str) -> Option<Value> {
        let wished = self.wished.as_ref()?;
        let value = match name {
            "cpu" => value_of(&wished.cpu),
            "memory" => value_of(&wished.memory),
            _ => Value::Null,
        };
        (!value.is_null()).then_some(value)
    }
}
