//! What `/network/v2.0` refuses of networks and subnets by themselves, and how it says so.

use serde_json::{Value, json};

use super::TestApp;
use super::network_group::{id, kind};

/// A body, the status, Neutron's word for the refusal, and a part of the sentence.
pub(super) type Case = (&'static str, u16, &'static str, &'static str);

pub(super) const BAD: &str = "InvalidInput";

impl TestApp {
    /// One refusal.
    pub(super) async fn refuses(
        &self,
        (method, rest): (&str, &str),
        body: Value,
        (status, name, words): (u16, &str, &str),
    ) {
        let shown = body.to_string();
        let reply = self.net(method, rest, Some(body)).await;
        assert_eq!(reply.status.as_u16(), status, "{shown}: {}", reply.text);
        let why = reply.detail();
        assert!(why.contains(words), "{shown}: {why}");
        assert_eq!(kind(&reply), name, "{shown}: {why}");
    }

    /// Refusals of creates: what stands for an id in the bodies begins with `@`.
    pub(super) async fn refuses_all(
        &self,
        noun: &str,
        ids: &[(&str, &str)],
        bad: &[(&'static str, &'static str)],
        others: &[Case],
    ) {
        let rest = format!("{noun}s");
        let bad = bad.iter().map(|(body, words)| (*body, 400, BAD, *words));
        for (body, status, name, words) in bad.chain(others.iter().copied()) {
            let filled = |body: String, (stands, id): &(&str, &str)| body.replace(stands, id);
            let body = ids.iter().fold(body.to_owned(), filled);
            let body: Value = serde_json::from_str(&body).unwrap();
            let body = json!({noun: body});
            self.refuses(("POST", &rest), body, (status, name, words))
                .await;
        }
    }
}

/// What a network cannot be.
const NETWORKS: &[(&str, &str)] = &[
    (r#"{"shared": true}"#, "shared: true is not served"),
    (
        r#"{"router:external": true}"#,
        "network.external of zund's configuration",
    ),
    (
        r#"{"is_default": true}"#,
        "has its default network from the start",
    ),
    (
        r#"{"provider:network_type": "vlan"}"#,
        "provider:network_type: is not served",
    ),
    (
        r#"{"port_security_enabled": false}"#,
        "from its own address only",
    ),
    (r#"{"mtu": 67}"#, "mtu: 67 is below the least, 68"),
    (r#"{"mtu": 65536}"#, "mtu: 65536 is not valid"),
    (r#"{"name": 5}"#, "name: must be a string"),
    (
        r#"{"admin_state_up": "maybe"}"#,
        "admin_state_up: must be a boolean",
    ),
    (r#"{"colour": "red"}"#, "colour: no such parameter"),
    (r#""x""#, "network: must be an object"),
    (
        r#"{"project_id": "shop"}"#,
        "project_id: \"shop\" is not valid",
    ),
];

/// What a subnet cannot be.
const SUBNETS: &[(&str, &str)] = &[
    (r#"{"cidr": "10.9.0.0/24"}"#, "network_id: is required"),
    (
        r#"{"network_id": "x", "cidr": "10.9.0.0/24"}"#,
        "network_id: \"x\" is not valid",
    ),
    (r#"{"network_id": "@network"}"#, "cidr: is required"),
    (
        r#"{"network_id": "@network", "cidr": "ten"}"#,
        "cidr: \"ten\" is not valid",
    ),
    (
        r#"{"network_id": "@network", "cidr": "10.0.0.0/8"}"#,
        "/16 to /29 are accepted",
    ),
    (
        r#"{"network_id": "@network", "cidr": "10.9.0.0/30"}"#,
        "/16 to /29 are accepted",
    ),
    (
        r#"{"network_id": "@network", "cidr": "127.0.0.0/24"}"#,
        "reserved for another use",
    ),
    (
        r#"{"network_id": "@network", "cidr": "8.8.8.0/24"}"#,
        "cidr: 8.8.8.0/24 is public",
    ),
    (
        r#"{"network_id": "@network", "cidr": "10.9.0.0/24", "ip_version": 6}"#,
        "is no IPv6 prefix",
    ),
    (
        r#"{"network_id": "@network", "cidr": "10.9.0.0/24", "ip_version": 5}"#,
        "4 or 6 is expected",
    ),
    (
        r#"{"network_id": "@network", "cidr": "10.9.0.0/24", "gateway_ip": null}"#,
        "gateway_ip: null is not served",
    ),
    (
        r#"{"network_id": "@network", "cidr": "10.9.0.0/24", "gateway_ip": "10.8.0.1"}"#,
        "cannot be the gateway",
    ),
    (
        r#"{"network_id": "@network", "cidr": "10.9.0.0/24", "gateway_ip": "10.9.0.255"}"#,
        "cannot be the gateway",
    ),
    (
        r#"{"network_id": "@network", "cidr": "10.9.0.0/24", "allocation_pools": [{"start": "10.9.0.9"}]}"#,
        "allocation_pools[0].end: is required",
    ),
    (
        r#"{"network_id": "@network", "cidr": "10.9.0.0/24", "allocation_pools": [{"start": "10.9.0.9", "end": "10.9.1.9"}]}"#,
        "is no range of 10.9.0.0/24",
    ),
    (
        r#"{"network_id": "@network", "cidr": "10.9.0.0/24", "dns_nameservers": ["a", "b"]}"#,
        "dns_nameservers: \"a\" is not valid",
    ),
    (
        r#"{"network_id": "@network", "cidr": "10.9.0.0/24", "enable_dhcp": false}"#,
        "enable_dhcp: false is not served",
    ),
    (
        r#"{"network_id": "@network", "cidr": "10.9.0.0/24", "host_routes": [{"destination": "0.0.0.0/0", "nexthop": "10.9.0.2"}]}"#,
        "host_routes: is not served",
    ),
    (
        r#"{"network_id": "@network", "cidr": "10.9.0.0/24", "ipv6_ra_mode": "slaac"}"#,
        "ipv6_ra_mode: is not served",
    ),
    (
        r#"{"network_id": "@network", "cidr": "10.9.0.0/24", "use_default_subnetpool": true}"#,
        "name a subnetpool_id",
    ),
    (
        r#"{"network_id": "@network", "cidr": "10.9.0.0/24", "prefixlen": 24}"#,
        "prefixlen: goes with subnetpool_id",
    ),
];

/// The same for other reasons: status and Neutron's word for it.
const SUBNETS_STATE: &[Case] = &[
    (
        r#"{"network_id": "@shop", "cidr": "10.9.0.0/24"}"#,
        404,
        "NetworkNotFound",
        "could not be found",
    ),
    (
        r#"{"network_id": "@network", "cidr": "10.9.0.0/24", "allocation_pools": [{"start": "10.9.0.1", "end": "10.9.0.9"}]}"#,
        409,
        "GatewayConflictWithAllocationPools",
        "the gateway 10.9.0.1 is in",
    ),
    (
        r#"{"network_id": "@network", "cidr": "10.9.0.0/24", "allocation_pools":
            [{"start": "10.9.0.5", "end": "10.9.0.9"}, {"start": "10.9.0.9", "end": "10.9.0.20"}]}"#,
        409,
        "OverlappingAllocationPools",
        "overlap; give each address once",
    ),
    (
        r#"{"network_id": "@network", "subnetpool_id": "@network"}"#,
        404,
        "SubnetPoolNotFound",
        "could not be found",
    ),
    (
        r#"{"network_id": "@network", "cidr": "fd00:9::/64", "ip_version": 6}"#,
        409,
        "Conflict",
        "add the IPv4 subnet first",
    ),
];

#[tokio::test]
async fn networks() {
    let app = TestApp::start().await;
    app.refuses_all("network", &[], NETWORKS, &[]).await;
    let long = json!({"network": {"name": "x".repeat(256)}});
    let too_long = (400, BAD, "name: has 256 characters");
    app.refuses(("POST", "networks"), long, too_long).await;
    let nothing = (400, BAD, "network: is required");
    app.refuses(("POST", "networks"), json!({}), nothing).await;
}

#[tokio::test]
async fn subnets() {
    let app = TestApp::start().await;
    let network = app.made("network", json!({"name": "back"})).await;
    let shop = app.shop.0.to_string();
    let ids = [("@network", id(&network)), ("@shop", &shop)];
    app.refuses_all("subnet", &ids, SUBNETS, SUBNETS_STATE)
        .await;
    assert_eq!(app.shown("network", &network).await["subnets"], json!([]));
}
