//! Floating IPs: where they come from, and by what they are found.

use serde_json::json;
use tfplugin::{ImportBy, Value};

use super::{config, settle, string};
use crate::testing::Zund;

const TYPE: &str = "zun_floating_ip";

#[tokio::test]
async fn the_only_external_network_need_not_be_named() {
    let zund = Zund::start().await;
    let terraform = zund.terraform().await;
    let stored = settle(&terraform, TYPE, None, &config(TYPE, &[])).await;
    assert_eq!(stored.state.get("pool").unwrap().as_str(), Some("outside"));
    let address = stored.state.get("address").unwrap().as_str().unwrap();
    let imported = terraform.import(TYPE, ImportBy::Id(address.to_owned()));
    let imported = imported.await.unwrap();
    let imported = terraform.refresh(TYPE, &imported).await.unwrap().unwrap();
    assert_eq!(imported.state, stored.state);
    let named = config(TYPE, &[("pool", string("outside"))]);
    let planned = terraform.plan(TYPE, Some(&stored), &named).await.unwrap();
    assert_eq!(planned.state, stored.state);
}

#[tokio::test]
async fn a_pool_that_is_not_there_or_not_told_says_which_there_are() {
    let zund = Zund::start().await;
    let terraform = zund.terraform().await;
    let tried = async |set: &[(&str, Value)]| {
        let outcome = terraform.apply(TYPE, None, &config(TYPE, set)).await;
        outcome.unwrap().errors.join("\n")
    };
    let text = tried(&[("pool", string("else"))]).await;
    for part in [
        "pool: ",
        "is named \"else\"",
        "External networks are \"outside\"",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
    zund.with(|world| {
        let other = json!({"name": "other", "router:external": true});
        world.networking.make("networks", &other);
    });
    let text = tried(&[]).await;
    assert!(text.contains("Say with pool"), "{text}");
    assert!(
        text.contains("\"outside\"") && text.contains("\"other\""),
        "{text}"
    );
}

#[tokio::test]
async fn a_port_that_is_gone_is_drift() {
    let zund = Zund::start().await;
    let terraform = zund.terraform().await;
    let port = zund.with(|world| world.networking.make("ports", &json!({"network_id": "n"})));
    let bound = config(TYPE, &[("port_id", string(&port))]);
    let stored = settle(&terraform, TYPE, None, &bound).await;
    assert!(stored.state.get("fixed_ip").unwrap().as_str().is_some());
    zund.with(|world| {
        let floating = world.networking.only("floatingips");
        floating["port_id"] = json!(null);
        floating["fixed_ip_address"] = json!(null);
    });
    let fresh = terraform.refresh(TYPE, &stored).await.unwrap().unwrap();
    assert!(fresh.state.get("port_id").unwrap().is_null());
    let planned = terraform.plan(TYPE, Some(&fresh), &bound).await.unwrap();
    assert!(planned.state.get("fixed_ip").unwrap().is_unknown());
    settle(&terraform, TYPE, Some(fresh), &bound).await;
}
