//! What a specification says about networks.

use std::collections::BTreeSet;
use std::net::{Ipv4Addr, Ipv6Addr};

use serde::{Deserialize, Serialize};

/// A network to be connected to. Exactly one of `network` and `port`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NetworkSpec {
    /// A network of the project, by its id or name: a port is made there.
    #[serde(default)]
    pub network: Option<String>,
    /// A port of the project that nobody has, by its id or name.
    #[serde(default)]
    pub port: Option<String>,
    /// The IPv4 address of the port that is made; chosen once where none is given.
    #[serde(default)]
    pub fixed_ip: Option<Ipv4Addr>,
    /// Its IPv6 address, likewise.
    #[serde(default)]
    pub fixed_ip_v6: Option<Ipv6Addr>,
    /// The port that is made is kept, free, when the container leaves the network.
    #[serde(default)]
    pub preserve_on_delete: Option<bool>,
}

/// What cannot work among them. Field and message, every one found.
pub(super) fn contradictions(networks: &[NetworkSpec]) -> Vec<(&'static str, String)> {
    let mut found = Vec::new();
    let mut named = BTreeSet::new();
    for entry in networks {
        match (&entry.network, &entry.port) {
            (Some(one), None) | (None, Some(one)) if !named.insert(one) => {
                found.push((
                    "networks",
                    format!("{one:?} is listed twice; a container is on a network once"),
                ));
            }
            (Some(_), None) => {}
            (None, Some(_)) => {
                let chosen = entry.fixed_ip.is_some() || entry.fixed_ip_v6.is_some();
                if chosen || entry.preserve_on_delete.is_some() {
                    found.push((
                        "networks",
                        "fixed_ip, fixed_ip_v6 and preserve_on_delete go with network: a port has its addresses, and is \
                         always kept"
                            .to_owned(),
                    ));
                }
            }
            (Some(_), Some(_)) | (None, None) => {
                found.push((
                    "networks",
                    "each entry has either network or port".to_owned(),
                ));
            }
        }
    }
    found
}
