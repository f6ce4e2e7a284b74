//! The driver keeps every promise on real packets, in network namespaces of its own.
#![expect(clippy::unwrap_used, reason = "what a test cannot do fails the test")]

use zun_driver::conformance::skip;

mod namespace;
mod own;
mod socket;
mod yard;

use yard::NetYard;

zun_driver::firewall_conformance!(lab);

async fn lab(case: &str) -> Option<NetYard> {
    if !skip::machine_allowed(case) {
        return None;
    }
    Some(NetYard::new().await)
}
