//! What a container sees beside its image: volumes and files.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::ContainerSpec;
use crate::id::VolumeId;
use crate::name::AbsolutePath;
use crate::unit::DiskGib;
use crate::volume::{FileContent, InjectedFile};

/// The most a file may hold, in bytes: configuration, not data.
pub const MOST_CONTENT: usize = 512 * 1024;

/// Where a container sees what its kernel makes up.
const OF_THE_KERNEL: [&str; 3] = ["/proc", "/sys", "/dev"];

/// What is mounted.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
#[serde(rename_all = "lowercase")]
pub enum MountType {
    /// A volume.
    #[default]
    Volume,
    /// A file with given content. Zun's word; a path of the host it is never.
    Bind,
}

/// A volume or a file to be seen in the container.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MountSpec {
    /// Path in the container. First, so that a set of these is in the order of their paths.
    pub destination: AbsolutePath,
    /// `volume` where none is given.
    #[serde(default, rename = "type")]
    pub kind: Option<MountType>,
    /// Id or name of a volume.
    #[serde(default)]
    pub source: Option<String>,
    /// Size of a volume to be made, in GiB; it goes with the container's delete.
    #[serde(default)]
    pub size: Option<DiskGib>,
    /// Content of the file.
    #[serde(default)]
    pub content: Option<FileContent>,
    /// The container cannot write to it.
    #[serde(default)]
    pub read_only: Option<bool>,
}

/// What is mounted, decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum MountSource {
    /// A volume.
    Volume(VolumeId),
    /// The file of this number.
    File(u32),
}

/// One entry of `mounts`, decided.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mount {
    /// Path in the container.
    pub destination: AbsolutePath,
    /// What is mounted there.
    pub source: MountSource,
    /// The container cannot write to it.
    pub read_only: bool,
}

impl Mount {
    /// The volume, where it is one.
    pub fn volume(&self) -> Option<VolumeId> {
        match self.source {
            MountSource::Volume(id) => Some(id),
            MountSource::File(_) => None,
        }
    }
}

/// The volumes among these, each once, in order.
pub fn volumes(mounts: &[Mount]) -> Vec<VolumeId> {
    let mut found = Vec::new();
    for id in mounts.iter().filter_map(Mount::volume) {
        if !found.contains(&id) {
            found.push(id);
        }
    }
    found
}

/// The files among the entries, numbered in their order.
pub fn files(spec: &ContainerSpec) -> Vec<InjectedFile> {
    let contents = spec.mounts.iter().flatten();
    contents
        .filter_map(|mount| mount.content.clone())
        .zip(0..)
        .map(|(content, index)| InjectedFile { index, content })
        .collect()
}

/// Whether nothing but sizes differs, and each is larger than before: what is done while the container runs.
pub(super) fn only_grown(old: &ContainerSpec, new: &ContainerSpec) -> bool {
    let (Some(old), Some(new)) = (&old.mounts, &new.mounts) else {
        return false;
    };
    let grown = |(before, after): (&MountSpec, &MountSpec)| {
        let same = MountSpec {
            size: before.size,
            ..after.clone()
        };
        *before == same
            && before.size.is_some() == after.size.is_some()
            && before.size <= after.size
    };
    old.len() == new.len() && old.iter().zip(new).all(grown)
}

/// What is wrong with the entries, field and sentence.
pub(super) fn contradictions(
    mounts: &BTreeSet<MountSpec>,
    tmpfs: Option<&BTreeMap<AbsolutePath, String>>,
) -> Vec<(&'static str, String)> {
    let mut found: Vec<String> = mounts.iter().filter_map(wrong).collect();
    let mut seen = BTreeSet::new();
    for path in mounts.iter().map(|mount| trimmed(&mount.destination)) {
        if !seen.insert(path) {
            found.push(format!(
                "{path} is a destination twice; mount one thing there"
            ));
        }
    }
    for path in tmpfs.into_iter().flat_map(BTreeMap::keys).map(trimmed) {
        if seen.contains(path) {
            found.push(format!("{path} is in tmpfs too; mount one thing there"));
        }
    }
    found
        .into_iter()
        .map(|message| ("mounts", message))
        .collect()
}

fn trimmed(path: &AbsolutePath) -> &str {
    path.as_str().trim_end_matches('/')
}

fn wrong(mount: &MountSpec) -> Option<String> {
    let path = &mount.destination;
    let parts = path.as_str().split('/').skip(1);
    if trimmed(path).is_empty() || parts.clone().any(|part| matches!(part, "." | "..")) {
        return Some(format!(
            "destination {path} must be a path below / without . and .."
        ));
    }
    if OF_THE_KERNEL.iter().any(|taken| {
        let rest = trimmed(path).strip_prefix(taken);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    }) {
        return Some(format!(
            "destination {path} is the kernel's; choose a path that is not below {}",
            OF_THE_KERNEL.join(", ")
        ));
    }
    match mount.kind.unwrap_or_default() {
        MountType::Volume if mount.content.is_some() => Some(format!(
            "{path}: content goes with type \"bind\"; a volume has a source or a size"
        )),
        MountType::Volume if mount.source.is_some() == mount.size.is_some() => Some(format!(
            "{path}: give either source (the id or name of a volume) or size (in GiB, of a new one)"
        )),
        MountType::Volume if mount.size == Some(DiskGib(0)) => {
            Some(format!("{path}: size must be at least 1 GiB"))
        }
        MountType::Volume => None,
        MountType::Bind if mount.source.is_some() || mount.size.is_some() => Some(format!(
            "{path}: type \"bind\" takes content (base64) only; paths of the host cannot be mounted"
        )),
        MountType::Bind => match &mount.content {
            None => Some(format!("{path}: type \"bind\" needs content (base64)")),
            Some(content) if content.0.len() > MOST_CONTENT => Some(format!(
                "{path}: content is {} bytes, at most {MOST_CONTENT} are accepted; put larger data into a volume",
                content.0.len()
            )),
            Some(_) => None,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spec(json: &str) -> ContainerSpec {
        let mut spec = ContainerSpec::of("db:1".parse().unwrap());
        spec.mounts = Some(serde_json::from_str(json).unwrap());
        spec
    }

    #[test]
    fn what_cannot_be_mounted_is_told() {
        let cases = [
            (r#"[{"destination":"/d"}]"#, "either source"),
            (
                r#"[{"destination":"/d","source":"a","size":1}]"#,
                "either source",
            ),
            (r#"[{"destination":"/d","size":0}]"#, "at least 1 GiB"),
            (r#"[{"destination":"/","size":1}]"#, "below /"),
            (r#"[{"destination":"/proc/","size":1}]"#, "the kernel's"),
            (r#"[{"destination":"/dev/shm","size":1}]"#, "the kernel's"),
            (r#"[{"destination":"/a/../b","size":1}]"#, "below /"),
            (
                r#"[{"destination":"/d","size":1,"content":"YQ=="}]"#,
                "goes with type",
            ),
            (r#"[{"destination":"/d","type":"bind"}]"#, "needs content"),
            (
                r#"[{"destination":"/d","type":"bind","source":"/etc"}]"#,
                "paths of the host",
            ),
            (
                r#"[{"destination":"/d","size":1},{"destination":"/d/","size":2}]"#,
                "twice",
            ),
        ];
        for (json, expected) in cases {
            let found = spec(json).contradictions();
            assert!(
                found
                    .iter()
                    .any(|(field, text)| *field == "mounts" && text.contains(expected)),
                "{json}: {found:?}"
            );
        }
        let fine = r#"[{"destination":"/d","size":1},{"destination":"/e","source":"data"},
                       {"destination":"/f","type":"bind","content":"YQ==","read_only":true}]"#;
        assert_eq!(spec(fine).contradictions(), []);
        let mut both = spec(r#"[{"destination":"/d","size":1}]"#);
        both.tmpfs = Some(BTreeMap::from([("/d".parse().unwrap(), String::new())]));
        assert!(both.contradictions()[0].1.contains("tmpfs"));
    }

    #[test]
    fn content_that_is_not_base64_is_refused_and_never_printed() {
        let bad = serde_json::from_str::<MountSpec>(r#"{"destination":"/f","content":"%"}"#);
        assert!(bad.unwrap_err().to_string().contains("must be base64"));
        let good: MountSpec =
            serde_json::from_str(r#"{"destination":"/f","content":"c2VjcmV0"}"#).unwrap();
        assert_eq!(good.content.as_ref().unwrap().0, b"secret");
        assert!(!format!("{good:?}").contains("secret"));
    }

    #[test]
    fn only_larger_sizes_are_changed_live() {
        let at = |size: u64| spec(&format!(r#"[{{"destination":"/d","size":{size}}}]"#));
        assert!(only_grown(&at(1), &at(2)));
        assert!(!only_grown(&at(2), &at(1)));
        let moved = spec(r#"[{"destination":"/e","size":2}]"#);
        assert!(!only_grown(&at(1), &moved));
    }
}
