//! `/network/v2.0`: the part of Neutron (Networking v2.0) that its clients use.
//!
//! What is asked for is read in `body` and `listing`, what is answered is written in `view` and by each noun; refusals
//! get Neutron's shape in `crate::error`; what every noun has alike is in `noun`. Objects are named by their ids only,
//! as in Neutron: names are looked up by the clients, with a filter.
//!
//! Not here: agents, quotas, address scopes, trunks, policies of traffic, tags.

mod body;
pub(crate) mod discovery;
pub(crate) mod floating_ips;
mod listing;
pub(crate) mod networks;
pub(crate) mod noun;
pub(crate) mod ports;
pub(crate) mod routers;
pub(crate) mod security_group_rules;
pub(crate) mod security_groups;
pub(crate) mod subnet_pools;
pub(crate) mod subnets;
mod view;
