//! Subnet pools: made, listed, shown, changed, deleted.

use axum::Json;
use axum::extract::{Path, State};
use http::StatusCode;
use ipnet::IpNet;
use serde_json::{Map, Value, json};
use zun_domain::id::SubnetPoolId;
use zun_domain::network::SubnetPool;
use zun_domain::policy::Action;
use zun_engine::Call;
use zun_engine::command::network::subnet_pool::{CreateSubnetPool, UpdateSubnetPool};

use super::noun::Noun;
use super::{body, view};
use crate::App;
use crate::admit::Admitted;
use crate::error::{Answer, Problem};
use crate::extract::{Args, Json as Body};

const ONE: &str = "subnetpool";
const WHAT: &str = "subnet pool";
const PREFIXES: &str = "prefixes";

/// `POST …/subnetpools`.
pub(crate) async fn create(
    State(app): State<App>,
    asked: Admitted,
    Body(body): Body<Map<String, Value>>,
) -> Answer<(StatusCode, Json<Value>)> {
    let mut args = body::inner(body, ONE)?;
    refuse_unserved(&mut args)?;
    let shared = args.ext_bool("shared")?.unwrap_or(false);
    if shared {
        asked.may(Action::Admin("create_subnetpool:shared"))?;
    }
    let ask = CreateSubnetPool {
        project: body::owner(&mut args, &asked)?,
        name: body::name(&mut args)?.unwrap_or_default(),
        description: body::description(&mut args)?.unwrap_or_default(),
        prefixes: prefixes(&mut args)?.unwrap_or_default(),
        default_prefixlen: length(&mut args, "default_prefixlen")?,
        min_prefixlen: length(&mut args, "min_prefixlen")?,
        max_prefixlen: length(&mut args, "max_prefixlen")?,
        shared,
    };
    args.end()?;
    let pool = app.engine.subnet_pool_create(ask).await?;
    Ok((StatusCode::CREATED, Json(json!({ONE: view(&pool)}))))
}

fn length(args: &mut Args, name: &str) -> Answer<Option<u8>> {
    let length = args.integer(name, 0, 128)?;
    Ok(length.and_then(|length| u8::try_from(length).ok()))
}

fn prefixes(args: &mut Args) -> Answer<Option<Vec<IpNet>>> {
    let Some(texts) = args.texts(PREFIXES)? else {
        return Ok(None);
    };
    let parse = |text: &String| {
        text.parse()
            .map_err(|_| body::wrong(PREFIXES, text, "a prefix such as 10.64.0.0/12"))
    };
    texts.iter().map(parse).collect::<Answer<_>>().map(Some)
}

/// What Neutron's pools can be and ours are not, and why.
const UNSERVED: [(&str, &str); 2] = [
    (
        "address_scope_id",
        "prefixes are given once in a deployment",
    ),
    ("default_quota", "there are no quotas of addresses"),
];

/// Refuses what is not served, rather than to leave it out of account.
fn refuse_unserved(args: &mut Args) -> Answer<()> {
    if args.ext_bool("is_default")? == Some(true) {
        return Err(Problem::value(
            "is_default",
            "true is not served: subnets name the pool they are cut from; use false or leave it out",
        ));
    }
    body::refuse(args, &UNSERVED)
}

/// Them all, for the routes that every noun has.
pub(crate) enum SubnetPools {}

impl Noun for SubnetPools {
    const ADDRESS: &'static str = "subnetpools";
    const ONE: &'static str = ONE;
    const WHAT: &'static str = WHAT;
    type Id = SubnetPoolId;

    async fn all(app: &App, call: &Call) -> Answer<Vec<Value>> {
        let found = app.engine.subnet_pool_list(call).await?;
        Ok(found.iter().map(view).collect())
    }

    async fn one(app: &App, call: &Call, id: SubnetPoolId) -> Answer<Value> {
        Ok(view(&app.engine.subnet_pool_get(call, id).await?))
    }

    async fn remove(app: &App, call: &Call, id: SubnetPoolId) -> Answer<()> {
        app.engine.subnet_pool_delete(call, id).await?;
        Ok(())
    }
}

/// `PUT …/subnetpools/{id}`.
pub(crate) async fn update(
    State(app): State<App>,
    asked: Admitted,
    Path(ident): Path<String>,
    Body(body): Body<Map<String, Value>>,
) -> Answer<Json<Value>> {
    let id: SubnetPoolId = body::id(WHAT, &ident)?;
    let mut args = body::inner(body, ONE)?;
    refuse_unserved(&mut args)?;
    let ask = UpdateSubnetPool {
        name: body::name(&mut args)?,
        description: body::description(&mut args)?,
        prefixes: prefixes(&mut args)?,
        default_prefixlen: length(&mut args, "default_prefixlen")?,
        min_prefixlen: length(&mut args, "min_prefixlen")?,
        max_prefixlen: length(&mut args, "max_prefixlen")?,
    };
    args.end()?;
    let call = body::sight(&asked);
    let pool = app.engine.subnet_pool_update(&call, id, ask).await?;
    Ok(Json(json!({ONE: view(&pool)})))
}

/// A pool.
fn view(pool: &SubnetPool) -> Value {
    let v4 = pool.prefixes.iter().all(|prefix| prefix.addr().is_ipv4());
    let prefixes = pool.prefixes.iter().map(ToString::to_string);
    let body = json!({
        "id": pool.id.to_string(),
        "name": pool.name,
        "description": pool.description,
        "prefixes": prefixes.collect::<Vec<String>>(),
        "ip_version": if v4 { 4 } else { 6 },
        "default_prefixlen": pool.default_prefixlen,
        "min_prefixlen": pool.min_prefixlen,
        "max_prefixlen": pool.max_prefixlen,
        "shared": pool.shared,
        "is_default": false,
        "address_scope_id": null,
        "default_quota": null,
    });
    view::owned(body, pool.project, pool.created_at, pool.updated_at)
}
