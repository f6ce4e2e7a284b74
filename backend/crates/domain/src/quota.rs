//! What a project may use, and whether one more thing fits: [`admit`].

use serde::{Deserialize, Serialize};

use crate::unit::Amounts;

/// The four things that are limited.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Resource {
    /// Number of containers.
    Containers,
    /// Cores.
    Cpu,
    /// Memory, MiB.
    Memory,
    /// Disk, GiB.
    Disk,
}

impl Resource {
    /// All four.
    pub const ALL: [Self; 4] = [Self::Containers, Self::Cpu, Self::Memory, Self::Disk];

    /// Its name on the API.
    pub fn name(self) -> &'static str {
        match self {
            Self::Containers => "containers",
            Self::Cpu => "cpu",
            Self::Memory => "memory",
            Self::Disk => "disk",
        }
    }

    /// Its unit in messages, with a leading space.
    pub fn unit(self) -> &'static str {
        match self {
            Self::Containers => "",
            Self::Cpu => " cores",
            Self::Memory => " MiB",
            Self::Disk => " GiB",
        }
    }
}

/// Limits that were set; `None` is inherited, -1 is unlimited. Cores, MiB, GiB.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LimitSet {
    /// Number of containers.
    #[serde(default)]
    pub containers: Option<i64>,
    /// Cores.
    #[serde(default)]
    pub cpu: Option<i64>,
    /// Memory, MiB.
    #[serde(default)]
    pub memory: Option<i64>,
    /// Disk, GiB.
    #[serde(default)]
    pub disk: Option<i64>,
}

impl LimitSet {
    /// One of the four.
    pub fn get(&self, resource: Resource) -> Option<i64> {
        match resource {
            Resource::Containers => self.containers,
            Resource::Cpu => self.cpu,
            Resource::Memory => self.memory,
            Resource::Disk => self.disk,
        }
    }

    /// Sets one of the four.
    pub fn set(&mut self, resource: Resource, limit: Option<i64>) {
        match resource {
            Resource::Containers => self.containers = limit,
            Resource::Cpu => self.cpu = limit,
            Resource::Memory => self.memory = limit,
            Resource::Disk => self.disk = limit,
        }
    }

    /// Nothing is set.
    pub fn is_empty(&self) -> bool {
        Resource::ALL
            .iter()
            .all(|resource| self.get(*resource).is_none())
    }

    /// `self` where set, else `below`.
    #[must_use]
    pub fn over(self, below: Self) -> Self {
        let mut merged = below;
        for resource in Resource::ALL {
            if let Some(limit) = self.get(resource) {
                merged.set(resource, Some(limit));
            }
        }
        merged
    }
}

/// Limits in force, from project, class and configuration in this order. -1 is unlimited.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limits {
    /// Number of containers.
    pub containers: i64,
    /// Cores.
    pub cpu: i64,
    /// Memory, MiB.
    pub memory: i64,
    /// Disk, GiB.
    pub disk: i64,
}

impl Default for Limits {
    /// Zun's defaults.
    fn default() -> Self {
        Self {
            containers: 40,
            cpu: 20,
            memory: 51_200,
            disk: 100,
        }
    }
}

impl Limits {
    /// The limits of a project: its own, else its class's, else these.
    #[must_use]
    pub fn under(self, class: LimitSet, project: LimitSet) -> Self {
        let merged = project.over(class);
        Self {
            containers: merged.containers.unwrap_or(self.containers),
            cpu: merged.cpu.unwrap_or(self.cpu),
            memory: merged.memory.unwrap_or(self.memory),
            disk: merged.disk.unwrap_or(self.disk),
        }
    }

    /// One of the four.
    pub fn get(&self, resource: Resource) -> i64 {
        match resource {
            Resource::Containers => self.containers,
            Resource::Cpu => self.cpu,
            Resource::Memory => self.memory,
            Resource::Disk => self.disk,
        }
    }
}

/// What a project uses: the sum of its claims.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Usage {
    /// Number of containers.
    pub containers: u64,
    /// Cpu, memory, disk.
    pub amounts: Amounts,
}

/// One limit that would not hold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Excess {
    /// Which.
    pub resource: Resource,
    /// The limit.
    pub limit: i64,
    /// In use, in the limit's unit.
    pub used: f64_eq::F64,
    /// Asked for on top, in the limit's unit.
    pub asked: f64_eq::F64,
}

/// A float that is only ever copied and printed, so that errors can be compared.
pub mod f64_eq {
    use serde::{Deserialize, Serialize};

    /// Compared by its bits.
    #[derive(Debug, Clone, Copy, Serialize, Deserialize)]
    #[serde(transparent)]
    pub struct F64(pub f64);

    impl PartialEq for F64 {
        fn eq(&self, other: &Self) -> bool {
            self.0.to_bits() == other.0.to_bits()
        }
    }

    impl Eq for F64 {}
}

/// Which limits would not hold, and by how much.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
pub struct OverQuota {
    /// Every one of them; never empty.
    pub excesses: Vec<Excess>,
}

impl std::fmt::Display for OverQuota {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("over quota")?;
        for (index, e) in self.excesses.iter().enumerate() {
            let unit = e.resource.unit();
            write!(
                f,
                "{} {}: limit {}{unit}, in use {}{unit}, asked for {}{unit} more",
                if index == 0 { ":" } else { ";" },
                e.resource.name(),
                e.limit,
                e.used.0,
                e.asked.0,
            )?;
        }
        Ok(())
    }
}

#[expect(
    clippy::cast_precision_loss,
    reason = "quota figures are far below 2^52"
)]
fn figures(usage: &Usage, resource: Resource) -> f64 {
    match resource {
        Resource::Containers => usage.containers as f64,
        Resource::Cpu => usage.amounts.cpu.cores(),
        Resource::Memory => usage.amounts.memory.0 as f64,
        Resource::Disk => usage.amounts.disk.0 as f64,
    }
}

/// Whether `ask` fits on top of `usage`. A limit that is exceeded already refuses only what asks for more
/// of that resource, so that something can always be made smaller.
#[expect(
    clippy::cast_precision_loss,
    reason = "quota figures are far below 2^52"
)]
pub fn admit(usage: &Usage, limits: &Limits, ask: &Usage) -> Result<(), OverQuota> {
    let mut excesses = Vec::new();
    for resource in Resource::ALL {
        let (limit, used, asked) = (
            limits.get(resource),
            figures(usage, resource),
            figures(ask, resource),
        );
        if limit >= 0 && asked > 0.0 && used + asked > limit as f64 + 1e-9 {
            excesses.push(Excess {
                resource,
                limit,
                used: f64_eq::F64(used),
                asked: f64_eq::F64(asked),
            });
        }
    }
    if excesses.is_empty() {
        Ok(())
    } else {
        Err(OverQuota { excesses })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::unit::{DiskGib, MemoryMib, Millicpu};

    fn usage(containers: u64, cpu: u64, memory: u64, disk: u64) -> Usage {
        Usage {
            containers,
            amounts: Amounts {
                cpu: Millicpu(cpu),
                memory: MemoryMib(memory),
                disk: DiskGib(disk),
            },
        }
    }

    #[test]
    fn the_limit_itself_fits_and_one_more_does_not() {
        let limits = Limits {
            containers: 2,
            cpu: 1,
            memory: 100,
            disk: -1,
        };
        assert_eq!(
            admit(&usage(1, 500, 50, 9), &limits, &usage(1, 500, 50, 999)),
            Ok(())
        );
        let error = admit(&usage(2, 500, 50, 0), &limits, &usage(1, 501, 51, 0)).unwrap_err();
        assert_eq!(
            error.to_string(),
            "over quota: containers: limit 2, in use 2, asked for 1 more; \
             cpu: limit 1 cores, in use 0.5 cores, asked for 0.501 cores more; \
             memory: limit 100 MiB, in use 50 MiB, asked for 51 MiB more"
        );
    }

    #[test]
    fn what_is_over_already_can_still_shrink() {
        let limits = Limits {
            containers: 0,
            cpu: 0,
            memory: 0,
            disk: 0,
        };
        assert_eq!(
            admit(&usage(5, 5000, 500, 5), &limits, &usage(0, 0, 0, 0)),
            Ok(())
        );
    }

    #[test]
    fn project_over_class_over_configuration() {
        let class = LimitSet {
            containers: Some(3),
            cpu: Some(4),
            ..LimitSet::default()
        };
        let project = LimitSet {
            cpu: Some(-1),
            ..LimitSet::default()
        };
        let limits = Limits::default().under(class, project);
        assert_eq!(
            limits,
            Limits {
                containers: 3,
                cpu: -1,
                memory: 51_200,
                disk: 100
            }
        );
    }
}
