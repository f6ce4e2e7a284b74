//! `/network/v2.0`: interfaces of routers, and what they let pass.

use serde_json::json;
use zun_domain::firewall::Outside;

use super::network_group::{id, kind};
use super::{TestApp, Who};

impl TestApp {
    fn joined(&self) -> usize {
        self.host.rules().unwrap().joined.len()
    }
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
    let rest = format!("routers/{}", id(&router));
    let refused = app.net("DELETE", &rest, None).await.expect(409);
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
    app.net("DELETE", &rest, None).await.expect(204);
}

#[tokio::test]
async fn interfaces_of_both_families() {
    let app = TestApp::start().await;
    let router = app.router().await;
    let subnet = app.subnet("10.9.0.0/24").await;
    let body = json!({"network_id": subnet["network_id"], "cidr": "fd00:9::/64", "ip_version": 6});
    let six = app.made("subnet", body).await;
    for (subnet, address) in [(&subnet, "10.9.0.1"), (&six, "fd00:9::1")] {
        let added = app
            .interface("add", &router, json!({"subnet_id": subnet["id"]}))
            .await;
        let port = added.expect(200).json()["port_id"].clone();
        let port = &app
            .listed(&format!("ports?id={}", port.as_str().unwrap()))
            .await[0];
        assert_eq!(port["fixed_ips"][0]["ip_address"], address);
    }
    let bridges = app.host.rules().unwrap().bridges;
    let bridge = bridges.values().find(|bridge| bridge.outside_v6).unwrap();
    assert_eq!(bridge.outside_v4, Some(Outside::Masqueraded));
    let seen = app
        .get(Who::Admin, "/network/v2.0/routers")
        .await
        .expect(200)
        .json();
    assert_eq!(
        seen["routers"][0]["id"], router["id"],
        "administrators see every project's"
    );
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
