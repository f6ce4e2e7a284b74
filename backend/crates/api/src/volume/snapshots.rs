//! Snapshots: taken, listed, shown, described, deleted.

use axum::Json;
use axum::extract::{Path, State};
use http::StatusCode;
use serde_json::{Map, Value, json};
use zun_domain::id::{SnapshotId, VolumeId};
use zun_domain::volume::Snapshot;
use zun_engine::command::snapshot::CreateSnapshot;

use super::listing::Listing;
use super::scope::{Scope, id};
use super::volumes::described;
use super::{body, view};
use crate::App;
use crate::error::{Answer, Problem};
use crate::extract::{Args, Json as Body};

/// `POST …/snapshots`. `force`, for volumes in use, is not needed: writers wait while one is taken.
pub(crate) async fn create(
    State(app): State<App>,
    scope: Scope,
    Body(body): Body<Map<String, Value>>,
) -> Answer<(StatusCode, Json<Value>)> {
    let mut args = body::inner(body, "snapshot")?;
    args.ext_bool("force")?;
    let volume = args.text("volume_id")?;
    let volume = volume.ok_or_else(|| Problem::value("volume_id", "is required: the volume"))?;
    let volume: VolumeId = volume
        .parse()
        .map_err(|_| Problem::value("volume_id", "must be a uuid"))?;
    let ask = CreateSnapshot {
        volume: volume.to_string(),
        name: body::name(&mut args)?.unwrap_or_default(),
        description: body::description(&mut args)?.unwrap_or_default(),
        metadata: body::metadata(&mut args, "metadata")?.unwrap_or_default(),
    };
    let (snapshot, _) = app.engine.snapshot_create(&scope.sight(), ask).await?;
    let view = view::snapshot(&snapshot);
    Ok((StatusCode::ACCEPTED, Json(json!({"snapshot": view}))))
}

/// `GET …/snapshots`.
pub(crate) async fn list(State(app): State<App>, scope: Scope, args: Args) -> Answer<Json<Value>> {
    page(&app, &scope, args, "snapshots", view::snapshot_summary).await
}

/// `GET …/snapshots/detail`.
pub(crate) async fn detail(
    State(app): State<App>,
    scope: Scope,
    args: Args,
) -> Answer<Json<Value>> {
    page(&app, &scope, args, "snapshots/detail", view::snapshot).await
}

async fn page(
    app: &App,
    scope: &Scope,
    args: Args,
    address: &str,
    view: fn(&Snapshot) -> Value,
) -> Answer<Json<Value>> {
    let listing = Listing::take(scope, args, "volume:get_all_snapshots_all_projects")?;
    let found = app
        .engine
        .snapshot_list(&listing.call, &listing.filter)
        .await?;
    let here = scope.href(address);
    let id = |snapshot: &Snapshot| snapshot.id.to_string();
    Ok(Json(listing.page.body("snapshots", &here, found, id, view)))
}

/// The snapshot of an address.
pub(super) async fn find(app: &App, scope: &Scope, ident: &str) -> Answer<Snapshot> {
    let id: SnapshotId = id("snapshot", ident)?;
    Ok(app
        .engine
        .snapshot_get(&scope.sight(), &id.to_string())
        .await?)
}

/// `GET …/snapshots/{id}`.
pub(crate) async fn show(
    State(app): State<App>,
    scope: Scope,
    Path((_, ident)): Path<(String, String)>,
) -> Answer<Json<Value>> {
    let snapshot = find(&app, &scope, &ident).await?;
    Ok(Json(json!({"snapshot": view::snapshot(&snapshot)})))
}

/// `PUT …/snapshots/{id}`.
pub(crate) async fn update(
    State(app): State<App>,
    scope: Scope,
    Path((_, ident)): Path<(String, String)>,
    Body(body): Body<Map<String, Value>>,
) -> Answer<Json<Value>> {
    let ask = described(&mut body::inner(body, "snapshot")?)?;
    let id: SnapshotId = id("snapshot", &ident)?;
    let call = scope.sight();
    let snapshot = app
        .engine
        .snapshot_describe(&call, &id.to_string(), ask)
        .await?;
    Ok(Json(json!({"snapshot": view::snapshot(&snapshot)})))
}

/// `DELETE …/snapshots/{id}`.
pub(crate) async fn delete(
    State(app): State<App>,
    scope: Scope,
    Path((_, ident)): Path<(String, String)>,
) -> Answer<StatusCode> {
    let id: SnapshotId = id("snapshot", &ident)?;
    let deleted = app
        .engine
        .snapshot_delete(&scope.sight(), &id.to_string())
        .await;
    deleted.map_err(|error| Problem::from(error).or_bad_request())?;
    Ok(StatusCode::ACCEPTED)
}
