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
//!
//! # Beside terraform-plugin-framework
//!
//! The framework is HashiCorp's SDK in Go and the yardstick here. The same disk there, its
//! schema and its create:
//!
//! ```go
//! type diskModel struct {
//!     ID      types.String `tfsdk:"id"`
//!     Name    types.String `tfsdk:"name"`
//!     SizeGiB types.Int64  `tfsdk:"size_gib"`
//!     Labels  types.Map    `tfsdk:"labels"`
//! }
//!
//! func (r *disk) Schema(_ context.Context, _ resource.SchemaRequest, resp *resource.SchemaResponse) {
//!     resp.Schema = schema.Schema{
//!         MarkdownDescription: "A disk.",
//!         Attributes: map[string]schema.Attribute{
//!             "id": schema.StringAttribute{
//!                 Computed:      true,
//!                 PlanModifiers: []planmodifier.String{stringplanmodifier.UseStateForUnknown()},
//!             },
//!             "name": schema.StringAttribute{
//!                 Required:      true,
//!                 PlanModifiers: []planmodifier.String{stringplanmodifier.RequiresReplace()},
//!                 Validators:    []validator.String{stringvalidator.LengthBetween(1, 64)},
//!             },
//!             "size_gib": schema.Int64Attribute{
//!                 Optional:   true,
//!                 Computed:   true,
//!                 Default:    int64default.StaticInt64(10),
//!                 Validators: []validator.Int64{int64validator.AtLeast(1)},
//!             },
//!             "labels": schema.MapAttribute{ElementType: types.StringType, Optional: true},
//!         },
//!     }
//! }
//!
//! func (r *disk) Create(ctx context.Context, req resource.CreateRequest, resp *resource.CreateResponse) {
//!     var plan diskModel
//!     resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...)
//!     if resp.Diagnostics.HasError() {
//!         return
//!     }
//!     id, err := r.client.Create(ctx, plan.Name.ValueString(), plan.SizeGiB.ValueInt64())
//!     if err != nil {
//!         resp.Diagnostics.AddAttributeError(path.Root("name"), "Cannot create the disk", err.Error())
//!         return
//!     }
//!     plan.ID = types.StringValue(id)
//!     resp.Diagnostics.Append(resp.State.Set(ctx, &plan)...)
//! }
//! ```
//!
//! | | there | here |
//! |---|---|---|
//! | null and unknown | in every field's type | where the author says so: `T`, `Option<T>`, [`Attr<T>`](Attr) |
//! | a wrong type in the state | found when the call runs | the same, and the rest of the state is kept |
//! | failing | append, check, return | `?`; what the response holds by then is kept |
//! | the client | configured into each resource, cast by hand | a type parameter; [`Context::client`] says what is wrong when there is none |
//! | an object made half | author sets the state before returning the error | [`StateResponse::set`] of the id is enough |
//! | after a panic | the process ends with all its calls | an error of that call, with the state set so far |
//! | stopping a run | the call's context is cancelled | [`Context::cancel`] fires |
//! | numbers | a type for each width, or big floats | [`Number`], exact; `u16` or `f64` when read |
//! | validators | packages by type | functions in [`schema::validator`]; any `FromStr` by [`schema::validator::parses`] |
//! | timeouts | a module of its own | [`Schema::timeouts`]; the time that applies is in the context |
//! | proposed state | Terraform's, which differs by version | made anew from configuration and stored state ([`plan`]) |
//! | tests | a Terraform binary | a binary, or [`testing::Terraform`] in the same process |
//! | protocol 5, functions, ephemeral resources, lists, actions | yes | no |
//! | mistakes in schemas | validated on the way | named when the schema is fetched ([`schema::check`]) |
//!
//! # What it stands on
//!
//! Terraform 1.0 and OpenTofu 1.6 or later, on Unix. Attributes with nested fields that may be
//! null need Terraform 1.0.9: earlier ones crash on them.

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
