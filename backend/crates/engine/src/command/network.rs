//! Networks and what belongs to them. [`wiring`] decides which ports a container has, `attach` changes one of them
//! while it runs; [`default`] is what every project has without asking. The other files are the use cases of one noun
//! each.

pub mod floating_ip;
#[expect(
    clippy::module_inception,
    reason = "the folder is named after Neutron's service, the file after its noun"
)]
pub mod network;
pub mod port;
pub mod router;
mod router_interface;
pub mod security_group;
pub mod security_group_rule;
pub mod subnet;
pub mod subnet_pool;

mod attach;
pub(crate) mod default;
mod external;
mod mac;
mod named;
mod prefix;
mod shape;
pub(crate) mod wiring;
