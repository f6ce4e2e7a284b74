//! `GET …/os-availability-zone`: the zones, and whether one of their hosts takes volumes now.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::State;
use serde_json::{Value, json};
use zun_domain::host::Reachability;

use super::scope::Scope;
use crate::App;
use crate::error::Answer;

/// The zones, for everybody.
pub(crate) async fn list(State(app): State<App>, _: Scope) -> Answer<Json<Value>> {
    let mut zones: BTreeMap<String, bool> = BTreeMap::new();
    for view in app.engine.hosts().await? {
        let up = matches!(view.host.reachability, Reachability::Up) && !view.host.forced_down;
        *zones.entry(view.host.place.zone).or_default() |= up && view.host.disabled.is_none();
    }
    let views = zones
        .iter()
        .map(|(zone, available)| json!({"zoneName": zone, "zoneState": {"available": available}}));
    Ok(Json(
        json!({"availabilityZoneInfo": views.collect::<Vec<_>>()}),
    ))
}
