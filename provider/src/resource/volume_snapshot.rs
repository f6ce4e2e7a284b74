//! `zun_volume_snapshot`: the data a volume had at one moment.

use std::time::Duration;

use tfplugin::{
    Attribute, Context, CreateRequest, DeleteRequest, Diagnostics, IdentitySchema, ImportRequest,
    ImportResponse, Operation, ReadRequest, Resource, Schema, StateResponse, Timeouts,
    UpdateRequest, Value, async_trait,
};
use zun_client::{CreateSnapshot, Snapshot};

use super::agreeing::agreeing;
use super::stored::{
    self, Deed, Stored, by_id, by_id_or_name, changes_words, identity_of, set_words, settled,
    words_of,
};
use crate::report::failed;
use crate::session::Session;
use crate::wait::Patience;

#[cfg(test)]
mod tests;

/// The resource.
pub(crate) struct SnapshotResource;

/// What it accepts and returns.
pub(crate) fn schema() -> Schema {
    let fixed = |attribute: Attribute, text: &str| {
        let attribute = attribute.computed().use_state_for_unknown();
        attribute.description(text)
    };
    let schema = Schema::new().description(
        "The data a volume had at one moment. A new `zun_volume` begins with it through `snapshot_id`.",
    );
    stored::attributes(schema)
        .attribute(
            "volume_id",
            Attribute::string()
                .required()
                .requires_replace()
                .validator(stored::an_id("zun_volume.data.id"))
                .description("Volume it is taken of, also while a container has that: its writers wait so long."),
        )
        .attribute("size", fixed(Attribute::int(), "The size the volume had, in GiB."))
        .attribute("status", fixed(Attribute::string(),
            "What is being done to it: `creating`, `available`, `deleting` or `error`."))
        .attribute("created_at", fixed(Attribute::string(), "When it was taken."))
        .timeouts(
            Timeouts::new()
                .of(Operation::Create, Duration::from_mins(20))
                .of(Operation::Delete, Duration::from_mins(10)),
        )
}

/// Everything the server knows of a snapshot.
pub(crate) fn shown(snapshot: &Snapshot) -> Value {
    let mut state = Value::object::<&str>([]);
    set_words(&mut state, snapshot);
    state.set("volume_id", snapshot.volume_id.as_str());
    state.set("size", snapshot.size);
    state.set("status", snapshot.status.as_str());
    state.set("created_at", &snapshot.created_at);
    state
}

fn state_of(snapshot: &Snapshot, kept: &Value) -> Value {
    let mut state = shown(snapshot);
    state.set("timeouts", kept.get("timeouts").unwrap_or(&Value::Null));
    state
}

fn store(response: &mut StateResponse, planned: &Value, snapshot: &Snapshot) {
    response.set_state(agreeing(planned, &state_of(snapshot, planned)));
    response.set_identity(identity_of(&snapshot.id));
}

#[async_trait]
impl Resource<Session> for SnapshotResource {
    fn type_name(&self) -> &'static str {
        "zun_volume_snapshot"
    }

    fn schema(&self) -> Schema {
        schema()
    }

    fn identity(&self) -> Option<IdentitySchema> {
        Some(stored::identity())
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
        let words = words_of(planned)?;
        let given = |text: String| (!text.is_empty()).then_some(text);
        let body = CreateSnapshot {
            volume_id: planned.read("volume_id")?,
            name: given(words.name),
            description: given(words.description),
            metadata: words.metadata,
            force: true,
        };
        let accepted = client.snapshot_create(&body).await;
        let accepted = accepted.map_err(|error| failed(&error))?;
        store(response, planned, &accepted);
        match settled::<Snapshot>(client, &patience, Deed::Create, &accepted.id).await {
            Ok(snapshot) => {
                store(response, planned, &snapshot);
                Ok(())
            }
            Err(problem) => {
                // Tainted from here on; the state says what is there all the same.
                if let Ok(Some(snapshot)) = client.snapshot_find(&accepted.id).await {
                    response.set_state(state_of(&snapshot, planned));
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
        match by_id::<Snapshot>(&session.client, &id).await? {
            Some(snapshot) if snapshot.status != "deleting" => {
                response.set_state(state_of(&snapshot, &request.current_state));
                response.set_identity(identity_of(&snapshot.id));
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
        let client = &context.client()?.client;
        let id: String = request.prior_state.read("id")?;
        if changes_words(&request) {
            let words = words_of(&request.planned_state)?;
            let described = Snapshot::describe(client, &id, &words).await;
            described.map_err(|error| failed(&error))?;
        }
        response.set_state(request.planned_state);
        Ok(())
    }

    async fn delete(
        &self,
        context: &Context<Session>,
        request: DeleteRequest,
        _: &mut StateResponse,
    ) -> Result<(), Diagnostics> {
        stored::delete::<Snapshot>(context, &request).await
    }

    async fn import(
        &self,
        context: &Context<Session>,
        request: ImportRequest,
        response: &mut ImportResponse,
    ) -> Result<(), Diagnostics> {
        let session = context.client()?;
        let which = request.id("uuid").unwrap_or_default();
        let snapshot = by_id_or_name::<Snapshot>(&session.client, which).await?;
        response.state.set("id", snapshot.id.as_str());
        response.identity = identity_of(&snapshot.id);
        Ok(())
    }
}
