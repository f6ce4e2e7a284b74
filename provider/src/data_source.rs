//! The data sources, one file per noun.

mod container;
mod containers;
mod hosts;
mod quota;

use tfplugin::DataSource;

use crate::session::Session;

/// Every data source.
pub(crate) fn all() -> Vec<Box<dyn DataSource<Session>>> {
    vec![
        Box::new(container::ContainerData),
        Box::new(containers::ContainersData),
        Box::new(quota::QuotaData),
        Box::new(hosts::HostsData),
    ]
}
