//! Routers: made, listed, shown, changed, deleted; their interfaces added and removed.

use std::net::Ipv4Addr;

use axum::Json;
use axum::extract::{Path, State};
use http::StatusCode;
use serde_json::{Map, Value, json};
use zun_domain::id::{PortId, RouterId, SubnetId};
use zun_domain::network::{Gateway, Router};
use zun_engine::Call;
use zun_engine::command::network::router::{
    AskGateway, Connected, CreateRouter, GatewayChange, InterfaceOf, UpdateRouter,
};

use super::noun::Noun;
use super::{body, view};
use crate::App;
use crate::admit::Admitted;
use crate::error::{Answer, Problem};
use crate::extract::{Args, Json as Body};

/// The field that holds the way to the outside.
const GATEWAY: &str = "external_gateway_info";

/// `POST /v2.0/routers`.
pub(crate) async fn create(
    State(app): State<App>,
    asked: Admitted,
    Body(body): Body<Map<String, Value>>,
) -> Answer<(StatusCode, Json<Value>)> {
    let mut args = body::inner(body, "router")?;
    refuse_unserved(&mut args)?;
    let ask = CreateRouter {
        project: body::owner(&mut args, &asked)?,
        name: body::name(&mut args)?.unwrap_or_default(),
        description: body::description(&mut args)?.unwrap_or_default(),
        admin_state_up: args.ext_bool("admin_state_up")?.unwrap_or(true),
        gateway: match gateway(&mut args)? {
            GatewayChange::Set(asked) => Some(asked),
            GatewayChange::Keep | GatewayChange::Clear => None,
        },
    };
    args.end()?;
    let router = app.engine.router_create(ask).await?;
    let outside = outside(&app).await?;
    let body = json!({"router": view(&router, outside)});
    Ok((StatusCode::CREATED, Json(body)))
}

/// What Neutron's routers can be and ours are not.
fn refuse_unserved(args: &mut Args) -> Answer<()> {
    for name in ["distributed", "ha"] {
        if args.ext_bool(name)? == Some(true) {
            return Err(Problem::value(
                name,
                "true is not served: a router works on the host of its containers; use false or leave it out",
            ));
        }
    }
    if args.holds("routes") {
        return Err(Problem::value(
            "routes",
            "extra routes are not served: a router leads to its interfaces and its gateway; leave it out",
        ));
    }
    for name in ["routes", "availability_zone_hints", "flavor_id"] {
        args.take(name);
    }
    Ok(())
}

/// What is said about the way to the outside. Null and an object without a network take it away.
fn gateway(args: &mut Args) -> Answer<GatewayChange> {
    if !args.given(GATEWAY) {
        return Ok(GatewayChange::Keep);
    }
    let Some(value) = args.take(GATEWAY) else {
        return Ok(GatewayChange::Clear);
    };
    if value.as_object().is_some_and(Map::is_empty) {
        return Ok(GatewayChange::Clear);
    }
    let inner = Args::nested(GATEWAY, value)?;
    let asked = gateway_of(inner).map_err(|problem| problem.within(GATEWAY))?;
    Ok(GatewayChange::Set(asked))
}

fn gateway_of(mut args: Args) -> Answer<AskGateway> {
    let (subnet, address) = fixed(&mut args)?;
    let asked = AskGateway {
        network: body::required(&mut args, "network_id")?,
        enable_snat: args.ext_bool("enable_snat")?.unwrap_or(true),
        subnet,
        address,
    };
    args.take("qos_policy_id");
    args.end()?;
    Ok(asked)
}

/// The one address of a gateway: its subnet, the address itself, both or neither.
fn fixed(args: &mut Args) -> Answer<(Option<SubnetId>, Option<Ipv4Addr>)> {
    const NAME: &str = "external_fixed_ips";
    let mut all = match args.take(NAME) {
        None => return Ok((None, None)),
        Some(Value::Array(all)) => all,
        Some(_) => return Err(Problem::value(NAME, "must be a list of objects")),
    };
    if all.len() > 1 {
        return Err(Problem::value(
            NAME,
            format!(
                "has {} entries: a router has one external address, IPv4",
                all.len()
            ),
        ));
    }
    let Some(one) = all.pop() else {
        return Ok((None, None));
    };
    let read = |mut args: Args| {
        let found = (
            body::optional(&mut args, "subnet_id")?,
            body::address(&mut args, "ip_address")?,
        );
        args.end()?;
        Ok(found)
    };
    read(Args::nested(NAME, one)?).map_err(|problem: Problem| problem.within(NAME))
}

/// Them all, for the routes that every noun has.
pub(crate) enum Routers {}

impl Noun for Routers {
    const ADDRESS: &'static str = "routers";
    const ONE: &'static str = "router";
    const WHAT: &'static str = "router";
    type Id = RouterId;

    async fn all(app: &App, call: &Call) -> Answer<Vec<Value>> {
        let outside = outside(app).await?;
        let found = app.engine.router_list(call).await?;
        Ok(found.iter().map(|router| view(router, outside)).collect())
    }

    async fn one(app: &App, call: &Call, id: RouterId) -> Answer<Value> {
        let router = app.engine.router_get(call, id).await?;
        Ok(view(&router, outside(app).await?))
    }

    async fn remove(app: &App, call: &Call, id: RouterId) -> Answer<()> {
        app.engine.router_delete(call, id).await?;
        Ok(())
    }
}

/// `PUT /v2.0/routers/{id}`.
pub(crate) async fn update(
    State(app): State<App>,
    asked: Admitted,
    Path(ident): Path<String>,
    Body(body): Body<Map<String, Value>>,
) -> Answer<Json<Value>> {
    let id: RouterId = body::id("router", &ident)?;
    let mut args = body::inner(body, "router")?;
    refuse_unserved(&mut args)?;
    let ask = UpdateRouter {
        name: body::name(&mut args)?,
        description: body::description(&mut args)?,
        admin_state_up: args.ext_bool("admin_state_up")?,
        gateway: gateway(&mut args)?,
    };
    args.end()?;
    let call = body::sight(&asked);
    let router = app.engine.router_update(&call, id, ask).await?;
    let outside = outside(&app).await?;
    Ok(Json(json!({"router": view(&router, outside)})))
}

/// `PUT /v2.0/routers/{id}/add_router_interface`.
pub(crate) async fn add_interface(
    State(app): State<App>,
    asked: Admitted,
    Path(ident): Path<String>,
    Body(body): Body<Map<String, Value>>,
) -> Answer<Json<Value>> {
    let id: RouterId = body::id("router", &ident)?;
    let ask = interface(body)?;
    let call = body::sight(&asked);
    let connected = app.engine.router_interface_add(&call, id, ask).await?;
    Ok(Json(interface_view(&connected)))
}

/// `PUT /v2.0/routers/{id}/remove_router_interface`.
pub(crate) async fn remove_interface(
    State(app): State<App>,
    asked: Admitted,
    Path(ident): Path<String>,
    Body(body): Body<Map<String, Value>>,
) -> Answer<Json<Value>> {
    let id: RouterId = body::id("router", &ident)?;
    let ask = interface(body)?;
    let call = body::sight(&asked);
    let connected = app.engine.router_interface_remove(&call, id, ask).await?;
    Ok(Json(interface_view(&connected)))
}

/// The interface that a body names. Unlike other bodies it has no name around it.
fn interface(body: Map<String, Value>) -> Answer<InterfaceOf> {
    let mut args = Args::nested("body", Value::Object(body))?;
    let subnet: Option<SubnetId> = body::optional(&mut args, "subnet_id")?;
    let port: Option<PortId> = body::optional(&mut args, "port_id")?;
    args.end()?;
    match (subnet, port) {
        (Some(subnet), None) => Ok(InterfaceOf::Subnet(subnet)),
        (None, Some(port)) => Ok(InterfaceOf::Port(port)),
        (Some(subnet), Some(port)) => Ok(InterfaceOf::Both(subnet, port)),
        (None, None) => Err(Problem::value(
            "subnet_id",
            "is required, or port_id: what the interface is on",
        )),
    }
}

fn interface_view(connected: &Connected) -> Value {
    let (router, interface) = (&connected.router, &connected.interface);
    let project = router.project.0.simple().to_string();
    json!({
        "id": router.id.to_string(),
        "subnet_id": interface.subnet.to_string(),
        "subnet_ids": [interface.subnet.to_string()],
        "port_id": interface.port.to_string(),
        "network_id": interface.network.to_string(),
        "tenant_id": project,
        "project_id": project,
        "tags": [],
    })
}

/// The subnet that external addresses are of.
async fn outside(app: &App) -> Answer<Option<SubnetId>> {
    Ok(app.engine.external_subnet().await?)
}

/// A router.
fn view(router: &Router, outside: Option<SubnetId>) -> Value {
    let body = json!({
        "id": router.id.to_string(),
        "name": router.name,
        "description": router.description,
        "admin_state_up": router.admin_state_up,
        "status": if router.admin_state_up { "ACTIVE" } else { "DOWN" },
        GATEWAY: router.gateway.map(|gateway| gateway_view(gateway, outside)),
        // What Neutron has and a router here never is.
        "distributed": false,
        "ha": false,
        "routes": [],
        "availability_zone_hints": [],
        "availability_zones": [],
        "flavor_id": null,
    });
    view::owned(body, router.project, router.created_at, router.updated_at)
}

fn gateway_view(gateway: Gateway, outside: Option<SubnetId>) -> Value {
    let fixed = gateway.address.map(|address| {
        json!({
            "ip_address": address.to_string(),
            "subnet_id": outside.map(|subnet| subnet.to_string()),
        })
    });
    json!({
        "network_id": gateway.network.to_string(),
        "enable_snat": gateway.enable_snat,
        "external_fixed_ips": fixed.into_iter().collect::<Vec<Value>>(),
    })
}
