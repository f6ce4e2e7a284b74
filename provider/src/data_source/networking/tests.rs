//! Looking up: by id, by name, by what else is asked, and what is said when not one is found.

use serde_json::json;
use tfplugin::{DataSource, Provider, Value};

use crate::provider::Zun;
use crate::session::Session;
use crate::testing::networking::{DEFAULT_GROUP, OUTSIDE};
use crate::testing::{Zund, object, refused};

fn asked(name: &str, set: &[(&str, Value)]) -> Value {
    let mut all = Zun.data_sources().into_iter();
    let found = all.find(|one| DataSource::<Session>::type_name(&**one) == name);
    object(&found.unwrap().schema(), set)
}

async fn look_up(zund: &Zund, name: &str, set: &[(&str, Value)]) -> Value {
    let terraform = zund.terraform().await;
    terraform.look_up(name, &asked(name, set)).await.unwrap()
}

async fn refusal(zund: &Zund, name: &str, set: &[(&str, Value)]) -> String {
    let terraform = zund.terraform().await;
    refused(terraform.look_up(name, &asked(name, set)).await)
}

fn string(text: &str) -> Value {
    Value::string(text)
}

#[tokio::test]
async fn what_later_resources_change_is_shown_here() {
    let zund = Zund::start().await;
    let (network, subnet) = zund.with(|world| {
        let networking = &mut world.networking;
        let network = networking.make("networks", &json!({"name": "front"}));
        let body = json!({"network_id": network, "cidr": "10.9.0.0/24", "ip_version": 4, "name": "front"});
        let subnet = networking.make("subnets", &body);
        let body = json!({"network_id": network, "name": "web", "device_id": "c", "device_owner": "compute:kuryr",
            "binding:host_id": "alpha"});
        networking.make("ports", &body);
        (network, subnet)
    });
    let found = look_up(&zund, "zun_network", &[("name", string("front"))]).await;
    let subnets = found.get("subnet_ids").unwrap().as_elements().unwrap();
    assert_eq!(subnets, [string(&subnet)]);
    assert_eq!(found.get("external"), Ok(&Value::Bool(false)));

    let set = [("network_id", string(&network)), ("device_id", string("c"))];
    let found = look_up(&zund, "zun_port", &set).await;
    for (name, text) in [
        ("name", "web"),
        ("device_owner", "compute:kuryr"),
        ("host", "alpha"),
        ("status", "ACTIVE"),
    ] {
        assert_eq!(found.get(name).unwrap().as_str(), Some(text), "{name}");
    }
    let set = [("ip_version", Value::number(4)), ("name", string("front"))];
    let found = look_up(&zund, "zun_subnet", &set).await;
    assert_eq!(found.get("id"), Ok(&string(&subnet)));
    assert_eq!(found.get("prefix_length"), Ok(&Value::number(24)));
}

#[tokio::test]
async fn the_outside_and_the_group_of_the_project_are_found() {
    let zund = Zund::start().await;
    let found = look_up(&zund, "zun_network", &[("external", Value::Bool(true))]).await;
    assert_eq!(found.get("id"), Ok(&string(OUTSIDE)));
    let found = look_up(&zund, "zun_security_group", &[("name", string("default"))]).await;
    assert_eq!(found.get("id"), Ok(&string(DEFAULT_GROUP)));
    assert_eq!(found.get("rules").unwrap().as_elements(), Some(&[][..]));
}

#[tokio::test]
async fn routers_and_floating_ips_are_found_by_what_is_asked() {
    let zund = Zund::start().await;
    let router = zund.with(|world| {
        let networking = &mut world.networking;
        let gateway = json!({"network_id": OUTSIDE, "enable_snat": true});
        networking.make("routers", &json!({"name": "main"}));
        let body = json!({"name": "main", "external_gateway_info": gateway});
        let router = networking.make("routers", &body);
        let body = json!({"floating_network_id": OUTSIDE, "floating_ip_address": "203.0.113.7",
            "router_id": router});
        networking.make("floatingips", &body);
        router
    });
    let message = refusal(&zund, "zun_router", &[("name", string("main"))]).await;
    assert!(
        message.contains("2 routers have the name \"main\"") && message.contains(&router),
        "{message}"
    );
    let set = [
        ("name", string("main")),
        ("external_network_id", string(OUTSIDE)),
    ];
    let found = look_up(&zund, "zun_router", &set).await;
    assert_eq!(found.get("id"), Ok(&string(&router)));
    let set = [
        ("address", string("203.0.113.7")),
        ("pool", string("outside")),
    ];
    let found = look_up(&zund, "zun_floating_ip", &set).await;
    assert_eq!(found.get("router_id"), Ok(&string(&router)));
}

#[tokio::test]
async fn what_is_not_there_is_named_as_it_was_asked_for() {
    let zund = Zund::start().await;
    let nowhere = "00000000-0000-4000-8000-000000000009";
    let message = refusal(&zund, "zun_port", &[("id", string(nowhere))]).await;
    assert!(
        message.contains(&format!("no port with the id \"{nowhere}\"")),
        "{message}"
    );
    let set = [("name", string("front")), ("ip_version", Value::number(6))];
    let message = refusal(&zund, "zun_subnet", &set).await;
    assert!(
        message.contains("no subnet with the name \"front\" and the ip_version 6"),
        "{message}"
    );
    let message = refusal(&zund, "zun_network", &[]).await;
    assert!(
        message.contains("One of \"id\", \"name\", \"external\" has to be set"),
        "{message}"
    );
}
