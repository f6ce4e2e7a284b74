//! MACs of ports: those that users choose, and those that are derived from an address.

use std::net::{IpAddr, Ipv4Addr};

use zun_domain::network::{FixedIp, Network, mac_of};
use zun_store::Tx;

use super::named::called;
use crate::error::{Error, NetworkRule, Result};

const MAC: &str = "mac_address";

/// A MAC in lower case with colons, of one interface.
pub(super) fn parse_mac(text: &str) -> Result<String> {
    let shown: String = text.chars().take(40).collect();
    let refuse = |why: &str| Err(Error::invalid(MAC, format!("{shown:?} {why}")));
    let lower = text.to_ascii_lowercase().replace('-', ":");
    let bytes: Vec<Option<u8>> = lower
        .split(':')
        .map(|part| {
            let two = part.len() == 2 && part.bytes().all(|byte| byte.is_ascii_hexdigit());
            u8::from_str_radix(part, 16).ok().filter(|_| two)
        })
        .collect();
    match bytes.as_slice() {
        [Some(first), rest @ ..] if rest.len() == 5 && rest.iter().all(Option::is_some) => {
            if first & 1 == 1 || bytes.iter().all(|byte| *byte == Some(0)) {
                return refuse(
                    "is the address of a group or of nobody; an even first byte is expected, such as 02 or fa",
                );
            }
            Ok(lower)
        }
        _ => refuse("is no MAC: six bytes are expected, such as fa:16:3e:00:00:01"),
    }
}

/// How MACs that are derived from an address begin.
const DERIVED: &str = "02:42:";

/// Refuses a MAC that is derived from another address, or taken.
pub(super) async fn check_mac(tx: &Tx, network: &Network, mac: &str, derived: &str) -> Result<()> {
    if mac.starts_with(DERIVED) && mac != derived {
        return Err(Error::invalid(
            MAC,
            format!(
                "{mac} is the MAC of another address: those that begin with {DERIVED}… are derived from addresses, and this \
                 port's would be {derived}; leave it out, or choose another beginning"
            ),
        ));
    }
    if tx.macs_taken(network.id).await?.contains(mac) {
        return Err(NetworkRule::MacAddressInUse.because(format!(
            "{MAC}: another port of the network {} has {mac}; choose another one, or leave it out",
            called(network)
        )));
    }
    Ok(())
}

/// The MAC that goes with the IPv4 address.
pub(super) fn derived_mac(fixed_ips: &[FixedIp]) -> String {
    let v4 = fixed_ips.iter().find_map(|fixed| match fixed.ip {
        IpAddr::V4(ip) => Some(ip),
        IpAddr::V6(_) => None,
    });
    mac_of(v4.unwrap_or(Ipv4Addr::UNSPECIFIED))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn macs_are_of_one_interface() {
        for (text, meant) in [
            ("FA:16:3E:00:00:01", "fa:16:3e:00:00:01"),
            ("02-00-00-00-00-01", "02:00:00:00:00:01"),
        ] {
            assert_eq!(parse_mac(text).unwrap(), meant);
        }
        for text in [
            "",
            "fa:16:3e:00:00",
            "fa:16:3e:00:00:01:02",
            "fa:16:3e:00:00:+1",
            "fa:16:3e:00:00:0g",
            "01:00:00:00:00:01",
            "00:00:00:00:00:00",
            "fa:16:3e:00:00:001",
        ] {
            let refused = parse_mac(text).unwrap_err().to_string();
            assert!(refused.starts_with("mac_address: "), "{refused}");
        }
    }
}
