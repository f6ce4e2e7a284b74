//! What `docker load` takes, made of any archive that was understood.

use std::io::{self, Read, Write};

use serde_json::json;
use tar::{Builder, EntryType, Header};
use zun_domain::image::ArchiveKind;

use super::scan::{plain, unpacked};
use super::{Understood, rootfs_config};

/// Writes a Docker archive of the image, and nothing beside it. It names no tag: a tag in an archive of a user's would
/// move the one that other projects run.
///
/// A layer may stay compressed: the Docker Engine unpacks it.
pub fn write_loadable(
    archive: impl Read + 'static,
    size: u64,
    understood: &Understood,
    out: &mut dyn Write,
) -> io::Result<()> {
    let mut builder = Builder::new(out);
    let (config, layers) = if let Some(diff_id) = &understood.diff_id {
        let config = rootfs_config(diff_id);
        append(
            &mut builder,
            "config.json",
            config.len() as u64,
            config.as_bytes(),
        )?;
        append(&mut builder, "layer.tar", size, archive.take(size))?;
        ("config.json", vec!["layer.tar".to_owned()])
    } else {
        copy(archive, understood, &mut builder)?;
        (understood.config.as_str(), understood.layers.clone())
    };
    let manifest = json!([{"Config": config, "RepoTags": null, "Layers": layers}]).to_string();
    append(
        &mut builder,
        "manifest.json",
        manifest.len() as u64,
        manifest.as_bytes(),
    )?;
    builder.finish()
}

fn append(
    builder: &mut Builder<&mut dyn Write>,
    name: &str,
    size: u64,
    data: impl Read,
) -> io::Result<()> {
    let mut header = Header::new_ustar();
    header.set_size(size);
    header.set_mode(0o644);
    header.set_mtime(0);
    builder.append_data(&mut header, name, data)
}

/// Copies configuration and layers. In a Docker archive a layer may be a link to another entry, so all are copied but
/// those that name tags.
fn copy(
    archive: impl Read + 'static,
    understood: &Understood,
    builder: &mut Builder<&mut dyn Write>,
) -> io::Result<()> {
    let mut source = tar::Archive::new(unpacked(archive)?);
    for entry in source.entries()? {
        let mut entry = entry?;
        let name = plain(&String::from_utf8_lossy(&entry.path_bytes()));
        let wanted = match understood.kind {
            ArchiveKind::Oci => name == understood.config || understood.layers.contains(&name),
            ArchiveKind::Docker | ArchiveKind::Rootfs => {
                let above = name.split('/').any(|part| part == "..");
                !above && !matches!(name.as_str(), "" | "manifest.json" | "repositories")
            }
        };
        if !wanted {
            continue;
        }
        let size = entry.size();
        match entry.header().entry_type() {
            EntryType::Regular | EntryType::Continuous => append(builder, &name, size, &mut entry)?,
            kind @ (EntryType::Symlink | EntryType::Link) => {
                if let Some(target) = entry.link_name()? {
                    let mut header = Header::new_ustar();
                    header.set_entry_type(kind);
                    header.set_mode(0o777);
                    header.set_size(0);
                    builder.append_link(&mut header, &name, &target)?;
                }
            }
            _ => {}
        }
    }
    Ok(())
}
