//! Subnets the host has routes to, read from the kernel's table: a network of ours there would cut the
//! host off from them.

use std::net::Ipv4Addr;

use ipnet::Ipv4Net;

const TABLE: &str = "/proc/net/route";

/// Subnets of the main table, the default route left out; none where there is no table to read.
pub(super) fn subnets() -> Vec<Ipv4Net> {
    let table = std::fs::read_to_string(TABLE).unwrap_or_default();
    table.lines().skip(1).filter_map(subnet).collect()
}

/// The subnet of a line: destination in the second column, mask in the eighth, both hexadecimal in the
/// machine's byte order (proc(5)).
fn subnet(line: &str) -> Option<Ipv4Net> {
    let mut columns = line.split_whitespace();
    let destination = address(columns.nth(1)?)?;
    let mask = address(columns.nth(5)?)?;
    let net = Ipv4Net::with_netmask(destination, mask).ok()?;
    (net.prefix_len() > 0).then_some(net)
}

fn address(text: &str) -> Option<Ipv4Addr> {
    let bits = u32::from_str_radix(text, 16).ok()?;
    Some(Ipv4Addr::from(bits.to_ne_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_of_the_kernel_is_a_subnet() {
        let line = "docker0\t000011AC\t00000000\t0001\t0\t0\t0\t0000FFFF\t0\t0\t0";
        assert_eq!(subnet(line), "172.17.0.0/16".parse().ok());
        let default = "eth0\t00000000\t0101A8C0\t0003\t0\t0\t0\t00000000\t0\t0\t0";
        assert_eq!(subnet(default), None);
    }
}
