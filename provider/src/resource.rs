//! The managed resources, one file per noun.

mod agreeing;
pub(crate) mod capsule;
pub(crate) mod container;
pub(crate) mod floating_ip;
mod identity;
pub(crate) mod image;
mod limits;
pub(crate) use limits::figures;
pub(crate) mod network;
pub(crate) mod networking;
pub(crate) mod port;
mod quota;
mod quota_class;
pub(crate) mod registry;
pub(crate) mod router;
pub(crate) mod security_group;
mod security_group_rule;
pub(crate) mod stored;
pub(crate) mod subnet;
pub(crate) mod value;
pub(crate) mod volume;
pub(crate) mod volume_snapshot;

use tfplugin::Resource;
use zun_client::networking::{FloatingIp, Network, Port, Router, Rule, SecurityGroup, Subnet};
use zun_client::{Snapshot, Volume};

use crate::session::Session;
use networking::life::ResourceOf as NetworkingOf;
use stored::life::ResourceOf;

/// Every resource.
pub(crate) fn all() -> Vec<Box<dyn Resource<Session>>> {
    vec![
        Box::new(container::ContainerResource),
        Box::new(capsule::CapsuleResource),
        Box::new(limits::LimitsOf::<quota::Project>::new()),
        Box::new(limits::LimitsOf::<quota_class::Class>::new()),
        Box::new(ResourceOf::<Volume>::new()),
        Box::new(ResourceOf::<Snapshot>::new()),
        Box::new(NetworkingOf::<Network>::new()),
        Box::new(NetworkingOf::<Subnet>::new()),
        Box::new(NetworkingOf::<Port>::new()),
        Box::new(NetworkingOf::<SecurityGroup>::new()),
        Box::new(NetworkingOf::<Rule>::new()),
        Box::new(NetworkingOf::<Router>::new()),
        Box::new(NetworkingOf::<FloatingIp>::new()),
        Box::new(registry::RegistryResource),
        Box::new(image::ImageResource),
    ]
}
