//! `zun_quota`: what a project may use.

use tfplugin::{
    Attribute, Context, CreateRequest, DeleteRequest, Diagnostics, ImportRequest, ImportResponse,
    ReadRequest, Resource, Schema, StateResponse, UpdateRequest, Value, async_trait,
};
use zun_api_types::quota::{Quota, SetLimits};

use super::limits::{attributes, limits_of, refused_create, show};
use crate::report::failed;
use crate::session::Session;

/// The resource.
pub(super) struct QuotaResource;

fn state_of(project: &str, quota: &Quota) -> Value {
    let mut state = Value::object([
        ("id", Value::string(project)),
        ("project_id", Value::string(project)),
    ]);
    show(&quota.limits, &quota.effective, &mut state);
    state
}

#[async_trait]
impl Resource<Session> for QuotaResource {
    fn type_name(&self) -> &'static str {
        "zun_quota"
    }

    fn schema(&self) -> Schema {
        let begin = Schema::new()
            .description(
                "What a project may use. Limits that are left out are inherited from the class `default` and the server's \
                 configuration. Destroying it returns the project to those.",
            )
            .attribute(
                "id",
                Attribute::string()
                    .computed()
                    .use_state_for_unknown()
                    .description("The project."),
            )
            .attribute(
                "project_id",
                Attribute::string()
                    .optional()
                    .computed()
                    .use_state_for_unknown()
                    .requires_replace_if_configured()
                    .description("The project; the one the provider works in where none is given."),
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
        let planned = &request.planned_state;
        let given = planned.get("project_id")?.as_str().map(str::to_owned);
        let project = if let Some(project) = given {
            project
        } else {
            let features = session.client.features().await;
            let features = features.map_err(|error| failed(&error))?;
            features.project_id.clone()
        };
        let body = SetLimits {
            limits: limits_of(planned)?,
            create: true,
        };
        let quota = session.client.quota_set(&project, &body).await;
        let quota = quota.map_err(|error| refused_create(&error, "zun_quota", &project))?;
        response.set_state(state_of(&project, &quota));
        Ok(())
    }

    async fn read(
        &self,
        context: &Context<Session>,
        request: ReadRequest,
        response: &mut StateResponse,
    ) -> Result<(), Diagnostics> {
        let session = context.client()?;
        let project: String = request.current_state.read("id")?;
        match session.client.quota_get(&project).await {
            Ok(quota) if !quota.limits.is_empty() => response.set_state(state_of(&project, &quota)),
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
        let project: String = request.prior_state.read("id")?;
        let body = SetLimits {
            limits: limits_of(&request.planned_state)?,
            create: false,
        };
        let quota = session.client.quota_set(&project, &body).await;
        let quota = quota.map_err(|error| failed(&error))?;
        response.set_state(state_of(&project, &quota));
        Ok(())
    }

    async fn delete(
        &self,
        context: &Context<Session>,
        request: DeleteRequest,
        _: &mut StateResponse,
    ) -> Result<(), Diagnostics> {
        let session = context.client()?;
        let project: String = request.prior_state.read("id")?;
        match session.client.quota_delete(&project).await {
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
