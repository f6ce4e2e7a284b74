//! `zun_capsule`: containers that share network and IPC.
//!
//! [`schema`] says what it accepts, [`validate`] what goes together, [`plan`] what an edit means and which computed
//! attributes it leaves open, with [`edit`] to tell what is written differently, [`volumes`] what becomes of data,
//! [`spec`] and [`state`] translate to and from the API, [`apply`] creates, changes and removes, [`failure`] says why
//! that did not work, [`preview`] asks beforehand.

mod apply;
mod edit;
mod failure;
mod memory;
pub(crate) mod plan;
mod preview;
pub(crate) mod schema;
pub(crate) mod spec;
pub(crate) mod state;
mod validate;
mod volumes;

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
pub(crate) struct CapsuleResource;

#[async_trait]
impl Resource<Session> for CapsuleResource {
    fn type_name(&self) -> &'static str {
        "zun_capsule"
    }

    fn schema(&self) -> Schema {
        schema::schema()
    }

    fn identity(&self) -> Option<IdentitySchema> {
        Some(identity("The capsule's id, kept for all its life."))
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
        let found = session.client.capsule_find(&id).await;
        match found.map_err(|error| failed(&error))? {
            Some(capsule) if capsule.state != "deleting" => {
                response.set_state(state::state_of(&capsule, &request.current_state));
                response.set_identity(identity_of(&capsule.uuid));
                Memory::of(&capsule)
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
                "Name the capsule by its uuid or by its name.",
            )
            .into());
        }
        let found = session.client.capsule_find(&which).await;
        let Some(capsule) = found.map_err(|error| failed(&error))? else {
            return Err(Diagnostic::error(
                "Cannot import a capsule that does not exist",
                format!(
                    "The project has no capsule with the uuid or the name {which:?}.\n\n\
                     `openstack capsule list` shows those it has."
                ),
            )
            .into());
        };
        response.state.set("id", capsule.uuid.as_str());
        response.identity = identity_of(&capsule.uuid);
        Memory::imported().store(&mut response.private);
        Ok(())
    }
}
