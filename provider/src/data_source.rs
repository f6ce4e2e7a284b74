//! The data sources, one file per noun.

pub(crate) mod capsule;
mod container;
mod containers;
mod hosts;
mod image;
mod networking;
mod one_stored;
mod quota;
mod registry;
mod volume;
mod volume_snapshot;

use tfplugin::DataSource;
use zun_client::networking::{FloatingIp, Network, Port, Router, SecurityGroup, Subnet};

use crate::session::Session;
use networking::DataOf;

/// Every data source.
pub(crate) fn all() -> Vec<Box<dyn DataSource<Session>>> {
    vec![
        Box::new(capsule::CapsuleData),
        Box::new(container::ContainerData),
        Box::new(containers::ContainersData),
        Box::new(quota::QuotaData),
        Box::new(hosts::HostsData),
        Box::new(volume::VolumeData),
        Box::new(volume_snapshot::SnapshotData),
        Box::new(DataOf::<Network>::new()),
        Box::new(DataOf::<Subnet>::new()),
        Box::new(DataOf::<Port>::new()),
        Box::new(DataOf::<SecurityGroup>::new()),
        Box::new(DataOf::<Router>::new()),
        Box::new(DataOf::<FloatingIp>::new()),
        Box::new(registry::RegistryData),
        Box::new(image::ImageData),
    ]
}
