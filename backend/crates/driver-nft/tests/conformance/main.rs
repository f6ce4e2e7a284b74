//! The driver keeps every promise on real packets, in network namespaces of its own.
#![expect(clippy::unwrap_used, reason = "what a test cannot do fails the test")]

use std::future::{Ready, ready};

use zun_driver::conformance::skip;

mod docker;
mod frame;
mod namespace;
mod own;
mod socket;
mod yard;

use yard::NetYard;

zun_driver::firewall_conformance!(lab);

fn lab(case: &str) -> Ready<Option<NetYard>> {
    ready(skip::machine_allowed(case).then(NetYard::new))
}
