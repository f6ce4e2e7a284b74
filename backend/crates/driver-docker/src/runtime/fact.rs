//! What the host has, as its engine and its filesystem say.

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
        // overlay2 can on xfs mounted with pquota, which the engine does not tell.
        disk_quota: matches!(
            info.driver.as_deref(),
            Some("btrfs" | "zfs" | "devicemapper")
        ),
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
