//! What becomes of volumes that were made by size.

use std::collections::BTreeMap;

use tfplugin::{Diagnostics, Value};

/// The entries that are made by size, and that size; with whether it goes with the capsule.
fn sized(value: &Value) -> BTreeMap<String, (u64, bool)> {
    let template = super::spec::template_of(value).ok().flatten();
    if let Some(template) = template {
        let volumes = template.spec.volumes.into_iter().flatten();
        return volumes
            .filter_map(|volume| {
                let goes = volume.auto_remove.unwrap_or(true);
                Some((volume.name, (volume.size?.0, goes)))
            })
            .collect();
    }
    let entries = value.get("volumes").ok().and_then(Value::as_elements);
    let of = |entry: &Value| {
        let name = entry.get("name").ok()?.as_str()?.to_owned();
        let size = entry.read::<Option<u64>>("size").ok()??;
        let goes = entry.read::<Option<bool>>("auto_remove").ok()?;
        Some((name, (size, goes.unwrap_or(true))))
    };
    entries.into_iter().flatten().filter_map(of).collect()
}

/// Refuses what cannot be, and says what becomes of volumes that were made by size: one whose entry goes stays, those
/// of a capsule that is replaced go with it.
pub(super) fn judge(prior: &Value, planned: &Value, replaced: bool, diagnostics: &mut Diagnostics) {
    let template = planned.get("template").is_ok_and(|value| !value.is_null());
    let at = if template { "template" } else { "volumes" };
    let list = if template { "template" } else { "volumes" };
    let known = planned.get(list).is_ok_and(Value::is_wholly_known);
    let after = sized(planned);
    for (name, (size, goes)) in sized(prior) {
        let volume = volume_of(prior, &name);
        if replaced {
            if goes {
                diagnostics.warn_at(
                    at,
                    "Data goes with the capsule",
                    format!(
                        "Volume {volume} ({name}) was made by size and is deleted with the capsule that is replaced. Data that is \
                         to stay belongs into a zun_volume: name it in volume_id."
                    ),
                );
            }
            continue;
        }
        match after.get(&name) {
            Some((wanted, _)) if *wanted < size => diagnostics.error_at(
                at,
                "A volume cannot shrink",
                format!(
                    "{name}: {wanted} GiB are asked for, and volume {volume} has {size}. Keep size at {size} or more."
                ),
            ),
            None if known => diagnostics.warn_at(
                at,
                "A volume stays",
                format!(
                    "Volume {volume} ({size} GiB, {name}) is no longer the capsule's: it keeps its data, also when the capsule is \
                     deleted. Name it in volume_id to mount it again; `terraform import zun_volume.example {volume}` takes it \
                     over, `openstack volume delete {volume}` removes it."
                ),
            ),
            _ => {}
        }
    }
}

/// The volume behind a name, as the capsule shows it.
fn volume_of(prior: &Value, name: &str) -> String {
    let volumes = prior.get("volume_ids").ok().and_then(Value::as_entries);
    let found = volumes.and_then(|volumes| volumes.get(name)?.as_str());
    found.unwrap_or("(unknown)").to_owned()
}
