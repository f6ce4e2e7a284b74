//! Every call, through the stand-in for Terraform where it makes the call, else directly.

use async_trait::async_trait;
use serde_json::json;
use tonic::Request;

use crate::proto::tfplugin6 as proto;
use crate::proto::tfplugin6::provider_server::Provider as Service;
use crate::resource::{
    CreateRequest, DeleteRequest, ImportBy, ImportRequest, ImportResponse, MoveRequest,
    ReadRequest, StateResponse, UpdateRequest, Upgrader,
};
use crate::schema::{Attribute, Fields, IdentityAttribute, IdentitySchema, Schema};
use crate::testing::Terraform;
use crate::types::Type;
use crate::value::{ToValue, Value};
use crate::{
    Action, ConfigureRequest, Context, DataResponse, DataSource, Diagnostic, Diagnostics, Provider,
    Resource,
};

struct Thing;

#[async_trait]
impl Resource<String> for Thing {
    fn type_name(&self) -> &'static str {
        "test_thing"
    }

    fn schema(&self) -> Schema {
        let part = Fields::new()
            .attribute("name", Attribute::string().required())
            .attribute("serial", Attribute::string().computed());
        Schema::new()
            .version(2)
            .attribute("id", Attribute::string().computed().use_state_for_unknown())
            .attribute("kind", Attribute::string().required().requires_replace())
            .attribute("size", Attribute::number().default(0.1))
            .attribute("password", Attribute::string().optional().write_only())
            .attribute("parts", Attribute::set_nested(part).optional())
            .attribute("how", Attribute::string().optional())
    }

    fn identity(&self) -> Option<IdentitySchema> {
        let id = IdentityAttribute::required(Type::String);
        Some(IdentitySchema::new().attribute("id", id))
    }

    fn upgraders(&self) -> Vec<Upgrader> {
        vec![Upgrader::new(1, |mut state| {
            state["kind"] = state["sort"].take();
            Ok(state)
        })]
    }

    async fn create(
        &self,
        context: &Context<String>,
        request: CreateRequest,
        response: &mut StateResponse,
    ) -> Result<(), Diagnostics> {
        let kind: String = request.planned_state.read("kind")?;
        let how: Option<String> = request.planned_state.read("how")?;
        if how.as_deref() == Some("refused") {
            return Err(Diagnostic::error("Refused", "Before anything was made.").into());
        }
        response.set("id", format!("{}-{kind}", context.client()?));
        match how.as_deref() {
            Some("fails") => return Err(Diagnostic::error("Failed", "Half way.").into()),
            Some("panics") => assert!(kind.is_empty(), "half way"),
            Some("mistyped") => response.set("size", "big"),
            _ => {}
        }
        if let Some(parts) = request.planned_state.get("parts")?.as_elements() {
            let mut parts = parts.to_vec();
            for part in &mut parts {
                part.set("serial", "s1");
            }
            response.set("parts", parts);
        }
        response.private.set("made_by", "test");
        let id = response.state().get("id")?.clone();
        response.set_identity(Value::object([("id", id)]));
        Ok(())
    }

    async fn read(
        &self,
        _: &Context<String>,
        request: ReadRequest,
        response: &mut StateResponse,
    ) -> Result<(), Diagnostics> {
        let id: String = request.current_state.read("id")?;
        match id.as_str() {
            "gone" => response.remove(),
            "down" => return Err(Diagnostic::error("Down", "No answer.").into()),
            _ if request.current_state.get("kind")?.is_null() => {
                response.set("kind", "found");
                response.set("size", 0.1);
            }
            _ => {}
        }
        response.set_identity(Value::object([("id", id.to_value())]));
        Ok(())
    }

    async fn update(
        &self,
        _: &Context<String>,
        request: UpdateRequest,
        response: &mut StateResponse,
    ) -> Result<(), Diagnostics> {
        if request.changes("how") {
            return Err(Diagnostic::error("Failed", "Nothing was changed.").into());
        }
        let mut parts = request.planned_state.get("parts")?.clone();
        if let Value::Set(parts) = &mut parts {
            for part in parts {
                part.set("serial", "s2");
            }
        }
        response.set_state(request.planned_state);
        response.set("parts", parts);
        Ok(())
    }

    async fn delete(
        &self,
        _: &Context<String>,
        request: DeleteRequest,
        _: &mut StateResponse,
    ) -> Result<(), Diagnostics> {
        assert_eq!(request.private.get("made_by"), Some(&json!("test")));
        Ok(())
    }

    async fn import(
        &self,
        _: &Context<String>,
        request: ImportRequest,
        response: &mut ImportResponse,
    ) -> Result<(), Diagnostics> {
        response.state.set("id", request.id("id"));
        Ok(())
    }

    async fn move_state(
        &self,
        request: MoveRequest,
        response: &mut StateResponse,
    ) -> Result<(), Diagnostics> {
        response.set("id", request.source_state["key"].as_str());
        Ok(())
    }
}

struct Lookup;

#[async_trait]
impl DataSource<String> for Lookup {
    fn type_name(&self) -> &'static str {
        "test_lookup"
    }

    fn schema(&self) -> Schema {
        Schema::new()
            .attribute("name", Attribute::string().required())
            .attribute("id", Attribute::string().computed())
    }

    async fn read(
        &self,
        _: &Context<String>,
        config: Value,
        response: &mut DataResponse,
    ) -> Result<(), Diagnostics> {
        response.set("id", config.read::<String>("name")?);
        Ok(())
    }
}

struct Tested;

#[async_trait]
impl Provider for Tested {
    type Client = String;

    fn address(&self) -> &'static str {
        "example.com/test/test"
    }

    fn schema(&self) -> Schema {
        Schema::new().attribute("prefix", Attribute::string().optional())
    }

    async fn configure(
        &self,
        request: ConfigureRequest,
        _: &mut Diagnostics,
    ) -> Result<Option<String>, Diagnostics> {
        let prefix: crate::Attr<String> = request.config.read("prefix")?;
        Ok(prefix.known())
    }

    fn resources(&self) -> Vec<Box<dyn Resource<String>>> {
        vec![Box::new(Thing)]
    }

    fn data_sources(&self) -> Vec<Box<dyn DataSource<String>>> {
        vec![Box::new(Lookup)]
    }
}

const THING: &str = "test_thing";

async fn start() -> Terraform<Tested> {
    let config = Value::object([("prefix", Value::string("p"))]);
    Terraform::start(Tested, config).await.unwrap()
}

fn thing(kind: &str, how: Option<&str>) -> Value {
    Value::object([
        ("kind", Value::string(kind)),
        ("how", how.to_value()),
        ("password", Value::string("secret")),
    ])
}

#[tokio::test]
async fn a_life() {
    let terraform = start().await;
    let made = terraform
        .apply(THING, None, &thing("a", None))
        .await
        .unwrap();
    assert_eq!((made.action, made.errors.len()), (Some(Action::Create), 0));
    let stored = made.stored.unwrap();
    assert_eq!(stored.state.read::<String>("id"), Ok("p-a".into()));
    assert!(stored.state.get("password").unwrap().is_null() && stored.identity.is_some());

    let stored = terraform.refresh(THING, &stored).await.unwrap().unwrap();
    let idle = terraform
        .apply(THING, Some(stored.clone()), &thing("a", None))
        .await
        .unwrap();
    assert_eq!(idle.action, None);

    let mut config = thing("a", None);
    let part = |name: &str| Value::object([("name", Value::string(name))]);
    config.set("parts", vec![part("x"), part("y")]);
    let grown = terraform.apply(THING, Some(stored), &config).await.unwrap();
    assert_eq!(
        (grown.action, grown.replaced),
        (Some(Action::Update), false)
    );

    let mut replaced = terraform
        .apply(THING, grown.stored, &thing("b", None))
        .await
        .unwrap();
    assert!(
        replaced.replaced && replaced.errors.is_empty(),
        "{replaced:?}"
    );
    let end = terraform
        .apply(THING, replaced.stored.take(), &Value::Null)
        .await
        .unwrap();
    assert_eq!((end.action, end.stored), (Some(Action::Destroy), None));
}

#[tokio::test]
async fn what_half_exists_is_kept() {
    let terraform = start().await;
    for how in ["fails", "panics", "mistyped"] {
        let made = terraform
            .apply(THING, None, &thing("a", Some(how)))
            .await
            .unwrap();
        assert_eq!(made.errors.len(), 1, "{made:?}");
        let stored = made.stored.unwrap();
        assert!(stored.tainted);
        assert_eq!(stored.state.read::<String>("id"), Ok("p-a".into()));
    }
    let none = terraform
        .apply(THING, None, &thing("a", Some("refused")))
        .await
        .unwrap();
    assert!(none.stored.is_none() && none.errors.len() == 1);

    let made = terraform
        .apply(THING, None, &thing("a", None))
        .await
        .unwrap();
    let kept = terraform
        .apply(THING, made.stored.clone(), &thing("a", Some("x")))
        .await
        .unwrap();
    let (before, after) = (made.stored.unwrap(), kept.stored.unwrap());
    assert_eq!(
        (kept.errors.len(), after.state, after.tainted),
        (1, before.state, false)
    );
}

#[tokio::test]
async fn imports_by_either_name() {
    let terraform = start().await;
    let by_id = terraform
        .import(THING, ImportBy::Id("7".into()))
        .await
        .unwrap();
    let identity = Value::object([("id", Value::string("7"))]);
    let by_identity = terraform
        .import(THING, ImportBy::Identity(identity))
        .await
        .unwrap();
    assert_eq!(by_id, by_identity);
    assert!(
        terraform
            .import(THING, ImportBy::Id("gone".into()))
            .await
            .is_err()
    );
    assert!(
        terraform
            .import(THING, ImportBy::Id("down".into()))
            .await
            .is_err()
    );
}

#[tokio::test]
async fn old_states_are_upgraded() {
    let terraform = start().await;
    let old = json!({"id": "1", "sort": "a", "size": 2.5, "gone": [1]});
    let state = terraform.upgrade(THING, 1, &old).await.unwrap();
    assert_eq!(state.read::<String>("kind"), Ok("a".into()));
    assert!(terraform.upgrade(THING, 0, &old).await.is_err());
}

#[tokio::test]
async fn data_is_looked_up() {
    let terraform = start().await;
    let config = Value::object([("name", Value::string("n"))]);
    let found = terraform.look_up("test_lookup", &config).await.unwrap();
    assert_eq!(found.read::<String>("id"), Ok("n".into()));
}

#[tokio::test]
async fn an_unconfigured_provider_says_so() {
    let prefix = Value::object([("prefix", Value::UNKNOWN)]);
    let terraform = Terraform::start(Tested, prefix).await.unwrap();
    let made = terraform
        .apply(THING, None, &thing("a", None))
        .await
        .unwrap();
    assert!(
        made.errors[0].contains("not configured"),
        "{:?}",
        made.errors
    );
    assert!(made.stored.is_none());
}

#[tokio::test]
async fn clients_without_write_only_values_are_told() {
    let terraform = start().await;
    let config = crate::codec::encode(&thing("a", None), &Thing.schema().object_type()).unwrap();
    let request = proto::validate_resource_config::Request {
        type_name: THING.into(),
        config: Some(config),
        client_capabilities: None,
    };
    let answer = terraform
        .server()
        .validate_resource_config(Request::new(request))
        .await;
    let answer = answer.unwrap().into_inner();
    assert_eq!(answer.diagnostics.len(), 1);
    assert!(answer.diagnostics[0].attribute.is_some());
}

#[tokio::test]
async fn moves_take_over_an_object() {
    let terraform = start().await;
    let request = proto::move_resource_state::Request {
        source_type_name: "other_thing".into(),
        target_type_name: THING.into(),
        source_state: Some(proto::RawState {
            json: br#"{"key":"k"}"#.to_vec(),
            ..Default::default()
        }),
        ..Default::default()
    };
    let answer = terraform
        .server()
        .move_resource_state(Request::new(request))
        .await;
    let answer = answer.unwrap().into_inner();
    assert!(answer.diagnostics.is_empty() && answer.target_state.is_some());
}

#[tokio::test]
async fn stopping_ends_the_calls_under_way_only() {
    let terraform = start().await;
    let core = &terraform.server().core;
    let before = core.token();
    let stop = Request::new(proto::stop_provider::Request {});
    let answer = terraform.server().stop_provider(stop).await.unwrap();
    assert!(answer.get_ref().error.is_empty() && before.is_cancelled());
    assert!(!core.token().is_cancelled());
}

#[tokio::test]
async fn what_is_absent_is_named() {
    let terraform = start().await;
    let server = terraform.server();
    macro_rules! refused {
        ($($call:ident $message:ident),* $(,)?) => {$(
            let request = Request::new(proto::$message::Request::default());
            let answer = server.$call(request).await.unwrap().into_inner();
            assert_eq!(answer.diagnostics.len(), 1, stringify!($call));
        )*};
    }
    refused!(
        generate_resource_config generate_resource_config,
        open_ephemeral_resource open_ephemeral_resource,
        renew_ephemeral_resource renew_ephemeral_resource,
        close_ephemeral_resource close_ephemeral_resource,
        validate_ephemeral_resource_config validate_ephemeral_resource_config,
        validate_list_resource_config validate_list_resource_config,
        plan_action plan_action,
        validate_action_config validate_action_config,
        validate_state_store_config validate_state_store,
        configure_state_store configure_state_store,
        lock_state lock_state,
        unlock_state unlock_state,
        get_states get_states,
        delete_state delete_state,
        read_resource read_resource,
        plan_resource_change plan_resource_change,
        apply_resource_change apply_resource_change,
        import_resource_state import_resource_state,
        read_data_source read_data_source,
    );
    let call = Request::new(proto::call_function::Request::default());
    assert!(
        server
            .call_function(call)
            .await
            .unwrap()
            .get_ref()
            .error
            .is_some()
    );
    let metadata = Request::new(proto::get_metadata::Request {});
    let metadata = server.get_metadata(metadata).await.unwrap().into_inner();
    assert_eq!(
        (metadata.resources.len(), metadata.data_sources.len()),
        (1, 1)
    );
}

#[tokio::test]
async fn garbage_is_an_error_and_not_an_end() {
    let terraform = start().await;
    let request = proto::plan_resource_change::Request {
        type_name: THING.into(),
        config: Some(proto::DynamicValue {
            msgpack: vec![0x81, 0xff],
            json: Vec::new(),
        }),
        ..Default::default()
    };
    let answer = terraform
        .server()
        .plan_resource_change(Request::new(request))
        .await;
    assert_eq!(answer.unwrap().get_ref().diagnostics.len(), 1);
}
