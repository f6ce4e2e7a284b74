//! The stand-in's block storage: what was accepted is done by the time it is asked for the second time.

use std::collections::BTreeMap;

use serde_json::{Value as Json, json};

use super::http::{Answer, Request, answer};

/// Everything it holds.
#[derive(Default)]
pub(crate) struct Storage {
    pub(crate) volumes: BTreeMap<String, Json>,
    pub(crate) snapshots: BTreeMap<String, Json>,
    /// Why the next piece of work fails.
    pub(crate) failure: Option<String>,
    /// So often something is still being done when it is asked for.
    pub(crate) slow: u32,
    made: u32,
}

fn refused(status: u16, fault: &str, message: &str) -> Answer {
    answer(
        status,
        json!({ fault: { "code": status, "message": message } }),
    )
}

impl Storage {
    /// The only volume.
    pub(crate) fn only(&mut self) -> &mut Json {
        assert_eq!(self.volumes.len(), 1);
        self.volumes.values_mut().next().unwrap()
    }

    /// Gives the only volume to a container.
    pub(crate) fn attach(&mut self) {
        let volume = self.only();
        volume["status"] = json!("in-use");
        volume["attachments"] = json!([{"server_id": "web-uuid", "device": "/data",
            "attached_at": "2026-01-01T00:00:00"}]);
    }

    /// Answers a request below the project.
    pub(super) fn answer(&mut self, request: &Request, parts: &[&str]) -> Answer {
        let [kind @ ("volumes" | "snapshots"), rest @ ..] = parts else {
            return refused(404, "itemNotFound", "no such route");
        };
        match (request.method.as_str(), rest) {
            ("POST", []) => self.create(kind, &request.body),
            ("GET", ["detail"]) => {
                let named = self.of(kind).values().filter(|thing| {
                    let name = thing["name"].as_str().unwrap_or_default();
                    request.query == format!("name={name}")
                });
                let named: Vec<Json> = named.cloned().collect();
                answer(200, json!({ *kind: named }))
            }
            (method, [id, rest @ ..]) => {
                if !self.of(kind).contains_key(*id) {
                    return refused(404, "itemNotFound", &format!("there is no {id}"));
                }
                self.one(method, kind, id, rest, &request.body)
            }
            _ => refused(404, "itemNotFound", "no such route"),
        }
    }

    fn of(&mut self, kind: &str) -> &mut BTreeMap<String, Json> {
        match kind {
            "volumes" => &mut self.volumes,
            _ => &mut self.snapshots,
        }
    }

    fn create(&mut self, kind: &str, body: &Json) -> Answer {
        self.made += 1;
        let id = format!("00000000-0000-4000-9000-{:012}", self.made);
        let singular = kind.trim_end_matches('s');
        let mut thing = json!({"id": id, "name": null, "description": null, "metadata": {}, "status": "creating",
            "size": 1, "created_at": "2026-01-01T00:00:00"});
        if kind == "volumes" {
            thing["volume_type"] = json!("single");
            thing["attachments"] = json!([]);
            thing["os-vol-host-attr:host"] = json!("alpha");
        } else if let Some(volume) = body["snapshot"]["volume_id"].as_str() {
            thing["size"] = self.volumes[volume]["size"].clone();
        }
        for (name, value) in body[singular].as_object().unwrap() {
            thing[name] = value.clone();
        }
        self.of(kind).insert(id, thing.clone());
        answer(202, json!({ singular: thing }))
    }

    fn one(&mut self, method: &str, kind: &str, id: &str, rest: &[&str], body: &Json) -> Answer {
        let singular = kind.trim_end_matches('s').to_owned();
        let thing = self.of(kind).get_mut(id).unwrap();
        match (method, rest) {
            ("GET", []) => return self.look(kind, id),
            ("PUT", ["metadata"]) => thing["metadata"] = body["metadata"].clone(),
            ("PUT", []) => {
                for (name, value) in body[&singular].as_object().unwrap() {
                    thing[name] = value.clone();
                }
            }
            ("POST", ["action"]) => {
                thing["status"] = json!("extending");
                thing["wanted"] = body["os-extend"]["new_size"].clone();
                return answer(202, Json::Null);
            }
            ("DELETE", []) => {
                if let Some(holder) = thing["attachments"].get(0) {
                    let text = format!(
                        "cannot delete volume {id}: it is attached to container web ({}) at /data",
                        holder["server_id"].as_str().unwrap()
                    );
                    return refused(400, "badRequest", &text);
                }
                thing["status"] = json!("deleting");
                return answer(202, Json::Null);
            }
            _ => return refused(404, "itemNotFound", "no such route"),
        }
        answer(200, json!({ singular: thing.clone() }))
    }

    /// Shows it, and then does what is to be done.
    fn look(&mut self, kind: &str, id: &str) -> Answer {
        let at_work = |thing: &Json| {
            let status = thing["status"].as_str();
            status.is_some_and(|status| status.ends_with("ing"))
        };
        let failure = self.failure.clone();
        let slow = self.slow > 0;
        let thing = self.of(kind).get_mut(id).unwrap();
        if at_work(thing) && slow {
            let shown = thing.clone();
            self.slow -= 1;
            return answer(200, json!({ kind.trim_end_matches('s'): shown }));
        }
        if at_work(thing) {
            let status = thing["status"].clone();
            let attached = thing["attachments"].get(0).is_some();
            thing["status"] = json!(if attached { "in-use" } else { "available" });
            thing["zun-vol-attr:status_reason"] = json!(failure);
            match (status.as_str(), &failure) {
                (Some("creating"), Some(_)) => thing["status"] = json!("error"),
                (Some("extending"), None) => thing["size"] = thing["wanted"].take(),
                (Some("deleting"), None) => {
                    self.of(kind).remove(id);
                    return refused(404, "itemNotFound", "gone");
                }
                _ => {}
            }
            self.failure = None;
        }
        let thing = self.of(kind)[id].clone();
        answer(200, json!({ kind.trim_end_matches('s'): thing }))
    }
}
