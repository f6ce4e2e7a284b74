//! Terraform's part of the conversation, in the order and with the checks of the real one.

use std::fmt;

use tonic::Request;

use super::rules::{apply_errors, plan_errors};
use crate::codec::{decode, encode, json};
use crate::path::{AttributePath, Step};
use crate::plan::merge::merge;
use crate::proto::tfplugin6 as proto;
use crate::proto::tfplugin6::attribute_path::step::Selector;
use crate::proto::tfplugin6::provider_server::Provider as Service;
use crate::provider::Provider;
use crate::resource::{Action, ImportBy};
use crate::schema::Schema;
use crate::server::Server;
use crate::types::Type;
use crate::value::Value;

/// What Terraform keeps of an object.
#[derive(Debug, Clone, PartialEq)]
pub struct Stored {
    /// Its state.
    pub state: Value,
    /// The provider's private data.
    pub private: Vec<u8>,
    /// Its identity, encoded.
    pub identity: Option<proto::ResourceIdentityData>,
    /// Whether the next plan replaces it.
    pub tainted: bool,
}

/// What came of an apply.
#[derive(Debug)]
pub struct Outcome {
    /// What was done; none if there was nothing to do.
    pub action: Option<Action>,
    /// Whether the object was replaced.
    pub replaced: bool,
    /// What is kept; none if there is no object.
    pub stored: Option<Stored>,
    /// What the provider had to say, as `summary: detail` with `path: ` in front.
    pub errors: Vec<String>,
    /// The same for warnings.
    pub warnings: Vec<String>,
}

/// What Terraform would refuse, or what the provider reported before an apply.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal(pub Vec<String>);

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.join("\n"))
    }
}

impl std::error::Error for Refusal {}

/// A plan Terraform would show.
#[derive(Debug, Clone)]
pub struct Planned {
    /// The state after the apply.
    pub state: Value,
    /// The changes that replace the object; empty for a create.
    pub requires_replace: Vec<AttributePath>,
    private: Vec<u8>,
    identity: Option<proto::ResourceIdentityData>,
}

/// A provider under test.
#[derive(Debug)]
pub struct Terraform<P: Provider> {
    server: Server<P>,
}

const CAPABLE: proto::ClientCapabilities = proto::ClientCapabilities {
    deferral_allowed: false,
    write_only_attributes_allowed: true,
    store_planned_private: false,
    computed_blocks_allowed: false,
};

impl<P: Provider> Terraform<P> {
    /// Configures the provider after fetching and checking its schemas.
    pub async fn start(provider: P, config: Value) -> Result<Self, Refusal> {
        let server = Server::new(provider);
        let schemas = server
            .get_provider_schema(Request::new(proto::get_provider_schema::Request {}))
            .await;
        sound(reply(schemas)?.diagnostics)?;
        let ty = server.provider().schema().object_type();
        let config = Some(wire(&config, &ty)?);
        let checked = server
            .validate_provider_config(Request::new(proto::validate_provider_config::Request {
                config: config.clone(),
            }))
            .await;
        sound(reply(checked)?.diagnostics)?;
        let configured = server
            .configure_provider(Request::new(proto::configure_provider::Request {
                terraform_version: "1.11.4".into(),
                config,
                client_capabilities: Some(CAPABLE),
            }))
            .await;
        sound(reply(configured)?.diagnostics)?;
        Ok(Self { server })
    }

    /// The service, for calls this stand-in does not make.
    pub fn server(&self) -> &Server<P> {
        &self.server
    }

    fn schema(&self, type_name: &str) -> Result<Schema, Refusal> {
        let resources = self.server.provider().resources();
        let resource = resources.iter().find(|r| r.type_name() == type_name);
        resource
            .map(|resource| resource.schema())
            .ok_or_else(|| Refusal(vec![format!("no resource {type_name}")]))
    }

    /// Validates and plans; a null configuration plans the end of the object.
    pub async fn plan(
        &self,
        type_name: &str,
        stored: Option<&Stored>,
        config: &Value,
    ) -> Result<Planned, Refusal> {
        let schema = self.schema(type_name)?;
        let ty = schema.object_type();
        let config = wire_value(config, &ty)?;
        if !config.is_null() {
            self.validate(type_name, &config, &ty).await?;
        }
        let stored = stored.filter(|stored| !stored.tainted || config.is_null());
        let prior = stored.map_or(&Value::Null, |stored| &stored.state);
        let proposed = if config.is_null() {
            Value::Null
        } else {
            merge(schema.fields(), prior, &config)
        };
        let answer = self
            .server
            .plan_resource_change(Request::new(proto::plan_resource_change::Request {
                type_name: type_name.into(),
                prior_state: Some(wire(prior, &ty)?),
                proposed_new_state: Some(wire(&proposed, &ty)?),
                config: Some(wire(&config, &ty)?),
                prior_private: stored.map(|s| s.private.clone()).unwrap_or_default(),
                client_capabilities: Some(CAPABLE),
                prior_identity: stored.and_then(|s| s.identity.clone()),
                ..Default::default()
            }))
            .await;
        let answer = reply(answer)?;
        sound(answer.diagnostics)?;
        let state = read(answer.planned_state.as_ref(), &ty)?;
        lawful(plan_errors(schema.fields(), prior, &config, &state))?;
        let paths = answer.requires_replace.iter().map(path);
        let mut requires_replace: Vec<AttributePath> = paths.collect();
        requires_replace.retain(|path| prior.at(path) != state.at(path));
        Ok(Planned {
            state,
            requires_replace,
            private: answer.planned_private,
            identity: answer.planned_identity,
        })
    }

    async fn validate(&self, type_name: &str, config: &Value, ty: &Type) -> Result<(), Refusal> {
        let answer = self
            .server
            .validate_resource_config(Request::new(proto::validate_resource_config::Request {
                type_name: type_name.into(),
                config: Some(wire(config, ty)?),
                client_capabilities: Some(CAPABLE),
            }))
            .await;
        sound(reply(answer)?.diagnostics)
    }

    /// Plans, and applies what was planned: nothing, a create, an update, a replacement, or with
    /// a null configuration the end of the object.
    pub async fn apply(
        &self,
        type_name: &str,
        stored: Option<Stored>,
        config: &Value,
    ) -> Result<Outcome, Refusal> {
        let planned = self.plan(type_name, stored.as_ref(), config).await?;
        let tainted = stored.as_ref().is_some_and(|s| s.tainted) && !config.is_null();
        let replace = tainted || !planned.requires_replace.is_empty();
        if let (Some(old), true) = (&stored, replace) {
            let end = self.plan(type_name, Some(old), &Value::Null).await?;
            let removed = self
                .carry_out(type_name, Some(old), &end, &Value::Null)
                .await?;
            if removed.stored.is_some() {
                return Ok(removed);
            }
            let begin = self.plan(type_name, None, config).await?;
            let made = self.carry_out(type_name, None, &begin, config).await?;
            return Ok(Outcome {
                replaced: true,
                ..made
            });
        }
        let prior = stored.as_ref().map_or(&Value::Null, |s| &s.state);
        if planned.state == *prior {
            return Ok(Outcome {
                action: None,
                replaced: false,
                stored,
                errors: Vec::new(),
                warnings: Vec::new(),
            });
        }
        self.carry_out(type_name, stored.as_ref(), &planned, config)
            .await
    }

    /// Applies a plan.
    pub async fn carry_out(
        &self,
        type_name: &str,
        stored: Option<&Stored>,
        planned: &Planned,
        config: &Value,
    ) -> Result<Outcome, Refusal> {
        let ty = self.schema(type_name)?.object_type();
        let prior = stored.map_or(&Value::Null, |stored| &stored.state);
        let answer = self
            .server
            .apply_resource_change(Request::new(proto::apply_resource_change::Request {
                type_name: type_name.into(),
                prior_state: Some(wire(prior, &ty)?),
                planned_state: Some(wire(&planned.state, &ty)?),
                config: Some(wire(config, &ty)?),
                planned_private: planned.private.clone(),
                planned_identity: planned.identity.clone(),
                ..Default::default()
            }))
            .await;
        let answer = reply(answer)?;
        let (errors, warnings) = sort(answer.diagnostics);
        let state = read(answer.new_state.as_ref(), &ty)?;
        if errors.is_empty() {
            lawful(apply_errors(&planned.state, &state))?;
        } else if !state.is_wholly_known() {
            return Err(Refusal(vec!["a failed apply left unknown values".into()]));
        }
        let action = if prior.is_null() {
            Action::Create
        } else if planned.state.is_null() {
            Action::Destroy
        } else {
            Action::Update
        };
        let tainted = action == Action::Create && !errors.is_empty();
        let stored = (!state.is_null()).then_some(Stored {
            state,
            private: answer.private,
            identity: answer.new_identity,
            tainted,
        });
        Ok(Outcome {
            action: Some(action),
            replaced: false,
            stored,
            errors,
            warnings,
        })
    }

    /// Stores the state as JSON, has it read back, and looks at the object; none if it is gone.
    pub async fn refresh(
        &self,
        type_name: &str,
        stored: &Stored,
    ) -> Result<Option<Stored>, Refusal> {
        let schema = self.schema(type_name)?;
        let ty = schema.object_type();
        let upgraded = self
            .upgrade(
                type_name,
                schema.stored_version(),
                &json::to_json(&stored.state),
            )
            .await?;
        lawful(if upgraded == stored.state {
            Vec::new()
        } else {
            vec!["the state changes when it is stored".into()]
        })?;
        let answer = self
            .server
            .read_resource(Request::new(proto::read_resource::Request {
                type_name: type_name.into(),
                current_state: Some(wire(&upgraded, &ty)?),
                private: stored.private.clone(),
                client_capabilities: Some(CAPABLE),
                current_identity: stored.identity.clone(),
                ..Default::default()
            }))
            .await;
        let answer = reply(answer)?;
        sound(answer.diagnostics)?;
        let state = read(answer.new_state.as_ref(), &ty)?;
        if !state.is_wholly_known() {
            return Err(Refusal(vec!["a read left unknown values".into()]));
        }
        Ok((!state.is_null()).then_some(Stored {
            state,
            private: answer.private,
            identity: answer.new_identity,
            tainted: stored.tainted,
        }))
    }

    /// Has a stored state of a version read into the present schema.
    pub async fn upgrade(
        &self,
        type_name: &str,
        version: i64,
        state: &serde_json::Value,
    ) -> Result<Value, Refusal> {
        let ty = self.schema(type_name)?.object_type();
        let answer = self
            .server
            .upgrade_resource_state(Request::new(proto::upgrade_resource_state::Request {
                type_name: type_name.into(),
                version,
                raw_state: Some(proto::RawState {
                    json: state.to_string().into_bytes(),
                    ..Default::default()
                }),
            }))
            .await;
        let answer = reply(answer)?;
        sound(answer.diagnostics)?;
        read(answer.upgraded_state.as_ref(), &ty)
    }

    /// Imports an object and looks at it, as Terraform does.
    pub async fn import(&self, type_name: &str, by: ImportBy) -> Result<Stored, Refusal> {
        let ty = self.schema(type_name)?.object_type();
        let mut request = proto::import_resource_state::Request {
            type_name: type_name.into(),
            client_capabilities: Some(CAPABLE),
            ..Default::default()
        };
        match by {
            ImportBy::Id(id) => request.id = id,
            ImportBy::Identity(identity) => {
                let resources = self.server.provider().resources();
                let resource = resources.iter().find(|r| r.type_name() == type_name);
                let schema = resource.and_then(|resource| resource.identity());
                let ty = schema.map(|schema| schema.object_type());
                let ty = ty.ok_or_else(|| Refusal(vec!["no identity".into()]))?;
                request.identity = Some(proto::ResourceIdentityData {
                    identity_data: Some(wire(&identity, &ty)?),
                });
            }
        }
        let answer = self
            .server
            .import_resource_state(Request::new(request))
            .await;
        let answer = reply(answer)?;
        sound(answer.diagnostics)?;
        let [imported] = answer.imported_resources.as_slice() else {
            return Err(Refusal(vec!["an import has to find one object".into()]));
        };
        let found = Stored {
            state: read(imported.state.as_ref(), &ty)?,
            private: imported.private.clone(),
            identity: imported.identity.clone(),
            tainted: false,
        };
        let looked_at = self.refresh(type_name, &found).await?;
        looked_at.ok_or_else(|| Refusal(vec!["the imported object does not exist".into()]))
    }

    /// Reads a data source.
    pub async fn look_up(&self, type_name: &str, config: &Value) -> Result<Value, Refusal> {
        let sources = self.server.provider().data_sources();
        let source = sources.iter().find(|s| s.type_name() == type_name);
        let ty = source
            .map(|source| source.schema().object_type())
            .ok_or_else(|| Refusal(vec![format!("no data source {type_name}")]))?;
        let config = Some(wire(config, &ty)?);
        let checked = self
            .server
            .validate_data_resource_config(Request::new(
                proto::validate_data_resource_config::Request {
                    type_name: type_name.into(),
                    config: config.clone(),
                },
            ))
            .await;
        sound(reply(checked)?.diagnostics)?;
        let answer = self
            .server
            .read_data_source(Request::new(proto::read_data_source::Request {
                type_name: type_name.into(),
                config,
                ..Default::default()
            }))
            .await;
        let answer = reply(answer)?;
        sound(answer.diagnostics)?;
        read(answer.state.as_ref(), &ty)
    }
}

fn reply<T>(answer: Result<tonic::Response<T>, tonic::Status>) -> Result<T, Refusal> {
    answer
        .map(tonic::Response::into_inner)
        .map_err(|status| Refusal(vec![format!("the plugin crashed: {status}")]))
}

fn lawful(errors: Vec<String>) -> Result<(), Refusal> {
    if errors.is_empty() {
        Ok(())
    } else {
        Err(Refusal(errors))
    }
}

fn sound(diagnostics: Vec<proto::Diagnostic>) -> Result<(), Refusal> {
    lawful(sort(diagnostics).0)
}

/// Errors and warnings as text.
fn sort(diagnostics: Vec<proto::Diagnostic>) -> (Vec<String>, Vec<String>) {
    let (mut errors, mut warnings) = (Vec::new(), Vec::new());
    for item in diagnostics {
        let place = item
            .attribute
            .as_ref()
            .map(|place| format!("{}: ", path(place)));
        let text = format!(
            "{}{}: {}",
            place.unwrap_or_default(),
            item.summary,
            item.detail
        );
        if item.severity == i32::from(proto::diagnostic::Severity::Error) {
            errors.push(text);
        } else {
            warnings.push(text);
        }
    }
    (errors, warnings)
}

fn path(wire: &proto::AttributePath) -> AttributePath {
    let steps = wire.steps.iter().filter_map(|step| step.selector.as_ref());
    steps.fold(AttributePath::empty(), |path, step| {
        path.step(match step {
            Selector::AttributeName(name) => Step::Attribute(name.clone()),
            Selector::ElementKeyString(key) => Step::Key(key.clone()),
            Selector::ElementKeyInt(index) => Step::Index(*index),
        })
    })
}

fn wire(value: &Value, ty: &Type) -> Result<proto::DynamicValue, Refusal> {
    encode(value, ty).map_err(|error| Refusal(vec![error.to_string()]))
}

fn wire_value(value: &Value, ty: &Type) -> Result<Value, Refusal> {
    crate::codec::conform(value, ty).map_err(|error| Refusal(vec![error.to_string()]))
}

fn read(wire: Option<&proto::DynamicValue>, ty: &Type) -> Result<Value, Refusal> {
    decode(wire, ty).map_err(|error| Refusal(vec![error.to_string()]))
}
