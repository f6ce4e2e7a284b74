//! `/network/v2.0`: routers, their interfaces and their way to the outside.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use zun_domain::firewall::Outside;

use super::network_group::{id, kind, pretty};
use super::{Reply, TestApp, Who};

/// What is nowhere.
pub(super) const NONE: &str = "10000000-0000-4000-8000-00000000ffff";

impl TestApp {
    /// A deployment that has these addresses of the outside.
    pub(super) async fn with_range(range: &str) -> Self {
        let range = range.parse().unwrap();
        Self::start_with(|settings, _| settings.network_external = Some(range)).await
    }

    /// The id of the external network.
    pub(super) async fn outside(&self) -> String {
        let all = self.listed("networks?router:external=true").await;
        id(&all[0]).to_owned()
    }

    /// A network of the member's with one subnet, and that subnet.
    pub(super) async fn subnet(&self, cidr: &str) -> Value {
        let network = self.made("network", json!({"name": cidr})).await;
        let version = if cidr.contains(':') { 6 } else { 4 };
        let body = json!({"network_id": network["id"], "cidr": cidr, "ip_version": version});
        self.made("subnet", body).await
    }

    /// A router of the member's with a gateway.
    pub(super) async fn router(&self) -> Value {
        let gateway = json!({"network_id": self.outside().await});
        let body = json!({"name": "edge", "external_gateway_info": gateway});
        self.made("router", body).await
    }

    pub(super) async fn interface(&self, verb: &str, router: &Value, body: Value) -> Reply {
        let rest = format!("routers/{}/{verb}_router_interface", id(router));
        self.net("PUT", &rest, Some(body)).await
    }

    async fn changed(&self, router: &Value, body: Value) -> Reply {
        let rest = format!("routers/{}", id(router));
        self.net("PUT", &rest, Some(json!({"router": body}))).await
    }

    /// The way outside of every bridge that has one by a router.
    fn ways_out(&self) -> Vec<Outside> {
        let rules = self.host.rules().unwrap();
        let ways = rules
            .bridges
            .values()
            .filter_map(|bridge| bridge.outside_v4);
        ways.filter(|way| *way != Outside::Engine).collect()
    }

    fn joined(&self) -> usize {
        self.host.rules().unwrap().joined.len()
    }
}

#[tokio::test]
async fn a_router_from_its_first_day_to_its_last() {
    let app = TestApp::start().await;
    let body = json!({"name": "r", "distributed": false, "ha": false, "routes": []});
    let made = app.made("router", body).await;
    insta::assert_snapshot!("router", pretty(&made));
    let rest = format!("routers/{}", id(&made));
    let shown = app.net("GET", &rest, None).await.expect(200).json();
    assert_eq!(shown["router"], made);
    app.clock.advance(60);
    let body = json!({"name": "s", "description": "d", "admin_state_up": "false"});
    let changed = app.changed(&made, body).await.expect(200).json()["router"].clone();
    for (field, value) in [
        ("name", json!("s")),
        ("description", json!("d")),
        ("admin_state_up", json!(false)),
        ("status", json!("DOWN")),
    ] {
        assert_eq!(changed[field], value, "{field}");
    }
    assert_ne!(changed["updated_at"], made["updated_at"]);
    assert_eq!(app.listed("routers?name=s").await, [changed]);
    assert_eq!(app.listed("routers?name=r").await, [] as [Value; 0]);
    app.net("DELETE", &rest, None).await.expect(204);
    let gone = app.net("GET", &rest, None).await.expect(404);
    assert_eq!(kind(&gone), "RouterNotFound");
}

#[tokio::test]
async fn a_gateway_without_a_range_uses_the_address_of_the_host() {
    let app = TestApp::start().await;
    let outside = app.outside().await;
    let router = app.router().await;
    let gateway = json!({"network_id": outside, "enable_snat": true, "external_fixed_ips": []});
    assert_eq!(router["external_gateway_info"], gateway);
    let subnet = app.subnet("10.9.0.0/24").await;
    let on = json!({"subnet_id": subnet["id"]});
    assert_eq!(app.ways_out(), []);
    app.interface("add", &router, on.clone()).await.expect(200);
    assert_eq!(app.ways_out(), [Outside::Masqueraded]);
    let plain = json!({"external_gateway_info": {"network_id": outside, "enable_snat": false}});
    let changed = app.changed(&router, plain).await.expect(200).json();
    assert_eq!(
        changed["router"]["external_gateway_info"]["enable_snat"],
        false
    );
    assert_eq!(app.ways_out(), [Outside::Routed]);
    app.changed(&router, json!({"admin_state_up": false}))
        .await
        .expect(200);
    assert_eq!(app.ways_out(), []);
    app.changed(&router, json!({"admin_state_up": true}))
        .await
        .expect(200);
    for none in [json!(null), json!({})] {
        let body = json!({"external_gateway_info": none});
        let changed = app.changed(&router, body).await.expect(200).json();
        assert_eq!(changed["router"]["external_gateway_info"], Value::Null);
        assert_eq!(app.ways_out(), []);
        let body = json!({"external_gateway_info": {"network_id": outside}});
        app.changed(&router, body).await.expect(200);
        assert_eq!(app.ways_out(), [Outside::Masqueraded]);
    }
    let wanted =
        json!({"network_id": outside, "external_fixed_ips": [{"ip_address": "192.0.2.1"}]});
    let body = json!({"external_gateway_info": wanted});
    let refused = app.changed(&router, body).await.expect(400);
    assert!(
        refused.detail().contains("set network.external"),
        "{}",
        refused.text
    );
    app.interface("remove", &router, on).await.expect(200);
    assert_eq!(app.ways_out(), []);
}

#[tokio::test]
async fn a_gateway_has_an_address_of_the_range() {
    let app = TestApp::with_range("192.0.2.8/31").await;
    let outside = app.outside().await;
    let router = app.router().await;
    let fixed = &router["external_gateway_info"]["external_fixed_ips"][0];
    assert_eq!(fixed["ip_address"], "192.0.2.8");
    let range = &app.listed("networks?router:external=true").await[0]["subnets"][0];
    assert_eq!(fixed["subnet_id"], *range);
    let with = |address: &str| {
        let fixed = json!([{"ip_address": address, "subnet_id": range}]);
        json!({"network_id": outside, "external_fixed_ips": fixed})
    };
    let plain = json!({"external_gateway_info": {"network_id": outside, "enable_snat": false}});
    let changed = app.changed(&router, plain).await.expect(200).json();
    let kept = &changed["router"]["external_gateway_info"]["external_fixed_ips"][0];
    assert_eq!(kept["ip_address"], "192.0.2.8", "an address is kept");
    let moved = json!({"external_gateway_info": with("192.0.2.9")});
    app.changed(&router, moved).await.expect(200);
    let subnet = app.subnet("10.9.0.0/24").await;
    app.interface("add", &router, json!({"subnet_id": subnet["id"]}))
        .await
        .expect(200);
    assert_eq!(
        app.ways_out(),
        [Outside::From("192.0.2.9".parse().unwrap())]
    );
    assert_eq!(
        app.host.rules().unwrap().external,
        BTreeSet::from(["192.0.2.9".parse().unwrap()])
    );
    let make = async |gateway: Value| {
        let body = json!({"router": {"external_gateway_info": gateway}});
        app.net("POST", "routers", Some(body)).await
    };
    let refused = make(with("192.0.2.9")).await.expect(409);
    assert_eq!(kind(&refused), "IpAddressInUse");
    assert!(
        refused
            .detail()
            .contains("is in use by a floating IP or a router"),
        "{}",
        refused.text
    );
    let refused = make(with("192.0.2.7")).await.expect(400);
    assert!(
        refused
            .detail()
            .contains("one of 192.0.2.8-192.0.2.9 is expected"),
        "{}",
        refused.text
    );
    make(json!({"network_id": outside})).await.expect(201);
    let refused = make(json!({"network_id": outside})).await.expect(409);
    assert_eq!(kind(&refused), "ExternalIpAddressExhausted");
    assert!(
        refused.detail().contains("widen network.external"),
        "{}",
        refused.text
    );
}

#[tokio::test]
async fn interfaces_join_networks() {
    let app = TestApp::start().await;
    let router = app.made("router", json!({})).await;
    let (one, other) = (
        app.subnet("10.9.0.0/24").await,
        app.subnet("10.9.1.0/24").await,
    );
    let added = app
        .interface("add", &router, json!({"subnet_id": one["id"]}))
        .await;
    let added = added.expect(200).json();
    let port = &app
        .listed(&format!("ports?device_id={}", id(&router)))
        .await[0];
    for (field, value) in [
        ("id", json!(id(&router))),
        ("port_id", port["id"].clone()),
        ("subnet_id", one["id"].clone()),
        ("subnet_ids", json!([one["id"]])),
        ("network_id", one["network_id"].clone()),
        ("tenant_id", json!(app.shop.0.simple().to_string())),
    ] {
        assert_eq!(added[field], value, "{field}");
    }
    assert_eq!(port["device_owner"], "network:router_interface");
    assert_eq!(
        port["fixed_ips"],
        json!([{"subnet_id": one["id"], "ip_address": "10.9.0.1"}])
    );
    assert_eq!(port["mac_address"], "02:42:0a:09:00:01");
    assert_eq!(app.joined(), 0);
    app.interface("add", &router, json!({"subnet_id": other["id"]}))
        .await
        .expect(200);
    assert_eq!(app.joined(), 2, "each way");
    let refused = app
        .net("DELETE", &format!("routers/{}", id(&router)), None)
        .await
        .expect(409);
    assert_eq!(kind(&refused), "RouterInUse");
    assert!(
        refused.detail().contains("it has an interface on subnet"),
        "{}",
        refused.text
    );
    let both = json!({"subnet_id": one["id"], "port_id": port["id"]});
    let removed = app
        .interface("remove", &router, both)
        .await
        .expect(200)
        .json();
    assert_eq!(removed, added);
    assert_eq!(app.joined(), 0);
    app.net("GET", &format!("ports/{}", id(port)), None)
        .await
        .expect(404);
    app.interface("remove", &router, json!({"subnet_id": other["id"]}))
        .await
        .expect(200);
    app.net("DELETE", &format!("routers/{}", id(&router)), None)
        .await
        .expect(204);
}

#[tokio::test]
async fn interfaces_that_cannot_be() {
    let app = TestApp::with_range("192.0.2.0/29").await;
    let (router, taken) = (app.router().await, app.made("router", json!({})).await);
    let (free, used) = (
        app.subnet("10.9.0.0/24").await,
        app.subnet("10.9.1.0/24").await,
    );
    let (mine, theirs) = (
        app.subnet("10.9.2.0/24").await,
        app.subnet("10.9.3.0/24").await,
    );
    app.interface("add", &taken, json!({"subnet_id": used["id"]}))
        .await
        .expect(200);
    let own = app
        .interface("add", &router, json!({"subnet_id": mine["id"]}))
        .await;
    let own = own.expect(200).json()["port_id"].clone();
    let port = app
        .made("port", json!({"network_id": free["network_id"]}))
        .await;
    let range = app.listed("networks?router:external=true").await[0]["subnets"][0].clone();
    let cases = [
        ("add", json!({}), 400, "subnet_id: is required, or port_id"),
        (
            "add",
            json!({"subnet_id": "x"}),
            400,
            "subnet_id: \"x\" is not valid",
        ),
        (
            "add",
            json!({"subnet_id": free["id"], "port_id": port["id"]}),
            400,
            "goes without port_id",
        ),
        ("add", json!({"subnet_id": NONE}), 404, "subnet 1000"),
        ("add", json!({"port_id": NONE}), 404, "port 1000"),
        (
            "add",
            json!({"subnet_id": range}),
            404,
            "could not be found",
        ),
        (
            "add",
            json!({"subnet_id": mine["id"]}),
            400,
            "has an interface on subnet",
        ),
        (
            "add",
            json!({"subnet_id": used["id"]}),
            409,
            "a subnet has one router",
        ),
        ("add", json!({"port_id": own}), 409, "is in use by"),
        (
            "add",
            json!({"port_id": port["id"]}),
            400,
            "has the subnet's gateway address, 10.9.0.1",
        ),
        (
            "remove",
            json!({}),
            400,
            "subnet_id: is required, or port_id",
        ),
        (
            "remove",
            json!({"subnet_id": theirs["id"]}),
            404,
            "has no interface on subnet",
        ),
        (
            "remove",
            json!({"port_id": port["id"]}),
            404,
            "has no interface with port",
        ),
        (
            "remove",
            json!({"port_id": own, "subnet_id": free["id"]}),
            409,
            "not on",
        ),
    ];
    for (verb, body, status, words) in cases {
        let refused = app
            .interface(verb, &router, body.clone())
            .await
            .expect(status);
        assert!(
            refused.detail().contains(words),
            "{verb} {body}: {}",
            refused.text
        );
    }
}

#[tokio::test]
async fn routers_that_cannot_be() {
    let app = TestApp::start().await;
    let network = app.made("network", json!({"name": "own"})).await;
    let outside = app.outside().await;
    let inside = json!({"network_id": outside});
    let with = |field: &str, value: Value| {
        let mut gateway = inside.clone();
        gateway[field] = value;
        json!({"external_gateway_info": gateway})
    };
    let long = "x".repeat(256);
    for (body, status, words) in [
        (json!({"name": long}), 400, "name: has 256 characters"),
        (
            json!({"admin_state_up": "perhaps"}),
            400,
            "admin_state_up: must be a boolean",
        ),
        (
            json!({"distributed": true}),
            400,
            "distributed: true is not served",
        ),
        (json!({"ha": true}), 400, "ha: true is not served"),
        (
            json!({"routes": [{"destination": "10.0.0.0/8"}]}),
            400,
            "routes: extra routes are not served",
        ),
        (json!({"colour": "red"}), 400, "colour: "),
        (
            json!({"external_gateway_info": "x"}),
            400,
            "external_gateway_info: must be an object",
        ),
        (
            json!({"external_gateway_info": {"enable_snat": true}}),
            400,
            "external_gateway_info.network_id: is required",
        ),
        (
            with("network_id", network["id"].clone()),
            400,
            "is not an external network",
        ),
        (with("network_id", json!(NONE)), 404, "network 1000"),
        (
            with("external_fixed_ips", json!([{}, {}])),
            400,
            "external_fixed_ips: has 2 entries",
        ),
        (
            with("external_fixed_ips", json!([{"ip_address": "fd00::1"}])),
            400,
            "ip_address: \"fd00::1\" is not valid",
        ),
        (
            with("external_fixed_ips", json!([{"subnet_id": NONE}])),
            400,
            "is no subnet of the external network",
        ),
    ] {
        let body = json!({"router": body});
        let refused = app
            .net("POST", "routers", Some(body.clone()))
            .await
            .expect(status);
        assert!(refused.detail().contains(words), "{body}: {}", refused.text);
    }
    let refused = app
        .net("POST", "routers", Some(json!({})))
        .await
        .expect(400);
    assert!(
        refused.detail().contains("router: is required"),
        "{}",
        refused.text
    );
    assert_eq!(app.listed("routers").await.len(), 0);
}

#[tokio::test]
async fn a_stranger_and_the_subnets_of_others() {
    let app = TestApp::start().await;
    let subnet = app.subnet("10.9.0.0/24").await;
    let body = json!({"router": {"name": "theirs"}});
    let theirs = app
        .post(Who::Stranger, "/network/v2.0/routers", body)
        .await
        .expect(201)
        .json();
    let path = format!(
        "/network/v2.0/routers/{}/add_router_interface",
        id(&theirs["router"])
    );
    for (field, value) in [("subnet_id", &subnet["id"]), ("port_id", &subnet["id"])] {
        app.put(Who::Stranger, &path, json!({field: value}))
            .await
            .expect(404);
    }
    // An administrator sees both, and a router still joins subnets of its own project only.
    app.put(Who::Admin, &path, json!({"subnet_id": subnet["id"]}))
        .await
        .expect(404);
}
