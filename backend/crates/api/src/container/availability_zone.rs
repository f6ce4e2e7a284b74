//! `GET /v1/availability_zones`: one entry per zone that has a host.

use std::collections::BTreeSet;

use axum::Json;
use axum::extract::State;
use serde_json::{Value, json};

use crate::App;
use crate::admit::Admitted;
use crate::error::Answer;
use crate::extract::Args;
use crate::page::Paging;

/// The zones, for everybody.
pub(crate) async fn list(
    State(app): State<App>,
    asked: Admitted,
    mut args: Args,
) -> Answer<Json<Value>> {
    let paging = Paging::take(&mut args, &["availability_zone", "id"])?;
    let hosts = app.engine.hosts().await?;
    let zones: BTreeSet<String> = hosts.into_iter().map(|view| view.host.place.zone).collect();
    let zones = zones.into_iter().collect();
    let page = paging.cut("availability zone", zones, String::clone, String::clone)?;
    let next = paging.next(
        &asked.base,
        "availability_zones",
        page.len(),
        page.last().cloned(),
    );
    let views: Vec<Value> = page
        .iter()
        .map(|zone| json!({"availability_zone": zone}))
        .collect();
    Ok(Json(json!({"availability_zones": views, "next": next})))
}
