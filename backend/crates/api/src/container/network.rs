//! Networks and security groups of a container on `/v1`: the entries of a create, and one more or less later.

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use axum::Json;
use axum::extract::{Path, State};
use http::StatusCode;
use serde_json::{Value, json};
use zun_domain::container::{Address, Container, NetworkSpec};
use zun_engine::command::Accepted;

use crate::App;
use crate::admit::Admitted;
use crate::error::{Answer, Problem};
use crate::extract::Args;
use crate::microversion::Microversion;

type Done = (StatusCode, Json<Value>);

/// `nets` of a create; none is as good as an empty list, which clients always send.
pub(super) fn nets(args: &mut Args) -> Answer<Option<Vec<NetworkSpec>>> {
    let items = match args.take("nets") {
        None => return Ok(None),
        Some(Value::Array(items)) => items,
        Some(_) => return Err(Problem::value("nets", "must be a list of objects")),
    };
    let entries = items.into_iter().enumerate().map(|(index, item)| {
        let at = format!("nets[{index}]");
        let mut inner = Args::nested(&at, item)?;
        let entry = entry(&mut inner).and_then(|entry| inner.end().map(|()| entry));
        entry.map_err(|problem| problem.within(&at))
    });
    let entries = entries.collect::<Answer<Vec<_>>>()?;
    Ok(Some(entries).filter(|entries| !entries.is_empty()))
}

/// Empty words are what clients send for what was not given.
fn entry(inner: &mut Args) -> Answer<NetworkSpec> {
    let network = inner.text("network")?.filter(|text| !text.is_empty());
    let port = inner.text("port")?.filter(|text| !text.is_empty());
    if network.is_some() == port.is_some() {
        return Err(Problem::value(
            "network",
            "exactly one of network and port is expected",
        ));
    }
    Ok(NetworkSpec {
        network,
        port,
        fixed_ip: address::<Ipv4Addr>(inner, "v4-fixed-ip")?,
        fixed_ip_v6: address::<Ipv6Addr>(inner, "v6-fixed-ip")?,
        preserve_on_delete: inner.bool("preserve_on_delete")?,
    })
}

fn address<T: std::str::FromStr>(inner: &mut Args, name: &str) -> Answer<Option<T>> {
    let Some(text) = inner.text(name)?.filter(|text| !text.is_empty()) else {
        return Ok(None);
    };
    text.parse().map(Some).map_err(|_| {
        let shown: String = text.chars().take(60).collect();
        Problem::value(name, format!("{shown:?} is no address of that family"))
    })
}

/// `security_groups` of a create, each once.
pub(super) fn groups(args: &mut Args) -> Answer<Option<BTreeSet<String>>> {
    let Some(names) = args.texts("security_groups")? else {
        return Ok(None);
    };
    if let Some(bad) = names
        .iter()
        .find(|name| name.is_empty() || name.len() > 255)
    {
        return Err(Problem::value(
            "security_groups",
            format!(
                "each is a name or id of 1 to 255 characters; one has {}",
                bad.len()
            ),
        ));
    }
    let names: BTreeSet<String> = names.into_iter().collect();
    Ok(Some(names).filter(|names| !names.is_empty()))
}

async fn ended(app: &App, asked: &Admitted, accepted: &Accepted) -> Answer<()> {
    let id = accepted.container.id.to_string();
    let call = asked.sight(app, &id).await?;
    if let Some(operation) = &accepted.operation {
        let bound = app.settings.verb_timeout;
        app.engine
            .wait_for_operation(&call, operation.id, bound)
            .await?;
    }
    Ok(())
}

/// `POST …/network_attach?network=` or `?port=`, `&fixed_ip=`: answers when it is connected.
pub(crate) async fn attach(
    State(app): State<App>,
    asked: Admitted,
    Path(ident): Path<String>,
    mut args: Args,
) -> Answer<Json<Value>> {
    let mut wanted = NetworkSpec {
        network: args.text("network")?.filter(|text| !text.is_empty()),
        port: args.text("port")?.filter(|text| !text.is_empty()),
        ..NetworkSpec::default()
    };
    let fixed_ip: Option<IpAddr> = address(&mut args, "fixed_ip")?;
    args.end()?;
    match (&wanted.network, &wanted.port) {
        (Some(_), Some(_)) => {
            return Err(Problem::value(
                "port",
                "cannot be given together with network: a port is on one already",
            ));
        }
        (None, None) => {
            return Err(Problem::value(
                "network",
                "is required, or port: what to connect to",
            ));
        }
        _ => {}
    }
    match fixed_ip {
        Some(IpAddr::V4(ip)) => wanted.fixed_ip = Some(ip),
        Some(IpAddr::V6(ip)) => wanted.fixed_ip_v6 = Some(ip),
        None => {}
    }
    let call = asked.sight(&app, &ident).await?;
    let attached = app.engine.container_network_attach(&call, &ident, wanted);
    let accepted = attached.await.map_err(super::create::refused)?;
    ended(&app, &asked, &accepted).await?;
    Ok(Json(Value::Null))
}

/// `POST …/network_detach?network=` or `?port=`.
pub(crate) async fn detach(
    State(app): State<App>,
    asked: Admitted,
    Path(ident): Path<String>,
    mut args: Args,
) -> Answer<Done> {
    let network = args.text("network")?.filter(|text| !text.is_empty());
    let port = args.text("port")?.filter(|text| !text.is_empty());
    args.end()?;
    if network.is_some() == port.is_some() {
        return Err(Problem::value(
            "network",
            "exactly one of network and port is expected",
        ));
    }
    let call = asked.sight(&app, &ident).await?;
    let named = (network.as_deref(), port.as_deref());
    app.engine
        .container_network_detach(&call, &ident, named)
        .await?;
    Ok((StatusCode::ACCEPTED, Json(Value::Null)))
}

/// `GET …/network_list`; one entry per address before 1.18, one per port from then on.
pub(crate) async fn list(
    State(app): State<App>,
    asked: Admitted,
    Path(ident): Path<String>,
    args: Args,
) -> Answer<Json<Value>> {
    args.end()?;
    let call = asked.sight(&app, &ident).await?;
    let container = app.engine.container_get(&call, &ident).await?;
    let networks = if asked.version < Microversion(18) {
        container.addresses.iter().map(flat).collect()
    } else {
        by_port(&container)
    };
    Ok(Json(json!({ "networks": networks })))
}

fn version(address: &Address) -> u8 {
    if address.ip.is_ipv4() { 4 } else { 6 }
}

fn flat(address: &Address) -> Value {
    json!({
        "net_id": address.network,
        "subnet_id": address.subnet,
        "port_id": address.port,
        "version": version(address),
        "ip_address": address.ip,
    })
}

fn by_port(container: &Container) -> Vec<Value> {
    let mut entries: Vec<(&Address, Vec<Value>)> = Vec::new();
    for address in &container.addresses {
        let fixed = json!({
            "ip_address": address.ip,
            "version": version(address),
            "subnet_id": address.subnet,
        });
        match entries
            .iter_mut()
            .find(|(first, _)| first.port == address.port)
        {
            Some((_, fixed_ips)) => fixed_ips.push(fixed),
            None => entries.push((address, vec![fixed])),
        }
    }
    let entry = |(address, fixed_ips): (&Address, Vec<Value>)| json!({ "net_id": address.network, "port_id": address.port, "fixed_ips": fixed_ips });
    entries.into_iter().map(entry).collect()
}

fn group(mut args: Args) -> Answer<String> {
    let name = args.text("name")?.filter(|text| !text.is_empty());
    args.end()?;
    name.ok_or_else(|| Problem::value("name", "is required: a security group"))
}

/// `POST …/add_security_group?name=`.
pub(crate) async fn add_group(
    State(app): State<App>,
    asked: Admitted,
    Path(ident): Path<String>,
    args: Args,
) -> Answer<Done> {
    let name = group(args)?;
    let call = asked.sight(&app, &ident).await?;
    app.engine.container_group_add(&call, &ident, &name).await?;
    Ok((StatusCode::ACCEPTED, Json(Value::Null)))
}

/// `POST …/remove_security_group?name=`.
pub(crate) async fn remove_group(
    State(app): State<App>,
    asked: Admitted,
    Path(ident): Path<String>,
    args: Args,
) -> Answer<Done> {
    let name = group(args)?;
    let call = asked.sight(&app, &ident).await?;
    app.engine
        .container_group_remove(&call, &ident, &name)
        .await?;
    Ok((StatusCode::ACCEPTED, Json(Value::Null)))
}
