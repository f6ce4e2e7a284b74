//! What networks, subnets, ports, security groups and their rules, routers and floating IPs have in common: they
//! are what was asked for as soon as it is answered, and found by id or by what people call them. [`life`] is the
//! resource of each.
//!
//! A computed attribute holds what the object's own operations decide, never what a later resource of the same apply
//! may change: the ports of a network or the container of a port would differ right after the apply that makes both.
//! The data sources show those.

pub(super) mod life;

#[cfg(test)]
mod tests;

use tfplugin::schema::validator;
use tfplugin::{
    Attribute, Diagnostic, Diagnostics, FromValue, PlanRequest, PlanResponse, Schema, Type,
    UpdateRequest, Value, async_trait,
};
use zun_client::networking::{FixedIp, Noun};
use zun_client::{Client, Error};

use crate::report::{detail, failed, summary};

/// A noun of the networking API that is a resource: the part in which the resources differ.
#[async_trait]
pub(crate) trait Managed: Noun {
    /// The resource's name.
    const TYPE: &'static str;
    /// The part of the `openstack` command that is about it.
    const COMMAND: &'static str = Self::NOUN;
    /// The field of the API by which people name one; `None` where they have its id alone.
    const CALLED: Option<&'static str> = Some("name");

    /// What the resource accepts and returns.
    fn schema() -> Schema;

    /// Checks what no single attribute shows. Values may be unknown.
    fn validate(config: &Value, diagnostics: &mut Diagnostics) {
        let _ = (config, diagnostics);
    }

    /// Settles the plan of a create or a change: what is known of computed attributes, and what is not.
    fn settle(request: &PlanRequest, response: &mut PlanResponse) {
        let _ = (request, response);
    }

    /// The state of the resource; what no server holds is as in `kept`.
    async fn state(&self, client: &Client, kept: &Value) -> Result<Value, Error>;

    /// Has one made as it is planned.
    async fn make(client: &Client, planned: &Value) -> Result<Self, Diagnostics>;

    /// Does what is left to do once it is there; whether there was anything.
    async fn complete(&self, client: &Client, planned: &Value) -> Result<bool, Diagnostics> {
        let _ = (client, planned);
        Ok(false)
    }

    /// Does what a change needs.
    async fn change(client: &Client, id: &str, request: &UpdateRequest) -> Result<(), Diagnostics>;

    /// Deletes it. One that is gone is a success.
    async fn delete(client: &Client, id: &str) -> Result<(), Error> {
        client.networking_delete::<Self>(id).await.map(|_| ())
    }
}

/// Adds what nearly all of them have: `id`, `project_id`, `name` and `description`.
///
/// The description is empty when left out: the server cannot tell the one from the other, so the plan after an import
/// would show a change to whoever wrote what the state happened not to say.
pub(crate) fn attributes(schema: Schema) -> Schema {
    described(owned(schema)).attribute(
        "name",
        Attribute::string()
            .optional()
            .validator(validator::length(1..=255))
            .description("Name; it need not be unique. Changed live."),
    )
}

/// Adds `id` and `project_id`.
pub(crate) fn owned(schema: Schema) -> Schema {
    let text = |text: &str| {
        let attribute = Attribute::string().computed().use_state_for_unknown();
        attribute.description(text)
    };
    schema
        .attribute("id", text("The uuid."))
        .attribute("project_id", text("Owner."))
}

/// Adds `description`.
pub(crate) fn described(schema: Schema) -> Schema {
    schema.attribute(
        "description",
        description().description("What it is for; empty when left out. Changed live."),
    )
}

/// Text that is empty when left out.
pub(crate) fn description() -> Attribute {
    Attribute::string()
        .default("")
        .validator(validator::length(..=255))
}

/// Adds `admin_state_up`.
pub(crate) fn switched(schema: Schema, text: &str) -> Schema {
    schema.attribute(
        "admin_state_up",
        Attribute::bool().default(true).description(text),
    )
}

/// The fields of an address on a subnet, both computed where they are not given.
pub(crate) fn fixed_ip_fields(subnet: Attribute, address: Attribute) -> tfplugin::Fields {
    tfplugin::Fields::new()
        .attribute("subnet_id", subnet)
        .attribute("ip_address", address)
}

/// Addresses as a list of objects.
pub(crate) fn fixed_ips_value<'a>(all: impl IntoIterator<Item = &'a FixedIp>) -> Value {
    let objects = all.into_iter().map(|fixed| {
        let mut object = Value::object([("ip_address", Value::string(&fixed.ip_address))]);
        object.set("subnet_id", &fixed.subnet_id);
        object
    });
    Value::List(objects.collect())
}

/// A list of texts.
pub(crate) fn texts() -> Attribute {
    Attribute::list(Type::String)
}

/// Sets `id`, `project_id` and `description`.
pub(crate) fn set_owned(state: &mut Value, thing: &impl Noun, description: Option<&str>) {
    state.set("id", thing.id());
    state.set("project_id", thing.project_id());
    state.set("description", description.unwrap_or_default());
}

/// Sets what [`attributes`] adds.
pub(crate) fn set_words(state: &mut Value, thing: &impl Noun, description: Option<&str>) {
    set_owned(state, thing, description);
    state.set("name", thing.name().filter(|name| !name.is_empty()));
}

/// A planned value; `None` where it is null, or the server's to decide.
pub(crate) fn given<T: FromValue>(planned: &Value, name: &str) -> Result<Option<T>, Diagnostics> {
    match planned.get(name) {
        Ok(value) if value.is_known() => {
            let read = value.to::<T>();
            Ok(Some(
                read.map_err(|error| Diagnostic::from(error).at(name))?,
            ))
        }
        _ => Ok(None),
    }
}

/// A planned text; empty where it is null.
pub(crate) fn text(planned: &Value, name: &str) -> String {
    let value = planned.get(name).ok().and_then(Value::as_str);
    value.unwrap_or_default().to_owned()
}

/// A planned text where the plan changes it; empty where it takes it away.
pub(crate) fn changed_text(request: &UpdateRequest, name: &str) -> Option<String> {
    request
        .changes(name)
        .then(|| text(&request.planned_state, name))
}

/// A planned value where the plan changes it.
pub(crate) fn changed<T: FromValue>(
    request: &UpdateRequest,
    name: &str,
) -> Result<Option<T>, Diagnostics> {
    if request.changes(name) {
        given(&request.planned_state, name)
    } else {
        Ok(None)
    }
}

/// Asks for a change, where there is one.
pub(crate) async fn apply<T: Managed>(
    client: &Client,
    id: &str,
    change: &T::Change,
) -> Result<(), Diagnostics> {
    if *change == T::Change::default() {
        return Ok(());
    }
    let changed = client.networking_update::<T>(id, change).await;
    changed
        .map(|_| ())
        .map_err(|error| refused::<T>(&error).into())
}

/// A failed call as an error, on the attribute it is about.
pub(crate) fn refused<T: Managed>(error: &Error) -> Diagnostic {
    let diagnostic = Diagnostic::error(summary(error), detail(error));
    let field = error.refusal().and_then(|refusal| refusal.field.as_deref());
    let attribute = field.map(attribute_of);
    match attribute.filter(|name| T::schema().fields().attributes().contains_key(*name)) {
        Some(name) => diagnostic.at(name),
        None => diagnostic,
    }
}

/// The attribute behind a field of the API.
fn attribute_of(field: &str) -> &str {
    let first = field.split(['.', '[']).next().unwrap_or_default();
    match (first, field) {
        (_, "external_gateway_info.enable_snat") => "enable_snat",
        ("external_gateway_info", _) => "external_network_id",
        ("fixed_ips" | "fixed_ip_address", _) => "fixed_ip",
        ("floating_ip_address", _) => "address",
        ("floating_network_id", _) => "pool",
        ("prefixlen", _) => "prefix_length",
        ("security_groups", _) => "security_group_ids",
        ("subnet_id", _) => "subnet_ids",
        _ => first,
    }
}

/// The one of this id or, failing that, of this name.
pub(crate) async fn by_id_or_name<T: Managed>(
    client: &Client,
    which: &str,
) -> Result<T, Diagnostic> {
    let which = which.trim();
    let noun = T::NOUN;
    if which.is_empty() {
        let text = match T::CALLED {
            Some(_) => format!("Name the {noun} by its id or by its {}.", words(T::CALLED)),
            None => format!("Name the {noun} by its id."),
        };
        return Err(Diagnostic::error("Nothing to look for", text));
    }
    if let Some(found) = by_id::<T>(client, which).await? {
        return Ok(found);
    }
    let Some(field) = T::CALLED else {
        return Err(none_such::<T>(&format!("the id {which:?}")));
    };
    let found = client.networking_list::<T>(&[(field, which)]).await;
    let found = found.map_err(|error| failed(&error))?;
    only(
        found,
        &format!("the id or the {} {which:?}", words(T::CALLED)),
    )
}

fn words(called: Option<&str>) -> &str {
    match called {
        Some("floating_ip_address") => "address",
        Some(name) => name,
        None => "id",
    }
}

/// The one of this id, if any. A server that also knows it by name answers for that too, which is not meant.
pub(crate) async fn by_id<T: Managed>(client: &Client, id: &str) -> Result<Option<T>, Diagnostic> {
    let found = client.networking_find::<T>(id).await;
    let found = found.map_err(|error| failed(&error))?;
    Ok(found.filter(|thing| thing.id() == id))
}

/// The only one; `asked` says how it was asked for.
pub(crate) fn only<T: Managed>(mut found: Vec<T>, asked: &str) -> Result<T, Diagnostic> {
    let noun = T::NOUN;
    match found.len() {
        1 => Ok(found.remove(0)),
        0 => Err(none_such::<T>(asked)),
        count => {
            let ids: Vec<&str> = found.iter().map(Noun::id).collect();
            Err(Diagnostic::error(
                format!("Several {noun}s fit"),
                format!(
                    "{count} {noun}s have {asked}; name one by its id: {}.",
                    ids.join(", ")
                ),
            ))
        }
    }
}

fn none_such<T: Managed>(asked: &str) -> Diagnostic {
    let noun = T::NOUN;
    Diagnostic::error(
        format!("No such {noun}"),
        format!(
            "The project has no {noun} with {asked}.\n\n`openstack {} list` shows those it has.",
            T::COMMAND
        ),
    )
}
