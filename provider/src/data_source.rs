//! The data sources, one file per noun.

mod container;
mod containers;
mod hosts;
mod one_stored;
mod quota;
mod volume;
mod volume_snapshot;

use tfplugin::DataSource;

use crate::session::Session;

/// Every data source.
pub(crate) fn all() -> Vec<Box<dyn DataSource<Session>>> {
    vec![
        Box::new(container::ContainerData),
        Box::new(containers::ContainersData),
        Box::new(quota::QuotaData),
        Box::new(hosts::HostsData),
        Box::new(volume::VolumeData),
        Box::new(volume_snapshot::SnapshotData),
    ]
}
