//! The specification of a container, as it is written on `/zund/v1` and kept in the store.
//!
//! One rule for every field but `image`: what the user did not give is `None`, and stays so, because a
//! provider has to read back null where null was configured. [`ContainerSpec::with_defaults`] fills in
//! the four amounts and policies that are always in force and are shown as computed.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use super::image::{self, ImageUpdate};
use super::mount::{self, MountSpec};
use super::networks::{self, NetworkSpec};
use crate::name::{
    AbsolutePath, Capability, EnvName, Hostname, ImageRef, LabelKey, Signal, UlimitName,
};
use crate::unit::{Amounts, DiskGib, MemoryMib, Millicpu};

/// Environment of the first process. Its values may be secrets, so `Debug` shows the names only.
#[derive(Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Environment(pub BTreeMap<EnvName, String>);

impl fmt::Debug for Environment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

/// tcp or udp.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
#[serde(rename_all = "lowercase")]
pub enum Protocol {
    /// TCP, where none is given.
    #[default]
    Tcp,
    /// UDP.
    Udp,
}

impl fmt::Display for Protocol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Tcp => "tcp",
            Self::Udp => "udp",
        })
    }
}

/// A port of the container to publish on its host.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PortMapping {
    /// Port inside the container, 1 to 65535.
    pub internal: std::num::NonZeroU16,
    /// Port on the host, 1 to 65535; picked once and kept where none is given.
    #[serde(default)]
    pub external: Option<std::num::NonZeroU16>,
    /// tcp where none is given.
    #[serde(default)]
    pub protocol: Option<Protocol>,
    /// Host address to listen on; every address where none is given.
    #[serde(default)]
    pub ip: Option<IpAddr>,
}

/// When the image is fetched from its registry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PullPolicy {
    /// Always asked of the registry.
    Always,
    /// Fetched only where the host has none.
    #[default]
    IfNotPresent,
    /// The host must have it.
    Never,
}

/// What the engine does when the process ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RestartPolicyName {
    /// Nothing.
    No,
    /// Starts it again. The engine is told `unless-stopped`: it would otherwise start at its
    /// own start what was stopped on purpose.
    Always,
    /// Starts it again after an exit code other than 0.
    OnFailure,
    /// Starts it again unless it was stopped on purpose.
    UnlessStopped,
}

/// A restart policy with its bound.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RestartPolicy {
    /// Which.
    pub name: RestartPolicyName,
    /// How often `on-failure` tries; unlimited where none is given.
    #[serde(default)]
    pub maximum_retry_count: Option<u32>,
}

impl RestartPolicy {
    /// The policy as the engine is told it: `always` becomes `unless-stopped`, a bound of 0 is none.
    #[must_use]
    pub fn for_engine(self) -> Self {
        let name = match self.name {
            RestartPolicyName::Always | RestartPolicyName::UnlessStopped => {
                RestartPolicyName::UnlessStopped
            }
            RestartPolicyName::No => RestartPolicyName::No,
            RestartPolicyName::OnFailure => RestartPolicyName::OnFailure,
        };
        Self {
            name,
            maximum_retry_count: self.maximum_retry_count.filter(|count| *count > 0),
        }
    }
}

/// A command that tells whether the container works.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Healthcheck {
    /// Run by the container's shell; exit code 0 is healthy.
    pub cmd: String,
    /// Seconds between two checks; the engine's default (30) where none is given.
    #[serde(default)]
    pub interval: Option<u32>,
    /// Seconds one check may take; the engine's default (30) where none is given.
    #[serde(default)]
    pub timeout: Option<u32>,
    /// Failures in a row that make it unhealthy; the engine's default (3) where none is given.
    #[serde(default)]
    pub retries: Option<u32>,
}

/// A resource limit of the process.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ulimit {
    /// Which.
    pub name: UlimitName,
    /// Soft limit; -1 is unlimited.
    pub soft: i64,
    /// Hard limit; -1 is unlimited.
    pub hard: i64,
}

/// Whether cores are shared or reserved one by one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum CpuPolicy {
    /// A share of all cores, capped at `cpu`.
    #[default]
    Shared,
    /// Whole cores of its own.
    Dedicated,
}

/// Where the image comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ImageSource {
    /// The engine and its registries.
    #[default]
    Docker,
    /// The image service.
    Glance,
}

/// What a user wishes of a container. Unknown fields are refused with their name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ContainerSpec {
    /// Image to run.
    pub image: ImageRef,
    /// Where the image comes from.
    #[serde(default)]
    pub image_driver: Option<ImageSource>,
    /// When the image is fetched.
    #[serde(default)]
    pub image_pull_policy: Option<PullPolicy>,
    /// Whether a tag that has moved counts as a change.
    #[serde(default)]
    pub image_update: Option<ImageUpdate>,
    /// Id or name of the registry that it is fetched from, with that one's credentials.
    #[serde(default)]
    pub registry: Option<String>,
    /// Arguments; the image's where none are given.
    #[serde(default)]
    pub command: Option<Vec<String>>,
    /// Program; the image's where none is given.
    #[serde(default)]
    pub entrypoint: Option<Vec<String>>,
    /// Environment, added to the image's.
    #[serde(default)]
    pub environment: Option<Environment>,
    /// Environment that is never shown again. In an update `None` keeps what is there.
    #[serde(default)]
    pub environment_wo: Option<Environment>,
    /// Labels, carried by the Docker container too.
    #[serde(default)]
    pub labels: Option<BTreeMap<LabelKey, String>>,
    /// Hints to the scheduler.
    #[serde(default)]
    pub hints: Option<BTreeMap<String, String>>,
    /// Working directory; the image's where none is given.
    #[serde(default)]
    pub workdir: Option<String>,
    /// Hostname; chosen once where none is given.
    #[serde(default)]
    pub hostname: Option<Hostname>,
    /// User (and group) of the process; the image's where none is given.
    #[serde(default)]
    pub user: Option<String>,
    /// Give it a terminal.
    #[serde(default)]
    pub tty: Option<bool>,
    /// Keep its standard input open.
    #[serde(default)]
    pub interactive: Option<bool>,
    /// Hard limit of processing time, in cores.
    #[serde(default)]
    pub cpu: Option<Millicpu>,
    /// Limit of memory and of memory plus swap alike, in MiB.
    #[serde(default)]
    pub memory: Option<MemoryMib>,
    /// Disk, in GiB.
    #[serde(default)]
    pub disk: Option<DiskGib>,
    /// Shared or dedicated cores.
    #[serde(default)]
    pub cpu_policy: Option<CpuPolicy>,
    /// What happens when the process ends.
    #[serde(default)]
    pub restart_policy: Option<RestartPolicy>,
    /// How to tell that it works.
    #[serde(default)]
    pub healthcheck: Option<Healthcheck>,
    /// Ports to publish.
    #[serde(default)]
    pub ports: Option<BTreeSet<PortMapping>>,
    /// Networks, in order; the project's default one where none are given.
    #[serde(default)]
    pub networks: Option<Vec<NetworkSpec>>,
    /// Groups, by id or name, of the ports that are made with it; the project's default one where none are given.
    #[serde(default)]
    pub security_groups: Option<BTreeSet<String>>,
    /// OCI runtime; the engine's default where none is given.
    #[serde(default)]
    pub runtime: Option<String>,
    /// Full rights on the host; refused unless the policy names the project.
    #[serde(default)]
    pub privileged: Option<bool>,
    /// Start it again, on another host if need be, when it is found stopped or gone.
    #[serde(default)]
    pub auto_heal: Option<bool>,
    /// Delete it when its process has ended (`/v1` only).
    #[serde(default)]
    pub auto_remove: Option<bool>,
    /// Signal that asks it to stop; the image's, else TERM.
    #[serde(default)]
    pub stop_signal: Option<Signal>,
    /// Seconds between that signal and KILL; 10 where none is given.
    #[serde(default)]
    pub stop_timeout: Option<u32>,
    /// Run a small init as process 1 that reaps and forwards signals.
    #[serde(default)]
    pub init: Option<bool>,
    /// Mount its root filesystem read-only.
    #[serde(default)]
    pub read_only: Option<bool>,
    /// Capabilities beyond the engine's default set; refused unless the policy names the project.
    #[serde(default)]
    pub cap_add: Option<BTreeSet<Capability>>,
    /// Capabilities taken away.
    #[serde(default)]
    pub cap_drop: Option<BTreeSet<Capability>>,
    /// In-memory filesystems: path to mount options (`size=64m`).
    #[serde(default)]
    pub tmpfs: Option<BTreeMap<AbsolutePath, String>>,
    /// Size of `/dev/shm`, in MiB; 64 where none is given.
    #[serde(default)]
    pub shm_size: Option<MemoryMib>,
    /// Resource limits of the process.
    #[serde(default)]
    pub ulimits: Option<BTreeSet<Ulimit>>,
    /// Volumes and files to be seen in it.
    #[serde(default)]
    pub mounts: Option<BTreeSet<MountSpec>>,
    /// Zone the host must be in.
    #[serde(default)]
    pub availability_zone: Option<String>,
    /// Host it must run on; administrators only.
    #[serde(default)]
    pub host: Option<String>,
}

/// What is in force where the user gave nothing. From the configuration.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SpecDefaults {
    /// 1 core in Zun.
    pub cpu: Millicpu,
    /// 512 MiB in Zun.
    pub memory: MemoryMib,
    /// Counted where none is given; 0 in Zun.
    pub disk: DiskGib,
}

impl Default for SpecDefaults {
    fn default() -> Self {
        Self {
            cpu: Millicpu::CORE,
            memory: MemoryMib(512),
            disk: DiskGib(0),
        }
    }
}

impl ContainerSpec {
    /// The least that can be asked: an image.
    pub fn of(image: ImageRef) -> Self {
        Self {
            image,
            image_driver: None,
            image_pull_policy: None,
            image_update: None,
            registry: None,
            command: None,
            entrypoint: None,
            environment: None,
            environment_wo: None,
            labels: None,
            hints: None,
            workdir: None,
            hostname: None,
            user: None,
            tty: None,
            interactive: None,
            cpu: None,
            memory: None,
            disk: None,
            cpu_policy: None,
            restart_policy: None,
            healthcheck: None,
            ports: None,
            networks: None,
            security_groups: None,
            runtime: None,
            privileged: None,
            auto_heal: None,
            auto_remove: None,
            stop_signal: None,
            stop_timeout: None,
            init: None,
            read_only: None,
            cap_add: None,
            cap_drop: None,
            tmpfs: None,
            shm_size: None,
            mounts: None,
            ulimits: None,
            availability_zone: None,
            host: None,
        }
    }

    /// Fills in what is always in force and shown as computed: cpu, memory, disk, pull policy.
    #[must_use]
    pub fn with_defaults(mut self, defaults: &SpecDefaults) -> Self {
        self.cpu.get_or_insert(defaults.cpu);
        self.memory.get_or_insert(defaults.memory);
        self.disk.get_or_insert(defaults.disk);
        self.image_pull_policy.get_or_insert_default();
        self
    }

    /// What it claims; nothing for a part that has not been filled in.
    pub fn amounts(&self) -> Amounts {
        Amounts {
            cpu: self.cpu.unwrap_or_default(),
            memory: self.memory.unwrap_or_default(),
            disk: self.disk.unwrap_or_default(),
        }
    }

    /// The whole environment the container gets: shown and write-only values.
    pub fn full_environment(&self) -> BTreeMap<EnvName, String> {
        let mut all = self.environment.clone().unwrap_or_default().0;
        all.extend(self.environment_wo.clone().unwrap_or_default().0);
        all
    }

    /// The registry is asked again and again what the tag means.
    pub fn follows_tag(&self) -> bool {
        self.image_update == Some(ImageUpdate::Digest)
    }

    /// What cannot work, alone or together. Field and message, every one found.
    pub fn contradictions(&self) -> Vec<(&'static str, String)> {
        let mut found = image::contradictions(self);
        let relative = |path: &&String| !path.is_empty() && !path.starts_with('/');
        if let Some(path) = self.workdir.as_ref().filter(relative) {
            let shown: String = path.chars().take(80).collect();
            found.push((
                "workdir",
                format!("{shown:?} is not an absolute path, such as \"/srv\""),
            ));
        }
        if let Some(policy) = self.restart_policy
            && policy.maximum_retry_count.is_some_and(|count| count > 0)
            && policy.name != RestartPolicyName::OnFailure
        {
            found.push((
                "restart_policy",
                "maximum_retry_count goes with the name \"on-failure\" only".to_owned(),
            ));
        }
        if let Some(ports) = &self.ports {
            let mut inside = BTreeSet::new();
            for port in ports {
                if !inside.insert((port.internal, port.protocol.unwrap_or_default())) {
                    found.push((
                        "ports",
                        format!(
                            "{}/{} is listed twice; publish a port of the container once",
                            port.internal,
                            port.protocol.unwrap_or_default()
                        ),
                    ));
                }
            }
        }
        found.extend(networks::contradictions(self.networks()));
        if let (Some(shown), Some(hidden)) = (&self.environment, &self.environment_wo) {
            for name in shown.0.keys().filter(|name| hidden.0.contains_key(*name)) {
                found.push((
                    "environment_wo",
                    format!("{name} is set in environment too; set it in one of them"),
                ));
            }
        }
        if let Some(mounts) = &self.mounts {
            found.extend(mount::contradictions(mounts, self.tmpfs.as_ref()));
        }
        for limit in self.ulimits.iter().flatten() {
            if limit.hard >= 0 && (limit.soft > limit.hard || limit.soft < 0) {
                found.push((
                    "ulimits",
                    format!(
                        "{}: soft {} is above hard {}",
                        limit.name, limit.soft, limit.hard
                    ),
                ));
            }
        }
        found
    }
    /// The networks it asks for; the default one is asked for by none.
    pub fn networks(&self) -> &[NetworkSpec] {
        self.networks.as_deref().unwrap_or_default()
    }
}
