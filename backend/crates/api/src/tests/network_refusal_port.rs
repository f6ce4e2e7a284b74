//! What `/network/v2.0` refuses of ports, and how it says so.

use serde_json::json;

use super::TestApp;
use super::network_group::id;
use super::network_refusal::{BAD, Case};

/// What a port cannot be.
const PORTS: &[(&str, &str)] = &[
    ("{}", "network_id: is required"),
    (
        r#"{"network_id": "@network", "fixed_ips": []}"#,
        "fixed_ips: is empty",
    ),
    (
        r#"{"network_id": "@network", "fixed_ips": "10.9.0.2"}"#,
        "fixed_ips: must be a list",
    ),
    (
        r#"{"network_id": "@network", "fixed_ips": [{}]}"#,
        "names neither a subnet_id nor an ip_address",
    ),
    (
        r#"{"network_id": "@network", "fixed_ips": [{"ip": "10.9.0.4"}]}"#,
        "fixed_ips[0].ip: no such parameter",
    ),
    (
        r#"{"network_id": "@network", "fixed_ips": [{"ip_address": "ten"}]}"#,
        "fixed_ips[0].ip_address: \"ten\"",
    ),
    (
        r#"{"network_id": "@network", "fixed_ips": [{"ip_address": "10.8.0.2"}]}"#,
        "is in no subnet of the network",
    ),
    (
        r#"{"network_id": "@network", "fixed_ips": [{"ip_address": "10.9.0.1"}]}"#,
        "gateway's (10.9.0.1)",
    ),
    (
        r#"{"network_id": "@network", "fixed_ips": [{"ip_address": "10.9.0.7"}]}"#,
        "the broadcast",
    ),
    (
        r#"{"network_id": "@network", "fixed_ips": [{"ip_address": "10.9.0.3"}, {"ip_address": "10.9.0.4"}]}"#,
        "is named twice",
    ),
    (
        r#"{"network_id": "@network", "fixed_ips": [{"subnet_id": "@network"}]}"#,
        "is no subnet of the network",
    ),
    (
        r#"{"network_id": "@network", "mac_address": "fa:16"}"#,
        "mac_address: \"fa:16\" is no MAC",
    ),
    (
        r#"{"network_id": "@network", "mac_address": "01:00:5e:00:00:01"}"#,
        "is the address of a group",
    ),
    (
        r#"{"network_id": "@network", "mac_address": "02:42:0a:09:00:05"}"#,
        "is the MAC of another address",
    ),
    (
        r#"{"network_id": "@network", "security_groups": ["x"]}"#,
        "security_groups: \"x\" is not valid",
    ),
    (
        r#"{"network_id": "@network", "port_security_enabled": false}"#,
        "from its own address only",
    ),
    (
        r#"{"network_id": "@network", "allowed_address_pairs": [{"ip_address": "10.9.0.4"}]}"#,
        "allowed_address_pairs: is not served",
    ),
    (
        r#"{"network_id": "@network", "binding:host_id": "host-1"}"#,
        "binding:host_id: is not served",
    ),
    (
        r#"{"network_id": "@network", "binding:vnic_type": "direct"}"#,
        "normal is expected",
    ),
];

/// The same for other reasons: status and Neutron's word for it.
const PORTS_STATE: &[Case] = &[
    (
        r#"{"network_id": "@shop"}"#,
        404,
        "NetworkNotFound",
        "could not be found",
    ),
    (
        r#"{"network_id": "@bare"}"#,
        409,
        "Conflict",
        "has no IPv4 subnet yet",
    ),
    (
        r#"{"network_id": "@outside"}"#,
        409,
        "Conflict",
        "is the outside",
    ),
    (
        r#"{"network_id": "@network", "fixed_ips": [{"ip_address": "10.9.0.2"}]}"#,
        409,
        "IpAddressAlreadyAllocated",
        "another port has the address 10.9.0.2",
    ),
    (
        r#"{"network_id": "@network", "mac_address": "FA:16:3E:00:00:01"}"#,
        409,
        "MacAddressInUse",
        "choose another one",
    ),
    (
        r#"{"network_id": "@network", "security_groups": ["@network"]}"#,
        404,
        "SecurityGroupNotFound",
        "could not be found",
    ),
    (
        r#"{"network_id": "@network", "device_owner": "network:dhcp"}"#,
        403,
        "PolicyNotAuthorized",
        "create_port:device_owner",
    ),
    (
        r#"{"network_id": "@network", "device_owner": "compute:nova"}"#,
        403,
        "PolicyNotAuthorized",
        "create_port:device_owner",
    ),
];

async fn with_outside() -> TestApp {
    TestApp::start_with(|settings, _| {
        settings.network_external = Some("203.0.113.0/28".parse().unwrap());
    })
    .await
}

#[tokio::test]
async fn ports() {
    let app = with_outside().await;
    let network = app.network("back", "10.9.0.0/29").await;
    let bare = app.made("network", json!({"name": "bare"})).await;
    let outside = app.listed("networks?router:external=true").await[0].clone();
    let own_mac = json!({"network_id": id(&network), "mac_address": "fa:16:3e:00:00:01"});
    app.made("port", own_mac).await;
    let shop = app.shop.0.to_string();
    let ids = [
        ("@network", id(&network)),
        ("@bare", id(&bare)),
        ("@outside", id(&outside)),
        ("@shop", &shop),
    ];
    app.refuses_all("port", &ids, PORTS, PORTS_STATE).await;
    let body = json!({"network_id": id(&network)});
    for _ in 0..4 {
        app.made("port", body.clone()).await;
    }
    let words = "every address of the subnet";
    let full = (409, "IpAddressGenerationFailure", words);
    app.refuses(("POST", "ports"), json!({"port": body}), full)
        .await;
}

#[tokio::test]
async fn ports_that_a_container_has() {
    let app = TestApp::start().await;
    let network = app.network("back", "10.9.0.0/24").await;
    let port = app.made("port", json!({"network_id": id(&network)})).await;
    app.connected("web", json!([{"port": id(&port)}])).await;
    let rest = format!("ports/{}", id(&port));
    for (change, status, name, words) in [
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
    ] {
        let body = json!({"port": change});
        app.refuses(("PUT", &rest), body, (status, name, words))
            .await;
    }
    let same = json!({"fixed_ips": port["fixed_ips"]});
    app.edited("port", &port, same).await;
}

#[tokio::test]
async fn ports_that_a_floating_ip_stands_for() {
    let app = with_outside().await;
    let outside = app.listed("networks?router:external=true").await[0].clone();
    let network = app.network("back", "10.9.0.0/24").await;
    let subnet = app.shown("network", &network).await["subnets"][0].clone();
    let gateway = json!({"external_gateway_info": {"network_id": id(&outside)}});
    let router = app.made("router", gateway).await;
    let rest = format!("routers/{}/add_router_interface", id(&router));
    let body = json!({"subnet_id": subnet});
    app.net("PUT", &rest, Some(body)).await.expect(200);
    let port = app.made("port", json!({"network_id": id(&network)})).await;
    let body = json!({"floating_network_id": id(&outside), "port_id": id(&port)});
    let floating = app.made("floatingip", body).await;
    let rest = format!("ports/{}", id(&port));
    let change = json!({"port": {"fixed_ips": [{"ip_address": "10.9.0.9"}]}});
    let stands = (409, "PortInUse", "disassociate it first");
    app.refuses(("PUT", &rest), change, stands).await;
    // Deleted, it takes nothing with it.
    app.net("DELETE", &rest, None).await.expect(204);
    let after = app.shown("floatingip", &floating).await;
    assert!(after["port_id"].is_null() && after["router_id"].is_null());
}
