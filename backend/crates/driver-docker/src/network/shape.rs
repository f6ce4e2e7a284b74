//! What cannot be changed of a network once it is made, as we want it and as the engine shows it.

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::net::IpAddr;

use bollard::models::{Ipam, IpamConfig};
use ipnet::IpNet;
use zun_domain::network::DEFAULT_MTU;
use zun_domain::runtime::MakeNetwork;

/// The bridge's name in the kernel; the engine's own choice where an earlier build gave none.
const BRIDGE: &str = "com.docker.network.bridge.name";
/// Bytes of a packet.
const MTU: &str = "com.docker.network.driver.mtu";
/// `false`: what goes outside keeps its address.
const MASQUERADE: &str = "com.docker.network.bridge.enable_ip_masquerade";

/// The nature of a network.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Shape {
    /// Its prefixes, without host bits, and the bridge's address in each.
    subnets: BTreeMap<IpNet, Option<IpAddr>>,
    bridge: Option<String>,
    mtu: u16,
    routed: bool,
}

impl Shape {
    /// As it is wanted.
    pub(super) fn of(network: &MakeNetwork) -> Self {
        let v4 = IpNet::V4(network.subnet.trunc());
        let mut subnets = BTreeMap::from([(v4, Some(IpAddr::V4(network.gateway())))]);
        if let Some(v6) = network.v6 {
            let gateway = Some(IpAddr::V6(v6.gateway));
            subnets.insert(IpNet::V6(v6.subnet.trunc()), gateway);
        }
        Self {
            subnets,
            bridge: Some(network.bridge()),
            mtu: network.mtu.unwrap_or(DEFAULT_MTU),
            routed: network.routed,
        }
    }

    /// As the engine shows it.
    pub(super) fn seen(ipam: Option<Ipam>, options: Option<HashMap<String, String>>) -> Self {
        let configured = ipam.and_then(|ipam| ipam.config).unwrap_or_default();
        let subnets = configured.into_iter().filter_map(|config| {
            let subnet: IpNet = config.subnet?.parse().ok()?;
            let gateway = config.gateway.and_then(|gateway| gateway.parse().ok());
            Some((subnet, gateway))
        });
        let options = options.unwrap_or_default();
        let mtu = options.get(MTU).and_then(|mtu| mtu.parse().ok());
        Self {
            subnets: subnets.collect(),
            bridge: options.get(BRIDGE).cloned(),
            mtu: mtu.unwrap_or(DEFAULT_MTU),
            routed: options.get(MASQUERADE).is_some_and(|on| on == "false"),
        }
    }

    /// How the engine is told of the subnets.
    pub(super) fn ipam(&self) -> Vec<IpamConfig> {
        let subnets = self.subnets.iter();
        let told = subnets.map(|(subnet, gateway)| IpamConfig {
            subnet: Some(subnet.to_string()),
            gateway: gateway.map(|gateway| gateway.to_string()),
            ..IpamConfig::default()
        });
        told.collect()
    }

    /// How it is told of the rest.
    pub(super) fn options(&self) -> HashMap<String, String> {
        let bridge = self.bridge.clone();
        let mtu = Some(self.mtu).filter(|mtu| *mtu != DEFAULT_MTU);
        let given = [
            bridge.map(|bridge| (BRIDGE, bridge)),
            mtu.map(|mtu| (MTU, mtu.to_string())),
            self.routed.then(|| (MASQUERADE, false.to_string())),
        ];
        let given = given.into_iter().flatten();
        given.map(|(key, value)| (key.to_owned(), value)).collect()
    }

    /// Whether the two have the same addresses, gateways included.
    pub(super) fn has_subnets_of(&self, other: &Self) -> bool {
        self.subnets == other.subnets
    }
}

/// For messages: `the subnet 10.0.0.0/24 (gateway 10.0.0.1), the bridge zn1 and an MTU of 1500`.
impl fmt::Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (subnet, gateway) in &self.subnets {
            write!(f, "the subnet {subnet}")?;
            if let Some(gateway) = gateway {
                write!(f, " (gateway {gateway})")?;
            }
            f.write_str(", ")?;
        }
        match &self.bridge {
            Some(bridge) => write!(f, "the bridge {bridge}")?,
            None => f.write_str("a bridge of the engine's choice")?,
        }
        let routed = if self.routed { ", routed" } else { "" };
        write!(f, " and an MTU of {}{routed}", self.mtu)
    }
}

#[cfg(test)]
mod tests {
    use zun_domain::id::{NetworkId, ProjectId};
    use zun_domain::runtime::MakeSubnetV6;

    use super::*;

    fn wanted() -> MakeNetwork {
        MakeNetwork {
            id: NetworkId(uuid::Uuid::nil()),
            project: ProjectId(uuid::Uuid::nil()),
            name: "backend".to_owned(),
            subnet: "10.0.0.7/24".parse().unwrap(),
            gateway: None,
            v6: Some(MakeSubnetV6 {
                subnet: "fd00::7/64".parse().unwrap(),
                gateway: "fd00::1".parse().unwrap(),
            }),
            mtu: Some(1400),
            runtime_name: None,
            routed: true,
        }
    }

    #[test]
    fn what_the_engine_was_told_is_what_was_wanted() {
        let ordinary = MakeNetwork {
            v6: None,
            mtu: None,
            routed: false,
            ..wanted()
        };
        for network in [wanted(), ordinary] {
            let shape = Shape::of(&network);
            let ipam = Ipam {
                config: Some(shape.ipam()),
                ..Ipam::default()
            };
            assert_eq!(Shape::seen(Some(ipam), Some(shape.options())), shape);
        }
    }

    #[test]
    fn the_engine_is_told_what_differs_from_its_own_choice() {
        let shape = Shape::of(&wanted());
        let told: Vec<_> = shape
            .ipam()
            .into_iter()
            .map(|config| (config.subnet.unwrap(), config.gateway.unwrap()))
            .collect();
        let expected = [("10.0.0.0/24", "10.0.0.1"), ("fd00::/64", "fd00::1")];
        assert_eq!(told, expected.map(|(a, b)| (a.to_owned(), b.to_owned())));
        let expected = [
            (BRIDGE, "zn000000000000"),
            (MTU, "1400"),
            (MASQUERADE, "false"),
        ];
        let expected = expected.map(|(key, value)| (key.to_owned(), value.to_owned()));
        assert_eq!(shape.options(), HashMap::from(expected));
        assert_eq!(
            shape.to_string(),
            "the subnet 10.0.0.0/24 (gateway 10.0.0.1), the subnet fd00::/64 (gateway fd00::1), \
             the bridge zn000000000000 and an MTU of 1400, routed"
        );
    }
}
