//! Archives of layers: which configuration, which layers.

use serde::Deserialize;
use serde_json::Value;
use zun_domain::image::ArchiveKind;

use super::scan::{DockerManifest, Scanned, plain};
use super::{Understood, architecture, digest, refused};
use crate::Result;

/// Indexes inside of indexes that are followed.
const DEPTH: usize = 4;

/// The image of a Docker archive.
pub(super) fn docker(scanned: &Scanned, mut images: Vec<DockerManifest>) -> Result<Understood> {
    let count = images.len();
    let (Some(image), 1) = (images.pop(), count) else {
        return Err(refused(format_args!(
            "its manifest.json lists {count} images where one is expected"
        )));
    };
    let config = plain(&image.config);
    let data = scanned.small.get(&config).ok_or_else(|| {
        refused(format_args!(
            "its manifest.json names the configuration {config:?}, which it does not hold"
        ))
    })?;
    let layers: Vec<String> = image.layers.iter().map(|layer| plain(layer)).collect();
    check(scanned, data, &layers)?;
    Ok(Understood {
        kind: ArchiveKind::Docker,
        docker_id: digest(data),
        config,
        layers,
        diff_id: None,
    })
}

/// The part of a descriptor that matters here.
#[derive(Debug, Deserialize)]
struct Descriptor {
    #[serde(rename = "mediaType", default)]
    media_type: String,
    digest: String,
    platform: Option<Platform>,
}

#[derive(Debug, Deserialize)]
struct Platform {
    architecture: String,
    os: String,
}

impl Descriptor {
    fn of(value: &Value) -> Result<Self> {
        Self::deserialize(value)
            .map_err(|error| refused(format_args!("it has a descriptor that is none ({error})")))
    }

    /// It is for this machine, as far as it says.
    fn fits(&self) -> bool {
        let fits =
            |platform: &Platform| platform.os == "linux" && platform.architecture == architecture();
        self.platform.as_ref().is_none_or(fits)
    }

    fn entry(&self) -> String {
        format!("blobs/{}", self.digest.replacen(':', "/", 1))
    }

    /// The blob that it names.
    fn blob<'a>(&self, scanned: &'a Scanned) -> Result<&'a [u8]> {
        let entry = self.entry();
        let data = scanned.small.get(&entry);
        let data =
            data.ok_or_else(|| refused(format_args!("it names {entry}, which it does not hold")))?;
        let found = digest(data);
        if found == self.digest {
            return Ok(data);
        }
        Err(refused(format_args!(
            "its entry {entry} has the digest {found}"
        )))
    }
}

/// The image of an OCI layout that is for this machine.
pub(super) fn oci(scanned: &Scanned, index: &Value) -> Result<Understood> {
    let manifest = manifest_of(scanned, index, DEPTH)?;
    let config = Descriptor::of(&manifest["config"])?;
    let data = config.blob(scanned)?;
    let mut layers = Vec::new();
    for layer in manifest["layers"].as_array().into_iter().flatten() {
        let layer = Descriptor::of(layer)?;
        if layer.media_type.ends_with("zstd") {
            return Err(refused(format_args!(
                "its layer {} is compressed with zstd, which the Docker Engine does not take",
                layer.digest
            )));
        }
        layers.push(layer.entry());
    }
    check(scanned, data, &layers)?;
    Ok(Understood {
        kind: ArchiveKind::Oci,
        docker_id: digest(data),
        config: config.entry(),
        layers,
        diff_id: None,
    })
}

fn manifest_of(scanned: &Scanned, index: &Value, depth: usize) -> Result<Value> {
    let listed = index["manifests"].as_array();
    let mut fitting = Vec::new();
    for entry in listed.into_iter().flatten() {
        let descriptor = Descriptor::of(entry)?;
        if descriptor.fits() {
            fitting.push(descriptor);
        }
    }
    let count = fitting.len();
    let (Some(one), 1) = (fitting.pop(), count) else {
        return Err(refused(format_args!(
            "its index.json lists {count} images for linux on {} where one is expected",
            architecture()
        )));
    };
    let data = one.blob(scanned)?;
    let inner: Value = serde_json::from_slice(data).map_err(|error| {
        refused(format_args!(
            "its entry {} is no JSON ({error})",
            one.entry()
        ))
    })?;
    match (inner["manifests"].is_array(), depth.checked_sub(1)) {
        (false, _) => Ok(inner),
        (true, Some(depth)) => manifest_of(scanned, &inner, depth),
        (true, None) => Err(refused("its indexes are nested too deeply")),
    }
}

/// The configuration is one, and every layer that it counts is there.
fn check(scanned: &Scanned, config: &[u8], layers: &[String]) -> Result<()> {
    let config: Value = serde_json::from_slice(config)
        .map_err(|error| refused(format_args!("its configuration is no JSON ({error})")))?;
    if let Some(os) = config["os"].as_str().filter(|os| *os != "linux") {
        return Err(refused(format_args!(
            "it is made for {os:?}, not for linux"
        )));
    }
    let counted = config["rootfs"]["diff_ids"].as_array().map_or(0, Vec::len);
    if counted != layers.len() {
        return Err(refused(format_args!(
            "its manifest lists {} layers, and its configuration {counted}",
            layers.len()
        )));
    }
    match layers.iter().find(|layer| !scanned.names.contains(*layer)) {
        None => Ok(()),
        Some(missing) => Err(refused(format_args!(
            "it names the layer {missing}, which it does not hold"
        ))),
    }
}
