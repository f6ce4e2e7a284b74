//! The managed resources, one file per noun.

mod agreeing;
pub(crate) mod container;
mod identity;
mod limits;
pub(crate) use limits::figures;
mod quota;
mod quota_class;
pub(crate) mod stored;
pub(crate) mod volume;
pub(crate) mod volume_snapshot;

use tfplugin::Resource;
use zun_client::{Snapshot, Volume};

use crate::session::Session;
use stored::life::ResourceOf;

/// Every resource.
pub(crate) fn all() -> Vec<Box<dyn Resource<Session>>> {
    vec![
        Box::new(container::ContainerResource),
        Box::new(limits::LimitsOf::<quota::Project>::new()),
        Box::new(limits::LimitsOf::<quota_class::Class>::new()),
        Box::new(ResourceOf::<Volume>::new()),
        Box::new(ResourceOf::<Snapshot>::new()),
    ]
}
