//! Who may send: a source address of one of our prefixes, or a source MAC of one of our ports, has to be one of the
//! pairs that we gave out. Stateless, and before the engine's and our own rules see the packet. What the host sends
//! does not come through here.

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv6Addr};

use zun_domain::firewall::{Ruleset, family_of};
use zun_domain::network::EtherType;

use crate::model::Table;

/// The target of a neighbor advertisement: behind the type, the code, the checksum and 4 bytes of flags (RFC 4861,
/// 4.4).
const TARGET: &str = "@th,64,128";

/// A frame with a VLAN tag (IEEE 802.1Q, 802.1ad).
const TAGGED: &str = "ether type { 8021q, 8021ad }";

pub(super) fn add(table: &mut Table, rules: &Ruleset) {
    add_prefixes(table, rules);
    add_pairs(table, rules);
    add_chains(table);
}

fn add_prefixes(table: &mut Table, rules: &Ruleset) {
    let subnets = || {
        rules
            .bridges
            .values()
            .flat_map(|bridge| bridge.subnets.keys())
    };
    let of = |family| subnets().filter(move |net| family_of(net.addr()) == family);
    let text = |net: &ipnet::IpNet| net.to_string();
    table.prefixes("inside4", "type ipv4_addr", of(EtherType::V4).map(text));
    table.prefixes("inside6", "type ipv6_addr", of(EtherType::V6).map(text));
    let targets = subnets().filter_map(|net| match net {
        ipnet::IpNet::V4(_) => None,
        ipnet::IpNet::V6(net) => Some(format!("{}-{}", hex(net.network()), hex(net.broadcast()))),
    });
    table.prefixes("targets6", "typeof @th,64,128", targets);
}

fn add_pairs(table: &mut Table, rules: &Ruleset) {
    let macs: BTreeSet<&str> = rules.ports.values().map(|port| port.mac.as_str()).collect();
    let (mut pairs4, mut pairs6, mut adverts6) = (Vec::new(), Vec::new(), Vec::new());
    for port in rules.ports.values() {
        let own = link_local(&port.mac).map(IpAddr::V6);
        for address in port.addresses.iter().copied().chain(own) {
            match address {
                IpAddr::V4(address) => pairs4.push(format!("{} . {address}", port.mac)),
                IpAddr::V6(address) => {
                    pairs6.push(format!("{} . {address}", port.mac));
                    adverts6.push(format!("{} . {}", port.mac, hex(address)));
                }
            }
        }
    }
    table.set("macs", "type ether_addr", macs);
    table.set("pairs4", "type ether_addr . ipv4_addr", pairs4);
    table.set("pairs6", "type ether_addr . ipv6_addr", pairs6);
    table.set("adverts6", "typeof ether saddr . @th,64,128", adverts6);
}

fn add_chains(table: &mut Table) {
    let hook = "type filter hook prerouting priority -300; policy accept;";
    let advert = "icmpv6 type nd-neighbor-advert";
    let strangers = [
        // Nobody gets a tagged frame, whoever sends it: the receiver takes a tag of VLAN 0 off, and what passes within
        // a bridge would have been asked of no rule about addresses.
        format!("{TAGGED} ether daddr @macs drop"),
        "ether saddr @macs goto known".to_owned(),
        "ip saddr @inside4 drop".to_owned(),
        "ip6 saddr @inside6 drop".to_owned(),
        "arp saddr ip @inside4 drop".to_owned(),
        format!("{advert} {TARGET} @targets6 drop"),
    ];
    table.base("sending", hook, strangers);
    // A container is no router; it claims its own addresses only, and asks whether one is free without having any.
    let asking = "{ nd-neighbor-solicit, nd-router-solicit, mld2-listener-report }";
    let known = [
        format!("{TAGGED} drop"),
        "icmpv6 type { nd-router-advert, nd-redirect } drop".to_owned(),
        format!("{advert} ether saddr . {TARGET} != @adverts6 drop"),
        "ether saddr . ip saddr @pairs4 accept".to_owned(),
        "ether saddr . ip6 saddr @pairs6 accept".to_owned(),
        format!("ip6 saddr :: icmpv6 type {asking} accept"),
        "ether saddr . arp saddr ip @pairs4 arp saddr ether . arp saddr ip @pairs4 accept"
            .to_owned(),
        "arp saddr ip 0.0.0.0 arp operation request accept".to_owned(),
        "drop".to_owned(),
    ];
    table.chain("known", known);
}

/// The address of a link that is made of its MAC (RFC 4291, appendix A).
fn link_local(mac: &str) -> Option<Ipv6Addr> {
    let bytes = mac.split(':').map(|byte| u8::from_str_radix(byte, 16));
    let bytes: Vec<u16> = bytes
        .map(|byte| byte.map(u16::from))
        .collect::<Result<_, _>>()
        .ok()?;
    let &[first, second, third, fourth, fifth, sixth] = bytes.as_slice() else {
        return None;
    };
    Some(Ipv6Addr::new(
        0xfe80,
        0,
        0,
        0,
        (first ^ 2) << 8 | second,
        third << 8 | 0xff,
        0xfe00 | fourth,
        fifth << 8 | sixth,
    ))
}

fn hex(address: Ipv6Addr) -> String {
    format!("0x{:032x}", u128::from(address))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_has_the_address_of_its_mac() {
        let address = link_local("02:42:0a:00:00:02");
        assert_eq!(address, Some("fe80::42:aff:fe00:2".parse().unwrap()));
        assert_eq!(link_local("02:42"), None);
    }
}
