//! Something of every noun that belongs to one project, and how each route would be asked for it.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::super::{TestApp, Who};
use crate::Route;

/// The least that a capsule is.
fn one() -> Value {
    json!({"containers": [{"name": "web", "spec": {"image": "nginx"}}]})
}

/// What belongs to the victim.
pub(super) struct Victim {
    pub(super) container: String,
    pub(super) capsule: String,
    pub(super) operation: String,
    pub(super) credential: String,
    pub(super) volume: String,
    pub(super) snapshot: String,
    pub(super) image: String,
    pub(super) registry: String,
    /// What is below `/network/v2.0`, by the address of its collection.
    pub(super) network: BTreeMap<&'static str, String>,
}

impl Victim {
    pub(super) async fn make(app: &TestApp) -> Self {
        let body = json!({"name": "victim", "spec": {"image": "nginx"}});
        let accepted = app
            .post(Who::Member, "/zund/v1/containers", body)
            .await
            .expect(202)
            .json();
        app.ended(Who::Member, &accepted).await;
        let capsule = app.capsule(json!({"name": "victim", "spec": one()})).await;
        let path = format!("/identity/v3/users/{}/application_credentials", app.member);
        let body = json!({"application_credential": {"name": "ci"}});
        let credential = app.post(Who::Member, &path, body).await.expect(201).json();
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let volume = app
            .volume(json!({"name": "victim", "size": 1, "metadata": {"k": "v"}}))
            .await;
        let snapshot = json!({"name": "victim", "volume_id": volume, "metadata": {"k": "v"}});
        let snapshot = app.snapshot(snapshot).await;
        let registry = json!({"registry": {"name": "victim", "domain": "victim.example"}});
        let registry = app.post(Who::Member, "/v1/registries", registry).await;
        let registry = registry.expect(201).json();
        Self {
            registry: text(&registry["registry"]["uuid"]),
            network: Self::network(app).await,
            image: app
                .image(json!({"name": "victim", "tags": ["victim"]}))
                .await,
            volume,
            snapshot,
            capsule,
            container: text(&accepted["container"]["uuid"]),
            operation: text(&accepted["operation"]["id"]),
            credential: text(&credential["application_credential"]["id"]),
        }
    }

    async fn network(app: &TestApp) -> BTreeMap<&'static str, String> {
        let group = app.made("security_group", json!({"name": "victim"})).await;
        let rule = json!({
            "security_group_id": group["id"], "direction": "ingress", "description": "victim",
        });
        let rule = app.made("security_group_rule", rule).await;
        let outside = app.outside().await;
        let gateway = json!({"network_id": outside});
        let router = json!({"name": "victim", "external_gateway_info": gateway});
        let router = app.made("router", router).await;
        let subnet = app.subnet("10.9.0.0/24").await;
        let port = app.made(
            "port",
            json!({"network_id": subnet["network_id"], "name": "victim"}),
        );
        let port = port.await;
        let floating = json!({"floating_network_id": outside, "description": "victim"});
        let floating = app.made("floatingip", floating).await;
        let pool = json!({"name": "victim", "prefixes": ["10.20.0.0/16"]});
        let pool = app.made("subnetpool", pool).await;
        let all = [
            ("subnetpools", &pool["id"]),
            ("networks", &subnet["network_id"]),
            ("subnets", &subnet["id"]),
            ("ports", &port["id"]),
            ("security-groups", &group["id"]),
            ("security-group-rules", &rule["id"]),
            ("routers", &router["id"]),
            ("floatingips", &floating["id"]),
        ];
        let text = |id: &Value| id.as_str().unwrap().to_owned();
        let mut all: BTreeMap<_, _> = all.map(|(name, id)| (name, text(id))).into();
        all.insert("external", outside);
        all
    }

    /// The address of a route, with what is the victim's in place of its parameters.
    pub(super) fn address(&self, app: &TestApp, route: &Route) -> String {
        let collection = route
            .path
            .strip_prefix("/network/v2.0/")
            .unwrap_or_default();
        let collection = collection.split('/').next().unwrap();
        let id = match route.path {
            _ if self.network.contains_key(collection) => &self.network[collection],
            path if path.contains("/operations/") => &self.operation,
            path if path.contains("/volumes/") => &self.volume,
            path if path.contains("/snapshots/") => &self.snapshot,
            path if path.contains("/types/") => "single",
            path if path.starts_with("/image/") => &self.image,
            path if path.contains("/users/") => &app.member,
            path if path.contains("/projects/") => &app.shop.0.simple().to_string(),
            path if path.contains("/domains/") => "default",
            _ => "member",
        };
        let project = app.shop.0.simple().to_string();
        let ident = if route.path.contains("/hosts/") {
            "host-1"
        } else if route.path.contains("/capsules/") {
            &self.capsule
        } else if route.path.contains("/images/") {
            &self.image
        } else if route.path.contains("/registries/") {
            &self.registry
        } else {
            &self.container
        };
        route
            .path
            .replace("{ident}", ident)
            .replace("{id}", id)
            .replace("{project_id}", &project)
            .replace("{project}", &project)
            .replace("{user}", &app.member)
            .replace("{role}", "member")
            .replace("{credential}", &self.credential)
            .replace("{name}", "default")
            .replace("{alias}", "security-group")
            .replace("{key}", "k")
            .replace("{tag}", "victim")
            + query(route.path)
    }

    /// A body that would be accepted.
    pub(super) fn body(&self, route: &Route) -> Option<Value> {
        let spec = json!({"image": "nginx"});
        let body = match (route.method.as_str(), route.path) {
            ("GET" | "DELETE", _) => return None,
            (_, path) if path.contains("/network_") => json!({"network": "default"}),
            (_, path) if path.ends_with("_security_group") => json!({"name": "default"}),
            (method, path) if path.starts_with("/network/") => self.network_body(method, path),
            ("POST", "/v1/containers") => spec,
            ("POST", "/v1/capsules") => json!({"template": {
                "kind": "capsule", "metadata": {}, "spec": {"containers": [spec]},
            }}),
            ("POST", "/zund/v1/preview/capsule") => {
                json!({"capsule": self.capsule, "spec": one()})
            }
            (_, path) if path.starts_with("/zund/v1/capsules") => json!({"spec": one()}),
            ("POST", "/zund/v1/images") => json!({"name": "x", "reference": "nginx"}),
            ("POST", "/v1/registries") => json!({"registry": {"domain": "own.example"}}),
            (_, path) if path.starts_with("/v1/registries") => json!({"registry": {"name": "xx"}}),
            ("POST", "/zund/v1/preview") => json!({"container": self.container, "spec": spec}),
            (_, path) if path.starts_with("/zund/v1/containers") => json!({"spec": spec}),
            (_, path) if path.starts_with("/zund/v1/quota") => json!({"limits": {"cpu": 1}}),
            ("POST", path) if path.ends_with("/volumes") => json!({"volume": {"size": 1}}),
            ("POST", path) if path.ends_with("/snapshots") => {
                json!({"snapshot": {"volume_id": self.volume}})
            }
            ("PUT", path) if path.ends_with("/volumes/{id}") => json!({"volume": {"name": "x"}}),
            ("PUT", path) if path.ends_with("/snapshots/{id}") => {
                json!({"snapshot": {"name": "x"}})
            }
            (_, path) if path.ends_with("/action") => json!({"os-extend": {"new_size": 2}}),
            (_, path) if path.ends_with("/metadata") => json!({"metadata": {"k": "w"}}),
            (_, path) if path.ends_with("/metadata/{key}") => json!({"meta": {"k": "w"}}),
            (_, path) if path.ends_with("/password") => {
                json!({"user": {"original_password": "a", "password": "b"}})
            }
            (_, path) if path.ends_with("/application_credentials") => {
                json!({"application_credential": {"name": "x"}})
            }
            (_, path) if path.contains("/services/") => {
                json!({"host": "host-1", "binary": "zun-compute"})
            }
            _ => json!({}),
        };
        Some(body)
    }

    fn network_body(&self, method: &str, path: &str) -> Value {
        let id = |name: &str| json!(self.network[name]);
        let noun = match path.split('/').nth(3).unwrap() {
            "security-group-rules" => "security_group_rule",
            "security-groups" => "security_group",
            collection => collection.strip_suffix('s').unwrap(),
        };
        let object = match (method, noun) {
            (_, "router") if path.ends_with("_router_interface") => {
                return json!({"subnet_id": id("subnets")});
            }
            ("PUT", _) => json!({"description": "x"}),
            (_, "subnet") => {
                let network = id("networks");
                json!({"network_id": network, "cidr": "10.9.1.0/24", "ip_version": 4})
            }
            (_, "subnetpool") => json!({"name": "x", "prefixes": ["10.21.0.0/16"]}),
            (_, "port") => json!({"network_id": id("networks")}),
            (_, "security_group_rule") => {
                json!({"security_group_id": id("security-groups"), "direction": "ingress"})
            }
            (_, "floatingip") => json!({"floating_network_id": id("external")}),
            _ => json!({}),
        };
        json!({noun: object})
    }
}

/// What a route cannot do without.
fn query(path: &str) -> &'static str {
    let needed = [
        ("/resize", "?h=24&w=80"),
        ("/commit", "?repository=other"),
        ("/images/search", "?image=nginx"),
        ("/rename", "?name=other"),
        ("/execute", "?command=ls"),
    ];
    let mut needed = needed.into_iter();
    let found = needed.find(|(end, _)| path.ends_with(end));
    found.map_or("", |(_, query)| query)
}
