//! The stand-in's registries.

use std::collections::BTreeMap;

use serde_json::{Value as Json, json};

use super::http::{Answer, Request, answer};

/// Everything it holds.
#[derive(Default)]
pub(crate) struct Registries {
    pub(crate) held: BTreeMap<String, Json>,
    /// The password of each, which no answer shows.
    pub(crate) passwords: BTreeMap<String, Json>,
    /// The container that uses all of them.
    pub(crate) user: Option<&'static str>,
    made: u32,
}

fn refused(status: u16, code: &str, detail: &str) -> Answer {
    answer(
        status,
        json!({"errors": [{"request_id": "req-1", "code": format!("container.{code}"), "status": status,
            "title": code, "detail": detail}]}),
    )
}

impl Registries {
    /// The only one.
    pub(crate) fn only(&mut self) -> &mut Json {
        assert_eq!(self.held.len(), 1);
        self.held.values_mut().next().unwrap()
    }

    /// The password of the only one.
    pub(crate) fn password(&self) -> &Json {
        assert_eq!(self.passwords.len(), 1);
        self.passwords.values().next().unwrap()
    }

    /// Answers a request below `/v1/registries`.
    pub(super) fn answer(&mut self, request: &Request, rest: &[&str]) -> Answer {
        match (request.method.as_str(), rest) {
            ("POST", []) => self.create(&request.body["registry"]),
            ("GET", []) => {
                let named = self.held.values().filter(|one| {
                    let name = one["name"].as_str().unwrap_or_default();
                    request.query == format!("name={name}")
                });
                let named: Vec<Json> = named.cloned().collect();
                answer(200, json!({"registries": named, "next": null}))
            }
            (method, [id]) if self.held.contains_key(*id) => {
                self.one(method, id, &request.body["registry"])
            }
            _ => refused(404, "registry-not-found", "there is no such registry"),
        }
    }

    fn create(&mut self, body: &Json) -> Answer {
        self.made += 1;
        let id = format!("00000000-0000-4000-c000-{:012}", self.made);
        let mut registry =
            json!({"uuid": id, "name": null, "username": null, "project_id": "p", "user_id": "u"});
        merge(&mut registry, body);
        self.passwords.insert(id.clone(), body["password"].clone());
        self.held.insert(id, registry.clone());
        answer(201, json!({ "registry": registry }))
    }

    fn one(&mut self, method: &str, id: &str, body: &Json) -> Answer {
        match method {
            "PATCH" => {
                merge(self.held.get_mut(id).unwrap(), body);
                if let Some(password) = body.get("password") {
                    self.passwords.insert(id.to_owned(), password.clone());
                }
            }
            "DELETE" => {
                if let Some(user) = self.user {
                    let text = format!("registry {id} is used by container {user}");
                    return refused(409, "conflict", &text);
                }
                self.held.remove(id);
                self.passwords.remove(id);
                return answer(204, Json::Null);
            }
            _ => {}
        }
        answer(200, json!({ "registry": self.held[id] }))
    }
}

fn merge(registry: &mut Json, with: &Json) {
    for (name, value) in with.as_object().unwrap() {
        registry[name] = value.clone();
    }
    registry["password"] = json!("***");
}
