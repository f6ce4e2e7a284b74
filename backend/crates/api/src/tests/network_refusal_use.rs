//! What `/network/v2.0` refuses of networks and subnets because of what is there, of pools, and how it says so.

use serde_json::{Value, json};

use super::network_group::{id, kind};
use super::network_refusal::{BAD, Case};
use super::{TestApp, Who};

async fn refused(
    app: &TestApp,
    method: &str,
    rest: &str,
    noun: &str,
    cases: Vec<(Value, u16, &str, &str)>,
) {
    for (body, status, name, words) in cases {
        let body = json!({noun: body});
        app.refuses((method, rest), body, (status, name, words))
            .await;
    }
}

/// What a pool cannot be.
const POOLS: &[(&str, &str)] = &[
    (r#"{"name": "x"}"#, "prefixes: is empty"),
    (r#"{"prefixes": ["ten"]}"#, "prefixes: \"ten\" is not valid"),
    (
        r#"{"prefixes": ["10.9.0.0/16", "fd00::/48"]}"#,
        "are of two families",
    ),
    (
        r#"{"prefixes": ["10.9.0.0/16", "10.9.4.0/24"]}"#,
        "overlap; give each address once",
    ),
    (
        r#"{"prefixes": ["10.9.0.0/16"], "min_prefixlen": 8}"#,
        "min_prefixlen: 8 is no length of a subnet's prefix: 16 to 29",
    ),
    (
        r#"{"prefixes": ["10.9.0.0/16"], "max_prefixlen": 30}"#,
        "max_prefixlen: 30 is no length",
    ),
    (
        r#"{"prefixes": ["10.9.0.0/16"], "min_prefixlen": 20, "default_prefixlen": 18}"#,
        "default_prefixlen: min_prefixlen (20), default_prefixlen (18)",
    ),
    (
        r#"{"prefixes": ["10.9.0.0/16"], "is_default": true}"#,
        "is_default: true is not served",
    ),
    (
        r#"{"prefixes": ["10.9.0.0/16"], "address_scope_id": "x"}"#,
        "address_scope_id: is not served",
    ),
];

/// The same for other reasons: status and Neutron's word for it.
const POOLS_STATE: &[Case] = &[(
    r#"{"prefixes": ["10.9.0.0/16"], "shared": true}"#,
    403,
    "PolicyNotAuthorized",
    "create_subnetpool:shared",
)];

#[tokio::test]
async fn subnets_beside_others() {
    let app = TestApp::start().await;
    let network = app.network("back", "10.9.0.0/24").await;
    let other = app
        .made("network", json!({"name": "other", "mtu": 1000}))
        .await;
    let default = app.listed("networks?is_default=true").await[0].clone();
    let rest = format!("subnets?network_id={}", id(&default));
    let default_subnet = app.listed(&rest).await[0].clone();
    let cases = vec![
        (
            json!({"network_id": id(&network), "cidr": "10.8.0.0/24"}),
            409,
            "Conflict",
            "has the IPv4 subnet 10.9.0.0/24",
        ),
        (
            json!({"network_id": id(&other), "cidr": "10.9.0.128/25"}),
            409,
            "Conflict",
            "overlaps 10.9.0.0/24, which subnet",
        ),
        (
            json!({"network_id": id(&other), "cidr": default_subnet["cidr"]}),
            409,
            "Conflict",
            "prefixes are given once in a deployment",
        ),
    ];
    refused(&app, "POST", "subnets", "subnet", cases).await;
    // Another project's prefix is named, its subnet is not.
    let path = "/network/v2.0/networks";
    let theirs = app.post(Who::Stranger, path, json!({"network": {}})).await;
    let theirs = theirs.expect(201).json()["network"]["id"].clone();
    let body = json!({"subnet": {"network_id": theirs, "cidr": "10.9.0.0/25"}});
    let reply = app.post(Who::Stranger, "/network/v2.0/subnets", body).await;
    let why = reply.expect(409).detail();
    assert!(
        why.contains("which a network of this deployment has"),
        "{why}"
    );
    // A small MTU and IPv6 do not go together.
    let body = json!({"network_id": id(&other), "cidr": "10.8.0.0/24"});
    app.made("subnet", body).await;
    let six = json!({"network_id": id(&other), "cidr": "fd00:8::/64", "ip_version": 6});
    let cases = vec![(six, 400, BAD, "mtu: 1000 is below the least, 1280")];
    refused(&app, "POST", "subnets", "subnet", cases).await;
    let rest = format!("subnets/{}", id(&default_subnet));
    let why = app.net("DELETE", &rest, None).await.expect(409).detail();
    assert!(why.contains("default network of its project"), "{why}");
}

#[tokio::test]
async fn what_the_host_uses_is_not_given_again() {
    let app = TestApp::start().await;
    let theirs = zun_domain::runtime::MakeNetwork {
        id: zun_domain::id::NetworkId(uuid::Uuid::from_u128(1)),
        project: app.shop,
        name: "compose".to_owned(),
        subnet: "10.7.0.0/16".parse().unwrap(),
        gateway: None,
        v6: None,
        mtu: None,
        runtime_name: None,
        routed: false,
    };
    app.host.drivers().networks.ensure(&theirs).await.unwrap();
    let network = app.made("network", json!({})).await;
    let body = json!({"network_id": id(&network), "cidr": "10.7.3.0/24"});
    let why = "cidr: 10.7.3.0/24 overlaps 10.7.0.0/16, which the host or its engine uses";
    let cases = vec![(body, 409, "Conflict", why)];
    refused(&app, "POST", "subnets", "subnet", cases).await;
    let body = json!({"name": "pool", "prefixes": ["10.7.0.0/16", "10.8.0.0/24"], "default_prefixlen": 24});
    let pool = app.made("subnetpool", body).await;
    let body = json!({"network_id": id(&network), "subnetpool_id": id(&pool)});
    assert_eq!(app.made("subnet", body).await["cidr"], "10.8.0.0/24");
}

#[tokio::test]
async fn what_another_deployment_guards_is_not_given() {
    let app = TestApp::start().await;
    app.host.guard_as_another("10.7.0.0/20".parse().unwrap());
    let network = app.made("network", json!({})).await;
    let body = json!({"network_id": id(&network), "cidr": "10.7.3.0/24"});
    let why = "cidr: 10.7.3.0/24 overlaps 10.7.0.0/20, which the firewall rules of another zund on this host guard (nftables \
               tables zun_another): they would drop all that containers send; choose another prefix, or, where that zund is \
               gone for good, take its rules away: nft delete table inet zun_another; nft delete table bridge zun_another";
    let cases = vec![(body, 409, "Conflict", why)];
    refused(&app, "POST", "subnets", "subnet", cases).await;
    let body = json!({"name": "pool", "prefixes": ["10.7.0.0/16"], "default_prefixlen": 24});
    let pool = app.made("subnetpool", body).await;
    let body = json!({"network_id": id(&network), "subnetpool_id": id(&pool)});
    assert_eq!(app.made("subnet", body).await["cidr"], "10.7.16.0/24");
}

#[tokio::test]
async fn a_network_with_ports_stays_what_it_is() {
    let app = TestApp::start().await;
    let network = app.network("back", "10.9.0.0/24").await;
    let subnet = app.listed("subnets?cidr=10.9.0.0/24").await[0].clone();
    let port = app.made("port", json!({"network_id": id(&network)})).await;
    let on_network = format!("networks/{}", id(&network));
    let on_subnet = format!("subnets/{}", id(&subnet));
    let six = json!({"network_id": id(&network), "cidr": "fd00:9::/64", "ip_version": 6});
    let unchanged = "cannot be changed once it is made";
    let in_use = vec![(six, 409, "NetworkInUse", unchanged)];
    refused(&app, "POST", "subnets", "subnet", in_use).await;
    let in_use = vec![(json!({"mtu": 1400}), 409, "NetworkInUse", unchanged)];
    refused(&app, "PUT", &on_network, "network", in_use).await;
    let in_use = vec![(
        json!({"gateway_ip": "10.9.0.9"}),
        409,
        "NetworkInUse",
        unchanged,
    )];
    refused(&app, "PUT", &on_subnet, "subnet", in_use).await;
    for (rest, name) in [(&on_network, "NetworkInUse"), (&on_subnet, "SubnetInUse")] {
        let reply = app.net("DELETE", rest, None).await.expect(409);
        assert_eq!(kind(&reply), name);
        assert!(reply.detail().contains(id(&port)), "{}", reply.text);
    }
    app.edited("network", &network, json!({"name": "x", "mtu": 1500}))
        .await;
    let change = json!({"allocation_pools": [{"start": "10.9.0.50", "end": "10.9.0.60"}]});
    app.edited("subnet", &subnet, change).await;
    let next = app.made("port", json!({"network_id": id(&network)})).await;
    assert_eq!(next["fixed_ips"][0]["ip_address"], "10.9.0.50");
}

#[tokio::test]
async fn what_a_router_is_on_stays() {
    let app = TestApp::start().await;
    let network = app.network("back", "10.9.0.0/24").await;
    let subnet = app.listed("subnets?cidr=10.9.0.0/24").await[0].clone();
    let router = app.made("router", json!({})).await;
    let rest = format!("routers/{}/add_router_interface", id(&router));
    let body = json!({"subnet_id": id(&subnet)});
    let added = app.net("PUT", &rest, Some(body)).await.expect(200).json();
    let port = format!("ports/{}", added["port_id"].as_str().unwrap());
    let reply = app.net("DELETE", &port, None).await.expect(409);
    assert_eq!(kind(&reply), "ServicePortInUse");
    let body = Some(json!({"port": {"name": "x"}}));
    let reply = app.net("PUT", &port, body).await.expect(409);
    assert!(
        reply.detail().contains("is an interface of router"),
        "{}",
        reply.text
    );
    let on_subnet = format!("subnets/{}", id(&subnet));
    let reply = app.net("DELETE", &on_subnet, None).await.expect(409);
    assert!(
        reply.detail().contains("has an interface there"),
        "{}",
        reply.text
    );
    let body = Some(json!({"subnet": {"gateway_ip": "10.9.0.9"}}));
    app.net("PUT", &on_subnet, body).await.expect(409);
    let rest = format!("networks/{}", id(&network));
    app.net("DELETE", &rest, None).await.expect(409);
    // Its port is no container's: the network may still get its other subnet.
    let six = json!({"network_id": id(&network), "cidr": "fd00:9::/64", "ip_version": 6});
    app.made("subnet", six).await;
}

#[tokio::test]
async fn pools() {
    let app = TestApp::start().await;
    app.refuses_all("subnetpool", &[], POOLS, POOLS_STATE).await;
    let body = json!({
        "name": "p", "prefixes": ["10.9.0.0/24"], "min_prefixlen": 24, "max_prefixlen": 28,
    });
    let pool = app.made("subnetpool", body).await;
    let rest = format!("subnetpools/{}", id(&pool));
    let cases = vec![
        (
            json!({"prefixes": ["10.9.0.0/25"]}),
            400,
            BAD,
            "10.9.0.0/24 is missing",
        ),
        (
            json!({"min_prefixlen": 29}),
            400,
            BAD,
            "are expected in this order",
        ),
    ];
    refused(&app, "PUT", &rest, "subnetpool", cases).await;
}

#[tokio::test]
async fn what_a_pool_does_not_hold() {
    let app = TestApp::start().await;
    let body = json!({
        "name": "p", "prefixes": ["10.9.0.0/24"], "min_prefixlen": 24, "max_prefixlen": 28,
    });
    let pool = app.made("subnetpool", body).await;
    let network = app.made("network", json!({})).await;
    let cut = |mut body: Value| {
        body["network_id"] = network["id"].clone();
        body["subnetpool_id"] = pool["id"].clone();
        body
    };
    let cases = vec![
        (
            cut(json!({"prefixlen": 29})),
            400,
            BAD,
            "prefixlen: /29 cannot be cut",
        ),
        (
            cut(json!({"cidr": "10.9.0.0/23"})),
            400,
            BAD,
            "cidr: /23 cannot be cut",
        ),
        (
            cut(json!({"cidr": "10.8.0.0/24"})),
            400,
            BAD,
            "is not in subnet pool",
        ),
        (
            cut(json!({"ip_version": 6})),
            409,
            "Conflict",
            "add the IPv4 subnet first",
        ),
    ];
    refused(&app, "POST", "subnets", "subnet", cases).await;
    app.made("subnet", cut(json!({}))).await;
    let another = app.made("network", json!({})).await;
    let body = json!({"network_id": id(&another), "subnetpool_id": id(&pool)});
    let cases = vec![(body, 409, "SubnetAllocationError", "no free /24 is left")];
    refused(&app, "POST", "subnets", "subnet", cases).await;
}
