//! Networks of a project and the addresses on them. We allocate; the engine is told.

use std::collections::BTreeSet;
use std::net::Ipv4Addr;

use ipnet::Ipv4Net;
use serde::{Deserialize, Serialize};

use crate::id::{NetworkId, ProjectId};

/// The default network of a project.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Network {
    /// Identity.
    pub id: NetworkId,
    /// Owner.
    pub project: ProjectId,
    /// Name as shown.
    pub name: String,
    /// Its subnet.
    pub subnet: Ipv4Net,
}

impl Network {
    /// The network's name in the engine: a name derived from our id, so that a sweep knows it.
    pub fn runtime_name(&self) -> String {
        format!("zun-{}", self.id)
    }

    /// The first address, which the bridge has.
    pub fn gateway(&self) -> Ipv4Addr {
        Ipv4Addr::from(u32::from(self.subnet.network()).saturating_add(1))
    }

    /// The lowest address that is neither taken, nor the network, the gateway or the broadcast address.
    pub fn free_address(&self, taken: &BTreeSet<Ipv4Addr>) -> Option<Ipv4Addr> {
        self.subnet
            .hosts()
            .skip(1)
            .find(|address| !taken.contains(address))
    }
}

/// The MAC Docker derives from an IPv4 address: `02:42` and its four bytes.
pub fn mac_of(address: Ipv4Addr) -> String {
    let [a, b, c, d] = address.octets();
    format!("02:42:{a:02x}:{b:02x}:{c:02x}:{d:02x}")
}

/// The first subnet of length `prefix` in `pool` that overlaps none of `taken`.
pub fn free_subnet(pool: Ipv4Net, prefix: u8, taken: &[Ipv4Net]) -> Option<Ipv4Net> {
    let overlaps = |net: &Ipv4Net| {
        taken
            .iter()
            .any(|t| t.contains(&net.network()) || net.contains(&t.network()))
    };
    pool.subnets(prefix).ok()?.find(|net| !overlaps(net))
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    fn network(subnet: &str) -> Network {
        Network {
            id: NetworkId(Uuid::nil()),
            project: ProjectId(Uuid::nil()),
            name: "default".to_owned(),
            subnet: subnet.parse().unwrap(),
        }
    }

    #[test]
    fn addresses_start_after_the_gateway_and_end_before_broadcast() {
        let net = network("10.0.0.0/29");
        let mut taken = BTreeSet::new();
        while let Some(address) = net.free_address(&taken) {
            taken.insert(address);
        }
        let all: Vec<String> = taken.iter().map(ToString::to_string).collect();
        assert_eq!(
            all,
            ["10.0.0.2", "10.0.0.3", "10.0.0.4", "10.0.0.5", "10.0.0.6"]
        );
        assert_eq!(net.gateway().to_string(), "10.0.0.1");
        assert_eq!(mac_of(Ipv4Addr::new(10, 0, 0, 255)), "02:42:0a:00:00:ff");
    }

    #[test]
    fn subnets_do_not_overlap() {
        let pool: Ipv4Net = "10.0.0.0/22".parse().unwrap();
        let mut taken: Vec<Ipv4Net> = vec!["10.0.1.128/25".parse().unwrap()];
        while let Some(subnet) = free_subnet(pool, 24, &taken) {
            taken.push(subnet);
        }
        let all: Vec<String> = taken[1..].iter().map(ToString::to_string).collect();
        assert_eq!(all, ["10.0.0.0/24", "10.0.2.0/24", "10.0.3.0/24"]);
    }
}
