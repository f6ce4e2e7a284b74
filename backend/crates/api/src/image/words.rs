//! The words of an image in a body: which there are, what they take, which only the service writes.

use std::collections::BTreeSet;

use serde_json::Value;
use zun_domain::image::Visibility;
use zun_domain::policy::Action;
use zun_engine::command::image::ImageEdit;

use crate::admit::Admitted;
use crate::error::{Answer, Problem};

/// What Glance knows as wrapping.
const CONTAINER_FORMATS: [&str; 8] = [
    "ami",
    "ari",
    "aki",
    "bare",
    "ovf",
    "ova",
    "docker",
    "compressed",
];

/// What Glance knows as format inside.
const DISK_FORMATS: [&str; 11] = [
    "ami", "ari", "aki", "vhd", "vhdx", "vmdk", "raw", "qcow2", "vdi", "iso", "ploop",
];

/// What only the service writes.
pub(super) const READ_ONLY: [&str; 16] = [
    "id",
    "status",
    "checksum",
    "os_hash_algo",
    "os_hash_value",
    "size",
    "virtual_size",
    "direct_url",
    "locations",
    "self",
    "file",
    "schema",
    "created_at",
    "updated_at",
    "stores",
    "members",
];

/// What users write, beside their own properties.
pub(super) const BASE: [&str; 10] = [
    "name",
    "visibility",
    "protected",
    "os_hidden",
    "container_format",
    "disk_format",
    "min_disk",
    "min_ram",
    "tags",
    "owner",
];

/// What one word of a body says. `None` says nothing new.
pub(super) fn edit(asked: &Admitted, name: &str, value: &Value) -> Answer<Option<ImageEdit>> {
    if READ_ONLY.contains(&name) {
        return Err(read_only(name));
    }
    Ok(Some(match name {
        "name" => ImageEdit::Name(optional(name, value)?.unwrap_or_default()),
        "visibility" => visibility(asked, &text(name, value)?)?,
        "protected" => ImageEdit::Protected(boolean(name, value)?),
        "os_hidden" => ImageEdit::Hidden(boolean(name, value)?),
        "container_format" => ImageEdit::ContainerFormat(one_of(name, value, &CONTAINER_FORMATS)?),
        "disk_format" => ImageEdit::DiskFormat(one_of(name, value, &DISK_FORMATS)?),
        "min_disk" => ImageEdit::MinDisk(count(name, value)?),
        "min_ram" => ImageEdit::MinRam(count(name, value)?),
        "tags" => ImageEdit::Tags(tags(value)?),
        "owner" => {
            owner(asked, &text(name, value)?)?;
            return Ok(None);
        }
        _ => ImageEdit::SetProperty(name.to_owned(), text(name, value)?),
    }))
}

/// 403 for what only the service writes, as in Glance.
pub(super) fn read_only(name: &str) -> Problem {
    Problem::new(
        http::StatusCode::FORBIDDEN,
        "read-only",
        format!("attribute {name:?} is read-only: the image service writes it"),
    )
}

fn visibility(asked: &Admitted, word: &str) -> Answer<ImageEdit> {
    match word {
        "private" => Ok(ImageEdit::Visibility(Visibility::Private)),
        "public" => {
            asked.may(Action::Admin("publicize_image"))?;
            Ok(ImageEdit::Visibility(Visibility::Public))
        }
        _ => {
            let shown: String = word.chars().take(80).collect();
            Err(Problem::value(
                "visibility",
                format!("{shown:?} is not served: private or public is expected"),
            ))
        }
    }
}

fn owner(asked: &Admitted, text: &str) -> Answer<()> {
    let own = asked.call.caller.project;
    if text
        .parse()
        .is_ok_and(|named: zun_domain::id::ProjectId| named == own)
    {
        return Ok(());
    }
    Err(Problem::new(
        http::StatusCode::FORBIDDEN,
        "owner",
        format!(
            "the owner of an image is the project of the token, {}; log in with another project, or leave owner out",
            own.0.simple()
        ),
    ))
}

fn text(name: &str, value: &Value) -> Answer<String> {
    match value {
        Value::String(text) => Ok(text.clone()),
        _ => Err(Problem::value(name, "must be a string")),
    }
}

fn optional(name: &str, value: &Value) -> Answer<Option<String>> {
    match value {
        Value::Null => Ok(None),
        value => text(name, value).map(Some),
    }
}

fn boolean(name: &str, value: &Value) -> Answer<bool> {
    value
        .as_bool()
        .ok_or_else(|| Problem::value(name, "must be true or false"))
}

fn count(name: &str, value: &Value) -> Answer<u32> {
    let count = value.as_u64().and_then(|count| u32::try_from(count).ok());
    count.ok_or_else(|| Problem::value(name, "must be a whole number from 0 to 4294967295"))
}

fn one_of(name: &str, value: &Value, known: &[&str]) -> Answer<Option<String>> {
    let Some(word) = optional(name, value)? else {
        return Ok(None);
    };
    if known.contains(&word.as_str()) {
        return Ok(Some(word));
    }
    let shown: String = word.chars().take(80).collect();
    Err(Problem::value(
        name,
        format!(
            "{shown:?} is not valid: one of {} is expected",
            known.join(", ")
        ),
    ))
}

fn tags(value: &Value) -> Answer<BTreeSet<String>> {
    let refused = || Problem::value("tags", "must be a list of strings");
    let items = value.as_array().ok_or_else(refused)?;
    let texts = items.iter().map(|item| item.as_str().map(str::to_owned));
    texts.collect::<Option<_>>().ok_or_else(refused)
}
