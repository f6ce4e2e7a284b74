//! The volumes of a template.

use std::collections::BTreeSet;

use zun_domain::capsule::CapsuleVolume;
use zun_domain::unit::DiskGib;

use super::TemplateError;
use super::node::{Node, Object, Read};

/// `volumes`; what stands beside `name` and `cinder` is noted as not heeded.
pub(super) fn volumes(
    spec: &mut Object,
    ignored: &mut Vec<String>,
) -> Read<Option<Vec<CapsuleVolume>>> {
    let Some(node) = spec.take("volumes") else {
        return Ok(None);
    };
    let mut names = BTreeSet::new();
    let mut all = Vec::new();
    for item in node.items()? {
        let path = item.path().to_owned();
        let volume = volume(item, ignored)?;
        if !names.insert(volume.name.clone()) {
            return Err(TemplateError {
                path: format!("{path}.name"),
                message: format!("{:?} is the name of another volume too", volume.name),
            });
        }
        all.push(volume);
    }
    Ok(Some(all).filter(|all| !all.is_empty()))
}

fn volume(item: Node, ignored: &mut Vec<String>) -> Read<CapsuleVolume> {
    let mut entry = item.object()?;
    let name = entry
        .text("name")?
        .filter(|name| !name.is_empty())
        .ok_or_else(|| entry.missing("name", "what volumeMounts call it"))?;
    let mut cinder = entry
        .object("cinder")?
        .ok_or_else(|| entry.missing("cinder", "an object with volumeID or size"))?;
    let volume = cinder.text("volumeID")?.filter(|id| !id.is_empty());
    let size = cinder.take("size");
    let size = size.map(|size| size.whole(1, u64::from(u32::MAX), true));
    let size = size.transpose()?.map(DiskGib);
    let auto_remove = cinder.boolean("autoRemove")?;
    if volume.is_some() == size.is_some() {
        return Err(cinder
            .refused("give either volumeID (the id of a volume) or size (in GiB, of a new one)"));
    }
    if volume.is_some() && auto_remove == Some(true) {
        return Err(TemplateError {
            path: cinder.path_of("autoRemove"),
            message:
                "goes with size: a volume that was there before is never deleted with a capsule"
                    .to_owned(),
        });
    }
    cinder.end()?;
    ignored.extend(entry.rest());
    Ok(CapsuleVolume {
        name,
        // False where nothing is said, as in Zun.
        auto_remove: size.map(|_| auto_remove.unwrap_or(false)),
        volume,
        size,
    })
}
