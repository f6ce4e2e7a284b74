//! Write Terraform and OpenTofu providers in Rust.
//!
//! The crate speaks version 6 of the provider protocol; authors write a [`Provider`], its
//! [`Resource`]s and its [`DataSource`]s, and hand them to [`serve`]. A complete provider:
//!
//! ```no_run
//! use std::collections::BTreeMap;
//! use std::process::ExitCode;
//!
//! use tfplugin::schema::validator;
//! use tfplugin::{
//!     Attr, Attribute, ConfigureRequest, Context, CreateRequest, DeleteRequest, Diagnostic,
//!     Diagnostics, ImportRequest, ImportResponse, Provider, ReadRequest, Resource, Schema,
//!     StateResponse, Type, UpdateRequest, Value, async_trait, model,
//! };
//!
//! // The remote side. Its methods would really be async calls over HTTP.
//! struct Client;
//! struct Found { name: String, size: u32 }
//! impl Client {
//!     fn create(&self, name: &str, size: u32) -> Result<String, std::io::Error> { todo!() }
//!     fn find(&self, id: &str) -> Result<Option<Found>, std::io::Error> { todo!() }
//!     fn resize(&self, id: &str, size: u32) -> Result<(), std::io::Error> { todo!() }
//!     fn remove(&self, id: &str) -> Result<(), std::io::Error> { todo!() }
//! }
//!
//! model! {
//!     /// A disk as Terraform sees it. `Attr` may be null or unknown, `Option` may be null,
//!     /// anything else must be there.
//!     struct Disk {
//!         id: Attr<String>,
//!         name: String,
//!         size_gib: u32,
//!         labels: Option<BTreeMap<String, String>>,
//!     }
//! }
//!
//! struct DiskResource;
//!
//! #[async_trait]
//! impl Resource<Client> for DiskResource {
//!     fn type_name(&self) -> &str {
//!         "example_disk"
//!     }
//!
//!     fn schema(&self) -> Schema {
//!         Schema::new()
//!             .description("A disk.")
//!             .attribute("id", Attribute::string().computed().use_state_for_unknown())
//!             .attribute("name", Attribute::string().required().requires_replace()
//!                 .validator(validator::length(1..=64)))
//!             .attribute("size_gib", Attribute::int().default(10)
//!                 .validator(validator::between(1.0..)))
//!             .attribute("labels", Attribute::map(Type::String).optional())
//!     }
//!
//!     async fn create(&self, context: &Context<Client>, request: CreateRequest,
//!         response: &mut StateResponse) -> Result<(), Diagnostics>
//!     {
//!         let disk: Disk = request.planned_state.to()?;
//!         let id = context.client()?.create(&disk.name, disk.size_gib)
//!             .map_err(|e| Diagnostic::error("Cannot create the disk", e).at("name"))?;
//!         response.set("id", id);   // from here on the disk is in the state, whatever fails next
//!         Ok(())
//!     }
//!
//!     async fn read(&self, context: &Context<Client>, request: ReadRequest,
//!         response: &mut StateResponse) -> Result<(), Diagnostics>
//!     {
//!         let id: String = request.current_state.read("id")?;
//!         match context.client()?.find(&id).map_err(|e| Diagnostic::error("Cannot read", e))? {
//!             None => response.remove(),
//!             Some(found) => {
//!                 response.set("name", found.name);
//!                 response.set("size_gib", found.size);
//!             }
//!         }
//!         Ok(())
//!     }
//!
//!     async fn update(&self, context: &Context<Client>, request: UpdateRequest,
//!         response: &mut StateResponse) -> Result<(), Diagnostics>
//!     {
//!         let id: String = request.prior_state.read("id")?;
//!         if request.changes("size_gib") {
//!             let size: u32 = request.planned_state.read("size_gib")?;
//!             context.client()?.resize(&id, size).map_err(|e| Diagnostic::error("Cannot resize", e))?;
//!         }
//!         response.set_state(request.planned_state);
//!         Ok(())
//!     }
//!
//!     async fn delete(&self, context: &Context<Client>, request: DeleteRequest,
//!         _: &mut StateResponse) -> Result<(), Diagnostics>
//!     {
//!         let id: String = request.prior_state.read("id")?;
//!         context.client()?.remove(&id).map_err(|e| Diagnostic::error("Cannot remove", e))?;
//!         Ok(())   // the state goes by itself
//!     }
//!
//!     async fn import(&self, _: &Context<Client>, request: ImportRequest,
//!         response: &mut ImportResponse) -> Result<(), Diagnostics>
//!     {
//!         response.state.set("id", request.id("id"));   // Terraform reads the rest
//!         Ok(())
//!     }
//! }
//!
//! struct Example;
//!
//! #[async_trait]
//! impl Provider for Example {
//!     type Client = Client;
//!
//!     fn address(&self) -> &str {
//!         "registry.terraform.io/example/example"
//!     }
//!
//!     fn schema(&self) -> Schema {
//!         Schema::new().attribute("endpoint", Attribute::string().optional())
//!     }
//!
//!     async fn configure(&self, request: ConfigureRequest, _: &mut Diagnostics)
//!         -> Result<Option<Client>, Diagnostics>
//!     {
//!         let endpoint: Attr<String> = request.config.read("endpoint")?;
//!         Ok(if endpoint.is_unknown() { None } else { Some(Client) })
//!     }
//!
//!     fn resources(&self) -> Vec<Box<dyn Resource<Client>>> {
//!         vec![Box::new(DiskResource)]
//!     }
//! }
//!
//! fn main() -> ExitCode {
//!     tfplugin::serve(Example)
//! }
//! ```

pub mod codec;
pub mod data_source;
pub mod diagnostic;
pub mod handshake;
mod log;
pub mod path;
pub mod plan;
pub mod private;
#[doc(hidden)]
#[expect(
    clippy::all,
    clippy::pedantic,
    clippy::allow_attributes,
    reason = "generated code follows its generator's rules"
)]
pub mod proto;
pub mod provider;
pub mod resource;
pub mod schema;
pub mod serve;
pub mod server;
mod state;
pub mod testing;
pub mod types;
pub mod value;

pub use async_trait::async_trait;
pub use tokio_util::sync::CancellationToken;

pub use data_source::{DataResponse, DataSource};
pub use diagnostic::{Diagnostic, Diagnostics, Severity};
pub use path::{AttributePath, Step};
pub use private::Private;
pub use provider::{ConfigureRequest, Context, Provider};
pub use resource::{
    Action, CreateRequest, DeleteRequest, ImportBy, ImportRequest, ImportResponse, MoveRequest,
    PlanRequest, PlanResponse, ReadRequest, Resource, StateResponse, UpdateRequest, Upgrader,
};
pub use schema::{
    Attribute, Block, Change, Fields, IdentityAttribute, IdentitySchema, Operation, Schema,
    Timeouts, Validator,
};
pub use serve::serve;
pub use types::Type;
pub use value::{Attr, FromValue, Number, ToValue, Value, ValueError};
