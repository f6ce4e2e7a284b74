//! Every attribute of every resource that a user can set: two values, and what the edit from one to the other is.

use serde_json::json;
use tfplugin::Value;

use super::{config, id, string};
use crate::testing::networking::{Networking, OUTSIDE};

/// One attribute.
#[derive(Debug, Clone)]
pub(super) struct Case {
    pub(super) name: &'static str,
    pub(super) path: &'static str,
    pub(super) attribute: &'static str,
    pub(super) first: Value,
    pub(super) second: Value,
    pub(super) replaces: bool,
    /// What an edit in place leaves open.
    pub(super) open: &'static [&'static str],
    base: Vec<(&'static str, Value)>,
}

impl Case {
    /// The configuration with this value, or without the attribute where it can be left out.
    pub(super) fn config(&self, value: Option<&Value>) -> Value {
        let mut all = config(self.name, &self.base);
        if let Some(value) = value {
            all.set(self.attribute, value);
        }
        all
    }

    fn open(mut self, names: &'static [&'static str]) -> Self {
        self.open = names;
        self
    }
}

/// Makes what the values name.
pub(super) fn prepare(networking: &mut Networking) {
    networking.make(
        "networks",
        &json!({"name": "other", "router:external": true}),
    );
    for _ in 0..2 {
        networking.make("ports", &json!({"network_id": "n"}));
    }
}

/// Ids of what [`prepare`] makes, in order.
fn made(number: u32) -> Value {
    string(&format!("00000000-0000-4000-a000-{number:012}"))
}

fn texts(all: &[&str]) -> Value {
    Value::List(all.iter().map(|text| string(text)).collect())
}

fn ids(all: &[u32]) -> Value {
    Value::Set(all.iter().map(|number| id(*number)).collect())
}

fn pool(start: &str, end: &str) -> Value {
    Value::Set(vec![Value::object([
        ("start", string(start)),
        ("end", string(end)),
    ])])
}

fn at(address: &str) -> Value {
    Value::List(vec![Value::object([
        ("subnet_id", Value::Null),
        ("ip_address", string(address)),
    ])])
}

type Line = (&'static str, Value, Value, bool);

fn of(
    name: &'static str,
    path: &'static str,
    base: &[(&'static str, Value)],
    lines: Vec<Line>,
) -> Vec<Case> {
    let case = |(attribute, first, second, replaces)| Case {
        name,
        path,
        attribute,
        first,
        second,
        replaces,
        open: &[],
        base: base.to_vec(),
    };
    lines.into_iter().map(case).collect()
}

fn words() -> Vec<Line> {
    vec![
        ("name", string("one"), string("two"), false),
        ("description", string("one"), string(""), false),
        ("description", string(""), string("two"), false),
    ]
}

fn switched() -> Line {
    (
        "admin_state_up",
        Value::Bool(false),
        Value::Bool(true),
        false,
    )
}

fn subnets() -> Vec<Case> {
    let number = |number: i64| Value::number(number);
    let network = ("network_id", id(1));
    let mut lines = words();
    lines.extend([
        ("network_id", id(1), id(2), true),
        ("gateway_ip", string("10.9.0.1"), string("10.9.0.9"), true),
        (
            "allocation_pools",
            pool("10.9.0.2", "10.9.0.9"),
            pool("10.9.0.2", "10.9.0.5"),
            false,
        ),
        (
            "dns_nameservers",
            texts(&["192.0.2.1", "192.0.2.2"]),
            texts(&["192.0.2.2", "192.0.2.1"]),
            false,
        ),
    ]);
    let cidr = ("cidr", string("10.9.0.0/24"));
    let (name, path) = ("zun_subnet", "subnets");
    let given = of(name, path, &[network.clone(), cidr.clone()], lines);
    let pool = ("subnetpool_id", id(5));
    let cut = vec![
        ("prefix_length", number(25), number(24), true),
        ("ip_version", number(4), number(6), true),
        ("cidr", string("10.9.0.0/24"), string("10.8.0.0/24"), true),
    ];
    let cut = of(name, path, &[network.clone(), pool], cut);
    let both = vec![("subnetpool_id", id(5), id(6), true)];
    let both = of(name, path, &[network, cidr], both);
    [given, cut, both].concat()
}

fn ports() -> Vec<Case> {
    let base = [("network_id", id(1))];
    let mut lines = words();
    lines.extend([
        switched(),
        ("network_id", id(1), id(2), true),
        (
            "mac_address",
            string("02:42:0a:00:00:05"),
            string("02:42:0a:00:00:06"),
            true,
        ),
        ("security_group_ids", ids(&[1]), ids(&[]), false),
    ]);
    let mut all = of("zun_port", "ports", &base, lines);
    let addresses = vec![("fixed_ip", at("10.9.0.5"), at("10.9.0.6"), false)];
    let addresses = of("zun_port", "ports", &base, addresses);
    all.extend(
        addresses
            .into_iter()
            .map(|case| case.open(&["all_fixed_ips", "mac_address"])),
    );
    all
}

fn rules() -> Vec<Case> {
    let base = [
        ("security_group_id", id(1)),
        ("direction", string("ingress")),
    ];
    let (name, path) = ("zun_security_group_rule", "security-group-rules");
    let plain = vec![
        ("security_group_id", id(1), id(2), true),
        ("direction", string("ingress"), string("egress"), true),
        ("ethertype", string("IPv4"), string("IPv6"), true),
        ("protocol", string("tcp"), string("47"), true),
        (
            "remote_ip_prefix",
            string("10.0.0.0/8"),
            string("0.0.0.0/0"),
            true,
        ),
        ("remote_group_id", id(3), id(4), true),
        ("description", string("one"), string("two"), true),
    ];
    let mut icmp = base.to_vec();
    icmp.push(("protocol", string("icmp")));
    let kinds = vec![("port_range_min", Value::number(8), Value::number(0), true)];
    let mut typed = icmp.clone();
    typed.push(("port_range_min", Value::number(8)));
    let codes = vec![("port_range_max", Value::number(0), Value::number(1), true)];
    [
        of(name, path, &base, plain),
        of(name, path, &icmp, kinds),
        of(name, path, &typed, codes),
    ]
    .concat()
}

fn routers() -> Vec<Case> {
    let (name, path) = ("zun_router", "routers");
    let outside = ("external_network_id", string(OUTSIDE));
    let mut lines = words();
    lines.extend([
        switched(),
        ("subnet_ids", ids(&[1, 2]), ids(&[2, 3]), false),
    ]);
    let gateways = vec![("external_network_id", string(OUTSIDE), made(1), false)];
    let gateways = of(name, path, &[], gateways).into_iter();
    let snat = vec![("enable_snat", Value::Bool(false), Value::Bool(true), false)];
    [
        of(name, path, &[], lines),
        gateways
            .map(|case| case.open(&["external_fixed_ip"]))
            .collect(),
        of(name, path, &[outside], snat),
    ]
    .concat()
}

fn floating_ips() -> Vec<Case> {
    let (name, path) = ("zun_floating_ip", "floatingips");
    let base = [("pool", string("outside"))];
    let lines = vec![
        ("description", string("one"), string("two"), false),
        (
            "address",
            string("203.0.113.5"),
            string("203.0.113.6"),
            true,
        ),
        ("pool", string("outside"), string("other"), true),
    ];
    let ports = vec![("port_id", made(2), made(3), false)];
    let ports = of(name, path, &base, ports).into_iter();
    let addresses = vec![("fixed_ip", string("10.9.0.5"), string("10.9.0.6"), false)];
    let mut with_port = base.to_vec();
    with_port.push(("port_id", made(2)));
    [
        of(name, path, &base, lines),
        ports.map(|case| case.open(&["fixed_ip"])).collect(),
        of(name, path, &with_port, addresses),
    ]
    .concat()
}

/// All of them.
pub(super) fn cases() -> Vec<Case> {
    let mut network = words();
    network.push(switched());
    network.push(("mtu", Value::number(1400), Value::number(1500), false));
    let group = words();
    [
        of("zun_network", "networks", &[], network),
        subnets(),
        ports(),
        of(
            "zun_security_group",
            "security-groups",
            &[("name", string("web"))],
            group,
        ),
        rules(),
        routers(),
        floating_ips(),
    ]
    .concat()
}
