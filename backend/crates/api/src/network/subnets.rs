//! Subnets: made, listed, shown, changed, deleted.

use std::net::IpAddr;

use axum::Json;
use axum::extract::{Path, State};
use http::StatusCode;
use ipnet::IpNet;
use serde_json::{Map, Value, json};
use zun_domain::id::SubnetId;
use zun_domain::network::{AddressRange, Subnet};
use zun_engine::Call;
use zun_engine::command::network::subnet::{CreateSubnet, UpdateSubnet};

use super::noun::Noun;
use super::{body, view};
use crate::App;
use crate::admit::Admitted;
use crate::error::{Answer, Problem};
use crate::extract::{Args, Json as Body};

const ONE: &str = "subnet";
const GATEWAY: &str = "gateway_ip";
const POOLS: &str = "allocation_pools";
const SERVERS: &str = "dns_nameservers";

/// `POST …/subnets`.
pub(crate) async fn create(
    State(app): State<App>,
    asked: Admitted,
    Body(body): Body<Map<String, Value>>,
) -> Answer<(StatusCode, Json<Value>)> {
    let mut args = body::inner(body, ONE)?;
    refuse_unserved(&mut args)?;
    // Whose the subnet is follows from its network.
    body::owner(&mut args, &asked)?;
    let cidr = cidr(&mut args)?;
    let prefixlen = args.integer("prefixlen", 0, 128)?;
    let ask = CreateSubnet {
        network: body::required(&mut args, "network_id")?,
        name: body::name(&mut args)?.unwrap_or_default(),
        description: body::description(&mut args)?.unwrap_or_default(),
        v4: is_v4(&mut args, cidr)?,
        cidr,
        pool: body::optional(&mut args, "subnetpool_id")?,
        prefixlen: prefixlen.and_then(|length| u8::try_from(length).ok()),
        gateway: gateway(&mut args)?,
        allocation_pools: pools(&mut args)?,
        dns_nameservers: servers(&mut args)?.unwrap_or_default(),
    };
    args.end()?;
    if ask.prefixlen.is_some() && (ask.pool.is_none() || ask.cidr.is_some()) {
        return Err(Problem::value(
            "prefixlen",
            "goes with subnetpool_id and without cidr: it says how long a prefix is cut",
        ));
    }
    let call = body::sight(&asked);
    let subnet = app.engine.subnet_create(&call, ask).await?;
    Ok((StatusCode::CREATED, Json(json!({ONE: view(&subnet)}))))
}

/// A prefix; bits behind its length do not count, as in Neutron.
fn cidr(args: &mut Args) -> Answer<Option<IpNet>> {
    let cidr: Option<IpNet> =
        body::parsed(args, "cidr", "a prefix such as 10.1.0.0/24 or fd00:1::/64")?;
    Ok(cidr.map(|cidr| cidr.trunc()))
}

fn is_v4(args: &mut Args, cidr: Option<IpNet>) -> Answer<bool> {
    let version = args.integer("ip_version", 4, 6)?;
    let v4 = match version {
        Some(4) => true,
        Some(6) => false,
        Some(other) => return Err(body::wrong("ip_version", &other.to_string(), "4 or 6")),
        None => cidr.is_none_or(|cidr| cidr.addr().is_ipv4()),
    };
    match cidr.filter(|cidr| cidr.addr().is_ipv4() != v4) {
        None => Ok(v4),
        Some(cidr) => Err(Problem::value(
            "cidr",
            format!(
                "{cidr} is no IPv{} prefix, and ip_version is {0}",
                if v4 { 4 } else { 6 }
            ),
        )),
    }
}

/// The gateway's address. None at all cannot be: it is that of the bridge.
fn gateway(args: &mut Args) -> Answer<Option<IpAddr>> {
    let none = args.given(GATEWAY) && !args.has(GATEWAY);
    let text = args.text(GATEWAY)?;
    if none || text.as_deref() == Some("") {
        return Err(Problem::value(
            GATEWAY,
            "null is not served: a network is a bridge, which has an address in each of its subnets; name one of cidr, or \
             leave it out to have the first",
        ));
    }
    text.map(|text| {
        text.parse()
            .map_err(|_| body::wrong(GATEWAY, &text, "an address of cidr"))
    })
    .transpose()
}

fn pools(args: &mut Args) -> Answer<Option<Vec<AddressRange>>> {
    let Some(value) = args.take(POOLS) else {
        return Ok(None);
    };
    let Value::Array(all) = value else {
        return Err(Problem::value(
            POOLS,
            "must be a list of {\"start\": …, \"end\": …}",
        ));
    };
    let ranges = all.into_iter().enumerate().map(|(index, value)| {
        let within = format!("{POOLS}[{index}]");
        let mut range = Args::nested(&within, value)?;
        let mut end = |name: &str| -> Answer<IpAddr> {
            let address = body::parsed(&mut range, name, "an address")?;
            address.ok_or_else(|| Problem::value(name, "is required: an address"))
        };
        let ends = end("start").and_then(|start| Ok((start, end("end")?)));
        let (start, end) = ends.map_err(|problem| problem.within(&within))?;
        range.end().map_err(|problem| problem.within(&within))?;
        Ok(AddressRange { start, end })
    });
    let ranges: Vec<AddressRange> = ranges.collect::<Answer<_>>()?;
    // An empty list is every address, as in Neutron.
    Ok(Some(ranges).filter(|ranges| !ranges.is_empty()))
}

fn servers(args: &mut Args) -> Answer<Option<Vec<IpAddr>>> {
    if !args.given(SERVERS) {
        return Ok(None);
    }
    let texts = args.texts(SERVERS)?.unwrap_or_default();
    let parse = |text: &String| {
        text.parse()
            .map_err(|_| body::wrong(SERVERS, text, "the address of a name server"))
    };
    texts.iter().map(parse).collect::<Answer<_>>().map(Some)
}

/// What Neutron's subnets can be and ours are not, and why.
const UNSERVED: [(&str, &str); 5] = [
    (
        "host_routes",
        "a container has the route through its gateway; use a router to join networks",
    ),
    (
        "ipv6_ra_mode",
        "addresses are set when a container is connected, and no router advertises them",
    ),
    (
        "ipv6_address_mode",
        "addresses are set when a container is connected, and no router advertises them",
    ),
    (
        "service_types",
        "every port takes addresses of every subnet",
    ),
    ("segment_id", "a network has one segment"),
];

/// Refuses what is not served, rather than to leave it out of account.
fn refuse_unserved(args: &mut Args) -> Answer<()> {
    if args.ext_bool("enable_dhcp")? == Some(false) {
        return Err(Problem::value(
            "enable_dhcp",
            "false is not served: a container's addresses are set when it is connected, without DHCP; use true or leave it \
             out",
        ));
    }
    body::refuse(args, &UNSERVED)?;
    if args.ext_bool("use_default_subnetpool")? == Some(true) {
        return Err(Problem::value(
            "use_default_subnetpool",
            "true is not served: no pool is the default one; name a subnetpool_id",
        ));
    }
    Ok(())
}

/// Them all, for the routes that every noun has.
pub(crate) enum Subnets {}

impl Noun for Subnets {
    const ADDRESS: &'static str = "subnets";
    const ONE: &'static str = ONE;
    const WHAT: &'static str = "subnet";
    type Id = SubnetId;

    async fn all(app: &App, call: &Call) -> Answer<Vec<Value>> {
        let found = app.engine.subnet_list(call).await?;
        Ok(found.iter().map(view).collect())
    }

    async fn one(app: &App, call: &Call, id: SubnetId) -> Answer<Value> {
        Ok(view(&app.engine.subnet_get(call, id).await?))
    }

    async fn remove(app: &App, call: &Call, id: SubnetId) -> Answer<()> {
        app.engine.subnet_delete(call, id).await?;
        Ok(())
    }
}

/// `PUT …/subnets/{id}`.
pub(crate) async fn update(
    State(app): State<App>,
    asked: Admitted,
    Path(ident): Path<String>,
    Body(body): Body<Map<String, Value>>,
) -> Answer<Json<Value>> {
    let id: SubnetId = body::id(ONE, &ident)?;
    let mut args = body::inner(body, ONE)?;
    refuse_unserved(&mut args)?;
    let ask = UpdateSubnet {
        name: body::name(&mut args)?,
        description: body::description(&mut args)?,
        gateway: gateway(&mut args)?,
        allocation_pools: pools(&mut args)?,
        dns_nameservers: servers(&mut args)?,
    };
    args.end()?;
    let call = body::sight(&asked);
    let subnet = app.engine.subnet_update(&call, id, ask).await?;
    Ok(Json(json!({ONE: view(&subnet)})))
}

/// A subnet.
fn view(subnet: &Subnet) -> Value {
    let v4 = subnet.cidr.addr().is_ipv4();
    let pools = subnet.allocation_pools.iter();
    let pools: Vec<Value> = pools
        .map(|range| json!({"start": range.start, "end": range.end}))
        .collect();
    // The outside has its gateway elsewhere.
    let gateway = Some(subnet.gateway).filter(|gateway| !gateway.is_unspecified());
    let body = json!({
        "id": subnet.id.to_string(),
        "name": subnet.name,
        "description": subnet.description,
        "network_id": subnet.network.to_string(),
        "ip_version": if v4 { 4 } else { 6 },
        "cidr": subnet.cidr.to_string(),
        "gateway_ip": gateway,
        "allocation_pools": pools,
        "dns_nameservers": subnet.dns_nameservers,
        "subnetpool_id": subnet.pool.map(|id| id.to_string()),
        "enable_dhcp": true,
        "host_routes": [],
        "ipv6_ra_mode": null,
        "ipv6_address_mode": null,
        "service_types": [],
    });
    view::owned(body, subnet.project, subnet.created_at, subnet.updated_at)
}
