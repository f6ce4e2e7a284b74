//! One pass over an archive: which entries it has, and what the small ones say.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, BufReader, Cursor, Read};

use flate2::read::MultiGzDecoder;
use serde::Deserialize;
use sha2::{Digest, Sha256};
use tar::EntryType;

use super::{refused, shown};
use crate::{Class, Error, Result};

/// Most bytes of an entry that is kept: manifests and configurations are far smaller.
const SMALL: u64 = 4 * 1024 * 1024;
/// Most bytes of all of them.
const BUDGET: u64 = 64 * 1024 * 1024;
/// Most names that are kept; an image of layers has hundreds at most.
const NAMES: usize = 100_000;

/// How other compressions begin, and what they are called.
const FOREIGN: [(&[u8], &str); 4] = [
    (b"\x28\xb5\x2f\xfd", "zstd"),
    (b"\xfd7zXZ\0", "xz"),
    (b"BZh", "bzip2"),
    (b"PK\x03\x04", "zip"),
];

/// What an archive holds.
pub(super) struct Scanned {
    /// The entries that are files or links.
    pub(super) names: BTreeSet<String>,
    /// What those say that may be manifests and configurations.
    pub(super) small: BTreeMap<String, Vec<u8>>,
    /// There is a file that can be executed.
    pub(super) executable: bool,
    /// The digest of the whole archive, unpacked.
    pub(super) digest: String,
}

/// The entry of one image in `manifest.json`.
#[derive(Debug, Deserialize)]
pub(super) struct DockerManifest {
    #[serde(rename = "Config")]
    pub(super) config: String,
    #[serde(rename = "Layers", default)]
    pub(super) layers: Vec<String>,
}

impl Scanned {
    /// The images of a Docker archive; `None` where it is none. A root filesystem may have a file of that name.
    pub(super) fn docker_manifest(&self) -> Option<Vec<DockerManifest>> {
        serde_json::from_slice(self.small.get("manifest.json")?).ok()
    }

    /// The index of an OCI layout; `None` where it is none.
    pub(super) fn oci_index(&self) -> Option<serde_json::Value> {
        self.small.get("oci-layout")?;
        serde_json::from_slice(self.small.get("index.json")?).ok()
    }
}

pub(super) fn scan(archive: impl Read + 'static, most: u64) -> Result<Scanned> {
    let unpacked = unpacked(archive).map_err(|error| broken(&error))?;
    let mut watched = Watched {
        inner: unpacked,
        sha256: Sha256::new(),
        left: most,
    };
    let mut scanned = Scanned {
        names: BTreeSet::new(),
        small: BTreeMap::new(),
        executable: false,
        digest: String::new(),
    };
    let mut found = 0_u64;
    let walked = walk(&mut watched, &mut scanned, &mut found);
    let drained = walked.and_then(|()| io::copy(&mut watched, &mut io::sink()));
    match drained {
        Ok(_) if found == 0 => Err(refused("it has no entries")),
        Ok(_) => {
            scanned.digest = shown(watched.sha256.finalize());
            Ok(scanned)
        }
        Err(error) if error.kind() == io::ErrorKind::FileTooLarge => {
            Err(Error::new(Class::Exhausted, error.to_string()))
        }
        Err(_) if found == 0 => Err(refused("it is no tar archive")),
        Err(error) => Err(broken(&error)),
    }
}

fn broken(error: &io::Error) -> Error {
    refused(format_args!("it cannot be read to its end ({error})"))
}

fn walk(archive: impl Read, scanned: &mut Scanned, found: &mut u64) -> io::Result<()> {
    let mut budget = BUDGET;
    for entry in tar::Archive::new(archive).entries()? {
        let mut entry = entry?;
        *found += 1;
        let kind = entry.header().entry_type();
        let link = matches!(kind, EntryType::Symlink | EntryType::Link);
        let file = matches!(kind, EntryType::Regular | EntryType::Continuous);
        if !file && !link {
            continue;
        }
        if file && entry.header().mode()? & 0o111 != 0 {
            scanned.executable = true;
        }
        let name = plain(&String::from_utf8_lossy(&entry.path_bytes()));
        let size = entry.size();
        if file && is_told_by(&name) && size <= SMALL.min(budget) {
            budget -= size;
            let mut data = Vec::new();
            entry.read_to_end(&mut data)?;
            scanned.small.insert(name.clone(), data);
        }
        if scanned.names.len() < NAMES {
            scanned.names.insert(name);
        }
    }
    Ok(())
}

/// Where manifests and configurations are: at the top, or among the blobs.
fn is_told_by(name: &str) -> bool {
    name == "oci-layout"
        || name.starts_with("blobs/")
        || name.ends_with("/json")
        || (!name.contains('/') && name.split('.').next_back() == Some("json"))
}

/// The name of an entry without what says nothing: `./`, a slash in front.
pub(super) fn plain(name: &str) -> String {
    let parts: Vec<&str> = name
        .split('/')
        .filter(|part| !part.is_empty() && *part != ".")
        .collect();
    parts.join("/")
}

/// The archive without its compression.
pub(super) fn unpacked(mut archive: impl Read + 'static) -> io::Result<Box<dyn Read>> {
    let mut head = Vec::new();
    archive.by_ref().take(6).read_to_end(&mut head)?;
    let foreign = FOREIGN.iter().find(|(magic, _)| head.starts_with(magic));
    if let Some((_, name)) = foreign {
        return Err(io::Error::new(
            io::ErrorKind::Unsupported,
            format!("it is compressed with {name}"),
        ));
    }
    let gzip = head.starts_with(b"\x1f\x8b");
    let whole = BufReader::with_capacity(64 * 1024, Cursor::new(head).chain(archive));
    Ok(if gzip {
        Box::new(BufReader::new(MultiGzDecoder::new(whole)))
    } else {
        Box::new(whole)
    })
}

/// Takes the digest of what is read, and ends what is too large.
struct Watched<R> {
    inner: R,
    sha256: Sha256,
    left: u64,
}

impl<R: Read> Read for Watched<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(buffer)?;
        self.sha256.update(&buffer[..count]);
        self.left = self.left.checked_sub(count as u64).ok_or_else(|| {
            io::Error::new(
                io::ErrorKind::FileTooLarge,
                "the archive is larger unpacked than an image may be",
            )
        })?;
        Ok(count)
    }
}
