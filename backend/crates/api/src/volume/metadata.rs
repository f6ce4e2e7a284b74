//! Metadata of volumes and of snapshots, whole and key by key: the same handlers for both.

use std::collections::BTreeMap;
use std::future::Future;

use axum::Json;
use axum::extract::{Path, State};
use http::StatusCode;
use serde_json::{Map, Value, json};
use zun_domain::id::{SnapshotId, VolumeId};
use zun_engine::command::volume::{Describe, MetadataChange};

use super::scope::{Scope, id};
use super::{body, snapshots, volumes};
use crate::App;
use crate::error::{Answer, Problem};
use crate::extract::{Args, Json as Body};

type Metadata = BTreeMap<String, String>;

/// What has metadata.
pub(crate) trait Described {
    /// The metadata of the one in an address.
    fn read(app: &App, scope: &Scope, ident: &str)
    -> impl Future<Output = Answer<Metadata>> + Send;

    /// What it is after a change.
    fn change(
        app: &App,
        scope: &Scope,
        ident: &str,
        change: MetadataChange,
    ) -> impl Future<Output = Answer<Metadata>> + Send;
}

/// Volumes.
pub(crate) struct OfVolume;

/// Snapshots.
pub(crate) struct OfSnapshot;

fn only(metadata: MetadataChange) -> Describe {
    Describe {
        metadata: Some(metadata),
        ..Describe::default()
    }
}

impl Described for OfVolume {
    async fn read(app: &App, scope: &Scope, ident: &str) -> Answer<Metadata> {
        Ok(volumes::find(app, scope, ident).await?.metadata)
    }

    async fn change(
        app: &App,
        scope: &Scope,
        ident: &str,
        change: MetadataChange,
    ) -> Answer<Metadata> {
        let id: VolumeId = id("volume", ident)?;
        let (call, id) = (scope.sight(), id.to_string());
        Ok(app
            .engine
            .volume_describe(&call, &id, only(change))
            .await?
            .metadata)
    }
}

impl Described for OfSnapshot {
    async fn read(app: &App, scope: &Scope, ident: &str) -> Answer<Metadata> {
        Ok(snapshots::find(app, scope, ident).await?.metadata)
    }

    async fn change(
        app: &App,
        scope: &Scope,
        ident: &str,
        change: MetadataChange,
    ) -> Answer<Metadata> {
        let id: SnapshotId = id("snapshot", ident)?;
        let (call, id) = (scope.sight(), id.to_string());
        Ok(app
            .engine
            .snapshot_describe(&call, &id, only(change))
            .await?
            .metadata)
    }
}

fn whole(metadata: &Metadata) -> Json<Value> {
    Json(json!({"metadata": metadata}))
}

/// One key, which must be there.
fn one(metadata: &Metadata, key: &str) -> Answer<Json<Value>> {
    let Some(value) = metadata.get(key) else {
        let shown: String = key.chars().take(80).collect();
        return Err(Problem::not_found("metadata key", shown));
    };
    let mut meta = Map::new();
    meta.insert(key.to_owned(), json!(value));
    Ok(Json(json!({"meta": meta})))
}

/// The object of strings under this name.
fn given(body: Map<String, Value>, name: &str) -> Answer<Metadata> {
    let mut args = Args::nested("body", Value::Object(body))?;
    let given = body::metadata(&mut args, name)?;
    given.ok_or_else(|| Problem::value(name, "is required: an object of strings"))
}

/// `GET …/metadata`.
pub(crate) async fn list<D: Described>(
    State(app): State<App>,
    scope: Scope,
    Path((_, ident)): Path<(String, String)>,
) -> Answer<Json<Value>> {
    Ok(whole(&D::read(&app, &scope, &ident).await?))
}

/// `POST …/metadata`: keys that are not given stay.
pub(crate) async fn merge<D: Described>(
    State(app): State<App>,
    scope: Scope,
    Path((_, ident)): Path<(String, String)>,
    Body(body): Body<Map<String, Value>>,
) -> Answer<Json<Value>> {
    let change = MetadataChange::Merge(given(body, "metadata")?);
    Ok(whole(&D::change(&app, &scope, &ident, change).await?))
}

/// `PUT …/metadata`: keys that are not given go.
pub(crate) async fn replace<D: Described>(
    State(app): State<App>,
    scope: Scope,
    Path((_, ident)): Path<(String, String)>,
    Body(body): Body<Map<String, Value>>,
) -> Answer<Json<Value>> {
    let change = MetadataChange::Replace(given(body, "metadata")?);
    Ok(whole(&D::change(&app, &scope, &ident, change).await?))
}

/// `GET …/metadata/{key}`.
pub(crate) async fn show<D: Described>(
    State(app): State<App>,
    scope: Scope,
    Path((_, ident, key)): Path<(String, String, String)>,
) -> Answer<Json<Value>> {
    one(&D::read(&app, &scope, &ident).await?, &key)
}

/// `PUT …/metadata/{key}`: the body holds that key and no other.
pub(crate) async fn set<D: Described>(
    State(app): State<App>,
    scope: Scope,
    Path((_, ident, key)): Path<(String, String, String)>,
    Body(body): Body<Map<String, Value>>,
) -> Answer<Json<Value>> {
    let meta = given(body, "meta")?;
    if meta.len() != 1 || !meta.contains_key(&key) {
        let shown: String = key.chars().take(80).collect();
        return Err(Problem::value(
            "meta",
            format!("must hold {shown:?}, the key of the address, and nothing else"),
        ));
    }
    let changed = D::change(&app, &scope, &ident, MetadataChange::Merge(meta)).await?;
    one(&changed, &key)
}

/// `DELETE …/metadata/{key}`.
pub(crate) async fn remove<D: Described>(
    State(app): State<App>,
    scope: Scope,
    Path((_, ident, key)): Path<(String, String, String)>,
) -> Answer<StatusCode> {
    D::change(&app, &scope, &ident, MetadataChange::Remove(key)).await?;
    Ok(StatusCode::OK)
}
