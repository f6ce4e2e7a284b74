//! `zun_volume_snapshot`: the data a volume had at one moment.

use std::time::Duration;

use tfplugin::{
    Attribute, Context, Diagnostics, Operation, Schema, StateResponse, Timeouts, UpdateRequest,
    Value, async_trait,
};
use zun_client::{Client, CreateSnapshot, Snapshot};

use super::stored::life::Managed;
use super::stored::{self, describe_anew, set_words, words_of};
use crate::report::failed;
use crate::resource::value::an_id;
use crate::session::Session;

#[cfg(test)]
mod tests;

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
                .validator(an_id("zun_volume.data.id"))
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

#[async_trait]
impl Managed for Snapshot {
    const TYPE: &'static str = "zun_volume_snapshot";

    fn schema() -> Schema {
        schema()
    }

    fn state(&self, kept: &Value) -> Value {
        let mut state = shown(self);
        state.set("timeouts", kept.get("timeouts").unwrap_or(&Value::Null));
        state
    }

    async fn accept(client: &Client, planned: &Value) -> Result<Self, Diagnostics> {
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
        Ok(accepted.map_err(|error| failed(&error))?)
    }

    async fn update(
        context: &Context<Session>,
        request: UpdateRequest,
        response: &mut StateResponse,
    ) -> Result<(), Diagnostics> {
        let client = &context.client()?.client;
        let id: String = request.prior_state.read("id")?;
        describe_anew::<Self>(client, &id, &request).await?;
        response.set_state(request.planned_state);
        Ok(())
    }
}
