//! What `/network/v2.0` refuses of networks, subnets, pools and ports, and how it says so.

use serde_json::{Value, json};

use super::network_group::{id, kind};
use super::{TestApp, Who};

/// One refusal: the status, Neutron's name for it, and a part of the sentence.
type Case = (Value, u16, &'static str, &'static str);

async fn refused(app: &TestApp, method: &str, rest: &str, noun: &str, cases: Vec<Case>) {
    for (body, status, name, expected) in cases {
        let shown = body.to_string();
        let body = Some(json!({noun: body}));
        let reply = app.net(method, rest, body).await;
        assert_eq!(reply.status.as_u16(), status, "{shown}: {}", reply.text);
        let why = reply.detail();
        assert!(why.contains(expected), "{shown}: {why}");
        assert_eq!(kind(&reply), name, "{shown}: {why}");
    }
}

const BAD: &str = "InvalidInput";

#[tokio::test]
async fn networks() {
    let app = TestApp::start().await;
    let cases = vec![
        (
            json!({"shared": true}),
            400,
            BAD,
            "shared: true is not served",
        ),
        (
            json!({"router:external": true}),
            400,
            BAD,
            "network.external of zund's configuration",
        ),
        (
            json!({"is_default": true}),
            400,
            BAD,
            "has its default network from the start",
        ),
        (
            json!({"provider:network_type": "vlan"}),
            400,
            BAD,
            "provider:network_type: is not served",
        ),
        (
            json!({"port_security_enabled": false}),
            400,
            BAD,
            "from its own address only",
        ),
        (
            json!({"mtu": 67}),
            400,
            BAD,
            "mtu: 67 is below the least, 68",
        ),
        (json!({"mtu": 65536}), 400, BAD, "mtu: 65536 is not valid"),
        (
            json!({"name": "x".repeat(256)}),
            400,
            BAD,
            "name: has 256 characters",
        ),
        (json!({"name": 5}), 400, BAD, "name: must be a string"),
        (
            json!({"admin_state_up": "maybe"}),
            400,
            BAD,
            "admin_state_up: must be a boolean",
        ),
        (
            json!({"colour": "red"}),
            400,
            BAD,
            "colour: no such parameter",
        ),
        (json!("x"), 400, BAD, "network: must be an object"),
        (
            json!({"project_id": "shop"}),
            400,
            BAD,
            "project_id: \"shop\" is not valid",
        ),
    ];
    refused(&app, "POST", "networks", "network", cases).await;
    let nothing = app
        .net("POST", "networks", Some(json!({})))
        .await
        .expect(400);
    assert!(nothing.detail().contains("network: is required"));
}

#[tokio::test]
async fn subnets_by_themselves() {
    let app = TestApp::start().await;
    let network = app.made("network", json!({"name": "back"})).await;
    let on = |mut body: Value| {
        body["network_id"] = network["id"].clone();
        body
    };
    let cases = vec![
        (
            json!({"cidr": "10.9.0.0/24"}),
            400,
            BAD,
            "network_id: is required",
        ),
        (
            json!({"network_id": "x", "cidr": "10.9.0.0/24"}),
            400,
            BAD,
            "network_id: \"x\" is not valid",
        ),
        (
            json!({"network_id": app.shop.0, "cidr": "10.9.0.0/24"}),
            404,
            "NetworkNotFound",
            "could not be found",
        ),
        (on(json!({})), 400, BAD, "cidr: is required"),
        (
            on(json!({"cidr": "ten"})),
            400,
            BAD,
            "cidr: \"ten\" is not valid",
        ),
        (
            on(json!({"cidr": "10.0.0.0/8"})),
            400,
            BAD,
            "/16 to /29 are accepted",
        ),
        (
            on(json!({"cidr": "10.9.0.0/30"})),
            400,
            BAD,
            "/16 to /29 are accepted",
        ),
        (
            on(json!({"cidr": "127.0.0.0/24"})),
            400,
            BAD,
            "reserved for another use",
        ),
        (
            on(json!({"cidr": "10.9.0.0/24", "ip_version": 6})),
            400,
            BAD,
            "is no IPv6 prefix",
        ),
        (
            on(json!({"cidr": "10.9.0.0/24", "ip_version": 5})),
            400,
            BAD,
            "4 or 6 is expected",
        ),
        (
            on(json!({"cidr": "10.9.0.0/24", "gateway_ip": null})),
            400,
            BAD,
            "gateway_ip: null is not served",
        ),
        (
            on(json!({"cidr": "10.9.0.0/24", "gateway_ip": "10.8.0.1"})),
            400,
            BAD,
            "cannot be the gateway",
        ),
        (
            on(json!({"cidr": "10.9.0.0/24", "gateway_ip": "10.9.0.255"})),
            400,
            BAD,
            "cannot be the gateway",
        ),
        (
            on(json!({"cidr": "10.9.0.0/24", "allocation_pools": [{"start": "10.9.0.9"}]})),
            400,
            BAD,
            "allocation_pools[0].end: is required",
        ),
        (
            on(
                json!({"cidr": "10.9.0.0/24", "allocation_pools": [{"start": "10.9.0.9", "end": "10.9.1.9"}]}),
            ),
            400,
            BAD,
            "is no range of 10.9.0.0/24",
        ),
        (
            on(
                json!({"cidr": "10.9.0.0/24", "allocation_pools": [{"start": "10.9.0.1", "end": "10.9.0.9"}]}),
            ),
            409,
            "GatewayConflictWithAllocationPools",
            "the gateway 10.9.0.1 is in",
        ),
        (
            on(json!({"cidr": "10.9.0.0/24", "allocation_pools": [
                {"start": "10.9.0.5", "end": "10.9.0.9"}, {"start": "10.9.0.9", "end": "10.9.0.20"},
            ]})),
            409,
            "OverlappingAllocationPools",
            "overlap; give each address once",
        ),
        (
            on(json!({"cidr": "10.9.0.0/24", "dns_nameservers": ["a", "b"]})),
            400,
            BAD,
            "dns_nameservers: \"a\" is not valid",
        ),
        (
            on(json!({"cidr": "10.9.0.0/24", "enable_dhcp": false})),
            400,
            BAD,
            "enable_dhcp: false is not served",
        ),
        (
            on(
                json!({"cidr": "10.9.0.0/24", "host_routes": [{"destination": "0.0.0.0/0", "nexthop": "10.9.0.2"}]}),
            ),
            400,
            BAD,
            "host_routes: is not served",
        ),
        (
            on(json!({"cidr": "10.9.0.0/24", "ipv6_ra_mode": "slaac"})),
            400,
            BAD,
            "ipv6_ra_mode: is not served",
        ),
        (
            on(json!({"cidr": "10.9.0.0/24", "use_default_subnetpool": true})),
            400,
            BAD,
            "name a subnetpool_id",
        ),
        (
            on(json!({"cidr": "10.9.0.0/24", "prefixlen": 24})),
            400,
            BAD,
            "prefixlen: goes with subnetpool_id",
        ),
        (
            on(json!({"subnetpool_id": network["id"]})),
            404,
            "SubnetPoolNotFound",
            "could not be found",
        ),
        (
            on(json!({"cidr": "fd00:9::/64", "ip_version": 6})),
            409,
            "Conflict",
            "add the IPv4 subnet first",
        ),
    ];
    refused(&app, "POST", "subnets", "subnet", cases).await;
    assert_eq!(app.shown("network", &network).await["subnets"], json!([]));
}

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
    let with = |mut body: Value| {
        if body["prefixes"].is_null() {
            body["prefixes"] = json!(["10.9.0.0/16"]);
        }
        body
    };
    let cases = vec![
        (json!({"name": "x"}), 400, BAD, "prefixes: is empty"),
        (
            with(json!({"prefixes": ["ten"]})),
            400,
            BAD,
            "prefixes: \"ten\" is not valid",
        ),
        (
            with(json!({"prefixes": ["10.9.0.0/16", "fd00::/48"]})),
            400,
            BAD,
            "are of two families",
        ),
        (
            with(json!({"prefixes": ["10.9.0.0/16", "10.9.4.0/24"]})),
            400,
            BAD,
            "overlap; give each address once",
        ),
        (
            with(json!({"min_prefixlen": 8})),
            400,
            BAD,
            "min_prefixlen: 8 is no length of a subnet's prefix: 16 to 29",
        ),
        (
            with(json!({"max_prefixlen": 30})),
            400,
            BAD,
            "max_prefixlen: 30 is no length",
        ),
        (
            with(json!({"min_prefixlen": 20, "default_prefixlen": 18})),
            400,
            BAD,
            "default_prefixlen: min_prefixlen (20), default_prefixlen (18)",
        ),
        (
            with(json!({"is_default": true})),
            400,
            BAD,
            "is_default: true is not served",
        ),
        (
            with(json!({"address_scope_id": "x"})),
            400,
            BAD,
            "address_scope_id: is not served",
        ),
        (
            with(json!({"shared": true})),
            403,
            "PolicyNotAuthorized",
            "create_subnetpool:shared",
        ),
    ];
    refused(&app, "POST", "subnetpools", "subnetpool", cases).await;
    let body =
        json!({"name": "p", "prefixes": ["10.9.0.0/24"], "min_prefixlen": 24, "max_prefixlen": 28});
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

#[tokio::test]
async fn ports() {
    let app = TestApp::start_with(|settings, _| {
        settings.network_external = Some("203.0.113.0/28".parse().unwrap());
    })
    .await;
    let network = app.network("back", "10.9.0.0/29").await;
    let bare = app.made("network", json!({"name": "bare"})).await;
    let outside = app.listed("networks?router:external=true").await[0].clone();
    let taken = json!({"network_id": id(&network), "mac_address": "fa:16:3e:00:00:01"});
    app.made("port", taken).await;
    let on = |mut body: Value| {
        body["network_id"] = network["id"].clone();
        body
    };
    let fixed = |entries: Value| on(json!({"fixed_ips": entries}));
    let cases = vec![
        (json!({}), 400, BAD, "network_id: is required"),
        (
            json!({"network_id": app.shop.0}),
            404,
            "NetworkNotFound",
            "could not be found",
        ),
        (
            json!({"network_id": id(&bare)}),
            409,
            "Conflict",
            "has no IPv4 subnet yet",
        ),
        (
            json!({"network_id": id(&outside)}),
            409,
            "Conflict",
            "is the outside",
        ),
        (fixed(json!([])), 400, BAD, "fixed_ips: is empty"),
        (
            fixed(json!("10.9.0.2")),
            400,
            BAD,
            "fixed_ips: must be a list",
        ),
        (
            fixed(json!([{}])),
            400,
            BAD,
            "names neither a subnet_id nor an ip_address",
        ),
        (
            fixed(json!([{"ip": "10.9.0.4"}])),
            400,
            BAD,
            "fixed_ips[0].ip: no such parameter",
        ),
        (
            fixed(json!([{"ip_address": "ten"}])),
            400,
            BAD,
            "fixed_ips[0].ip_address: \"ten\"",
        ),
        (
            fixed(json!([{"ip_address": "10.8.0.2"}])),
            400,
            BAD,
            "is in no subnet of the network",
        ),
        (
            fixed(json!([{"ip_address": "10.9.0.1"}])),
            400,
            BAD,
            "gateway's (10.9.0.1)",
        ),
        (
            fixed(json!([{"ip_address": "10.9.0.7"}])),
            400,
            BAD,
            "the broadcast",
        ),
        (
            fixed(json!([{"ip_address": "10.9.0.2"}])),
            409,
            "IpAddressAlreadyAllocated",
            "another port has the address 10.9.0.2",
        ),
        (
            fixed(json!([{"ip_address": "10.9.0.3"}, {"ip_address": "10.9.0.4"}])),
            400,
            BAD,
            "is named twice",
        ),
        (
            fixed(json!([{"subnet_id": id(&network)}])),
            400,
            BAD,
            "is no subnet of the network",
        ),
        (
            on(json!({"mac_address": "fa:16"})),
            400,
            BAD,
            "mac_address: \"fa:16\" is no MAC",
        ),
        (
            on(json!({"mac_address": "01:00:5e:00:00:01"})),
            400,
            BAD,
            "is the address of a group",
        ),
        (
            on(json!({"mac_address": "02:42:0a:09:00:05"})),
            400,
            BAD,
            "is the MAC of another address",
        ),
        (
            on(json!({"mac_address": "FA:16:3E:00:00:01"})),
            409,
            "MacAddressInUse",
            "choose another one",
        ),
        (
            on(json!({"security_groups": ["x"]})),
            400,
            BAD,
            "security_groups: \"x\" is not valid",
        ),
        (
            on(json!({"security_groups": [id(&network)]})),
            404,
            "SecurityGroupNotFound",
            "could not be found",
        ),
        (
            on(json!({"port_security_enabled": false})),
            400,
            BAD,
            "from its own address only",
        ),
        (
            on(json!({"allowed_address_pairs": [{"ip_address": "10.9.0.4"}]})),
            400,
            BAD,
            "allowed_address_pairs: is not served",
        ),
        (
            on(json!({"binding:host_id": "host-1"})),
            400,
            BAD,
            "binding:host_id: is not served",
        ),
        (
            on(json!({"binding:vnic_type": "direct"})),
            400,
            BAD,
            "normal is expected",
        ),
        (
            on(json!({"device_owner": "network:dhcp"})),
            403,
            "PolicyNotAuthorized",
            "create_port:device_owner",
        ),
        (
            on(json!({"device_owner": "compute:nova"})),
            403,
            "PolicyNotAuthorized",
            "create_port:device_owner",
        ),
    ];
    refused(&app, "POST", "ports", "port", cases).await;
    for _ in 0..4 {
        app.made("port", on(json!({}))).await;
    }
    let full = vec![(
        on(json!({})),
        409,
        "IpAddressGenerationFailure",
        "every address of the subnet",
    )];
    refused(&app, "POST", "ports", "port", full).await;
}

#[tokio::test]
async fn ports_that_something_has() {
    let app = TestApp::start_with(|settings, _| {
        settings.network_external = Some("203.0.113.0/28".parse().unwrap());
    })
    .await;
    let network = app.network("back", "10.9.0.0/24").await;
    let port = app.made("port", json!({"network_id": id(&network)})).await;
    app.connected("web", json!([{"port": id(&port)}])).await;
    let rest = format!("ports/{}", id(&port));
    let cases = vec![
        (
            json!({"fixed_ips": [{"ip_address": "10.9.0.9"}]}),
            409,
            "PortInUse",
            "changes no address of a container",
        ),
        (
            json!({"device_id": "x"}),
            409,
            "PortInUse",
            "is not a user's to say",
        ),
        (
            json!({"device_owner": "network:x"}),
            403,
            "PolicyNotAuthorized",
            "update_port:device_owner",
        ),
        (
            json!({"mac_address": "fa:16:3e:00:00:02"}),
            400,
            BAD,
            "mac_address: ",
        ),
        (
            json!({"network_id": id(&network)}),
            400,
            BAD,
            "network_id: ",
        ),
    ];
    refused(&app, "PUT", &rest, "port", cases).await;
    let same = json!({"fixed_ips": port["fixed_ips"]});
    app.edited("port", &port, same).await;
}
