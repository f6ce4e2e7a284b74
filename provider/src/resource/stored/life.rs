//! The resource of something stored: create, read, delete and import are the same for volumes and snapshots, and
//! the state stays true whatever happens.

use std::marker::PhantomData;

use tfplugin::{
    Action, Context, CreateRequest, DeleteRequest, Diagnostic, Diagnostics, IdentitySchema,
    ImportRequest, ImportResponse, PlanRequest, PlanResponse, ReadRequest, Resource, Schema,
    StateResponse, UpdateRequest, Value, async_trait,
};
use zun_client::Client;

use super::{Deed, Stored, by_id, by_id_or_name, gone, settled};
use crate::report::failed;
use crate::resource::agreeing::agreeing;
use crate::resource::identity::{identity, identity_of};
use crate::session::Session;
use crate::wait::Patience;

/// Something stored that has a resource: the part in which the resources differ.
#[async_trait]
pub(crate) trait Managed: Stored + 'static {
    /// The resource's name.
    const TYPE: &'static str;

    /// What the resource accepts and returns.
    fn schema() -> Schema;

    /// The state of the resource; what does not follow the server is as in `kept`.
    fn state(&self, kept: &Value) -> Value;

    /// Refuses a change in place that cannot be.
    fn check_change(prior: &Value, planned: &Value) -> Result<(), Diagnostic> {
        let _ = (prior, planned);
        Ok(())
    }

    /// Has one accepted as it is planned; it is made from then on.
    async fn accept(client: &Client, planned: &Value) -> Result<Self, Diagnostics>;

    /// Changes one.
    async fn update(
        context: &Context<Session>,
        request: UpdateRequest,
        response: &mut StateResponse,
    ) -> Result<(), Diagnostics>;
}

/// Answers with the state of a thing where the plan leaves it open, and with its identity.
pub(crate) fn store(response: &mut StateResponse, planned: &Value, thing: &impl Managed) {
    response.set_state(agreeing(planned, &thing.state(planned)));
    response.set_identity(identity_of(thing.id()));
}

/// The resource of something stored.
pub(crate) struct ResourceOf<T>(PhantomData<T>);

impl<T> ResourceOf<T> {
    pub(crate) fn new() -> Self {
        Self(PhantomData)
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

    async fn modify_plan(
        &self,
        _: &Context<Session>,
        request: &PlanRequest,
        response: &mut PlanResponse,
    ) -> Result<(), Diagnostics> {
        if request.action == Action::Update && response.requires_replace.is_empty() {
            T::check_change(&request.prior_state, &response.planned_state)?;
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
        let patience = Patience::new(context.timeout, &context.cancel);
        let planned = &request.planned_state;
        let accepted = T::accept(client, planned).await?;
        store(response, planned, &accepted);
        match settled::<T>(client, &patience, Deed::Create, accepted.id()).await {
            Ok(thing) => {
                store(response, planned, &thing);
                Ok(())
            }
            Err(problem) => {
                // Tainted from here on; the state says what is there all the same.
                if let Ok(Some(thing)) = T::find(client, accepted.id()).await {
                    response.set_state(thing.state(planned));
                }
                Err(problem.into())
            }
        }
    }

    async fn read(
        &self,
        context: &Context<Session>,
        request: ReadRequest,
        response: &mut StateResponse,
    ) -> Result<(), Diagnostics> {
        let session = context.client()?;
        let id: String = request.current_state.read("id")?;
        match by_id::<T>(&session.client, &id).await? {
            Some(thing) if thing.status() != "deleting" => {
                response.set_state(thing.state(&request.current_state));
                response.set_identity(identity_of(thing.id()));
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
        T::update(context, request, response).await
    }

    async fn delete(
        &self,
        context: &Context<Session>,
        request: DeleteRequest,
        _: &mut StateResponse,
    ) -> Result<(), Diagnostics> {
        let client = &context.client()?.client;
        let patience = Patience::new(context.timeout, &context.cancel);
        let id: String = request.prior_state.read("id")?;
        let accepted = T::delete(client, &id).await;
        if accepted.map_err(|error| failed(&error))? {
            gone::<T>(client, &patience, &id).await?;
        }
        Ok(())
    }

    async fn import(
        &self,
        context: &Context<Session>,
        request: ImportRequest,
        response: &mut ImportResponse,
    ) -> Result<(), Diagnostics> {
        let session = context.client()?;
        let which = request.id("uuid").unwrap_or_default();
        let thing = by_id_or_name::<T>(&session.client, which).await?;
        response.state.set("id", thing.id());
        response.identity = identity_of(thing.id());
        Ok(())
    }
}
