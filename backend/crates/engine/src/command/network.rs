//! Networks and what belongs to them. [`wiring`] decides which ports a container has, `attach` changes one of them
//! while it runs; [`default`] is what every project has without asking. The other files are the use cases of one noun
//! each.

pub mod floating_ip;
pub mod router;
mod router_interface;
pub mod security_group;
pub mod security_group_rule;

mod attach;
pub(crate) mod default;
mod external;
pub(crate) mod wiring;
