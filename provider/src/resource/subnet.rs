//! `zun_subnet`: a range of addresses of a network.

use ipnet::IpNet;
use std::net::IpAddr;

use tfplugin::schema::{Rule, validator};
use tfplugin::{
    Action, Attribute, Diagnostics, Fields, PlanRequest, PlanResponse, Schema, UpdateRequest,
    Value, async_trait,
};
use zun_client::networking::{AllocationPool, ChangeSubnet, CreateSubnet, Subnet};
use zun_client::{Client, Error};

use super::networking::{
    Managed, apply, attributes, changed, changed_text, given, refused, set_words, text, texts,
};
use crate::json::{parse, to_json, value_of};
use crate::resource::value::{address, an_id, no_nulls, prefix};

/// What it accepts and returns.
pub(crate) fn schema() -> Schema {
    let schema = Schema::new()
        .description(
            "A range of addresses of a network, which has at most one of IPv4 and one of IPv6, and the first of these before \
             anything is on it. The prefix is given as `cidr`, or cut from a subnet pool.",
        )
        .rule(Rule::at_least_one_of(["cidr", "subnetpool_id"]));
    prefixes(attributes(schema))
        .attribute(
            "gateway_ip",
            chosen(Attribute::string().validator(address())).description(
                "Address of the network's bridge on the host, which is the gateway; the first of the prefix where none is given.",
            ),
        )
        .attribute(
            "allocation_pools",
            Attribute::set_nested(pool())
                .optional()
                .computed()
                .use_state_for_unknown()
                .validator(validator::elements(1..))
                .validator(no_nulls())
                .description(
                    "Where addresses are allocated from; all but the gateway's where none are given. A `fixed_ip` may lie \
                     elsewhere in the prefix. Changed live.",
                ),
        )
        .attribute(
            "dns_nameservers",
            texts()
                .default(Value::List(Vec::new()))
                .validator(no_nulls())
                .validator(validator::each(address()))
                .description(
                    "Name servers of its containers, asked for what is no name of the network itself; the host's where none are \
                     given. Changed live: containers have them from their next recreate on.",
                ),
        )
}

/// Decided once, by the user or the server.
fn chosen(attribute: Attribute) -> Attribute {
    attribute
        .optional()
        .computed()
        .use_state_for_unknown()
        .requires_replace_if_configured()
}

fn prefixes(schema: Schema) -> Schema {
    schema
        .attribute(
            "network_id",
            Attribute::string()
                .required()
                .requires_replace()
                .validator(an_id("zun_network.front.id"))
                .description("Network it is a part of."),
        )
        .attribute(
            "cidr",
            chosen(Attribute::string().validator(prefix())).description(
                "Its prefix, such as `10.10.0.0/24`. No other subnet of the deployment may overlap it; outside the prefixes for \
                 private use it is for administrators.",
            ),
        )
        .attribute(
            "ip_version",
            chosen(Attribute::int().validator(validator::Validator::new(four_or_six)))
                .description("4 or 6; that of `cidr`, or else 4, where none is given."),
        )
        .attribute(
            "subnetpool_id",
            Attribute::string()
                .optional()
                .requires_replace()
                .validator(validator::length(1..=255))
                .description("Subnet pool that the prefix is cut from, its id."),
        )
        .attribute(
            "prefix_length",
            chosen(Attribute::int().validator(validator::between(1.0..=128.0))).description(
                "Length of the prefix to be cut; the pool's own where none is given. That of `cidr` otherwise.",
            ),
        )
}

fn four_or_six(value: &Value) -> Result<(), String> {
    match value.as_i64() {
        Some(4 | 6) | None => Ok(()),
        Some(other) => Err(format!("The value has to be 4 or 6; it is {other}.")),
    }
}

fn pool() -> Fields {
    let end = |text: &str| {
        let attribute = Attribute::string().required().validator(address());
        attribute.description(text)
    };
    Fields::new()
        .attribute("start", end("First address."))
        .attribute("end", end("Last address."))
}

/// What the server knows of a subnet.
pub(crate) fn shown(subnet: &Subnet) -> Value {
    let mut state = Value::object::<&str>([]);
    set_words(&mut state, subnet, subnet.description.as_deref());
    state.set("network_id", subnet.network_id.as_str());
    state.set("cidr", subnet.cidr.as_str());
    state.set("ip_version", subnet.ip_version);
    state.set("subnetpool_id", &subnet.subnetpool_id);
    state.set("prefix_length", length_of(&subnet.cidr));
    state.set("gateway_ip", &subnet.gateway_ip);
    state.set("allocation_pools", value_of(&subnet.allocation_pools));
    state.set("dns_nameservers", value_of(&subnet.dns_nameservers));
    state
}

fn length_of(cidr: &str) -> Option<u8> {
    cidr.parse().ok().map(|net: IpNet| net.prefix_len())
}

fn cidr_of(value: &Value) -> Option<IpNet> {
    let text = value.get("cidr").ok().and_then(Value::as_str)?;
    text.parse().ok()
}

/// What contradicts a prefix that is known.
fn contradictions(config: &Value, net: IpNet, diagnostics: &mut Diagnostics) {
    const SUMMARY: &str = "Invalid combination";
    let number = |name: &str| config.get(name).ok().and_then(Value::as_i64);
    let version = if net.addr().is_ipv4() { 4 } else { 6 };
    if let Some(asked) = number("ip_version").filter(|asked| *asked != version) {
        let text =
            format!("{net} is a prefix of IPv{version}, and ip_version is {asked}: leave it out.");
        diagnostics.error_at("ip_version", SUMMARY, text);
    }
    let length = i64::from(net.prefix_len());
    if let Some(asked) = number("prefix_length").filter(|asked| *asked != length) {
        let text = format!(
            "{net} has the length {length}, and prefix_length is {asked}: leave one of them out."
        );
        diagnostics.error_at("prefix_length", SUMMARY, text);
    }
    let outside = |value: &Value| {
        let address: Option<IpAddr> = value.as_str().and_then(|text| text.parse().ok());
        address.filter(|address| !net.contains(address))
    };
    if let Some(gateway) = config.get("gateway_ip").ok().and_then(outside) {
        diagnostics.error_at("gateway_ip", SUMMARY, format!("{gateway} is not in {net}."));
    }
    let pools = config.get("allocation_pools").ok();
    for pool in pools.and_then(Value::as_elements).unwrap_or_default() {
        let ends = ["start", "end"].map(|name| pool.get(name).ok().and_then(outside));
        for end in ends.into_iter().flatten() {
            let text = format!("{end} is not in {net}.");
            diagnostics.error_at("allocation_pools", SUMMARY, text);
        }
    }
}

#[async_trait]
impl Managed for Subnet {
    const TYPE: &'static str = "zun_subnet";

    fn schema() -> Schema {
        schema()
    }

    fn validate(config: &Value, diagnostics: &mut Diagnostics) {
        if let Some(net) = cidr_of(config) {
            contradictions(config, net, diagnostics);
        }
    }

    /// Of a new subnet, family and length are known where the prefix is.
    fn settle(request: &PlanRequest, response: &mut PlanResponse) {
        if request.action != Action::Create {
            return;
        }
        let config = &request.config;
        let open = |name: &str| config.get(name).is_ok_and(Value::is_null);
        let from_pool = open("cidr");
        let net = cidr_of(config);
        if open("ip_version") {
            match net {
                Some(net) => response.set("ip_version", if net.addr().is_ipv4() { 4 } else { 6 }),
                None if from_pool => response.set("ip_version", 4),
                None => {}
            }
        }
        if open("prefix_length")
            && let Some(net) = net
        {
            response.set("prefix_length", net.prefix_len());
        }
    }

    async fn state(&self, _: &Client, _: &Value) -> Result<Value, Error> {
        Ok(shown(self))
    }

    async fn make(client: &Client, planned: &Value) -> Result<Self, Diagnostics> {
        let cidr: Option<String> = given(planned, "cidr")?;
        let prefixlen = given(planned, "prefix_length")?;
        let body = CreateSubnet {
            network_id: text(planned, "network_id"),
            ip_version: given(planned, "ip_version")?,
            prefixlen: prefixlen.filter(|_| cidr.is_none()),
            cidr,
            subnetpool_id: given(planned, "subnetpool_id")?,
            name: given(planned, "name")?,
            description: text(planned, "description"),
            gateway_ip: given(planned, "gateway_ip")?,
            allocation_pools: pools(planned)?,
            dns_nameservers: given(planned, "dns_nameservers")?.unwrap_or_default(),
        };
        let made = client.networking_create(&body).await;
        Ok(made.map_err(|error| refused::<Self>(&error))?)
    }

    async fn change(client: &Client, id: &str, request: &UpdateRequest) -> Result<(), Diagnostics> {
        let pools = if request.changes("allocation_pools") {
            pools(&request.planned_state)?
        } else {
            None
        };
        let change = ChangeSubnet {
            name: changed_text(request, "name"),
            description: changed_text(request, "description"),
            allocation_pools: pools,
            dns_nameservers: changed(request, "dns_nameservers")?,
        };
        apply::<Self>(client, id, &change).await
    }
}

/// The planned pools; `None` where the server decides.
fn pools(planned: &Value) -> Result<Option<Vec<AllocationPool>>, Diagnostics> {
    let Ok(value) = planned.get("allocation_pools") else {
        return Ok(None);
    };
    let read = parse(to_json(value));
    Ok(read.map_err(|problem| problem.at("allocation_pools"))?)
}
