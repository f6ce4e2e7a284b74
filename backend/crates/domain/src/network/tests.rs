//! Addresses, pools and prefixes.

use uuid::Uuid;

use super::*;

fn subnet(cidr: &str, gateway: &str) -> Subnet {
    let (cidr, gateway): (IpNet, IpAddr) = (cidr.parse().unwrap(), gateway.parse().unwrap());
    Subnet {
        id: SubnetId(Uuid::nil()),
        network: NetworkId(Uuid::nil()),
        project: ProjectId(Uuid::nil()),
        name: String::new(),
        description: String::new(),
        cidr,
        gateway,
        allocation_pools: default_pools(cidr, gateway),
        dns_nameservers: Vec::new(),
        pool: None,
        created_at: Timestamp::UNIX_EPOCH,
        updated_at: None,
    }
}

fn all(subnet: &Subnet) -> Vec<String> {
    let mut taken = BTreeSet::new();
    while let Some(address) = subnet.free_address(&taken) {
        taken.insert(address);
    }
    taken.iter().map(ToString::to_string).collect()
}

#[test]
fn addresses_leave_out_gateway_network_and_broadcast() {
    let first = subnet("10.0.0.0/29", "10.0.0.1");
    let five = ["10.0.0.2", "10.0.0.3", "10.0.0.4", "10.0.0.5", "10.0.0.6"];
    assert_eq!(all(&first), five);
    let inside = subnet("10.0.0.0/29", "10.0.0.4");
    let around = ["10.0.0.1", "10.0.0.2", "10.0.0.3", "10.0.0.5", "10.0.0.6"];
    assert_eq!(all(&inside), around);
    let six = subnet("fd00::/126", "fd00::1");
    assert_eq!(all(&six), ["fd00::2", "fd00::3"]);
    for (address, may) in [
        ("10.0.0.0", false),
        ("10.0.0.1", false),
        ("10.0.0.2", true),
        ("10.0.0.7", false),
        ("10.0.0.8", false),
    ] {
        assert_eq!(first.may_hold(address.parse().unwrap()), may, "{address}");
    }
}

#[test]
fn pools_narrow_what_is_given_out() {
    let mut narrow = subnet("10.0.0.0/24", "10.0.0.1");
    narrow.allocation_pools = vec![
        AddressRange {
            start: "10.0.0.9".parse().unwrap(),
            end: "10.0.0.10".parse().unwrap(),
        },
        AddressRange {
            start: "10.0.0.20".parse().unwrap(),
            end: "10.0.0.20".parse().unwrap(),
        },
    ];
    assert_eq!(all(&narrow), ["10.0.0.9", "10.0.0.10", "10.0.0.20"]);
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

#[test]
fn what_is_taken_is_stepped_over_however_large_it_is() {
    let pool: IpNet = "fd00::/32".parse().unwrap();
    let taken: Vec<IpNet> = ["fd00:0:1::/48", "fd00::/48", "fd00::/64", "10.0.0.0/8"]
        .map(|net| net.parse().unwrap())
        .to_vec();
    for (prefix, expected) in [
        (126, Some("fd00:0:2::/126")),
        (47, Some("fd00:0:2::/47")),
        (33, Some("fd00:0:8000::/33")),
        (32, None),
        (31, None),
    ] {
        let free = free_prefix(pool, prefix, &taken).map(|net| net.to_string());
        assert_eq!(free.as_deref(), expected, "/{prefix}");
    }
    let whole: IpNet = "::/0".parse().unwrap();
    assert_eq!(free_prefix(whole, 128, &[whole]), None);
    assert_eq!(free_prefix(whole, 0, &[]), None);
}

#[test]
fn names_for_the_engine_and_the_kernel() {
    let id = NetworkId(Uuid::from_u128(0x0123_4567_89ab_cdef));
    let name = Network::own_runtime_name(id);
    assert_eq!(bridge_of(&name), "zn456789abcdef");
    assert_eq!(mac_of(Ipv4Addr::new(10, 0, 0, 255)), "02:42:0a:00:00:ff");
}
