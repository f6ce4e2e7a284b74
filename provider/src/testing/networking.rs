//! The stand-in's networking: what is asked for is there at once, with as much sense as the resources need.

use std::collections::BTreeMap;

use serde_json::{Value as Json, json};

use super::http::{Answer, Request, answer};

/// The external network, which is there from the start.
pub(crate) const OUTSIDE: &str = "00000000-0000-4000-b000-000000000001";
/// The project's group from the start.
pub(crate) const DEFAULT_GROUP: &str = "00000000-0000-4000-b000-000000000002";

/// Everything it holds: by the noun's path, by id.
pub(crate) struct Networking {
    pub(crate) held: BTreeMap<String, BTreeMap<String, Json>>,
    /// Status, type and message with which the next change is refused.
    pub(crate) refusal: Option<(u16, &'static str, String)>,
    made: u32,
}

impl Default for Networking {
    fn default() -> Self {
        let outside = json!({"id": OUTSIDE, "name": "outside", "project_id": "", "admin_state_up": true,
            "mtu": 1500, "router:external": true, "status": "ACTIVE"});
        let group = json!({"id": DEFAULT_GROUP, "name": "default", "project_id": "p"});
        let one = |path: &str, thing: Json| {
            let id = thing["id"].as_str().unwrap().to_owned();
            (path.to_owned(), BTreeMap::from([(id, thing)]))
        };
        Self {
            held: BTreeMap::from([one("networks", outside), one("security-groups", group)]),
            refusal: None,
            made: 0,
        }
    }
}

fn refused(status: u16, kind: &str, message: &str) -> Answer {
    answer(
        status,
        json!({"NeutronError": {"type": kind, "message": message, "detail": ""}}),
    )
}

/// What a path is called in bodies and in lists.
fn names(path: &str) -> (String, String) {
    let list = path.replace('-', "_");
    (list.trim_end_matches('s').to_owned(), list)
}

fn merge(thing: &mut Json, with: &Json) {
    for (name, value) in with.as_object().unwrap() {
        thing[name] = value.clone();
    }
}

impl Networking {
    /// The only one of a noun that a test made.
    pub(crate) fn only(&mut self, path: &str) -> &mut Json {
        let given = [OUTSIDE, DEFAULT_GROUP];
        let all = self.held.get_mut(path).unwrap().iter_mut();
        let mut own: Vec<&mut Json> = all
            .filter(|(id, _)| !given.contains(&id.as_str()))
            .map(|(_, thing)| thing)
            .collect();
        assert_eq!(own.len(), 1, "{path}");
        own.remove(0)
    }

    /// How many a test made of a noun.
    pub(crate) fn count(&self, path: &str) -> usize {
        let given = [OUTSIDE, DEFAULT_GROUP];
        let ids = self.held.get(path).into_iter().flat_map(BTreeMap::keys);
        ids.filter(|id| !given.contains(&id.as_str())).count()
    }

    /// Makes one by hand; its id.
    pub(crate) fn make(&mut self, path: &str, body: &Json) -> String {
        self.made += 1;
        let id = format!("00000000-0000-4000-a000-{:012}", self.made);
        let mut thing = json!({"id": id, "name": "", "description": "", "project_id": "p",
            "admin_state_up": true, "status": "ACTIVE"});
        merge(&mut thing, body);
        self.fill(path, &mut thing);
        self.held
            .entry(path.to_owned())
            .or_default()
            .insert(id.clone(), thing);
        if path == "security-groups" {
            for ethertype in ["IPv4", "IPv6"] {
                let rule =
                    json!({"security_group_id": id, "direction": "egress", "ethertype": ethertype});
                self.make("security-group-rules", &rule);
            }
        }
        id
    }

    /// What the server decides.
    fn fill(&self, path: &str, thing: &mut Json) {
        match path {
            "networks" if thing["mtu"].is_null() => thing["mtu"] = json!(1500),
            "subnets" => fill_subnet(thing),
            "ports" => self.fill_port(thing),
            "routers" if thing["external_gateway_info"].is_object() => {
                let gateway = &mut thing["external_gateway_info"];
                gateway["external_fixed_ips"] =
                    json!([{"ip_address": "203.0.113.9", "subnet_id": OUTSIDE}]);
            }
            "floatingips" => {
                if thing["floating_ip_address"].is_null() {
                    thing["floating_ip_address"] = json!(format!("203.0.113.{}", self.made));
                }
                let port = thing["port_id"].as_str().map(|id| &self.held["ports"][id]);
                let address = port.map(|port| port["fixed_ips"][0]["ip_address"].clone());
                if thing["fixed_ip_address"].is_null() || address.is_none() {
                    thing["fixed_ip_address"] = address.unwrap_or_default();
                }
            }
            _ => {}
        }
    }

    fn fill_port(&self, port: &mut Json) {
        let network = port["network_id"].clone();
        let subnets = self
            .held
            .get("subnets")
            .into_iter()
            .flat_map(BTreeMap::values);
        let mut subnets = subnets.filter(|subnet| subnet["network_id"] == network);
        let subnet = subnets.next().map(|subnet| subnet["id"].clone());
        let asked = port["fixed_ips"].as_array().cloned();
        let mut fixed_ips = asked.unwrap_or_else(|| vec![json!({})]);
        for fixed in &mut fixed_ips {
            if fixed["ip_address"].is_null() {
                fixed["ip_address"] = json!(format!("10.9.0.{}", self.made));
            }
            if fixed["subnet_id"].is_null() {
                fixed["subnet_id"] = subnet.clone().unwrap_or_default();
            }
        }
        let address = fixed_ips[0]["ip_address"].as_str().unwrap().to_owned();
        if port["mac_address"].is_null() || port["derived"] == true {
            port["mac_address"] = json!(format!("mac of {address}"));
            port["derived"] = json!(true);
        }
        port["fixed_ips"] = json!(fixed_ips);
        if port["security_groups"].is_null() {
            port["security_groups"] = json!([DEFAULT_GROUP]);
        }
    }

    /// Answers a request below `/v2.0`.
    pub(super) fn answer(&mut self, request: &Request, parts: &[&str]) -> Answer {
        let [path, rest @ ..] = parts else {
            return refused(404, "HTTPNotFound", "no such route");
        };
        let (one, list) = names(path);
        if request.method != "GET"
            && let Some((status, kind, message)) = self.refusal.take()
        {
            return refused(status, kind, &message);
        }
        match (request.method.as_str(), rest) {
            ("POST", []) => {
                let id = self.make(path, &request.body[&one]);
                let thing = self.show(path, &id);
                answer(201, json!({ one: thing }))
            }
            ("GET", []) => {
                let ids: Vec<String> = self
                    .held
                    .get(*path)
                    .into_iter()
                    .flat_map(|all| all.keys().cloned())
                    .collect();
                let all = ids.iter().map(|id| self.show(path, id));
                let found: Vec<Json> = all.filter(|thing| fits(thing, &request.query)).collect();
                answer(200, json!({ list: found }))
            }
            (_, [id, ..])
                if !self
                    .held
                    .get(*path)
                    .is_some_and(|all| all.contains_key(*id)) =>
            {
                refused(404, "NotFound", &format!("there is no {one} {id}"))
            }
            ("GET", [id]) => answer(200, json!({ one: self.show(path, id) })),
            ("PUT", [id]) => {
                let mut thing = self.held[*path][*id].clone();
                if request.body[&one].get("port_id").is_some() {
                    thing["fixed_ip_address"] = Json::Null;
                }
                merge(&mut thing, &request.body[&one]);
                self.fill(path, &mut thing);
                self.held
                    .get_mut(*path)
                    .unwrap()
                    .insert((*id).to_owned(), thing);
                answer(200, json!({ one: self.show(path, id) }))
            }
            ("PUT", [id, verb]) => self.interface(id, verb, &request.body["subnet_id"]),
            ("DELETE", [id]) => {
                self.held.get_mut(*path).unwrap().remove(*id);
                answer(204, Json::Null)
            }
            _ => refused(404, "HTTPNotFound", "no such route"),
        }
    }

    fn show(&self, path: &str, id: &str) -> Json {
        let mut thing = self.held[path][id].clone();
        let of = |noun: &str, field: &str| -> Vec<Json> {
            let all = self.held.get(noun).into_iter().flat_map(BTreeMap::values);
            all.filter(|one| one[field] == id).cloned().collect()
        };
        match path {
            "networks" => {
                let subnets = of("subnets", "network_id");
                thing["subnets"] = subnets.iter().map(|subnet| subnet["id"].clone()).collect();
            }
            "security-groups" => {
                thing["security_group_rules"] =
                    json!(of("security-group-rules", "security_group_id"));
            }
            _ => {}
        }
        thing
    }

    fn interface(&mut self, router: &str, verb: &str, subnet: &Json) -> Answer {
        if verb == "add_router_interface" {
            let body = json!({"network_id": "n", "device_id": router, "device_owner": "network:router_interface",
                "fixed_ips": [{"subnet_id": subnet, "ip_address": "10.9.0.1"}]});
            self.make("ports", &body);
        } else {
            self.held.get_mut("ports").unwrap().retain(|_, port| {
                port["device_id"] != router || port["fixed_ips"][0]["subnet_id"] != *subnet
            });
        }
        answer(200, json!({}))
    }
}

fn fill_subnet(subnet: &mut Json) {
    if subnet["cidr"].is_null() {
        let length = subnet["prefixlen"].as_u64().unwrap_or(26);
        subnet["cidr"] = json!(format!("10.9.0.0/{length}"));
    }
    let cidr = subnet["cidr"].as_str().unwrap().to_owned();
    let base = cidr.split("0/").next().unwrap();
    if subnet["gateway_ip"].is_null() {
        subnet["gateway_ip"] = json!(format!("{base}1"));
    }
    if subnet["allocation_pools"].is_null() {
        subnet["allocation_pools"] =
            json!([{"start": format!("{base}2"), "end": format!("{base}9")}]);
    }
}

/// Whether a thing has the values of a query.
fn fits(thing: &Json, query: &str) -> bool {
    let pairs = url::form_urlencoded::parse(query.as_bytes());
    pairs
        .into_iter()
        .all(|(name, value)| match &thing[name.as_ref()] {
            Json::String(text) => *text == value,
            Json::Null => false,
            other => other.to_string() == value,
        })
}
