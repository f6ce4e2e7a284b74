//! Networks: made, listed, shown, changed, deleted.

use axum::Json;
use axum::extract::{Path, State};
use http::StatusCode;
use serde_json::{Map, Value, json};
use zun_domain::id::NetworkId;
use zun_domain::network::{Network, NetworkKind};
use zun_engine::Call;
use zun_engine::command::network::network::{CreateNetwork, UpdateNetwork};

use super::noun::Noun;
use super::{body, view};
use crate::App;
use crate::admit::Admitted;
use crate::error::{Answer, Problem};
use crate::extract::{Args, Json as Body};

const ONE: &str = "network";

/// `POST …/networks`.
pub(crate) async fn create(
    State(app): State<App>,
    asked: Admitted,
    Body(body): Body<Map<String, Value>>,
) -> Answer<(StatusCode, Json<Value>)> {
    let mut args = body::inner(body, ONE)?;
    refuse_unserved(&mut args)?;
    let ask = CreateNetwork {
        project: body::owner(&mut args, &asked)?,
        name: body::name(&mut args)?.unwrap_or_default(),
        description: body::description(&mut args)?.unwrap_or_default(),
        admin_state_up: args.ext_bool("admin_state_up")?.unwrap_or(true),
        mtu: mtu(&mut args)?,
    };
    args.end()?;
    let network = app.engine.network_create(ask).await?;
    Ok((StatusCode::CREATED, Json(json!({ONE: view(&network)}))))
}

fn mtu(args: &mut Args) -> Answer<Option<u16>> {
    let mtu = args.integer("mtu", 0, i64::from(u16::MAX))?;
    // 0 is the default, as in Neutron.
    Ok(mtu
        .and_then(|mtu| u16::try_from(mtu).ok())
        .filter(|mtu| *mtu > 0))
}

const BRIDGE: &str = "a network is a bridge of the engine on its host";
/// What Neutron's networks can be and ours are not, and why.
const UNSERVED: [(&str, &str); 7] = [
    ("provider:network_type", BRIDGE),
    ("provider:physical_network", BRIDGE),
    ("provider:segmentation_id", BRIDGE),
    ("segments", BRIDGE),
    (
        "availability_zone_hints",
        "a network is wherever its containers are",
    ),
    ("qos_policy_id", "there are no policies of traffic"),
    (
        "dns_domain",
        "a container is found by its name and its hostname",
    ),
];

/// Refuses what is not served, rather than to leave it out of account.
fn refuse_unserved(args: &mut Args) -> Answer<()> {
    body::refuse(args, &UNSERVED)?;
    for (name, instead) in [
        (
            "shared",
            "a network belongs to one project; use a subnetpool or a router of the project",
        ),
        (
            "router:external",
            "the outside is one network for the whole deployment, with network.external of zund's configuration",
        ),
        (
            "is_default",
            "each project has its default network from the start",
        ),
        ("vlan_transparent", "there are no VLANs"),
        ("qinq", "there are no VLANs"),
    ] {
        if args.ext_bool(name)? == Some(true) {
            return Err(Problem::value(
                name,
                format!("true is not served: {instead}; use false or leave it out"),
            ));
        }
    }
    if args.ext_bool("port_security_enabled")? == Some(false) {
        return Err(Problem::value(
            "port_security_enabled",
            "false is not served: a container sends from its own address only; use true or leave it out",
        ));
    }
    Ok(())
}

/// Them all, for the routes that every noun has.
pub(crate) enum Networks {}

impl Noun for Networks {
    const ADDRESS: &'static str = "networks";
    const ONE: &'static str = ONE;
    const WHAT: &'static str = "network";
    type Id = NetworkId;

    async fn all(app: &App, call: &Call) -> Answer<Vec<Value>> {
        let found = app.engine.network_list(call).await?;
        Ok(found.iter().map(view).collect())
    }

    async fn one(app: &App, call: &Call, id: NetworkId) -> Answer<Value> {
        Ok(view(&app.engine.network_get(call, id).await?))
    }

    async fn remove(app: &App, call: &Call, id: NetworkId) -> Answer<()> {
        app.engine.network_delete(call, id).await?;
        Ok(())
    }
}

/// `PUT …/networks/{id}`.
pub(crate) async fn update(
    State(app): State<App>,
    asked: Admitted,
    Path(ident): Path<String>,
    Body(body): Body<Map<String, Value>>,
) -> Answer<Json<Value>> {
    let id: NetworkId = body::id(ONE, &ident)?;
    let mut args = body::inner(body, ONE)?;
    refuse_unserved(&mut args)?;
    let ask = UpdateNetwork {
        name: body::name(&mut args)?,
        description: body::description(&mut args)?,
        admin_state_up: args.ext_bool("admin_state_up")?,
        mtu: mtu(&mut args)?,
    };
    args.end()?;
    let call = body::sight(&asked);
    let network = app.engine.network_update(&call, id, ask).await?;
    Ok(Json(json!({ONE: view(&network)})))
}

/// A network with the ids of its subnets.
fn view(network: &Network) -> Value {
    let subnets = network.subnets.iter().map(|subnet| subnet.id.to_string());
    let body = json!({
        "id": network.id.to_string(),
        "name": network.name,
        "description": network.description,
        "status": "ACTIVE",
        "admin_state_up": network.admin_state_up,
        "mtu": network.mtu,
        "subnets": subnets.collect::<Vec<String>>(),
        "shared": false,
        "router:external": network.kind == NetworkKind::External,
        "is_default": network.kind == NetworkKind::Default,
        "port_security_enabled": true,
        "availability_zone_hints": [],
        "availability_zones": [],
        "ipv4_address_scope": null,
        "ipv6_address_scope": null,
    });
    view::owned(
        body,
        network.project,
        network.created_at,
        network.updated_at,
    )
}
