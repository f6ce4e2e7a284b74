//! What a subnet may look like: its prefix, gateway, ranges and name servers. Pure.

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::{IpNet, Ipv4Net, Ipv6Net};
use zun_domain::network::{AddressRange, default_pools, first_address};

use crate::error::{Error, NetworkRule, Result};

/// Name servers of a subnet, at most: as many as Neutron takes.
const MOST_SERVERS: usize = 5;

/// Prefixes that nobody reaches through the internet: of private use (RFC 1918, 4193), shared (RFC 6598), for
/// measurements (RFC 2544) and for examples (RFC 5737, 3849).
const PRIVATE: [IpNet; 10] = [
    v4([10, 0, 0, 0], 8),
    v4([172, 16, 0, 0], 12),
    v4([192, 168, 0, 0], 16),
    v4([100, 64, 0, 0], 10),
    v4([198, 18, 0, 0], 15),
    v4([192, 0, 2, 0], 24),
    v4([198, 51, 100, 0], 24),
    v4([203, 0, 113, 0], 24),
    v6([0xfc00, 0], 7),
    v6([0x2001, 0xdb8], 32),
];

const fn v4([a, b, c, d]: [u8; 4], length: u8) -> IpNet {
    IpNet::V4(Ipv4Net::new_assert(Ipv4Addr::new(a, b, c, d), length))
}

const fn v6([a, b]: [u16; 2], length: u8) -> IpNet {
    IpNet::V6(Ipv6Net::new_assert(
        Ipv6Addr::new(a, b, 0, 0, 0, 0, 0, 0),
        length,
    ))
}

/// Lengths of a prefix that a subnet may have.
pub(super) fn lengths(v4: bool) -> std::ops::RangeInclusive<u8> {
    if v4 { 16..=29 } else { 48..=126 }
}

/// What a subnet is made of beside its names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Layout {
    pub(super) cidr: IpNet,
    pub(super) gateway: IpAddr,
    pub(super) pools: Vec<AddressRange>,
}

impl Layout {
    /// The layout that is asked for, checked and with what was left open filled in.
    pub(super) fn decide(
        cidr: IpNet,
        gateway: Option<IpAddr>,
        pools: Option<Vec<AddressRange>>,
    ) -> Result<Self> {
        check_prefix(cidr)?;
        let gateway = gateway.unwrap_or_else(|| first_address(cidr));
        check_gateway(cidr, gateway)?;
        let pools = match pools {
            None => default_pools(cidr, gateway),
            Some(mut pools) => {
                pools.sort();
                check_pools(cidr, gateway, &pools)?;
                pools
            }
        };
        Ok(Self {
            cidr,
            gateway,
            pools,
        })
    }
}

fn check_prefix(cidr: IpNet) -> Result<()> {
    let lengths = lengths(cidr.addr().is_ipv4());
    if !lengths.contains(&cidr.prefix_len()) {
        let why = if cidr.addr().is_ipv4() {
            "a larger one is more than one bridge carries, a smaller one has no room beside the network's, the \
             gateway's and the broadcast address"
        } else {
            "a larger one is for a site, a smaller one has no room beside the gateway's address"
        };
        return Err(Error::invalid(
            "cidr",
            format!(
                "{cidr} cannot be a subnet: /{} to /{} are accepted; {why}",
                lengths.start(),
                lengths.end()
            ),
        ));
    }
    let special = match cidr.addr() {
        IpAddr::V4(ip) => {
            ip.is_loopback() || ip.is_multicast() || ip.is_link_local() || ip.octets()[0] == 0
        }
        IpAddr::V6(ip) => ip.is_multicast() || ip.is_unicast_link_local() || ip.is_unspecified(),
    };
    if special {
        return Err(Error::invalid(
            "cidr",
            format!(
                "{cidr} is reserved for another use (loopback, link-local, multicast or no address at all); use a private \
                 prefix such as 10.1.0.0/24 or fd00:1::/64"
            ),
        ));
    }
    Ok(())
}

/// What only those who rule the deployment may give to a network: packets of the host to such an address would lead to
/// a container from then on.
pub(super) fn check_private(cidr: IpNet, admin: bool) -> Result<()> {
    if admin || PRIVATE.iter().any(|net| net.contains(&cidr)) {
        return Ok(());
    }
    Err(Error::invalid(
        "cidr",
        format!(
            "{cidr} is public: the host itself would reach these addresses no more; use a private prefix, within \
             10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16, 100.64.0.0/10 or fc00::/7, or let an administrator make the subnet"
        ),
    ))
}

fn check_gateway(cidr: IpNet, gateway: IpAddr) -> Result<()> {
    if is_host(cidr, gateway) {
        return Ok(());
    }
    Err(Error::invalid(
        "gateway_ip",
        format!(
            "{gateway} cannot be the gateway of {cidr}: an address inside of it is expected that is not the network's or \
             the broadcast address, such as {}",
            first_address(cidr)
        ),
    ))
}

/// An address that something may have: in the prefix, neither its first nor, in IPv4, its last.
fn is_host(cidr: IpNet, address: IpAddr) -> bool {
    let last = matches!(cidr, IpNet::V4(net) if IpAddr::V4(net.broadcast()) == address);
    cidr.contains(&address) && address != cidr.network() && !last
}

fn shown(range: &AddressRange) -> String {
    format!("{}-{}", range.start, range.end)
}

/// The ranges are in order.
fn check_pools(cidr: IpNet, gateway: IpAddr, pools: &[AddressRange]) -> Result<()> {
    const FIELD: &str = "allocation_pools";
    for range in pools {
        let fits = is_host(cidr, range.start) && is_host(cidr, range.end);
        if !fits || range.start > range.end {
            let (first, last) = outermost(cidr);
            return Err(Error::invalid(
                FIELD,
                format!(
                    "{} is no range of {cidr}: start is expected to be at most end, and both between {first} and {last}",
                    shown(range)
                ),
            ));
        }
        if range.contains(gateway) {
            return Err(
                NetworkRule::GatewayConflictWithAllocationPools.because(format!(
                    "{FIELD}: the gateway {gateway} is in {}; end the range before it, or begin it after it",
                    shown(range)
                )),
            );
        }
    }
    for pair in pools.windows(2) {
        if pair[0].end >= pair[1].start {
            return Err(NetworkRule::OverlappingAllocationPools.because(format!(
                "{FIELD}: {} and {} overlap; give each address once",
                shown(&pair[0]),
                shown(&pair[1])
            )));
        }
    }
    Ok(())
}

/// The first and the last address that something may have.
fn outermost(cidr: IpNet) -> (IpAddr, IpAddr) {
    let last = match (cidr, cidr.broadcast()) {
        (IpNet::V4(_), IpAddr::V4(last)) => {
            IpAddr::V4(std::net::Ipv4Addr::from(u32::from(last).saturating_sub(1)))
        }
        (_, last) => last,
    };
    (first_address(cidr), last)
}

/// Refuses more name servers than are asked, one twice, and what is no server's address.
pub(super) fn check_servers(servers: &[IpAddr]) -> Result<()> {
    const FIELD: &str = "dns_nameservers";
    if servers.len() > MOST_SERVERS {
        return Err(Error::invalid(
            FIELD,
            format!(
                "{} are given: at most {MOST_SERVERS} are accepted",
                servers.len()
            ),
        ));
    }
    let mut seen = BTreeSet::new();
    for server in servers {
        if server.is_unspecified() || server.is_multicast() {
            return Err(Error::invalid(
                FIELD,
                format!("{server} is no address of a name server"),
            ));
        }
        if !seen.insert(*server) {
            return Err(Error::invalid(FIELD, format!("{server} is given twice")));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn layout(cidr: &str, gateway: Option<&str>, pools: &[(&str, &str)]) -> Result<Layout> {
        let range = |(start, end): &(&str, &str)| AddressRange {
            start: start.parse().unwrap(),
            end: end.parse().unwrap(),
        };
        let pools: Vec<AddressRange> = pools.iter().map(range).collect();
        Layout::decide(
            cidr.parse().unwrap(),
            gateway.map(|ip| ip.parse().unwrap()),
            Some(pools).filter(|pools| !pools.is_empty()),
        )
    }

    #[test]
    fn what_is_left_open_is_filled_in() {
        let plain = layout("10.0.0.0/24", None, &[]).unwrap();
        assert_eq!(plain.gateway.to_string(), "10.0.0.1");
        let shown: Vec<String> = plain.pools.iter().map(shown).collect();
        assert_eq!(shown, ["10.0.0.2-10.0.0.254"]);
        let v6 = layout("fd00::/64", None, &[]).unwrap();
        assert_eq!(v6.gateway.to_string(), "fd00::1");
        let given = [("10.0.0.9", "10.0.0.9"), ("10.0.0.2", "10.0.0.4")];
        let given = layout("10.0.0.0/24", Some("10.0.0.5"), &given).unwrap();
        assert_eq!(given.pools[0].start.to_string(), "10.0.0.2");
    }

    #[test]
    fn each_refusal_says_what_would_be_accepted() {
        let cases = [
            (layout("10.0.0.0/15", None, &[]), "/16 to /29"),
            (layout("10.0.0.0/30", None, &[]), "/16 to /29"),
            (layout("fd00::/47", None, &[]), "/48 to /126"),
            (layout("fd00::/127", None, &[]), "/48 to /126"),
            (layout("127.0.0.0/24", None, &[]), "reserved"),
            (layout("169.254.0.0/24", None, &[]), "reserved"),
            (layout("fe80::/64", None, &[]), "reserved"),
            (
                layout("10.0.0.0/24", Some("10.0.0.0"), &[]),
                "such as 10.0.0.1",
            ),
            (
                layout("10.0.0.0/24", Some("10.0.0.255"), &[]),
                "such as 10.0.0.1",
            ),
            (
                layout("10.0.0.0/24", Some("10.0.1.1"), &[]),
                "such as 10.0.0.1",
            ),
            (
                layout("10.0.0.0/24", None, &[("10.0.0.9", "10.0.0.2")]),
                "between 10.0.0.1 and 10.0.0.254",
            ),
            (
                layout("10.0.0.0/24", None, &[("10.0.0.9", "10.0.1.2")]),
                "between 10.0.0.1 and 10.0.0.254",
            ),
            (
                layout("10.0.0.0/24", None, &[("fd00::2", "fd00::9")]),
                "no range of 10.0.0.0/24",
            ),
            (
                layout("10.0.0.0/24", None, &[("10.0.0.1", "10.0.0.2")]),
                "the gateway 10.0.0.1 is in 10.0.0.1-10.0.0.2",
            ),
            (
                layout(
                    "10.0.0.0/24",
                    None,
                    &[("10.0.0.5", "10.0.0.8"), ("10.0.0.2", "10.0.0.5")],
                ),
                "10.0.0.2-10.0.0.5 and 10.0.0.5-10.0.0.8 overlap",
            ),
        ];
        for (outcome, expected) in cases {
            let message = outcome.unwrap_err().to_string();
            assert!(message.contains(expected), "{message}");
        }
    }

    #[test]
    fn name_servers_are_few_and_different() {
        let servers = |texts: &[&str]| {
            let all: Vec<IpAddr> = texts.iter().map(|text| text.parse().unwrap()).collect();
            check_servers(&all).map_err(|error| error.to_string())
        };
        assert_eq!(servers(&["10.0.0.53", "fd00::53"]), Ok(()));
        let six = [
            "10.0.0.1", "10.0.0.2", "10.0.0.3", "10.0.0.4", "10.0.0.5", "10.0.0.6",
        ];
        assert!(servers(&six).unwrap_err().contains("at most 5"));
        let twice = servers(&["10.0.0.1", "10.0.0.1"]).unwrap_err();
        assert!(twice.contains("twice"), "{twice}");
        assert!(servers(&["0.0.0.0"]).is_err());
    }
}
