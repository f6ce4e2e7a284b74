//! Routers: interfaces, and what follows the external network.

use serde_json::json;
use tfplugin::Value;

use super::{config, id, settle, string};
use crate::testing::Zund;
use crate::testing::networking::OUTSIDE;

const TYPE: &str = "zun_router";

fn on(subnets: &[u32]) -> Value {
    let ids = subnets.iter().map(|number| id(*number)).collect();
    config(TYPE, &[("subnet_ids", Value::Set(ids))])
}

#[tokio::test]
async fn interfaces_come_and_go_live_and_go_with_the_router() {
    let zund = Zund::start().await;
    let terraform = zund.terraform().await;
    let stored = settle(&terraform, TYPE, None, &on(&[1, 2])).await;
    let stored = settle(&terraform, TYPE, Some(stored), &on(&[2, 3])).await;
    assert_eq!(zund.with(|world| world.networking.count("ports")), 2);

    // By hand: one taken away, another added.
    zund.with(|world| {
        let ports = world.networking.held.get_mut("ports").unwrap();
        let first = ports.keys().next().unwrap().clone();
        let port = ports.get_mut(&first).unwrap();
        port["fixed_ips"][0]["subnet_id"] = json!("00000000-0000-4000-8000-000000000009");
    });
    let fresh = terraform.refresh(TYPE, &stored).await.unwrap().unwrap();
    assert_ne!(
        fresh.state.get("subnet_ids"),
        stored.state.get("subnet_ids")
    );
    let stored = settle(&terraform, TYPE, Some(fresh), &on(&[2, 3])).await;

    let outcome = terraform.apply(TYPE, Some(stored), &Value::Null).await;
    assert_eq!(outcome.unwrap().errors, [""; 0]);
    assert_eq!(zund.with(|world| world.networking.count("ports")), 0);
}

#[tokio::test]
async fn an_interface_that_is_refused_leaves_a_tainted_router_in_a_true_state() {
    let zund = Zund::start().await;
    let terraform = zund.terraform().await;
    let planned = terraform.plan(TYPE, None, &on(&[1])).await.unwrap();
    let stored = settle(&terraform, TYPE, None, &on(&[])).await;
    let message = "subnet_id: the gateway address belongs to another router";
    zund.with(|world| {
        world.networking.refusal = Some((409, "IpAddressInUse", message.to_owned()));
    });
    let outcome = terraform
        .apply(TYPE, Some(stored), &on(&[1]))
        .await
        .unwrap();
    let text = outcome.errors.join("\n");
    assert!(
        text.starts_with("subnet_ids: Cannot connect router"),
        "{text}"
    );
    let none = Value::Set(Vec::new());
    assert_eq!(
        outcome.stored.unwrap().state.get("subnet_ids"),
        Ok(&none),
        "as it is"
    );
    assert!(planned.state.get("id").unwrap().is_unknown());
}

#[tokio::test]
async fn snat_and_address_follow_the_external_network() {
    let zund = Zund::start().await;
    let terraform = zund.terraform().await;
    let outside = config(TYPE, &[("external_network_id", string(OUTSIDE))]);
    let stored = settle(&terraform, TYPE, None, &outside).await;
    assert_eq!(stored.state.get("enable_snat"), Ok(&Value::Bool(true)));
    let addresses = stored.state.get("external_fixed_ip").unwrap();
    assert_eq!(addresses.as_elements().unwrap().len(), 1);
    let closed = config(TYPE, &[]);
    let planned = terraform.plan(TYPE, Some(&stored), &closed).await.unwrap();
    assert_eq!(planned.state.get("enable_snat"), Ok(&Value::Null));
    let none = Value::List(Vec::new());
    assert_eq!(planned.state.get("external_fixed_ip"), Ok(&none));
    settle(&terraform, TYPE, Some(stored), &closed).await;
}
