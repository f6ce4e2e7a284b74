//! `/v1/hosts`: the machines, for administrators.

use axum::Json;
use axum::extract::{Path, State};
use serde_json::{Value, json};
use zun_engine::query::HostView;

use crate::App;
use crate::admit::Admitted;
use crate::error::Answer;
use crate::extract::Args;
use crate::page::Paging;

/// Sort keys, the default first.
const KEYS: [&str; 9] = [
    "hostname",
    "uuid",
    "id",
    "mem_total",
    "mem_used",
    "cpus",
    "cpu_used",
    "disk_total",
    "total_containers",
];

/// `GET /v1/hosts`.
pub(crate) async fn list(
    State(app): State<App>,
    asked: Admitted,
    mut args: Args,
) -> Answer<Json<Value>> {
    let paging = Paging::take(&mut args, &KEYS)?;
    let hosts = app.engine.hosts().await?;
    let id = |view: &HostView| view.host.place.id.to_string();
    let number = |view: &HostView| match paging.sort_key.as_str() {
        "mem_total" => view.host.facts.memory.0,
        "mem_used" => view.allocated.memory.0,
        "cpus" => view.host.facts.cpus.0,
        "cpu_used" => view.allocated.cpu.0,
        "disk_total" => view.host.facts.disk_gib,
        "total_containers" => view.containers,
        _ => 0,
    };
    let text = |view: &HostView| match paging.sort_key.as_str() {
        "hostname" => view.host.place.name.to_string(),
        _ => String::new(),
    };
    let page = paging.cut("host", hosts, |view| (text(view), number(view)), id)?;
    let next = paging.next(&asked.base, "hosts", page.len(), page.last().map(id));
    let views: Vec<Value> = page.iter().map(|view| host(view, &asked.base)).collect();
    Ok(Json(json!({"hosts": views, "next": next})))
}

/// `GET /v1/hosts/{uuid or name}`.
pub(crate) async fn show(
    State(app): State<App>,
    asked: Admitted,
    Path(ident): Path<String>,
) -> Answer<Json<Value>> {
    let view = app.engine.host_get(&ident).await?;
    Ok(Json(host(&view, &asked.base)))
}

fn host(view: &HostView, base: &str) -> Value {
    let (facts, id) = (&view.host.facts, view.host.place.id);
    json!({
        "uuid": id.to_string(),
        "links": [
            {"href": format!("{base}/v1/hosts/{id}"), "rel": "self"},
            {"href": format!("{base}/hosts/{id}"), "rel": "bookmark"},
        ],
        "hostname": view.host.place.name.as_str(),
        "mem_total": facts.memory.0,
        "mem_used": view.allocated.memory.0,
        "cpus": facts.cpus.0 / 1000,
        "cpu_used": view.allocated.cpu.cores(),
        "disk_total": facts.disk_gib,
        "disk_used": view.allocated.disk.0,
        "disk_quota_supported": facts.disk_quota,
        "total_containers": view.containers,
        "architecture": facts.architecture,
        "os_type": "linux",
        "os": facts.os,
        "kernel_version": facts.kernel,
        "labels": facts.labels,
        "runtimes": facts.runtimes,
        "enable_cpu_pinning": false,
    })
}
