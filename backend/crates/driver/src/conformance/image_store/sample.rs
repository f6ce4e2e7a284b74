//! Archives of every kind, written by hand.

use std::io::Write as _;

use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::archive::hex;

/// A tar archive of these files; those in `bin/` can be executed.
pub(super) fn tar(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut builder = tar::Builder::new(Vec::new());
    for (name, data) in files {
        let mut header = tar::Header::new_gnu();
        header.set_size(data.len() as u64);
        header.set_mode(if name.starts_with("bin/") {
            0o755
        } else {
            0o644
        });
        builder
            .append_data(&mut header, name, *data)
            .expect("a name that fits");
    }
    builder.into_inner().expect("memory")
}

/// The same, compressed.
pub(super) fn gzip(data: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(data).expect("memory");
    encoder.finish().expect("memory")
}

/// A root filesystem that no other one is like.
pub(super) fn root(salt: &str) -> Vec<u8> {
    tar(&[("bin/app", salt.as_bytes()), ("etc/salt", salt.as_bytes())])
}

fn sha(data: &[u8]) -> String {
    hex(Sha256::digest(data))
}

fn config_of(layer: &[u8], salt: &str) -> Vec<u8> {
    let config = json!({
        "architecture": if cfg!(target_arch = "x86_64") { "amd64" } else { "arm64" },
        "os": "linux",
        "config": {"Cmd": ["/bin/app"], "Labels": {"salt": salt}},
        "rootfs": {"type": "layers", "diff_ids": [format!("sha256:{}", sha(layer))]},
    });
    config.to_string().into_bytes()
}

/// What `docker save` writes, with a tag in it; and the image's id.
pub(super) fn docker(salt: &str, tag: &str) -> (Vec<u8>, String) {
    let layer = root(salt);
    let config = config_of(&layer, salt);
    let id = sha(&config);
    let name = format!("{id}.json");
    let manifest =
        json!([{"Config": name, "RepoTags": [tag], "Layers": ["first/layer.tar"]}]).to_string();
    let (repository, tag) = tag.split_once(':').unwrap_or((tag, "latest"));
    let mut tags = json!({});
    tags[repository] = json!({tag: "first"});
    let archive = tar(&[
        ("first/layer.tar", &layer),
        (&name, &config),
        ("manifest.json", manifest.as_bytes()),
        ("repositories", tags.to_string().as_bytes()),
    ]);
    (archive, format!("sha256:{id}"))
}

/// An OCI layout with a compressed layer, and what else an index lists: another machine's image, an attestation.
pub(super) fn oci(salt: &str) -> (Vec<u8>, String) {
    let layer = root(salt);
    let config = config_of(&layer, salt);
    let packed = gzip(&layer);
    let (config_digest, layer_digest) = (sha(&config), sha(&packed));
    let descriptor = |kind: &str, digest: &str, size: usize| {
        json!({
            "mediaType": format!("application/vnd.oci.image.{kind}"),
            "digest": format!("sha256:{digest}"), "size": size,
        })
    };
    let manifest = json!({
        "schemaVersion": 2,
        "config": descriptor("config.v1+json", &config_digest, config.len()),
        "layers": [descriptor("layer.v1.tar+gzip", &layer_digest, packed.len())],
    })
    .to_string();
    let manifest_digest = sha(manifest.as_bytes());
    let for_machine = |digest: &str, os: &str, architecture: &str| {
        let mut entry = descriptor("manifest.v1+json", digest, manifest.len());
        entry["platform"] = json!({"os": os, "architecture": architecture});
        entry
    };
    let here = if cfg!(target_arch = "x86_64") {
        "amd64"
    } else {
        "arm64"
    };
    let list: Vec<Value> = vec![
        for_machine(&"0".repeat(64), "linux", "s390x"),
        for_machine(&manifest_digest, "linux", here),
        for_machine(&"1".repeat(64), "unknown", "unknown"),
    ];
    let index = json!({"schemaVersion": 2, "manifests": list}).to_string();
    let blob = |digest: &str| format!("blobs/sha256/{digest}");
    let archive = tar(&[
        ("oci-layout", br#"{"imageLayoutVersion":"1.0.0"}"#),
        (&blob(&layer_digest), &packed),
        (&blob(&config_digest), &config),
        (&blob(&manifest_digest), manifest.as_bytes()),
        ("index.json", index.as_bytes()),
    ]);
    (archive, format!("sha256:{config_digest}"))
}

/// Everything that is no image, and what its refusal names.
pub(super) fn refused() -> Vec<(Bytes, &'static str)> {
    let salt = "refused";
    let (docker, _) = docker(salt, "zun-conformance/refused:1");
    let half = docker.len() / 2;
    let two = json!([{"Config": "a.json"}, {"Config": "b.json"}]).to_string();
    let lost = json!([{"Config": "a.json", "Layers": ["a/layer.tar"]}]).to_string();
    let config = config_of(b"", salt);
    let windows = br#"{"os":"windows"}"#;
    vec![
        (Bytes::new(), "it has no entries"),
        (Bytes::from_static(&[7; 2048]), "it is no tar archive"),
        (
            tar(&[("readme", b"hello")]).into(),
            "it holds no manifest.json as docker save writes it, no oci-layout",
        ),
        (
            docker[..half].to_vec().into(),
            "it cannot be read to its end",
        ),
        (
            gzip(&docker)[..half / 8].to_vec().into(),
            "it cannot be read to its end",
        ),
        (
            Bytes::from_static(b"\xfd7zXZ\0\0\0"),
            "it is compressed with xz",
        ),
        (
            tar(&[("manifest.json", two.as_bytes())]).into(),
            "lists 2 images where one is expected",
        ),
        (
            tar(&[("manifest.json", lost.as_bytes())]).into(),
            "names the configuration \"a.json\", which it does not hold",
        ),
        (
            tar(&[("manifest.json", lost.as_bytes()), ("a.json", &config)]).into(),
            "it names the layer a/layer.tar, which it does not hold",
        ),
        (
            tar(&[("manifest.json", lost.as_bytes()), ("a.json", windows)]).into(),
            "it is made for \"windows\", not for linux",
        ),
        (
            tar(&[
                ("oci-layout", b"{}"),
                ("index.json", br#"{"manifests":[]}"#),
            ])
            .into(),
            "its index.json lists 0 images for linux on",
        ),
    ]
}
