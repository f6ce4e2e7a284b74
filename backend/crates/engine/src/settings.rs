//! What the configuration decides about the engine.

use std::ops::RangeInclusive;
use std::time::Duration;

use ipnet::Ipv4Net;
use zun_domain::container::spec::SpecDefaults;
use zun_domain::host::Overcommit;
use zun_domain::policy::Exceptions;
use zun_domain::quota::Limits;
use zun_domain::unit::DiskGib;

/// What `disk` means on a host whose engine cannot enforce it. Where it can, it always is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DiskMode {
    /// A request with `disk` is refused.
    Refuse,
    /// It is counted, not enforced.
    Account,
}

/// Settings of the engine, validated.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Name of the local host.
    pub host_name: String,
    /// Its availability zone.
    pub zone: String,
    /// What is in force where a request says nothing.
    pub defaults: SpecDefaults,
    /// Overcommit of hosts.
    pub overcommit: Overcommit,
    /// Limits of projects without their own.
    pub quota: Limits,
    /// Pool that default networks of projects are cut from.
    pub network_pool: Ipv4Net,
    /// Prefix length of each of them.
    pub network_prefix: u8,
    /// Addresses of the outside that floating IPs and routers get; none where there is no such range.
    pub network_external: Option<Ipv4Net>,
    /// Host ports that are picked where the user leaves them open.
    pub host_ports: RangeInclusive<u16>,
    /// What `disk` means.
    pub disk: DiskMode,
    /// Sizes of volumes and snapshots together, as a multiple of the filesystem they are on.
    pub volume_overcommit: f64,
    /// Bytes that the data of an image may have, as it is and unpacked.
    pub image_max_bytes: u64,
    /// Who may what is otherwise allowed to nobody.
    pub exceptions: Exceptions,
    /// Operations done at the same time.
    pub workers: usize,
    /// Seconds between two looks at everything, beside the events.
    pub reconcile_seconds: u64,
    /// Seconds a wait of an operation may take before it counts as failed.
    pub wait_seconds: u64,
    /// Days finished operations are kept.
    pub keep_operations_days: u32,
    /// How long an image that we fetched stays when no container uses it any more; for ever where none is given.
    pub collect_images_after: Option<Duration>,
}

impl Settings {
    /// How much volumes and snapshots may take together on a filesystem of this capacity.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_precision_loss,
        reason = "the GiB of one filesystem are far below 2^52 and the factor is checked positive"
    )]
    pub(crate) fn volume_space(&self, capacity: DiskGib) -> DiskGib {
        DiskGib((capacity.0 as f64 * self.volume_overcommit) as u64)
    }
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            host_name: "localhost".to_owned(),
            zone: "nova".to_owned(),
            defaults: SpecDefaults::default(),
            overcommit: Overcommit::default(),
            quota: Limits::default(),
            network_pool: Ipv4Net::new_assert(std::net::Ipv4Addr::new(10, 224, 0, 0), 11),
            network_prefix: 20,
            network_external: None,
            // Below the ports that Linux gives to outgoing connections: one of those could be in use by the time
            // a container starts.
            host_ports: 20_000..=29_999,
            disk: DiskMode::Refuse,
            volume_overcommit: 1.0,
            image_max_bytes: 16 << 30,
            exceptions: Exceptions::default(),
            workers: 32,
            reconcile_seconds: 60,
            wait_seconds: 900,
            keep_operations_days: 30,
            collect_images_after: None,
        }
    }
}
