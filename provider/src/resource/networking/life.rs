//! The resource of a noun of the networking API: create, read, update, delete and import are the same for all of
//! them, and the state stays true whatever happens.

use std::marker::PhantomData;

use tfplugin::{
    Action, Context, CreateRequest, DeleteRequest, Diagnostics, IdentitySchema, ImportRequest,
    ImportResponse, PlanRequest, PlanResponse, ReadRequest, Resource, Schema, StateResponse,
    UpdateRequest, Value, async_trait,
};
use zun_client::Client;

use super::{Managed, by_id, by_id_or_name, refused};
use crate::report::failed;
use crate::resource::agreeing::agreeing;
use crate::resource::identity::{identity, identity_of};
use crate::session::Session;

/// The mark of what was imported and not applied since: what no server holds is not in its state yet.
pub(crate) const IMPORTED: &str = "imported";

/// The resource of a noun.
pub(crate) struct ResourceOf<T>(PhantomData<T>);

impl<T> ResourceOf<T> {
    pub(crate) fn new() -> Self {
        Self(PhantomData)
    }
}

/// Answers with the state of a thing where the plan leaves it open, and with its identity.
async fn store<T: Managed>(
    response: &mut StateResponse,
    client: &Client,
    planned: &Value,
    thing: &T,
) -> Result<(), Diagnostics> {
    response.set_identity(identity_of(thing.id()));
    match thing.state(client, planned).await {
        Ok(state) => {
            response.set_state(agreeing(planned, &state));
            Ok(())
        }
        Err(error) => {
            // Its id must not be lost, whatever else is not known.
            response.set("id", thing.id());
            Err(failed(&error).into())
        }
    }
}

#[async_trait]
impl<T: Managed> Resource<Session> for ResourceOf<T> {
    fn type_name(&self) -> &'static str {
        T::TYPE
    }

    fn schema(&self) -> Schema {
        T::schema()
    }

    fn identity(&self) -> Option<IdentitySchema> {
        Some(identity("The id, kept for all its life."))
    }

    fn validate(&self, config: &Value, diagnostics: &mut Diagnostics) {
        T::validate(config, diagnostics);
    }

    async fn modify_plan(
        &self,
        _: &Context<Session>,
        request: &PlanRequest,
        response: &mut PlanResponse,
    ) -> Result<(), Diagnostics> {
        if request.action != Action::Destroy {
            T::settle(request, response);
        }
        Ok(())
    }

    async fn create(
        &self,
        context: &Context<Session>,
        request: CreateRequest,
        response: &mut StateResponse,
    ) -> Result<(), Diagnostics> {
        let client = &context.client()?.client;
        let planned = &request.planned_state;
        let made = T::make(client, planned).await?;
        store(response, client, planned, &made).await?;
        match made.complete(client, planned).await {
            Ok(true) => store(response, client, planned, &made).await,
            Ok(false) => Ok(()),
            Err(problem) => {
                // Tainted from here on; the state says what is there all the same.
                if let Ok(state) = made.state(client, planned).await {
                    response.set_state(state);
                }
                Err(problem)
            }
        }
    }

    async fn read(
        &self,
        context: &Context<Session>,
        request: ReadRequest,
        response: &mut StateResponse,
    ) -> Result<(), Diagnostics> {
        let client = &context.client()?.client;
        let id: String = request.current_state.read("id")?;
        match by_id::<T>(client, &id).await? {
            Some(thing) => {
                let state = thing.state(client, &request.current_state).await;
                response.set_state(state.map_err(|error| failed(&error))?);
                response.set_identity(identity_of(thing.id()));
            }
            None => response.remove(),
        }
        Ok(())
    }

    async fn update(
        &self,
        context: &Context<Session>,
        request: UpdateRequest,
        response: &mut StateResponse,
    ) -> Result<(), Diagnostics> {
        let client = &context.client()?.client;
        let id: String = request.prior_state.read("id")?;
        let changed = T::change(client, &id, &request).await;
        match (changed, client.networking_find::<T>(&id).await) {
            (Ok(()), Ok(Some(thing))) => {
                response.private.remove(IMPORTED);
                store(response, client, &request.planned_state, &thing).await
            }
            (Ok(()), Ok(None)) => {
                response.remove();
                Ok(())
            }
            (Ok(()), Err(error)) => Err(failed(&error).into()),
            (Err(problem), found) => {
                // Some of it may have been done.
                if let Ok(Some(thing)) = found
                    && let Ok(state) = thing.state(client, &request.prior_state).await
                {
                    response.set_state(state);
                }
                Err(problem)
            }
        }
    }

    async fn delete(
        &self,
        context: &Context<Session>,
        request: DeleteRequest,
        _: &mut StateResponse,
    ) -> Result<(), Diagnostics> {
        let client = &context.client()?.client;
        let id: String = request.prior_state.read("id")?;
        let deleted = T::delete(client, &id).await;
        Ok(deleted.map_err(|error| refused::<T>(&error))?)
    }

    async fn import(
        &self,
        context: &Context<Session>,
        request: ImportRequest,
        response: &mut ImportResponse,
    ) -> Result<(), Diagnostics> {
        let client = &context.client()?.client;
        let which = request.id("uuid").unwrap_or_default();
        let thing = by_id_or_name::<T>(client, which).await?;
        response.state.set("id", thing.id());
        response.identity = identity_of(thing.id());
        response.private.set(IMPORTED, true);
        Ok(())
    }
}
