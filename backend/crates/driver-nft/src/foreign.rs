//! What other deployments guard on this host. Their rules stay in force when their zund ends, also when it ends for good,
//! and drop whatever comes from an address in one of their prefixes and was not made by them.

use std::net::IpAddr;

use ipnet::{IpNet, IpSubnets, Ipv4Subnets, Ipv6Subnets};
use zun_driver::{Class, ForeignGuard, Result};

use crate::name::PREFIX;
use crate::run::Runner;

/// The prefixes of a deployment, by family.
const SETS: [&str; 2] = ["inside4", "inside6"];

/// What tables beside our own guard. Nothing on a machine without nft: nobody has rules there.
pub(crate) async fn guards(runner: &Runner, own: &str) -> Result<Vec<ForeignGuard>> {
    if !Runner::has("nft") {
        return Ok(Vec::new());
    }
    let tried = "look for firewall rules of other deployments";
    let listed = runner.nft(&["list", "tables", "inet"], "", tried).await?;
    let mut guards = Vec::new();
    for table in foreign(&listed, own) {
        for set in SETS {
            match runner
                .nft(&["list", "set", "inet", table, set], "", tried)
                .await
            {
                Ok(listed) => guards.extend(elements(&listed).map(|subnet| ForeignGuard {
                    table: table.to_owned(),
                    subnet,
                })),
                // It went in between, or is not one of zund's.
                Err(error) if error.class == Class::NotFound => {}
                Err(error) => return Err(error),
            }
        }
    }
    Ok(guards)
}

/// Tables of deployments, but for our own, from lines such as `table inet zun_9f86d081`.
fn foreign<'a>(listed: &'a str, own: &str) -> impl Iterator<Item = &'a str> {
    let names = listed
        .lines()
        .filter_map(|line| line.split_whitespace().nth(2));
    names.filter(move |name| name.starts_with(PREFIX) && *name != own)
}

/// The elements of a set with intervals: prefixes, single addresses, or ranges of addresses.
fn elements(listed: &str) -> impl Iterator<Item = IpNet> {
    let inside = listed
        .split_once("elements = {")
        .map_or("", |(_, inside)| inside);
    let inside = inside.split('}').next().unwrap_or_default();
    inside
        .split(',')
        .flat_map(|element| prefixes(element.trim()))
}

fn prefixes(element: &str) -> Vec<IpNet> {
    if let Some((first, last)) = element.split_once('-') {
        return match (first.parse(), last.parse()) {
            (Ok(IpAddr::V4(first)), Ok(IpAddr::V4(last))) => {
                IpSubnets::V4(Ipv4Subnets::new(first, last, 0)).collect()
            }
            (Ok(IpAddr::V6(first)), Ok(IpAddr::V6(last))) => {
                IpSubnets::V6(Ipv6Subnets::new(first, last, 0)).collect()
            }
            _ => Vec::new(),
        };
    }
    let alone = || element.parse::<IpAddr>().ok().map(IpNet::from);
    element.parse().ok().or_else(alone).into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn our_own_table_is_not_foreign() {
        let listed = "table inet filter\ntable inet zun_1\ntable inet zun_2\n";
        assert_eq!(foreign(listed, "zun_1").collect::<Vec<_>>(), ["zun_2"]);
    }

    #[test]
    fn every_form_of_an_element_is_read() {
        let listed = "table inet zun_2 {\n\tset inside4 {\n\t\ttype ipv4_addr\n\t\tflags interval\n\t\telements = { \
                      10.1.0.0/24, 10.2.0.0-10.2.2.255,\n\t\t\t     10.3.0.1, fd00::/64 }\n\t}\n}\n";
        let found: Vec<String> = elements(listed).map(|net| net.to_string()).collect();
        let expected = [
            "10.1.0.0/24",
            "10.2.0.0/23",
            "10.2.2.0/24",
            "10.3.0.1/32",
            "fd00::/64",
        ];
        assert_eq!(found, expected);
        assert_eq!(
            elements("table inet zun_2 {\n\tset inside4 {\n\t}\n}\n").count(),
            0
        );
    }
}
