//! What is known of subnets and ports while planning, and what is refused then.

use tfplugin::Value;

use super::{config, id, settle, string};
use crate::testing::{Zund, refused};

fn number(value: i64) -> Value {
    Value::number(value)
}

fn at(subnet: Value, address: Value) -> Value {
    Value::object([("subnet_id", subnet), ("ip_address", address)])
}

#[tokio::test]
async fn family_and_length_of_a_subnet_are_known_with_its_prefix() {
    let zund = Zund::start().await;
    let terraform = zund.terraform().await;
    for (set, version, length) in [
        (("cidr", string("10.9.0.0/24")), number(4), number(24)),
        (("cidr", string("fd00::/64")), number(6), number(64)),
        (("subnetpool_id", id(5)), number(4), Value::UNKNOWN),
        (("cidr", Value::UNKNOWN), Value::UNKNOWN, Value::UNKNOWN),
    ] {
        let subnet = config("zun_subnet", &[("network_id", id(1)), set.clone()]);
        let planned = terraform.plan("zun_subnet", None, &subnet).await.unwrap();
        for (name, expected) in [("ip_version", version), ("prefix_length", length)] {
            let found = planned.state.get(name).unwrap();
            assert_eq!(found.is_known(), expected.is_known(), "{set:?}: {name}");
            assert!(!found.is_known() || *found == expected, "{set:?}: {name}");
        }
    }
}

#[tokio::test]
async fn addresses_that_are_still_met_are_kept_and_others_left_open() {
    const TYPE: &str = "zun_port";
    let zund = Zund::start().await;
    let terraform = zund.terraform().await;
    let with = |entries: Vec<Value>, name: &str| {
        let set = [
            ("network_id", id(1)),
            ("fixed_ip", Value::List(entries)),
            ("name", string(name)),
        ];
        config(TYPE, &set)
    };
    let first = at(id(1), string("10.9.0.5"));
    let second = at(id(2), Value::Null);
    let entries = vec![first.clone(), second.clone()];
    let stored = settle(&terraform, TYPE, None, &with(entries.clone(), "one")).await;
    let held = stored.state.get("fixed_ip").unwrap().clone();

    let renamed = with(entries, "two");
    let planned = terraform.plan(TYPE, Some(&stored), &renamed).await.unwrap();
    assert_eq!(planned.state.get("fixed_ip"), Ok(&held));
    assert!(planned.state.get("mac_address").unwrap().is_known());

    let moved = vec![at(Value::Null, string("10.9.0.6")), second];
    let moved = with(moved, "one");
    let planned = terraform.plan(TYPE, Some(&stored), &moved).await.unwrap();
    let entries = planned.state.get("fixed_ip").unwrap();
    let entries = entries.as_elements().unwrap();
    assert!(entries[0].get("subnet_id").unwrap().is_unknown());
    assert_eq!(Some(&entries[1]), held.as_elements().unwrap().get(1));
    settle(&terraform, TYPE, Some(stored), &moved).await;
}

#[tokio::test]
async fn bad_values_have_their_messages() {
    let zund = Zund::start().await;
    let terraform = zund.terraform().await;
    for (name, set, path, part) in bad_values() {
        let mut all = config(name, &[]);
        for (base, value) in [
            ("network_id", id(1)),
            ("security_group_id", id(1)),
            ("direction", string("ingress")),
        ] {
            if all.get(base).is_ok() {
                all.set(base, value);
            }
        }
        for (attribute, value) in &set {
            all.set(*attribute, value);
        }
        let message = refused(terraform.plan(name, None, &all).await);
        assert!(message.contains(part), "{name} {set:?}: {message}");
        assert!(message.starts_with(path), "{path}: {message}");
    }
}

type Bad = (
    &'static str,
    Vec<(&'static str, Value)>,
    &'static str,
    &'static str,
);

#[rustfmt::skip]
fn bad_values() -> Vec<Bad> {
    let subnet = |set, path, part| ("zun_subnet", set, path, part);
    let port = |set, path, part| ("zun_port", set, path, part);
    let rule = |set, path, part| ("zun_security_group_rule", set, path, part);
    let cidr = || ("cidr", string("10.9.0.0/24"));
    let tcp = || ("protocol", string("tcp"));
    vec![
        ("zun_network", vec![("mtu", number(60))], "mtu", "at least 68"),
        ("zun_network", vec![("name", string(""))], "name", "1"),
        subnet(vec![], "", "\"cidr\", \"subnetpool_id\""),
        subnet(vec![("cidr", string("10.9.0.1/24"))], "cidr", "Write the prefix as \"10.9.0.0/24\""),
        subnet(vec![("cidr", string("10.9.0.0"))], "cidr", "Write the prefix as \"10.9.0.0/32\""),
        subnet(vec![("cidr", string("front"))], "cidr", "has to be a prefix"),
        subnet(vec![cidr(), ("ip_version", number(5))], "ip_version", "4 or 6"),
        subnet(vec![cidr(), ("ip_version", number(6))], "ip_version", "leave it out"),
        subnet(vec![cidr(), ("prefix_length", number(25))], "prefix_length", "has the length 24"),
        subnet(vec![cidr(), ("gateway_ip", string("10.8.0.1"))], "gateway_ip", "is not in 10.9.0.0/24"),
        subnet(vec![cidr(), ("dns_nameservers", Value::List(vec![string("dns")]))], "dns_nameservers", "IPv4 or IPv6"),
        subnet(vec![("cidr", string("10.9.0.0/24")), ("network_id", string("front"))], "network_id", "zun_network.front.id"),
        port(vec![("mac_address", string("02:42:0A:00:00:05"))], "mac_address", "Write the MAC as \"02:42:0a:00:00:05\""),
        port(vec![("mac_address", string("02-42"))], "mac_address", "has to be a MAC"),
        port(vec![("fixed_ip", Value::List(vec![]))], "fixed_ip", "at least 1"),
        port(vec![("fixed_ip", Value::List(vec![at(Value::Null, string("10.9.0"))]))], "fixed_ip", "IPv4 or IPv6"),
        port(vec![("security_group_ids", Value::Set(vec![string("web")]))], "security_group_ids", "has to be an id"),
        rule(vec![("direction", string("in"))], "direction", "\"ingress\", \"egress\""),
        rule(vec![("ethertype", string("ipv4"))], "ethertype", "\"IPv4\", \"IPv6\""),
        rule(vec![("protocol", string("TCP"))], "protocol", "Write the protocol as \"tcp\""),
        rule(vec![("protocol", string("tcpp"))], "protocol", "is no protocol"),
        rule(vec![("protocol", string("any"))], "protocol", "Leave the protocol out"),
        rule(vec![("port_range_min", number(80)), ("port_range_max", number(80))], "port_range_min", "needs a protocol"),
        rule(vec![tcp(), ("port_range_min", number(80)), ("port_range_max", number(79))], "port_range_max", "79 is below port_range_min"),
        rule(vec![tcp(), ("port_range_min", number(80))], "port_range_max", "is required with port_range_min"),
        rule(vec![("protocol", string("icmp")), ("port_range_min", number(300))], "port_range_min", "no ICMP type"),
        rule(vec![("protocol", string("icmpv6"))], "protocol", "ethertype IPv6 only"),
        rule(vec![("remote_ip_prefix", string("fd00::/8"))], "remote_ip_prefix", "ethertype is IPv4"),
        rule(vec![("remote_ip_prefix", string("10.0.0.0/8")), ("remote_group_id", id(1))], "remote_ip_prefix", "remote_group_id"),
        ("zun_router", vec![("enable_snat", Value::Bool(true))], "enable_snat", "\"external_network_id\""),
        ("zun_router", vec![("subnet_ids", Value::Set(vec![Value::Null]))], "subnet_ids", "An element is null"),
        ("zun_floating_ip", vec![("fixed_ip", string("10.9.0.5"))], "fixed_ip", "\"port_id\""),
        ("zun_floating_ip", vec![("address", string("fd00::1"))], "address", "an IPv4 address"),
    ]
}
