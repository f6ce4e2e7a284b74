//! Archives of images: told apart, understood, and made into what `docker load` takes.
//!
//! Three kinds are known. A Docker archive has a `manifest.json` (moby's image specification,
//! version 1.2); an OCI layout has `oci-layout` and `index.json` (the OCI image specification,
//! "Image Layout"); anything else is a root filesystem, as `docker import` takes it. Each may be compressed with gzip.
//!
//! The id that a Docker Engine gives to an image is the SHA-256 of its configuration, so it is known as soon as the
//! archive is read. A root filesystem gets a configuration of ours that says nothing but its digest.

mod layout;
mod load;
mod scan;

use std::io::Read;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use zun_domain::image::ArchiveKind;

use crate::{Class, Error, Result};

pub use load::write_loadable;
use scan::Scanned;

/// What an archive turned out to be, with what has to be known to load it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Understood {
    /// What kind it is.
    pub kind: ArchiveKind,
    /// The id that a Docker Engine gives to it.
    pub docker_id: String,
    /// The entry of its configuration; empty for a root filesystem.
    config: String,
    /// The entries of its layers, the lowest first; empty for a root filesystem.
    layers: Vec<String>,
    /// The digest of a root filesystem, uncompressed.
    diff_id: Option<String>,
}

/// Reads an archive to its end. `Refused`, with what was looked for, where it is no image; `Exhausted` where
/// it is larger than `most` bytes unpacked.
pub fn understand(archive: impl Read + 'static, most: u64) -> Result<Understood> {
    let scanned = scan::scan(archive, most)?;
    if let Some(manifest) = scanned.docker_manifest() {
        return layout::docker(&scanned, manifest);
    }
    if let Some(index) = scanned.oci_index() {
        return layout::oci(&scanned, &index);
    }
    rootfs(&scanned)
}

fn rootfs(scanned: &Scanned) -> Result<Understood> {
    if !scanned.executable {
        return Err(refused(
            "it holds no manifest.json as docker save writes it, no oci-layout with an index.json, and no executable \
             file as a root filesystem has",
        ));
    }
    Ok(Understood {
        kind: ArchiveKind::Rootfs,
        docker_id: digest(rootfs_config(&scanned.digest).as_bytes()),
        config: String::new(),
        layers: Vec::new(),
        diff_id: Some(scanned.digest.clone()),
    })
}

/// The configuration of a root filesystem: a function of its digest alone, so that its id is one of the data.
fn rootfs_config(diff_id: &str) -> String {
    let architecture = architecture();
    format!(
        "{{\"architecture\":\"{architecture}\",\"config\":{{}},\"created\":\"1970-01-01T00:00:00Z\",\
         \"history\":[{{\"created\":\"1970-01-01T00:00:00Z\",\"comment\":\"root filesystem\"}}],\"os\":\"linux\",\
         \"rootfs\":{{\"type\":\"layers\",\"diff_ids\":[\"{diff_id}\"]}}}}"
    )
}

/// This machine's architecture in the words of images, which are Go's.
fn architecture() -> &'static str {
    match std::env::consts::ARCH {
        "x86_64" => "amd64",
        "aarch64" => "arm64",
        "x86" => "386",
        "powerpc64" => "ppc64le",
        other => other,
    }
}

/// The data is no image, because of this.
fn refused(why: impl std::fmt::Display) -> Error {
    Error::new(
        Class::Refused,
        format!(
            "the data is no image: {why}; a tar archive is expected, plain or compressed with gzip, of docker save, of \
             an OCI layout, or of a root filesystem"
        ),
    )
}

/// `sha256:` and 64 hexadecimal digits.
fn digest(data: &[u8]) -> String {
    shown(Sha256::digest(data))
}

fn shown(digest: impl AsRef<[u8]>) -> String {
    format!("sha256:{}", hex(digest))
}

/// Bytes as hexadecimal digits.
pub fn hex(bytes: impl AsRef<[u8]>) -> String {
    use std::fmt::Write as _;
    bytes.as_ref().iter().fold(String::new(), |mut text, byte| {
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests;
