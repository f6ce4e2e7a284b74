//! Lists of `/network/v2.0`: filters, fields, order, pages; and what clients look up before they begin.

use serde_json::{Value, json};

use super::network_group::{id, kind};
use super::{TestApp, Who};

async fn named(app: &TestApp, rest: &str) -> Vec<String> {
    let all = app.listed(rest).await;
    all.iter()
        .map(|one| one["name"].as_str().unwrap().to_owned())
        .collect()
}

/// Networks `a` to `e`, of which `b` and `d` are down and have another MTU.
async fn five(app: &TestApp) -> Vec<Value> {
    let mut made = Vec::new();
    for name in ["c", "a", "b", "e", "d"] {
        let down = matches!(name, "b" | "d");
        let mtu = if down { 1400 } else { 1500 };
        let body = json!({"name": name, "admin_state_up": !down, "mtu": mtu});
        made.push(app.made("network", body).await);
    }
    made
}

#[tokio::test]
async fn filters_of_every_kind() {
    let app = TestApp::start().await;
    let all = five(&app).await;
    let shop = app.shop.0;
    let own = "router:external=False&is_default=false";
    for (filter, found) in [
        ("name=c".to_owned(), "c"),
        ("name=c&name=e".to_owned(), "ce"),
        ("name=c&mtu=1400".to_owned(), ""),
        ("mtu=1400".to_owned(), "bd"),
        ("admin_state_up=False&status=ACTIVE".to_owned(), "bd"),
        (format!("id={}", id(&all[1])), "a"),
        (format!("id={}", id(&all[1]).replace('-', "")), "a"),
        (format!("project_id={shop}"), "cabed"),
        (format!("tenant_id={}", shop.simple()), "cabed"),
        ("description=".to_owned(), "cabed"),
        ("shared=true".to_owned(), ""),
    ] {
        let rest = format!("networks?{own}&{filter}");
        assert_eq!(named(&app, &rest).await.concat(), found, "{filter}");
    }
    for filter in ["colour=red", "network_id=x", "name=c&colour=red"] {
        let rest = format!("networks?{filter}");
        let refused = app.net("GET", &rest, None).await.expect(400);
        assert_eq!(kind(&refused), "InvalidInput");
        let why = refused.detail();
        assert!(why.contains("is no attribute of networks"), "{why}");
    }
    for (filter, expected) in [
        ("networks?router:external=maybe", "true or false"),
        ("networks?mtu=abc", "a whole number"),
        (
            "security-group-rules?direction=sideways",
            "ingress or egress",
        ),
        ("security-group-rules?ethertype=IPX", "IPv4 or IPv6"),
    ] {
        let refused = app.net("GET", filter, None).await.expect(400);
        let why = refused.detail();
        assert!(why.contains(expected), "{filter}: {why}");
    }
}

#[tokio::test]
async fn ports_by_their_addresses() {
    let app = TestApp::start().await;
    let network = app.network("back", "10.9.0.0/24").await;
    for name in ["two", "three"] {
        let body = json!({"network_id": id(&network), "name": name});
        app.made("port", body).await;
    }
    let subnet = app.shown("network", &network).await["subnets"][0]
        .as_str()
        .unwrap()
        .to_owned();
    for (filter, found) in [
        ("fixed_ips=ip_address%3D10.9.0.2".to_owned(), "two"),
        ("mac_address=02:42:0A:09:00:02".to_owned(), "two"),
        ("fixed_ips=ip_address%3D10.9.0.9".to_owned(), ""),
        (format!("fixed_ips=subnet_id%3D{subnet}"), "twothree"),
        (
            format!("fixed_ips=subnet_id%3D{subnet}&fixed_ips=ip_address%3D10.9.0.3"),
            "three",
        ),
        ("fixed_ips=ip_address_substr%3D9.0.3".to_owned(), "three"),
        (format!("fixed_ips=subnet_id%3D{}", id(&network)), ""),
        ("mac_address=02:42:0a:09:00:02".to_owned(), "two"),
        ("device_id=".to_owned(), "twothree"),
        ("binding:vif_type=unbound&name=two".to_owned(), "two"),
    ] {
        let rest = format!("ports?{filter}");
        assert_eq!(named(&app, &rest).await.concat(), found, "{filter}");
    }
    let group = app.listed("security-groups?name=default").await;
    let rest = format!("ports?security_groups={}", id(&group[0]));
    assert_eq!(named(&app, &rest).await.len(), 2);
}

#[tokio::test]
async fn fields_order_and_pages() {
    let app = TestApp::start().await;
    five(&app).await;
    let own = "router:external=false&is_default=false";
    let some = app
        .listed(&format!("networks?{own}&name=c&fields=name&fields=mtu"))
        .await;
    assert_eq!(some, [json!({"name": "c", "mtu": 1500})]);
    for (order, expected) in [
        ("sort_key=name", "abcde"),
        ("sort_key=name&sort_dir=desc", "edcba"),
        (
            "sort_key=mtu&sort_dir=desc&sort_key=name&sort_dir=asc",
            "acebd",
        ),
    ] {
        let rest = format!("networks?{own}&{order}");
        assert_eq!(named(&app, &rest).await.concat(), expected, "{order}");
    }
    let mut rest = format!("networks?{own}&sort_key=name&limit=2");
    let mut pages = Vec::new();
    let mut last = None;
    for _ in 0..3 {
        let page = app.net("GET", &rest, None).await.expect(200).json();
        pages.push(page["networks"].as_array().unwrap().len());
        let links = page["networks_links"]
            .as_array()
            .cloned()
            .unwrap_or_default();
        let link = |rel: &str| {
            let found = links.iter().find(|link| link["rel"] == rel)?;
            let (_, rest) = found["href"].as_str()?.split_once("/network/v2.0/")?;
            Some(rest.to_owned())
        };
        last = link("previous");
        match link("next") {
            Some(next) => rest = next,
            None => break,
        }
    }
    assert_eq!(pages, [2, 2, 1]);
    assert_eq!(
        named(&app, &last.unwrap()).await,
        ["c", "d"],
        "the page before"
    );
    let one = app
        .net("GET", "networks?limit=0", None)
        .await
        .expect(200)
        .json();
    assert!(one["networks_links"].is_null(), "0 is no limit");
}

#[tokio::test]
async fn what_a_list_cannot_be_asked() {
    let app = TestApp::start().await;
    for (rest, expected) in [
        ("networks?limit=-1", "limit: "),
        ("networks?limit=many", "limit: "),
        ("networks?marker=none", "marker: \"none\" is not valid"),
        (
            "networks?sort_key=colour",
            "an attribute of networks is expected",
        ),
        (
            "networks?sort_key=name&sort_dir=up",
            "asc or desc is expected",
        ),
        (
            "networks?sort_key=name&sort_dir=asc&sort_dir=asc",
            "once for each sort_key",
        ),
    ] {
        let why = app.net("GET", rest, None).await.expect(400).detail();
        assert!(why.contains(expected), "{rest}: {why}");
    }
}

#[tokio::test]
async fn every_attribute_can_be_filtered_by() {
    let app = TestApp::start().await;
    let network = app.network("back", "10.9.0.0/24").await;
    app.made("port", json!({"network_id": id(&network)})).await;
    let body = json!({"name": "pool", "prefixes": ["10.64.0.0/12"]});
    app.made("subnetpool", body).await;
    for collection in [
        "networks",
        "subnets",
        "subnetpools",
        "ports",
        "security-groups",
        "security-group-rules",
    ] {
        let first = app.listed(collection).await[0].clone();
        for name in first.as_object().unwrap().keys() {
            let rest = format!("{collection}?{name}=");
            app.net("GET", &rest, None).await.expect(200);
        }
    }
}

#[tokio::test]
async fn what_clients_look_up_first() {
    let app = TestApp::start().await;
    let catalog = app.get(Who::Member, "/identity/v3/auth/catalog").await;
    let catalog = catalog.expect(200).json();
    let services = catalog["catalog"].as_array().unwrap();
    let network = services
        .iter()
        .find(|one| one["type"] == "network")
        .unwrap();
    assert_eq!(network["name"], "neutron");
    assert_eq!(
        network["endpoints"][0]["url"],
        "http://zun.test:9517/network"
    );
    let versions = app.get(Who::Nobody, "/network/").await.expect(200).json();
    assert_eq!(versions["versions"][0]["id"], "v2.0");
    let href = &versions["versions"][0]["links"][0]["href"];
    assert_eq!(href, "http://zun.test:9517/network/v2.0/");
    let version = app
        .get(Who::Nobody, "/network/v2.0/")
        .await
        .expect(200)
        .json();
    assert_eq!(version["resources"].as_array().unwrap().len(), 8);
    let extensions = app.listed("extensions").await;
    for alias in [
        "security-group",
        "router",
        "external-net",
        "subnet_allocation",
        "net-mtu",
        "binding",
    ] {
        assert!(
            extensions.iter().any(|one| one["alias"] == alias),
            "{alias}"
        );
        app.net("GET", &format!("extensions/{alias}"), None)
            .await
            .expect(200);
    }
    let absent = app.net("GET", "extensions/quotas", None).await.expect(404);
    assert!(absent.detail().contains("quotas could not be found"));
    assert!(app.listed("availability_zones").await.is_empty());
}

#[tokio::test]
async fn administrators_see_and_serve_every_project() {
    let app = TestApp::start().await;
    app.network("back", "10.9.0.0/24").await;
    let path = "/network/v2.0/networks?name=back";
    let all = app.get(Who::Admin, path).await.expect(200).json();
    assert_eq!(all["networks"].as_array().unwrap().len(), 1);
    let street = app.project_of(Who::Stranger).await;
    let body = json!({"network": {"name": "theirs", "project_id": street}});
    let path = "/network/v2.0/networks";
    let made = app
        .post(Who::Admin, path, body.clone())
        .await
        .expect(201)
        .json();
    assert_eq!(made["network"]["tenant_id"], street);
    let refused = app.post(Who::Member, path, body).await.expect(400).detail();
    assert!(
        refused.contains("project_id: ") && refused.contains("administrator"),
        "{refused}"
    );
    let body =
        json!({"network": {"project_id": street, "tenant_id": app.shop.0.simple().to_string()}});
    let refused = app.post(Who::Admin, path, body).await.expect(400).detail();
    assert!(refused.contains("is not what tenant_id says"), "{refused}");
}
