//! Networks and what belongs to them.

pub mod floating_ip;
pub mod router;
mod router_interface;
pub mod security_group;
pub mod security_group_rule;

mod external;
