//! `/network/v2.0`: networks, subnets, subnet pools and ports from their first day to their last.

use serde_json::{Value, json};

use super::network_group::{id, kind, pretty};
use super::{TestApp, Who};

impl TestApp {
    /// A network of the member's with an IPv4 subnet.
    pub(super) async fn network(&self, name: &str, cidr: &str) -> Value {
        let network = self.made("network", json!({"name": name})).await;
        let subnet = json!({"network_id": id(&network), "cidr": cidr, "ip_version": 4});
        self.made("subnet", subnet).await;
        network
    }

    /// One of the member's things as it is now.
    pub(super) async fn shown(&self, noun: &str, thing: &Value) -> Value {
        let rest = format!("{noun}s/{}", id(thing));
        let reply = self.net("GET", &rest, None).await;
        reply.expect(200).json()[noun].clone()
    }

    /// Changes one of the member's things.
    pub(super) async fn edited(&self, noun: &str, thing: &Value, change: Value) -> Value {
        let rest = format!("{noun}s/{}", id(thing));
        let reply = self.net("PUT", &rest, Some(json!({noun: change}))).await;
        reply.expect(200).json()[noun].clone()
    }

    /// A running container of the member's on these networks; its uuid.
    pub(super) async fn connected(&self, name: &str, networks: Value) -> String {
        let spec = json!({"image": "nginx", "networks": networks});
        let body = json!({"name": name, "spec": spec});
        let accepted = self.post(Who::Member, "/zund/v1/containers", body).await;
        let accepted = accepted.expect(202).json();
        let ended = self.ended(Who::Member, &accepted).await;
        assert_eq!(ended["state"], "succeeded", "{ended}");
        accepted["container"]["uuid"].as_str().unwrap().to_owned()
    }

    /// Stops a container of the member's.
    pub(super) async fn stopped(&self, container: &str) {
        let path = format!("/v1/containers/{container}/stop");
        self.ask(Who::Member, "POST", &path, None).await.expect(202);
        assert_eq!(self.settled(container).await["state"], "succeeded");
    }

    /// The end of a container of the member's.
    pub(super) async fn ended_for_good(&self, container: &str) {
        let path = format!("/zund/v1/containers/{container}?stop=true");
        let accepted = self.ask(Who::Member, "DELETE", &path, None).await;
        let accepted = accepted.expect(202).json();
        let ended = self.ended(Who::Member, &accepted).await;
        assert_eq!(ended["state"], "succeeded", "{ended}");
    }
}

fn names(all: &[Value]) -> Vec<&str> {
    all.iter()
        .map(|one| one["name"].as_str().unwrap())
        .collect()
}

#[tokio::test]
async fn a_network_from_its_first_day_to_its_last() {
    let app = TestApp::start().await;
    let body = json!({"name": "back", "description": "for data", "mtu": 1400, "shared": false});
    let made = app.made("network", body).await;
    insta::assert_snapshot!("network", pretty(&made));
    assert_eq!(app.shown("network", &made).await, made);
    let subnet = json!({"network_id": id(&made), "cidr": "10.9.0.0/24", "ip_version": 4});
    let subnet = app.made("subnet", subnet).await;
    assert_eq!(
        app.shown("network", &made).await["subnets"],
        json!([subnet["id"]])
    );
    app.clock.advance(60);
    let change = json!({"name": "data", "description": null, "mtu": 9000, "admin_state_up": false});
    let changed = app.edited("network", &made, change).await;
    let both = [&changed["name"], &changed["description"]];
    assert_eq!(both, ["data", ""]);
    assert_eq!(changed["mtu"], 9000);
    assert_eq!(changed["admin_state_up"], false);
    assert_ne!(changed["updated_at"], made["updated_at"]);
    let rest = format!("networks/{}", id(&made));
    app.net("DELETE", &rest, None).await.expect(204);
    let gone = app.net("GET", &rest, None).await.expect(404);
    assert_eq!(kind(&gone), "NetworkNotFound");
    let rest = format!("subnets/{}", id(&subnet));
    let gone = app.net("GET", &rest, None).await.expect(404);
    assert_eq!(kind(&gone), "SubnetNotFound");
}

#[tokio::test]
async fn the_default_network_and_the_outside_are_there() {
    let app = TestApp::start_with(|settings, _| {
        settings.network_external = Some("203.0.113.0/28".parse().unwrap());
    })
    .await;
    let all = app.listed("networks").await;
    assert_eq!(names(&all), ["default", "external"]);
    assert_eq!(
        [&all[0]["is_default"], &all[0]["router:external"]],
        [true, false]
    );
    assert_eq!(
        [&all[1]["is_default"], &all[1]["router:external"]],
        [false, true]
    );
    let outside = app.listed("networks?router:external=True").await;
    assert_eq!(outside, [all[1].clone()]);
    let rest = format!("subnets?network_id={}", id(&outside[0]));
    let range = &app.listed(&rest).await[0];
    assert_eq!(
        [&range["cidr"], &range["gateway_ip"]],
        [&json!("203.0.113.0/28"), &Value::Null]
    );
    let uuid = app.running("web").await;
    let network = format!("ports?network_id={}", id(&all[0]));
    let port = &app.listed(&network).await[0];
    assert_eq!(port["device_id"], uuid);
    for (method, what, body) in [
        ("PUT", &outside[0], Some(json!({"network": {"name": "x"}}))),
        ("DELETE", &outside[0], None),
        ("DELETE", &all[0], None),
    ] {
        let refused = app
            .net(method, &format!("networks/{}", id(what)), body)
            .await;
        let why = refused.expect(409).detail();
        assert!(why.contains("cannot be"), "{why}");
    }
}

#[tokio::test]
async fn subnets_of_both_families() {
    let app = TestApp::start().await;
    let network = app.made("network", json!({})).await;
    let body = json!({
        "network_id": id(&network),
        "name": "four",
        "ip_version": 4,
        // Bits behind the length do not count.
        "cidr": "10.9.0.77/24",
        "gateway_ip": "10.9.0.254",
        "allocation_pools": [{"start": "10.9.0.100", "end": "10.9.0.200"}],
        "dns_nameservers": ["10.9.0.53"],
        "enable_dhcp": true,
        "host_routes": [],
    });
    let four = app.made("subnet", body).await;
    insta::assert_snapshot!("subnet", pretty(&four));
    let body = json!({"network_id": id(&network), "ip_version": 6, "cidr": "fd00:9::/64"});
    let six = app.made("subnet", body).await;
    assert_eq!(six["gateway_ip"], "fd00:9::1");
    assert_eq!(six["ip_version"], 6);
    let change = json!({
        "name": "4",
        "gateway_ip": "10.9.0.1",
        "allocation_pools": [],
        "dns_nameservers": [],
    });
    let changed = app.edited("subnet", &four, change).await;
    assert_eq!(
        [&changed["name"], &changed["gateway_ip"]],
        ["4", "10.9.0.1"]
    );
    assert_eq!(changed["dns_nameservers"], json!([]));
    assert_eq!(changed["allocation_pools"], four["allocation_pools"]);
    let rest = format!("subnets/{}", id(&six));
    app.net("DELETE", &rest, None).await.expect(204);
    let rest = format!("subnets/{}", id(&four));
    app.net("DELETE", &rest, None).await.expect(204);
    assert_eq!(app.shown("network", &network).await["subnets"], json!([]));
}

#[tokio::test]
async fn a_pool_and_what_is_cut_from_it() {
    let app = TestApp::start().await;
    let body = json!({
        "name": "pool",
        "prefixes": ["10.9.0.0/23"],
        "default_prefixlen": 24,
        "min_prefixlen": 23,
        "max_prefixlen": "28",
    });
    let pool = app.made("subnetpool", body).await;
    insta::assert_snapshot!("subnetpool", pretty(&pool));
    let mut cut = Vec::new();
    for body in [
        json!({}),
        json!({"prefixlen": 28}),
        json!({"cidr": "10.9.1.32/28"}),
    ] {
        let network = app.made("network", json!({})).await;
        let mut body = body;
        body["network_id"] = network["id"].clone();
        body["subnetpool_id"] = pool["id"].clone();
        body["ip_version"] = json!(4);
        let subnet = app.made("subnet", body).await;
        assert_eq!(subnet["subnetpool_id"], pool["id"]);
        cut.push(subnet["cidr"].as_str().unwrap().to_owned());
    }
    assert_eq!(cut, ["10.9.0.0/24", "10.9.1.0/28", "10.9.1.32/28"]);
    let rest = format!("subnetpools/{}", id(&pool));
    let refused = app.net("DELETE", &rest, None).await.expect(409);
    assert_eq!(kind(&refused), "SubnetPoolDeleteError");
    let change = json!({"name": "wide", "prefixes": ["10.9.0.0/22"], "min_prefixlen": 22});
    let changed = app.edited("subnetpool", &pool, change).await;
    assert_eq!(changed["prefixes"], json!(["10.9.0.0/22"]));
}

#[tokio::test]
async fn a_shared_pool_is_everybodys_to_use() {
    let app = TestApp::start().await;
    let body = json!({"subnetpool": {"name": "all", "prefixes": ["10.9.0.0/16"], "min_prefixlen": 24, "shared": true}});
    let path = "/network/v2.0/subnetpools";
    app.post(Who::Member, path, body.clone()).await.expect(403);
    let pool = app.post(Who::Admin, path, body).await.expect(201).json();
    let pool = pool["subnetpool"].clone();
    assert_eq!(app.listed("subnetpools").await, std::slice::from_ref(&pool));
    let network = app.made("network", json!({})).await;
    let body = json!({"network_id": id(&network), "subnetpool_id": id(&pool)});
    assert_eq!(app.made("subnet", body).await["cidr"], "10.9.0.0/24");
    let rest = format!("subnetpools/{}", id(&pool));
    let body = json!({"subnetpool": {"name": "mine"}});
    let refused = app.net("PUT", &rest, Some(body)).await.expect(409);
    assert!(refused.detail().contains("belongs to another project"));
}

#[tokio::test]
async fn a_port_before_while_and_after_a_container_has_it() {
    let app = TestApp::start().await;
    let network = app.network("back", "10.9.0.0/24").await;
    let body = json!({
        "network_id": id(&network),
        "name": "web",
        "description": "front",
        "fixed_ips": [{"ip_address": "10.9.0.77"}],
        "device_owner": "mine",
    });
    let free = app.made("port", body).await;
    insta::assert_snapshot!("port", pretty(&free));
    let uuid = app.connected("web", json!([{"port": id(&free)}])).await;
    let bound = app.shown("port", &free).await;
    for (name, value) in [
        ("device_id", uuid.as_str()),
        ("device_owner", "compute:kuryr"),
        ("status", "ACTIVE"),
        ("binding:host_id", "host-1"),
        ("binding:vif_type", "bridge"),
    ] {
        assert_eq!(bound[name], value, "{name}");
    }
    assert_eq!(bound["fixed_ips"], free["fixed_ips"]);
    app.stopped(&uuid).await;
    assert_eq!(app.shown("port", &free).await["status"], "DOWN");
    let rest = format!("ports/{}", id(&free));
    let refused = app.net("DELETE", &rest, None).await.expect(409);
    assert_eq!(kind(&refused), "PortInUse");
    let why = refused.detail();
    assert!(
        why.contains("container web (") && why.contains("take it out"),
        "{why}"
    );
    app.ended_for_good(&uuid).await;
    let after = app.shown("port", &free).await;
    assert_eq!([&after["device_id"], &after["status"]], ["", "DOWN"]);
    assert_eq!(after["fixed_ips"], free["fixed_ips"]);
    app.net("DELETE", &rest, None).await.expect(204);
    let gone = app.net("GET", &rest, None).await.expect(404);
    assert_eq!(kind(&gone), "PortNotFound");
    let rest = format!("networks/{}", id(&network));
    app.net("DELETE", &rest, None).await.expect(204);
}

#[tokio::test]
async fn a_port_that_was_made_with_its_container_goes_with_it() {
    let app = TestApp::start().await;
    let network = app.network("back", "10.9.0.0/24").await;
    let uuid = app.connected("web", json!([{"network": "back"}])).await;
    let on = format!("ports?network_id={}", id(&network));
    let ports = app.listed(&on).await;
    assert_eq!(ports[0]["device_id"], uuid);
    app.ended_for_good(&uuid).await;
    assert_eq!(app.listed(&on).await, [Value::Null; 0]);
}

#[tokio::test]
async fn a_port_changes_while_its_container_runs() {
    let app = TestApp::start().await;
    let network = app.network("back", "10.9.0.0/24").await;
    let port = app.made("port", json!({"network_id": id(&network)})).await;
    app.connected("web", json!([{"port": id(&port)}])).await;
    let rules = || app.host.rules().unwrap();
    let of_port = || {
        let id: uuid::Uuid = id(&port).parse().unwrap();
        rules().ports[&zun_domain::id::PortId(id)].clone()
    };
    assert_eq!(of_port().groups.len(), 1, "the default group");
    let change = json!({"name": "w", "admin_state_up": false});
    let changed = app.edited("port", &port, change).await;
    assert_eq!([&changed["name"], &changed["status"]], ["w", "DOWN"]);
    assert!(of_port().groups.is_empty(), "nothing passes");
    let group = app.made("security_group", json!({"name": "web"})).await;
    let change = json!({"admin_state_up": true, "security_groups": [id(&group)]});
    let changed = app.edited("port", &port, change).await;
    assert_eq!(changed["security_groups"], json!([id(&group)]));
    let groups: Vec<String> = of_port().groups.iter().map(ToString::to_string).collect();
    assert_eq!(groups, [id(&group)]);
    app.edited("port", &port, json!({"security_groups": []}))
        .await;
    assert!(of_port().groups.is_empty());
}

#[tokio::test]
async fn free_ports_get_other_addresses() {
    let app = TestApp::start().await;
    let network = app.made("network", json!({})).await;
    for (version, cidr) in [(4, "10.9.0.0/24"), (6, "fd00:9::/64")] {
        let body = json!({"network_id": id(&network), "ip_version": version, "cidr": cidr});
        app.made("subnet", body).await;
    }
    let port = app.made("port", json!({"network_id": id(&network)})).await;
    let addresses = |port: &Value| -> Vec<String> {
        let all = port["fixed_ips"].as_array().unwrap();
        let ips = all.iter().map(|one| one["ip_address"].as_str().unwrap());
        ips.map(ToOwned::to_owned).collect()
    };
    assert_eq!(addresses(&port), ["10.9.0.2", "fd00:9::2"]);
    assert_eq!(port["mac_address"], "02:42:0a:09:00:02");
    let change = json!({"fixed_ips": [{"ip_address": "10.9.0.9"}]});
    let changed = app.edited("port", &port, change).await;
    assert_eq!(addresses(&changed), ["10.9.0.9", "fd00:9::2"]);
    assert_eq!(changed["mac_address"], "02:42:0a:09:00:09");
    let own_mac = json!({"network_id": id(&network), "mac_address": "FA:16:3E:00:00:01"});
    let own_mac = app.made("port", own_mac).await;
    let change = json!({"fixed_ips": [{"ip_address": "10.9.0.10"}, {"ip_address": "fd00:9::a"}]});
    let changed = app.edited("port", &own_mac, change).await;
    assert_eq!(addresses(&changed), ["10.9.0.10", "fd00:9::a"]);
    assert_eq!(changed["mac_address"], "fa:16:3e:00:00:01");
}
