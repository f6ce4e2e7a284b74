//! Who has mounted what: the kernel's tables of mounts, this process's and everybody's.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

/// An entry of a table (`man 5 proc_pid_mountinfo`).
pub(crate) struct Mount {
    /// `major:minor` of its filesystem.
    pub(crate) device: String,
    /// The folder of the filesystem that is seen there.
    pub(crate) root: PathBuf,
    /// Where it is seen.
    pub(crate) point: PathBuf,
    /// It goes away with the mount it was copied from.
    pub(crate) follows: bool,
    /// Its filesystem takes no writes, wherever it is seen: asked for, or after an error.
    pub(crate) takes_no_writes: bool,
}

/// What this process sees.
pub(crate) fn ours() -> std::io::Result<Vec<Mount>> {
    read(Path::new("/proc/self/mountinfo"))
}

/// The mount at this place, if something is mounted there. The last one is the one that is seen.
pub(crate) fn at(point: &Path) -> std::io::Result<Option<Mount>> {
    Ok(ours()?.into_iter().rfind(|mount| mount.point == point))
}

/// A process that sees such a mount in a table other than ours, as `name (process 42)`. A container that runs is
/// one: its mounts are copies that stay when ours go.
pub(crate) fn held_by_another(is_it: impl Fn(&Mount) -> bool) -> Option<String> {
    let table_of = |process: &Path| std::fs::read_link(process.join("ns/mnt")).ok();
    let mut seen: HashSet<PathBuf> = table_of(Path::new("/proc/self")).into_iter().collect();
    let processes = std::fs::read_dir("/proc").ok()?.flatten();
    for process in processes {
        let number = process.file_name();
        let Some(number) = number.to_str().filter(|name| name.parse::<u32>().is_ok()) else {
            continue;
        };
        let Some(table) = table_of(&process.path()) else {
            continue;
        };
        if !seen.insert(table) {
            continue;
        }
        let mounts = read(&process.path().join("mountinfo")).unwrap_or_default();
        if mounts.iter().any(|mount| !mount.follows && is_it(mount)) {
            let name = std::fs::read_to_string(process.path().join("comm")).unwrap_or_default();
            return Some(format!("{} (process {number})", name.trim()));
        }
    }
    None
}

fn read(path: &Path) -> std::io::Result<Vec<Mount>> {
    Ok(std::fs::read_to_string(path)?
        .lines()
        .filter_map(parse)
        .collect())
}

/// `36 35 98:0 /root /point options [optional fields] - type source options`
fn parse(line: &str) -> Option<Mount> {
    let mut fields = line.split(' ');
    let device = fields.nth(2)?.to_owned();
    let root = unescaped(fields.next()?);
    let point = unescaped(fields.next()?);
    let rest: Vec<&str> = fields.skip(1).collect();
    let (optional, filesystem) = rest.split_at(rest.iter().position(|field| *field == "-")?);
    let options = filesystem.last()?.split(',');
    Some(Mount {
        device,
        root,
        point,
        follows: optional.iter().any(|field| field.starts_with("master:")),
        takes_no_writes: options
            .into_iter()
            .any(|o| o == "ro" || o == "emergency_ro"),
    })
}

/// Blanks, tabs, line ends and backslashes are written as three octal digits.
fn unescaped(field: &str) -> PathBuf {
    use std::os::unix::ffi::OsStringExt;
    let mut bytes = Vec::with_capacity(field.len());
    let mut rest = field.as_bytes();
    while let Some((first, others)) = rest.split_first() {
        let digits = others
            .get(..3)
            .filter(|_| *first == b'\\')
            .and_then(|digits| std::str::from_utf8(digits).ok())
            .and_then(|digits| u8::from_str_radix(digits, 8).ok());
        if let Some(byte) = digits {
            bytes.push(byte);
            rest = &others[3..];
        } else {
            bytes.push(*first);
            rest = others;
        }
    }
    std::ffi::OsString::from_vec(bytes).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_of_the_kernels_table_is_read() {
        let line = r"36 35 7:1 /data /srv/a\040b rw,noatime shared:1 master:2 - ext4 /dev/loop1 rw";
        let mount = parse(line).unwrap();
        assert_eq!(mount.device, "7:1");
        assert_eq!(mount.root, Path::new("/data"));
        assert_eq!(mount.point, Path::new("/srv/a b"));
        assert!(mount.follows && !mount.takes_no_writes);
        let private = r"36 35 7:1 / /a\134b rw - ext4 /dev/loop1 rw,x=master:1";
        let mount = parse(private).unwrap();
        assert_eq!(mount.point, Path::new(r"/a\b"));
        assert!(!mount.follows);
        for options in ["ro", "rw,noinit_itable,emergency_ro"] {
            let line = format!("36 35 7:1 / /a rw - ext4 /dev/loop1 {options}");
            assert!(parse(&line).unwrap().takes_no_writes, "{options}");
        }
    }

    #[test]
    fn the_root_is_mounted() {
        assert!(at(Path::new("/")).unwrap().is_some());
        assert!(at(Path::new("/proc/self/nothing")).unwrap().is_none());
    }
}
