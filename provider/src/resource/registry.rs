//! `zun_registry`: where images come from, and as whom.
//!
//! The password goes one way. `password` is kept in the state, `password_wo` never is, and the server shows neither: a
//! password that somebody else changed is no drift. After an import the first apply sends the configured one, since
//! nobody can say whether the server has it.

use tfplugin::schema::validator;
use tfplugin::{
    Attribute, Context, CreateRequest, DeleteRequest, Diagnostic, Diagnostics, IdentitySchema,
    ImportRequest, ImportResponse, ReadRequest, Resource, Schema, StateResponse, UpdateRequest,
    Value, async_trait,
};
use zun_client::registry::{ChangeRegistry, CreateRegistry, Edit};
use zun_client::{Client, Error, Registry, Secret};
use zun_domain::registry::RegistryDomain;

use super::agreeing::agreeing;
use super::identity::{identity, identity_of};
use crate::report::{detail, failed, summary};
use crate::session::Session;

#[cfg(test)]
mod tests;

const VERSION: &str = "password_wo_version";

/// The resource.
pub(crate) struct RegistryResource;

/// What it accepts and returns.
pub(crate) fn schema() -> Schema {
    let text = |text: &str| {
        let attribute = Attribute::string().computed().use_state_for_unknown();
        attribute.description(text)
    };
    let schema = Schema::new()
        .description(
            "A registry that images come from, and as whom it is asked for them. A `zun_container` or a `zun_image` names it in \
             `registry`. The password is encrypted at rest, and no answer shows it.",
        )
        .attribute("id", text("The uuid."))
        .attribute("project_id", text("Owner."))
        .attribute(
            "domain",
            Attribute::string().required().validator(validator::parses::<RegistryDomain>()).description(
                "Host, and port after a colon, as image references begin with it, such as `registry.example:5000`. Changed live.",
            ),
        )
        .attribute(
            "name",
            Attribute::string()
                .optional()
                .validator(validator::length(2..=255))
                .description("Name; it need not be unique. Changed live."),
        );
    login(schema)
}

fn login(schema: Schema) -> Schema {
    let given = || {
        Attribute::string()
            .optional()
            .validator(validator::length(1..=255))
    };
    schema
        .attribute(
            "username",
            given().description(
                "Who logs in; nobody does where none is given. Needs `password` or `password_wo`. Changed live.",
            ),
        )
        .attribute(
            "password",
            given()
                .sensitive()
                .validator(validator::conflicts_with(["password_wo"]))
                .validator(validator::also_requires(["username"]))
                .description(
                    "With what it logs in. Stored in the state: `password_wo` is not. Changed live.",
                ),
        )
        .attribute(
            "password_wo",
            given()
                .write_only()
                .validator(validator::also_requires(["username"]))
                .description(
                    "With what it logs in, in neither plan nor state (Terraform and OpenTofu from 1.11). Sent when the registry is \
                     made and whenever `password_wo_version` changes.",
                ),
        )
        .attribute(
            VERSION,
            Attribute::int()
                .optional()
                .description("Change it to send `password_wo` again. Changed live."),
        )
}

fn text(value: &Value, name: &str) -> Option<String> {
    let found = value.get(name).ok().and_then(Value::as_str);
    found.map(str::to_owned)
}

fn secret(value: &Value, name: &str) -> Option<Secret> {
    text(value, name).map(Secret::new)
}

/// Everything the server shows of a registry.
pub(crate) fn shown(registry: &Registry) -> Value {
    let mut state = Value::object::<&str>([]);
    state.set("id", registry.uuid.as_str());
    state.set("project_id", &registry.project_id);
    state.set("name", &registry.name);
    state.set("domain", registry.domain.as_str());
    state.set("username", &registry.username);
    state
}

/// The state of the resource; what no server shows is as in `kept`.
fn state_of(registry: &Registry, kept: &Value) -> Value {
    let mut state = shown(registry);
    for name in ["password", VERSION] {
        state.set(name, kept.get(name).unwrap_or(&Value::Null));
    }
    state.set("password_wo", Value::Null);
    state
}

fn store(response: &mut StateResponse, planned: &Value, registry: &Registry) {
    response.set_state(agreeing(planned, &state_of(registry, planned)));
    response.set_identity(identity_of(&registry.uuid));
}

/// What an update changes.
fn change_of(request: &UpdateRequest) -> ChangeRegistry {
    let planned = &request.planned_state;
    let of = |name: &str| match text(planned, name) {
        _ if !request.changes(name) => Edit::Keep,
        Some(text) => Edit::Set(text),
        None => Edit::Clear,
    };
    let username = of("username");
    let again = request.changes("password") || request.changes(VERSION);
    let password = match username {
        Edit::Clear => Edit::Clear,
        Edit::Keep | Edit::Set(_) if again => {
            // One that is hidden is known in the configuration of this call alone.
            let given = secret(planned, "password");
            let given = given.or_else(|| secret(&request.config, "password_wo"));
            given.map_or(Edit::Keep, Edit::Set)
        }
        Edit::Keep | Edit::Set(_) => Edit::Keep,
    };
    ChangeRegistry {
        domain: text(planned, "domain").filter(|_| request.changes("domain")),
        name: of("name"),
        username,
        password,
    }
}

/// A failed call as an error, on the attribute it is about.
fn refused(error: &Error) -> Diagnostic {
    let diagnostic = Diagnostic::error(summary(error), detail(error));
    let field = error.refusal().and_then(|refusal| refusal.field.as_deref());
    let attribute = field.and_then(|field| field.strip_prefix("registry."));
    match attribute.filter(|name| schema().fields().attributes().contains_key(*name)) {
        Some(name) => diagnostic.at(name),
        None => diagnostic,
    }
}

/// The registry of this id or, failing that, the only one of this name.
pub(crate) async fn by_id_or_name(client: &Client, which: &str) -> Result<Registry, Diagnostic> {
    let which = which.trim();
    if which.is_empty() {
        let text = "Name the registry by its id or by its name.";
        return Err(Diagnostic::error("Nothing to look for", text));
    }
    match by_id(client, which).await? {
        Some(found) => Ok(found),
        None => by_name(client, which).await,
    }
}

/// The one of this id, if any. The server also answers for a name, which is not meant.
pub(crate) async fn by_id(client: &Client, id: &str) -> Result<Option<Registry>, Diagnostic> {
    let found = match client.registry_find(id).await {
        // Several of this name: none of this id.
        Err(error) if error.is_conflict() => return Ok(None),
        found => found.map_err(|error| failed(&error))?,
    };
    Ok(found.filter(|registry| registry.uuid == id))
}

/// The only one of this name.
pub(crate) async fn by_name(client: &Client, name: &str) -> Result<Registry, Diagnostic> {
    let named = client.registries_named(name).await;
    let mut named = named.map_err(|error| failed(&error))?;
    match named.len() {
        1 => Ok(named.remove(0)),
        0 => Err(Diagnostic::error(
            "No such registry",
            format!(
                "The project has no registry with the id or the name {name:?}.\n\n\
                 `openstack appcontainer registry list` shows those it has."
            ),
        )),
        count => {
            let ids: Vec<&str> = named.iter().map(|one| one.uuid.as_str()).collect();
            Err(Diagnostic::error(
                "Several registries have this name",
                format!(
                    "{count} registries are named {name:?}; name one by its id: {}.",
                    ids.join(", ")
                ),
            ))
        }
    }
}

#[async_trait]
impl Resource<Session> for RegistryResource {
    fn type_name(&self) -> &'static str {
        "zun_registry"
    }

    fn schema(&self) -> Schema {
        schema()
    }

    fn identity(&self) -> Option<IdentitySchema> {
        Some(identity("The id, kept for all its life."))
    }

    fn validate(&self, config: &Value, diagnostics: &mut Diagnostics) {
        let is_null = |name: &str| config.get(name).is_ok_and(Value::is_null);
        let given = |name: &str| config.get(name).is_ok_and(|value| !value.is_null());
        if given("username") && is_null("password") && is_null("password_wo") {
            diagnostics.error_at(
                "username",
                "Invalid combination",
                "Whoever logs in needs a password: set password_wo and password_wo_version or, before Terraform and OpenTofu \
                 1.11, password.",
            );
        }
        if given("password_wo") && is_null(VERSION) {
            diagnostics.error_at(
                "password_wo",
                "Invalid combination",
                "Set password_wo_version as well, to 1 for example: its change is what sends another password.",
            );
        }
    }

    async fn create(
        &self,
        context: &Context<Session>,
        request: CreateRequest,
        response: &mut StateResponse,
    ) -> Result<(), Diagnostics> {
        let client = &context.client()?.client;
        let planned = &request.planned_state;
        let body = CreateRegistry {
            domain: planned.read("domain")?,
            name: text(planned, "name"),
            username: text(planned, "username"),
            password: secret(planned, "password")
                .or_else(|| secret(&request.config, "password_wo")),
        };
        let made = client.registry_create(&body).await;
        store(response, planned, &made.map_err(|error| refused(&error))?);
        Ok(())
    }

    async fn read(
        &self,
        context: &Context<Session>,
        request: ReadRequest,
        response: &mut StateResponse,
    ) -> Result<(), Diagnostics> {
        let client = &context.client()?.client;
        let id: String = request.current_state.read("id")?;
        match by_id(client, &id).await? {
            Some(registry) => {
                response.set_state(state_of(&registry, &request.current_state));
                response.set_identity(identity_of(&registry.uuid));
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
        let change = change_of(&request);
        if change.is_empty() {
            response.set_state(request.planned_state);
            return Ok(());
        }
        let changed = client.registry_update(&id, &change).await;
        let changed = changed.map_err(|error| refused(&error))?;
        store(response, &request.planned_state, &changed);
        Ok(())
    }

    async fn delete(
        &self,
        context: &Context<Session>,
        request: DeleteRequest,
        _: &mut StateResponse,
    ) -> Result<(), Diagnostics> {
        let client = &context.client()?.client;
        let id: String = request.prior_state.read("id")?;
        let deleted = client.registry_delete(&id).await;
        deleted.map_err(|error| failed(&error))?;
        Ok(())
    }

    async fn import(
        &self,
        context: &Context<Session>,
        request: ImportRequest,
        response: &mut ImportResponse,
    ) -> Result<(), Diagnostics> {
        let client = &context.client()?.client;
        let which = request.id("uuid").unwrap_or_default();
        let registry = by_id_or_name(client, which).await?;
        response.state.set("id", registry.uuid.as_str());
        response.identity = identity_of(&registry.uuid);
        Ok(())
    }
}
