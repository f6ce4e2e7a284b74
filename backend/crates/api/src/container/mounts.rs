//! Zun's `mounts`: each entry becomes a volume or a file of the specification that every API shares. What goes
//! together is checked there.

use std::collections::BTreeSet;

use serde_json::Value;
use zun_domain::container::{MountSpec, MountType};
use zun_domain::unit::DiskGib;
use zun_domain::volume::FileContent;

use super::create::word;
use crate::error::{Answer, Problem};
use crate::extract::Args;

/// The entries; none is as good as an empty list, which clients always send.
pub(super) fn mounts(args: &mut Args) -> Answer<Option<BTreeSet<MountSpec>>> {
    let items = match args.take("mounts") {
        None => return Ok(None),
        Some(Value::Array(items)) => items,
        Some(_) => return Err(Problem::value("mounts", "must be a list of objects")),
    };
    let entries = items.into_iter().enumerate().map(|(index, item)| {
        let at = format!("mounts[{index}]");
        let mut inner = Args::nested(&at, item)?;
        let entry = entry(&mut inner).and_then(|entry| inner.end().map(|()| entry));
        entry.map_err(|problem| problem.within(&at))
    });
    let entries = entries.collect::<Answer<BTreeSet<_>>>()?;
    Ok(Some(entries).filter(|entries| !entries.is_empty()))
}

fn entry(inner: &mut Args) -> Answer<MountSpec> {
    let destination = inner.parsed("destination")?;
    let destination = destination
        .ok_or_else(|| Problem::value("destination", "is required: an absolute path"))?;
    let words = [("volume", MountType::Volume), ("bind", MountType::Bind)];
    let kind = word(inner, "type", &words)?;
    let source = inner.text("source")?;
    let size = inner.integer("size", 1, i64::from(i32::MAX))?;
    if kind == Some(MountType::Bind) {
        let content = source.ok_or_else(|| {
            Problem::value("source", "is required: the content of the file, base64")
        })?;
        return Ok(MountSpec {
            destination,
            kind,
            source: None,
            size: None,
            content: Some(decoded(content)?),
            read_only: None,
        });
    }
    let source = source.filter(|source| !source.is_empty());
    let size = size.and_then(|size| u64::try_from(size).ok()).map(DiskGib);
    Ok(MountSpec {
        destination,
        kind,
        // An existing volume is what is meant where both are given.
        size: size.filter(|_| source.is_none()),
        source,
        content: None,
        read_only: None,
    })
}

/// What is wrong with it is told without showing it.
fn decoded(text: String) -> Answer<FileContent> {
    serde_json::from_value(Value::String(text)).map_err(|_| {
        Problem::value(
            "source",
            "must be base64: with type bind it is the content of the file",
        )
    })
}
