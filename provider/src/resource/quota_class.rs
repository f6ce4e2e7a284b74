//! `zun_quota_class`: the limits of a class; the one called `default` counts for every project without its own.

use tfplugin::schema::validator;
use tfplugin::{
    Attribute, Context, CreateRequest, DeleteRequest, Diagnostics, ImportRequest, ImportResponse,
    ReadRequest, Resource, Schema, StateResponse, UpdateRequest, Value, async_trait,
};
use zun_api_types::quota::{QuotaClass, SetLimits};

use super::limits::{attributes, limits_of, refused_create, show};
use crate::report::failed;
use crate::session::Session;

/// The resource.
pub(super) struct QuotaClassResource;

fn state_of(name: &str, class: &QuotaClass) -> Value {
    let mut state = Value::object([("id", Value::string(name)), ("name", Value::string(name))]);
    show(&class.limits, &class.effective, &mut state);
    state
}

#[async_trait]
impl Resource<Session> for QuotaClassResource {
    fn type_name(&self) -> &'static str {
        "zun_quota_class"
    }

    fn schema(&self) -> Schema {
        let begin = Schema::new()
            .description(
                "Limits of a quota class. Those of the class `default` count for every project that has none of its own. \
                 Destroying it returns to the server's configuration.",
            )
            .attribute(
                "id",
                Attribute::string()
                    .computed()
                    .use_state_for_unknown()
                    .description("The name."),
            )
            .attribute(
                "name",
                Attribute::string()
                    .required()
                    .requires_replace()
                    .validator(validator::length(1..=255))
                    .description("The class; `default` counts for projects."),
            );
        attributes(begin)
    }

    async fn create(
        &self,
        context: &Context<Session>,
        request: CreateRequest,
        response: &mut StateResponse,
    ) -> Result<(), Diagnostics> {
        let session = context.client()?;
        let name: String = request.planned_state.read("name")?;
        let body = SetLimits {
            limits: limits_of(&request.planned_state)?,
            create: true,
        };
        let class = session.client.quota_class_set(&name, &body).await;
        let class = class.map_err(|error| refused_create(&error, "zun_quota_class", &name))?;
        response.set_state(state_of(&name, &class));
        Ok(())
    }

    async fn read(
        &self,
        context: &Context<Session>,
        request: ReadRequest,
        response: &mut StateResponse,
    ) -> Result<(), Diagnostics> {
        let session = context.client()?;
        let name: String = request.current_state.read("id")?;
        match session.client.quota_class_get(&name).await {
            Ok(class) if !class.limits.is_empty() => response.set_state(state_of(&name, &class)),
            Ok(_) => response.remove(),
            Err(error) if error.is_not_found() => response.remove(),
            Err(error) => return Err(failed(&error).into()),
        }
        Ok(())
    }

    async fn update(
        &self,
        context: &Context<Session>,
        request: UpdateRequest,
        response: &mut StateResponse,
    ) -> Result<(), Diagnostics> {
        let session = context.client()?;
        let name: String = request.prior_state.read("id")?;
        let body = SetLimits {
            limits: limits_of(&request.planned_state)?,
            create: false,
        };
        let class = session.client.quota_class_set(&name, &body).await;
        let class = class.map_err(|error| failed(&error))?;
        response.set_state(state_of(&name, &class));
        Ok(())
    }

    async fn delete(
        &self,
        context: &Context<Session>,
        request: DeleteRequest,
        _: &mut StateResponse,
    ) -> Result<(), Diagnostics> {
        let session = context.client()?;
        let name: String = request.prior_state.read("id")?;
        match session.client.quota_class_delete(&name).await {
            Err(error) if !error.is_not_found() => Err(failed(&error).into()),
            _ => Ok(()),
        }
    }

    async fn import(
        &self,
        _: &Context<Session>,
        request: ImportRequest,
        response: &mut ImportResponse,
    ) -> Result<(), Diagnostics> {
        response
            .state
            .set("id", request.id("id").unwrap_or_default());
        Ok(())
    }
}
