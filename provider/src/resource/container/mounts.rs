//! The attribute `mounts`: its schema, what an edit of it means, and what becomes of the volumes.

use tfplugin::schema::validator;
use tfplugin::{Attribute, Diagnostics, Fields, Schema, Validator, Value};
use zun_domain::container::Effect;
use zun_domain::container::change::{changes, effect_of};
use zun_domain::name::AbsolutePath;
use zun_domain::volume::FileContent;

use super::spec::Spec;
use crate::json::{parse, to_json};

/// Adds the attribute.
pub(super) fn attribute(schema: Schema) -> Schema {
    let string = Attribute::string;
    let entry = Fields::new()
        .attribute("destination", string().required().validator(validator::parses::<AbsolutePath>())
            .description("Path in the container."))
        .attribute("type", string().optional().validator(validator::one_of(["volume", "bind"]))
            .description("`volume` (default), or `bind`: a file with the given `content`. A path of the host it is never."))
        .attribute("source", string().optional().validator(validator::length(1..=255))
            .description("Id or name of a volume that is there, such as `zun_volume.data.id`."))
        .attribute("size", Attribute::int().optional().validator(validator::between(1.0..))
            .description("Size of a volume to be made, in GiB. It grows live, cannot shrink, and is deleted with the container: for data that matters use `source`."))
        .attribute("content", string().optional().validator(base64())
            .description("Content of the file, in base64: `base64encode(\"text\")` or `filebase64(\"path\")`; at most 512 KiB. Stored in the state: mark values as sensitive."))
        .attribute("read_only", Attribute::bool().optional()
            .description("The container cannot write to it."));
    schema.attribute(
        "mounts",
        Attribute::set_nested(entry)
            .optional()
            .description("Volumes and files to be seen in the container."),
    )
}

fn base64() -> Validator {
    Validator::new(|value| {
        let Some(text) = value.as_str() else {
            return Ok(());
        };
        match serde_json::from_value::<FileContent>(text.into()) {
            Ok(_) => Ok(()),
            // The value itself is not shown: it may be a secret.
            Err(_) => Err(
                "The value has to be base64: write base64encode(\"text\") or filebase64(\"path\")."
                    .into(),
            ),
        }
    })
}

/// What an edit does; the dearer reading where a value is not known yet.
pub(super) fn effect(prior: &Value, planned: &Value) -> Effect {
    let spec = |value: &Value| {
        let mounts = value.get("mounts").ok()?;
        let json = serde_json::json!({ "image": "image", "mounts": to_json(mounts) });
        let known = mounts.is_wholly_known();
        known.then(|| parse::<Spec>(json).ok()).flatten()
    };
    match (spec(prior), spec(planned)) {
        (Some(before), Some(after)) => effect_of(&changes(&before, &after)),
        _ => Effect::Recreate,
    }
}

/// An entry whose volume is made by size.
struct Sized {
    destination: String,
    size: u64,
}

fn sized(value: &Value) -> Vec<Sized> {
    let entries = value.get("mounts").ok().and_then(Value::as_elements);
    let of = |entry: &Value| {
        Some(Sized {
            destination: entry.get("destination").ok()?.as_str()?.to_owned(),
            size: entry.read::<Option<u64>>("size").ok()??,
        })
    };
    entries.into_iter().flatten().filter_map(of).collect()
}

/// Refuses what cannot be, and says what becomes of volumes that were made by size: one whose entry goes
/// stays, those of a container that is replaced go with it.
pub(super) fn judge(prior: &Value, planned: &Value, replaced: bool, diagnostics: &mut Diagnostics) {
    let after = sized(planned);
    let known = planned.get("mounts").is_ok_and(Value::is_wholly_known);
    for before in sized(prior) {
        let Sized { destination, size } = &before;
        let volume = volume_of(prior, destination);
        if replaced {
            diagnostics.warn_at(
                "mounts",
                "Data goes with the container",
                format!(
                    "Volume {volume} at {destination} was made by size and is deleted with the container that is replaced. \
                     Data that is to stay belongs into a zun_volume: name it in source."
                ),
            );
            continue;
        }
        match after.iter().find(|entry| entry.destination == *destination) {
            Some(entry) if entry.size < *size => diagnostics.error_at(
                "mounts",
                "A volume cannot shrink",
                format!(
                    "{destination}: {} GiB are asked for, and volume {volume} has {size}. Keep size at {size} or more.",
                    entry.size
                ),
            ),
            None if known && !is_mounted(planned, &volume) => diagnostics.warn_at(
                "mounts",
                "A volume stays",
                format!(
                    "Volume {volume} ({size} GiB, at {destination}) is no longer mounted and no longer the container's: it keeps \
                     its data, also when the container is deleted. Name it in source to mount it again; `terraform import \
                     zun_volume.example {volume}` takes it over, `openstack volume delete {volume}` removes it."
                ),
            ),
            _ => {}
        }
    }
}

/// The volume at a destination, as the container shows it.
fn volume_of(prior: &Value, destination: &str) -> String {
    let volumes = prior.get("volumes").ok().and_then(Value::as_entries);
    let found = volumes.and_then(|volumes| volumes.get(destination)?.as_str());
    found.unwrap_or("(unknown)").to_owned()
}

/// Whether an entry names it.
fn is_mounted(planned: &Value, volume: &str) -> bool {
    let entries = planned.get("mounts").ok().and_then(Value::as_elements);
    let mut sources = entries
        .into_iter()
        .flatten()
        .filter_map(|entry| entry.get("source").ok()?.as_str());
    sources.any(|source| source == volume)
}
