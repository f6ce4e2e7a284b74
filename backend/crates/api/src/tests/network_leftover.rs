//! Networks that the engine will not give up: no matter of the user's.

use serde_json::{Value, json};

use super::TestApp;
use super::network_group::id;

impl TestApp {
    /// Our networks in the engine.
    async fn in_engine(&self) -> Vec<String> {
        let mut names = self.host.drivers().networks.list().await.unwrap();
        names.sort();
        names
    }

    /// A network with these subnets, made in the engine by a container that is gone again.
    async fn used_network(&self, cidrs: &[&str]) -> Value {
        let network = self.made("network", json!({"name": "back"})).await;
        for cidr in cidrs {
            let version = if cidr.contains(':') { 6 } else { 4 };
            let body = json!({"network_id": id(&network), "cidr": cidr, "ip_version": version});
            self.made("subnet", body).await;
        }
        let networks = json!([{"network": id(&network)}]);
        let container = self.connected("web", networks).await;
        self.ended_for_good(&container).await;
        network
    }

    async fn deleted(&self, network: &Value) {
        let rest = format!("networks/{}", id(network));
        self.net("DELETE", &rest, None).await.expect(204);
    }
}

#[tokio::test]
async fn a_network_that_is_deleted_is_gone_from_the_engine() {
    let app = TestApp::start().await;
    let before = app.in_engine().await;
    let network = app.used_network(&["10.9.0.0/24"]).await;
    let name = format!("zun-{}", id(&network));
    assert!(app.in_engine().await.contains(&name));
    app.deleted(&network).await;
    assert_eq!(app.in_engine().await, before);
}

#[tokio::test]
async fn what_the_engine_keeps_is_taken_over_by_the_same() {
    let app = TestApp::start().await;
    let both = ["10.9.0.0/24", "fd00:9::/64"];
    let network = app.used_network(&both).await;
    let name = format!("zun-{}", id(&network));
    app.host.keep_network(&name);
    for _ in 0..3 {
        let left = app.listed("networks?name=back").await;
        app.deleted(&left[0]).await;
        let kept = app.in_engine().await;
        assert!(kept.contains(&name), "{kept:?}");
        app.used_network(&both).await;
        assert_eq!(app.in_engine().await, kept, "nothing piles up");
    }
    let left = app.listed("networks?name=back").await;
    app.host.give_up_networks();
    app.deleted(&left[0]).await;
    assert!(!app.in_engine().await.contains(&name));
}

#[tokio::test]
async fn what_the_engine_keeps_does_not_hinder_other_subnets() {
    let app = TestApp::start().await;
    let network = app.used_network(&["10.9.0.0/24"]).await;
    app.host.keep_network(&format!("zun-{}", id(&network)));
    let subnet = app.listed("subnets?cidr=10.9.0.0/24").await;
    let rest = format!("subnets/{}", id(&subnet[0]));
    app.net("DELETE", &rest, None).await.expect(204);
    let overlapping = json!({"network_id": id(&network), "cidr": "10.9.0.0/25"});
    let reply = app
        .net("POST", "subnets", Some(json!({"subnet": overlapping})))
        .await;
    let why = reply.expect(409).detail();
    assert!(why.contains("which the host or its engine uses"), "{why}");
    let body = json!({"network_id": id(&network), "cidr": "10.8.0.0/24"});
    app.made("subnet", body).await;
    app.connected("web", json!([{"network": "back"}])).await;
    assert_eq!(app.in_engine().await.len(), 2);
}
