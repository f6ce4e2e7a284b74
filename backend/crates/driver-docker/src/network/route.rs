//! Subnets the host has routes to, read from the kernel's tables: a network of ours there would cut the
//! host off from them.

use std::net::{Ipv4Addr, Ipv6Addr};

use ipnet::{IpNet, Ipv4Net, Ipv6Net};

const TABLE_V4: &str = "/proc/net/route";
const TABLE_V6: &str = "/proc/net/ipv6_route";

/// Subnets of both families, the default routes left out; none where there is no table to read.
pub(super) fn subnets() -> Vec<IpNet> {
    let read = |table| std::fs::read_to_string(table).unwrap_or_default();
    let (v4, v6) = (read(TABLE_V4), read(TABLE_V6));
    let v4 = v4.lines().skip(1).filter_map(subnet_v4).map(IpNet::V4);
    let v6 = v6.lines().filter_map(subnet_v6).map(IpNet::V6);
    v4.chain(v6).collect()
}

/// The subnet of a line: destination in the second column, mask in the eighth, both hexadecimal in the
/// machine's byte order (proc(5)).
fn subnet_v4(line: &str) -> Option<Ipv4Net> {
    let mut columns = line.split_whitespace();
    let destination = address_v4(columns.nth(1)?)?;
    let mask = address_v4(columns.nth(5)?)?;
    let net = Ipv4Net::with_netmask(destination, mask).ok()?;
    (net.prefix_len() > 0).then_some(net)
}

fn address_v4(text: &str) -> Option<Ipv4Addr> {
    let bits = u32::from_str_radix(text, 16).ok()?;
    Some(Ipv4Addr::from(bits.to_ne_bytes()))
}

/// The same where the first column is the destination and the second the length of its prefix, both hexadecimal in
/// the network's byte order (Linux, net/ipv6/route.c). Every interface has the link-local and the multicast ones: no
/// network of ours is there.
fn subnet_v6(line: &str) -> Option<Ipv6Net> {
    let mut columns = line.split_whitespace();
    let destination = u128::from_str_radix(columns.next()?, 16).ok()?;
    let prefix = u8::from_str_radix(columns.next()?, 16).ok()?;
    let destination = Ipv6Addr::from(destination);
    let of_a_link = destination.is_unicast_link_local() || destination.is_multicast();
    let net = Ipv6Net::new(destination, prefix).ok()?;
    (prefix > 0 && !of_a_link).then_some(net)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_of_the_kernel_is_a_subnet() {
        let line = "docker0\t000011AC\t00000000\t0001\t0\t0\t0\t0000FFFF\t0\t0\t0";
        assert_eq!(subnet_v4(line), "172.17.0.0/16".parse().ok());
        let default = "eth0\t00000000\t0101A8C0\t0003\t0\t0\t0\t00000000\t0\t0\t0";
        assert_eq!(subnet_v4(default), None);
    }

    #[test]
    fn so_is_one_of_ipv6() {
        let rest = "00000000000000000000000000000000 00 00000000000000000000000000000000 00000100";
        for (destination, prefix, net) in [
            (
                "fd000001000000000000000000000000",
                "40",
                Some("fd00:1::/64"),
            ),
            ("00000000000000000000000000000000", "00", None),
            ("fe800000000000000000000000000000", "40", None),
            ("ff000000000000000000000000000000", "08", None),
        ] {
            let line = format!("{destination} {prefix} {rest} 00000001 00000000 00000001     eth0");
            let net = net.map(|net| net.parse().unwrap());
            assert_eq!(subnet_v6(&line), net, "{line}");
        }
    }
}
