//! Lists of Networking: filters by any attribute, fields, order, pages. A project has so few of each noun that they are
//! read whole and looked through here, as clients see them.

use std::cmp::Ordering;

use axum::Json;
use serde_json::{Value, json};
use url::form_urlencoded::Serializer;
use uuid::Uuid;
use zun_engine::Call;

use super::{body, view};
use crate::admit::Admitted;
use crate::error::{Answer, Problem};
use crate::extract::Args;

/// What every noun shows.
const COMMON: [&str; 8] = [
    "id",
    "name",
    "description",
    "project_id",
    "tenant_id",
    "created_at",
    "updated_at",
    "tags",
];

/// What each noun shows beside that, by the address of its collection.
const ATTRIBUTES: [(&str, &[&str]); 8] = [
    (
        "networks",
        &[
            "admin_state_up",
            "availability_zone_hints",
            "availability_zones",
            "ipv4_address_scope",
            "ipv6_address_scope",
            "is_default",
            "mtu",
            "port_security_enabled",
            "router:external",
            "shared",
            "status",
            "subnets",
        ],
    ),
    (
        "subnets",
        &[
            "allocation_pools",
            "cidr",
            "dns_nameservers",
            "enable_dhcp",
            "gateway_ip",
            "host_routes",
            "ip_version",
            "ipv6_address_mode",
            "ipv6_ra_mode",
            "network_id",
            "service_types",
            "subnetpool_id",
        ],
    ),
    (
        "subnetpools",
        &[
            "address_scope_id",
            "default_prefixlen",
            "default_quota",
            "ip_version",
            "is_default",
            "max_prefixlen",
            "min_prefixlen",
            "prefixes",
            "shared",
        ],
    ),
    (
        "ports",
        &[
            "admin_state_up",
            "allowed_address_pairs",
            "binding:host_id",
            "binding:profile",
            "binding:vif_details",
            "binding:vif_type",
            "binding:vnic_type",
            "device_id",
            "device_owner",
            "extra_dhcp_opts",
            "fixed_ips",
            "mac_address",
            "network_id",
            "port_security_enabled",
            "security_groups",
            "status",
        ],
    ),
    (
        "security-groups",
        &["security_group_rules", "shared", "stateful"],
    ),
    (
        "security-group-rules",
        &[
            "direction",
            "ethertype",
            "normalized_cidr",
            "port_range_max",
            "port_range_min",
            "protocol",
            "remote_address_group_id",
            "remote_group_id",
            "remote_ip_prefix",
            "security_group_id",
        ],
    ),
    (
        "routers",
        &[
            "admin_state_up",
            "availability_zone_hints",
            "availability_zones",
            "distributed",
            "external_gateway_info",
            "flavor_id",
            "ha",
            "routes",
            "status",
        ],
    ),
    (
        "floatingips",
        &[
            "dns_domain",
            "dns_name",
            "fixed_ip_address",
            "floating_ip_address",
            "floating_network_id",
            "port_details",
            "port_forwardings",
            "port_id",
            "router_id",
            "status",
        ],
    ),
];

/// Whether the nouns of a collection show an attribute.
pub(super) fn shows(collection: &str, attribute: &str) -> bool {
    let own = ATTRIBUTES.iter().find(|(name, _)| *name == collection);
    COMMON.contains(&attribute) || own.is_some_and(|(_, names)| names.contains(&attribute))
}

/// What a list asks for.
pub(super) struct Listing {
    /// The view in which it is looked up.
    pub(super) call: Call,
    base: String,
    limit: Option<usize>,
    marker: Option<String>,
    reverse: bool,
    query: Vec<(String, String)>,
}

/// What is no filter.
const OWN: [&str; 6] = [
    "fields",
    "limit",
    "marker",
    "page_reverse",
    "sort_key",
    "sort_dir",
];

impl Listing {
    /// Takes the arguments of a list.
    pub(super) fn take(asked: &Admitted, mut args: Args) -> Answer<Self> {
        let limit = args.integer("limit", 0, i64::MAX)?;
        Ok(Self {
            call: body::sight(asked),
            base: asked.base.to_string(),
            // 0 is no limit, as in Neutron.
            limit: limit
                .and_then(|limit| usize::try_from(limit).ok())
                .filter(|limit| *limit > 0),
            marker: args.text("marker")?,
            reverse: args.ext_bool("page_reverse")?.unwrap_or(false),
            query: args.query,
        })
    }

    /// The body of the list: `address` is that of the collection, `name` its name in the body.
    pub(super) fn body(
        &self,
        address: &str,
        name: &str,
        views: impl Iterator<Item = Value>,
    ) -> Answer<Json<Value>> {
        let filters = self.filters(address)?;
        let fits = |view: &Value| filters.iter().all(|filter| filter.fits(view));
        let mut all: Vec<Value> = views.filter(fits).collect();
        let order = self.order(address)?;
        all.sort_by(|one, other| compare(&order, one, other));
        let (page, more) = self.page(all)?;
        let links = self.links(address, &page, more);
        let fields = view::values(&self.query, "fields");
        let mut body = json!({});
        body[name] = page
            .into_iter()
            .map(|found| view::only(found, &fields))
            .collect();
        if !links.is_empty() {
            body[format!("{name}_links")] = Value::Array(links);
        }
        Ok(Json(body))
    }

    fn filters(&self, address: &str) -> Answer<Vec<Filter<'_>>> {
        let mut filters: Vec<Filter<'_>> = Vec::new();
        for (name, text) in &self.query {
            if OWN.contains(&name.as_str()) {
                continue;
            }
            if !shows(address, name) {
                let shown: String = name.chars().take(80).collect();
                return Err(Problem::value(
                    &shown,
                    format!("is no attribute of {address}, so they cannot be filtered by it"),
                ));
            }
            if let Some(expected) = Kind::of(name).refuses(text) {
                return Err(body::wrong(name, text, expected));
            }
            match filters.iter_mut().find(|filter| filter.name == name) {
                Some(filter) => filter.any_of.push(text),
                None => filters.push(Filter {
                    name,
                    any_of: vec![text],
                }),
            }
        }
        Ok(filters)
    }

    /// By what, each with whether it goes down.
    fn order(&self, address: &str) -> Answer<Vec<(&str, bool)>> {
        let keys = view::values(&self.query, "sort_key");
        let directions = view::values(&self.query, "sort_dir");
        if !directions.is_empty() && directions.len() != keys.len() {
            return Err(Problem::value(
                "sort_dir",
                format!(
                    "is given {} times and sort_key {} times; give it once for each sort_key, or not at all",
                    directions.len(),
                    keys.len()
                ),
            ));
        }
        let mut order = Vec::new();
        for (index, key) in keys.into_iter().enumerate() {
            if !shows(address, key) {
                return Err(body::wrong(
                    "sort_key",
                    key,
                    format!("an attribute of {address}"),
                ));
            }
            let descending = match directions.get(index) {
                None | Some(&"asc") => false,
                Some(&"desc") => true,
                Some(other) => return Err(body::wrong("sort_dir", other, "asc or desc")),
            };
            order.push((key, descending));
        }
        Ok(order)
    }

    /// What is on the page, and whether there is more beyond it.
    fn page(&self, mut all: Vec<Value>) -> Answer<(Vec<Value>, bool)> {
        let at = match &self.marker {
            None => None,
            Some(marker) => {
                let place = all.iter().position(|view| view["id"] == **marker);
                let place = place.ok_or_else(|| {
                    body::wrong(
                        "marker",
                        marker,
                        "the id of the last one of the page before",
                    )
                })?;
                Some(place)
            }
        };
        let limit = self.limit.unwrap_or(usize::MAX);
        if self.reverse {
            all.truncate(at.unwrap_or(all.len()));
            let left_out = all.len().saturating_sub(limit);
            return Ok((all.split_off(left_out), left_out > 0));
        }
        let mut rest = all.split_off(at.map_or(0, |at| at + 1));
        let more = rest.len() > limit;
        rest.truncate(limit);
        Ok((rest, more))
    }

    fn links(&self, address: &str, page: &[Value], more: bool) -> Vec<Value> {
        let (Some(_), Some(first), Some(last)) = (self.limit, page.first(), page.last()) else {
            return Vec::new();
        };
        let marked = self.marker.is_some();
        // Beyond the page in the direction of reading, and back where we came from.
        let (next, previous) = if self.reverse {
            (marked, more)
        } else {
            (more, marked)
        };
        let mut links = Vec::new();
        if next {
            links.push(self.link(address, "next", &last["id"], false));
        }
        if previous {
            links.push(self.link(address, "previous", &first["id"], true));
        }
        links
    }

    fn link(&self, address: &str, rel: &str, marker: &Value, reverse: bool) -> Value {
        let mut query = Serializer::new(String::new());
        for (name, text) in &self.query {
            if !matches!(name.as_str(), "marker" | "page_reverse") {
                query.append_pair(name, text);
            }
        }
        query.append_pair("marker", marker.as_str().unwrap_or_default());
        if reverse {
            query.append_pair("page_reverse", "True");
        }
        let href = format!("{}/network/v2.0/{address}?{}", self.base, query.finish());
        json!({"rel": rel, "href": href})
    }
}

/// What the values of an attribute look like, as far as a filter cares.
#[derive(Clone, Copy)]
enum Kind {
    /// Any text.
    Text,
    /// A MAC, written in capitals or not, as users copy it.
    Mac,
    Flag,
    Number,
    /// One of these words, written in capitals or not.
    Word(&'static [&'static str]),
}

impl Kind {
    fn of(attribute: &str) -> Self {
        match attribute {
            "mac_address" => Self::Mac,
            "admin_state_up"
            | "distributed"
            | "enable_dhcp"
            | "ha"
            | "is_default"
            | "port_security_enabled"
            | "router:external"
            | "shared"
            | "stateful" => Self::Flag,
            "default_prefixlen" | "ip_version" | "max_prefixlen" | "min_prefixlen" | "mtu"
            | "port_range_max" | "port_range_min" => Self::Number,
            "direction" => Self::Word(&["ingress", "egress"]),
            "ethertype" => Self::Word(&["IPv4", "IPv6"]),
            _ => Self::Text,
        }
    }

    /// What would be accepted, where this text is no value of the attribute. Nothing is what one without a value has.
    fn refuses(self, text: &str) -> Option<String> {
        let one_of = |words: &[&str]| words.iter().any(|word| word.eq_ignore_ascii_case(text));
        if one_of(&["", "null", "None"]) {
            return None;
        }
        match self {
            Self::Flag if !one_of(&["true", "false", "1", "0"]) => Some("true or false".to_owned()),
            Self::Number if text.parse::<i64>().is_err() => Some("a whole number".to_owned()),
            Self::Word(words) if !one_of(words) => Some(words.join(" or ")),
            Self::Text | Self::Mac | Self::Flag | Self::Number | Self::Word(_) => None,
        }
    }

    /// Whether a value is what a text of a query means.
    fn is(self, value: &Value, text: &str) -> bool {
        match (self, value) {
            (Self::Mac | Self::Word(_), Value::String(value)) => value.eq_ignore_ascii_case(text),
            _ => is(value, text),
        }
    }
}

/// An attribute has one of these values.
struct Filter<'a> {
    name: &'a str,
    any_of: Vec<&'a str>,
}

impl Filter<'_> {
    fn fits(&self, view: &Value) -> bool {
        let value = &view[self.name];
        // `fixed_ips=subnet_id=…` twice with different keys means both, as in Neutron.
        if self.name == "fixed_ips" {
            return has_fixed_ip(value, &self.any_of);
        }
        let kind = Kind::of(self.name);
        self.any_of.iter().any(|text| kind.is(value, text))
    }
}

/// Whether a value is what a text of a query means.
fn is(value: &Value, text: &str) -> bool {
    match value {
        Value::String(value) => value == text || same_id(value, text),
        Value::Bool(value) => match text.to_ascii_lowercase().as_str() {
            "true" | "1" => *value,
            "false" | "0" => !*value,
            _ => false,
        },
        Value::Number(number) => number.to_string() == text,
        Value::Null => matches!(text, "" | "null" | "None"),
        Value::Array(all) => all.iter().any(|one| is(one, text)),
        Value::Object(_) => false,
    }
}

/// Ids are written with dashes and without.
fn same_id(value: &str, text: &str) -> bool {
    let id = |text: &str| Uuid::parse_str(text).ok();
    id(value).is_some_and(|value| Some(value) == id(text))
}

/// Whether the port has an address for which each key has one of the values that are asked of it.
fn has_fixed_ip(fixed_ips: &Value, asked: &[&str]) -> bool {
    let addresses = fixed_ips.as_array().map_or(&[][..], Vec::as_slice);
    let fits = |key: &str, address: &Value| {
        let mut of_key = asked.iter().filter_map(|text| text.split_once('='));
        of_key.any(|(name, text)| match (name, address) {
            (name, _) if name != key => false,
            ("ip_address_substr", _) => address["ip_address"]
                .as_str()
                .is_some_and(|ip| ip.contains(text)),
            _ => is(&address[name], text),
        })
    };
    let keys: Vec<&str> = asked
        .iter()
        .map(|text| text.split_once('=').map_or("", |(name, _)| name))
        .collect();
    addresses
        .iter()
        .any(|address| keys.iter().all(|key| fits(key, address)))
}

fn compare(order: &[(&str, bool)], one: &Value, other: &Value) -> Ordering {
    let keys = order.iter().map(|(key, descending)| {
        let ordering = in_order(&one[*key], &other[*key]);
        if *descending {
            ordering.reverse()
        } else {
            ordering
        }
    });
    keys.fold(Ordering::Equal, Ordering::then)
}

fn in_order(one: &Value, other: &Value) -> Ordering {
    match (one, other) {
        (Value::String(one), Value::String(other)) => one.cmp(other),
        (Value::Bool(one), Value::Bool(other)) => one.cmp(other),
        (Value::Number(one), Value::Number(other)) => one.as_i64().cmp(&other.as_i64()),
        (Value::Null, Value::Null) => Ordering::Equal,
        (Value::Null, _) => Ordering::Less,
        (_, Value::Null) => Ordering::Greater,
        (one, other) => one.to_string().cmp(&other.to_string()),
    }
}
