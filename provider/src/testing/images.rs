//! The stand-in's image service: data is there as soon as it has come, what a registry has when it is asked for the
//! second time.

use std::collections::BTreeMap;
use std::fmt::Write;

use md5::Md5;
use serde_json::{Value as Json, json};
use sha2::{Digest, Sha512};

use super::http::{Answer, Request, answer};

/// Everything it holds.
#[derive(Default)]
pub(crate) struct Images {
    pub(crate) held: BTreeMap<String, Json>,
    /// Status and message with which the next upload, delete or pull is refused.
    pub(crate) refusal: Option<(u16, String)>,
    /// Why what a registry has cannot be had.
    pub(crate) failure: Option<String>,
    /// The body of the last pull.
    pub(crate) pulled: Option<Json>,
    /// Uploads so far.
    pub(crate) uploads: u32,
    made: u32,
}

fn refused(status: u16, message: &str) -> Answer {
    answer(
        status,
        json!({"message": format!("{message}<br /><br />\n"), "code": format!("{status} No"), "title": "No"}),
    )
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

impl Images {
    /// The only one.
    pub(crate) fn only(&mut self) -> &mut Json {
        assert_eq!(self.held.len(), 1);
        self.held.values_mut().next().unwrap()
    }

    fn make(&mut self, body: &Json) -> Json {
        self.made += 1;
        let id = format!("00000000-0000-4000-d000-{:012}", self.made);
        let mut image = json!({"id": id, "name": null, "status": "queued", "visibility": "private", "tags": [],
            "min_disk": 0, "min_ram": 0, "protected": false, "os_hidden": false, "owner": "p", "size": null,
            "checksum": null, "os_hash_algo": null, "os_hash_value": null, "virtual_size": null,
            "file": format!("/v2/images/{id}/file"), "self": format!("/v2/images/{id}"),
            "schema": "/v2/schemas/image", "created_at": format!("2026-01-01T00:00:{:02}Z", self.made),
            "updated_at": "2026-01-01T00:00:00Z"});
        for (name, value) in body.as_object().unwrap() {
            image[name] = value.clone();
        }
        self.held.insert(id, image.clone());
        image
    }

    fn fill(&mut self, id: &str, bytes: &[u8]) {
        let image = self.held.get_mut(id).unwrap();
        image["status"] = json!("active");
        image["size"] = json!(bytes.len());
        image["checksum"] = json!(hex(&Md5::digest(bytes)));
        image["os_hash_algo"] = json!("sha512");
        image["os_hash_value"] = json!(hex(&Sha512::digest(bytes)));
    }

    /// Answers a request below `/image/v2/images`.
    pub(super) fn answer(&mut self, request: &Request, rest: &[&str]) -> Answer {
        match (request.method.as_str(), rest) {
            ("POST", []) => {
                let made = self.make(&request.body);
                answer(201, made)
            }
            ("GET", []) => {
                let wanted = request.query.split('&').filter_map(|part| {
                    let (name, value) = part.split_once('=')?;
                    (!name.starts_with("sort")).then_some((name, value))
                });
                let wanted: Vec<(&str, &str)> = wanted.collect();
                let fits = |image: &&Json| {
                    wanted.iter().all(|(name, value)| match *name {
                        "tag" => image["tags"].as_array().unwrap().contains(&json!(value)),
                        name => image[name] == json!(value),
                    })
                };
                let all: Vec<Json> = self.held.values().rev().filter(fits).cloned().collect();
                answer(200, json!({"images": all, "first": "/v2/images"}))
            }
            (method, [id, rest @ ..]) if self.held.contains_key(*id) => {
                self.one(method, id, rest, request)
            }
            _ => refused(404, "No image found with this ID"),
        }
    }

    fn one(&mut self, method: &str, id: &str, rest: &[&str], request: &Request) -> Answer {
        match (method, rest) {
            ("GET", []) => {}
            ("PUT", ["file"]) => {
                self.uploads += 1;
                if let Some((status, message)) = self.refusal.take() {
                    return refused(status, &message);
                }
                self.fill(id, &request.bytes);
                return answer(204, Json::Null);
            }
            ("PATCH", []) => {
                let image = self.held.get_mut(id).unwrap();
                for change in request.body.as_array().unwrap() {
                    let name = change["path"].as_str().unwrap().trim_start_matches('/');
                    match change["op"].as_str() {
                        Some("remove") => {
                            image.as_object_mut().unwrap().remove(name).unwrap();
                        }
                        _ => image[name] = change["value"].clone(),
                    }
                }
            }
            ("DELETE", []) => {
                if let Some((status, message)) = self.refusal.take() {
                    return refused(status, &message);
                }
                self.held.remove(id);
                return answer(204, Json::Null);
            }
            _ => return refused(404, "no such route"),
        }
        answer(200, self.held[id].clone())
    }

    /// Answers a request below `/zund/v1/images`.
    pub(super) fn extension(&mut self, request: &Request, rest: &[&str]) -> Answer {
        match (request.method.as_str(), rest) {
            ("POST", []) => {
                let mut body = request.body.clone();
                self.pulled = Some(body.clone());
                let fields = body.as_object_mut().unwrap();
                fields.remove("registry");
                fields.remove("reference");
                fields.insert("container_format".into(), Json::Null);
                fields.insert("disk_format".into(), Json::Null);
                let made = self.make(&body);
                let id = made["id"].as_str().unwrap().to_owned();
                let told = json!({"id": id, "name": made["name"], "project_id": "p", "status": "saving",
                    "status_reason": null, "visibility": made["visibility"], "protected": false, "tags": made["tags"],
                    "properties": {}, "reference": request.body["reference"], "kind": null, "docker_image_id": null,
                    "size": null, "checksum": null, "sha512": null, "created_at": "2026-01-01T00:00:00Z",
                    "updated_at": "2026-01-01T00:00:00Z"});
                answer(
                    202,
                    json!({"image": told, "operation": self.told(&id, "queued")}),
                )
            }
            ("GET", [id]) if self.held.contains_key(*id) => answer(
                200,
                json!({"docker_image_id": format!("sha256:{id}"), "kind": "docker"}),
            ),
            _ => refused(404, "No image found with this ID"),
        }
    }

    fn told(&self, id: &str, state: &str) -> Json {
        let failure = self.failure.as_ref().filter(|_| state == "failed");
        let failure = failure.map(|message| json!({"message": message}));
        json!({"id": format!("image-{id}"), "subject_kind": "image", "subject": id, "kind": "create", "state": state,
            "progress": "", "steps_done": 0, "steps": 2, "failure": failure, "created_at": "2026-01-01T00:00:00Z",
            "finished_at": null})
    }

    /// Answers for the operation on an image, which ends thereby.
    pub(super) fn operation(&mut self, id: &str) -> Answer {
        let id = id.trim_start_matches("image-");
        if self.failure.is_some() {
            self.held.get_mut(id).unwrap()["status"] = json!("killed");
            let told = self.told(id, "failed");
            self.failure = None;
            return answer(200, told);
        }
        self.fill(id, b"pulled");
        answer(200, self.told(id, "succeeded"))
    }
}
