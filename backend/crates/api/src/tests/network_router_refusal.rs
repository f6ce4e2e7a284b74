//! `/network/v2.0`: what is refused of routers, their interfaces and floating IPs, each with its sentence.

use serde_json::{Value, json};

use super::{Reply, TestApp};

/// What is nowhere.
const NONE: &str = "10000000-0000-4000-8000-00000000ffff";

/// A body with words in place of ids, the status, and words of the refusal.
type Wrong = (&'static str, u16, &'static str);

/// Asks for each, with these ids in place of the words.
async fn refused(table: &[Wrong], ids: &[(&str, &Value)], ask: impl AsyncFn(Value) -> Reply) {
    let fill = |text: &str| {
        let known = ids.iter().map(|(word, id)| (*word, id.as_str().unwrap()));
        let known = known.chain([("NONE", NONE)]);
        known.fold(text.to_owned(), |text, (word, id)| text.replace(word, id))
    };
    for (body, status, words) in table {
        let body: Value = serde_json::from_str(&fill(body)).unwrap();
        let reply = ask(body.clone()).await.expect(*status);
        assert!(
            reply.detail().contains(&fill(words)),
            "{body}: {}",
            reply.text
        );
    }
}

const ROUTERS: &[Wrong] = &[
    (r#"{"name": "LONG"}"#, 400, "name: has 256 characters"),
    (
        r#"{"admin_state_up": "perhaps"}"#,
        400,
        "admin_state_up: must be a boolean",
    ),
    (
        r#"{"distributed": true}"#,
        400,
        "distributed: true is not served",
    ),
    (r#"{"ha": true}"#, 400, "ha: true is not served"),
    (
        r#"{"routes": [{"destination": "10.0.0.0/8"}]}"#,
        400,
        "routes: extra routes are not served",
    ),
    (r#"{"colour": "red"}"#, 400, "colour: "),
    (
        r#"{"external_gateway_info": "x"}"#,
        400,
        "external_gateway_info: must be an object",
    ),
    (
        r#"{"external_gateway_info": {"enable_snat": true}}"#,
        400,
        "external_gateway_info.network_id: is required",
    ),
    (
        r#"{"external_gateway_info": {"network_id": "OWN"}}"#,
        400,
        "network OWN is not an external network; external is: OUTSIDE",
    ),
    (
        r#"{"external_gateway_info": {"network_id": "NONE"}}"#,
        404,
        "network NONE could not be found",
    ),
    (
        r#"{"external_gateway_info": {"network_id": "OUTSIDE", "external_fixed_ips": {}}}"#,
        400,
        "external_fixed_ips: must be a list",
    ),
    (
        r#"{"external_gateway_info": {"network_id": "OUTSIDE", "external_fixed_ips": [{}, {}]}}"#,
        400,
        "external_fixed_ips: has 2 entries",
    ),
    (
        r#"{"external_gateway_info": {"network_id": "OUTSIDE", "external_fixed_ips": [{"ip_address": "fd00::1"}]}}"#,
        400,
        "ip_address: \"fd00::1\" is not valid",
    ),
    (
        r#"{"external_gateway_info": {"network_id": "OUTSIDE", "external_fixed_ips": [{"subnet_id": "NONE"}]}}"#,
        400,
        "NONE is no subnet of the external network",
    ),
];

#[tokio::test]
async fn routers_that_cannot_be() {
    let app = TestApp::start().await;
    let network = app.made("network", json!({"name": "own"})).await;
    let (outside, long) = (json!(app.outside().await), json!("x".repeat(256)));
    let ids = [
        ("LONG", &long),
        ("OWN", &network["id"]),
        ("OUTSIDE", &outside),
    ];
    refused(ROUTERS, &ids, async |body| {
        app.net("POST", "routers", Some(json!({"router": body})))
            .await
    })
    .await;
    let bare: &[Wrong] = &[("{}", 400, "router: is required")];
    refused(bare, &[], async |body| {
        app.net("POST", "routers", Some(body)).await
    })
    .await;
    assert_eq!(
        app.listed("routers").await.len(),
        0,
        "what was refused leaves nothing behind"
    );
}

const ADDED: &[Wrong] = &[
    ("{}", 400, "subnet_id: is required, or port_id"),
    (
        r#"{"subnet_id": "x"}"#,
        400,
        "subnet_id: \"x\" is not valid",
    ),
    (
        r#"{"subnet_id": "FREE", "port_id": "PORT"}"#,
        400,
        "goes without port_id",
    ),
    (r#"{"subnet_id": "FREE", "colour": "red"}"#, 400, "colour: "),
    (
        r#"{"subnet_id": "NONE"}"#,
        404,
        "subnet NONE could not be found",
    ),
    (
        r#"{"port_id": "NONE"}"#,
        404,
        "port NONE could not be found",
    ),
    (
        r#"{"subnet_id": "RANGE"}"#,
        404,
        "subnet RANGE could not be found",
    ),
    (
        r#"{"subnet_id": "MINE"}"#,
        400,
        "has an interface on subnet MINE already",
    ),
    (r#"{"subnet_id": "USED"}"#, 409, "a subnet has one router"),
    (r#"{"port_id": "OWN"}"#, 409, "port OWN is in use by"),
    (
        r#"{"port_id": "PORT"}"#,
        400,
        "port PORT has 10.9.0.2; an interface of a router has the gateway address",
    ),
];

const REMOVED: &[Wrong] = &[
    ("{}", 400, "subnet_id: is required, or port_id"),
    (
        r#"{"subnet_id": "FREE"}"#,
        404,
        "has no interface on subnet FREE",
    ),
    (
        r#"{"port_id": "PORT"}"#,
        404,
        "has no interface with port PORT",
    ),
    (
        r#"{"subnet_id": "FREE", "port_id": "OWN"}"#,
        409,
        "port OWN is on subnet MINE, not on FREE",
    ),
];

#[tokio::test]
async fn interfaces_that_cannot_be() {
    let app = TestApp::with_range("192.0.2.0/29").await;
    let (router, other) = (app.router().await, app.made("router", json!({})).await);
    let free = app.subnet("10.9.0.0/24").await;
    let (used, mine) = (
        app.subnet("10.9.1.0/24").await,
        app.subnet("10.9.2.0/24").await,
    );
    let on = json!({"subnet_id": used["id"]});
    app.interface("add", &other, on).await.expect(200);
    let on = json!({"subnet_id": mine["id"]});
    let own = app.interface("add", &router, on).await.expect(200).json();
    let port = json!({"network_id": free["network_id"]});
    let port = app.made("port", port).await;
    let range = &app.listed("networks?router:external=true").await[0]["subnets"][0];
    let ids = [
        ("FREE", &free["id"]),
        ("USED", &used["id"]),
        ("MINE", &mine["id"]),
        ("OWN", &own["port_id"]),
        ("PORT", &port["id"]),
        ("RANGE", range),
    ];
    for (verb, table) in [("add", ADDED), ("remove", REMOVED)] {
        refused(table, &ids, async |body| {
            app.interface(verb, &router, body).await
        })
        .await;
    }
}

const FLOATING: &[Wrong] = &[
    (
        r#"{"floating_network_id": "x"}"#,
        400,
        "floating_network_id: \"x\" is not valid",
    ),
    (
        r#"{"floating_network_id": "NONE"}"#,
        404,
        "network NONE could not be found",
    ),
    (
        r#"{"floating_network_id": "INSIDE"}"#,
        400,
        "network INSIDE is not an external network; external is",
    ),
    (
        r#"{"subnet_id": "SUBNET"}"#,
        400,
        "SUBNET is no subnet of the external network; it has",
    ),
    (
        r#"{"floating_ip_address": "fd00::1"}"#,
        400,
        "an IPv4 address is expected",
    ),
    (
        r#"{"fixed_ip_address": "10.0.0.1"}"#,
        400,
        "fixed_ip_address: goes with port_id",
    ),
    (
        r#"{"port_id": "NONE"}"#,
        404,
        "port NONE could not be found",
    ),
    (r#"{"port_id": "OWN"}"#, 400, "port OWN belongs to a router"),
    (
        r#"{"port_id": "PORT", "fixed_ip_address": "10.0.0.1"}"#,
        400,
        "port PORT does not have 10.0.0.1; it has",
    ),
    (
        r#"{"port_id": "PORT"}"#,
        409,
        "port PORT has the floating IP 192.0.2.0",
    ),
    (r#"{"dns_name": "www"}"#, 400, "dns_name: is not served"),
    (r#"{"colour": "red"}"#, 400, "colour: "),
];

#[tokio::test]
async fn floating_ips_that_cannot_be() {
    let app = TestApp::with_range("192.0.2.0/29").await;
    let container = app.running("web").await;
    let port = app.port_of(&container).await;
    let again = json!({"port_id": port["id"]});
    let first = app.floating(again.clone()).await.expect(201).json();
    let (router, subnet) = (app.router().await, app.subnet("10.9.0.0/24").await);
    let on = json!({"subnet_id": subnet["id"]});
    let own = app.interface("add", &router, on).await.expect(200).json();
    let ids = [
        ("INSIDE", &subnet["network_id"]),
        ("SUBNET", &subnet["id"]),
        ("OWN", &own["port_id"]),
        ("PORT", &port["id"]),
    ];
    refused(FLOATING, &ids, async |body| app.floating(body).await).await;
    let bare: &[Wrong] = &[(
        r#"{"floatingip": {}}"#,
        400,
        "floating_network_id: is required",
    )];
    refused(bare, &[], async |body| {
        app.net("POST", "floatingips", Some(body)).await
    })
    .await;
    // Given again to the port that has it, it stays.
    app.give(&first["floatingip"], again).await.expect(200);
    assert_eq!(app.listed("floatingips").await.len(), 1);
    for rest in ["routers/edge", "floatingips/192.0.2.0"] {
        let reply = app.net("GET", rest, None).await.expect(404);
        assert!(
            reply.detail().contains("could not be found"),
            "{}",
            reply.text
        );
    }
}
