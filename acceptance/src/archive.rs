//! Archives that images are made of, in each of the forms that users have: what `docker save` writes, an OCI image layout,
//! and a root filesystem.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result};
use bollard::query_parameters::{CreateImageOptionsBuilder, RemoveImageOptionsBuilder};
use futures::TryStreamExt;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::docker::Engine;
use crate::{image, process};

const DEADLINE: Duration = Duration::from_mins(1);

/// A root filesystem, with words that tell it from others; compressed where the name says so.
pub fn root_filesystem(words: &str, target: &Path) -> Result<()> {
    let plain = target.with_extension("plain");
    fs::write(&plain, image::root_with(words)?)?;
    if target.extension().is_some_and(|end| end == "gz") {
        process::run(Command::new("gzip").arg("-n").arg(&plain), DEADLINE)?.success()?;
        fs::rename(plain.with_extension("plain.gz"), target)?;
    } else {
        fs::rename(&plain, target)?;
    }
    Ok(())
}

/// What `docker save` writes of an image that the engine does not have afterwards.
pub fn docker_save(engine: &Engine, words: &str, target: &Path) -> Result<()> {
    let name = format!("zun/archive-{}", digest(words.as_bytes()).split_at(12).0);
    import(engine, &name, words)?;
    let tagged = format!("{name}:1");
    let save = engine.client().export_image(&tagged);
    let pieces = engine.block_on(save.try_collect::<Vec<_>>())?;
    forget(engine, &tagged)?;
    fs::write(target, pieces.concat()).with_context(|| format!("cannot write {}", target.display()))
}

/// Makes an image of a root with these words, by this name and the tag 1.
pub fn import(engine: &Engine, name: &str, words: &str) -> Result<()> {
    let options = CreateImageOptionsBuilder::new()
        .from_src("-")
        .repo(name)
        .tag("1")
        .changes(
            ["CMD [\"run\", \"sleep\", \"100000\"]", "ENV PATH=/bin"]
                .map(ToOwned::to_owned)
                .to_vec(),
        )
        .build();
    let root = bollard::body_full(image::root_with(words)?.into());
    let made = engine
        .client()
        .create_image(Some(options), Some(root), None);
    engine
        .block_on(made.try_collect::<Vec<_>>())
        .with_context(|| format!("cannot import {name}"))?;
    Ok(())
}

/// Takes an image by this name or id away from the engine; one that is not there is none.
pub fn forget(engine: &Engine, name: &str) -> Result<()> {
    let options = RemoveImageOptionsBuilder::new().force(true).build();
    match engine.block_on(engine.client().remove_image(name, Some(options), None)) {
        Err(bollard::errors::Error::DockerResponseServerError {
            status_code,
            message,
            // Engine 20.10 answers the latter for one whose last name has just been taken away.
        }) if status_code == 404 || message.contains("unrecognized image ID") => Ok(()),
        Ok(_) => Ok(()),
        Err(error) => Err(error).with_context(|| format!("cannot remove {name}")),
    }
}

/// The same image as in an archive of `docker save`, as an archive of an OCI image layout, which has no `manifest.json`.
pub fn oci_layout(saved: &Path, target: &Path) -> Result<()> {
    let stage = tempfile::tempdir().context("cannot make a temporary folder")?;
    let (from, to) = (stage.path().join("from"), stage.path().join("to"));
    let blobs = to.join("blobs/sha256");
    fs::create_dir_all(&from)?;
    fs::create_dir_all(&blobs)?;
    let mut unpack = Command::new("tar");
    unpack.arg("-C").arg(&from).arg("-xf").arg(saved);
    process::run(&mut unpack, DEADLINE)?.success()?;
    let manifest: Value = serde_json::from_slice(&fs::read(from.join("manifest.json"))?)?;
    let put = |bytes: &[u8], kind: &str| {
        let digest = digest(bytes);
        fs::write(blobs.join(&digest), bytes)?;
        anyhow::Ok(
            json!({ "mediaType": format!("application/vnd.oci.image.{kind}"),
            "digest": format!("sha256:{digest}"), "size": bytes.len() }),
        )
    };
    let file = |name: &Value| {
        let name = name.as_str().context("no name in the manifest")?;
        anyhow::Ok(fs::read(from.join(name))?)
    };
    let layers = manifest[0]["Layers"].as_array().context("no layers")?;
    let layers = layers
        .iter()
        .map(|layer| put(&file(layer)?, "layer.v1.tar"))
        .collect::<Result<Vec<Value>>>()?;
    let config = put(&file(&manifest[0]["Config"])?, "config.v1+json")?;
    let image = json!({ "schemaVersion": 2, "mediaType": "application/vnd.oci.image.manifest.v1+json",
        "config": config, "layers": layers });
    let image = put(image.to_string().as_bytes(), "manifest.v1+json")?;
    let index = json!({ "schemaVersion": 2, "manifests": [image] });
    fs::write(to.join("index.json"), index.to_string())?;
    fs::write(to.join("oci-layout"), r#"{"imageLayoutVersion":"1.0.0"}"#)?;
    let mut pack = Command::new("tar");
    pack.args(["--sort=name", "-C"])
        .arg(&to)
        .arg("-cf")
        .arg(target)
        .arg(".");
    process::run(&mut pack, DEADLINE)?.success()?;
    Ok(())
}

fn digest(bytes: &[u8]) -> String {
    let digest = Sha256::digest(bytes);
    digest
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect::<Vec<_>>()
        .concat()
}
