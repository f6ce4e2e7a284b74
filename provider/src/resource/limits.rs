//! A resource of limits, of a project or of a class: four limits, each set or inherited, and what is in force.

use std::marker::PhantomData;

use tfplugin::schema::{Rule, validator};
use tfplugin::{
    Attribute, Context, CreateRequest, DeleteRequest, Diagnostic, Diagnostics, Fields,
    ImportRequest, ImportResponse, ReadRequest, Resource, Schema, StateResponse, UpdateRequest,
    Value, async_trait,
};
use zun_api_types::quota::SetLimits;
use zun_client::{Client, Error};
use zun_domain::quota::{LimitSet, Limits, Resource as Limited};

use crate::json::{parse, to_json, value_of};
use crate::report::{failed, sentence};
use crate::session::Session;

/// What is set, and what is in force.
pub(super) type Held = (LimitSet, Limits);

/// Whose limits: the part in which the resources differ.
#[async_trait]
pub(super) trait Owner: Send + Sync + 'static {
    /// The resource's name.
    const TYPE: &'static str;
    /// The attribute that names the owner, beside `id`.
    const KEY: &'static str;

    /// Description, `id` and [`Self::KEY`].
    fn schema() -> Schema;

    /// The owner a plan names.
    async fn chosen(session: &Session, planned: &Value) -> Result<String, Diagnostics>;

    /// Its limits.
    async fn get(client: &Client, id: &str) -> Result<Held, Error>;

    /// Sets all of them.
    async fn set(client: &Client, id: &str, body: &SetLimits) -> Result<Held, Error>;

    /// Back to what is inherited.
    async fn delete(client: &Client, id: &str) -> Result<(), Error>;
}

/// The resource of an owner's limits.
pub(super) struct LimitsOf<O>(PhantomData<O>);

impl<O> LimitsOf<O> {
    pub(super) fn new() -> Self {
        Self(PhantomData)
    }
}

impl<O: Owner> LimitsOf<O> {
    fn state_of(id: &str, held: &Held) -> Value {
        let mut state = Value::object([("id", Value::string(id)), (O::KEY, Value::string(id))]);
        for resource in Limited::ALL {
            state.set(resource.name(), held.0.get(resource));
        }
        state.set("effective", value_of(&held.1));
        state
    }
}

#[async_trait]
impl<O: Owner> Resource<Session> for LimitsOf<O> {
    fn type_name(&self) -> &'static str {
        O::TYPE
    }

    fn schema(&self) -> Schema {
        attributes(O::schema())
    }

    async fn create(
        &self,
        context: &Context<Session>,
        request: CreateRequest,
        response: &mut StateResponse,
    ) -> Result<(), Diagnostics> {
        let session = context.client()?;
        let planned = &request.planned_state;
        let id = O::chosen(session, planned).await?;
        let body = SetLimits {
            limits: limits_of(planned)?,
            create: true,
        };
        let held = O::set(&session.client, &id, &body).await;
        let held = held.map_err(|error| refused_create(&error, O::TYPE, &id))?;
        response.set_state(Self::state_of(&id, &held));
        Ok(())
    }

    async fn read(
        &self,
        context: &Context<Session>,
        request: ReadRequest,
        response: &mut StateResponse,
    ) -> Result<(), Diagnostics> {
        let session = context.client()?;
        let id: String = request.current_state.read("id")?;
        match O::get(&session.client, &id).await {
            Ok(held) if !held.0.is_empty() => response.set_state(Self::state_of(&id, &held)),
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
        let id: String = request.prior_state.read("id")?;
        let body = SetLimits {
            limits: limits_of(&request.planned_state)?,
            create: false,
        };
        let held = O::set(&session.client, &id, &body).await;
        let held = held.map_err(|error| failed(&error))?;
        response.set_state(Self::state_of(&id, &held));
        Ok(())
    }

    async fn delete(
        &self,
        context: &Context<Session>,
        request: DeleteRequest,
        _: &mut StateResponse,
    ) -> Result<(), Diagnostics> {
        let session = context.client()?;
        let id: String = request.prior_state.read("id")?;
        match O::delete(&session.client, &id).await {
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

/// Adds the limits, of which at least one has to be set, and `effective`.
fn attributes(schema: Schema) -> Schema {
    let schema = Limited::ALL.iter().fold(schema, |schema, resource| {
        let text = format!(
            "Limit of {}; -1 is unlimited. Left out, it is inherited.",
            words(*resource)
        );
        let limit = Attribute::int()
            .optional()
            .validator(validator::between(-1.0..))
            .description(text);
        schema.attribute(resource.name(), limit)
    });
    schema
        .attribute(
            "effective",
            Attribute::single_nested(figures())
                .computed()
                .description("The limits in force, inherited ones included."),
        )
        .rule(Rule::at_least_one_of(Limited::ALL.map(Limited::name)))
}

/// The four figures as computed attributes.
pub(crate) fn figures() -> Fields {
    Limited::ALL.iter().fold(Fields::new(), |fields, resource| {
        let text = format!("{}.", sentence(words(*resource)));
        fields.attribute(
            resource.name(),
            Attribute::number().computed().description(text),
        )
    })
}

fn words(resource: Limited) -> &'static str {
    match resource {
        Limited::Containers => "the number of containers",
        Limited::Cpu => "cores",
        Limited::Memory => "memory, in MiB",
        Limited::Disk => "disk, in GiB",
    }
}

/// The limits a plan describes.
fn limits_of(planned: &Value) -> Result<LimitSet, Diagnostic> {
    let json = Limited::ALL
        .iter()
        .filter_map(|r| Some((r.name().to_owned(), to_json(planned.get(r.name()).ok()?))))
        .collect();
    parse(serde_json::Value::Object(json))
}

/// A refused create: limits that are set already come with the way to take them over.
fn refused_create(error: &Error, kind: &str, id: &str) -> Diagnostic {
    if !error.is_conflict() {
        return failed(error);
    }
    Diagnostic::error(
        format!("Limits of {id} are set already"),
        format!(
            "{}.\n\nTo manage them, import them, with the address of this resource in place of {kind}.example:\n\n  \
             terraform import {kind}.example {id}",
            sentence(&error.cause().to_string())
        ),
    )
}
