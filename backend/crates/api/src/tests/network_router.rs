//! `/network/v2.0`: routers, their interfaces and their way to the outside.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use zun_domain::firewall::Outside;

use super::network_group::{id, kind, pretty};
use super::{Reply, TestApp};

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

    async fn rerouted(&self, router: &Value, body: Value) -> Reply {
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
    let changed = app.rerouted(&made, body).await.expect(200).json()["router"].clone();
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
    let changed = app.rerouted(&router, plain).await.expect(200).json();
    assert_eq!(
        changed["router"]["external_gateway_info"]["enable_snat"],
        false
    );
    assert_eq!(app.ways_out(), [Outside::Routed]);
    app.rerouted(&router, json!({"admin_state_up": false}))
        .await
        .expect(200);
    assert_eq!(app.ways_out(), []);
    app.rerouted(&router, json!({"admin_state_up": true}))
        .await
        .expect(200);
    for none in [json!(null), json!({})] {
        let body = json!({"external_gateway_info": none});
        let changed = app.rerouted(&router, body).await.expect(200).json();
        assert_eq!(changed["router"]["external_gateway_info"], Value::Null);
        assert_eq!(app.ways_out(), []);
        let body = json!({"external_gateway_info": {"network_id": outside}});
        app.rerouted(&router, body).await.expect(200);
        assert_eq!(app.ways_out(), [Outside::Masqueraded]);
    }
    let wanted =
        json!({"network_id": outside, "external_fixed_ips": [{"ip_address": "192.0.2.1"}]});
    let body = json!({"external_gateway_info": wanted});
    let refused = app.rerouted(&router, body).await.expect(400);
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
    let changed = app.rerouted(&router, plain).await.expect(200).json();
    let kept = &changed["router"]["external_gateway_info"]["external_fixed_ips"][0];
    assert_eq!(kept["ip_address"], "192.0.2.8", "an address is kept");
    let moved = json!({"external_gateway_info": with("192.0.2.9")});
    app.rerouted(&router, moved).await.expect(200);
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
}

#[tokio::test]
async fn addresses_of_gateways_are_given_once() {
    let app = TestApp::with_range("192.0.2.8/31").await;
    let outside = app.outside().await;
    let with = |address: &str| json!({"network_id": outside, "external_fixed_ips": [{"ip_address": address}]});
    let make = async |gateway: Value| {
        let body = json!({"router": {"external_gateway_info": gateway}});
        app.net("POST", "routers", Some(body)).await
    };
    make(with("192.0.2.9")).await.expect(201);
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
