//! What the host has, as its engine and its filesystem say.

use std::path::Path;

use bollard::models::SystemInfo;
use zun_domain::host::HostFacts;
use zun_domain::unit::{MemoryMib, Millicpu};
use zun_driver::Result;

use crate::Docker;

/// The least memory Docker gives a container.
const MINIMUM_MEMORY: MemoryMib = MemoryMib(6);
const BYTES_PER_GIB: u64 = 1024 * 1024 * 1024;

impl Docker {
    pub(super) async fn host_facts(&self) -> Result<HostFacts> {
        let info = self.client().await?.info().await;
        let info = info.map_err(|error| self.told("read what the host has", error))?;
        let facts = facts(info);
        self.memory().disk_quota = Some(facts.disk_quota);
        Ok(facts)
    }
}

fn facts(info: SystemInfo) -> HostFacts {
    let whole = |number: Option<i64>| {
        number
            .and_then(|n| u64::try_from(n).ok())
            .unwrap_or_default()
    };
    let labels = info.labels.unwrap_or_default();
    let label = |text: &String| {
        let (key, value) = text.split_once('=').unwrap_or((text, ""));
        (key.to_owned(), value.to_owned())
    };
    HostFacts {
        cpus: Millicpu(whole(info.ncpu).saturating_mul(1000)),
        memory: MemoryMib(whole(info.mem_total) / (1024 * 1024)),
        disk_gib: info
            .docker_root_dir
            .as_deref()
            .map(disk_gib)
            .unwrap_or_default(),
        disk_quota: match info.driver.as_deref() {
            Some("btrfs" | "zfs" | "devicemapper") => true,
            Some("overlay2") => info.docker_root_dir.as_deref().is_some_and(on_sized_xfs),
            _ => false,
        },
        runtimes: info.runtimes.unwrap_or_default().into_keys().collect(),
        architecture: info.architecture.unwrap_or_default(),
        os: info.operating_system.unwrap_or_default(),
        kernel: info.kernel_version.unwrap_or_default(),
        engine_version: info.server_version.unwrap_or_default(),
        labels: labels.iter().map(label).collect(),
        minimum_memory: MINIMUM_MEMORY,
    }
}

/// Size of the filesystem that holds this folder; 0 where it cannot be asked, as from within another root.
fn disk_gib(folder: &str) -> u64 {
    rustix::fs::statvfs(folder)
        .map(|fs| fs.f_blocks.saturating_mul(fs.f_frsize) / BYTES_PER_GIB)
        .unwrap_or_default()
}

/// Whether this folder is on xfs mounted with project quotas, as the kernel lists the mounts; `false` where
/// they cannot be read.
fn on_sized_xfs(folder: &str) -> bool {
    let mounts = std::fs::read_to_string("/proc/self/mountinfo").unwrap_or_default();
    sized_xfs(&mounts, Path::new(folder))
}

/// The columns of a mount: id, parent, device, root, mount point, options, …, `-`, type, source, options of
/// the filesystem. Of two mounts on one point the later one counts.
fn sized_xfs(mounts: &str, folder: &Path) -> bool {
    let mut nearest = (0, false);
    for line in mounts.lines() {
        let Some((mount, filesystem)) = line.split_once(" - ") else {
            continue;
        };
        let point = mount.split(' ').nth(4).unwrap_or_default();
        let depth = Path::new(point).components().count();
        if !folder.starts_with(point) || depth < nearest.0 {
            continue;
        }
        let mut columns = filesystem.split(' ');
        let xfs = columns.next() == Some("xfs");
        let mut options = columns.nth(1).unwrap_or_default().split(',');
        let sized = xfs && options.any(|option| matches!(option, "pquota" | "prjquota"));
        nearest = (depth, sized);
    }
    nearest.1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn overlay2_enforces_on_xfs_with_project_quotas() {
        let root = "22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw";
        let quota = "30 22 8:2 / /var/lib/docker rw shared:2 - xfs /dev/sdb rw,attr2,prjquota";
        let plain = "30 22 8:2 / /var/lib/docker rw shared:2 - xfs /dev/sdb rw,attr2,noquota";
        let inside = "31 30 8:3 / /var/lib/docker/other rw - ext4 /dev/sdc rw";
        let folder = Path::new("/var/lib/docker");
        for (mounts, sized) in [
            ([root, quota, inside], true),
            ([root, plain, inside], false),
            ([root, quota, plain], false),
            ([root, root, inside], false),
        ] {
            assert_eq!(sized_xfs(&mounts.join("\n"), folder), sized, "{mounts:?}");
        }
    }

    #[test]
    fn storage_drivers_that_enforce() {
        for (driver, sized) in [("btrfs", true), ("zfs", true), ("vfs", false)] {
            let info = SystemInfo {
                driver: Some(driver.to_owned()),
                ..SystemInfo::default()
            };
            assert_eq!(facts(info).disk_quota, sized, "{driver}");
        }
    }
}
