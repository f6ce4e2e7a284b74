//! Volumes: made, listed, shown, described, deleted.

use axum::Json;
use axum::extract::{Path, State};
use http::StatusCode;
use serde_json::{Map, Value, json};
use zun_domain::id::{SnapshotId, VolumeId};
use zun_domain::unit::DiskGib;
use zun_domain::volume::{Volume, VolumeSource, VolumeType};
use zun_engine::command::volume::{CreateVolume, Describe, MetadataChange};
use zun_engine::query::VolumeFilter;

use super::listing::Listing;
use super::scope::{Scope, id};
use super::{body, kind, view};
use crate::App;
use crate::error::{Answer, Problem};
use crate::extract::{Args, Json as Body};

/// Largest size of a volume, in GiB.
pub(super) const LARGEST: i64 = i32::MAX as i64;

/// What Cinder makes volumes from and is not served here: left alone, it would be a blank volume instead.
const SOURCES: [(&str, &str); 5] = [
    ("imageRef", "volumes are not made from images"),
    ("backup_id", "there are no backups; use a snapshot"),
    ("source_replica", "there are no replicas; use source_volid"),
    ("consistencygroup_id", "there are no groups of volumes"),
    ("group_id", "there are no groups of volumes"),
];

/// `POST …/volumes`.
pub(crate) async fn create(
    State(app): State<App>,
    scope: Scope,
    Body(body): Body<Map<String, Value>>,
) -> Answer<(StatusCode, Json<Value>)> {
    let mut args = body::inner(body, "volume")?;
    for (name, why) in SOURCES {
        if args.holds(name) {
            return Err(Problem::value(name, format!("{why} here; leave it out")));
        }
    }
    let size = args.integer("size", 1, LARGEST)?;
    let zone = args.text("availability_zone")?;
    let ask = CreateVolume {
        name: body::name(&mut args)?.unwrap_or_default(),
        description: body::description(&mut args)?.unwrap_or_default(),
        metadata: body::metadata(&mut args, "metadata")?.unwrap_or_default(),
        size: size.and_then(|size| u64::try_from(size).ok()).map(DiskGib),
        volume_type: volume_type(&mut args)?,
        source: source(&mut args)?,
        availability_zone: zone.filter(|zone| !zone.is_empty()),
    };
    let (volume, _) = app.engine.volume_create(&scope.0.call, ask).await?;
    let view = view::volume(&volume, &scope);
    Ok((StatusCode::ACCEPTED, Json(json!({"volume": view}))))
}

fn source(args: &mut Args) -> Answer<VolumeSource> {
    let (snapshot, copied) = (args.text("snapshot_id")?, args.text("source_volid")?);
    let wrong = |name: &str| Problem::value(name, "must be a uuid");
    match (snapshot, copied) {
        (None, None) => Ok(VolumeSource::Blank),
        (Some(text), None) => {
            let id: SnapshotId = text.parse().map_err(|_| wrong("snapshot_id"))?;
            Ok(VolumeSource::Snapshot(id))
        }
        (None, Some(text)) => {
            let id: VolumeId = text.parse().map_err(|_| wrong("source_volid"))?;
            Ok(VolumeSource::Volume(id))
        }
        (Some(_), Some(_)) => Err(Problem::value(
            "source_volid",
            "goes without snapshot_id: a volume is made from one of them",
        )),
    }
}

/// The type by name or id; older clients have a flag for one of them.
fn volume_type(args: &mut Args) -> Answer<VolumeType> {
    let named = args.text("volume_type")?.filter(|name| !name.is_empty());
    let flag = args.ext_bool("multiattach")?.unwrap_or(false);
    let Some(name) = named else {
        return Ok(if flag {
            VolumeType::Multiattach
        } else {
            VolumeType::Single
        });
    };
    let kind = kind::by_ident(&name)?;
    if flag && kind == VolumeType::Single {
        return Err(Problem::value(
            "multiattach",
            "goes without volume_type \"single\": volumes of that type are mounted by one container at a time",
        ));
    }
    Ok(kind)
}

/// `GET …/volumes`.
pub(crate) async fn list(State(app): State<App>, scope: Scope, args: Args) -> Answer<Json<Value>> {
    page(&app, &scope, args, "volumes", view::volume_summary).await
}

/// `GET …/volumes/detail`.
pub(crate) async fn detail(
    State(app): State<App>,
    scope: Scope,
    args: Args,
) -> Answer<Json<Value>> {
    page(&app, &scope, args, "volumes/detail", view::volume).await
}

async fn page(
    app: &App,
    scope: &Scope,
    args: Args,
    address: &str,
    view: fn(&Volume, &Scope) -> Value,
) -> Answer<Json<Value>> {
    let listing = Listing::take(scope, args, "volume:get_all_all_projects")?;
    let found = app
        .engine
        .volume_list(&listing.call, &listing.filter)
        .await?;
    let here = scope.href(address);
    let id = |volume: &Volume| volume.id.to_string();
    let body = listing
        .page
        .body("volumes", &here, found, id, |volume| view(volume, scope));
    Ok(Json(body))
}

/// The volume of an address.
pub(super) async fn find(app: &App, scope: &Scope, ident: &str) -> Answer<Volume> {
    let id: VolumeId = id("volume", ident)?;
    Ok(app
        .engine
        .volume_get(&scope.sight(), &id.to_string())
        .await?)
}

/// `GET …/volumes/{id}`.
pub(crate) async fn show(
    State(app): State<App>,
    scope: Scope,
    Path((_, ident)): Path<(String, String)>,
) -> Answer<Json<Value>> {
    let volume = find(&app, &scope, &ident).await?;
    Ok(Json(json!({"volume": view::volume(&volume, &scope)})))
}

/// What a body says anew about a volume or a snapshot.
pub(super) fn described(args: &mut Args) -> Answer<Describe> {
    Ok(Describe {
        name: body::name(args)?,
        description: body::description(args)?,
        metadata: body::metadata(args, "metadata")?.map(MetadataChange::Replace),
    })
}

/// `PUT …/volumes/{id}`.
pub(crate) async fn update(
    State(app): State<App>,
    scope: Scope,
    Path((_, ident)): Path<(String, String)>,
    Body(body): Body<Map<String, Value>>,
) -> Answer<Json<Value>> {
    let ask = described(&mut body::inner(body, "volume")?)?;
    let id: VolumeId = id("volume", &ident)?;
    let call = scope.sight();
    let volume = app
        .engine
        .volume_describe(&call, &id.to_string(), ask)
        .await?;
    Ok(Json(json!({"volume": view::volume(&volume, &scope)})))
}

/// `DELETE …/volumes/{id}?cascade=&force=`. With `cascade` its snapshots go too; `force` is for volumes that
/// another service lost, which there are none of here.
pub(crate) async fn delete(
    State(app): State<App>,
    scope: Scope,
    Path((_, ident)): Path<(String, String)>,
    mut args: Args,
) -> Answer<StatusCode> {
    let cascade = args.ext_bool("cascade")?.unwrap_or(false);
    args.ext_bool("force")?;
    let id: VolumeId = id("volume", &ident)?;
    let call = scope.sight();
    let refused = |error| Problem::from(error).or_bad_request();
    app.engine
        .volume_delete(&call, &id.to_string())
        .await
        .map_err(refused)?;
    if cascade {
        let filter = VolumeFilter {
            volume: Some(id),
            ..VolumeFilter::default()
        };
        for snapshot in app.engine.snapshot_list(&call, &filter).await? {
            let id = snapshot.id.to_string();
            app.engine
                .snapshot_delete(&call, &id)
                .await
                .map_err(refused)?;
        }
    }
    Ok(StatusCode::ACCEPTED)
}
