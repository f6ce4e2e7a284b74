//! What can be asked without changing anything.

mod containers;
mod hosts;
mod image_search;
mod images;
mod networks;
mod routers;
mod security_groups;
mod volumes;

use std::collections::BTreeMap;

pub use images::{ImageFilter, ImageOrder};
pub use networks::PortView;
pub use volumes::{VolumeFilter, VolumeOrder};
pub use zun_driver::runtime::{LogQuery, Stats, Top};
pub use zun_store::SortKey;

use zun_domain::container::{Status, TaskState};
use zun_domain::host::Host;
use zun_domain::id::{ContainerId, ProjectId, UserId};
use zun_domain::quota::{LimitSet, Limits, Usage};
use zun_domain::unit::Amounts;

use crate::context::Engine;
use crate::error::{Error, Result};

/// The only one of those that have a name.
pub(crate) fn one_of<T>(mut named: Vec<T>, what: &'static str, ident: &str) -> Result<T> {
    match named.len() {
        0 => Err(Error::not_found(what, ident)),
        1 => Ok(named.remove(0)),
        count => Err(Error::Ambiguous {
            what,
            name: ident.to_owned(),
            count,
        }),
    }
}

/// Events of one container that are answered at most.
pub(crate) const EVENTS: u32 = 1000;

/// Which containers, in which order, from where on.
#[derive(Debug, Clone, Default)]
pub struct ContainerFilter {
    /// Exact name.
    pub name: Option<String>,
    /// Exact image reference.
    pub image: Option<String>,
    /// Owner; for administrators who look beyond their project.
    pub project: Option<ProjectId>,
    /// Who created it.
    pub user: Option<UserId>,
    /// Host name.
    pub host: Option<String>,
    /// Memory, MiB.
    pub memory: Option<u64>,
    /// In one of these; in any where none is given. (One word of Zun's can stand for two of ours.)
    pub statuses: Vec<Status>,
    /// To which this is being done.
    pub task: Option<TaskState>,
    /// Deleted by us after its end.
    pub auto_remove: Option<bool>,
    /// Order.
    pub sort_key: SortKey,
    /// Reversed.
    pub descending: bool,
    /// At most so many.
    pub limit: u32,
    /// After this one.
    pub marker: Option<ContainerId>,
}

/// The quota of a project: what is set, in force, used.
#[derive(Debug, Clone, Copy)]
pub struct QuotaView {
    /// Set for the project itself.
    pub limits: LimitSet,
    /// In force.
    pub effective: Limits,
    /// Used.
    pub usage: Usage,
}

/// A host and what is allocated on it.
#[derive(Debug, Clone)]
pub struct HostView {
    /// The host.
    pub host: Host,
    /// Allocated.
    pub allocated: Amounts,
    /// Containers placed there.
    pub containers: u64,
}

/// What this deployment can do.
#[derive(Debug, Clone)]
pub struct Features {
    /// What `disk` means where no host enforces it.
    pub disk: crate::settings::DiskMode,
    /// There is a host that enforces it.
    pub disk_enforced: bool,
    /// Version of the program.
    pub version: &'static str,
}

/// Whether it works.
#[derive(Debug, Clone)]
pub struct Health {
    /// The store can be written, or why not.
    pub store: std::result::Result<(), String>,
    /// Hosts that do not answer, with the cause.
    pub hosts_down: Vec<String>,
}

/// Figures for monitoring.
#[derive(Debug, Clone, Default)]
pub struct Gauges {
    /// Containers by status word.
    pub containers: BTreeMap<String, u64>,
    /// Operations that have not ended, by kind.
    pub operations: BTreeMap<&'static str, u64>,
    /// Hosts that answer.
    pub hosts_up: u64,
    /// Hosts that do not.
    pub hosts_down: u64,
    /// All claims together.
    pub claims: Usage,
}

impl Engine {
    /// What is set, in force and used for a project.
    pub async fn quota_get(&self, project: ProjectId) -> Result<QuotaView> {
        let both = self.store.quota_find_with_class(project, "default").await?;
        let (limits, class) = both;
        let usage = self.store.usage_of(project).await?;
        Ok(QuotaView {
            limits,
            effective: self.settings.quota.under(class, limits),
            usage,
        })
    }

    /// Limits of projects without their own.
    pub async fn quota_defaults(&self) -> Result<Limits> {
        let class = self.store.quota_class_find("default").await?;
        Ok(self.settings.quota.under(class, LimitSet::default()))
    }

    /// What this deployment can do.
    pub fn features(&self) -> Features {
        Features {
            disk: self.settings.disk,
            disk_enforced: self.enforces_disk_somewhere(),
            version: env!("CARGO_PKG_VERSION"),
        }
    }

    /// Whether it works: the store is written to, the hosts are remembered.
    pub async fn health(&self) -> Health {
        let written = async {
            let mut tx = self.store.begin().await?;
            tx.meta_set("health_checked_at", &self.clock.now().to_string())
                .await?;
            tx.commit().await
        };
        let store = written.await.map_err(|error| error.to_string());
        let hosts_down = self
            .driven()
            .into_iter()
            .filter_map(|host| {
                Some(format!(
                    "{}: {}",
                    self.settings.host_name,
                    self.why_down(host)?
                ))
            })
            .collect();
        Health { store, hosts_down }
    }
}
