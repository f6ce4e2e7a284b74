//! `zun_volume`: storage that outlives containers.
//!
//! `status` and `attachment` hold what this resource's own operations decide. A container attaches its volume
//! after the volume's state is written, so a refresh that followed it would leave a difference behind every
//! apply that makes both. `status` is therefore the volume's own, whoever has it, and `attachment` is looked up
//! when the volume is made, changed or imported; the data source shows both as they are.

mod apply;

use std::time::Duration;

use tfplugin::schema::validator;
use tfplugin::{
    Attribute, Context, Diagnostic, Diagnostics, Fields, Operation, Schema, StateResponse,
    Timeouts, UpdateRequest, Value, async_trait,
};
use zun_client::{Client, Volume};
use zun_domain::volume::VolumeType;

use super::stored::life::Managed;
use super::stored::{self, set_words};
use crate::resource::value::an_id;
use crate::session::Session;

#[cfg(test)]
mod tests;

/// What it accepts and returns.
pub(crate) fn schema() -> Schema {
    let id_of = |attribute: Attribute, text: &str| {
        attribute.optional().requires_replace().description(text)
    };
    let schema = Schema::new().description(
        "Storage that outlives containers: a container sees it through `mounts`. Its data goes with its own destroy alone, \
         which is refused while a container has it.",
    );
    stored::attributes(schema)
        .attribute(
            "size",
            Attribute::int()
                .required()
                .validator(validator::between(1.0..))
                .description("Size, in GiB. It grows live, also while a container has it; shrinking is refused in the plan."),
        )
        .attribute(
            "volume_type",
            Attribute::string()
                .optional()
                .computed()
                .use_state_for_unknown()
                .requires_replace_if_configured()
                .validator(validator::one_of(VolumeType::ALL.map(VolumeType::as_str)))
                .description("`single` (default): one container at a time; `multiattach`: any number of containers of its host."),
        )
        .attribute("snapshot_id", id_of(
            Attribute::string().validator(an_id("zun_volume_snapshot.night.id"))
                .validator(validator::conflicts_with(["source_vol_id"])),
            "Snapshot whose data it begins with.",
        ))
        .attribute("source_vol_id", id_of(
            Attribute::string().validator(an_id("zun_volume.data.id")),
            "Volume whose data it begins with, as that is then.",
        ))
        .attribute("status", Attribute::string().computed().use_state_for_unknown().description(
            "What is being done to it: `creating`, `available` (it is there, whether or not a container has it), `deleting` \
             or `error`. The data source tells `in-use` from `available`.",
        ))
        .attribute("attachment", Attribute::list_nested(attachment()).computed().description(
            "Who had it when it was made, last changed or imported, and not since: containers attach a volume after it is \
             made, and each apply would leave a difference behind. The data source shows who has it now.",
        ))
        .attribute("host", Attribute::string().computed().use_state_for_unknown()
            .description("Host its data is on; containers that mount it run there."))
        .timeouts(
            Timeouts::new()
                .of(Operation::Create, Duration::from_mins(20))
                .of(Operation::Update, Duration::from_mins(20))
                .of(Operation::Delete, Duration::from_mins(10)),
        )
}

fn attachment() -> Fields {
    let text = |text: &str| Attribute::string().computed().description(text);
    Fields::new()
        .attribute("container", text("The container, its id."))
        .attribute("destination", text("Where the container sees it."))
        .attribute("attached_at", text("Since when."))
}

/// Everything the server knows of a volume, as it is now.
pub(crate) fn shown(volume: &Volume) -> Value {
    let mut state = Value::object::<&str>([]);
    set_words(&mut state, volume);
    let attachments = volume.attachments.iter().map(|attachment| {
        Value::object(
            [
                ("container", attachment.server_id.as_deref()),
                ("destination", attachment.device.as_deref()),
                ("attached_at", attachment.attached_at.as_deref()),
            ]
            .map(|(name, text)| (name, text.map_or(Value::Null, Value::string))),
        )
    });
    state.set("attachment", Value::List(attachments.collect()));
    state.set("size", volume.size);
    state.set("volume_type", &volume.volume_type);
    state.set("snapshot_id", &volume.snapshot_id);
    state.set("source_vol_id", &volume.source_volid);
    state.set("status", volume.status.as_str());
    state.set("host", &volume.host);
    state
}

/// What is being done to the volume itself: who has it, or that it grows just now, is no part of that.
fn own_status(status: &str) -> &str {
    match status {
        "reserved" | "in-use" | "extending" => "available",
        status => status,
    }
}

#[async_trait]
impl Managed for Volume {
    const TYPE: &'static str = "zun_volume";

    fn schema() -> Schema {
        schema()
    }

    fn state(&self, kept: &Value) -> Value {
        let mut state = shown(self);
        state.set("status", own_status(&self.status));
        for name in ["attachment", "timeouts"] {
            match kept.get(name) {
                Ok(value) if !value.is_null() && value.is_wholly_known() => state.set(name, value),
                _ if name == "timeouts" => state.set(name, Value::Null),
                _ => {}
            }
        }
        state
    }

    fn check_change(prior: &Value, planned: &Value) -> Result<(), Diagnostic> {
        refuse_to_shrink(prior, planned)
    }

    async fn accept(client: &Client, planned: &Value) -> Result<Self, Diagnostics> {
        apply::accept(client, planned).await
    }

    async fn update(
        context: &Context<Session>,
        request: UpdateRequest,
        response: &mut StateResponse,
    ) -> Result<(), Diagnostics> {
        apply::update(context, request, response).await
    }
}

/// A size below the one it has, which may have grown behind Terraform's back, cannot be.
fn refuse_to_shrink(prior: &Value, planned: &Value) -> Result<(), Diagnostic> {
    let size = |value: &Value| {
        value
            .get("size")
            .ok()
            .and_then(|size| size.to::<u64>().ok())
    };
    let (Some(has), Some(asked)) = (size(prior), size(planned)) else {
        return Ok(());
    };
    if asked >= has {
        return Ok(());
    }
    let id = prior.get("id").ok().and_then(Value::as_str);
    let text = format!(
        "{asked} GiB are asked for, and volume {} has {has}. Set size to {has} or more; for a smaller one make another \
         zun_volume and copy what is to be kept.",
        id.unwrap_or_default()
    );
    Err(Diagnostic::error("A volume cannot shrink", text).at("size"))
}
