//! The managed resources, one file per noun.

pub(crate) mod container;
mod limits;
pub(crate) use limits::figures;
mod quota;
mod quota_class;

use tfplugin::Resource;

use crate::session::Session;

/// Every resource.
pub(crate) fn all() -> Vec<Box<dyn Resource<Session>>> {
    vec![
        Box::new(container::ContainerResource),
        Box::new(limits::LimitsOf::<quota::Project>::new()),
        Box::new(limits::LimitsOf::<quota_class::Class>::new()),
    ]
}
