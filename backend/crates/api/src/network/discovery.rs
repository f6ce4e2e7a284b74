//! What this is and can do: versions, collections, extensions.

use axum::Json;
use axum::extract::Path;
use serde_json::{Value, json};

use crate::error::{Answer, Problem};
use crate::frame::Context;

/// Each noun, and its collection in bodies and addresses.
const COLLECTIONS: [(&str, &str, &str); 8] = [
    ("network", "networks", "networks"),
    ("subnet", "subnets", "subnets"),
    ("subnetpool", "subnetpools", "subnetpools"),
    ("port", "ports", "ports"),
    ("security_group", "security_groups", "security-groups"),
    (
        "security_group_rule",
        "security_group_rules",
        "security-group-rules",
    ),
    ("router", "routers", "routers"),
    ("floatingip", "floatingips", "floatingips"),
];

/// What of Neutron beyond its core is here: alias, name, and what it adds.
const EXTENSIONS: [(&str, &str, &str); 17] = [
    ("security-group", "security-group", "Security groups"),
    (
        "router",
        "Neutron L3 Router",
        "Routers and floating IPs between networks and to the outside",
    ),
    (
        "ext-gw-mode",
        "Neutron L3 Configurable external gateway mode",
        "enable_snat of a router's gateway",
    ),
    (
        "external-net",
        "Neutron external network",
        "router:external of networks",
    ),
    (
        "subnet_allocation",
        "Subnet Allocation",
        "Subnets cut from subnet pools",
    ),
    ("net-mtu", "Network MTU", "mtu of networks"),
    (
        "net-mtu-writable",
        "Network MTU (writable)",
        "mtu that can be set",
    ),
    (
        "binding",
        "Port Binding",
        "Where the container of a port runs",
    ),
    (
        "allowed-address-pairs",
        "Allowed Address Pairs",
        "Shown, always empty",
    ),
    (
        "port-security",
        "Port Security",
        "port_security_enabled, always true",
    ),
    (
        "port-security-groups-filtering",
        "Port filtering on security groups",
        "Ports by security_groups",
    ),
    (
        "ip-substring-filtering",
        "IP address substring filtering",
        "Ports by a part of their address",
    ),
    (
        "standard-attr-description",
        "standard-attr-description",
        "description of everything",
    ),
    (
        "standard-attr-timestamp",
        "Resource timestamps",
        "created_at and updated_at of everything",
    ),
    (
        "project-id",
        "project_id field enabled",
        "project_id beside tenant_id",
    ),
    (
        "filter-validation",
        "Filter parameters validation",
        "A filter that is no attribute is refused",
    ),
    (
        "pagination",
        "Pagination support",
        "limit, marker, page_reverse",
    ),
];

/// `GET /network`.
pub(crate) async fn versions(context: Context) -> Json<Value> {
    let href = format!("{}/network/v2.0/", context.base);
    Json(json!({"versions": [{
        "id": "v2.0",
        "status": "CURRENT",
        "links": [{"rel": "self", "href": href}],
    }]}))
}

/// `GET /network/v2.0`.
pub(crate) async fn version(context: Context) -> Json<Value> {
    let base = &context.base;
    let resources = COLLECTIONS.map(|(name, collection, address)| {
        let href = format!("{base}/network/v2.0/{address}");
        json!({"name": name, "collection": collection, "links": [{"rel": "self", "href": href}]})
    });
    Json(json!({"resources": resources}))
}

fn extension((alias, name, description): (&str, &str, &str)) -> Value {
    json!({
        "alias": alias,
        "name": name,
        "description": description,
        "updated": "2026-11-01T00:00:00-00:00",
        "links": [],
    })
}

/// `GET /network/v2.0/extensions`.
pub(crate) async fn extensions() -> Json<Value> {
    Json(json!({"extensions": EXTENSIONS.map(extension)}))
}

/// `GET /network/v2.0/extensions/{alias}`.
pub(crate) async fn one_extension(Path(alias): Path<String>) -> Answer<Json<Value>> {
    let found = EXTENSIONS.into_iter().find(|(known, ..)| *known == alias);
    let found = found.ok_or_else(|| {
        let shown: String = alias.chars().take(80).collect();
        Problem::not_found("extension", shown)
    })?;
    Ok(Json(json!({"extension": extension(found)})))
}

/// `GET /network/v2.0/availability_zones`: networks are wherever their containers are.
pub(crate) async fn zones() -> Json<Value> {
    Json(json!({"availability_zones": []}))
}
