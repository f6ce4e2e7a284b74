//! Ports: made, listed, shown, changed, deleted.

use std::collections::BTreeSet;
use std::net::IpAddr;

use axum::Json;
use axum::extract::{Path, State};
use http::StatusCode;
use serde_json::{Map, Value, json};
use zun_domain::id::{PortId, ProjectId, SecurityGroupId};
use zun_domain::network::port::OWNER_CONTAINER;
use zun_engine::Call;
use zun_engine::command::network::port::{AskFixedIp, CreatePort, UpdatePort};
use zun_engine::query::PortView;

use super::noun::Noun;
use super::{body, view};
use crate::App;
use crate::admit::Admitted;
use crate::error::{Answer, Problem};
use crate::extract::{Args, Json as Body};

const ONE: &str = "port";
const ADDRESSES: &str = "fixed_ips";
const GROUPS: &str = "security_groups";

/// `POST …/ports`.
pub(crate) async fn create(
    State(app): State<App>,
    asked: Admitted,
    Body(body): Body<Map<String, Value>>,
) -> Answer<(StatusCode, Json<Value>)> {
    let mut args = body::inner(body, ONE)?;
    refuse_unserved(&mut args)?;
    let ask = CreatePort {
        project: project(&mut args, &asked)?,
        network: body::required(&mut args, "network_id")?,
        name: body::name(&mut args)?.unwrap_or_default(),
        description: body::description(&mut args)?.unwrap_or_default(),
        admin_state_up: args.ext_bool("admin_state_up")?.unwrap_or(true),
        mac: args.text("mac_address")?,
        fixed_ips: fixed_ips(&mut args)?.unwrap_or_default(),
        security_groups: groups(&mut args)?,
        device_id: body::word(&mut args, "device_id")?.unwrap_or_default(),
        device_owner: body::word(&mut args, "device_owner")?.unwrap_or_default(),
    };
    args.end()?;
    let call = body::sight(&asked);
    let port = app.engine.port_create(&call, ask).await?;
    Ok((StatusCode::CREATED, Json(json!({ONE: view(&port)}))))
}

/// The owner, where one is named: it follows from the network otherwise.
fn project(args: &mut Args, asked: &Admitted) -> Answer<Option<ProjectId>> {
    if args.has("project_id") || args.has("tenant_id") {
        return body::owner(args, asked).map(Some);
    }
    body::owner(args, asked).map(|_| None)
}

/// The addresses that are asked for.
fn fixed_ips(args: &mut Args) -> Answer<Option<Vec<AskFixedIp>>> {
    let refused = || {
        Problem::value(
            ADDRESSES,
            "must be a list of {\"subnet_id\": …, \"ip_address\": …}, of which one may be left out",
        )
    };
    let all = match args.take(ADDRESSES) {
        None => return Ok(None),
        Some(Value::Array(all)) => all,
        Some(_) => return Err(refused()),
    };
    if all.is_empty() {
        return Err(Problem::value(
            ADDRESSES,
            "is empty: a port has an address of each subnet of its network; leave it out to have them chosen",
        ));
    }
    let asks = all.into_iter().enumerate().map(|(index, value)| {
        let within = format!("{ADDRESSES}[{index}]");
        let mut entry = Args::nested(&within, value).map_err(|_| refused())?;
        let mut read = || -> Answer<AskFixedIp> {
            let ask = AskFixedIp {
                subnet: body::optional(&mut entry, "subnet_id")?,
                ip: body::parsed::<IpAddr>(&mut entry, "ip_address", "an address")?,
            };
            std::mem::take(&mut entry).end()?;
            Ok(ask)
        };
        read().map_err(|problem| problem.within(&within))
    });
    asks.collect::<Answer<_>>().map(Some)
}

fn groups(args: &mut Args) -> Answer<Option<BTreeSet<SecurityGroupId>>> {
    if !args.given(GROUPS) {
        return Ok(None);
    }
    let texts = args.texts(GROUPS)?.unwrap_or_default();
    let parse = |text: &String| {
        text.parse()
            .map_err(|_| body::wrong(GROUPS, text, "the id of a security group"))
    };
    texts.iter().map(parse).collect::<Answer<_>>().map(Some)
}

/// What Neutron's ports can be and ours are not, and why.
const UNSERVED: [(&str, &str); 7] = [
    (
        "allowed_address_pairs",
        "a container sends from its own address only",
    ),
    (
        "extra_dhcp_opts",
        "a container's addresses are set when it is connected, without DHCP",
    ),
    (
        "binding:host_id",
        "a port is where its container is; name the port in the container's networks",
    ),
    ("binding:profile", "a port is connected to a bridge"),
    ("qos_policy_id", "there are no policies of traffic"),
    (
        "dns_name",
        "a container is found by its name and its hostname",
    ),
    (
        "dns_domain",
        "a container is found by its name and its hostname",
    ),
];

/// Refuses what is not served, rather than to leave it out of account.
fn refuse_unserved(args: &mut Args) -> Answer<()> {
    if args.ext_bool("port_security_enabled")? == Some(false) {
        return Err(Problem::value(
            "port_security_enabled",
            "false is not served: a container sends from its own address only; use true or leave it out",
        ));
    }
    match args.text("binding:vnic_type")?.as_deref() {
        None | Some("normal") => {}
        Some(other) => return Err(body::wrong("binding:vnic_type", other, "normal")),
    }
    body::refuse(args, &UNSERVED)
}

/// Them all, for the routes that every noun has.
pub(crate) enum Ports {}

impl Noun for Ports {
    const ADDRESS: &'static str = "ports";
    const ONE: &'static str = ONE;
    const WHAT: &'static str = "port";
    type Id = PortId;

    async fn all(app: &App, call: &Call) -> Answer<Vec<Value>> {
        let found = app.engine.port_list(call).await?;
        Ok(found.iter().map(view).collect())
    }

    async fn one(app: &App, call: &Call, id: PortId) -> Answer<Value> {
        Ok(view(&app.engine.port_get(call, id).await?))
    }

    async fn remove(app: &App, call: &Call, id: PortId) -> Answer<()> {
        app.engine.port_delete(call, id).await?;
        Ok(())
    }
}

/// `PUT …/ports/{id}`.
pub(crate) async fn update(
    State(app): State<App>,
    asked: Admitted,
    Path(ident): Path<String>,
    Body(body): Body<Map<String, Value>>,
) -> Answer<Json<Value>> {
    let id: PortId = body::id(ONE, &ident)?;
    let mut args = body::inner(body, ONE)?;
    refuse_unserved(&mut args)?;
    let ask = UpdatePort {
        name: body::name(&mut args)?,
        description: body::description(&mut args)?,
        admin_state_up: args.ext_bool("admin_state_up")?,
        fixed_ips: fixed_ips(&mut args)?,
        security_groups: groups(&mut args)?,
        device_id: body::word(&mut args, "device_id")?,
        device_owner: body::word(&mut args, "device_owner")?,
    };
    args.end()?;
    let call = body::sight(&asked);
    let port = app.engine.port_update(&call, id, ask).await?;
    Ok(Json(json!({ONE: view(&port)})))
}

/// A port, as bound as its container is.
fn view(seen: &PortView) -> Value {
    let port = &seen.port;
    let fixed_ips: Vec<Value> = port
        .fixed_ips
        .iter()
        .map(|fixed| json!({"subnet_id": fixed.subnet.to_string(), "ip_address": fixed.ip}))
        .collect();
    let groups = port.security_groups.iter().map(ToString::to_string);
    let (device, owner) = match port.container {
        Some(container) => (container.to_string(), OWNER_CONTAINER),
        None => (port.device_id.clone(), port.device_owner.as_str()),
    };
    let bound = port.container.is_some() || port.is_routers();
    let body = json!({
        "id": port.id.to_string(),
        "name": port.name,
        "description": port.description,
        "network_id": port.network.to_string(),
        "admin_state_up": port.admin_state_up,
        "status": if seen.active { "ACTIVE" } else { "DOWN" },
        "mac_address": port.mac,
        "fixed_ips": fixed_ips,
        "security_groups": groups.collect::<Vec<String>>(),
        "device_id": device,
        "device_owner": owner,
        "binding:host_id": seen.host.as_ref().map_or("", |host| host.as_str()),
        "binding:vif_type": if bound { "bridge" } else { "unbound" },
        "binding:vnic_type": "normal",
        "binding:vif_details": {},
        "binding:profile": {},
        "port_security_enabled": true,
        "allowed_address_pairs": [],
        "extra_dhcp_opts": [],
    });
    view::owned(body, port.project, port.created_at, port.updated_at)
}
