//! What the author of a managed resource writes.

pub mod request;
pub mod response;
pub mod upgrade;

use async_trait::async_trait;

use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::provider::Context;
use crate::schema::{IdentitySchema, Schema};
use crate::value::Value;
pub use request::{
    Action, CreateRequest, DeleteRequest, ImportBy, ImportRequest, MoveRequest, PlanRequest,
    ReadRequest, UpdateRequest,
};
pub use response::{ImportResponse, PlanResponse, StateResponse};
pub use upgrade::Upgrader;

/// A kind of managed object. `C` is the client the provider makes when it is configured.
///
/// Methods are called in any number at the same time. A returned error becomes diagnostics; what
/// the response holds by then is kept.
#[async_trait]
pub trait Resource<C: Send + Sync + 'static>: Send + Sync {
    /// The full name of the type, the provider's own included: `example_server`.
    fn type_name(&self) -> &str;

    /// What it accepts and returns. Called at most once per process, when first needed.
    fn schema(&self) -> Schema;

    /// The attributes that name the remote object for good. A resource that has one sets it in
    /// create, read and import.
    fn identity(&self) -> Option<IdentitySchema> {
        None
    }

    /// Ways from older stored shapes to the present one.
    fn upgraders(&self) -> Vec<Upgrader> {
        Vec::new()
    }

    /// Checks a configuration beyond its validators. Values may be unknown, and there is no
    /// client yet.
    fn validate(&self, config: &Value, diagnostics: &mut Diagnostics) {
        let _ = (config, diagnostics);
    }

    /// Has the last word on a plan: warn, refuse, mark values unknown, demand replacement. Called
    /// for destroy plans as well. There is no client if the provider's own configuration is
    /// still unknown.
    async fn modify_plan(
        &self,
        context: &Context<C>,
        request: &PlanRequest,
        response: &mut PlanResponse,
    ) -> Result<(), Diagnostics> {
        let _ = (context, request, response);
        Ok(())
    }

    /// Makes the object. Set the id in the response as soon as the object exists: it is then
    /// stored, tainted, even if the rest fails.
    async fn create(
        &self,
        context: &Context<C>,
        request: CreateRequest,
        response: &mut StateResponse,
    ) -> Result<(), Diagnostics>;

    /// Looks at the object. The response begins as the stored state; [`StateResponse::remove`]
    /// says that the object is gone.
    async fn read(
        &self,
        context: &Context<C>,
        request: ReadRequest,
        response: &mut StateResponse,
    ) -> Result<(), Diagnostics>;

    /// Changes the object. The response begins as the stored state.
    async fn update(
        &self,
        context: &Context<C>,
        request: UpdateRequest,
        response: &mut StateResponse,
    ) -> Result<(), Diagnostics> {
        let _ = (context, request, response);
        Err(Diagnostic::error(
            "Update not supported",
            "Every configurable attribute of this resource has to require replacement.",
        )
        .into())
    }

    /// Removes the object. An object that is gone already is a success; on an error the state
    /// is kept.
    async fn delete(
        &self,
        context: &Context<C>,
        request: DeleteRequest,
        response: &mut StateResponse,
    ) -> Result<(), Diagnostics>;

    /// Finds an object made elsewhere. Setting what `read` needs to find it is enough: Terraform
    /// reads it next.
    async fn import(
        &self,
        context: &Context<C>,
        request: ImportRequest,
        response: &mut ImportResponse,
    ) -> Result<(), Diagnostics> {
        let _ = (context, request, response);
        Err(Diagnostic::error(
            "Import not supported",
            "Objects of this type cannot be imported.",
        )
        .into())
    }

    /// Takes over an object from another resource type (`moved` blocks).
    async fn move_state(
        &self,
        request: MoveRequest,
        response: &mut StateResponse,
    ) -> Result<(), Diagnostics> {
        let _ = response;
        Err(Diagnostic::error(
            "Move not supported",
            format!(
                "This resource cannot take over objects of the type {}.",
                request.source_type_name
            ),
        )
        .into())
    }
}
