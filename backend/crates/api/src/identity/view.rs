//! Identity's nouns as Keystone shows them: the one conversion per noun.

use serde_json::{Value, json};
use zun_domain::id::{DomainId, ProjectId, UserId};
use zun_domain::project::{Domain, Project, Role, User};
use zun_domain::time::Timestamp;
use zun_engine::identity::{ApplicationCredential, DEFAULT_DOMAIN, TokenInfo};

/// The id of a domain; that of the first one is a word.
pub(super) fn domain_id(id: DomainId) -> String {
    if id == DEFAULT_DOMAIN {
        "default".to_owned()
    } else {
        id.0.simple().to_string()
    }
}

/// The id of a project.
pub(super) fn project_id(id: ProjectId) -> String {
    id.0.simple().to_string()
}

/// The id of a user.
pub(super) fn user_id(id: UserId) -> String {
    id.0.simple().to_string()
}

/// A time, as Keystone writes it.
pub(super) fn time(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%S%.6fZ").to_string()
}

/// The address of one object, as its `links`.
fn own(base: &str, path: &str) -> Value {
    json!({"self": format!("{base}/identity/v3/{path}")})
}

/// A collection with its (never paged) links.
pub(super) fn list(name: &str, items: Vec<Value>, base: &str, path: &str) -> Value {
    let mut body = json!({"links": {
        "self": format!("{base}/identity/v3/{path}"),
        "previous": null,
        "next": null,
    }});
    body[name] = Value::Array(items);
    body
}

pub(super) fn domain(domain: &Domain, base: &str) -> Value {
    let id = domain_id(domain.id);
    json!({
        "id": id,
        "name": domain.name,
        "description": "",
        "enabled": true,
        "tags": [],
        "options": {},
        "links": own(base, &format!("domains/{id}")),
    })
}

pub(super) fn project(project: &Project, base: &str) -> Value {
    let id = project_id(project.id);
    let domain = domain_id(project.domain);
    json!({
        "id": id,
        "name": project.name,
        "domain_id": domain,
        "parent_id": domain,
        "description": project.description,
        "enabled": project.enabled,
        "is_domain": false,
        "tags": [],
        "options": {},
        "links": own(base, &format!("projects/{id}")),
    })
}

pub(super) fn user(user: &User, base: &str) -> Value {
    let id = user_id(user.id);
    json!({
        "id": id,
        "name": user.name,
        "domain_id": domain_id(user.domain),
        "enabled": user.enabled,
        "password_expires_at": null,
        "options": {},
        "links": own(base, &format!("users/{id}")),
    })
}

/// A role; its id is its name.
pub(super) fn role(role: Role, base: &str) -> Value {
    let name = role.name();
    json!({
        "id": name,
        "name": name,
        "domain_id": null,
        "description": null,
        "options": {},
        "links": own(base, &format!("roles/{name}")),
    })
}

/// A credential; its secret is shown once, by its creation.
pub(super) fn application_credential(credential: &ApplicationCredential, base: &str) -> Value {
    let (id, user) = (credential.id.simple().to_string(), user_id(credential.user));
    let roles = credential
        .roles
        .iter()
        .map(|role| json!({"id": role.name(), "name": role.name(), "domain_id": null}));
    json!({
        "id": id,
        "name": credential.name,
        "description": credential.description,
        "user_id": user,
        "project_id": project_id(credential.project),
        "roles": roles.collect::<Vec<_>>(),
        "expires_at": credential.expires_at.map(time),
        "unrestricted": false,
        "system": null,
        "links": own(base, &format!("users/{user}/application_credentials/{id}")),
    })
}

/// What a token says; the catalog where one is given.
pub(super) fn token(info: &TokenInfo, catalog: Option<Value>) -> Value {
    let domain = |domain: &Domain| json!({"id": domain_id(domain.id), "name": domain.name});
    let methods: Vec<&str> = info.methods.iter().map(|method| method.name()).collect();
    let mut body = json!({
        "methods": methods,
        "user": {
            "id": user_id(info.user),
            "name": info.user_name,
            "domain": domain(&info.user_domain),
            "password_expires_at": null,
        },
        "audit_ids": [info.audit_id],
        "issued_at": time(info.issued_at),
        "expires_at": time(info.expires_at),
    });
    if let Some(scoped) = &info.project {
        body["is_domain"] = json!(false);
        body["project"] = json!({
            "id": project_id(scoped.project.id),
            "name": scoped.project.name,
            "domain": domain(&scoped.domain),
        });
        let roles = info
            .roles
            .iter()
            .map(|role| json!({"id": role.name(), "name": role.name()}));
        body["roles"] = Value::Array(roles.collect());
        if let Some(catalog) = catalog {
            body["catalog"] = catalog;
        }
    }
    json!({"token": body})
}
