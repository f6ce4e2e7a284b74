//! `zun_container`: a container.
//!
//! [`schema`] says what it accepts, [`validate`] what goes together, [`plan`] what an edit means and which
//! computed attributes it leaves open, [`mounts`] what becomes of volumes, [`networks`] what it is on, [`spec`] and
//! [`state`] translate to and from the API, [`apply`] creates, changes and removes, [`failure`] says why that did not work, [`preview`] asks beforehand.

mod apply;
pub(super) mod failure;
mod memory;
mod mounts;
mod networks;
pub(crate) mod plan;
mod preview;
pub(crate) mod schema;
mod spec;
pub(crate) mod state;
mod validate;

#[cfg(test)]
mod tests;

use tfplugin::{
    Context, CreateRequest, DeleteRequest, Diagnostic, Diagnostics, IdentitySchema, ImportRequest,
    ImportResponse, PlanRequest, PlanResponse, ReadRequest, Resource, Schema, StateResponse,
    UpdateRequest, Value, async_trait,
};

use super::identity::{identity, identity_of};
use crate::report::failed;
use crate::session::Session;
use memory::Memory;

/// The resource.
pub(crate) struct ContainerResource;

#[async_trait]
impl Resource<Session> for ContainerResource {
    fn type_name(&self) -> &'static str {
        "zun_container"
    }

    fn schema(&self) -> Schema {
        schema::schema()
    }

    fn identity(&self) -> Option<IdentitySchema> {
        Some(identity("The container's id, kept for all its life."))
    }

    fn validate(&self, config: &Value, diagnostics: &mut Diagnostics) {
        validate::validate(config, diagnostics);
    }

    async fn modify_plan(
        &self,
        context: &Context<Session>,
        request: &PlanRequest,
        response: &mut PlanResponse,
    ) -> Result<(), Diagnostics> {
        preview::plan(context, request, response).await
    }

    async fn create(
        &self,
        context: &Context<Session>,
        request: CreateRequest,
        response: &mut StateResponse,
    ) -> Result<(), Diagnostics> {
        apply::create(context, request, response).await
    }

    async fn read(
        &self,
        context: &Context<Session>,
        request: ReadRequest,
        response: &mut StateResponse,
    ) -> Result<(), Diagnostics> {
        let session = context.client()?;
        let id: String = request.current_state.read("id")?;
        // Lists do not ask what a tag means by now.
        let found = if plan::follows_tag(&request.current_state) {
            session.client.container_find(&id).await
        } else {
            session.reads.get(&session.client, &id).await
        };
        match found.map_err(|error| failed(&error))? {
            Some(container) if container.state != "deleting" => {
                response.set_state(state::state_of(&container, &request.current_state));
                response.set_identity(identity_of(&container.uuid));
                Memory::of(&container)
                    .keeping(&response.private)
                    .store(&mut response.private);
            }
            _ => response.remove(),
        }
        Ok(())
    }

    async fn update(
        &self,
        context: &Context<Session>,
        request: UpdateRequest,
        response: &mut StateResponse,
    ) -> Result<(), Diagnostics> {
        apply::update(context, request, response).await
    }

    async fn delete(
        &self,
        context: &Context<Session>,
        request: DeleteRequest,
        response: &mut StateResponse,
    ) -> Result<(), Diagnostics> {
        apply::delete(context, request, response).await
    }

    async fn import(
        &self,
        context: &Context<Session>,
        request: ImportRequest,
        response: &mut ImportResponse,
    ) -> Result<(), Diagnostics> {
        let session = context.client()?;
        let which = request.id("uuid").unwrap_or_default().trim().to_owned();
        if which.is_empty() {
            return Err(Diagnostic::error(
                "Nothing to import",
                "Name the container by its uuid or by its name.",
            )
            .into());
        }
        let found = session.client.container_find(&which).await;
        let Some(container) = found.map_err(|error| failed(&error))? else {
            return Err(Diagnostic::error(
                "Cannot import a container that does not exist",
                format!(
                    "The project has no container with the uuid or the name {which:?}.\n\n\
                     `openstack appcontainer list` shows those it has."
                ),
            )
            .into());
        };
        response.state.set("id", container.uuid.as_str());
        response.identity = identity_of(&container.uuid);
        Memory::imported().store(&mut response.private);
        Ok(())
    }
}
