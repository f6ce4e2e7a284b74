//! Limits and use: live updates, and what a container takes at a moment.

use bollard::models::{ContainerMemoryStats, ContainerStatsResponse, ContainerUpdateBody};
use bollard::query_parameters::StatsOptionsBuilder;
use futures::StreamExt;
use zun_domain::unit::MemoryMib;
use zun_driver::runtime::{Limits, Stats};
use zun_driver::{Class, Error, Result};

use crate::{Docker, convert};

const BYTES_PER_MIB: u64 = 1024 * 1024;

impl Docker {
    pub(super) async fn set_limits(&self, name: &str, limits: Limits) -> Result<()> {
        if let Some(memory) = limits.memory {
            self.refuse_below_use(name, memory).await?;
        }
        let bytes = limits.memory.map(|memory| convert::signed(memory.bytes()));
        let body = ContainerUpdateBody {
            nano_cpus: limits.cpu.map(convert::nano_cpus),
            memory: bytes,
            memory_swap: bytes,
            restart_policy: limits.restart_policy.map(convert::restart_policy),
            ..ContainerUpdateBody::default()
        };
        let updated = self.client().await?.update_container(name, body).await;
        let Err(error) = updated else { return Ok(()) };
        let told = self.told(&format!("change the limits of container {name}"), error);
        match limits.memory {
            Some(memory) if told.class == Class::Internal => {
                // What the kernel answers where it cannot free enough: "device or resource busy".
                let used = self
                    .sample(name, true)
                    .await
                    .map(|sample| in_use(&sample))?;
                Err(below_use(name, memory, used))
            }
            Some(_) | None => Err(told),
        }
    }

    /// Kernels with cgroup v2 would take the limit and end the process.
    async fn refuse_below_use(&self, name: &str, memory: MemoryMib) -> Result<()> {
        let sample = self.sample(name, true).await?;
        let used = in_use(&sample);
        if memory.bytes() < used {
            return Err(below_use(name, memory, used));
        }
        Ok(())
    }

    pub(super) async fn measured(&self, name: &str) -> Result<Stats> {
        let sample = self.sample(name, false).await?;
        let running = sample
            .memory_stats
            .as_ref()
            .is_some_and(|memory| memory.limit.is_some());
        if !running {
            return Err(Error::new(
                Class::Conflict,
                format!("container {name} is not running"),
            ));
        }
        Ok(stats(&sample))
    }

    /// A sample of use: at once, or with the processing time over the second before.
    async fn sample(&self, name: &str, at_once: bool) -> Result<ContainerStatsResponse> {
        let tried = format!("measure container {name}");
        let options = StatsOptionsBuilder::new()
            .stream(false)
            .one_shot(at_once)
            .build();
        let client = self.client().await?;
        let mut samples = std::pin::pin!(client.stats(name, Some(options)));
        match samples.next().await {
            Some(sample) => sample.map_err(|error| self.told(&tried, error)),
            None => Err(Error::new(
                Class::Unavailable,
                format!("cannot {tried}: the engine closed the connection"),
            )),
        }
    }
}

fn below_use(name: &str, memory: MemoryMib, used: u64) -> Error {
    Error::new(
        Class::Refused,
        format!(
            "cannot lower the memory of container {name} to {memory} MiB: it uses {} MiB now",
            used.div_ceil(BYTES_PER_MIB)
        ),
    )
}

/// Bytes that cannot be freed: use without the pages of files. cgroup v1 and v2 name these differently.
fn in_use(sample: &ContainerStatsResponse) -> u64 {
    let Some(memory) = &sample.memory_stats else {
        return 0;
    };
    let files = ["inactive_file", "active_file"];
    let freeable: u64 = files.iter().map(|name| detail(memory, name)).sum();
    memory.usage.unwrap_or_default().saturating_sub(freeable)
}

/// A figure of the whole container: `total_…` in cgroup v1, the bare name in v2.
fn detail(memory: &ContainerMemoryStats, name: &str) -> u64 {
    let figures = memory.stats.as_ref();
    let whole =
        figures.and_then(|figures| figures.get(&format!("total_{name}")).or(figures.get(name)));
    whole.copied().unwrap_or_default()
}

fn stats(sample: &ContainerStatsResponse) -> Stats {
    let memory = sample.memory_stats.clone().unwrap_or_default();
    let freeable = detail(&memory, "inactive_file");
    let networks = || sample.networks.iter().flatten().map(|(_, network)| network);
    Stats {
        cpu_percent: cpu_percent(sample).unwrap_or_default(),
        memory_bytes: memory.usage.unwrap_or_default().saturating_sub(freeable),
        memory_limit_bytes: memory.limit.unwrap_or_default(),
        block_read_bytes: blocks(sample, "read"),
        block_write_bytes: blocks(sample, "write"),
        net_rx_bytes: networks().filter_map(|network| network.rx_bytes).sum(),
        net_tx_bytes: networks().filter_map(|network| network.tx_bytes).sum(),
    }
}

fn blocks(sample: &ContainerStatsResponse, operation: &str) -> u64 {
    let entries = sample
        .blkio_stats
        .as_ref()
        .and_then(|blocks| blocks.io_service_bytes_recursive.as_ref());
    let entries = entries.into_iter().flatten();
    entries
        .filter(|entry| {
            entry
                .op
                .as_deref()
                .is_some_and(|op| op.eq_ignore_ascii_case(operation))
        })
        .filter_map(|entry| entry.value)
        .sum()
}

/// The container's part of the whole machine's time between two samples, in percent of one core.
#[expect(
    clippy::cast_precision_loss,
    reason = "nanoseconds between two samples are far below 2^52"
)]
fn cpu_percent(sample: &ContainerStatsResponse) -> Option<f64> {
    let (now, before) = (sample.cpu_stats.as_ref()?, sample.precpu_stats.as_ref()?);
    let total = |stats: &bollard::models::ContainerCpuStats| stats.cpu_usage.as_ref()?.total_usage;
    let used = total(now)?.saturating_sub(total(before)?);
    let passed = now
        .system_cpu_usage?
        .saturating_sub(before.system_cpu_usage?);
    let cores = now.online_cpus.unwrap_or(1);
    (passed > 0).then(|| used as f64 / passed as f64 * f64::from(cores) * 100.0)
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use bollard::models::{ContainerCpuStats, ContainerCpuUsage};

    use super::*;

    fn cpu(total: u64, system: u64) -> ContainerCpuStats {
        ContainerCpuStats {
            cpu_usage: Some(ContainerCpuUsage {
                total_usage: Some(total),
                ..ContainerCpuUsage::default()
            }),
            system_cpu_usage: Some(system),
            online_cpus: Some(2),
            ..ContainerCpuStats::default()
        }
    }

    #[test]
    fn one_busy_core_of_two_is_a_hundred_percent() {
        let sample = ContainerStatsResponse {
            cpu_stats: Some(cpu(1_500, 4_000)),
            precpu_stats: Some(cpu(500, 2_000)),
            ..ContainerStatsResponse::default()
        };
        assert_eq!(cpu_percent(&sample), Some(100.0));
        assert_eq!(cpu_percent(&ContainerStatsResponse::default()), None);
    }

    #[test]
    fn pages_of_files_are_not_use() {
        for (inactive, active) in [
            ("total_inactive_file", "total_active_file"),
            ("inactive_file", "active_file"),
        ] {
            let memory = ContainerMemoryStats {
                usage: Some(100),
                stats: Some(HashMap::from([
                    (inactive.to_owned(), 30),
                    (active.to_owned(), 20),
                ])),
                ..ContainerMemoryStats::default()
            };
            let sample = ContainerStatsResponse {
                memory_stats: Some(memory),
                ..ContainerStatsResponse::default()
            };
            assert_eq!(in_use(&sample), 50);
            assert_eq!(stats(&sample).memory_bytes, 70);
        }
    }
}
