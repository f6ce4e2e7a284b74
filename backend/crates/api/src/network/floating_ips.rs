//! Floating IPs: taken, listed, shown, given to a port and taken from it, released.

use axum::Json;
use axum::extract::{Path, State};
use http::StatusCode;
use serde_json::{Map, Value, json};
use zun_domain::id::{FloatingIpId, PortId};
use zun_domain::network::FloatingIp;
use zun_engine::Call;
use zun_engine::command::network::floating_ip::{
    CreateFloatingIp, PortChange, PortOf, UpdateFloatingIp,
};

use super::noun::Noun;
use super::{body, view};
use crate::App;
use crate::admit::Admitted;
use crate::error::{Answer, Problem};
use crate::extract::{Args, Json as Body};

const NOUN: &str = "floatingip";

/// `POST /v2.0/floatingips`.
pub(crate) async fn create(
    State(app): State<App>,
    asked: Admitted,
    Body(body): Body<Map<String, Value>>,
) -> Answer<(StatusCode, Json<Value>)> {
    let mut args = body::inner(body, NOUN)?;
    refuse_unserved(&mut args)?;
    let ask = CreateFloatingIp {
        project: body::owner(&mut args, &asked)?,
        description: body::description(&mut args)?.unwrap_or_default(),
        network: body::required(&mut args, "floating_network_id")?,
        subnet: body::optional(&mut args, "subnet_id")?,
        address: body::address(&mut args, "floating_ip_address")?,
        port: match port(&mut args)? {
            PortChange::Set(port) => Some(port),
            PortChange::Keep | PortChange::Clear => None,
        },
    };
    args.end()?;
    let floating = app.engine.floating_ip_create(ask).await?;
    let body = json!({NOUN: view(&floating)});
    Ok((StatusCode::CREATED, Json(body)))
}

/// What Neutron's floating IPs can have and ours do not.
fn refuse_unserved(args: &mut Args) -> Answer<()> {
    for name in ["dns_name", "dns_domain"] {
        if args.text(name)?.is_some_and(|text| !text.is_empty()) {
            return Err(Problem::value(
                name,
                "is not served: floating IPs have no names here; leave it out",
            ));
        }
    }
    args.take("qos_policy_id");
    Ok(())
}

/// What is said about the port. Null takes it away.
fn port(args: &mut Args) -> Answer<PortChange> {
    let given = args.given("port_id");
    let port: Option<PortId> = body::optional(args, "port_id")?;
    let fixed_ip = body::address(args, "fixed_ip_address")?;
    match (port, fixed_ip) {
        (Some(id), fixed_ip) => Ok(PortChange::Set(PortOf { id, fixed_ip })),
        (None, Some(_)) => Err(Problem::value(
            "fixed_ip_address",
            "goes with port_id: the port whose address it is",
        )),
        (None, None) if given => Ok(PortChange::Clear),
        (None, None) => Ok(PortChange::Keep),
    }
}

/// Them all, for the routes that every noun has.
pub(crate) enum FloatingIps {}

impl Noun for FloatingIps {
    const ADDRESS: &'static str = "floatingips";
    const ONE: &'static str = NOUN;
    const WHAT: &'static str = "floating IP";
    type Id = FloatingIpId;

    async fn all(app: &App, call: &Call) -> Answer<Vec<Value>> {
        let found = app.engine.floating_ip_list(call).await?;
        Ok(found.iter().map(view).collect())
    }

    async fn one(app: &App, call: &Call, id: FloatingIpId) -> Answer<Value> {
        Ok(view(&app.engine.floating_ip_get(call, id).await?))
    }

    async fn remove(app: &App, call: &Call, id: FloatingIpId) -> Answer<()> {
        app.engine.floating_ip_delete(call, id).await?;
        Ok(())
    }
}

/// `PUT /v2.0/floatingips/{id}`.
pub(crate) async fn update(
    State(app): State<App>,
    asked: Admitted,
    Path(ident): Path<String>,
    Body(body): Body<Map<String, Value>>,
) -> Answer<Json<Value>> {
    let id: FloatingIpId = body::id("floating IP", &ident)?;
    let mut args = body::inner(body, NOUN)?;
    refuse_unserved(&mut args)?;
    let ask = UpdateFloatingIp {
        description: body::description(&mut args)?,
        port: port(&mut args)?,
    };
    args.end()?;
    let call = body::sight(&asked);
    let floating = app.engine.floating_ip_update(&call, id, ask).await?;
    Ok(Json(json!({NOUN: view(&floating)})))
}

/// A floating IP.
fn view(floating: &FloatingIp) -> Value {
    let associated = floating.port.is_some();
    let body = json!({
        "id": floating.id.to_string(),
        "description": floating.description,
        "status": if associated { "ACTIVE" } else { "DOWN" },
        "floating_network_id": floating.network.to_string(),
        "floating_ip_address": floating.address.to_string(),
        "port_id": floating.port.map(|id| id.to_string()),
        "fixed_ip_address": floating.fixed_ip.map(|ip| ip.to_string()),
        "router_id": floating.router.map(|id| id.to_string()),
        "port_details": null,
        "port_forwardings": [],
        "dns_name": "",
        "dns_domain": "",
    });
    view::owned(
        body,
        floating.project,
        floating.created_at,
        floating.updated_at,
    )
}
