//! `/network/v2.0`: floating IPs.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::network_group::{id, kind, pretty};
use super::{Reply, TestApp, Who};

impl TestApp {
    /// A floating IP of the member's.
    pub(super) async fn floating(&self, mut body: Value) -> Reply {
        if body["floating_network_id"].is_null() {
            body["floating_network_id"] = json!(self.outside().await);
        }
        let body = json!({"floatingip": body});
        self.net("POST", "floatingips", Some(body)).await
    }

    pub(super) async fn give(&self, floating: &Value, body: Value) -> Reply {
        let rest = format!("floatingips/{}", id(floating));
        self.net("PUT", &rest, Some(json!({"floatingip": body})))
            .await
    }

    /// The first port of a container.
    pub(super) async fn port_of(&self, container: &str) -> Value {
        self.listed(&format!("ports?device_id={container}")).await[0].clone()
    }

    /// Addresses of the outside that lead somewhere, and where.
    fn floats(&self) -> BTreeMap<String, String> {
        let rules = self.host.rules().unwrap();
        let text = |(from, to): (&std::net::Ipv4Addr, &std::net::Ipv4Addr)| {
            (from.to_string(), to.to_string())
        };
        rules.floating.iter().map(text).collect()
    }
}

#[tokio::test]
async fn a_floating_ip_from_its_first_day_to_its_last() {
    let app = TestApp::with_range("192.0.2.8/30").await;
    let made = app
        .floating(json!({"description": "front"}))
        .await
        .expect(201);
    let made = made.json()["floatingip"].clone();
    insta::assert_snapshot!("floating_ip", pretty(&made));
    let container = app.running("web").await;
    let port = app.port_of(&container).await;
    let fixed = port["fixed_ips"][0]["ip_address"].as_str().unwrap();
    app.clock.advance(60);
    let given = app
        .give(&made, json!({"port_id": port["id"]}))
        .await
        .expect(200)
        .json();
    let given = given["floatingip"].clone();
    assert_eq!(given["status"], "ACTIVE");
    assert_eq!(given["port_id"], port["id"]);
    assert_eq!(given["fixed_ip_address"], fixed);
    assert_eq!(
        given["router_id"],
        Value::Null,
        "a default network is reached without one"
    );
    let expected = BTreeMap::from([("192.0.2.8".to_owned(), fixed.to_owned())]);
    assert_eq!(app.floats(), expected, "in force when the answer comes");
    let rest = format!("floatingips/{}", id(&made));
    let shown = app.net("GET", &rest, None).await;
    assert_eq!(shown.expect(200).json()["floatingip"], given);
    let listed = app
        .listed(&format!("floatingips?port_id={}", id(&port)))
        .await;
    assert_eq!(listed, [given]);
    let words = app
        .give(&made, json!({"description": "x"}))
        .await
        .expect(200)
        .json();
    assert_eq!(
        words["floatingip"]["port_id"], port["id"],
        "what is not given stays"
    );
    let taken = app
        .give(&made, json!({"port_id": null}))
        .await
        .expect(200)
        .json();
    for field in ["port_id", "fixed_ip_address", "router_id"] {
        assert_eq!(taken["floatingip"][field], Value::Null, "{field}");
    }
    assert_eq!(taken["floatingip"]["status"], "DOWN");
    assert_eq!(app.floats(), BTreeMap::new());
    app.net("DELETE", &rest, None).await.expect(204);
    assert!(app.host.rules().unwrap().external.is_empty());
    let gone = app.net("GET", &rest, None).await.expect(404);
    assert_eq!(kind(&gone), "FloatingIPNotFound");
}

#[tokio::test]
async fn it_stays_when_its_container_goes() {
    let app = TestApp::with_range("192.0.2.8/30").await;
    let container = app.running("web").await;
    let port = app.port_of(&container).await;
    let made = app
        .floating(json!({"port_id": port["id"]}))
        .await
        .expect(201)
        .json();
    assert_eq!(made["floatingip"]["status"], "ACTIVE");
    assert_eq!(app.floats().len(), 1);
    let path = format!("/zund/v1/containers/{container}?stop=true");
    let accepted = app
        .ask(Who::Member, "DELETE", &path, None)
        .await
        .expect(202)
        .json();
    app.ended(Who::Member, &accepted).await;
    let left = app.listed("floatingips").await;
    assert_eq!(
        [&left[0]["status"], &left[0]["port_id"]],
        [&json!("DOWN"), &Value::Null]
    );
    assert_eq!(left[0]["floating_ip_address"], "192.0.2.8");
}

#[tokio::test]
async fn addresses_of_the_range() {
    let app = TestApp::with_range("192.0.2.8/31").await;
    let wanted = json!({"floating_ip_address": "192.0.2.9"});
    let made = app.floating(wanted.clone()).await.expect(201).json();
    assert_eq!(made["floatingip"]["floating_ip_address"], "192.0.2.9");
    let refused = app.floating(wanted).await.expect(409);
    assert_eq!(kind(&refused), "IpAddressInUse");
    let refused = app
        .floating(json!({"floating_ip_address": "192.0.2.1"}))
        .await
        .expect(400);
    assert!(
        refused.detail().contains("one of 192.0.2.8-192.0.2.9"),
        "{}",
        refused.text
    );
    app.router().await;
    let refused = app.floating(json!({})).await.expect(409);
    assert_eq!(kind(&refused), "ExternalIpAddressExhausted");
    assert!(
        refused.detail().contains("(192.0.2.8-192.0.2.9) is in use"),
        "{}",
        refused.text
    );
}

#[tokio::test]
async fn a_port_behind_a_router() {
    let app = TestApp::with_range("192.0.2.0/29").await;
    let subnet = app.subnet("10.9.0.0/24").await;
    let port = app
        .made("port", json!({"network_id": subnet["network_id"]}))
        .await;
    let made = app.floating(json!({})).await.expect(201).json()["floatingip"].clone();
    let ask = json!({"port_id": port["id"]});
    let refused = app.give(&made, ask.clone()).await.expect(404);
    assert_eq!(kind(&refused), "ExternalGatewayForFloatingIPNotFound");
    assert!(
        refused.detail().contains("give a router a gateway"),
        "{}",
        refused.text
    );
    let router = app.made("router", json!({})).await;
    let on = json!({"subnet_id": subnet["id"]});
    app.interface("add", &router, on.clone()).await.expect(200);
    app.give(&made, ask.clone()).await.expect(404);
    let rest = format!("routers/{}", id(&router));
    let gateway = json!({"router": {"external_gateway_info": {"network_id": app.outside().await}}});
    app.net("PUT", &rest, Some(gateway)).await.expect(200);
    let given = app.give(&made, ask).await.expect(200).json();
    assert_eq!(given["floatingip"]["router_id"], router["id"]);
    for (refused, name) in [
        (
            app.interface("remove", &router, on.clone()).await,
            "RouterInterfaceInUseByFloatingIP",
        ),
        (app.net("DELETE", &rest, None).await, "RouterInUse"),
        (
            app.net(
                "PUT",
                &rest,
                Some(json!({"router": {"external_gateway_info": null}})),
            )
            .await,
            "RouterExternalGatewayInUseByFloatingIp",
        ),
    ] {
        let refused = refused.expect(409);
        assert_eq!(kind(&refused), name);
        assert!(
            refused.detail().contains("disassociate that first"),
            "{}",
            refused.text
        );
        assert!(refused.detail().contains(id(&made)), "{}", refused.text);
    }
    app.give(&made, json!({"port_id": null})).await.expect(200);
    app.interface("remove", &router, on).await.expect(200);
    app.net("DELETE", &rest, None).await.expect(204);
}

#[tokio::test]
async fn without_a_range_there_are_none() {
    let app = TestApp::start().await;
    let refused = app.floating(json!({})).await.expect(409);
    assert_eq!(kind(&refused), "ExternalIpAddressExhausted");
    assert!(
        refused.detail().contains("set network.external"),
        "{}",
        refused.text
    );
}
